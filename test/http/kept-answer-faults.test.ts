/**
 * Goal: a POST under its Idempotency-Key happens once, though many ask at once, the first fails or dies, or its answer comes too late.
 * Method: requests held at once, ended connections, a workflow without workers, and a death that is written into the row.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { appointmentWorkflowId, bookUpdateId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { barber, keptAnswers, shop, shown } from '../support/kept-answer.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('kept answers', () => {
  let engine: Engine;
  let network: TestNetwork;
  let key: string;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, {
      timeZone: 'UTC',
      hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 })),
    });
    key = randomUUID();
  });

  const { post, barbers, die } = keptAnswers(
    () => engine,
    () => network,
    () => key,
  );

  /** Holds every request that adds a barber, until the returned function is called. */
  async function holdBarbers(): Promise<() => Promise<void>> {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let isHeld!: () => void;
    const held = new Promise<void>((resolve) => {
      isHeld = resolve;
    });
    const ended = engine.database.orm.em.fork().transactional(async (tx) => {
      await tx.execute('lock table barber in exclusive mode');
      isHeld();
      await gate;
    });
    await held;
    return async () => {
      open();
      await ended;
    };
  }
  const waiting = async (): Promise<number> =>
    count(
      engine.database.orm,
      'pg_stat_activity',
      `datname = current_database() and wait_event_type = 'Lock' and query ilike 'insert into "barber"%'`,
      [],
    );

  it('five at once with one key: one is done, the others are told to wait or get its answer', async () => {
    const release = await holdBarbers();
    const first = post('/v1/barbers', barber());
    await eventually(waiting, (found) => found === 1);
    const others = await Promise.all(Array.from({ length: 4 }, () => post('/v1/barbers', barber())));
    for (const other of others) {
      expectProblem(other, 'request_running');
      expect(other.headers.get('retry-after')).to.equal('1');
    }
    expectProblem(await post('/v1/barbers', barber('Eva')), 'idempotency_key_reused');
    await release();

    const answer = await first;
    expect(answer.status, answer.text).to.equal(201);
    for (const each of await Promise.all(Array.from({ length: 4 }, () => post('/v1/barbers', barber()))))
      expect(shown(each)).to.deep.equal(shown(answer));
    expect(await barbers()).to.equal(2);
  });

  it('a request that failed on our side is not kept: again, it is done', async () => {
    const release = await holdBarbers();
    const first = post('/v1/barbers', barber());
    await eventually(waiting, (found) => found === 1);
    await engine.database.orm.em
      .fork()
      .execute(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    expectProblem(await first, 'database_unavailable');
    await release();

    const second = await post('/v1/barbers', barber());
    expect([second.status, await barbers()]).to.deep.equal([201, 2]);
    expect(shown(await post('/v1/barbers', barber()))).to.deep.equal(shown(second));
  });

  for (const [what, path, body] of [
    ['shop', () => '/v1/shops', shop('dead')],
    ['barber', () => '/v1/barbers', barber()],
    ['service', () => '/v1/services', { name: 'Cor', durationMinutes: 30, priceCents: 100 }],
    ['shop_closure', () => `/v1/shops/${network.shopId}/closures`, { fromDate: '2027-05-05', toDate: '2027-05-06' }],
    ['time_off', () => `/v1/barbers/${network.barberIds[0]}/time-off`, { fromDate: '2027-05-05', toDate: '2027-05-06' }],
  ] as [string, () => string, object][]) {
    it(`a ${what}, whose first request died after or before it was made, is there once`, async () => {
      const first = await post(path(), body);
      expect(first.status, first.text).to.equal(201);
      const made = await count(engine.database.orm, what, 'network_id = ?', [network.networkId]);
      await die('0 seconds');
      expectProblem(await post(path(), body), 'request_running');
      await die();
      expect(shown(await post(path(), body)), 'it was made').to.deep.equal(shown(first));
      await die();
      if (what === 'barber') await engine.database.orm.em.fork().execute('delete from diary where barber_id = ?', [first.body.id]);
      await engine.database.orm.em.fork().execute(`delete from ${what} where id = ?`, [first.body.id]);
      expect(shown(await post(path(), body)), 'it was not made').to.deep.equal(shown(first));

      expect(await count(engine.database.orm, what, 'network_id = ?', [network.networkId])).to.equal(made);
    });
  }

  it('a move, whose first request died after it, is taken over by one of many, and is one move', async () => {
    const {
      body: { id },
    } = await book(engine, network);
    const moved = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('12:00') });
    expect(moved.body.version, moved.text).to.equal(2);
    await die();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('12:00') })),
    );

    for (const answer of answers) {
      if (answer.status === 409) expectProblem(answer, 'request_running');
      else expect(shown(answer)).to.deep.equal(shown(moved));
    }
    expect(answers.filter(({ status }) => status === 200)).to.not.have.length(0);
    expect(await count(engine.database.orm, 'appointment_event', 'appointment_id = ?', [id])).to.equal(2);
  });

  it('a cancellation, whose answer came too late for the API, is known to the workflow when it is repeated with its key', async () => {
    const own = await startEngine({ env: { ANSWER_WITHIN_MS: '1000' } });
    try {
      network = await buildNetwork(own.database.orm);
      const {
        body: { id },
      } = await book(own, network);
      await eventually(
        () => own.call(network.apiKey, 'GET', `/v1/appointments/${id}`),
        ({ body }) => body.status === 'confirmed',
      );
      await own.stopWorkers();
      const cancel = (body: object) => own.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`, body, { 'idempotency-key': key });
      for (let time = 0; time < 2; time += 1) expectProblem(await cancel({}), 'outcome_unknown');
      expectProblem(await cancel({ reason: 'illness' }), 'idempotency_key_reused');
      await own.startWorkers();

      const answer = await eventually(
        () => cancel({}),
        ({ status }) => status !== 503,
      );
      expect([answer.status, answer.body.status, answer.body.version], answer.text).to.deep.equal([200, 'cancelled', 2]);
      const { events } = await own.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(id)).fetchHistory();
      const asked = (events ?? []).flatMap(
        (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.meta?.updateId ?? [],
      );
      expect(
        asked.filter((updateId) => updateId !== bookUpdateId),
        'one update, asked for three times',
      ).to.have.length(1);
    } finally {
      await own.stop();
    }
  });
});
