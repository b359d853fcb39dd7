/**
 * `npm run bench -- bookings`: what a booking costs, beside the bare engine in the same run. Everything is a process of its own on servers
 * of its own; effects are paused (nobody polls their queue) and then drained, so that their cost is told apart. Ratios travel between
 * machines, not times.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { begin } from './children.ts';
import { cpuOf } from './cpu.ts';
import { measure, type Load } from './load.ts';
import { openStage } from './stage.ts';
import { printCosts, printEffects, printTimes, type Block } from './report.ts';

const clientCounts = [1, 10, 40];
const rounds = Number(process.env.BENCH_ROUNDS || 3);
const requests = Number(process.env.BENCH_REQUESTS || 200);

/** Measures in `folder`, which must be empty and the caller's to remove. */
export async function benchBookings(folder: string): Promise<void> {
  console.log(`Bookings: ${rounds} rounds of ${requests} a block.`);
  const { servers, deps, env, shared, apiPid, workerPid, book, close } = await openStage(folder);
  try {
    const bareWorker = await begin('bare.ts', ['worker', servers.databaseUrl, servers.temporalAddress]);
    const bareClient = await begin('bare.ts', ['client', servers.databaseUrl, servers.temporalAddress]);
    const roots = {
      bare: { api: bareClient.child.pid!, worker: bareWorker.child.pid!, ...shared },
      ours: { api: apiPid, worker: workerPid, ...shared },
    };
    const runs = {
      bare: async (clients: number, count: number): Promise<Load> => {
        bareClient.child.send({ clients, requests: count });
        return new Promise((resolve) => {
          bareClient.child.once('message', resolve as (load: unknown) => void);
        });
      },
      ours: (clients: number, count: number) => measure(clients, count, book),
    };

    console.log(`\nWarming up …`);
    for (const name of ['bare', 'ours'] as const) await runs[name](10, requests);
    const blocks: Block[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const clients of clientCounts) {
        // Each pair in turn first, so that a drift of the machine hits both.
        for (const name of round % 2 === 0 ? (['bare', 'ours'] as const) : (['ours', 'bare'] as const)) {
          await wait(1000);
          const before = cpuOf(roots[name]);
          const load = await runs[name](clients, requests);
          // What the servers still write for these bookings belongs to them.
          await wait(1500);
          const after = cpuOf(roots[name]);
          blocks.push({
            name,
            clients,
            load,
            cpu: Object.fromEntries(Object.keys(after).map((part) => [part, (after[part]! - before[part]!) / requests])),
          });
          console.log(
            `  round ${round + 1}, ${clients} clients, ${name}: ${load.perSecond.toFixed(1)} a second, ` +
              `p50 ${load.p50.toFixed(0)} ms, p99 ${load.p99.toFixed(0)} ms`,
          );
        }
      }
    }
    printTimes(blocks, clientCounts);
    printCosts(blocks);

    const count = async () =>
      (
        await deps.orm.em
          .fork()
          .execute<{ open: number }[]>(
            `select count(*)::int as open from delivery where state in ('due', 'in_flight') and kind not like 'reminder%'`,
          )
      )[0]!.open;
    const waiting = await count();
    const effects = await begin('programs.ts', ['effects'], env);
    const effectRoots = { effects: effects.child.pid!, worker: workerPid, ...shared };
    const before = cpuOf(effectRoots);
    const began = performance.now();
    console.log(`\nDraining ${waiting} mails …`);
    while ((await count()) > 0) await wait(250);
    const seconds = (performance.now() - began) / 1000;
    const after = cpuOf(effectRoots);
    printEffects(waiting, seconds, Object.fromEntries(Object.keys(after).map((part) => [part, (after[part]! - before[part]!) / waiting])));
  } finally {
    await close();
  }
}
