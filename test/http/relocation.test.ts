/**
 * Goal: a sick call or a closure leaves no visit behind, and tells each customer once. Method: real days with visits of each kind, one
 * operation, then the rows, the workflow's progress, and the inbox.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createSignInLinks } from '../../src/db/calendar-sign-in.ts';
import { createLinks } from '../../src/db/self-service.ts';
import { createRelocationActivities } from '../../activities/relocation.ts';
import { changeAppointment } from '../../src/db/change.ts';
import { Assignment } from '../../src/db/entities/barber.ts';
import { Service, Shop } from '../../src/db/entities/network.ts';
import { addDays, toWall } from '../../src/domain/time.ts';
import { relocationWorkflowId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('a relocation', () => {
  let engine: Engine;
  let network: TestNetwork;
  let date: string;

  before(async () => { engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } }); });
  after(() => engine.stop());

  async function build(wishes: NetworkWishes = {}): Promise<void> {
    network = await buildNetwork(engine.database.orm, { ...wishes, settings: { maxHourlyBookingsPerContact: null, maxHourlyBookingsPerAddress: null, maxHourlyBookingsPerKey: null, ...wishes.settings } });
    date = addDays(toWall(Date.now(), network.timeZone).date, 1);
  }
  const call = (method: string, path: string, body?: unknown): Promise<Answer> => engine.call(network.apiKey, method, path, body);
  const booked = async (time: string, barber = 0, wishes: Record<string, unknown> = {}): Promise<string> => {
    const { status, body, text } = await book(engine, network, { barberId: network.barberIds[barber], startsAt: network.at(time), ...wishes });
    expect(status, text).to.equal(201);
    return body.id;
  };
  const post = (wishes: Record<string, unknown> = {}) => call('POST', '/v1/relocations', { barberId: network.barberIds[0], date, mode: 'move', reason: 'illness', ...wishes });
  async function begin(wishes: Record<string, unknown> = {}): Promise<Answer> {
    const answer = await post(wishes);
    expect(answer.status, answer.text).to.equal(202);
    expect(answer.headers.get('location')).to.equal(`/v1/relocations/${answer.body.id}`);
    return answer;
  }
  const read = async (id: string) => (await call('GET', `/v1/relocations/${id}`)).body;
  const finished = (id: string) => eventually(() => read(id), ({ finishedAt }) => finishedAt !== null, 40_000);
  const statesOf = (relocation: { visits: { appointmentId: string; state: string; code: string | null }[] }) =>
    Object.fromEntries(relocation.visits.map(({ appointmentId, state, code }) => [appointmentId, code ? `${state} ${code}` : state]));
  const appointment = async (id: string) => (await call('GET', `/v1/appointments/${id}`)).body;
  /** The kinds of the mails to the customer beside the confirmation, once nothing is on its way any more. */
  async function told(id: string): Promise<string[]> {
    await eventually(() => count(engine.database.orm, 'delivery', `appointment_id = ? and finished_at is null and due_at <= now()`, [id]), (open) => open === 0);
    return (await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']!).filter((kind) => kind.endsWith('_customer') && kind !== 'confirmation_customer');
  }

  /** Once all is sent: a message whose worker goes away is tried again only after a minute. */
  async function stopIdleWorkers(ids: string[]): Promise<void> {
    for (const id of ids) await told(id);
    await engine.stopWorkers();
  }

  it('a sick barber\'s day, moved: the same time by another, else the nearest time, else a choice; who cancelled is left alone; each is told once', async () => {
    await build({ barbers: 2, hours: everyDay(600, 900) });
    const [a, b, gone] = [await booked('10:00'), await booked('10:30'), await booked('11:00')];
    // At noon the other barber has a visit; what is nearest is 11:30 or 12:30. At 14:00 he has all but nothing within the hour.
    const c = await booked('12:00');
    for (const time of ['12:00', '13:00', '13:30', '14:00', '14:30']) await booked(time, 1);
    const d = await booked('14:00');
    await call('POST', `/v1/appointments/${gone}/cancel`);
    const cancelledLater = await booked('11:00');

    await stopIdleWorkers([a, b, gone, cancelledLater, c, d]);
    const first = await begin({ withinMinutes: 45 });
    expect(first.body).to.include({ barberId: network.barberIds[0], shopId: null, date, mode: 'move', reason: 'illness', withinMinutes: 45, finishedAt: null });
    expect(first.body.progress).to.deep.equal({ total: 5, moved: 0, offered: 0, gone: 0, stuck: 0, left: 5 });
    expect(first.body.visits.map(({ appointmentId }: { appointmentId: string }) => appointmentId)).to.deep.equal([a, b, cancelledLater, c, d]);
    // Before anything has moved, nobody books into the day.
    const answers = await call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&barberId=${network.barberIds[0]}&from=${date}`);
    expect(answers.body.slots).to.deep.equal([]);
    expectProblem(await book(engine, network, { startsAt: network.at('14:30') }), 'time_off');
    expect((await begin({ mode: 'offer' })).body).to.deep.equal(first.body);
    await engine.database.orm.em.fork().execute(`update appointment set status = 'cancelled', version = version + 1 where id = ?`, [cancelledLater]);
    await engine.database.orm.em.fork().execute('delete from occupancy where appointment_id = ?', [cancelledLater]);
    await engine.startWorkers();

    const over = await finished(first.body.id);
    expect(statesOf(over)).to.deep.equal({ [a]: 'moved', [b]: 'moved', [cancelledLater]: 'gone cancelled', [c]: 'moved', [d]: 'offered nothing_free' });
    expect(over.progress).to.deep.equal({ total: 5, moved: 3, offered: 1, gone: 1, stuck: 0, left: 0 });
    const handle = engine.deps.temporal.client.workflow.getHandle(relocationWorkflowId(over.id));
    expect(await handle.query('progress')).to.deep.equal(over.progress);
    expect(await handle.result()).to.deep.equal(over.progress);

    for (const [id, time] of [[a, '10:00'], [b, '10:30']] as const) {
      expect(await appointment(id)).to.include({ status: 'confirmed', barberId: network.barberIds[1], startsAt: network.at(time) });
      expect(await told(id)).to.deep.equal(['rescheduled_customer']);
    }
    const movedToAnotherTime = await appointment(c);
    expect(movedToAnotherTime.barberId).to.equal(network.barberIds[1]);
    expect(Math.abs(Date.parse(movedToAnotherTime.startsAt) - Date.parse(network.at('12:00')))).to.equal(30 * 60_000);
    expect(await told(c)).to.deep.equal(['rescheduled_customer']);
    const offered = await appointment(d);
    expect(offered).to.include({ status: 'confirmed', startsAt: network.at('14:00'), decideBy: network.at('14:00') });
    expect(await told(d)).to.deep.equal(['choose_customer']);
    expect(await told(gone)).to.deep.equal(['cancellation_customer']);

    expect((await call('GET', `/v1/relocations?date=${date}`)).body.items.map(({ id }: { id: string }) => id)).to.deep.equal([over.id]);
    // Who was asked to choose may do so whatever the policy's cut-off, and a second call finds nothing new to tell.
    const again = await finished((await begin({ withinMinutes: 45 })).body.id);
    expect([again.id === over.id, statesOf(again)]).to.deep.equal([false, { [d]: 'offered nothing_free' }]);
    expect(await told(d)).to.deep.equal(['choose_customer']);
  });

  it('a closed shop, offered: every customer is asked once and keeps the time; holds are let go, the day is shut', async () => {
    await build({ barbers: 2, settings: { cancelCutoffMinutes: 7 * 24 * 60, lateCancel: 'refuse', rescheduleCutoffMinutes: 7 * 24 * 60 } });
    const [a, b] = [await booked('10:00'), await booked('10:00', 1)];
    const hold = await engine.call(network.apiKey, 'POST', '/v1/holds', { shopId: network.shopId, serviceId: network.serviceId, barberId: network.barberIds[0], startsAt: network.at('12:00') }, { 'idempotency-key': randomUUID() });
    expect(hold.status, hold.text).to.equal(201);
    const dayAfter = await booked('10:00', 0, { startsAt: network.at('10:00', 2) });

    const over = await finished((await begin({ barberId: undefined, shopId: network.shopId, mode: 'offer', reason: 'shop_closed' })).body.id);

    expect(statesOf(over)).to.deep.equal({ [a]: 'offered', [b]: 'offered', [hold.body.id]: 'gone hold_released' });
    for (const id of [a, b]) {
      expect(await told(id)).to.deep.equal(['choose_customer']);
      expect(await appointment(id)).to.include({ status: 'confirmed', startsAt: network.at('10:00') });
      expect((await call('GET', `/v1/appointments/${id}/deliveries`)).body.items.filter(({ kind, state }: { kind: string; state: string }) => kind === 'reminder_customer' && state === 'due')).to.deep.equal([]);
    }
    expect((await appointment(hold.body.id)).status).to.equal('cancelled');
    expect(await told(dayAfter)).to.deep.equal([]);
    expectProblem(await book(engine, network, { startsAt: network.at('15:00') }), 'shop_closed');
    // The cut-off is for customers who change their mind.
    const cancelled = await call('POST', `/v1/appointments/${a}/cancel`);
    expect([cancelled.status, cancelled.body.ended], cancelled.text).to.deep.equal([200, { by: 'customer', reason: null, late: false }]);
    const moved = await call('POST', `/v1/appointments/${b}/reschedule`, { startsAt: network.at('11:00', 2) });
    expect([moved.status, moved.body.decideBy], moved.text).to.deep.equal([200, null]);
    expectProblem(await call('POST', `/v1/appointments/${dayAfter}/cancel`), 'cancel_too_late');
  });

  it('a closed shop, moved to another: each visit is there at the same time, with the barbers of that shop', async () => {
    await build({ barbers: 2 });
    const [otherShopId, { orm }] = [randomUUID(), engine.database];
    const em = orm.em.fork();
    const hours = everyDay(480, 1200);
    await em.insert(Shop, { id: otherShopId, networkId: network.networkId, slug: 'other', name: 'Other', address: 'Rua 2', phone: null, email: null, timeZone: network.timeZone, locale: 'pt-PT', settings: {}, openingHours: hours, archivedAt: null, version: 1 });
    const a = await booked('10:00');
    await em.nativeDelete(Assignment, { barberId: network.barberIds[1]! });
    await em.insert(Assignment, { id: randomUUID(), networkId: network.networkId, barberId: network.barberIds[1]!, shopId: otherShopId, periods: [{ fromDate: null, toDate: null, hours, breaks: [] }], version: 1 });

    const over = await finished((await begin({ barberId: undefined, shopId: network.shopId, toShopId: otherShopId, reason: 'emergency' })).body.id);

    expect(statesOf(over)).to.deep.equal({ [a]: 'moved' });
    expect(over.visits[0]).to.deep.include({ startedAt: network.at('10:00'), now: { status: 'confirmed', shopId: otherShopId, barberId: network.barberIds[1], startsAt: network.at('10:00') } });
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
  });

  it('a relocation, whose first try was cut off after it had moved a visit, tells nobody twice', async () => {
    await build({ barbers: 2 });
    const a = await booked('10:00');
    await stopIdleWorkers([a]);
    const { id } = (await begin()).body;
    // What the try before did: the visit is moved in this relocation's name, and the worker died before it could say so.
    const result = await changeAppointment(engine.database.orm.em.fork(), { networkId: network.networkId, appointmentId: a }, {
      action: 'reschedule', actor: `relocation:${id}`, by: 'staff', source: 'relocation', reason: 'illness',
      to: { shopId: network.shopId, visit: { wishes: [{ serviceId: network.serviceId, barberId: network.barberIds[1]! }], sameBarber: true }, startsAt: network.at('10:00') },
    }, { now: () => new Date(), closeAfterSeconds: 86_400 });
    expect(result.ok).to.equal(true);
    await engine.startWorkers();

    expect(statesOf(await finished(id))).to.deep.equal({ [a]: 'moved' });
    expect((await appointment(a)).version).to.equal(2);
    expect(await count(engine.database.orm, 'delivery', `appointment_id = ? and kind in ('rescheduled_customer', 'choose_customer')`, [a])).to.equal(1);
  });

  it('a visit, when four workers take it at the same moment, is moved once and told once', async () => {
    await build({ barbers: 4 });
    const a = await booked('10:00');
    await stopIdleWorkers([a]);
    const { id } = (await begin()).body;
    await engine.startWorkers();
    const { deps } = engine;
    const activities = createRelocationActivities({ ...deps, links: createLinks(deps.config), signInLinks: createSignInLinks(deps.config), mailFrom: '', client: deps.temporal.client, taskQueue: deps.config.temporal.taskQueue });
    const visit = { networkId: network.networkId, relocationId: id, appointmentId: a, policy: deps.policy };

    const states = await Promise.all(Array.from({ length: 4 }, () => activities.relocateVisit(visit)));

    expect([...states, statesOf(await finished(id))[a]]).to.deep.equal(Array(5).fill('moved'));
    expect((await appointment(a)).version).to.equal(2);
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
  });

  it('a visit of which nobody chooses another time, waits for its start, and is then cancelled without being held against the customer', async () => {
    await build();
    const a = await booked('10:00');
    await finished((await begin({ mode: 'offer' })).body.id);
    const ids = { networkId: network.networkId, appointmentId: a };
    const byTheClock = { action: 'cancel', actor: 'timer', by: 'timer', source: 'timer' } as const;
    const at = (ms: number) => changeAppointment(engine.database.orm.em.fork(), ids, byTheClock, { now: () => new Date(Date.parse(network.at('10:00')) + ms), closeAfterSeconds: 86_400 });

    const early = await at(-1);
    expect(early).to.deep.include({ ok: false, code: 'too_early' });
    expect(Date.parse(early.stand!.wake!.at)).to.equal(Date.parse(network.at('10:00')));
    expect(early.stand!.wake!.action).to.equal('cancel');
    expect((await at(0)).ok).to.equal(true);
    expect((await appointment(a)).ended).to.deep.equal({ by: 'timer', reason: null, late: false });
  });

  it('a visit that can take place after all, is confirmed anew by the shop alone', async () => {
    await build();
    const a = await booked('10:00');
    await finished((await begin({ mode: 'offer' })).body.id);
    expect(await told(a)).to.deep.equal(['choose_customer']);
    expectProblem(await call('POST', `/v1/appointments/${a}/confirm-attendance`), 'not_allowed');

    const answer = await call('POST', `/v1/appointments/${a}/confirm-attendance`, { staff: { reason: 'mistake' } });

    expect([answer.status, answer.body.status, answer.body.decideBy], answer.text).to.deep.equal([200, 'confirmed', null]);
    await told(a);
    expect((await mailsOf(a)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')).to.have.length(2);
    expect((await engine.deps.temporal.client.workflow.getHandle(`appointment-${a}`).query<{ version?: number }>('state')).version).to.equal(3);
  });

  it('a visit whose workflow was ended by a person, moves all the same, and its customer is told once', async () => {
    await build({ barbers: 2 });
    const a = await booked('10:00');
    expect(await told(a)).to.deep.equal([]);
    await engine.deps.temporal.client.workflow.getHandle(`appointment-${a}`).terminate('a test');

    expect(statesOf(await finished((await begin()).body.id))).to.deep.equal({ [a]: 'moved' });
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
  });

  it('a visit with several barbers, when one is sick, keeps the others', async () => {
    await build({ barbers: 3 });
    const second = randomUUID();
    await engine.database.orm.em.fork().insert(Service, { id: second, networkId: network.networkId, name: 'Barba', durationMinutes: 30, segments: [{ kind: 'busy', minutes: 30 }], priceCents: 900, currency: 'EUR', settings: {}, archivedAt: null, version: 1 });
    const id = await booked('10:00', 0, {
      serviceId: undefined, barberId: undefined, sameBarber: false,
      services: [{ serviceId: network.serviceId, barberId: network.barberIds[0] }, { serviceId: second, barberId: network.barberIds[1] }],
    });

    expect(statesOf(await finished((await begin()).body.id))).to.deep.equal({ [id]: 'moved' });
    const { parts, startsAt } = await appointment(id);
    expect(startsAt).to.equal(network.at('10:00'));
    expect(parts[1].barberId).to.equal(network.barberIds[1]);
    expect(parts[0].barberId).to.not.equal(network.barberIds[0]);
  });

  it('a day without visits, is blocked and done at once; ten who ask at the same moment ask for one', async () => {
    await build();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post({ mode: 'offer' })));
    expect(new Set(answers.map(({ status }) => status)), answers[0]!.text).to.deep.equal(new Set([202]));
    for (const { body } of answers) await finished(body.id);
    expect((await call('GET', `/v1/barbers/${network.barberIds[0]}/time-off`)).body.items).to.have.length(1);
  });

  it('a faulty request, is told which field and why, and blocks nothing', async () => {
    await build();
    const { shopId, barberIds: [barberId] } = network;
    const faulty: [Record<string, unknown>, string[]][] = [
      [{ shopId }, ['/barberId']], [{ barberId: undefined }, ['/barberId']], [{ barberId: undefined, shopId }, ['/toShopId']], [{ toShopId: shopId }, ['/toShopId']],
      [{ barberId: undefined, shopId, toShopId: shopId }, ['/toShopId']], [{ date: '2026-02-30' }, ['/date']], [{ date: addDays(date, -3) }, ['/date']], [{ mode: 'drop' }, ['/mode']],
      [{ reason: 'customer_asked' }, ['/reason']], [{ withinMinutes: -1 }, ['/withinMinutes']], [{ note: 'x' }, ['/note']],
    ];
    for (const [wishes, paths] of faulty) expectProblem(await post(wishes), 'invalid_request', paths);
    expectProblem(await post({ barberId: randomUUID() }), 'not_found');
    expectProblem(await post({ barberId: undefined, shopId: randomUUID(), mode: 'offer' }), 'not_found');
    expectProblem(await post({ barberId: undefined, shopId, toShopId: randomUUID() }), 'not_found', ['/toShopId']);
    expectProblem(await call('GET', `/v1/relocations/${randomUUID()}`), 'not_found');
    expectProblem(await call('GET', '/v1/relocations?date=soon'), 'invalid_request', ['date']);
    expect((await call('GET', `/v1/barbers/${barberId}/time-off`)).body.items).to.deep.equal([]);
    expect((await call('GET', `/v1/shops/${shopId}/closures`)).body.items).to.deep.equal([]);
  });
});
