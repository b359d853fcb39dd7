/**
 * Goal: whatever breaks before, during or after a provider's call, the counterpart holds exactly one visible effect; of mail, whose
 * protocol has no key, two where the answer was lost after the server took it, with one Message-ID. Method: lines that break on order, and
 * workers killed there.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Network } from '../../src/db/entities/network.ts';
import { book as bookBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { required } from '../support/database.ts';
import { eventually, send } from '../support/engine.ts';
import { startScripted, type Answer } from '../support/faulty-http.ts';
import { startFaultySmtp, type SmtpFault } from '../support/faulty-smtp.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { openSite, type ApiProgram, type Program, type Site } from '../support/programs.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

describe("faults around a provider's call", () => {
  let twilio: TestTwilio;
  let sms: Awaited<ReturnType<typeof startScripted>>;
  let smtp: Awaited<ReturnType<typeof startFaultySmtp>>;
  let site: Site;
  let network: TestNetwork;
  let api: ApiProgram;
  let worker: Program;

  before(async () => {
    twilio = await startTwilio();
  });
  after(() => twilio.stop());
  beforeEach(async () => {
    sms = await startScripted(twilio.url);
    smtp = await startFaultySmtp(Number(new URL(required('TEST_SMTP_URL')).port), 'X-Punctual-Kind: confirmation_customer');
    site = await openSite({
      SMTP_URL: smtp.url,
      TWILIO_ACCOUNT_SID: twilio.accountSid,
      TWILIO_AUTH_TOKEN: twilio.authToken,
      TWILIO_FROM: twilio.from,
      TWILIO_API_URL: sms.url,
    });
    network = await buildNetwork(site.database.orm);
    await site.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { alsoBySms: ['confirmation'], reminderLeadMinutes: [] } });
    [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);
  });
  afterEach(async () => {
    await site.close();
    sms.stop();
    smtp.stop();
  });

  const phone = () => `+35191${String(randomInt(10_000_000)).padStart(7, '0')}`;
  const delivered = (id: string) => count(site.database.orm, 'delivery', `appointment_id = ? and state = 'delivered'`, [id]);

  async function book(to: string, index = 0): Promise<string> {
    const caller = {
      call: (key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
        send(api.url, key, method, path, body, headers),
    };
    const { status, body } = await bookBody(
      caller,
      network,
      { customer: customer({ phone: to }), startsAt: network.at(`${10 + index}:00`) },
      randomUUID(),
    );
    expect(status).to.equal(201);
    return body.id;
  }
  /** Both mails and the SMS. */
  const allDelivered = (id: string) =>
    eventually(
      () => delivered(id),
      (found) => found === 3,
      90_000,
    );
  const texts = async (to: string) => (await twilio.messages(to)).length;
  const confirmations = async (id: string) =>
    (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer');

  const smsFaults: Record<string, Answer[]> = {
    'the line is cut before Twilio hears of it': ['drop'],
    'Twilio has it and its answer is lost': ['pass, then drop'],
    'Twilio has it and its answer is lost, and then the look for it fails': ['pass, then drop', 'drop', { status: 500 }],
    'Twilio is too busy, asks for two seconds, and fails': [
      { status: 429, body: { code: 20429 }, headers: { 'retry-after': '2' } },
      { status: 503 },
    ],
  };
  for (const [name, script] of Object.entries(smsFaults)) {
    it(`an SMS, when ${name}, is there once`, async () => {
      const to = phone();
      sms.script.push(...script);
      const id = await book(to);
      await allDelivered(id);

      expect(sms.script).to.deep.equal([]);
      expect(await texts(to)).to.equal(1);
      expect(await confirmations(id)).to.have.length(1);
    });
  }

  it('an SMS, when its answer is lost and then the sign-in dies, is there once after it was opened again', async () => {
    const to = phone();
    sms.script.push('pass, then drop', { status: 401, body: { code: 20003 } });
    const id = await book(to);
    const states = () =>
      site.database.orm.em
        .fork()
        .execute<{ id: string; state: string }[]>(`select id, state from delivery where appointment_id = ? and channel = 'sms'`, [id]);
    const [letter] = await eventually(states, (rows) => rows[0]?.state === 'parked', 60_000);
    const { status } = await send(api.url, network.apiKey, 'POST', `/v1/dead-letters/${letter!.id}/retry`, undefined, {
      'idempotency-key': randomUUID(),
    });
    expect(status).to.equal(202);
    await allDelivered(id);
    expect(await texts(to)).to.equal(1);
  });

  for (const at of ['before', 'during', 'after'] as const) {
    it(`a mail, when the line is cut ${at} the server takes it, is there ${at === 'after' ? 'twice under one Message-ID' : 'once'}`, async () => {
      smtp.script.push({ at, how: 'cut' });
      const id = await book(phone());
      await allDelivered(id);
      expect(smtp.met()).to.equal(1);
      await expectCopies(id, at === 'after' ? 2 : 1);
    });
  }

  it('the worker, killed with five calls open, before and after their providers have acted, leaves each effect to another, and each is there once; the mail that was taken, twice', async function () {
    // Temporal notices a dead worker by its heartbeat.
    this.timeout(150_000);
    const open: { id: string; to: string; mails: number }[] = [];
    const meet = async (at: SmtpFault['at'] | null, held: 'silent' | 'pass, then silent' | null): Promise<void> => {
      if (at) smtp.script.push({ at, how: 'silent' });
      if (held) sms.script.push(held);
      const [met, seen] = [smtp.met(), sms.seen.length];
      const to = phone();
      const id = await book(to, open.length);
      await eventually(
        async () => (at ? smtp.met() > met : sms.seen.length > seen && (held === 'silent' || (await texts(to)) === 1)),
        (hasMet) => hasMet,
      );
      // All but the one that is held have been noted: a mail whose note the kill took would rightly come twice.
      await eventually(
        () => delivered(id),
        (found) => found === 2,
      );
      open.push({ id, to, mails: at === 'after' ? 2 : 1 });
    };
    await meet('before', null);
    await meet('during', null);
    await meet('after', null);
    await meet(null, 'silent');
    await meet(null, 'pass, then silent');
    await worker.end('SIGKILL');
    await site.startWorker();

    for (const { id, to, mails } of open) {
      await allDelivered(id);
      expect(await texts(to), id).to.equal(1);
      await expectCopies(id, mails);
    }
  });

  it('a confirmation, withdrawn by a cancellation while its worker lies dead, waits for nobody; that the visit is off, is told', async () => {
    smtp.script.push({ at: 'before', how: 'silent' });
    const id = await book(phone());
    await eventually(
      async () => smtp.met(),
      (met) => met === 1,
    );
    await eventually(
      () => delivered(id),
      (found) => found === 2,
    );
    await site.startWorker();
    await worker.end('SIGKILL');
    const { status } = await send(
      api.url,
      network.apiKey,
      'POST',
      `/v1/appointments/${id}/cancel`,
      { reason: 'customer_asked' },
      { 'idempotency-key': randomUUID() },
    );
    expect(status).to.equal(200);

    const states = () =>
      site.database.orm.em
        .fork()
        .execute<{ kind: string; channel: string; state: string }[]>(
          'select kind, channel, state from delivery where appointment_id = ? order by kind, channel',
          [id],
        );
    const told = await eventually(
      states,
      (rows) => rows.length > 3 && rows.every(({ state }) => !['due', 'in_flight'].includes(state)),
      50_000,
    );
    expect(
      told.filter(({ kind, channel }) => kind === 'confirmation_customer' && channel === 'mail').map(({ state }) => state),
    ).to.deep.equal(['skipped']);
    expect(told.filter(({ kind, state }) => kind === 'cancellation_customer' && state === 'delivered')).to.have.length.above(0);
    expect(told.filter(({ state }) => state === 'parked')).to.deep.equal([]);
  });

  /** SMTP has no key: this is the exception that ARCHITECTURE.md names. */
  async function expectCopies(id: string, expected: number): Promise<void> {
    const copies = await confirmations(id);
    expect(copies, id).to.have.length(expected);
    expect(new Set(copies.map(({ headers }) => headers['message-id'])).size).to.equal(1);
  }
});
