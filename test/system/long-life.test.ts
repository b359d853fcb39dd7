/**
 * Goal: an appointment that is booked 60 days ahead outlives workers and their code. Method: book under one bundle of workflows, stop the
 * worker, start another with other code, and then ask of the appointment all that a customer would.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { startApi } from '../../src/api.ts';
import { readConfig } from '../../src/config.ts';
import { openDeps, type Deps } from '../../src/deps.ts';
import { startWorker } from '../../src/worker.ts';
import { appointmentWorkflowId, stateQuery } from '../../workflows/messages.ts';
import { bookingBody } from '../support/booking.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eventually, programEnvironment, send } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { quietRuntime } from '../support/quiet.ts';
import { bundleOf } from '../support/scripted.ts';

const minute = 60_000;

describe('a long life', () => {
  let database: TestDatabase;
  let deps: Deps;
  let api: Awaited<ReturnType<typeof startApi>>;
  let network: TestNetwork;
  const bundles: Record<'earlier' | 'today' | 'later', WorkflowBundleWithSourceMap> = {} as never;

  before(async () => {
    quietRuntime();
    for (const [name, path] of [
      ['earlier', '../histories/earlier/index.ts'],
      ['today', '../../workflows/index.ts'],
      ['later', '../histories/later/index.ts'],
    ] as const)
      bundles[name] = await bundleOf(path);
    database = await createDatabase();
    deps = await openDeps(readConfig(programEnvironment(database, `test-${randomUUID()}`, { ANSWER_WITHIN_MS: '60000' })));
    api = await startApi(deps);
    network = await buildNetwork(database.orm, { settings: { noShowGraceMinutes: 0 } });
  });
  after(async () => {
    await api.stop();
    await deps.close();
    await database.drop();
  });

  const post = (path: string, body?: unknown) => send(api.url, network.apiKey, 'POST', path, body, { 'idempotency-key': randomUUID() });
  const read = async (id: string) => (await send(api.url, network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const told = (id: string, kind: string) =>
    eventually(
      () => mailsOf(id),
      (mails) => mails.some(({ headers }) => headers['x-punctual-kind'] === kind),
    );
  const workflowOf = (id: string) => deps.temporal.client.workflow.getHandle(appointmentWorkflowId(id));

  /** Works with this code; afterwards the worker is gone, with all that it remembered. */
  async function under<T>(bundle: keyof typeof bundles, work: () => Promise<T>): Promise<T> {
    const worker = await startWorker(deps, { bundle: bundles[bundle] });
    try {
      return await work();
    } finally {
      await worker.stop();
    }
  }

  async function bookAhead(hour: string): Promise<string> {
    const { status, body, text } = await post('/v1/appointments', bookingBody(network, { startsAt: network.at(hour, 60) }));
    expect(status, text).to.equal(201);
    await told(body.id, 'confirmation_customer');
    return body.id;
  }

  it("an appointment, begun under today's code and carried on under a later one, moves, tells of it, and keeps to the clock", async () => {
    const id = await under('today', () => bookAhead('10:00'));
    await under('later', async () => {
      const newcomer = await bookAhead('11:00');
      expect(
        (await workflowOf(newcomer).fetchHistory()).events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes),
        'the later code really has another step',
      ).to.equal(true);

      expect((await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('15:00', 61) })).body).to.include({ version: 2 });
      await told(id, 'rescheduled_customer');
    });
    await under('today', async () => {
      const past = new Date(Math.floor(Date.now() / minute) * minute - 10 * minute).toISOString();
      expect(
        (
          await post(`/v1/appointments/${id}/reschedule`, {
            startsAt: past,
            staff: { reason: 'mistake', waive: ['too_soon', 'off_step', 'outside_working_hours', 'shop_closed'] },
          })
        ).body,
      ).to.include({ version: 3 });
      await eventually(
        () => read(id),
        ({ status }) => status === 'no_show',
      );
      expect(await workflowOf(id).query(stateQuery)).to.deep.include({ step: 'no_show', version: 4 });
    });
  });

  it("an appointment, begun under the code of before version 3, is moved and cancelled under today's, and everybody is told", async () => {
    const id = await under('earlier', () => bookAhead('12:00'));
    await under('today', async () => {
      expect((await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('16:00', 60) })).body).to.include({
        status: 'confirmed',
        version: 2,
      });
      await told(id, 'rescheduled_customer');
      expect((await post(`/v1/appointments/${id}/cancel`)).body).to.include({ status: 'cancelled', version: 3 });
      await told(id, 'cancellation_customer');
    });
    const kinds = (await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']).filter((kind) => kind?.endsWith('_customer'));
    expect(kinds).to.deep.equal(['confirmation_customer', 'rescheduled_customer', 'cancellation_customer']);
  });
});
