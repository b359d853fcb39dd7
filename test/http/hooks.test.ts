/**
 * Goal: what Twilio tells afterwards is believed if it is Twilio, and noted once, in whatever order it comes. Method: the engine with the
 * sandbox, whose callbacks are signed; calls that the sandbox cannot make are signed by Twilio's own library.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import twilioLibrary from 'twilio';
import { endDelivery } from '../../src/db/delivery-end.ts';
import { Network } from '../../src/db/entities/network.ts';
import { freePorts } from '../../src/dev/ports.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

type Row = { id: string; kind: string; channel: string; state: string; errorClass: string | null; errorText: string | null };

describe("provider's callbacks", () => {
  let twilio: TestTwilio;
  let line: Awaited<ReturnType<typeof startScripted>>;
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    const [port = 0] = await freePorts(1);
    const publicUrl = `http://127.0.0.1:${port}`;
    twilio = await startTwilio({ inboundUrl: `${publicUrl}/hooks/twilio/inbound` });
    line = await startScripted(twilio.url);
    engine = await startEngine({
      env: {
        PORT: String(port),
        PUBLIC_URL: publicUrl,
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
    network = await buildNetwork(engine.database.orm);
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['sms', 'mail'], reminderLeadMinutes: [] } });
  });

  const phone = () => `+35196${String(randomInt(10_000_000)).padStart(7, '0')}`;
  const rows = async (id: string): Promise<Row[]> =>
    (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items;
  const toCustomer = async (id: string) => (await rows(id)).find(({ kind }) => kind === 'confirmation_customer')!;
  const isConfirmed = async (id: string): Promise<boolean> =>
    (await engine.database.orm.em.fork().execute<[{ at: string | null }]>(`select confirmed_at as at from delivery where id = ?`, [id]))[0]
      .at !== null;
  /** A call as Twilio makes it. */
  async function tell(path: string, params: Record<string, string>, token: string = twilio.authToken): Promise<Response> {
    const signature = twilioLibrary.getExpectedTwilioSignature(token, `${engine.url}${path}`, params);
    return fetch(`${engine.url}${path}`, {
      method: 'POST',
      headers: { 'x-twilio-signature': signature },
      body: new URLSearchParams(params),
    });
  }
  const status = (deliveryId: string, sid: string, MessageStatus: string, ErrorCode?: string) =>
    tell(`/hooks/twilio/status/${deliveryId}`, { MessageSid: sid, MessageStatus, ...(ErrorCode && { ErrorCode }) });

  async function texted(time = '10:00'): Promise<{ id: string; deliveryId: string; sid: string; to: string }> {
    const to = phone();
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at(time), customer: customer({ phone: to }) });
    const delivery = await eventually(
      () => toCustomer(id),
      ({ state }) => state === 'delivered',
    );
    expect(delivery.channel).to.equal('sms');
    return { id, deliveryId: delivery.id, sid: (await twilio.messages(to))[0]!.sid, to };
  }

  it("an SMS that has arrived, is known to have, by the sandbox's own signed call", async () => {
    const { id, deliveryId, sid } = await texted();
    expect(await isConfirmed(deliveryId)).to.equal(false);
    await twilio.setStatus(sid, 'delivered');
    expect(await isConfirmed(deliveryId)).to.equal(true);

    expect((await status(deliveryId, sid, 'undelivered', '30008')).status).to.equal(204);
    expect((await toCustomer(id)).state, 'what has arrived stays so').to.equal('delivered');
  });

  it('an SMS that did not arrive, goes by the next way, once, however often it is told', async () => {
    const { id, deliveryId, sid, to } = await texted();
    for (let times = 0; times < 3; times += 1) expect((await status(deliveryId, sid, 'undelivered', '30003')).status).to.equal(204);
    await eventually(
      () => toCustomer(id),
      ({ channel, state }) => channel === 'mail' && state === 'delivered',
    );
    expect((await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')).to.have.length(1);
    expect(await twilio.messages(to)).to.have.length(1);
    expect(await engine.deps.marks.find('sms', to)).to.equal(null);
    expect((await status(deliveryId, sid, 'undelivered', '30003')).status).to.equal(204);
    expect((await toCustomer(id)).state).to.equal('delivered');
  });

  /** Every five minutes. */
  const sweep = () =>
    engine.deps.temporal.client.workflow.execute('handover', {
      workflowId: `handover-${randomUUID()}`,
      taskQueue: engine.deps.config.temporal.taskQueue,
      args: [{ sweep: true, policy: engine.deps.policy }],
    });
  const anHourAgo = (deliveryId: string) =>
    engine.database.orm.em
      .fork()
      .execute(`update delivery set first_tried_at = now() - interval '1 hour', finished_at = now() - interval '1 hour' where id = ?`, [
        deliveryId,
      ]);

  it('an SMS that did not arrive, told while nobody listened, is asked about, and goes by the next way, once', async () => {
    const { id, deliveryId, sid } = await texted();
    await sweep();
    expect((await toCustomer(id)).state, 'it may still be on its way').to.equal('delivered');
    await anHourAgo(deliveryId);
    line.script.push({ status: 200, body: { sid, status: 'undelivered', error_code: 30003 } });
    await sweep();
    await eventually(
      () => toCustomer(id),
      ({ channel, state }) => channel === 'mail' && state === 'delivered',
    );
    const asked = line.seen.length;
    await sweep();
    expect(line.seen.length).to.equal(asked);
    expect((await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')).to.have.length(1);
  });

  it('an SMS of which its carrier says nothing, or which has arrived, is not asked about in each sweep', async () => {
    const [silent, there] = [await texted(), await texted('12:00')];
    for (const { deliveryId, sid, status: said } of [
      { ...silent, status: 'sent' },
      { ...there, status: 'delivered' },
    ]) {
      await anHourAgo(deliveryId);
      line.script.push({ status: 200, body: { sid, status: said, error_code: null } });
      await sweep();
      expect(line.script).to.deep.equal([]);
    }
    const asked = line.seen.length;
    await sweep();
    expect(line.seen.length).to.equal(asked);
    expect([await isConfirmed(silent.deliveryId), await isConfirmed(there.deliveryId)]).to.deep.equal([false, true]);
    expect([(await toCustomer(silent.id)).state, (await toCustomer(there.id)).state]).to.deep.equal(['delivered', 'delivered']);
  });

  it('an SMS that cannot be asked about while Twilio is away, is by a later sweep', async () => {
    const { id, deliveryId, sid } = await texted();
    await anHourAgo(deliveryId);
    line.script.push({ status: 503 });
    await sweep();
    expect((await toCustomer(id)).state).to.equal('delivered');
    line.script.push({ status: 200, body: { sid, status: 'failed', error_code: 30005 } });
    await sweep();
    await eventually(
      () => toCustomer(id),
      ({ channel, state }) => channel === 'mail' && state === 'delivered',
    );
  });

  it('an SMS that did not arrive, of a visit that was cancelled or moved meanwhile, goes no other way: something later tells of it', async () => {
    const [cancelled, moved] = [await texted(), await texted('12:00')];
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${cancelled.id}/cancel`);
    // Told before the cancellation itself was delivered.
    await engine.database.orm.em.fork().execute(`update delivery set state = 'delivered' where id = ?`, [cancelled.deliveryId]);
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${moved.id}/reschedule`, { startsAt: network.at('15:00') });
    for (const { id, deliveryId, sid } of [cancelled, moved]) {
      await status(deliveryId, sid, 'undelivered', '30003');
      const { channel, state } = await toCustomer(id);
      expect([channel, ['bounced', 'undone'].includes(state)], state).to.deep.equal(['sms', true]);
    }
  });

  it('an SMS that did not arrive, without another way, is bounced; a number that is none is marked', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['sms'], reminderLeadMinutes: [] } });
    const { id, deliveryId, sid, to } = await texted();
    await status(deliveryId, sid, 'undelivered', '30005');
    expect(await toCustomer(id)).to.include({ state: 'bounced', errorClass: 'undelivered', errorText: 'SMS failed: 30005' });
    expect(await engine.deps.marks.find('sms', to)).to.equal('bounced');
    await status(deliveryId, sid, 'delivered');
    expect((await toCustomer(id)).state, 'it has arrived after all').to.equal('delivered');
    await status(deliveryId, sid, 'undelivered', '30005');
    expect((await toCustomer(id)).state, 'in any order').to.equal('delivered');
  });

  it('an SMS whose answer was lost and that waits for a person, told to have arrived, waits for nobody', async () => {
    const { id, deliveryId, sid } = await texted();
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set state = 'parked', error_class = 'unclear', provider_id = null where id = ?`, [deliveryId]);
    await status(deliveryId, sid, 'sent');
    expect((await toCustomer(id)).state).to.equal('parked');
    await status(deliveryId, sid, 'delivered');
    expect(await toCustomer(id)).to.include({ state: 'delivered', errorClass: null });
  });

  it('a repeated call of an SMS that goes by mail by now, says nothing of that mail', async () => {
    const { id, deliveryId, sid } = await texted();
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set state = 'in_flight', channel = 'mail', provider_id = null, finished_at = null where id = ?`, [
        deliveryId,
      ]);
    await status(deliveryId, sid, 'undelivered', '30003');
    expect(await toCustomer(id)).to.include({ state: 'in_flight', errorClass: null });
  });

  it('a reminder by SMS that did not arrive, told after its reader has checked in, goes no other way', async () => {
    const { id, deliveryId, sid } = await texted();
    const em = engine.database.orm.em.fork();
    await em.execute(`update delivery set kind = 'reminder_customer' where id = ?`, [deliveryId]);
    await em.execute(`update appointment set status = 'checked_in' where id = ?`, [id]);
    await status(deliveryId, sid, 'undelivered', '30003');
    const deliveries: { id: string; state: string; channel: string }[] = (
      await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)
    ).body.items;
    expect(deliveries.find((each) => each.id === deliveryId)).to.include({ state: 'bounced', channel: 'sms' });
  });

  it('a call that overtakes our own note of the sending, is remembered for it', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['sms'], reminderLeadMinutes: [] } });
    const { id, deliveryId, sid } = await texted();
    // As it was while Twilio had it and we did not know yet.
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set state = 'in_flight', provider_id = null, finished_at = null where id = ?`, [deliveryId]);
    await status(deliveryId, sid, 'failed', '30007');
    await endDelivery(engine.database.orm.em.fork(), network.networkId, deliveryId, { state: 'delivered', providerId: sid });
    expect(await toCustomer(id)).to.include({ state: 'bounced', errorClass: 'undelivered' });
  });

  it("a call that overtakes Twilio's own answer, with another way left, has the message go that way, once", async () => {
    const to = phone();
    let told = 0;
    line.script.push({
      after: async (text) => {
        const [open] = await engine.database.orm.em
          .fork()
          .execute<{ id: string }[]>(
            `select id from delivery where kind = 'confirmation_customer' and state = 'in_flight' and network_id = ?`,
            [network.networkId],
          );
        told = (await status(open!.id, (JSON.parse(text) as { sid: string }).sid, 'failed', '30007')).status;
      },
    });
    const {
      body: { id },
    } = await book(engine, network, { customer: customer({ phone: to }) });
    expect(
      await eventually(
        () => toCustomer(id),
        ({ state }) => state === 'delivered' || state === 'bounced',
      ),
    ).to.include({ state: 'delivered', channel: 'mail' });
    expect(told).to.equal(204);
    expect((await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')).to.have.length(1);
    expect(await twilio.messages(to)).to.have.length(1);
  });

  it('a cancellation that did not arrive, as was known before we noted it, undoes nothing', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(
        Network,
        { id: network.networkId },
        { settings: { messageChannels: ['mail'], alsoBySms: ['confirmation', 'cancellation'], reminderLeadMinutes: [] } },
      );
    const to = phone();
    const {
      body: { id },
    } = await book(engine, network, { customer: customer({ phone: to }) });
    const one = async (kind: string) => (await rows(id)).find((each) => each.kind === kind && each.channel === 'sms')!;
    await eventually(
      () => one('confirmation_customer'),
      (row) => row?.state === 'delivered',
    );
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    const gone = await eventually(
      () => one('cancellation_customer'),
      (row) => row?.state === 'delivered',
    );
    const em = engine.database.orm.em.fork();
    await em.execute(`update delivery set state = 'delivered' where id = ?`, [(await one('confirmation_customer')).id]);
    const sid = (await em.execute<{ sid: string }[]>('select provider_id as sid from delivery where id = ?', [gone.id]))[0]!.sid;
    await em.execute(`update delivery set state = 'in_flight', provider_id = null, finished_at = null where id = ?`, [gone.id]);
    await status(gone.id, sid, 'failed', '30007');
    await endDelivery(em, network.networkId, gone.id, { state: 'delivered', providerId: sid });
    expect((await one('cancellation_customer')).state).to.equal('bounced');
    expect((await one('confirmation_customer')).state).to.equal('delivered');
    await status(gone.id, sid, 'delivered');
    expect(
      [(await one('cancellation_customer')).state, (await one('confirmation_customer')).state],
      'it has arrived after all',
    ).to.deep.equal(['delivered', 'undone']);
  });

  it('a call about another message, or of what was taken back, changes nothing', async () => {
    const { id, deliveryId, sid } = await texted();
    await status(deliveryId, `SM${'0'.repeat(32)}`, 'undelivered', '30003');
    await status(randomUUID(), sid, 'undelivered', '30003');
    expect((await toCustomer(id)).state).to.equal('delivered');
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    await eventually(
      () => toCustomer(id),
      ({ state }) => state === 'undone',
    );
    await status(deliveryId, sid, 'undelivered', '30003');
    expect((await toCustomer(id)).state).to.equal('undone');
  });

  it('a call that is not signed by Twilio, or was changed on its way, is refused and changes nothing', async () => {
    const { id, deliveryId, sid } = await texted();
    const path = `/hooks/twilio/status/${deliveryId}`;
    const params = { MessageSid: sid, MessageStatus: 'undelivered', ErrorCode: '30003' };
    expect((await tell(path, params, 'another token, of somebody else')).status).to.equal(403);
    const signature = twilioLibrary.getExpectedTwilioSignature(twilio.authToken, `${engine.url}${path}`, params);
    for (const [to, body] of [
      [path, { ...params, MessageStatus: 'delivered' }],
      [`/hooks/twilio/status/${randomUUID()}`, params],
      ['/hooks/twilio/inbound', params],
    ] as const) {
      expect(
        (
          await fetch(`${engine.url}${to}`, {
            method: 'POST',
            headers: { 'x-twilio-signature': signature },
            body: new URLSearchParams(body),
          })
        ).status,
      ).to.equal(403);
    }
    expect(
      (
        await fetch(`${engine.url}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-twilio-signature': signature },
          body: JSON.stringify(params),
        })
      ).status,
    ).to.equal(403);
    expect(
      (await fetch(`${engine.url}${path}`, { method: 'POST', body: new URLSearchParams({ big: 'x'.repeat(20_000) }) })).status,
    ).to.equal(413);
    expect((await toCustomer(id)).state).to.equal('delivered');
  });

  it('each word that stops Twilio, and one that is meant to, is taken for a no', async () => {
    for (const word of ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT', 'Parar']) {
      const from = phone();
      expect((await tell('/hooks/twilio/inbound', { From: from, Body: word })).status).to.equal(200);
      expect(await engine.deps.marks.find('sms', from), word).to.equal('opted_out');
    }
  });

  it('somebody who answers STOP, gets no SMS any more but the mail; START takes it back', async () => {
    const { to } = await texted();
    await twilio.receive(to, ' stop ');
    expect(await engine.deps.marks.find('sms', to)).to.equal('opted_out');
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at('12:00'), customer: customer({ phone: to }) });
    expect(
      await eventually(
        () => toCustomer(id),
        ({ state }) => state === 'delivered',
      ),
    ).to.include({ channel: 'mail' });

    await tell('/hooks/twilio/inbound', { From: to, Body: 'Obrigado!' });
    expect(await engine.deps.marks.find('sms', to)).to.equal('opted_out');
    const answer = await tell('/hooks/twilio/inbound', { From: to, Body: 'whatever', OptOutType: 'START' });
    expect([answer.status, await answer.text()]).to.deep.equal([200, '<?xml version="1.0" encoding="UTF-8"?><Response/>']);
    expect(await engine.deps.marks.find('sms', to)).to.equal(null);
  });
});
