/** When a failed effect is tried again. */
import type { DeliveryContext } from '../src/db/attempt.ts';

/** The waits between tries; see `Policy` in workflows/messages.ts, which is the workflow's input. */
export type RetryPolicy = { retryAfterSeconds: number[]; retryEverySeconds: number; giveUpAfterSeconds: number };

/**
 * Seconds until the next try, or null when it would begin later than the policy or the effect's use allows. Where the provider asks for a
 * longer wait, it is obeyed within those limits.
 */
export function nextWait(
  context: Pick<DeliveryContext, 'attempts' | 'firstTriedAt' | 'usefulUntil'>,
  policy: RetryPolicy,
  now: number,
  askedSeconds: number | null = null,
): number | null {
  const seconds = Math.max(policy.retryAfterSeconds[context.attempts - 1] ?? policy.retryEverySeconds, askedSeconds ?? 0);
  const startsAt = now + seconds * 1000;
  const firstTriedAt = context.firstTriedAt ? Date.parse(context.firstTriedAt) : now;
  const last = Math.min(firstTriedAt + policy.giveUpAfterSeconds * 1000, Date.parse(context.usefulUntil));
  return startsAt <= last ? seconds : null;
}
