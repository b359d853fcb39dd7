/**
 * Goal: the day of the visit, from the desk. Method: walk in, check in, come late or not at all, over HTTP; grace periods of nothing, so
 * that timers come at once.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { bookingBody, book, customer } from '../support/booking.ts';
import { countOverlaps } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const minute = 60_000;

describe('the day of the visit', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(() => open());

  const open = async (wishes: NetworkWishes = {}) => {
    network = await buildNetwork(engine.database.orm, { timeZone: 'UTC', hours: everyDay(0, 1440), ...wishes });
  };
  const post = (path: string, body?: unknown, key: string = randomUUID()): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', path, body, { 'idempotency-key': key });
  const at = (id: string, action: string, body?: unknown) => post(`/v1/appointments/${id}/${action}`, body);
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const walkIn = (wishes: object = {}, key?: string) =>
    post('/v1/walk-ins', { shopId: network.shopId, serviceId: network.serviceId, ...wishes }, key);
  /** A visit that should have begun so many minutes ago: staff may write down what is past. */
  const begun = async (minutesAgo: number) => {
    const startsAt = new Date(Math.floor(Date.now() / minute) * minute - minutesAgo * minute).toISOString();
    const answer = await book(engine, network, { startsAt, staff: { reason: 'other', waive: ['too_soon', 'off_step'] } });
    expect(answer.status, answer.text).to.equal(201);
    return answer.body;
  };

  it('somebody who walks in, is booked now and checked in at once, with or without a name, and is told nothing', async () => {
    const { status, body, text } = await walkIn();

    expect(status, text).to.equal(201);
    expect(body).to.include({ status: 'checked_in', version: 1, barberId: network.barberIds[0] });
    expect(Date.now() - Date.parse(body.startsAt)).to.be.within(0, 2 * minute);
    const sent = (await engine.call(network.apiKey, 'GET', `/v1/appointments/${body.id}/deliveries`)).body.items;
    expect(sent.filter(({ kind }: { kind: string }) => kind.endsWith('customer'))).to.deep.equal([]);
    expectProblem(await walkIn(), 'slot_taken');
  });

  it('a walk-in, repeated with its key, is one visit', async () => {
    const key = randomUUID();
    const [first, second] = [await walkIn({ customer: { name: 'Rui' } }, key), await walkIn({ customer: { name: 'Rui' } }, key)];
    expect([first.status, second.text]).to.deep.equal([201, first.text]);
  });

  it('a guest, checked in, begins and ends the visit, and what is left of the time is free again', async () => {
    const {
      body: { id },
    } = await walkIn();
    expect((await at(id, 'start')).body).to.include({ status: 'started', version: 2 });
    expect((await at(id, 'complete')).body).to.deep.include({
      status: 'completed',
      version: 3,
      ended: { by: 'staff', reason: null, late: false },
    });

    expect((await walkIn()).status).to.equal(201);
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('a visit that is far ahead, can be neither checked in, nor begun, nor ended, nor missed', async () => {
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at('10:00', 3) });
    for (const action of ['check-in', 'start', 'complete', 'no-show']) expectProblem(await at(id, action), 'too_early');
    expect((await read(id)).version).to.equal(1);
    expectProblem(await walkIn({ startsAt: network.at('11:00', 3) }), 'too_early');
  });

  it('a guest who does not come, is marked by the timer after the grace period, and the rest of the time is free', async () => {
    await open({ settings: { noShowGraceMinutes: 5 } });
    const { id } = await begun(10);
    const missed = await eventually(
      () => read(id),
      ({ status }) => status === 'no_show',
    );

    expect(missed).to.deep.include({ version: 2, ended: { by: 'timer', reason: null, late: false } });
    expect((await walkIn()).status).to.equal(201);
  });

  it('a guest who checks in within the grace period, is not marked', async () => {
    await open({ settings: { noShowGraceMinutes: 30 } });
    const { id } = await begun(10);
    expect((await at(id, 'check-in')).body.status).to.equal('checked_in');
    expectProblem(await at(id, 'no-show'), 'not_allowed');
  });

  it('a guest who comes after all, has the rest of the time again if it is free, and otherwise is told that it is taken', async () => {
    await open({ settings: { noShowGraceMinutes: 0 } });
    const late = await begun(5);
    await eventually(
      () => read(late.id),
      ({ status }) => status === 'no_show',
    );
    expect((await at(late.id, 'check-in')).body).to.deep.include({ status: 'checked_in', version: 3, ended: null });
    expectProblem(await walkIn(), 'slot_taken');

    await open({ settings: { noShowGraceMinutes: 0 } });
    const later = await begun(5);
    await eventually(
      () => read(later.id),
      ({ status }) => status === 'no_show',
    );
    expect((await walkIn()).status).to.equal(201);
    expectProblem(await at(later.id, 'check-in'), 'slot_taken');
    expect((await read(later.id)).status).to.equal('no_show');
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('a no-show, counted as a strike, can be forgiven, and then is not', async () => {
    await open({ settings: { noShowGraceMinutes: null, strikesForBlock: 1 } });
    const who = customer();
    const startsAt = new Date(Math.floor(Date.now() / minute) * minute - 10 * minute).toISOString();
    const {
      body: { id },
    } = await post(
      '/v1/appointments',
      bookingBody(network, { startsAt, customer: who, staff: { reason: 'other', waive: ['too_soon', 'off_step'] } }),
    );
    expect((await at(id, 'no-show')).body.status).to.equal('no_show');
    expectProblem(await book(engine, network, { customer: who }), 'not_accepted');

    expectProblem(await at(id, 'forgive', {}), 'invalid_request', ['/staff']);
    expect((await at(id, 'forgive', { staff: { reason: 'mistake' } })).body).to.include({ status: 'no_show', version: 3 });
    expect((await at(id, 'forgive', { staff: { reason: 'mistake' } })).body).to.include({ version: 3 });
    expect((await book(engine, network, { customer: who })).status).to.equal(201);
  });
});
