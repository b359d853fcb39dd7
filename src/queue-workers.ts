/**
 * The Temporal workers of one process: one for deciding, and one for each way of sending, so that a flood of effects never slows an answer.
 */
import { Worker, type NativeConnection, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { createDecidingActivities, createEffectActivities, type ActivityDeps } from '../activities/index.ts';
import { effectsQueue, mirrorQueue } from '../workflows/messages.ts';
import { createSignInLinks } from './db/calendar-sign-in.ts';
import { createLinks } from './db/self-service.ts';
import type { Deps } from './deps.ts';
import { calendarProviders, channels, type CalendarProvider, type Channel } from './domain/channel.ts';

/** Google and Graph call https addresses alone; the sandbox calls this machine. */
function hookUrlOf({
  publicUrl,
  calendars: { signIns },
}: Deps['config']): ((provider: CalendarProvider, channelId: string) => string) | null {
  const isReachable = publicUrl.startsWith('https:') || Object.values(signIns).some((signIn) => signIn && signIn.apiUrl !== null);
  return isReachable ? (provider, channelId) => `${publicUrl}/hooks/calendars/${provider}/${channelId}` : null;
}

/** What each provider is asked at once, by one process. */
const atOnce = {
  mail: 20,
  sms: 10,
  caldav: 10,
  google: 10,
  /** Four of one mailbox, of which one may be reading: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits */
  graph: 3,
} as const;

const sharedOptions = ({ config }: Deps, connection: NativeConnection) =>
  ({ connection, namespace: config.temporal.namespace, shutdownGraceTime: '20s', shutdownForceTime: '30s' }) as const;

const activityDepsOf = ({ config, log, orm, mailer, texter, calendars, marks, metrics, now }: Deps): ActivityDeps => ({
  log,
  orm,
  mailer,
  texter,
  calendars,
  marks,
  mailFrom: config.mailFrom,
  links: createLinks(config),
  signInLinks: createSignInLinks(config),
  metrics,
  now,
});

/** Workflows, and what they decide by. */
export function decidingWorker(deps: Deps, connection: NativeConnection, workflowBundle: WorkflowBundleWithSourceMap): Promise<Worker> {
  const {
    config: {
      databasePoolSize,
      temporal: { taskQueue },
    },
    temporal: { client },
  } = deps;
  return Worker.create({
    ...sharedOptions(deps, connection),
    taskQueue,
    workflowBundle,
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

const isCalendar = (way: Channel): way is CalendarProvider => calendarProviders.some((provider) => provider === way);

/**
 * One for each way of sending that is set up, and for reading each provider's calendars, so that a slow provider holds nobody else's slots.
 */
export async function effectWorkers(deps: Deps, connection: NativeConnection): Promise<Worker[]> {
  const { config } = deps;
  const activities = createEffectActivities({
    ...activityDepsOf(deps),
    everySeconds: config.calendars.everySeconds,
    hookUrl: hookUrlOf(config),
  });
  const ways = channels.filter((way) => (way !== 'google' && way !== 'graph') || config.calendars.signIns[way] !== null);
  const { taskQueue: root } = config.temporal;
  const queues = ways.flatMap((way) => [
    { way, taskQueue: effectsQueue(root, way) },
    ...(isCalendar(way) ? [{ way, taskQueue: mirrorQueue(root, way) }] : []),
  ]);
  return Promise.all(
    queues.map(({ way, taskQueue }) =>
      Worker.create({
        ...sharedOptions(deps, connection),
        taskQueue,
        activities,
        maxConcurrentActivityTaskExecutions: atOnce[way],
        maxTaskQueueActivitiesPerSecond: config.perSecond[way],
      }),
    ),
  );
}
