/**
 * Goal: a mail that comes back is noted, and its address remembered. Method: notifications as Postfix and Exchange write them, handed in
 * over HTTP; the whole engine behind.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Network } from '../../src/db/entities/network.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

type Row = { id: string; kind: string; channel: string; state: string; errorClass: string | null; errorText: string | null };

/** Postfix returns the headers, Exchange the whole mail. */
const notification = (style: 'postfix' | 'exchange', deliveryId: string, { action = 'failed', status = '5.1.1' } = {}): string => {
  const original = [
    `Message-ID: <${deliveryId}@punctual>`,
    'From: Shop <bookings@punctual.example>',
    'To: Ana <ana@example.com>',
    'Subject: =?utf-8?Q?Marca=C3=A7=C3=A3o?=',
  ];
  return [
    'From: MAILER-DAEMON@mx.example (Mail Delivery System)',
    'To: bookings@punctual.example',
    'Subject: Undelivered Mail Returned to Sender',
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'This is the mail system at host mx.example. Action: failed, Status: 5.9.9 is only said here.',
    '',
    '--b1',
    'Content-Description: Delivery report',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example',
    'Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000 (UTC)',
    '',
    'Final-Recipient: rfc822; ana@example.com',
    `Action: ${action}`,
    `Status: ${status}`,
    'Diagnostic-Code: smtp; 550 5.1.1 <ana@example.com>: user unknown',
    '',
    '--b1',
    ...(style === 'postfix'
      ? ['Content-Type: text/rfc822-headers', '', ...original, '']
      : ['Content-Type: message/rfc822', '', ...original, 'MIME-Version: 1.0', 'Content-Type: text/plain', '', 'Olá', '']),
    '--b1--',
    '',
  ].join('\r\n');
};

describe('mails that come back', () => {
  let twilio: TestTwilio;
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    twilio = await startTwilio();
    engine = await startEngine({
      env: {
        TWILIO_ACCOUNT_SID: twilio.accountSid,
        TWILIO_AUTH_TOKEN: twilio.authToken,
        TWILIO_FROM: twilio.from,
        TWILIO_API_URL: twilio.url,
      },
    });
  });
  after(async () => {
    await engine.stop();
    await twilio.stop();
  });
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['mail'], reminderLeadMinutes: [] } });
  });

  const handIn = (text: string, apiKey = network.apiKey, type = 'message/rfc822') =>
    fetch(`${engine.url}/hooks/mail/bounce`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': type },
      body: text,
    });
  const toCustomer = async (id: string): Promise<Row> =>
    (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items.find(
      ({ kind }: Row) => kind === 'confirmation_customer',
    );
  async function mailed(who: Record<string, unknown> = {}, time = '10:00'): Promise<{ id: string; deliveryId: string }> {
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at(time), customer: customer(who) });
    const row = await eventually(
      () => toCustomer(id),
      ({ state }) => state === 'delivered',
    );
    return { id, deliveryId: row.id };
  }

  for (const style of ['postfix', 'exchange'] as const) {
    it(`one, as ${style} tells it, is bounced, once; the next mail to that address waits for a person without a try`, async () => {
      const email = `gone.${randomUUID()}@example.com`;
      const { id, deliveryId } = await mailed({ email });
      for (let times = 0; times < 2; times += 1) expect((await handIn(notification(style, deliveryId))).status).to.equal(202);
      expect(await toCustomer(id)).to.include({ state: 'bounced', errorClass: 'undelivered', errorText: 'SMTP failed: 5.1.1' });
      const next = await book(engine, network, { startsAt: network.at('12:00'), customer: customer({ email }) });
      expect(
        await eventually(
          () => toCustomer(next.body.id),
          ({ state }) => state === 'parked',
        ),
      ).to.include({ errorClass: 'bounced' });
    });
  }

  it('one that went no other way, waits for a person, who has it tried again or gives it up', async () => {
    const call = (method: string, path: string, body?: unknown) => engine.call(network.apiKey, method, path, body);
    const waiting = async (): Promise<{ id: string; parkedAt: string }[]> =>
      (await call('GET', '/v1/dead-letters?errorClass=undelivered')).body.items;
    const [again, given] = [
      await mailed({ email: `gone.${randomUUID()}@example.com` }),
      await mailed({ email: `gone.${randomUUID()}@example.com` }, '12:00'),
    ];
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set finished_at = now() - interval '3 days' where network_id = ? and finished_at is not null`, [
        network.networkId,
      ]);
    const before = Date.now() - 1000;
    for (const { deliveryId } of [again, given]) await handIn(notification('postfix', deliveryId));
    expect((await waiting()).map(({ id }) => id)).to.have.members([again.deliveryId, given.deliveryId]);
    // It waits since it came back, not since it was sent: nobody who reads page by page misses it.
    for (const { parkedAt } of await waiting()) expect(Date.parse(parkedAt)).to.be.at.least(before);
    for (let times = 0; times < 2; times += 1)
      expect((await call('POST', `/v1/dead-letters/${again.deliveryId}/retry`)).status).to.equal(202);
    await eventually(
      () => toCustomer(again.id),
      ({ state }) => state === 'delivered',
    );
    expect(
      await eventually(
        () => mailsOf(again.id),
        (mails) => mails.filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer').length > 1,
      ),
    ).to.have.length(3);
    expect((await call('POST', `/v1/dead-letters/${given.deliveryId}/skip`, { reason: 'told_otherwise' })).body).to.include({
      state: 'skipped',
    });
    expect(await waiting()).to.deep.equal([]);
  });

  it('one that a person has tried again and that is taken, frees its address: the next mail goes without a person, until one comes back', async () => {
    const email = `mended.${randomUUID()}@example.com`;
    const { id, deliveryId } = await mailed({ email });
    await handIn(notification('postfix', deliveryId));
    expect(await engine.deps.marks.find('mail', email)).to.equal('bounced');
    expect((await engine.call(network.apiKey, 'POST', `/v1/dead-letters/${deliveryId}/retry`)).status).to.equal(202);
    await eventually(
      () => toCustomer(id),
      ({ state }) => state === 'delivered',
    );
    const next = await mailed({ email }, '12:00');
    await handIn(notification('postfix', next.deliveryId));
    expect(await engine.deps.marks.find('mail', email)).to.equal('bounced');
  });

  it('one of a visit that was moved since, waits for nobody: the later mail tells all', async () => {
    const { id, deliveryId } = await mailed({ email: `gone.${randomUUID()}@example.com` });
    await engine.call(
      network.apiKey,
      'POST',
      `/v1/appointments/${id}/reschedule`,
      { startsAt: network.at('15:00') },
      { 'idempotency-key': randomUUID() },
    );
    // Sent after the bounce, it would wait for a person itself: nobody has that address.
    await eventually(
      () => mailsOf(id),
      (mails) => mails.some(({ headers }) => headers['x-punctual-kind'] === 'rescheduled_customer'),
    );
    await handIn(notification('postfix', deliveryId));
    expect(await toCustomer(id)).to.include({ state: 'bounced' });
    expect((await engine.call(network.apiKey, 'GET', '/v1/dead-letters')).body.items).to.deep.equal([]);
    const again = await engine.call(network.apiKey, 'POST', `/v1/dead-letters/${deliveryId}/retry`);
    expect([again.status, again.body.code]).to.deep.equal([409, 'not_allowed']);
  });

  it('one to a barber who lost the visit, which was cancelled since, still waits for a person: nobody has told him', async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['mail'], reminderLeadMinutes: [] } });
    const rows = async (id: string): Promise<Row[]> =>
      (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items;
    const { id } = await mailed();
    await engine.call(
      network.apiKey,
      'POST',
      `/v1/appointments/${id}/reschedule`,
      { startsAt: network.at('10:00'), barberId: network.barberIds[1] },
      { 'idempotency-key': randomUUID() },
    );
    const news = (
      await eventually(
        () => rows(id),
        (all) => all.some(({ kind, state }) => kind === 'cancellation_barber' && state === 'delivered'),
      )
    ).find(({ kind }) => kind === 'cancellation_barber')!;
    await handIn(notification('postfix', news.id, { status: '5.2.2' }));
    const waiting = async () =>
      (await engine.call(network.apiKey, 'GET', '/v1/dead-letters')).body.items.map((each: { id: string }) => each.id);
    expect(await waiting()).to.deep.equal([news.id]);
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`);
    expect(await waiting()).to.deep.equal([news.id]);
  });

  it('one to a barber, whose calendar is written to later, still waits for a person', async () => {
    const call = (method: string, path: string, body?: unknown) => engine.call(network.apiKey, method, path, body);
    const { id } = await mailed();
    const found = await eventually(
      async () => (await call('GET', `/v1/appointments/${id}/deliveries`)).body.items as Row[],
      (all) => all.some(({ kind, state }) => kind === 'confirmation_barber' && state === 'delivered'),
    );
    const mail = found.find(({ kind }) => kind === 'confirmation_barber')!;
    await handIn(notification('postfix', mail.id, { status: '5.2.2' }));
    const waiting = async () => (await call('GET', '/v1/dead-letters')).body.items.map((each: { id: string }) => each.id);
    expect(await waiting()).to.deep.equal([mail.id]);
    // A visit that the clocks have moved: its entry is written anew, and no mail goes to the barber.
    await engine.database.orm.em.fork().execute(
      `with k as (
         insert into calendar_connection (id, network_id, barber_id, provider, account, calendar_id, time_zone, state, ended_at)
         values (gen_random_uuid(), ?, ?, 'caldav', 'x', 'x', 'UTC', 'ended', now())
         returning *)
       insert into delivery (
         id, network_id, appointment_id, kind, barber_id, connection_id, sequence,
         state, due_at, useful_until, channels, channel, finished_at)
       select gen_random_uuid(), network_id, ?, 'calendar_barber', barber_id, id, 2,
         'delivered', now(), now() + interval '1 day', '{caldav}', 'caldav', now()
       from k`,
      [network.networkId, network.barberIds[0], id],
    );
    expect(await waiting()).to.deep.equal([mail.id]);
  });

  it("one to a barber marks the barber's address and not the customer's, also of a visit that somebody else has now", async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
    const em = engine.database.orm.em.fork();
    await em.nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['mail'], reminderLeadMinutes: [] } });
    const emails: string[] = [];
    for (const barberId of network.barberIds) {
      emails.push(`barber.${randomUUID()}@example.com`);
      await em.execute('update barber set email = ? where id = ?', [emails.at(-1)!, barberId]);
    }
    const email = `here.${randomUUID()}@example.com`;
    const mark = (address: string) => engine.deps.marks.find('mail', address);
    const {
      body: { id },
    } = await book(engine, network, { barberId: network.barberIds[0], customer: customer({ email }) });
    const toBarber = async (): Promise<Row | undefined> =>
      (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items.find(
        ({ kind }: Row) => kind === 'confirmation_barber',
      );
    const { id: told } = (await eventually(toBarber, (row) => row?.state === 'delivered'))!;
    await handIn(notification('postfix', told));
    expect([await mark(email), await mark(emails[0]!)]).to.deep.equal([null, 'bounced']);

    await engine.deps.marks.clear('mail', emails[0]!);
    await em.execute(`update delivery set state = 'delivered' where id = ?`, [told]);
    const moved = { startsAt: network.at('10:00'), barberId: network.barberIds[1] };
    expect((await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/reschedule`, moved)).status).to.equal(200);
    await handIn(notification('postfix', told));
    expect([await mark(email), await mark(emails[1]!), await mark(emails[0]!)]).to.deep.equal([null, null, 'bounced']);
  });

  it('one, with another way left, goes by that', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { messageChannels: ['mail', 'sms'], reminderLeadMinutes: [] } });
    const phone = `+35197${String(randomInt(10_000_000)).padStart(7, '0')}`;
    const { id, deliveryId } = await mailed({ phone });
    await handIn(notification('postfix', deliveryId, { status: '5.2.2' }));
    expect(
      await eventually(
        () => toCustomer(id),
        ({ state }) => state === 'delivered',
      ),
    ).to.include({ channel: 'sms' });
    expect(await twilio.messages(phone)).to.have.length(1);
  });

  it('one that a server has given up after days of passing failures, is bounced too; its address is not dead', async () => {
    const email = `slow.${randomUUID()}@example.com`;
    const { id, deliveryId } = await mailed({ email });
    await handIn(notification('postfix', deliveryId, { status: '4.4.1' }));
    expect(await toCustomer(id)).to.include({ state: 'bounced', errorText: 'SMTP failed: 4.4.1' });
    expect(await engine.deps.marks.find('mail', email)).to.equal(null);
    expect((await engine.call(network.apiKey, 'GET', '/v1/dead-letters')).body.items).to.have.length(1);
  });

  it("a delay, whatever its status, what is no notification and another network's mail, change nothing and are told no more", async () => {
    const { id, deliveryId } = await mailed();
    const other = await buildNetwork(engine.database.orm);
    const answers = [
      await handIn(notification('postfix', deliveryId, { action: 'delayed', status: '4.4.1' })),
      await handIn(notification('postfix', deliveryId, { action: 'delayed', status: '5.2.2' })),
      await handIn('Subject: Hello\r\n\r\nHello'),
      await handIn(''),
      await handIn(notification('postfix', deliveryId), other.apiKey),
      await handIn(notification('postfix', randomUUID())),
    ];
    expect(answers.slice(0, 3).map(({ status }) => status)).to.deep.equal([202, 202, 202]);
    expect(answers.slice(4).map(({ status }) => status)).to.deep.equal([202, 202]);
    expect((await toCustomer(id)).state).to.equal('delivered');
  });

  it('a key without "ops", none, another type and too large a one, are refused', async () => {
    const booker = await buildNetwork(engine.database.orm, { scopes: ['book', 'manage'] });
    expect((await handIn('x', booker.apiKey)).status).to.equal(403);
    expect((await handIn('x', 'none')).status).to.equal(401);
    expect((await handIn('{}', network.apiKey, 'application/json')).status).to.equal(415);
    expect((await handIn('x'.repeat(300_000))).status).to.equal(413);
  });
});
