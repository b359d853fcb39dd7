/**
 * Goal: whatever customers and the desk do in whatever order, and whatever becomes of mails, SMS and workers meanwhile, in the end every
 * mailbox and the last SMS tell the visit as it stands, and no SMS came twice. Method: a random walk over the whole engine; letters that
 * nobody could deliver are tried again by a person at the end; then what readers believe is compared with the database. SEED repeats its
 * choices.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { seededRandom } from '../../src/dev/data/random.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { required } from '../support/database.ts';
import { addApprovedService, book, change, hold, newKey, pick, post, type DeskWalk } from '../support/desk-walk.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { startScripted, type Answer as Fault } from '../support/faulty-http.ts';
import { startFaultySmtp, type SmtpFault } from '../support/faulty-smtp.ts';
import { mailsOfAny, type InboxMail } from '../support/inbox.ts';
import { believedBy, spanText } from '../support/message-beliefs.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

type Visit = {
  id: string;
  status: string;
  startsAt: Date;
  email: string;
  phone: string;
  shares: { barberId: string; from: string; to: string }[];
};

const steps = 100;
const rate = 0.2;
const faults: Fault[] = [
  'drop',
  'pass, then drop',
  { status: 503 },
  { status: 429, body: { code: 20429 }, headers: { 'retry-after': '1' } },
  { status: 401, body: { code: 20003 } },
];
const mailFaults: SmtpFault[] = [
  { at: 'before', how: 'cut' },
  { at: 'during', how: 'cut' },
  { at: 'after', how: 'cut' },
];

describe('random walks with messages', () => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  const [random, luck] = [seededRandom(seed), seededRandom(seed + 1)];
  let isCalm = true;
  let twilio: TestTwilio;
  let smtp: Awaited<ReturnType<typeof startFaultySmtp>>;
  let sms: Awaited<ReturnType<typeof startScripted>>;
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    const fault = <T>(from: readonly T[]): T | null => (isCalm || luck.next() > rate ? null : luck.pick(from));
    twilio = await startTwilio();
    sms = await startScripted(twilio.url, () => fault(faults));
    smtp = await startFaultySmtp(Number(new URL(required('TEST_SMTP_URL')).port), '', () => fault(mailFaults));
    engine = await startEngine({
      env: {
        SMTP_URL: smtp.url,
        TWILIO_ACCOUNT_SID: twilio.accountSid,
        TWILIO_AUTH_TOKEN: twilio.authToken,
        TWILIO_FROM: twilio.from,
        TWILIO_API_URL: sms.url,
      },
      deps: { policy: { ...defaultPolicy, retryAfterSeconds: [1], retryEverySeconds: 1, giveUpAfterSeconds: 5 } },
    });
    network = await buildNetwork(engine.database.orm, {
      barbers: 3,
      settings: { reminderLeadMinutes: [], maxHourlyBookingsPerContact: null, alsoBySms: ['confirmation'], messageChannels: ['mail'] },
    });
  });
  after(async () => {
    await engine?.stop();
    sms?.stop();
    smtp?.stop();
    await twilio?.stop();
  });

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { ...newKey(), ...headers });
  const sql = <T>(text: string, values: unknown[] = [network.networkId]) => engine.database.orm.em.fork().execute<T[]>(text, values);
  const letters = async (): Promise<{ id: string }[]> => (await call('GET', '/v1/dead-letters?limit=100')).body.items;

  async function step(walk: DeskWalk): Promise<Answer | void> {
    const chance = walk.random();
    if (chance < 0.02) {
      await engine.stopWorkers();
      await engine.startWorkers();
      walk.story.push('the workers start anew');
    } else if (chance < 0.08) {
      const [letter] = await letters();
      if (letter) return post(walk, `/v1/dead-letters/${letter.id}/retry`);
    } else return pick(walk.random, [book, book, hold, change, change, change])(walk);
  }

  /** All has ended, and what waits for a person was tried again by one. */
  async function settle(): Promise<void> {
    const ended = () =>
      eventually(
        () =>
          sql(
            `select id, kind, channel, state, error_class, error_text
             from delivery
             where network_id = ? and state in ('due', 'in_flight') and due_at < now()`,
          ),
        (rows) => rows.length === 0,
        90_000,
      );
    await ended();
    for (let round = 0; round < 5 && (await letters()).length > 0; round += 1) {
      await call('POST', '/v1/dead-letters/retry', {});
      await ended();
    }
    expect(await letters()).to.deep.equal([]);
  }

  it(`tell everybody the visit as it stands (SEED=${seed})`, async function () {
    this.timeout(400_000);
    const walk: DeskWalk = {
      call,
      network,
      approvedServiceId: await addApprovedService(engine.database.orm.em.fork(), network.networkId),
      random: () => random.next(),
      visits: [],
      story: [],
    };
    isCalm = false;
    const answers: Answer[] = [];
    for (let taken = 0; taken < steps; taken += 1) {
      const answer = await step(walk);
      if (answer) answers.push(answer);
      if (random.next() < 0.5)
        await new Promise((resolve) => {
          setTimeout(resolve, random.next() * 300);
        });
    }
    isCalm = true;
    expect(
      answers.filter(({ status }) => ![200, 201, 202, 403, 404, 409].includes(status)).map(({ status, text: said }) => `${status} ${said}`),
    ).to.deep.equal([]);
    expect(answers.filter(({ status }) => status < 300).length, 'of a walk in which nothing is allowed, nothing is learnt').to.be.above(25);
    await settle();

    const visits = await sql<Visit>(
      `select a.id, a.status, a.starts_at as "startsAt", c.email, c.phone,
         (select json_agg(p)
          from (
            select barber_id as "barberId", min(starts_at) as "from", max(ends_at) as "to"
            from appointment_part
            where appointment_id = a.id
            group by 1) p) as shares
       from appointment a
       join contact c on c.id = a.id
       where a.network_id = ? and a.status <> 'held'`,
    );
    const mails = await mailsOfAny(visits.map(({ id }) => id));
    for (const visit of visits)
      await expectTold(
        visit,
        mails.filter(({ headers }) => headers['x-punctual-appointment'] === visit.id),
        `\n${walk.story.join('\n')}\n${visit.status} ${visit.id}`,
      );
  });

  async function expectTold(visit: Visit, mails: InboxMail[], story: string): Promise<void> {
    const shares = visit.status === 'confirmed' ? visit.shares : [];
    const box = (address: string) => believedBy(mails.filter(({ envelope }) => envelope.to[0]!.address === address));
    expect((await box(visit.email)).map(halves).reduce(hull, null), `${story}, by mail`).to.deep.equal(
      shares.map(({ from, to }) => halves(spanText(from, to))).reduce(hull, null),
    );
    for (const barberId of network.barberIds)
      expect(await box(`${barberId}@barbers.example`), `${story}, by mail to ${barberId}`).to.deep.equal(
        shares.filter((share) => share.barberId === barberId).map(({ from, to }) => spanText(from, to)),
      );
    const gone = await sql<{ sid: string }>(
      `select provider_id as sid from delivery where appointment_id = ? and channel = 'sms' and provider_id is not null`,
      [visit.id],
    );
    expectTexted(visit, (await twilio.messages(visit.phone)).reverse(), new Set(gone.map(({ sid }) => sid)), story);
  }

  function expectTexted({ status, startsAt }: Visit, texts: { sid: string; body: string }[], gone: Set<string>, story: string): void {
    const told = `${story}, by SMS: ${texts.map(({ body }) => body).join(' // ')}`;
    // Two moves to one time, of which one changed the barber alone, read the same, and are two.
    const isTwice = ({ sid, body }: { sid: string; body: string }, index: number): boolean => {
      const before = texts[index - 1];
      return before?.body === body && !(gone.has(sid) && gone.has(before.sid));
    };
    expect(texts.filter(isTwice), told).to.deep.equal([]);
    const last = texts.at(-1)?.body;
    if (last === undefined) return;
    if (status === 'confirmed')
      expect(last, told).to.include(
        new Intl.DateTimeFormat('en-GB', { timeZone: network.timeZone, hour: '2-digit', minute: '2-digit' }).format(new Date(startsAt)),
      );
    if (status === 'cancelled') expect(last, told).to.match(/cancel/i);
  }
});

type Halves = [from: string, to: string];
const halves = (span: string): Halves => span.split(' ') as Halves;
/**
 * From the first's start to the last one's end: whether a customer has one event of several barbers' shares or one of each is the barbers'
 * number.
 */
const hull = (all: Halves | null, [from, to]: Halves): Halves => [all && all[0] < from ? all[0] : from, all && all[1] > to ? all[1] : to];
