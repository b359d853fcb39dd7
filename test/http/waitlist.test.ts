/**
 * Goal: time that comes free goes to whoever has waited longest, once, for as long as was said. Method: fill a day over HTTP, let people
 * wait, cancel, and follow the offers through answers, silence and rivals.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Network } from '../../src/db/entities/network.ts';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book, customer } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { standInTheWay } from '../support/programs.ts';

describe('the waitlist', () => {
  let engine: Engine;
  let network: TestNetwork;
  let visit: string;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  /** One barber, open for one visit a day: who has it, keeps the others waiting. */
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { hours: everyDay(600, 630) });
    visit = (await book(engine, network)).body.id;
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, method === 'POST' ? { 'idempotency-key': randomUUID() } : {});
  const tomorrow = () => addDays(toWall(Date.now(), network.timeZone).date, 1);
  const wait = async (wishes: object = {}): Promise<string> => {
    const { status, body, text } = await call('POST', '/v1/waitlist', {
      shopId: network.shopId,
      serviceId: network.serviceId,
      fromDate: tomorrow(),
      toDate: tomorrow(),
      customer: customer(),
      ...wishes,
    });
    expect(status, text).to.equal(201);
    return body.id;
  };
  const read = async (id: string) => (await call('GET', `/v1/waitlist/${id}`)).body;
  const until = (id: string, status: string) =>
    eventually(
      () => read(id),
      (entry) => entry.status === status,
    );
  const cancel = (id: string) => call('POST', `/v1/appointments/${id}/cancel`);
  const offerFor = (settings: object) => engine.database.orm.em.fork().nativeUpdate(Network, { id: network.networkId }, { settings });
  const statusOf = async (id: string) => (await call('GET', `/v1/appointments/${id}`)).body.status;

  it('time that comes free, is held for the first in line and offered by mail; declined, for the second; taken, it is booked', async () => {
    const [first, second, third] = [await wait(), await wait(), await wait()];
    await cancel(visit);
    const offered = await until(first, 'offered');
    expect(offered.offers).to.have.length(1);
    expect(await statusOf(offered.appointmentId)).to.equal('held');
    expectProblem(await book(engine, network), 'slot_taken');
    const mails = await eventually(
      () => mailsOf(offered.appointmentId),
      (found) => found.length > 0,
    );
    expect(mails.map(({ headers }) => headers['x-punctual-kind'])).to.deep.equal(['offer_customer']);
    expect([(await read(second)).status, (await read(third)).status]).to.deep.equal(['waiting', 'waiting']);

    expect((await call('POST', `/v1/waitlist/${first}/decline`)).body).to.include({ status: 'waiting', appointmentId: null });
    const next = await until(second, 'offered');
    const taken = await call('POST', `/v1/waitlist/${second}/accept`);
    expect(taken.body, taken.text).to.include({ id: next.appointmentId, status: 'confirmed', startsAt: network.at('10:00') });
    expect(await read(second)).to.include({ status: 'booked', appointmentId: next.appointmentId });
    expect((await call('POST', `/v1/waitlist/${second}/accept`)).body.status).to.equal('confirmed');
    await eventually(
      () => mailsOf(next.appointmentId),
      (found) => found.some(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer'),
    );
    expect((await read(first)).offers.map(({ answer }: { answer: string }) => answer)).to.deep.equal(['declined']);
    expect((await read(third)).offers).to.deep.equal([]);
    const events = (await call('GET', `/v1/appointments/${next.appointmentId}/events`)).body.items;
    expect(events.map(({ kind, source }: Record<string, string>) => `${kind} ${source}`)).to.deep.equal([
      'offered waitlist',
      'confirmed api',
    ]);
  });

  it('an offer, of which nobody hears, goes on to the next when its time is over; whoever answers too late is told so', async () => {
    await offerFor({ offerMinutes: 0.02 });
    const [first, second] = [await wait(), await wait()];
    await cancel(visit);
    const lapsed = await until(first, 'offered').catch(() => read(first));
    await until(first, 'waiting');
    await eventually(
      () => read(second),
      ({ offers }) => offers.length === 1,
    );

    expect((await read(first)).offers[0]).to.include({ answer: 'expired' });
    expectProblem(await call('POST', `/v1/waitlist/${first}/accept`), 'not_allowed');
    expect(await statusOf((await read(first)).offers[0].appointmentId)).to.equal('expired');
    expect(await count(engine.database.orm, 'contact', 'id = ?', [lapsed.offers[0].appointmentId])).to.equal(0);
    await eventually(
      () => read(second),
      ({ status }) => status === 'waiting',
    );
    expect([(await read(first)).offers.length, (await read(second)).offers.length], 'nobody is offered the same time again').to.deep.equal([
      1, 1,
    ]);
    expect((await book(engine, network)).status).to.equal(201);
  });

  it('an answer to an offer that is over, when another is open by now, is refused and does not meet the other', async () => {
    const id = await wait({ fromDate: addDays(tomorrow(), 1), toDate: addDays(tomorrow(), 2) });
    const { appointmentId: old } = await until(id, 'offered');
    await call('POST', `/v1/waitlist/${id}/decline`, { appointmentId: old });
    const { appointmentId: open } = await eventually(
      () => read(id),
      ({ status, offers }) => status === 'offered' && offers.length === 2,
    );

    expectProblem(await call('POST', `/v1/waitlist/${id}/accept`, { appointmentId: old }), 'not_allowed');
    expect((await call('POST', `/v1/waitlist/${id}/decline`, { appointmentId: old })).body).to.include({
      status: 'offered',
      appointmentId: open,
    });
    expectProblem(await call('POST', `/v1/waitlist/${id}/accept`, { appointmentId: randomUUID() }), 'not_found', ['/appointmentId']);
    expect((await call('POST', `/v1/waitlist/${id}/accept`, { appointmentId: open })).body).to.include({ id: open, status: 'confirmed' });
  });

  it('somebody who begins to wait for a time that is free, is offered it at once', async () => {
    const id = await wait({ fromDate: addDays(tomorrow(), 1), toDate: addDays(tomorrow(), 3) });
    const { offers } = await until(id, 'offered');
    expect(offers[0].startsAt).to.equal(network.at('10:00', 2));
  });

  it('an offer, taken twice at once and declined at the same moment, is booked once or free', async () => {
    for (let round = 0; round < 4; round += 1) {
      const id = await wait({ fromDate: addDays(tomorrow(), round + 1), toDate: addDays(tomorrow(), round + 1) });
      const { appointmentId } = await until(id, 'offered');
      const answers = await Promise.all([
        call('POST', `/v1/waitlist/${id}/accept`),
        call('POST', `/v1/waitlist/${id}/decline`),
        call('POST', `/v1/waitlist/${id}/accept`),
      ]);

      const status = await statusOf(appointmentId);
      expect(['confirmed', 'cancelled']).to.include(status);
      expect((await read(id)).offers[0].answer).to.equal(status === 'confirmed' ? 'accepted' : 'declined');
      expect(await count(engine.database.orm, 'occupancy', 'appointment_id = ?', [appointmentId])).to.equal(status === 'confirmed' ? 1 : 0);
      if (status === 'confirmed') expect([answers[0].status, answers[2].status]).to.include(200);
      else expect(answers[1].status, answers[1].text).to.equal(200);
    }
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it("a freed time, wanted by five bookings at the moment of its offer, is one's alone", async () => {
    const id = await wait();
    const [, ...answers] = await Promise.all([
      cancel(visit),
      ...Array.from({ length: 5 }, () =>
        eventually(
          () => book(engine, network),
          ({ status }) => status === 201,
          1500,
        ).catch(() => null),
      ),
    ]);
    const won = answers.filter((answer) => answer !== null);
    const entry = await eventually(
      () => read(id),
      ({ status, offers }) => status === 'offered' || won.length > 0 || offers.length > 0,
    );

    expect(won.length + (entry.status === 'offered' ? 1 : 0)).to.equal(1);
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('a visit that moves away, frees its old time for who waits there', async () => {
    const id = await wait();
    await call('POST', `/v1/appointments/${visit}/reschedule`, { startsAt: network.at('10:00', 4) });
    expect((await until(id, 'offered')).offers[0].startsAt).to.equal(network.at('10:00'));
  });

  it('the sweep, repeated, offers what rule edits made free, once', async () => {
    const id = await wait({ fromTime: '18:00', toTime: '19:00' });
    const sweep = () =>
      engine.deps.temporal.client.workflow.execute('waitlist', {
        workflowId: `waitlist-${randomUUID()}`,
        taskQueue: engine.deps.config.temporal.taskQueue,
        args: [{ cause: 'sweep', policy: engine.deps.policy }],
      });
    await sweep();
    expect((await read(id)).status).to.equal('waiting');
    const { apiKey, shopId, barberIds } = network;
    const hours = [{ from: '18:00', to: '19:00' }];
    for (const path of [
      `/v1/shops/${shopId}/exceptions/${tomorrow()}`,
      `/v1/barbers/${barberIds[0]}/hours/${shopId}/exceptions/${tomorrow()}`,
    ]) {
      const answer = await engine.call(apiKey, 'PUT', path, { hours }, { 'if-match': '"0"' });
      expect(answer.status, answer.text).to.be.within(200, 201);
    }
    await Promise.all([sweep(), sweep()]);
    expect((await until(id, 'offered')).offers).to.have.length(1);
  });

  it('time that comes free while the line is looked at, goes to the first in line, who was looked at before', async () => {
    const [first, second] = [await wait({ fromTime: '18:00', toTime: '18:30' }), await wait({ fromTime: '18:00', toTime: '18:30' })];
    const client = engine.deps.temporal.client;
    for (const entry of [first, second]) await client.workflow.getHandle(`waitlist-${entry}`).result();
    await engine.database.orm.em.fork().execute('update waitlist_entry set seen = null where shop_id = ?', [network.shopId]);
    const lock = await standInTheWay(engine.database, 'select from waitlist_entry where id = $1 for update', [second]);
    const looking = client.workflow.execute('waitlist', {
      workflowId: `waitlist-${randomUUID()}`,
      taskQueue: engine.deps.config.temporal.taskQueue,
      args: [{ networkId: network.networkId, cause: 'sweep', policy: engine.deps.policy }],
    });
    await lock.blocks();
    const { apiKey, shopId, barberIds } = network;
    const hours = [{ from: '18:00', to: '18:30' }];
    for (const path of [
      `/v1/shops/${shopId}/exceptions/${tomorrow()}`,
      `/v1/barbers/${barberIds[0]}/hours/${shopId}/exceptions/${tomorrow()}`,
    ]) {
      expect((await engine.call(apiKey, 'PUT', path, { hours }, { 'if-match': '"0"' })).status).to.be.within(200, 201);
    }
    await lock.release();
    await looking;
    expect([(await read(first)).status, (await read(second)).status]).to.deep.equal(['offered', 'waiting']);
  });

  it('one customer who waits twice, has one offer at a time', async () => {
    const who = customer();
    const [one, two, other] = [await wait({ customer: who }), await wait({ customer: who }), await wait()];
    await cancel(visit);
    const { appointmentId } = await until(one, 'offered');
    expect([(await read(two)).status, (await read(other)).status]).to.deep.equal(['waiting', 'waiting']);
    await call('POST', `/v1/appointments/${appointmentId}/cancel`);
    await eventually(
      async () => [await read(two), await read(other)],
      (entries) => entries.some(({ status }) => status === 'offered'),
    );
  });

  it('an offer that was accepted and that the shop then refuses, leaves its customer waiting as before', async () => {
    await offerFor({ approvalRequired: true, quietHours: null, reminderJitterSeconds: 0 });
    const id = await wait();
    await cancel(visit);
    const { appointmentId } = await until(id, 'offered');
    expect((await call('POST', `/v1/waitlist/${id}/accept`)).body).to.include({ status: 'pending_approval' });
    expect((await call('POST', `/v1/appointments/${appointmentId}/refuse`)).status).to.equal(200);
    expect((await read(id)).offers[0]).to.include({ answer: 'accepted' });
    await eventually(
      () => read(id),
      ({ status }) => status === 'waiting' || status === 'offered',
    );
    expect(await count(engine.database.orm, 'contact', 'id = ?', [id])).to.equal(1);
  });

  it('somebody who waits no longer, is offered nothing, is forgotten, and has let go of what was offered', async () => {
    const [first, second] = [await wait(), await wait()];
    await cancel(visit);
    const { appointmentId } = await until(first, 'offered');
    expect((await call('POST', `/v1/waitlist/${first}/withdraw`)).body).to.include({ status: 'withdrawn', appointmentId: null });
    expect((await call('POST', `/v1/waitlist/${first}/withdraw`)).body.status).to.equal('withdrawn');

    await until(second, 'offered');
    expect(await statusOf(appointmentId)).to.equal('cancelled');
    expect(await count(engine.database.orm, 'contact', 'id in (?, ?)', [first, appointmentId])).to.equal(0);
    await call('POST', `/v1/waitlist/${second}/accept`);
    expectProblem(await call('POST', `/v1/waitlist/${second}/withdraw`), 'not_allowed');
  });

  it('an entry whose days have passed, ends, and who it was is forgotten', async () => {
    const id = await wait();
    await engine.database.orm.em
      .fork()
      .execute('update waitlist_entry set from_date = ?, to_date = ? where id = ?', [addDays(tomorrow(), -3), addDays(tomorrow(), -2), id]);
    await engine.deps.temporal.client.workflow.execute('waitlist', {
      workflowId: `waitlist-${randomUUID()}`,
      taskQueue: engine.deps.config.temporal.taskQueue,
      args: [{ cause: 'sweep', policy: engine.deps.policy }],
    });

    expect((await read(id)).status).to.equal('expired');
    expect(await count(engine.database.orm, 'contact', 'id = ?', [id])).to.equal(0);
  });

  it('the list of who waits, read by the shop, is in the order of the offers, with each offer and its answer', async () => {
    const ids = [await wait(), await wait(), await wait()];
    const { body } = await call('GET', `/v1/waitlist?shopId=${network.shopId}&limit=2`);
    const rest = await call('GET', `/v1/waitlist?shopId=${network.shopId}&limit=2&cursor=${body.nextCursor}`);
    expect([...body.items, ...rest.body.items].map(({ id }: { id: string }) => id)).to.deep.equal(ids);
    expect((await call('GET', '/v1/waitlist?status=booked')).body.items).to.deep.equal([]);
  });

  it('a faulty wish, and one too many, are refused with the field and without telling who is known', async () => {
    const body = { shopId: network.shopId, serviceId: network.serviceId, fromDate: tomorrow(), toDate: tomorrow(), customer: customer() };
    const post = (wishes: object) => call('POST', '/v1/waitlist', { ...body, ...wishes });
    expectProblem(await post({ toDate: addDays(tomorrow(), -1) }), 'invalid_request', ['/toDate']);
    expectProblem(await post({ fromDate: addDays(tomorrow(), -9), toDate: addDays(tomorrow(), -8) }), 'invalid_request', ['/toDate']);
    expectProblem(await post({ toDate: addDays(tomorrow(), 400) }), 'invalid_request', ['/toDate']);
    expectProblem(await post({ fromTime: '18:00', toTime: '18:00' }), 'invalid_request', ['/toTime']);
    expectProblem(await post({ shopId: randomUUID() }), 'not_found', ['/shopId']);
    expectProblem(await post({ barberId: randomUUID() }), 'not_found', ['/barberId']);
    for (let index = 0; index < 5; index += 1) expect((await post({})).status).to.equal(201);
    expectProblem(await post({}), 'waitlist_full');
    for (const path of ['accept', 'decline', 'withdraw'])
      expectProblem(await call('POST', `/v1/waitlist/${randomUUID()}/${path}`), 'not_found');
  });
});
