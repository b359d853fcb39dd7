/**
 * One calendar, read again and again: when its provider says that something has changed, and else by the clock. Ends when there is nothing
 * to read any more.
 */
import { condition, continueAsNew, patched, proxyActivities, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import type { DecidingActivities, EffectActivities } from '../activities/index.ts';
import { lookSignal, mirrorQueue, type CalendarMirrorInput, type Policy } from './messages.ts';

/** Short histories: an operator reads the last hours, and a worker that takes over replays little. */
const roundsPerRun = 100;
/** So long without a sign of life of its worker. */
const heartbeatSeconds = 30;
/** What changes at one stroke is told one by one. */
const gathering = '1s';

export async function calendarMirror(input: CalendarMirrorInput): Promise<void> {
  let isAsked = false;
  setHandler(lookSignal, () => {
    isAsked = true;
  });
  const { readCalendar } = proxyActivities<EffectActivities>({
    taskQueue: mirrorQueue(workflowInfo().taskQueue, input.provider ?? 'caldav'),
    // A full calendar on a slow server takes minutes; a worker that dies meanwhile is noticed sooner.
    startToCloseTimeout: '15m',
    heartbeatTimeout: `${heartbeatSeconds}s`,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
  });
  const { handOver } = proxyActivities<DecidingActivities>({
    startToCloseTimeout: '1m',
    retry: { initialInterval: '2s', maximumInterval: '1m', maximumAttempts: 8 },
  });
  for (let rounds = 0; rounds < roundsPerRun && !workflowInfo().continueAsNewSuggested; rounds += 1) {
    isAsked = false;
    const { isOver, againInSeconds, repaired } = await readCalendar({ networkId: input.networkId, connectionId: input.connectionId });
    if (repaired > 0) await handOver({ policy: input.policy });
    // Who is asked to look in that moment looks: it may be read again, and nobody else would come for a long time.
    if (isOver && isAsked) continue;
    if (isOver) return;
    if ((await condition(() => isAsked, againInSeconds * 1000)) && patched('gather')) await sleep(gathering);
  }
  await continueAsNew<typeof calendarMirror>(input);
}

/** Every ten minutes: calendars that nobody reads any more are read again. */
export async function calendarKeeper({ policy }: { policy: Policy }): Promise<number> {
  const { wakeMirrors } = proxyActivities<DecidingActivities>({
    startToCloseTimeout: '1m',
    retry: { initialInterval: '2s', maximumInterval: '1m', maximumAttempts: 8 },
  });
  return wakeMirrors({ policy });
}
