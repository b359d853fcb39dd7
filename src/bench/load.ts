/**
 * Requests by a closed loop of clients, each of which sends its next when the last one was answered; or at a steady pace, whatever the
 * answers do.
 */
import { setTimeout as wait } from 'node:timers/promises';

export type Load = { p50: number; p95: number; p99: number; perSecond: number };

/** The value below which a share of the sorted values lies. */
export const percentile = (sorted: number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

/** Runs the requests with so many clients at once; milliseconds. The first failure ends the measurement. */
export async function measure(clients: number, requests: number, request: () => Promise<void>): Promise<Load> {
  const times: number[] = [];
  let left = requests;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        const sent = performance.now();
        await request();
        times.push(performance.now() - sent);
      }
    }),
  );
  return loadOf(times, performance.now() - began);
}

/**
 * So many requests a second, each begun when its time has come: what one customer waits while others come as they like. Milliseconds. The
 * first failure ends the measurement.
 */
export async function measurePaced(perSecond: number, requests: number, request: () => Promise<void>): Promise<Load> {
  const times: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: requests }, async (_, index) => {
      const due = began + (index * 1000) / perSecond;
      await wait(Math.max(0, due - performance.now()));
      await request();
      times.push(performance.now() - due);
    }),
  );
  return loadOf(times, performance.now() - began);
}

function loadOf(times: number[], ms: number): Load {
  times.sort((a, b) => a - b);
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99), perSecond: times.length / (ms / 1000) };
}
