/** Goal: nothing hangs for ever because its workflow is gone. Method: terminate workflows, move the clock, run what the schedule runs. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Service } from '../../src/db/entities/network.ts';
import { book, bookingBody } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('what is overdue', () => {
  let engine: Engine;
  let network: TestNetwork;
  let aheadMs = 0;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' }, deps: { now: () => new Date(Date.now() + aheadMs) } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    aheadMs = 0;
    network = await buildNetwork(engine.database.orm);
  });

  const post = (path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', path, body, { 'idempotency-key': randomUUID() });
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const terminate = async ({ body: { id, workflowId } }: Answer): Promise<string> => {
    await engine.deps.temporal.client.workflow.getHandle(workflowId).terminate();
    return id;
  };
  const sweep = (): Promise<number> => {
    const { deps } = engine;
    return deps.temporal.client.workflow.execute('overdue', {
      workflowId: `overdue-${randomUUID()}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ policy: deps.policy }],
    });
  };

  it('a hold, whose workflow a person has terminated, is free again some minutes after its time, and not before', async () => {
    const id = await terminate(await post('/v1/holds', { ...bookingBody(network), customer: undefined, holdSeconds: 60 }));
    aheadMs = 5 * 60_000;
    await sweep();
    expect((await read(id)).status).to.equal('held');

    aheadMs = 12 * 60_000;
    expect(await sweep()).to.equal(1);
    expect(await read(id)).to.deep.include({ status: 'expired', ended: { by: 'timer', reason: null, late: false } });
    expect((await book(engine, network)).status).to.equal(201);
    expect(await sweep()).to.equal(0);
  });

  it('a request, that nobody answered and whose workflow is gone, expires and its customer is told', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Service, { id: network.serviceId }, { settings: { approvalRequired: true, approvalWithinMinutes: 30 } });
    const id = await terminate(await book(engine, network));
    await engine.database.orm.em.fork().execute(`update appointment set decide_by = now() - interval '15 minutes' where id = ?`, [id]);
    await sweep();

    expect((await read(id)).status).to.equal('expired');
    const mails = await eventually(
      () => mailsOf(id),
      (found) => found.some(({ headers }) => headers['x-punctual-kind'] === 'declined_customer'),
    );
    expect(mails.filter(({ headers }) => headers['x-punctual-kind'] === 'declined_customer')).to.have.length(1);
  });

  it('a request, that nobody answered before the visit was to begin, expires and its customer and barber are told: somebody may be on the way', async () => {
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Service, { id: network.serviceId }, { settings: { approvalRequired: true, approvalWithinMinutes: 10_000 } });
    const id = await terminate(await book(engine, network));
    const em = engine.database.orm.em.fork();
    for (const table of ['appointment', 'appointment_part'])
      await em.execute(
        `update ${table}
         set starts_at = now() - interval '12 minutes', ends_at = now() + interval '18 minutes'
         where ${table === 'appointment' ? 'id' : 'appointment_id'} = ?`,
        [id],
      );
    await em.execute('update appointment set decide_by = starts_at where id = ?', [id]);
    await sweep();

    expect((await read(id)).status).to.equal('expired');
    const told = async () =>
      (await mailsOf(id))
        .map(({ headers }) => headers['x-punctual-kind'])
        .filter((kind) => kind === 'declined_customer' || kind === 'cancellation_barber')
        .sort();
    expect(await eventually(told, (kinds) => kinds.length === 2)).to.deep.equal(['cancellation_barber', 'declined_customer']);
  });

  it('a visit, that is over and whose workflow is gone, is completed a day after it; one that is still to come is left alone', async () => {
    const over = await terminate(await book(engine, network));
    const ahead = await terminate(await book(engine, network, { startsAt: network.at('10:00', 8) }));
    aheadMs = 4 * 86_400_000;
    await sweep();

    expect(await read(over)).to.deep.include({ status: 'completed', ended: { by: 'timer', reason: null, late: false } });
    expect((await read(ahead)).status).to.equal('confirmed');
  });

  it('a relocation, that was written and never began, is begun', async () => {
    const {
      body: { id },
    } = await book(engine, network);
    const { body: relocation, text } = await post('/v1/relocations', {
      barberId: network.barberIds[0],
      date: network.at('10:00').slice(0, 10),
      mode: 'offer',
      reason: 'illness',
    });
    await eventually(
      () => engine.call(network.apiKey, 'GET', `/v1/relocations/${relocation.id}`),
      ({ body }) => body.finishedAt !== null,
    );
    const lost = randomUUID();
    const em = engine.database.orm.em.fork();
    const columns = 'network_id, barber_id, shop_id, to_shop_id, date, mode, within_minutes, reason, created_by';
    await em.execute(
      `insert into relocation (id, ${columns}, created_at) select ?, ${columns}, now() - interval '5 minutes' from relocation where id = ?`,
      [lost, relocation.id],
    );
    await em.execute(
      `insert into relocation_visit (relocation_id, appointment_id, network_id, position, starts_at)
       select ?, appointment_id, network_id, position, starts_at
       from relocation_visit
       where relocation_id = ?`,
      [lost, relocation.id],
    );
    await sweep();

    const { body } = await eventually(
      () => engine.call(network.apiKey, 'GET', `/v1/relocations/${lost}`),
      (answer) => answer.body.finishedAt !== null,
    );
    expect(body.visits, text).to.have.length(1);
    expect(body.visits[0].appointmentId).to.equal(id);
  });
});
