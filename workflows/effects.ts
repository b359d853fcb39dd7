/** Effects: each an activity with its own retries and its own end state; one that is stuck delays no other. */
import { ActivityCancellationType, CancellationScope, isCancellation, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { PlannedDelivery } from '../src/domain/effects.ts';
import type { DecidingActivities, EffectActivities } from '../activities/index.ts';
import { effectsQueue, type Policy } from './messages.ts';

/** What sending needs to know of the appointment. */
type Sender = { networkId: string; policy: Policy };

const attemptSeconds = 60;

/**
 * Starts each effect when it is due, the next due one's timer only, and ends when all have ended. In a cancelled scope, effects that wait
 * for their time are dropped, retries stop, and an attempt in flight is awaited.
 */
export async function deliverAll(input: Sender, planned: PlannedDelivery[]): Promise<void> {
  const started: Promise<void>[] = [];
  for (const effect of planned.toSorted((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt))) {
    const wait = Date.parse(effect.dueAt) - Date.now();
    try {
      // Under a second is a difference between two clocks, not a plan.
      if (wait >= 1000) await sleep(wait);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      break;
    }
    started.push(deliver(input, effect));
  }
  await Promise.all(started);
}

/** The effects of one appointment, kept in step with what its rows demand. */
export type Sending = {
  /** Takes over what is open now: what is gone is stopped and its attempt in flight awaited; what is new starts when it is due. */
  adjust: (open: PlannedDelivery[]) => Promise<void>;
  /** Starts what is due, and answers when the next one is (epoch milliseconds), if any waits. */
  startDue: () => number | null;
  /** Waits until all that has started has ended. */
  done: () => Promise<void>;
};

/** One timer serves all effects that wait: the caller sleeps until the next one is due. */
export function startSending(input: Sender): Sending {
  const running = new Map<string, { scope: CancellationScope; ended: Promise<void> }>();
  let waiting: PlannedDelivery[] = [];

  function startDue(): number | null {
    // Under a second is a difference between two clocks, not a plan.
    const isDue = ({ dueAt }: PlannedDelivery) => Date.parse(dueAt) - Date.now() < 1000;
    for (const effect of waiting.filter(isDue)) {
      const scope = new CancellationScope();
      running.set(effect.id, { scope, ended: scope.run(() => deliver(input, effect)) });
    }
    waiting = waiting.filter((effect) => !isDue(effect));
    return waiting.length > 0 ? Math.min(...waiting.map(({ dueAt }) => Date.parse(dueAt))) : null;
  }

  return {
    startDue,
    adjust: async (open) => {
      const gone = [...running].filter(([id]) => !open.some((effect) => effect.id === id)).map(([, each]) => each);
      for (const { scope } of gone) scope.cancel();
      waiting = open.filter(({ id }) => !running.has(id));
      await Promise.all(gone.map(({ ended }) => ended));
    },
    done: async () => {
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

async function deliver(input: Sender, effect: PlannedDelivery): Promise<void> {
  const { networkId, policy } = input;
  const useSeconds = Math.max(0, (Date.parse(effect.usefulUntil) - Date.now()) / 1000);
  const effects = proxyActivities<EffectActivities>({
    taskQueue: effectsQueue(workflowInfo().taskQueue),
    startToCloseTimeout: attemptSeconds * 1000,
    scheduleToCloseTimeout: (Math.min(policy.giveUpAfterSeconds, useSeconds) + 2 * attemptSeconds) * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // For time-outs and lost workers; a failure that the activity reports names its own next delay.
    retry: { initialInterval: '1s', backoffCoefficient: 5, maximumInterval: policy.retryEverySeconds * 1000 },
  });
  try {
    await effects.sendMessage({ networkId, deliveryId: effect.id, policy });
  } catch (error) {
    const why = isCancellation(error) ? 'cancelled' : 'lost';
    await CancellationScope.nonCancellable(() => settle(input, effect, why));
  }
}

/** Ends a delivery whose activity could not: it was cancelled between two tries, or its time limit ran out. */
async function settle(input: Sender, effect: PlannedDelivery, why: 'cancelled' | 'lost'): Promise<void> {
  const deciding = proxyActivities<DecidingActivities>({ startToCloseTimeout: '10s', retry: { initialInterval: '1s', maximumInterval: '1m' } });
  await deciding.settleDelivery({ networkId: input.networkId, deliveryId: effect.id, why });
}
