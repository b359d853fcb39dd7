/**
 * Goal: a series is safe to repeat, whenever its run was broken off, and is never booked twice. Method: real series over HTTP, repeated
 * with their keys after broken runs.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
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
  const { call, weekly, seriesBody, commit, now, appointments } = seriesCalls(
    () => engine,
    () => network,
  );

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
      const done = await eventually(
        () => commit(body, key),
        ({ status }) => status !== 202,
      );

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
});
