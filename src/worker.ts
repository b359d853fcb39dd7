/** The worker program: two task queues, one for deciding and one for effects, so that a flood of effects never slows an answer. */
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { Logger } from 'pino';
import { bundleWorkflowCode, NativeConnection, Runtime, TransportError, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createDecidingActivities, createEffectActivities, type ActivityDeps } from '../activities/index.ts';
import { effectsQueue } from '../workflows/messages.ts';
import { readConfig } from './config.ts';
import { channels, type CalendarProvider } from './domain/channel.ts';
import { openDeps, type Deps } from './deps.ts';
import { createSignInLinks } from './db/calendar-sign-in.ts';
import { createLinks } from './db/self-service.ts';
import { mountHealth } from './http/health.ts';
import { runProgram, type Running } from './program.ts';
import { sdkLogger } from './sdk-log.ts';

const workflowsPath = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** Bundles the workflow code once, so that several workers of one process (or test run) can share it. */
export async function bundleWorkflows(deps: Pick<Deps, 'log'>): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath, logger: sdkLogger(deps.log) });
}

/** Google and Graph call https addresses alone; the sandbox calls this machine. */
function hookUrlOf({ publicUrl, calendars: { signIns } }: Deps['config']): ((provider: CalendarProvider, channelId: string) => string) | null {
  const isReachable = publicUrl.startsWith('https:') || Object.values(signIns).some((signIn) => signIn && signIn.apiUrl !== null);
  return isReachable ? (provider, channelId) => `${publicUrl}/hooks/calendars/${provider}/${channelId}` : null;
}

/** What each provider is asked at once, by one process. */
const atOnce = { mail: 20, sms: 10, caldav: 10, google: 10, /* Four of one mailbox: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */ graph: 4 } as const;

type Options = { bundle?: WorkflowBundleWithSourceMap; interrupted?: AbortSignal };

/** Runs the workers that the configuration's role names: one for deciding, and one for each way of sending. `ended` rejects when one of them fails; `stop` lets what is running finish, within the grace time. */
export async function startWorker(deps: Deps, options: Options = {}): Promise<Running & { ended: Promise<void>; isPolling: () => boolean }> {
  const { config, log, texter } = deps;
  const { address, taskQueue } = config.temporal;
  const { role } = config.worker;
  const workflowBundle = role === 'effects' ? null : options.bundle ?? (await bundleWorkflows(deps));
  const connection = await connectPatiently(address, log, options.interrupted);
  const workers = [...(workflowBundle ? [await decidingWorker(deps, connection, workflowBundle)] : []), ...(role === 'deciding' ? [] : await effectWorkers(deps, connection))];
  const ended = Promise.all(workers.map((worker) => worker.run())).then(() => {});
  ended.catch((error: unknown) => log.fatal({ error: error instanceof Error ? error.name : 'unknown' }, 'a worker failed'));
  log.info({ taskQueue, role }, 'the worker runs');
  if (!config.calendars.signIns.google) log.info('Google calendars are off: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are not set');
  if (!config.calendars.signIns.graph) log.info('Microsoft calendars are off: MICROSOFT_CLIENT_ID and MICROSOFT_CLIENT_SECRET are not set');
  if (config.calendars.keys.length === 0) log.info('calendars are off: CALENDAR_KEYS is not set');
  if (!texter) log.info('SMS is off: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM are not set');
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

const sharedOptions = ({ config }: Deps, connection: NativeConnection) => ({ connection, namespace: config.temporal.namespace, shutdownGraceTime: '20s', shutdownForceTime: '30s' }) as const;

const activityDepsOf = ({ config, log, orm, mailer, texter, calendars, marks, metrics, now }: Deps): ActivityDeps =>
  ({ log, orm, mailer, texter, calendars, marks, mailFrom: config.mailFrom, links: createLinks(config), signInLinks: createSignInLinks(config), metrics, now });

/** Workflows, and what they decide by. */
function decidingWorker(deps: Deps, connection: NativeConnection, workflowBundle: WorkflowBundleWithSourceMap): Promise<Worker> {
  const { config: { databasePoolSize, temporal: { taskQueue } }, temporal: { client } } = deps;
  return Worker.create({
    ...sharedOptions(deps, connection), taskQueue, workflowBundle,
    activities: createDecidingActivities({ ...activityDepsOf(deps), client, taskQueue }),
    // Local activities hold a pool connection each; more of them would only queue for one.
    maxConcurrentLocalActivityExecutions: databasePoolSize,
    // Nearly every booking's first task comes by the normal queue, so half of the pollers wait there.
    nonStickyToStickyPollRatio: 0.5,
    // A worker that died is noticed by those who wait for its sticky queue after this.
    stickyQueueScheduleToStartTimeout: '3s',
    // About 0.4 MB each. An appointment that waits for days is replayed when its reminder comes; only the last minutes' need the cache.
    maxCachedWorkflows: 500,
  });
}

/** One for each way of sending that is set up, so that a slow provider holds nobody else's slots. */
async function effectWorkers(deps: Deps, connection: NativeConnection): Promise<Worker[]> {
  const { config } = deps;
  const activities = createEffectActivities({ ...activityDepsOf(deps), everySeconds: config.calendars.everySeconds, hookUrl: hookUrlOf(config) });
  const ways = channels.filter((way) => (way !== 'google' && way !== 'graph') || config.calendars.signIns[way] !== null);
  return Promise.all(ways.map((channel) => Worker.create({
    ...sharedOptions(deps, connection), taskQueue: effectsQueue(config.temporal.taskQueue, channel), activities, maxConcurrentActivityTaskExecutions: atOnce[channel], maxTaskQueueActivitiesPerSecond: config.perSecond[channel],
  })));
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
    return { ended, stop: async () => { await stop(); await closeHealth(); await deps.close(); } };
  });
}
