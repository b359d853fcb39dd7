/** A closed loop of clients: each sends its next request when the last one was answered. */

export type Load = { p50: number; p99: number; perSecond: number };

/** The value below which a share of the sorted values lies. */
export const percentile = (sorted: number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

/** Runs the requests with so many clients at once; milliseconds. The first failure ends the measurement. */
export async function measure(clients: number, requests: number, request: () => Promise<void>): Promise<Load> {
  const times: number[] = [];
  let left = requests;
  const began = performance.now();
  await Promise.all(Array.from({ length: clients }, async () => {
    while (left > 0) {
      left -= 1;
      const sent = performance.now();
      await request();
      times.push(performance.now() - sent);
    }
  }));
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), perSecond: requests / seconds };
}
