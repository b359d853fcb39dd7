/**
 * Goal: a sick call or a closure leaves no visit of the day behind, tells each customer once, and lets nobody book into the day.
 * Method: real days with visits of each kind, one operation, then the rows, the workflow's progress, and the inbox.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Assignment } from '../../src/db/entities/barber.ts';
import { Shop } from '../../src/db/entities/network.ts';
import { addDays } from '../../src/domain/time.ts';
import { relocationWorkflowId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { buildDay, relocationCalls, statesOf } from '../support/relocation.ts';

describe('a relocation', () => {
  let engine: Engine;
  let network: TestNetwork;
  let date: string;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => {
    ({ network, date } = await buildDay(engine, wishes));
  };
  const { call, booked, post, begin, finished, appointment, told, stopIdleWorkers } = relocationCalls(
    () => engine,
    () => network,
    () => date,
  );

  it("a sick barber's day, moved: the same time by another, else the nearest time, else a choice; who cancelled is left alone; each is told once", async () => {
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
    expect(first.body).to.include({
      barberId: network.barberIds[0],
      shopId: null,
      date,
      mode: 'move',
      reason: 'illness',
      withinMinutes: 45,
      finishedAt: null,
    });
    expect(first.body.progress).to.deep.equal({ total: 5, moved: 0, offered: 0, gone: 0, stuck: 0, left: 5 });
    expect(first.body.visits.map(({ appointmentId }: { appointmentId: string }) => appointmentId)).to.deep.equal([
      a,
      b,
      cancelledLater,
      c,
      d,
    ]);
    // Before anything has moved, nobody books into the day.
    const answers = await call(
      'GET',
      `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&barberId=${network.barberIds[0]}&from=${date}`,
    );
    expect(answers.body.slots).to.deep.equal([]);
    expectProblem(await book(engine, network, { startsAt: network.at('14:30') }), 'time_off');
    expect((await begin({ mode: 'offer' })).body).to.deep.equal(first.body);
    await engine.database.orm.em
      .fork()
      .execute(`update appointment set status = 'cancelled', version = version + 1 where id = ?`, [cancelledLater]);
    await engine.database.orm.em.fork().execute('delete from occupancy where appointment_id = ?', [cancelledLater]);
    await engine.startWorkers();

    const over = await finished(first.body.id);
    expect(statesOf(over)).to.deep.equal({
      [a]: 'moved',
      [b]: 'moved',
      [cancelledLater]: 'gone cancelled',
      [c]: 'moved',
      [d]: 'offered nothing_free',
    });
    expect(over.progress).to.deep.equal({ total: 5, moved: 3, offered: 1, gone: 1, stuck: 0, left: 0 });
    const handle = engine.deps.temporal.client.workflow.getHandle(relocationWorkflowId(over.id));
    expect(await handle.query('progress')).to.deep.equal(over.progress);
    expect(await handle.result()).to.deep.equal(over.progress);

    for (const [id, time] of [
      [a, '10:00'],
      [b, '10:30'],
    ] as const) {
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
    const hold = await engine.call(
      network.apiKey,
      'POST',
      '/v1/holds',
      { shopId: network.shopId, serviceId: network.serviceId, barberId: network.barberIds[0], startsAt: network.at('12:00') },
      { 'idempotency-key': randomUUID() },
    );
    expect(hold.status, hold.text).to.equal(201);
    const dayAfter = await booked('10:00', 0, { startsAt: network.at('10:00', 2) });

    const over = await finished(
      (await begin({ barberId: undefined, shopId: network.shopId, mode: 'offer', reason: 'shop_closed' })).body.id,
    );

    expect(statesOf(over)).to.deep.equal({ [a]: 'offered', [b]: 'offered', [hold.body.id]: 'gone hold_released' });
    for (const id of [a, b]) {
      expect(await told(id)).to.deep.equal(['choose_customer']);
      expect(await appointment(id)).to.include({ status: 'confirmed', startsAt: network.at('10:00') });
      expect(
        (await call('GET', `/v1/appointments/${id}/deliveries`)).body.items.filter(
          ({ kind, state }: { kind: string; state: string }) => kind === 'reminder_customer' && state === 'due',
        ),
      ).to.deep.equal([]);
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
    await em.insert(Shop, {
      id: otherShopId,
      networkId: network.networkId,
      slug: 'other',
      name: 'Other',
      address: 'Rua 2',
      phone: null,
      email: null,
      timeZone: network.timeZone,
      locale: 'pt-PT',
      settings: {},
      openingHours: hours,
      archivedAt: null,
      version: 1,
    });
    const a = await booked('10:00');
    await em.nativeDelete(Assignment, { barberId: network.barberIds[1]! });
    await em.insert(Assignment, {
      id: randomUUID(),
      networkId: network.networkId,
      barberId: network.barberIds[1]!,
      shopId: otherShopId,
      periods: [{ fromDate: null, toDate: null, hours, breaks: [] }],
      version: 1,
    });

    const over = await finished(
      (await begin({ barberId: undefined, shopId: network.shopId, toShopId: otherShopId, reason: 'emergency' })).body.id,
    );

    expect(statesOf(over)).to.deep.equal({ [a]: 'moved' });
    expect(over.visits[0]).to.deep.include({
      startedAt: network.at('10:00'),
      now: { status: 'confirmed', shopId: otherShopId, barberId: network.barberIds[1], startsAt: network.at('10:00') },
    });
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
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
    const {
      shopId,
      barberIds: [barberId],
    } = network;
    const faulty: [Record<string, unknown>, string[]][] = [
      [{ shopId }, ['/barberId']],
      [{ barberId: undefined }, ['/barberId']],
      [{ barberId: undefined, shopId }, ['/toShopId']],
      [{ toShopId: shopId }, ['/toShopId']],
      [{ barberId: undefined, shopId, toShopId: shopId }, ['/toShopId']],
      [{ date: '2026-02-30' }, ['/date']],
      [{ date: addDays(date, -3) }, ['/date']],
      [{ mode: 'drop' }, ['/mode']],
      [{ reason: 'customer_asked' }, ['/reason']],
      [{ withinMinutes: -1 }, ['/withinMinutes']],
      [{ note: 'x' }, ['/note']],
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
