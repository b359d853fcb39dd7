/** An attempt at an effect, whichever: it begins under a lease, shows that it lives, and ends the delivery or names its own next try. */
import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { beginAttempt, isStillMine, type DeliveryContext } from '../src/db/attempt.ts';
import { endDelivery, noteFailure, putOff, type DeliveryEnd } from '../src/db/delivery-end.ts';
import type { Channel } from '../src/domain/channel.ts';
import type { SendResult } from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';
import type { Failure } from './failure.ts';
import { withHeartbeat } from './heartbeat.ts';
import { lastStart, nextWait, type RetryPolicy } from './retry.ts';
import { toResult } from './send-result.ts';

const busyAgainSeconds = 20;
/** Well before Temporal takes a silent worker for dead (`heartbeatSeconds` in workflows/effects.ts) and begins another attempt. */
const slowMs = 5000;

export type SendInput = {
  networkId: string;
  deliveryId: string;
  policy: RetryPolicy;
  /** By mail, where it is missing. */
  channel?: Channel;
};

export function createAttempts({ orm, metrics, now }: Pick<ActivityDeps, 'orm' | 'metrics' | 'now'>) {
  async function end(context: DeliveryContext, how: DeliveryEnd): Promise<SendResult> {
    const attempt = how.state === 'delivered' ? {} : { beganAt: context.beganAt };
    const state = await endDelivery(orm.em.fork(), context.networkId, context.id, { ...how, ...attempt });
    if (state !== 'due') metrics.deliveries.inc({ kind: context.kind, state });
    return toResult(state);
  }

  const begun = new WeakMap<DeliveryContext, number>();

  return {
    end,
    /**
     * Before it is handed over: a worker that stood still (a frozen process, a laptop that slept) may have been taken for dead, and another
     * attempt be at it. Throws then; nobody hears that any more. Asks only where much time has passed.
     */
    stillMine: async (context: DeliveryContext): Promise<void> => {
      if (now().getTime() - (begun.get(context) ?? 0) < slowMs || (await isStillMine(orm.em.fork(), context))) return;
      throw ApplicationFailure.create({ message: 'another attempt has begun', type: 'Overtaken' });
    },
    /**
     * It has gone: if the database blinks now, writing that again is cheaper than doing it twice. Known already not to arrive, it goes on
     * by `next`.
     */
    delivered: (context: DeliveryContext, providerId: string, next: Channel | null = null): Promise<SendResult> =>
      patiently(() => end(context, { state: 'delivered', providerId, next })),

    /**
     * Runs `act` for a delivery that is open and of use. One that has ended is not acted on again, and one attempt at a time is at it: that
     * of a worker that died ends with its lease.
     */
    run: async (input: SendInput, act: (context: DeliveryContext) => Promise<SendResult>): Promise<SendResult> => {
      const { workflowExecution, activityId, attempt } = activityInfo();
      const by = { activity: `${workflowExecution?.workflowId} ${activityId}`, attempt };
      return withHeartbeat(async () => {
        const at = now().getTime();
        const context = await beginAttempt(orm.em.fork(), input.networkId, input.deliveryId, by);
        if (!context) return { state: 'skipped' };
        begun.set(context, at);
        // Its worker died, or a person had it tried again while it runs: the lease ends by itself.
        if (context.busy)
          throw ApplicationFailure.create({ message: 'another attempt is at it', type: 'Busy', nextRetryDelay: busyAgainSeconds * 1000 });
        if (context.state !== 'in_flight') return toResult(context.state);
        // An earlier run has passed it on to another way, which is not to wait for the end of this lease.
        if (context.channel !== (input.channel ?? 'mail')) {
          await putOff(orm.em.fork(), context, { waitSeconds: 0, unclear: context.unclear });
          return { state: 'unreachable' };
        }
        if (context.withdrawn) return end(context, { state: 'skipped', errorClass: 'unwanted', errorText: 'the appointment has changed' });
        if (at >= Date.parse(context.usefulUntil))
          return end(context, { state: 'skipped', errorClass: 'too_late', errorText: 'its use is past' });
        // A late report, a lost worker or another way may have opened it again; what it says of itself is why it was.
        if (at > lastStart(context, input.policy, at))
          return end(context, { state: 'parked', errorClass: context.unclear ? 'unclear' : tooLate(context) });
        return act(context);
      });
    },

    /** It is not the time for it: throws with the delay, and the attempt is none. */
    later: async (context: DeliveryContext, until: number): Promise<never> => {
      const waitSeconds = Math.ceil((until - now().getTime()) / 1000);
      await putOff(orm.em.fork(), context, { waitSeconds, unclear: context.unclear });
      throw ApplicationFailure.create({
        message: 'it waits for the end of quiet hours',
        type: 'Quiet',
        nextRetryDelay: waitSeconds * 1000,
      });
    },

    /**
     * After a failure that may pass: throws it with its next delay. When that would be too late, or the sign-in is dead, answers what
     * `goOn` does, where there is another way; else the delivery is parked. Without `goOn` the time is this way's alone.
     */
    retry: async (
      context: DeliveryContext,
      failure: Failure,
      policy: RetryPolicy,
      goOn: ((why: 'transient' | 'sign_in') => Promise<SendResult>) | null = null,
    ): Promise<SendResult> => {
      const { kind, message: errorText, retryAfterSeconds: askedSeconds } = failure;
      // Doubt is kept, also for whoever has it tried again.
      const errorClass = failure.isUnclear && kind === 'transient' ? 'unclear' : kind;
      const waitSeconds =
        kind === 'sign_in' ? null : nextWait(context, policy, now().getTime(), { askedSeconds, hasNextWay: goOn !== null });
      // What a try before this one has left in doubt may have reached the reader.
      if (waitSeconds === null && goOn && kind !== 'permanent' && !(kind === 'sign_in' && context.unclear)) return goOn(kind);
      if (waitSeconds === null) return end(context, { state: 'parked', errorClass, errorText });
      await noteFailure(orm.em.fork(), context, { errorClass, errorText, waitSeconds });
      throw ApplicationFailure.create({ message: errorText, type: 'SendError', nextRetryDelay: waitSeconds * 1000 });
    },
  };
}

/** Of what has no time left: the failure before, but for that of another way's sign-in. */
const tooLate = ({ errorClass }: DeliveryContext): string => (errorClass === null || errorClass === 'sign_in' ? 'transient' : errorClass);

/** Up to 18 s, well within the activity's limit. */
async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries > 8) throw error;
      await wait(500 * tries);
    }
  }
}
