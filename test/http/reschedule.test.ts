/**
 * Goal: a visit moves wholly or not at all, and everybody hears of it once. Method: move over HTTP, alone and against rivals; read rows and
 * mails.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import ICAL from 'ical.js';
import { Assignment } from '../../src/db/entities/barber.ts';
import { Service, Shop } from '../../src/db/entities/network.ts';
import { createChanges } from '../../src/http/changing.ts';
import { book, customer } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { invitationOf, mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('rescheduling', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(() => open({ barbers: 2 }));

  const open = async (wishes: NetworkWishes) => {
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', path, body, headers);
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const move = (id: string, to: object, headers = {}) => post(`/v1/appointments/${id}/reschedule`, to, headers);
  const booked = async (wishes: object = {}) => {
    const answer = await book(engine, network, { ...wishes });
    expect(answer.status, answer.text).to.equal(201);
    return answer.body;
  };
  const insertService = async (wishes: object = {}) => {
    const id = randomUUID();
    const { networkId } = network;
    await engine.database.orm.em.fork().insert(Service, {
      id,
      networkId,
      name: 'Barba',
      durationMinutes: 60,
      segments: [{ kind: 'busy', minutes: 60 }],
      priceCents: 2500,
      currency: 'EUR',
      settings: {},
      archivedAt: null,
      version: 1,
      ...wishes,
    });
    return id;
  };

  it('a visit, moved to another time, keeps its barber, its id and its promise: the new time is claimed and the old one free', async () => {
    const { id, barberId } = await booked();
    const answer = await move(id, { startsAt: network.at('15:00') });

    expect(answer.body, answer.text).to.deep.include({ id, barberId, status: 'confirmed', version: 2, startsAt: network.at('15:00') });
    expect(answer.headers.get('etag')).to.equal('"2"');
    expectProblem(await book(engine, network, { startsAt: network.at('15:00') }), 'slot_taken');
    await booked();
    const { body } = await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/events`);
    expect(body.items.at(-1)).to.deep.include({ kind: 'rescheduled', fromStatus: 'confirmed', toStatus: 'confirmed', version: 2 });
    expect(body.items.at(-1).details.from.startsAt).to.equal(new Date(network.at('10:00')).toISOString());
  });

  it('customer and barber, told of two moves, have one event in their calendars whose SEQUENCE grows, and reminders for the last time alone', async () => {
    const { id } = await booked({ startsAt: network.at('10:00', 3) });
    for (const hour of ['11:00', '12:00']) expect((await move(id, { startsAt: network.at(hour, 3) })).status).to.equal(200);

    const events = await eventually(
      async () => (await mailsOf(id)).filter(({ attachments }) => attachments.length > 0),
      (mails) => mails.filter(({ headers }) => headers['x-punctual-kind'] === 'rescheduled_customer').length >= 1,
    );
    expect(events.map(({ headers }) => headers['x-punctual-kind'])).to.include('rescheduled_barber');
    const rows = await engine.database.orm.em
      .fork()
      .execute<{ due_at: string; state: string }[]>(
        `select due_at, state from delivery where appointment_id = ? and kind = 'reminder_customer' order by due_at`,
        [id],
      );
    const planned = rows.filter(({ state }) => state === 'due').map(({ due_at }) => new Date(due_at).getTime());
    const startsAt = Date.parse(network.at('12:00', 3));
    expect(planned).to.deep.equal([startsAt - 1440 * 60_000, startsAt - 120 * 60_000]);
    expect(rows.filter(({ state }) => state !== 'due')).to.have.length(4);
    const sequences = await engine.database.orm.em.fork().execute<{ kind: string; sequence: number }[]>(
      `select kind, sequence
         from delivery
         where appointment_id = ? and kind like '%customer' and kind not like 'reminder%'
         order by sequence`,
      [id],
    );
    expect(sequences.map(({ kind }) => kind)).to.deep.equal(['confirmation_customer', 'rescheduled_customer', 'rescheduled_customer']);
    expect(new Set(sequences.map(({ sequence }) => sequence))).to.have.length(3);
  });

  it('a visit, whose new time is taken, stays as it was in everything, and says which times are free', async () => {
    const { id } = await booked();
    await booked({ startsAt: network.at('15:00') });
    const before = await read(id);

    const answer = await move(id, { startsAt: network.at('15:00') });

    expectProblem(answer, 'slot_taken');
    expect(answer.body.nearest).to.have.length(3);
    expect(answer.body.current).to.deep.equal(before);
    expect(await read(id)).to.deep.equal(before);
    expect(await count(engine.database.orm, 'appointment_event', 'appointment_id = ?', [id])).to.equal(1);
  });

  it('a visit, moved by less than its length, may overlap its own old time', async () => {
    const { id } = await booked();
    expect((await move(id, { startsAt: network.at('10:15') })).body).to.include({ version: 2, startsAt: network.at('10:15') });
    expectProblem(await book(engine, network, { startsAt: network.at('10:30') }), 'slot_taken');
  });

  it('the barber, kept unless another or any is wished, changes only then', async () => {
    const [first, second] = network.barberIds as [string, string];
    const { id } = await booked();
    await booked({ startsAt: network.at('15:00') });

    expectProblem(await move(id, { startsAt: network.at('15:00') }), 'slot_taken');
    expect((await move(id, { startsAt: network.at('15:00'), anyBarber: true })).body).to.include({ barberId: second, version: 2 });
    expect((await move(id, { startsAt: network.at('10:00'), barberId: first })).body).to.include({ barberId: first, version: 3 });
    const rows = await engine.database.orm.em
      .fork()
      .execute<{ kind: string }[]>(`select kind from delivery where appointment_id = ? and kind like '%barber' order by kind`, [id]);
    expect(rows.map(({ kind }) => kind).sort()).to.deep.equal([
      'cancellation_barber',
      'cancellation_barber',
      'confirmation_barber',
      'confirmation_barber',
      'confirmation_barber',
    ]);
  });

  it("a visit, moved to another shop and service, is there with that shop's hours, zone, length and price", async () => {
    const shopId = randomUUID();
    const { networkId, barberIds } = network;
    const em = engine.database.orm.em.fork();
    await em.insert(Shop, {
      id: shopId,
      networkId,
      slug: 'ponta',
      name: 'Ponta Delgada',
      address: 'Rua 1',
      phone: null,
      email: null,
      timeZone: 'Atlantic/Azores',
      locale: 'pt-PT',
      settings: {},
      openingHours: everyDay(0, 1440),
      archivedAt: null,
      version: 1,
    });
    await em.insert(Assignment, {
      id: randomUUID(),
      networkId,
      barberId: barberIds[0]!,
      shopId,
      periods: [{ fromDate: null, toDate: null, hours: everyDay(1200, 1440), breaks: [] }],
      version: 1,
    });
    const serviceId = await insertService();
    const { id, startsAt } = await booked();
    const localStart = `${startsAt.slice(0, 10)}T21:00`;

    const { body, text } = await move(id, { shopId, serviceId, localStart });

    expect(body, text).to.deep.include({
      shopId,
      serviceId,
      priceCents: 2500,
      version: 2,
      shopTime: { timeZone: 'Atlantic/Azores', startsAt: `${localStart}:00-01:00`, endsAt: `${localStart.slice(0, 11)}22:00:00-01:00` },
    });
    expectProblem(await move(id, { shopId: randomUUID(), startsAt }), 'not_found', ['/shopId']);
    const told = async (kind: string) =>
      (
        await eventually(
          () => mailsOf(id),
          (found) => found.some(({ headers }) => headers['x-punctual-kind'] === kind),
        )
      ).find(({ headers }) => headers['x-punctual-kind'] === kind)!.text;
    expect(await told('rescheduled_customer')).to.match(
      /\nQuando: .*21:00–22:00 \(Atlantic\/Azores.*\n(?:.*\n)?Antes: .*10:00 \(Europe\/Lisbon.*\), Corte, Barbearia Ação\n/,
    );
  });

  it('a version that is no longer, named, is refused with the appointment as it is', async () => {
    const { id } = await booked();
    await move(id, { startsAt: network.at('15:00') });
    const answer = await move(id, { startsAt: network.at('16:00') }, { 'if-match': '"1"' });

    expectProblem(answer, 'precondition_failed');
    expect(answer.body.current).to.deep.equal(await read(id));
    expect((await move(id, { startsAt: network.at('16:00') }, { 'if-match': '"2"' })).body.version).to.equal(3);
  });

  it('a move, repeated, is made once', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const { id } = await booked({ startsAt: network.at('10:00', round) });
      const to = { startsAt: network.at('15:00', round) };
      // Not all at once: some come while another is being made.
      const answers = await Promise.all([0, 0, 10, 20, 30, 40, 60].map((ms) => wait(ms).then(() => move(id, to))));
      answers.push(await move(id, to));

      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).to.have.length(1);
      expect(answers[0]!.body.version).to.equal(2);
    }
  });

  it('a move that a twin makes between its reading and its judgement, is answered with what is so by then', async () => {
    const { id } = await booked();
    const to = { startsAt: network.at('15:00') };
    const { em } = engine.deps.orm;
    let forks = 0;
    /** The second one asked for judges: before its first reading, the twin is done. */
    const fork = () => {
      forks += 1;
      const judging = em.fork();
      if (forks !== 2) return judging;
      const inner = judging.fork();
      const findOne = inner.findOne.bind(inner) as (...given: unknown[]) => Promise<unknown>;
      let isMoved = false;
      const afterTheTwin = async (...given: unknown[]): Promise<unknown> => {
        if (!isMoved) expect((await move(id, to)).status).to.equal(200);
        isMoved = true;
        return findOne(...given);
      };
      Object.assign(inner, { findOne: afterTheTwin });
      return Object.assign(judging, { fork: () => inner });
    };
    const change = createChanges({ ...engine.deps, orm: { em: { fork } } as unknown as Engine['deps']['orm'] });

    const answer = await change(network.networkId, id, {
      action: 'reschedule',
      to: {
        shopId: network.shopId,
        visit: { wishes: [{ serviceId: network.serviceId, barberId: network.barberIds[0]! }], sameBarber: true },
        startsAt: new Date(to.startsAt).toISOString(),
      },
      actor: 'client:test',
      by: 'customer',
      source: 'api',
    });

    expect([Date.parse(answer.startsAt), answer.version]).to.deep.equal([Date.parse(to.startsAt), 2]);
  });

  it("two visits, moved to each other's times at once, never both nor half: each is somewhere whole", async () => {
    for (let round = 0; round < 4; round += 1) {
      const [a, b] = [
        await booked({ startsAt: network.at('10:00', round + 1) }),
        await booked({ startsAt: network.at('11:00', round + 1) }),
      ];
      const answers = await Promise.all([move(a.id, { startsAt: b.startsAt }), move(b.id, { startsAt: a.startsAt })]);
      for (const answer of answers) expectProblem(answer, 'slot_taken');
      expect([(await read(a.id)).startsAt, (await read(b.id)).startsAt]).to.deep.equal([a.startsAt, b.startsAt]);
    }
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('ten visits, moved to one time at once, are one that moved and nine that stayed', async () => {
    const hours = Array.from({ length: 10 }, (_, index) => network.at(`${String(8 + index).padStart(2, '0')}:00`));
    const visits = await Promise.all(hours.map((startsAt) => booked({ startsAt })));
    const answers = await Promise.all(visits.map(({ id }) => move(id, { startsAt: network.at('19:00') })));

    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) expectProblem(answer, 'slot_taken');
    expect(await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(10);
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('a move and a cancellation at the same moment, end cancelled with all time free', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id } = await booked({ startsAt: network.at('10:00', round + 1) });
      const [moved, cancelled] = await Promise.all([
        move(id, { startsAt: network.at('12:00', round + 1) }),
        post(`/v1/appointments/${id}/cancel`),
      ]);

      expect(cancelled.body.status, cancelled.text).to.equal('cancelled');
      if (moved.status !== 200) expectProblem(moved, 'not_allowed');
      const final = await read(id);
      expect([final.status, final.version]).to.deep.equal(['cancelled', moved.status === 200 ? 3 : 2]);
      expect(await count(engine.database.orm, 'occupancy', 'appointment_id = ?', [id])).to.equal(0);
      const mails = await eventually(
        () => mailsOf(id),
        (found) => found.some(({ headers }) => headers['x-punctual-kind'] === 'cancellation_customer'),
      );
      expect(mails.filter(({ headers }) => headers['x-punctual-kind'] === 'cancellation_customer')).to.have.length(1);
    }
  });

  it('a visit of several services, moved, moves as a whole', async () => {
    const beard = await insertService({ durationMinutes: 15, segments: [{ kind: 'busy', minutes: 15 }] });
    const { id, parts } = await booked({
      serviceId: undefined,
      barberId: undefined,
      services: [{ serviceId: network.serviceId }, { serviceId: beard }],
      customer: customer(),
    });
    const { body, text } = await move(id, { startsAt: network.at('16:00') });

    expect(
      body.parts.map(({ barberId, startsAt }: { barberId: string; startsAt: string }) => [barberId, startsAt]),
      text,
    ).to.deep.equal([
      [parts[0].barberId, network.at('16:00')],
      [parts[0].barberId, network.at('16:30')],
    ]);
    expect(await count(engine.database.orm, 'appointment_part', 'appointment_id = ?', [id])).to.equal(2);
  });

  it("the invitation of a move, read by a calendar, is the first one's event at the new time", async () => {
    const { id } = await booked();
    await move(id, { startsAt: network.at('15:00') });
    const eventOf = async (kind: string) => {
      const mails = await eventually(
        () => mailsOf(id),
        (found) => found.some(({ headers }) => headers['x-punctual-kind'] === kind),
      );
      const mail = mails.find(({ headers }) => headers['x-punctual-kind'] === kind)!;
      return new ICAL.Component(ICAL.parse(await invitationOf(mail))).getFirstSubcomponent('vevent')!;
    };
    const moved = await eventOf('rescheduled_customer');

    expect(moved.getFirstPropertyValue('uid')).to.equal(`${id}@punctual`);
    expect(moved.getFirstPropertyValue('sequence')).to.be.above(0);
    expect((moved.getFirstPropertyValue('dtstart') as ICAL.Time).toJSDate().toISOString()).to.equal(
      new Date(network.at('15:00')).toISOString(),
    );
  });
});
