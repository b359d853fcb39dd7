/** Effects: each an activity with its own retries and its own end state; one that is stuck delays no other. */
import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlannedDelivery } from '../src/domain/effects.ts';
import type { Stand } from '../src/domain/outcome.ts';
import { calendarProviders, type Channel } from '../src/domain/channel.ts';
import type { DecidingActivities, EffectActivities } from '../activities/index.ts';
import { effectsQueue, type Policy, type SendResult, type SendState } from './messages.ts';

/** What sending needs to know of the appointment. */
type Sender = { networkId: string; policy: Policy };

/** One attempt; and so long without a sign of life from its worker. */
const attemptSeconds = 60;
const heartbeatSeconds = 10;

/**
 * Starts each effect when it is due, the next due one's timer only, and ends when all have ended. In a cancelled scope, effects that wait
 * for their time are dropped, retries stop, and an attempt in flight is awaited.
 */
export async function deliverAll(input: Sender, planned: PlannedDelivery[]): Promise<void> {
  const started: Promise<unknown>[] = [];
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
  /**
   * Takes over what is open now: what is gone is stopped; what is new starts when it is due and the same reader's attempts in flight have
   * ended, so that nothing overtakes them. What was taken back waits for nobody any more.
   */
  adjust: (stand: Pick<Stand, 'effects' | 'parked'>) => Promise<void>;
  /** Starts what is due, and answers when the next one is (epoch milliseconds), if any waits. */
  startDue: () => number | null;
  /** Starts what a person has opened again, unless it runs. */
  again: (reopened: PlannedDelivery[]) => void;
  /** Those that a person has given up wait for nobody any more. */
  giveUp: (ids: string[]) => void;
  /** Waits until all that has started has ended. */
  done: () => Promise<void>;
};

/** `again`: it was opened again before we had heard how it ended; `isTakenBack`: it waits for nobody, however it ends. */
type Started = {
  reader: string;
  scope: CancellationScope;
  ended: Promise<void>;
  isOver: boolean;
  isTakenBack?: boolean;
  again?: PlannedDelivery;
};

/** Who must hear things in their order: the customer, the barbers, a calendar (by its provider). */
function readerOf({ kind, channels: [way = 'mail'] = [] }: PlannedDelivery): string {
  return kind === 'calendar_barber' ? way : kind.endsWith('_barber') ? 'barber' : 'customer';
}

/**
 * One timer serves all effects that wait: the caller sleeps until the next one is due. `onParked` hears how many wait for a person, when
 * that changes.
 */
export function startSending(input: Sender, onParked: (count: number) => void): Sending {
  const running = new Map<string, Started>();
  const parked = new Set<string>();
  let waiting: PlannedDelivery[] = [];
  let stopping: Started[] = [];

  function start(effect: PlannedDelivery): void {
    const scope = new CancellationScope();
    const reader = readerOf(effect);
    const before = stopping.filter((each) => !each.isOver && each.reader === reader).map(({ ended }) => ended);
    const started: Started = {
      reader,
      scope,
      isOver: false,
      ended: scope
        .run(() => (before.length > 0 ? Promise.all(before).then(() => deliver(input, effect)) : deliver(input, effect)))
        .then((end) => {
          started.isOver = true;
          // Should it have ended otherwise, it is not acted on again.
          if (started.again && patched('again-once-over')) return start(started.again);
          if (end === 'parked' && !started.isTakenBack) onParked(parked.add(effect.id).size);
        }),
    };
    running.set(effect.id, started);
  }

  function startDue(): number | null {
    // Under a second is a difference between two clocks, not a plan.
    const isDue = ({ dueAt }: PlannedDelivery) => Date.parse(dueAt) - Date.now() < 1000;
    for (const effect of waiting.filter(isDue)) start(effect);
    waiting = waiting.filter((effect) => !isDue(effect));
    return waiting.length > 0 ? Math.min(...waiting.map(({ dueAt }) => Date.parse(dueAt))) : null;
  }

  return {
    startDue,
    adjust: async ({ effects: open, parked: stillParked }) => {
      const gone = [...running].filter(([id]) => !open.some((effect) => effect.id === id)).map(([, each]) => each);
      for (const { scope } of gone) scope.cancel();
      waiting = open.filter(({ id }) => !running.has(id));
      // Whoever hangs delays nobody but his own reader.
      if (gone.some(({ isOver }) => !isOver) && patched('wait-for-own-reader')) {
        stopping = gone;
        for (const [id, each] of running) each.isTakenBack = gone.includes(each) && !stillParked?.includes(id);
      } else await Promise.all(gone.map(({ ended }) => ended));
      const takenBack = [...parked].filter((id) => stillParked && !stillParked.includes(id) && !open.some((effect) => effect.id === id));
      for (const id of takenBack) parked.delete(id);
      if (takenBack.length > 0) onParked(parked.size);
    },
    again: (reopened) => {
      for (const effect of reopened) {
        const now = running.get(effect.id);
        if (now?.isOver === false) {
          now.again = effect;
          continue;
        }
        if (parked.delete(effect.id)) onParked(parked.size);
        // It may wait for its turn since the change that is being followed.
        if (waiting.some(({ id }) => id === effect.id) && patched('again-started-once'))
          waiting = waiting.filter(({ id }) => id !== effect.id);
        start(effect);
      }
    },
    giveUp: (ids) => {
      const given = ids.filter((id) => parked.delete(id));
      if (given.length > 0) onParked(parked.size);
    },
    done: async () => {
      while ([...running.values()].some(({ isOver }) => !isOver)) await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** By the first way that reaches the reader. */
async function deliver(input: Sender, effect: PlannedDelivery): Promise<SendState> {
  const begunAt = Date.now();
  try {
    for (const channel of effect.channels ?? ['mail']) {
      const state = await send(input, effect, channel, begunAt);
      if (state !== 'unreachable') return state;
    }
    return 'skipped';
  } catch (error) {
    const why = isCancellation(error) ? 'cancelled' : 'lost';
    return CancellationScope.nonCancellable(() => settle(input, effect, why));
  }
}

/** All ways share the time that the policy gives, which is from `begunAt` (epoch milliseconds) on. */
async function send({ networkId, policy }: Sender, effect: PlannedDelivery, channel: Channel, begunAt: number): Promise<SendState> {
  const leftMs = Math.max(0, Math.min(begunAt + policy.giveUpAfterSeconds * 1000, Date.parse(effect.usefulUntil)) - Date.now());
  const effects = proxyActivities<EffectActivities>({
    // Each provider has a queue and slots of its own: a slow one holds no other's.
    taskQueue: effectsQueue(workflowInfo().taskQueue, channel),
    summary: `${effect.kind} by ${channel}`,
    startToCloseTimeout: attemptSeconds * 1000,
    heartbeatTimeout: heartbeatSeconds * 1000,
    scheduleToCloseTimeout: leftMs + 2 * attemptSeconds * 1000,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // For time-outs and lost workers; a failure that the activity reports names its own next delay.
    retry: { initialInterval: '1s', backoffCoefficient: 5, maximumInterval: policy.retryEverySeconds * 1000 },
  });
  const input = { networkId, deliveryId: effect.id, policy, ...(channel !== 'mail' && { channel }) };
  const sent: SendResult | undefined = isCalendar(channel) ? await effects.keepCalendar(input) : await effects.sendMessage(input);
  // In histories from before there were several ways, nothing was answered.
  return sent?.state ?? 'delivered';
}

const isCalendar = (channel: Channel): boolean => (calendarProviders as readonly Channel[]).includes(channel);

/** Ends a delivery whose activity could not: it was cancelled between two tries, or its time limit ran out. */
async function settle(input: Sender, effect: PlannedDelivery, why: 'cancelled' | 'lost'): Promise<SendState> {
  const deciding = proxyActivities<DecidingActivities>({
    startToCloseTimeout: '10s',
    summary: `${effect.kind}: ${why}`,
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
  const settled: SendResult | undefined = await deciding.settleDelivery({ networkId: input.networkId, deliveryId: effect.id, why });
  return settled?.state ?? 'skipped';
}
