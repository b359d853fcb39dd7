/**
 * Requests at even distances, so that what is allowed in a second is not asked for in its first tenth: the turns of Temporal's queues come
 * in bursts.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** They leave more evenly than they arrive: so much of what is allowed is used. */
const share = 0.95;

/**
 * A function that resolves when it is the caller's turn, in the order of the calls; of one process. At once, where nothing was asked for
 * lately.
 */
export function createPace(
  perSecond: number,
  now: () => number = () => performance.now(),
  wait: (ms: number) => Promise<unknown> = sleep,
): () => Promise<void> {
  const distance = 1000 / (perSecond * share);
  let next = -Infinity;
  return async () => {
    const at = now();
    const turn = Math.max(at, next);
    next = turn + distance;
    if (turn > at) await wait(turn - at);
  };
}
