/** The worker program: decides, sends, or does both, as its role says. */
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { Logger } from 'pino';
import { bundleWorkflowCode, NativeConnection, Runtime, TransportError, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { readConfig } from './config.ts';
import { openDeps, type Deps } from './deps.ts';
import { mountHealth } from './http/health.ts';
import { runProgram, type Running } from './program.ts';
import { decidingWorker, effectWorkers } from './queue-workers.ts';
import { sdkLogger } from './sdk-log.ts';

const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** Bundles the workflow code once, so that several workers of one process (or test run) can share it. */
export async function bundleWorkflows(deps: Pick<Deps, 'log'>): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath, logger: sdkLogger(deps.log) });
}

type Options = { bundle?: WorkflowBundleWithSourceMap; interrupted?: AbortSignal };

/**
 * Runs the workers that the configuration's role names: one for deciding, and one for each way of sending. `ended` rejects when one of them
 * fails; `stop` lets what is running finish, within the grace time.
 */
export async function startWorker(
  deps: Deps,
  options: Options = {},
): Promise<Running & { ended: Promise<void>; isPolling: () => boolean }> {
  const { config, log } = deps;
  const { address, taskQueue } = config.temporal;
  const { role } = config.worker;
  const workflowBundle = role === 'effects' ? null : (options.bundle ?? (await bundleWorkflows(deps)));
  const connection = await connectPatiently(address, log, options.interrupted);
  const workers = [
    ...(workflowBundle ? [await decidingWorker(deps, connection, workflowBundle)] : []),
    ...(role === 'deciding' ? [] : await effectWorkers(deps, connection)),
  ];
  const ended = Promise.all(workers.map((worker) => worker.run())).then(() => {});
  ended.catch((error: unknown) => log.fatal({ error: error instanceof Error ? error.name : 'unknown' }, 'a worker failed'));
  log.info({ taskQueue, role }, 'the worker runs');
  if (role !== 'deciding') sayWhatIsOff(deps);
  return {
    ended,
    isPolling: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended.catch(() => {});
      await connection.close();
      log.info('the worker has drained');
    },
  };
}

/** Nothing is sent in silence to nowhere. */
function sayWhatIsOff({
  config: {
    calendars: { keys, signIns },
    twilio,
    doubts,
  },
  texter,
  log,
}: Deps): void {
  for (const doubt of doubts) log.warn(doubt);
  if (!texter) log.warn('SMS is off: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are not set');
  // It is asked then, by a sweep.
  if (twilio?.callsUs === false)
    log.warn('what becomes of an SMS is heard of half an hour late: PUBLIC_URL leads to this machine alone, and Twilio cannot call it');
  if (keys.length === 0) return log.warn('calendars are off: CALENDAR_KEYS is not set');
  if (!signIns.google) log.warn('Google calendars are off: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are not set');
  if (!signIns.graph) log.warn('Microsoft calendars are off: MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET are not set');
}

/** A worker that starts before Temporal waits for it, and says so; whatever starts it need not. The signal ends the wait. */
async function connectPatiently(address: string, log: Logger, interrupted?: AbortSignal): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect({ address });
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      log.warn({ address }, 'Temporal does not answer; trying again');
      await wait(2000, undefined, interrupted && { signal: interrupted });
    }
  }
}

/** Health and metrics of a worker process, on a port of its own. */
async function serveHealth(deps: Deps, isPolling: () => boolean): Promise<() => Promise<void>> {
  const app = express().disable('x-powered-by');
  mountHealth(app, deps, { worker: async () => ({ ok: isPolling() }) });
  const server = app.listen(deps.config.worker.port, deps.config.worker.host);
  await once(server, 'listening');
  return async () => {
    server.close();
    server.closeAllConnections();
  };
}

if (import.meta.main) {
  await runProgram(async (interrupted) => {
    const deps = await openDeps(readConfig());
    // Where both share a machine, what somebody waits for goes first.
    if (deps.config.worker.role === 'effects') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    Runtime.install({ logger: sdkLogger(deps.log), shutdownSignals: [] });
    let worker: Awaited<ReturnType<typeof startWorker>> | undefined;
    const closeHealth = await serveHealth(deps, () => worker?.isPolling() ?? false);
    worker = await startWorker(deps, { interrupted });
    const { ended, stop } = worker;
    return {
      ended,
      stop: async () => {
        await stop();
        await closeHealth();
        await deps.close();
      },
    };
  });
}
