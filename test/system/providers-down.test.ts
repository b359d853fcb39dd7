/**
 * Goal: a provider that is down delays nobody else, everything goes out when it is back, and what was down for too long is one dead letter
 * each. Method: real servers behind lines that are cut and mended; the policy's waits, which are workflow input, in tenths of seconds.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { defaultPolicy, type Policy } from '../../workflows/messages.ts';
import { book, customer } from '../support/booking.ts';
import { required } from '../support/database.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';
import { startFaultySmtp } from '../support/faulty-smtp.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

type Row = { kind: string; channel: string; state: string; errorClass: string | null };

describe('providers that are down', () => {
  let twilio: TestTwilio;
  let sms: Awaited<ReturnType<typeof startScripted>>;
  let smtp: Awaited<ReturnType<typeof startFaultySmtp>>;
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    twilio = await startTwilio();
  });
  after(() => twilio.stop());
  afterEach(async () => {
    await engine.stop();
    sms.stop();
    smtp.stop();
  });

  const short: Policy = { ...defaultPolicy, retryAfterSeconds: [0.1, 0.2], retryEverySeconds: 1, giveUpAfterSeconds: 3600 };
  async function open(policy: Policy): Promise<void> {
    sms = await startScripted(twilio.url);
    smtp = await startFaultySmtp(Number(new URL(required('TEST_SMTP_URL')).port), 'X-Punctual-Kind');
    engine = await startEngine({
      env: {
        SMTP_URL: smtp.url,
        TWILIO_ACCOUNT_SID: twilio.accountSid,
        TWILIO_AUTH_TOKEN: twilio.authToken,
        TWILIO_FROM: twilio.from,
        TWILIO_API_URL: sms.url,
      },
      deps: { policy },
    });
    network = await buildNetwork(engine.database.orm, { barbers: 3, settings: { alsoBySms: ['confirmation'], reminderLeadMinutes: [] } });
  }
  /** So many answers are failures; the lines are good again after them. */
  const failSms = (times: number) => {
    sms.script.push(...Array.from({ length: times }, () => ({ status: 503 })));
  };
  const failMail = (times: number) => {
    smtp.script.push(...Array.from({ length: times }, () => ({ at: 'before', how: 'cut' }) as const));
  };
  async function bookAll(): Promise<{ id: string; to: string }[]> {
    return Promise.all(
      network.barberIds.map(async (barberId) => {
        const to = `+35193${String(randomInt(10_000_000)).padStart(7, '0')}`;
        const { status, body } = await book(engine, network, { barberId, customer: customer({ phone: to }) });
        expect(status).to.equal(201);
        return { id: body.id as string, to };
      }),
    );
  }
  const rows = async (id: string): Promise<Row[]> =>
    (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/deliveries`)).body.items;
  const all = async (visits: { id: string }[]): Promise<Row[]> => (await Promise.all(visits.map(({ id }) => rows(id)))).flat();
  const letters = async (): Promise<{ channel: string; errorClass: string }[]> =>
    (await engine.call(network.apiKey, 'GET', '/v1/dead-letters')).body.items;
  async function expectEachOnce(visits: { id: string; to: string }[]): Promise<void> {
    for (const { id, to } of visits) {
      expect((await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']).sort(), id).to.deep.equal([
        'confirmation_barber',
        'confirmation_customer',
      ]);
      expect(await twilio.messages(to), id).to.have.length(1);
    }
  }

  it('one of them, delays no other, and what waited for it goes out once when it is back', async () => {
    await open(short);
    failSms(500);
    const visits = await bookAll();
    const mails = await eventually(
      () => all(visits),
      (found) => found.filter(({ channel }) => channel === 'mail').every(({ state }) => state === 'delivered'),
    );
    expect(
      mails.filter(({ channel }) => channel === 'sms').map(({ state, errorClass }) => [['due', 'in_flight'].includes(state), errorClass]),
    ).to.deep.equal([
      [true, 'unclear'],
      [true, 'unclear'],
      [true, 'unclear'],
    ]);

    sms.script.length = 0;
    await eventually(
      () => all(visits),
      (found) => found.every(({ state }) => state === 'delivered'),
    );
    await expectEachOnce(visits);
  });

  it('all of them, stop no booking; back after more tries than the list of waits has, they get everything once', async () => {
    await open(short);
    failSms(18);
    failMail(36);
    const visits = await bookAll();
    await eventually(
      () => all(visits),
      (found) => found.every(({ state }) => state === 'delivered'),
      60_000,
    );
    expect([sms.script, smtp.script]).to.deep.equal([[], []]);
    await expectEachOnce(visits);
    expect(await letters()).to.deep.equal([]);
  });

  it('beyond the limit, leave one dead letter for each effect; tried again together, each goes out once', async () => {
    await open({ ...short, giveUpAfterSeconds: 2 });
    failSms(500);
    failMail(500);
    const visits = await bookAll();
    const found = await eventually(letters, (each) => each.length === 9, 40_000);
    expect(found.map(({ channel }) => channel).sort()).to.deep.equal([...Array.from({ length: 6 }, () => 'mail'), 'sms', 'sms', 'sms']);
    expect(new Set(found.map(({ errorClass }) => errorClass))).to.deep.equal(new Set(['transient', 'unclear']));
    expect((await all(visits)).every(({ state }) => state === 'parked')).to.equal(true);

    sms.script.length = 0;
    smtp.script.length = 0;
    expect((await engine.call(network.apiKey, 'POST', '/v1/dead-letters/retry', {})).body).to.deep.equal({ changed: 9, left: 0 });
    await eventually(
      () => all(visits),
      (each) => each.every(({ state }) => state === 'delivered'),
    );
    await expectEachOnce(visits);
    expect(await letters()).to.deep.equal([]);
  });
});
