/**
 * Goal: every reminder goes out, once, by the way that reaches its reader, and the daily check shows it. Method: the whole engine, with
 * leads that end some seconds from now.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Network } from '../../src/db/entities/network.ts';
import { countSegments } from '../../src/domain/sms-text.ts';
import { appointmentWorkflowId, changeUpdate } from '../../workflows/messages.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

describe('reminders, sent', () => {
  let twilio: TestTwilio;
  let line: Awaited<ReturnType<typeof startScripted>>;
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    twilio = await startTwilio();
    line = await startScripted(twilio.url);
    engine = await startEngine({
      env: {
        TWILIO_ACCOUNT_SID: twilio.accountSid,
        TWILIO_AUTH_TOKEN: twilio.authToken,
        TWILIO_FROM: twilio.from,
        TWILIO_API_URL: line.url,
      },
    });
  });
  after(async () => {
    await engine.stop();
    line.stop();
    await twilio.stop();
  });
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { timeZone: 'UTC', hours: everyDay(0, 1440) });
  });

  const phone = () => `+35192${String(randomInt(10_000_000)).padStart(7, '0')}`;
  const rules = (settings: object) =>
    engine.database.orm.em
      .fork()
      .nativeUpdate(
        Network,
        { id: network.networkId },
        { settings: { reminderJitterSeconds: 0, quietHours: null, slotStepMinutes: 5, ...settings } },
      );
  const deliveries = async (
    id: string,
  ): Promise<{ kind: string; channel: string; state: string; dueAt: string; errorClass: string | null }[]> =>
    (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items;
  const reminders = async (id: string) => (await deliveries(id)).filter(({ kind }) => kind === 'reminder_customer');
  const mails = async (id: string) =>
    (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'reminder_customer').length;
  const summary = async () => (await engine.call(network.apiKey, 'GET', '/v1/deliveries/summary')).body;

  /** A visit of tomorrow whose reminder is due some seconds from now: all but these seconds are its lead. */
  async function soon(who: Record<string, unknown>, settings: object = {}, dueInMs = 2500): Promise<string> {
    const startsAt = network.at('10:00');
    await rules({ reminderLeadMinutes: [(Date.parse(startsAt) - Date.now() - dueInMs) / 60_000], ...settings });
    const { status, body, text } = await book(engine, network, { startsAt, customer: customer(who) });
    expect(status, text).to.equal(201);
    return body.id;
  }
  const ended = (id: string) =>
    eventually(
      () => reminders(id),
      (rows) => rows.length > 0 && rows.every(({ state }) => !['due', 'in_flight'].includes(state)),
    );
  const texts = async (to: string) => (await twilio.messages(to)).map(({ body }) => body);

  it('by SMS first, goes to the phone and not to the mailbox, once, in few characters and with the link that confirms', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] });
    expect(await ended(id)).to.have.length(1);
    expect((await reminders(id))[0]).to.include({ channel: 'sms', state: 'delivered' });
    const [text, ...more] = await texts(to);
    expect(more).to.deep.equal([]);
    expect(text).to.match(/^Lembrete: .*Barbearia Acao\n.*https?:\/\/\S+\/visit\/[\w-]{43}$/);
    expect(countSegments(text!)).to.be.at.most(2);
    expect(await mails(id)).to.equal(0);
  });

  it("the second of two that read the same, whose try got no answer, goes out too: the first one's SMS is not taken for it", async () => {
    const to = phone();
    const lead = (dueInMs: number) => (Date.parse(network.at('10:00')) - Date.now() - dueInMs) / 60_000;
    line.script.push('pass', 'drop');
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'], reminderLeadMinutes: [lead(3000), lead(6000)] });
    expect((await ended(id)).map(({ channel, state }) => [channel, state])).to.deep.equal([
      ['sms', 'delivered'],
      ['sms', 'delivered'],
    ]);
    expect(line.script).to.deep.equal([]);
    expect(await texts(to)).to.have.length(2);
  });

  it('by SMS first, without a phone, goes by mail', async () => {
    const id = await soon({ phone: undefined }, { reminderChannels: ['sms', 'mail'] });
    expect((await ended(id))[0]).to.include({ channel: 'mail', state: 'delivered' });
    expect(await mails(id)).to.equal(1);
  });

  it('by SMS first, to a number that Twilio refuses, goes by mail instead of waiting for a person', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] });
    line.script.push({ status: 400, body: { code: 21614 } });
    expect((await ended(id))[0]).to.include({ channel: 'mail', state: 'delivered' });
    expect([await texts(to), await mails(id)]).to.deep.equal([[], 1]);
  });

  it('by SMS first, to somebody who has answered STOP, goes by mail, and the next one does not ask Twilio', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] });
    line.script.push({ status: 400, body: { code: 21610 } });
    expect((await ended(id))[0]).to.include({ channel: 'mail', state: 'delivered' });
    expect(await engine.deps.marks.find('sms', to)).to.equal('opted_out');
    const asked = line.seen.length;
    await rules({ messageChannels: ['sms'] });
    const next = await book(engine, network, { startsAt: network.at('12:00'), customer: customer({ phone: to }) });
    const found = await eventually(
      () => deliveries(next.body.id),
      (rows) => rows.some(({ kind, state }) => kind === 'confirmation_customer' && state === 'parked'),
    );
    expect(found.find(({ kind }) => kind === 'confirmation_customer')).to.include({ channel: 'sms', errorClass: 'opted_out' });
    expect(line.seen.length).to.equal(asked);
  });

  it('by SMS first, with Twilio away until it is too late for another try, goes by mail', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] });
    // The next wait would overstep its use.
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set useful_until = now() + interval '4 seconds' where appointment_id = ? and kind = 'reminder_customer'`, [
        id,
      ]);
    line.script.push({ status: 429, headers: { 'retry-after': '60' } });
    expect((await ended(id))[0]).to.include({ channel: 'mail', state: 'delivered' });
    expect([await texts(to), await mails(id)]).to.deep.equal([[], 1]);
  });

  it('to somebody who wants no SMS, goes by mail', async () => {
    const to = phone();
    await engine.deps.marks.set('sms', to, 'opted_out');
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] });
    expect((await ended(id))[0]).to.include({ channel: 'mail', state: 'delivered' });
    expect(await texts(to)).to.deep.equal([]);
  });

  it('of a visit that was cancelled before, is not sent', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] }, 5000);
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    expect((await ended(id))[0]).to.include({ state: 'skipped' });
    const { client } = engine.deps.temporal;
    await eventually(
      () => client.workflow.getHandle(`appointment-${id}`).describe(),
      ({ status }) => status.name === 'COMPLETED',
    );
    expect([await texts(to), await mails(id)]).to.deep.equal([[], 0]);
  });

  it('of a visit that moved, is sent for the new time alone', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { reminderChannels: ['sms', 'mail'] }, 5000);
    expect(
      (await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:00', 2) })).status,
    ).to.equal(200);
    expect((await reminders(id)).map(({ state }) => state).sort()).to.deep.equal(['due', 'skipped']);
    const due = (await reminders(id)).find(({ state }) => state === 'due')!;
    expect(Date.parse(due.dueAt) - Date.now()).to.be.within(86_000_000, 86_410_000);
  });

  it('a confirmation that goes by SMS too, is a mail with its invitation and an SMS; the cancellation undoes both', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { alsoBySms: ['confirmation', 'cancellation'], reminderLeadMinutes: [] });
    await eventually(
      () => deliveries(id),
      (rows) => rows.length === 3 && rows.every(({ state }) => state === 'delivered'),
    );
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    await eventually(
      () => deliveries(id),
      (rows) => rows.filter(({ kind, state }) => kind.startsWith('cancellation') && state === 'delivered').length === 3,
    );
    expect(
      (await deliveries(id))
        .filter(({ kind }) => kind.startsWith('confirmation'))
        .map(({ channel, state }) => `${channel} ${state}`)
        .sort(),
    ).to.deep.equal(['mail undone', 'mail undone', 'sms undone']);
    expect((await texts(to)).reverse().map((text) => text.split(':')[0])).to.deep.equal(['Marcacao confirmada', 'Marcacao cancelada']);
  });

  it('a time that an SMS has told, is corrected and taken back by SMS too, whatever the shop sends by SMS else', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { alsoBySms: ['confirmation'], reminderLeadMinutes: [] });
    await eventually(
      () => deliveries(id),
      (rows) => rows.length === 3 && rows.every(({ state }) => state === 'delivered'),
    );
    const {
      body: { startsAt },
    } = await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`);
    const { status, text } = await engine.call(
      network.apiKey,
      'POST',
      `/v1/appointments/${id}/reschedule`,
      { startsAt: new Date(Date.parse(startsAt as string) + 30 * 60_000).toISOString() },
      { 'idempotency-key': randomUUID() },
    );
    expect(status, text).to.equal(200);
    await eventually(
      () => deliveries(id),
      (rows) => rows.filter(({ kind, state }) => kind.startsWith('rescheduled') && state === 'delivered').length === 3,
    );
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    await eventually(
      () => deliveries(id),
      (rows) => rows.filter(({ kind, state }) => kind.startsWith('cancellation') && state === 'delivered').length === 3,
    );
    expect(
      (await deliveries(id))
        .filter(({ channel }) => channel === 'sms')
        .map(({ kind, state }) => `${kind} ${state}`)
        .sort(),
    ).to.deep.equal(['cancellation_customer delivered', 'confirmation_customer undone', 'rescheduled_customer undone']);
    expect((await texts(to)).reverse().map((each) => each.split(':')[0])).to.deep.equal([
      'Marcacao confirmada',
      'Marcacao alterada',
      'Marcacao cancelada',
    ]);
  });

  /** As a relocation asks it. */
  const cannotTakePlace = (id: string) =>
    engine.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(id)).executeUpdate(changeUpdate, {
      args: [{ action: 'offer_choice', by: 'staff', actor: 'test', source: 'relocation', reason: 'illness' }],
    });
  const firstWords = async (to: string) => (await texts(to)).reverse().map((text) => text.split(':')[0]);

  it('a visit that an SMS has told, and that cannot take place, is told by SMS too: nobody comes for nothing', async () => {
    const to = phone();
    const id = await soon({ phone: to }, { alsoBySms: ['confirmation'], reminderLeadMinutes: [] });
    await eventually(
      () => deliveries(id),
      (rows) => rows.length === 3 && rows.every(({ state }) => state === 'delivered'),
    );
    await cannotTakePlace(id);
    await eventually(
      () => deliveries(id),
      (rows) => rows.length === 5 && rows.every(({ state }) => state === 'delivered'),
    );
    expect(await firstWords(to)).to.deep.equal(['Marcacao confirmada', 'Escolha por favor outra hora']);
  });

  it('a confirmation that still waits for its provider, does not go out after the news that the visit cannot take place', async () => {
    const to = phone();
    line.script.push({ status: 429, headers: { 'retry-after': '30' } });
    const id = await soon({ phone: to }, { messageChannels: ['sms', 'mail'], reminderLeadMinutes: [] });
    const ofCustomer = async () => (await deliveries(id)).filter(({ kind }) => kind.endsWith('_customer'));
    await eventually(ofCustomer, ([row]) => row?.errorClass === 'transient');
    await cannotTakePlace(id);
    await eventually(ofCustomer, (rows) => rows.some(({ kind, state }) => kind === 'choose_customer' && state === 'delivered'));
    expect((await ofCustomer()).map(({ kind, state }) => `${kind} ${state}`)).to.have.members([
      'confirmation_customer skipped',
      'choose_customer delivered',
    ]);
    expect(await firstWords(to)).to.deep.equal(['Escolha por favor outra hora']);
  });

  it('the daily check, after all that was due, counts it: due minus sent is zero', async () => {
    const id = await soon({}, {}, 1500);
    await ended(id);
    const { items, late } = await summary();
    expect(items.find(({ kind }: { kind: string }) => kind === 'reminder_customer')).to.deep.equal({
      kind: 'reminder_customer',
      due: 1,
      delivered: 1,
      bounced: 0,
      undone: 0,
      parked: 0,
      skipped: 0,
      open: 0,
      late: 0,
    });
    expect(late).to.equal(0);

    // One that nobody sends any more is told.
    await engine.database.orm.em.fork().execute(
      `update delivery
         set state = 'due', finished_at = null, due_at = now() - interval '11 minutes', attempt_began_at = null
         where appointment_id = ? and kind = 'reminder_customer'`,
      [id],
    );
    expect((await summary()).late).to.equal(1);
    const { deps } = engine;
    const counted = await deps.temporal.client.workflow.execute('housekeeping', {
      workflowId: `housekeeping-${id}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [],
    });
    expect(counted).to.include({ late: 1 });
    expect(await (await fetch(`${engine.url}/metrics`)).text()).to.include('punctual_late_deliveries 1');
    expect(
      (await engine.call(network.apiKey, 'GET', '/v1/deliveries/summary?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z')).status,
    ).to.equal(400);
  });
});
