/**
 * Goal: those that decide and those that send can be programs apart: neither does the other's work, and together they do all of it. Method:
 * two workers with a role each on one queue of the real Temporal.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { readConfig } from '../../src/config.ts';
import { openDeps } from '../../src/deps.ts';
import { startWorker } from '../../src/worker.ts';
import { effectsQueue } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { eventually, programEnvironment, startEngine, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('a worker with a role', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { WORKER_ROLE: 'deciding' } });
    network = await buildNetwork(engine.database.orm);
  });
  after(() => engine?.stop());

  it('of deciding, books, and leaves what follows to one of effects', async () => {
    const { status, body } = await book(engine, network);
    expect(status).to.equal(201);
    const { taskQueue } = engine.deps.config.temporal;
    const pollers = async (queue: string) =>
      (
        await engine.deps.temporal.client.workflowService.describeTaskQueue({
          namespace: 'default',
          taskQueue: { name: queue },
          taskQueueType: 2,
        })
      ).pollers ?? [];
    expect(await pollers(effectsQueue(taskQueue, 'mail'))).to.deep.equal([]);
    const deps = await openDeps(readConfig(programEnvironment(engine.database, taskQueue, { WORKER_ROLE: 'effects' })));
    const effects = await startWorker(deps);
    try {
      expect(
        await eventually(
          () => mailsOf(body.id),
          (mails) => mails.length === 2,
        ),
      ).to.have.length(2);
      await engine.stopWorkers();
      // Nobody decides any more.
      expect((await book(engine, network, { startsAt: network.at('15:00') })).status).to.equal(202);
    } finally {
      await effects.stop();
      await deps.close();
    }
  });

  it('of effects, says which ways are off, and that Twilio cannot tell what becomes of an SMS', async () => {
    const twilio = { TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'y'.repeat(32), TWILIO_FROM: '+351210000000' };
    const said = async (env: Record<string, string>): Promise<string> => {
      const lines: unknown[][] = [];
      const deps = await openDeps(
        readConfig(programEnvironment(engine.database, `test-${randomUUID()}`, { WORKER_ROLE: 'effects', ...env })),
      );
      const log = Object.assign(Object.create(deps.log) as typeof deps.log, { warn: (...line: unknown[]) => lines.push(line) });
      await (await startWorker({ ...deps, log })).stop();
      await deps.close();
      return lines.flat().join('; ');
    };
    const unheard = 'what becomes of an SMS is heard of half an hour late';
    expect(await said({}))
      .to.include('SMS is off')
      .and.not.include(unheard);
    expect(await said(twilio))
      .to.include(unheard)
      .and.not.include('SMS is off');
    expect(await said({ ...twilio, TWILIO_API_URL: 'https://api.dublin.ie1.twilio.com' })).to.include(unheard);
    expect(await said({ ...twilio, PUBLIC_URL: 'https://bookings.example' })).not.to.include('SMS');
    expect(await said({ ...twilio, TWILIO_API_URL: 'http://127.0.0.1:1090' })).not.to.include('SMS');
  });
});
