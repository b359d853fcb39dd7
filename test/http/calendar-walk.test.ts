/**
 * Goal: whatever customers, the desk and barbers do in whatever order, and whatever becomes of the requests to providers meanwhile, in the
 * end every calendar shows the visits that it should, and what its owner has entered is known, and told where it lies on a visit. Method: a
 * random walk over the whole engine and every provider; then both sides are compared. SEED repeats its choices.
 */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { seededRandom } from '../../src/dev/data/random.ts';
import { eventUid } from '../../src/domain/calendar-event.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { startSides } from '../support/calendar-sides.ts';
import { connect, newRoom, step, type CalendarWalk, type Room } from '../support/calendar-walk.ts';
import { addApprovedService, newKey } from '../support/desk-walk.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import type { Answer as Fault } from '../support/faulty-http.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { needPython } from '../support/python.ts';

type Connection = { id: string; barberId: string; provider: string; calendarId: string; writes: boolean; reads: boolean };
type Visit = { id: string; status: string; barberId: string; from: Date; to: Date; barbers: number };

const steps = 110;
const faults: Fault[] = ['drop', 'pass, then drop', { status: 500 }, { status: 503 }, { status: 429, headers: { 'retry-after': '1' } }];

describe('random walks with calendars', () => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  const [random, luck] = [seededRandom(seed), seededRandom(seed + 1)];
  let isCalm = true;
  let calendars: Awaited<ReturnType<typeof startSides>>;
  let engine: Engine;
  let network: TestNetwork;

  before(async function () {
    calendars = await startSides(needPython(this), () => (isCalm || luck.next() > 0.1 ? null : luck.pick(faults)));
    engine = await startEngine({
      env: { ...calendars.env, GOOGLE_EVERY_SECONDS: '1', MICROSOFT_EVERY_SECONDS: '1' },
      deps: { policy: { ...defaultPolicy, retryAfterSeconds: [1], retryEverySeconds: 1 } },
    });
    network = await buildNetwork(engine.database.orm, {
      barbers: 4,
      settings: { reminderLeadMinutes: [], maxHourlyBookingsPerContact: null },
    });
  });
  after(async () => {
    await engine?.stop();
    await calendars?.stop();
  });

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { ...newKey(), ...headers });
  const sql = <T>(text: string, values: unknown[] = [network.networkId]) => engine.database.orm.em.fork().execute<T[]>(text, values);
  const calmly = async (doing: () => Promise<void>): Promise<void> => {
    const was = isCalm;
    isCalm = true;
    await doing().finally(() => {
      isCalm = was;
    });
  };
  const connections = () =>
    sql<Connection>(
      `select id, barber_id as "barberId", provider, calendar_id as "calendarId", writes, reads
       from calendar_connection
       where network_id = ? and state <> 'ended'
       order by id`,
    );
  const text = (from: Date | string, to: Date | string): string => `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;

  /** Nothing is on its way any more, and all calendars have been read as they are now. */
  async function settle(): Promise<void> {
    await eventually(
      () =>
        sql(
          `select id, connection_id, state, error_text
           from delivery
           where network_id = ? and kind = 'calendar_barber' and state in ('due', 'in_flight', 'parked')`,
        ),
      (rows) => rows.length === 0,
      90_000,
    );
    // Written long enough ago to be judged.
    await sql(`update calendar_event set written_at = written_at - interval '1 minute' where network_id = ?`);
    await sql('update calendar_connection set whole_at = null where network_id = ?');
    for (const { id } of await connections()) {
      const {
        body: { privacy, writes, reads, version },
      } = await call('GET', `/v1/calendars/${id}`);
      await call('PUT', `/v1/calendars/${id}`, { privacy, writes, reads }, { 'if-match': `"${version}"` });
    }
    await eventually(
      () =>
        sql(
          `select id, provider, state, error_text
           from calendar_connection
           where network_id = ? and (reads or writes) and state <> 'ended' and whole_at is null`,
        ),
      (rows) => rows.length === 0,
      90_000,
    );
  }
  const drifted = async () =>
    ((await call('GET', '/v1/calendar-conflicts?limit=100')).body.items as { id: string; kind: string }[]).filter(
      ({ kind }) => kind === 'moved' || kind === 'deleted',
    );

  it(`leave every calendar as it should be (SEED=${seed})`, async function () {
    this.timeout(400_000);
    const approvedServiceId = await addApprovedService(engine.database.orm.em.fork(), network.networkId);
    const rooms = [
      newRoom('caldav', await calendars.open('caldav'), [0]),
      newRoom('google', await calendars.open('google'), [1]),
      newRoom('graph', await calendars.open('graph'), [2]),
      newRoom('caldav', await calendars.open('caldav'), [0, 3]),
    ];
    const walk: CalendarWalk = { call, network, approvedServiceId, rooms, random: () => random.next(), calmly, visits: [], story: [] };
    /** Which calendar is whose: told when they are connected. */
    const known = new Map<string, Room>();
    for (const room of rooms)
      for (const barber of room.barbers) {
        await connect(walk, room, barber);
        for (const { calendarId } of await connections()) if (!known.has(calendarId)) known.set(calendarId, room);
      }

    isCalm = false;
    const answers: Answer[] = [];
    for (let taken = 0; taken < steps; taken += 1) {
      const answer = await step(walk);
      if (answer) answers.push(answer);
      if (random.next() < 0.5)
        await new Promise((resolve) => {
          setTimeout(resolve, random.next() * 400);
        });
    }
    isCalm = true;
    expect(
      answers.filter(({ status }) => ![200, 201, 403, 404, 409].includes(status)).map(({ status, text: said }) => `${status} ${said}`),
    ).to.deep.equal([]);
    expect(answers.filter(({ status }) => status < 300).length, 'of a walk in which nothing is allowed, nothing is learnt').to.be.above(25);

    for (const room of rooms.filter(({ wasTaken }) => wasTaken)) for (const barber of room.barbers) await connect(walk, room, barber);
    await settle();
    // What owners did to visits, a person puts right.
    for (let found = await drifted(); found.length > 0; found = await drifted()) {
      for (const { id } of found) await call('POST', `/v1/calendar-conflicts/${id}/settle`, { action: 'restore' });
      await settle();
    }
    await settle();

    const visits = await sql<Visit>(
      `select a.id, a.status, p.barber_id as "barberId", min(p.starts_at) as "from", max(p.ends_at) as "to",
         (select count(distinct o.barber_id)::int from appointment_part o where o.appointment_id = a.id) as barbers
       from appointment a
       join appointment_part p on p.appointment_id = a.id
       where a.network_id = ? and a.status in ('held', 'confirmed', 'pending_approval', 'checked_in', 'started')
       group by a.id, p.barber_id`,
    );
    const all = await connections();
    const told = `\n${walk.story.join('\n')}\n`;
    for (const room of rooms)
      await expectShown(
        room,
        all.filter(({ calendarId }) => known.get(calendarId) === room),
        visits,
        told,
      );
    for (const connection of all) await expectKnown(connection, connection.reads ? known.get(connection.calendarId)!.entered : [], visits);
    expect(await sql(`select id, error_text from delivery where network_id = ? and state = 'parked'`)).to.deep.equal([]);
  });

  async function expectShown(room: Room, whose: Connection[], visits: Visit[], story: string): Promise<void> {
    const writers = whose.filter(({ writes }) => writes).map(({ barberId }) => barberId);
    const wanted = visits
      .filter(({ barberId, status }) => status !== 'held' && writers.includes(barberId))
      .map(({ id, barberId, from, to, barbers }) => `${eventUid(id, barbers > 1 ? barberId : null)} ${text(from, to)}`);
    const shown = (await room.side.shown())
      .filter(({ uid }) => uid.endsWith('@punctual'))
      .map(({ uid, start, end }) => `${uid} ${text(start, end)}`);
    expect(shown.sort(), `${story}${room.provider} of ${room.barbers.join()}`).to.deep.equal(wanted.sort());
  }

  async function expectKnown({ id, barberId, provider }: Connection, entered: Room['entered'], visits: Visit[]): Promise<void> {
    const busy = await sql<{ from: Date; to: Date }>(
      `select lower(d) as "from", upper(d) as "to" from calendar_busy k, unnest(k.during) d where k.connection_id = ?`,
      [id],
    );
    expect(busy.map(({ from, to }) => text(from, to)).sort(), `${provider} knows`).to.deep.equal(
      entered.map(({ start, end }) => text(start, end)).sort(),
    );
    const told = await sql<{ appointment: string }>(
      `select distinct appointment_id as appointment
       from calendar_conflict
       where connection_id = ? and kind = 'overlap' and settled_at is null`,
      [id],
    );
    const onTop = visits.filter(
      (visit) =>
        visit.barberId === barberId &&
        entered.some(({ start, end }) => new Date(start) < new Date(visit.to) && new Date(end) > new Date(visit.from)),
    );
    expect(told.map(({ appointment }) => appointment).sort(), `${provider} tells`).to.deep.equal(onTop.map((visit) => visit.id).sort());
  }
});
