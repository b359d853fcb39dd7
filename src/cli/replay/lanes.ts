/** Sends rows in lanes: begun in their order, with at most so many in flight. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from './options.ts';
import { startProgress } from './progress.ts';
import type { Row } from './rows.ts';
import type { Sent } from './send.ts';

export const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;

/** Sends each row by `send` and answers in the rows' order; `rate` and `concurrency` are the options'. */
export async function sendAll(
  { rate, concurrency }: Options,
  label: string,
  rows: Row[],
  send: (row: Row) => Promise<Sent>,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  let next = 0;
  let answered = 0;
  let done = 0;
  const startedAt = performance.now();
  const progress = startProgress(label, rows.length, () => `${done} done, ${(done / secondsSince(startedAt)).toFixed(1)}/s`);

  async function lane(): Promise<void> {
    for (let index = next++; index < rows.length; index = next++) {
      if (rate !== null) await sleep(Math.max(0, (index / rate - secondsSince(startedAt)) * 1000));
      const result = await send(rows[index]!);
      sent[index] = result;
      if (result.answer.kind === 'done') done += 1;
      progress.set((answered += 1));
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, rows.length) }, lane));
  } finally {
    progress.stop();
  }
  return sent;
}
