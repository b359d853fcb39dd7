/** The benchmark's tables. */
import type { Load } from './load.ts';

/** One measured stretch: CPU in milliseconds per booking, by part. */
export type Block = { name: 'bare' | 'ours'; clients: number; load: Load; cpu: Record<string, number> };

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const of = (blocks: Block[], name: Block['name'], clients?: number) =>
  blocks.filter((block) => block.name === name && (clients === undefined || block.clients === clients));
const fixed = (value: number, digits = 1) => value.toFixed(digits).padStart(8);

export function printTimes(blocks: Block[], clientCounts: number[]): void {
  console.log('\nAnswer time, ms (median of the rounds)    bare p50  bare p99  ours p50  ours p99  ours/bare p50   ours a second');
  for (const clients of clientCounts) {
    const value = (name: Block['name'], pick: (load: Load) => number) => median(of(blocks, name, clients).map(({ load }) => pick(load)));
    const [bare50, bare99, ours50, ours99] = [
      value('bare', (l) => l.p50),
      value('bare', (l) => l.p99),
      value('ours', (l) => l.p50),
      value('ours', (l) => l.p99),
    ];
    console.log(
      `  ${String(clients).padStart(3)} clients                            ` +
        `${[bare50, bare99, ours50, ours99].map((v) => fixed(v)).join('  ')}  ` +
        `${fixed(ours50 / bare50, 2)}       ${fixed(value('ours', (l) => l.perSecond))}`,
    );
  }
}

/** CPU does not depend on how many clients there are, nor much on a noisy neighbour: the median over all blocks. */
export function printCosts(blocks: Block[]): void {
  console.log('\nCPU per booking, ms (median of the blocks; effects paused)      bare      ours   ours/bare');
  let [bareSum, oursSum] = [0, 0];
  for (const part of ['api', 'worker', 'temporal', 'postgres']) {
    const [bare, ours] = (['bare', 'ours'] as const).map((name) => median(of(blocks, name).map(({ cpu }) => cpu[part]!)));
    bareSum += bare!;
    oursSum += ours!;
    console.log(`  ${part.padEnd(54)}${fixed(bare!)}  ${fixed(ours!)}  ${fixed(ours! / bare!, 2)}`);
  }
  console.log(`  ${'sum'.padEnd(54)}${fixed(bareSum)}  ${fixed(oursSum)}  ${fixed(oursSum / bareSum, 2)}   (goal: at most 1.6)`);
}

export function printEffects(count: number, seconds: number, cpu: Record<string, number>): void {
  const sum = Object.values(cpu).reduce((total, value) => total + value, 0);
  console.log(
    `  one mail: ${Object.entries(cpu)
      .map(([part, ms]) => `${part} ${ms.toFixed(1)}`)
      .join(', ')}; together ${sum.toFixed(1)} ms of CPU; ${(count / seconds).toFixed(1)} mails a second`,
  );
}
