/**
 * Goal: a cancellation frees the time at once, holds once, and tells everybody. Method: cancel over HTTP in every state, read mails' rows
 * after.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

type Row = { kind: string; state: string };

describe('cancelling', () => {
  let engine: Engine;
  let network: TestNetwork;
  let aheadMs = 0;

  const call = (method: string, path: string, body?: unknown): Promise<Answer> => engine.call(network.apiKey, method, path, body);
  const cancel = (id: string, body?: unknown) => call('POST', `/v1/appointments/${id}/cancel`, body);
  const deliveries = async (id: string): Promise<Row[]> => (await call('GET', `/v1/appointments/${id}/deliveries`)).body.items;
  const booked = async (wishes = {}) => {
    const { status, body, text } = await book(engine, network, wishes);
    expect(status, text).to.equal(201);
    return body;
  };

  const isOver = (rows: Row[], kind: string) => rows.filter((row) => row.kind.startsWith(kind)).every(({ state }) => state === 'delivered');

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' }, deps: { now: () => new Date(Date.now() + aheadMs) } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    aheadMs = 0;
    network = await buildNetwork(engine.database.orm);
  });

  it('a visit, when cancelled, is answered as cancelled with its next version, and its time can be booked at once', async () => {
    const appointment = await booked();
    const answer = await cancel(appointment.id);

    expect(answer.status, answer.text).to.equal(200);
    expect(answer.body).to.deep.equal({
      ...appointment,
      status: 'cancelled',
      version: 2,
      ended: { by: 'customer', reason: null, late: false },
    });
    expect(answer.headers.get('etag')).to.equal('"2"');
    const read = await call('GET', `/v1/appointments/${appointment.id}`);
    expect([read.text, read.headers.get('etag')]).to.deep.equal([answer.text, '"2"']);
    expect((await booked()).startsAt).to.equal(appointment.startsAt);
  });

  it('a visit, when cancelled again, at once or by five at the same time, gives the same answer and one cancellation', async () => {
    const { id } = await booked();
    const answers = await Promise.all(Array.from({ length: 5 }, () => cancel(id)));
    answers.push(await cancel(id));

    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).to.equal(1);
    expect(answers[0]!.body.status).to.equal('cancelled');
    expect(await count(engine.database.orm, 'appointment_event', `appointment_id = ? and kind = 'cancelled'`, [id])).to.equal(1);
    expect((await deliveries(id)).filter(({ kind }) => kind.startsWith('cancellation'))).to.have.length(2);
  });

  it('a visit, when cancelled after its workflow has closed, gives the same answer still', async () => {
    const { id, workflowId } = await booked();
    const first = await cancel(id);
    await eventually(
      () => engine.deps.temporal.client.workflow.getHandle(workflowId).describe(),
      ({ status }) => status.name === 'COMPLETED',
    );

    expect((await cancel(id)).text).to.equal(first.text);
  });

  it('a visit, from its booking to its cancellation, lists every message and what became of it', async () => {
    const { id } = await booked({ startsAt: network.at('10:00', 3) });
    const before = await eventually(
      () => deliveries(id),
      (rows) => isOver(rows, 'confirmation'),
    );
    expect(before.map(({ kind, state }) => `${kind} ${state}`).sort()).to.deep.equal([
      'confirmation_barber delivered',
      'confirmation_customer delivered',
      'reminder_customer due',
      'reminder_customer due',
    ]);
    expect(before[0]).to.have.all.keys('id', 'kind', 'channel', 'state', 'dueAt', 'attempts', 'finishedAt', 'errorClass', 'errorText');

    await cancel(id);
    const after = await eventually(
      () => deliveries(id),
      (rows) => isOver(rows, 'cancellation'),
    );
    expect(after.map(({ kind, state }) => `${kind} ${state}`).sort()).to.deep.equal([
      'cancellation_barber delivered',
      'cancellation_customer delivered',
      'confirmation_barber undone',
      'confirmation_customer undone',
      'reminder_customer skipped',
      'reminder_customer skipped',
    ]);
  });

  it('a visit, from the second at which it begins, can no longer be cancelled', async () => {
    const { id, startsAt } = await booked();
    aheadMs = Date.parse(startsAt) - Date.now();

    expectProblem(await cancel(id), 'already_begun');
    expect((await call('GET', `/v1/appointments/${id}`)).body).to.include({ status: 'confirmed', version: 1 });
  });

  it('a visit, once over and its workflow gone, can no longer be cancelled', async () => {
    const { id, workflowId } = await booked();
    await engine.deps.temporal.client.workflow.getHandle(workflowId).terminate();
    const past = `starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour'`;
    await engine.database.orm.em.fork().execute(`update appointment set ${past} where id = ?`, [id]);

    expectProblem(await cancel(id), 'already_begun');
  });

  it('a visit still to come, whose workflow a person has terminated, is cancelled all the same and everybody is told', async () => {
    const { id, workflowId, startsAt } = await booked();
    await eventually(
      () => deliveries(id),
      (rows) => isOver(rows, 'confirmation'),
    );
    await engine.deps.temporal.client.workflow.getHandle(workflowId).terminate();

    expect((await cancel(id)).body).to.include({ status: 'cancelled', version: 2 });
    await booked({ startsAt });
    const after = await eventually(
      () => deliveries(id),
      (rows) => isOver(rows, 'cancellation'),
    );
    expect(after.filter(({ kind }) => kind.startsWith('cancellation')).map(({ state }) => state)).to.deep.equal(['delivered', 'delivered']);
  });

  it('a booking, that was refused or never was, cannot be cancelled', async () => {
    await book(engine, network, { startsAt: network.at('03:00') });
    const [refused] = await engine.database.orm.em
      .fork()
      .execute<{ id: string }[]>('select id from booking_request where network_id = ?', [network.networkId]);

    for (const id of [refused!.id, randomUUID(), 'x']) expectProblem(await cancel(id), 'not_found');
    expect(await deliveries(refused!.id)).to.deep.equal([]);
    expectProblem(await call('GET', `/v1/appointments/${randomUUID()}/deliveries`), 'not_found');
  });

  it('a cancellation, with fields that it does not take, is refused rather than half heard; with an empty body, it is not', async () => {
    const { id } = await booked();

    expectProblem(await cancel(id, { note: 'ill' }), 'invalid_request', ['/note']);
    expectProblem(await cancel(id, { reason: 'ill' }), 'invalid_request', ['/reason']);
    expect((await call('GET', `/v1/appointments/${id}`)).body.status).to.equal('confirmed');
    expect((await cancel(id, {})).body.status).to.equal('cancelled');
  });
});
