/** When a failed effect is tried again, and when it is too late for that. */
import type { DeliveryContext } from '../src/db/attempt.ts';

/** The waits between tries; see `Policy` in workflows/messages.ts, which is the workflow's input. */
export type RetryPolicy = { retryAfterSeconds: number[]; retryEverySeconds: number; giveUpAfterSeconds: number };

type Effect = Pick<DeliveryContext, 'firstTriedAt' | 'usefulUntil'>;

const firstTry = ({ firstTriedAt }: Effect, now: number): number => (firstTriedAt ? Date.parse(firstTriedAt) : now);

/**
 * Nothing is started later than this (epoch milliseconds): so long after the effect's first try, by whatever way that was, or when its use
 * is past.
 */
export const lastStart = (effect: Effect, policy: RetryPolicy, now: number): number =>
  Math.min(firstTry(effect, now) + policy.giveUpAfterSeconds * 1000, Date.parse(effect.usefulUntil));

/**
 * Seconds until the next try, or null when it would begin too late. A way that another one stands behind has the first half of the time:
 * the second must find its reader in time too. Where the provider asks for a longer wait, it is obeyed within those limits.
 */
export function nextWait(
  context: Effect & Pick<DeliveryContext, 'attempts'>,
  policy: RetryPolicy,
  now: number,
  { askedSeconds = null, hasNextWay = false }: { askedSeconds?: number | null; hasNextWay?: boolean } = {},
): number | null {
  const seconds = Math.max(policy.retryAfterSeconds[context.attempts - 1] ?? policy.retryEverySeconds, askedSeconds ?? 0);
  const [first, last] = [firstTry(context, now), lastStart(context, policy, now)];
  return now + seconds * 1000 <= (hasNextWay ? (first + last) / 2 : last) ? seconds : null;
}
