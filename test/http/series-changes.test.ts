/**
 * Goal: of a booked series one visit, the rest or all can be changed and cancelled, also while it is still being booked. Method: real
 * series over HTTP.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { findSeries, markSeriesCancelled } from '../../src/db/series.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { seriesCalls, statuses } from '../support/series.ts';

describe('a series of visits', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => {
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const { call, weekly, seriesBody, commit, now, begun } = seriesCalls(
    () => engine,
    () => network,
  );

  it('booked, lets one visit be moved alone, and the others stay', async () => {
    await build();
    const {
      body: { id, visits },
    } = await commit(seriesBody());
    const moved = await call('POST', `/v1/appointments/${visits[1].id}/reschedule`, { startsAt: network.at('16:00', 15) });
    expect(moved.status, moved.text).to.equal(200);

    const { body } = await call('GET', `/v1/series/${id}`);
    expect(body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => appointment.startsAt)).to.deep.equal([
      network.at('10:00', 7),
      network.at('16:00', 15),
      network.at('10:00', 21),
    ]);
  });

  it('booked, lets one visit be cancelled alone, then the rest from a time on, then all, as often as is asked', async () => {
    await build();
    const {
      body: { id, visits },
    } = await commit(seriesBody({ visits: weekly(1, 2, 3, 4) }));
    expect((await call('POST', `/v1/appointments/${visits[2].id}/cancel`)).status).to.equal(200);
    expect(await now(id)).to.deep.equal(['confirmed', 'confirmed', 'cancelled', 'confirmed']);

    const rest = await call('POST', `/v1/series/${id}/cancel`, { from: network.at('10:00', 14), reason: 'customer_asked' });
    expect([rest.status, rest.body.from, ...statuses(rest)]).to.deep.equal([
      200,
      network.at('10:00', 14),
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
    expect(rest.body.visits[0].appointment.ended).to.deep.equal({ by: 'customer', reason: 'customer_asked', late: false });
    expect(await now(id)).to.deep.equal(['confirmed', 'cancelled', 'cancelled', 'cancelled']);

    for (const _ of [1, 2])
      expect(statuses(await call('POST', `/v1/series/${id}/cancel`))).to.deep.equal(['cancelled', 'cancelled', 'cancelled', 'cancelled']);
    expect(await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(0);
  });

  it('of which a visit may not be cancelled any more, keeps that one with the reason; staff are exempt', async () => {
    await build({ settings: { cancelCutoffMinutes: 10 * 24 * 60, lateCancel: 'refuse' } });
    const {
      body: { id },
    } = await commit(seriesBody());

    const answer = await call('POST', `/v1/series/${id}/cancel`, {});
    expect(answer.body.visits.map(({ status, code }: { status: string; code?: string }) => code ?? status)).to.deep.equal([
      'cancel_too_late',
      'cancelled',
      'cancelled',
    ]);
    expect(await now(id)).to.deep.equal(['confirmed', 'cancelled', 'cancelled']);
    expect(statuses(await call('POST', `/v1/series/${id}/cancel`, { staff: { reason: 'goodwill' } }))).to.deep.equal([
      'cancelled',
      'cancelled',
      'cancelled',
    ]);
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
});
