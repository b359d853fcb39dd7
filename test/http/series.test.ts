/** Goal: a series books what was accepted, hides no refusal, and is safe to repeat. Method: real series over HTTP, with rivals and broken runs between. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { findSeries, markSeriesCancelled } from '../../src/db/series.ts';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { clockChanges } from '../support/clock-changes.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('a series of visits', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => { engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } }); });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => { network = await buildNetwork(engine.database.orm, wishes); };
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => engine.call(network.apiKey, method, path, body, headers);
  const wanted = (wishes: Record<string, unknown> = {}) => ({ shopId: network.shopId, serviceId: network.serviceId, barberId: network.barberIds[0], everyWeeks: 1, ...wishes });
  const localStart = (time: string, days: number) => toWall(Date.parse(network.at(time, days)), network.timeZone).iso.slice(0, 16);
  const preview = (wishes: Record<string, unknown> = {}) => call('POST', '/v1/series/preview', wanted({ localStart: localStart('10:00', 7), times: 3, ...wishes }));
  /** At ten, in one, two, three weeks. */
  const weekly = (...weeks: number[]) => weeks.map((week) => ({ startsAt: network.at('10:00', week * 7) }));
  const seriesBody = (wishes: Record<string, unknown> = {}) => wanted({ customer: customer(), visits: weekly(1, 2, 3), ...wishes });
  const commit = (body: unknown, key: string = randomUUID()) => call('POST', '/v1/series', body, { 'idempotency-key': key });
  const statuses = ({ body }: Answer): string[] => body.visits.map(({ status }: { status: string }) => status);
  const now = async (id: string) => (await call('GET', `/v1/series/${id}`)).body.visits.map(({ status, code, appointment }: { status: string; code?: string; appointment?: { status: string } }) => appointment?.status ?? code ?? status);
  /** The id of the series that is being booked, as soon as there is one. */
  const begun = async () => (await eventually(() => engine.database.orm.em.fork().execute<{ id: string }[]>('select id from series where network_id = ?', [network.networkId]), (rows) => rows.length > 0))[0]!.id;
  const appointments = () => count(engine.database.orm, 'appointment', 'network_id = ?', [network.networkId]);

  it('looked at before, shows each visit, free or with its conflict and free times near it, and writes nothing', async () => {
    await build();
    expect((await book(engine, network, { startsAt: network.at('10:00', 14) })).status).to.equal(201);
    const [before, requests] = [await appointments(), await count(engine.database.orm, 'booking_request', 'true', [])];

    const { status, body } = await preview();

    expect(status).to.equal(200);
    expect(body).to.deep.include({ timeZone: 'Europe/Lisbon', currency: 'EUR', free: 2 });
    expect(body.visits.map(({ code }: { code: string | null }) => code)).to.deep.equal([null, 'slot_taken', null]);
    expect(body.visits[0]).to.deep.include({ startsAt: network.at('10:00', 7), localStart: localStart('10:00', 7), repeated: false, nearest: [] });
    expect(body.visits[0].slot).to.deep.include({ barberId: network.barberIds[0], priceCents: 1500, startsAt: network.at('10:00', 7) });
    expect(body.visits[1].slot).to.equal(null);
    expect(body.visits[1].nearest.map(({ startsAt }: { startsAt: string }) => startsAt)).to.deep.equal(['09:30', '10:30', '09:15'].map((time) => network.at(time, 14)));
    expect([await appointments(), await count(engine.database.orm, 'booking_request', 'true', [])]).to.deep.equal([before, requests]);
  });

  it('looked at before, beyond the horizon or at a skipped time, names the conflict as any booking would', async () => {
    await build({ settings: { bookingHorizonDays: 10 } });
    const far = (await preview()).body.visits;
    expect(far.map(({ code }: { code: string | null }) => code)).to.deep.equal([null, 'too_far_ahead', 'too_far_ahead']);

    await build({ settings: { bookingHorizonDays: 730 }, hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 })) });
    const changes = clockChanges(network.timeZone);
    const shifted = (local: string, days: number) => `${addDays(local.slice(0, 10), days)}${local.slice(10)}`;
    const [, skipped, after] = (await preview({ localStart: shifted(changes.skipped, -7) })).body.visits;
    expect(skipped).to.deep.include({ localStart: changes.skipped, startsAt: null, startsAtLocal: null, slot: null, code: 'skipped_local_time' });
    expect(skipped.nearest[0].startsAt, 'where the gap ends').to.equal(`${changes.skipped.slice(0, 10)}T01:00:00Z`);
    expect(after).to.deep.include({ localStart: shifted(changes.skipped, 7), startsAtLocal: `${shifted(changes.skipped, 7)}:00+01:00`, code: null });
    const [, repeated] = (await preview({ localStart: shifted(changes.repeated, -7), times: 2 })).body.visits;
    expect(repeated, 'the first of the two').to.deep.include({ startsAtLocal: `${changes.repeated}:00+01:00`, repeated: true, code: null });
  });

  it('looked at before, by any barber, keeps the first one where he is free', async () => {
    await build({ barbers: 2 });
    const [first] = (await preview({ barberId: undefined })).body.visits;
    const kept = first.slot.barberId;
    // As he is busier in the second week, another would be fairer.
    expect((await book(engine, network, { barberId: kept, startsAt: network.at('15:00', 14) })).status).to.equal(201);
    expect((await book(engine, network, { barberId: kept, startsAt: network.at('10:00', 21) })).status).to.equal(201);

    const barbers = (await preview({ barberId: undefined })).body.visits.map(({ slot }: { slot: { barberId: string } }) => slot.barberId);
    expect(barbers).to.deep.equal([kept, kept, network.barberIds.find((id) => id !== kept)]);
  });

  it('accepted, at other times than the rhythm\'s where that was taken, is booked visit by visit, each with its own mail', async () => {
    await build();
    await book(engine, network, { startsAt: network.at('10:00', 14) });
    const offered = (await preview()).body.visits;
    const visits = offered.map(({ slot, nearest }: { slot: object | null; nearest: object[] }) => ({ startsAt: ((slot ?? nearest[0]) as { startsAt: string }).startsAt }));

    const answer = await commit(seriesBody({ visits }));

    expect(answer.status, answer.text).to.equal(201);
    expect(answer.headers.get('location')).to.equal(`/v1/series/${answer.body.id}`);
    expect([answer.body.booked, ...statuses(answer)]).to.deep.equal([3, 'booked', 'booked', 'booked']);
    expect(answer.body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => ({ startsAt: appointment.startsAt }))).to.deep.equal(visits);
    const listed = await call('GET', `/v1/appointments?seriesId=${answer.body.id}`);
    expect(listed.body.items.map(({ id }: { id: string }) => id)).to.deep.equal(answer.body.visits.map(({ id }: { id: string }) => id));
    for (const { id } of answer.body.visits) await eventually(() => mailsOf(id), (mails) => mails.length >= 2);
    const read = await call('GET', `/v1/series/${answer.body.id}`);
    expect(read.body).to.deep.include({ everyWeeks: 1, shopId: network.shopId, cancelledFrom: null });
    expect(read.body.visits).to.deep.equal(answer.body.visits);
  });

  it('accepted by local times, is booked at those, in the shop\'s zone', async () => {
    await build({ timeZone: 'America/New_York' });
    const answer = await commit(seriesBody({ visits: [{ localStart: localStart('10:00', 7) }, { localStart: localStart('11:15', 14) }] }));
    expect(answer.body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => appointment.startsAt)).to.deep.equal([network.at('10:00', 7), network.at('11:15', 14)]);
  });

  it('repeated with its key, one after another and at once, answers the same to the byte and books nothing more; another body is refused', async () => {
    await build();
    const [body, key] = [seriesBody({ visits: [...weekly(1, 2), { startsAt: network.at('03:00', 21) }] }), randomUUID()];
    const twins = await Promise.all([commit(body, key), commit(body, key), commit(body, key)]);
    const [{ id }] = twins[0].body.visits;
    await call('POST', `/v1/appointments/${id}/cancel`);
    const later = await commit(body, key);

    for (const answer of [...twins, later]) expect([answer.status, answer.text]).to.deep.equal([201, twins[0].text]);
    expect(statuses(later)).to.deep.equal(['booked', 'booked', 'refused']);
    expect(await appointments()).to.equal(2);
    expectProblem(await commit({ ...body, visits: weekly(1) }, key), 'idempotency_key_reused');
  });

  it('of which somebody takes one time after the preview, shows that refusal with free times, and books the others', async () => {
    await build();
    expect((await preview()).body.free).to.equal(3);
    await book(engine, network, { startsAt: network.at('10:00', 14) });

    const answer = await commit(seriesBody());

    expect([answer.status, answer.body.booked, ...statuses(answer)]).to.deep.equal([201, 2, 'booked', 'refused', 'booked']);
    const [, refused] = answer.body.visits;
    expect(refused).to.deep.include({ code: 'slot_taken', startsAt: network.at('10:00', 14) });
    expect(refused.nearest[0]).to.deep.include({ startsAt: network.at('09:30', 14) });
    expect(await now(answer.body.id)).to.deep.equal(['confirmed', 'slot_taken', 'confirmed']);
    expectProblem(await call('GET', `/v1/appointments/${refused.id}`).then((found) => (found.status === 200 ? call('POST', `/v1/appointments/${refused.id}/cancel`) : found)), 'not_found');
  });

  it('in rivalry for the same times, gives each time to one of two series', async () => {
    await build();
    const answers = await Promise.all([commit(seriesBody()), commit(seriesBody())]);
    for (const index of [0, 1, 2]) expect(answers.map((answer) => statuses(answer)[index]).toSorted()).to.deep.equal(['booked', 'refused']);
    expect(await appointments()).to.equal(3);
  });

  it('broken off at its first visit, says what is open, and is completed by repeating it', async () => {
    const [own, key] = [engine, randomUUID()];
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '500' }, workers: false });
    try {
      await build();
      const body = seriesBody();
      const first = await commit(body, key);
      expect([first.status, first.headers.get('retry-after'), ...statuses(first)]).to.deep.equal([202, '2', 'pending', 'open', 'open']);
      expect(await now(first.body.id)).to.deep.equal(['pending', 'open', 'open']);

      await engine.startWorkers();
      const done = await eventually(() => commit(body, key), ({ status }) => status !== 202);

      expect([done.status, ...statuses(done)]).to.deep.equal([201, 'booked', 'booked', 'booked']);
      expect(done.body.visits.map(({ id }: { id: string }) => id)).to.deep.equal(first.body.visits.map(({ id }: { id: string }) => id));
      expect((await commit(body, key)).text).to.equal(done.text);
      expect(await appointments()).to.equal(3);
    } finally {
      await engine.stop();
      engine = own;
    }
  });

  it('whose run died before its answer was kept, answers what it would have answered, whatever became of its visits since', async () => {
    await build();
    const [body, key] = [seriesBody({ visits: [...weekly(1, 2, 3), { startsAt: network.at('03:00', 28) }] }), randomUUID()];
    const first = await commit(body, key);
    const [one, two] = first.body.visits;
    expect((await call('POST', `/v1/appointments/${one.id}/cancel`)).status).to.equal(200);
    expect((await call('POST', `/v1/appointments/${two.id}/reschedule`, { startsAt: network.at('16:00', 15) })).status).to.equal(200);
    await engine.database.orm.em.fork().execute('update series set answer = null where id = ?', [first.body.id]);

    expect((await commit(body, key)).text).to.equal(first.text);
    expect(await now(first.body.id)).to.deep.equal(['cancelled', 'confirmed', 'confirmed', 'shop_closed']);
    expect(await appointments()).to.equal(3);
  });

  it('with a cap on the customer\'s visits to come, has its earlier visits counted in the later ones', async () => {
    await build({ settings: { maxUpcomingVisitsPerCustomer: 2 } });
    const answer = await commit(seriesBody());
    expect([...statuses(answer), answer.body.visits[2].code]).to.deep.equal(['booked', 'booked', 'refused', 'customer_limit']);
  });

  it('longer than the hourly limit, is let in as one, counts as many, and is turned away as a whole when the limit is met', async () => {
    await build({ settings: { maxHourlyBookingsPerContact: 2, maxHourlyBookingsPerAddress: 20 } });
    const who = customer();
    const first = await commit(seriesBody({ customer: who }));
    expect(statuses(first)).to.deep.equal(['booked', 'booked', 'booked']);

    expectProblem(await commit(seriesBody({ customer: who, visits: weekly(4) })), 'booking_limit');
    expectProblem(await book(engine, network, { customer: who, startsAt: network.at('12:00') }), 'booking_limit');
    expect(await count(engine.database.orm, 'booking_request', 'network_id = ? and address_hash is not null', [network.networkId])).to.equal(3);
    expect((await commit(seriesBody({ visits: weekly(4) }))).status, 'somebody else').to.equal(201);
  });

  it('booked, lets one visit be moved alone, and the others stay', async () => {
    await build();
    const { body: { id, visits } } = await commit(seriesBody());
    const moved = await call('POST', `/v1/appointments/${visits[1].id}/reschedule`, { startsAt: network.at('16:00', 15) });
    expect(moved.status, moved.text).to.equal(200);

    const { body } = await call('GET', `/v1/series/${id}`);
    expect(body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => appointment.startsAt)).to.deep.equal([network.at('10:00', 7), network.at('16:00', 15), network.at('10:00', 21)]);
  });

  it('booked, lets one visit be cancelled alone, then the rest from a time on, then all, as often as is asked', async () => {
    await build();
    const { body: { id, visits } } = await commit(seriesBody({ visits: weekly(1, 2, 3, 4) }));
    expect((await call('POST', `/v1/appointments/${visits[2].id}/cancel`)).status).to.equal(200);
    expect(await now(id)).to.deep.equal(['confirmed', 'confirmed', 'cancelled', 'confirmed']);

    const rest = await call('POST', `/v1/series/${id}/cancel`, { from: network.at('10:00', 14), reason: 'customer_asked' });
    expect([rest.status, rest.body.from, ...statuses(rest)]).to.deep.equal([200, network.at('10:00', 14), 'cancelled', 'cancelled', 'cancelled']);
    expect(rest.body.visits[0].appointment.ended).to.deep.equal({ by: 'customer', reason: 'customer_asked', late: false });
    expect(await now(id)).to.deep.equal(['confirmed', 'cancelled', 'cancelled', 'cancelled']);

    for (const _ of [1, 2]) expect(statuses(await call('POST', `/v1/series/${id}/cancel`))).to.deep.equal(['cancelled', 'cancelled', 'cancelled', 'cancelled']);
    expect(await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(0);
  });

  it('of which a visit may not be cancelled any more, keeps that one with the reason; staff are exempt', async () => {
    await build({ settings: { cancelCutoffMinutes: 10 * 24 * 60, lateCancel: 'refuse' } });
    const { body: { id } } = await commit(seriesBody());

    const answer = await call('POST', `/v1/series/${id}/cancel`, {});
    expect(answer.body.visits.map(({ status, code }: { status: string; code?: string }) => code ?? status)).to.deep.equal(['cancel_too_late', 'cancelled', 'cancelled']);
    expect(await now(id)).to.deep.equal(['confirmed', 'cancelled', 'cancelled']);
    expect(statuses(await call('POST', `/v1/series/${id}/cancel`, { staff: { reason: 'goodwill' } }))).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
  });

  it('cancelled while it is being booked, ends with no visit', async () => {
    await build();
    const body = seriesBody({ visits: Array.from({ length: 8 }, (_, index) => ({ startsAt: network.at(`${10 + index}:00`, 7) })) });
    const key = randomUUID();
    const running = commit(body, key);
    const id = await begun();
    expect((await call('POST', `/v1/series/${id}/cancel`)).status).to.equal(200);
    const answer = await running;

    expect(answer.status, answer.text).to.equal(201);
    expect(await now(id)).to.satisfy((states: string[]) => states.every((state) => state === 'cancelled' || state === 'withdrawn'));
    expect(await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(0);
    expect((await commit(body, key)).text).to.equal(answer.text);
  });

  it('cancelled after it broke off, books no more when it is repeated', async () => {
    await build();
    const [body, key] = [seriesBody(), randomUUID()];
    await engine.stopWorkers();
    const em = engine.database.orm.em.fork();
    try {
      const running = commit(body, key);
      const id = await begun();
      await markSeriesCancelled(em, network.networkId, id, new Date());
      await engine.startWorkers();
      const answer = await running;
      expect(statuses(answer).slice(1)).to.deep.equal(['withdrawn', 'withdrawn']);
      expect((await findSeries(em, network.networkId, id))!.answer).to.equal(answer.text);
      expect((await now(id))[0]).to.be.oneOf(['cancelled', 'withdrawn']);
    } finally {
      await engine.startWorkers();
    }
  });

  it('booked by staff, sets rules aside with a reason; a key without "manage" may not', async () => {
    await build({ settings: { bookingHorizonDays: 5 } });
    expect(statuses(await commit(seriesBody()))).to.deep.equal(['refused', 'refused', 'refused']);
    const staff = { reason: 'customer_asked', waive: ['too_far_ahead'] };
    expect(statuses(await commit(seriesBody({ staff })))).to.deep.equal(['booked', 'booked', 'booked']);
    await build({ scopes: ['book'] });
    expectProblem(await commit(seriesBody({ staff })), 'forbidden');
  });

  it('faulty, is refused by the name of each field, and its key stays free', async () => {
    await build();
    const key = randomUUID();
    const at = network.at('10:00', 7);
    const faults: [wishes: Record<string, unknown>, paths: string[]][] = [
      [{ visits: [] }, ['/visits']],
      [{ visits: Array.from({ length: 27 }, () => ({ startsAt: at })) }, ['/visits']],
      [{ visits: [{}] }, ['/visits/0/startsAt']],
      [{ visits: [{ startsAt: at }, { startsAt: at, localStart: '2027-05-05T10:00' }] }, ['/visits/1/startsAt']],
      [{ visits: [{ startsAt: at }, { startsAt: at }] }, ['/visits/1/startsAt']],
      [{ visits: [{ startsAt: at }, { localStart: localStart('10:00', 7) }] }, ['/visits/1/localStart']],
      [{ everyWeeks: 0 }, ['/everyWeeks']], [{ everyWeeks: 1.5 }, ['/everyWeeks']], [{ everyWeeks: 27 }, ['/everyWeeks']],
      [{ customer: undefined }, ['/customer']], [{ times: 3 }, ['/times']], [{ serviceId: undefined }, ['/serviceId']], [{ startsAt: at }, ['/startsAt']],
      [{ serviceId: undefined, barberId: undefined, services: [{ serviceId: network.serviceId }], visits: [{ startsAt: at, barberId: network.barberIds[0] }] }, ['/visits/0/barberId']],
    ];
    for (const [wishes, paths] of faults) expectProblem(await commit(seriesBody(wishes), key), 'invalid_request', paths);
    expectProblem(await commit(seriesBody({ visits: [{ startsAt: at }, { localStart: '2027-03-28T01:30' }] }), key), 'skipped_local_time', ['/visits/1/localStart']);
    expectProblem(await commit(seriesBody({ visits: [{ startsAt: at }, { startsAt: network.at('10:00', 8), barberId: randomUUID() }] }), key), 'not_found', ['/visits/1/barberId']);
    expectProblem(await commit(seriesBody({ shopId: randomUUID() }), key), 'not_found', ['/shopId']);
    expectProblem(await commit(seriesBody({ serviceId: randomUUID() }), key), 'not_found', ['/serviceId']);
    expectProblem(await call('POST', '/v1/series', seriesBody()), 'idempotency_key_missing');
    expect([await appointments(), await count(engine.database.orm, 'series', 'network_id = ?', [network.networkId])]).to.deep.equal([0, 0]);
    expect((await commit(seriesBody(), key)).status).to.equal(201);

    for (const [wishes, paths] of [[{ times: 1 }, ['/times']], [{ times: 27 }, ['/times']], [{ localStart: '2027-02-30T10:00' }, ['/localStart']], [{ customer: customer() }, ['/customer']]] as const) {
      expectProblem(await preview(wishes), 'invalid_request', [...paths]);
    }
    expectProblem(await preview({ barberId: randomUUID() }), 'not_found', ['/barberId']);
    expectProblem(await preview({ shopId: randomUUID() }), 'not_found', ['/shopId']);
    expectProblem(await call('POST', `/v1/series/${randomUUID()}/cancel`, { from: 'tomorrow' }), 'invalid_request', ['/from']);
  });

  it('of another network, is not there', async () => {
    await build();
    const { body: { id } } = await commit(seriesBody({ visits: weekly(1) }));
    const mine = network;
    await build();
    expectProblem(await call('GET', `/v1/series/${id}`), 'not_found');
    expectProblem(await call('POST', `/v1/series/${id}/cancel`), 'not_found');
    network = mine;
    expect(await now(id)).to.deep.equal(['confirmed']);
    expect((await call('GET', `/v1/series/${id}`)).body.cancelledFrom).to.equal(null);
  });
});
