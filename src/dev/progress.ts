/** Shows that a long step is alive. */

/** Takes one line for people. */
export type Log = (line: string) => void;

/** Runs a step; logs that it began, and how long it has been going every 15 s, so that nobody takes it for a hang. */
export async function withProgress<T>(label: string, log: Log, work: () => Promise<T>): Promise<T> {
  const start = Date.now();
  log(`${label} …`);
  const timer = setInterval(() => log(`${label} … ${Math.round((Date.now() - start) / 1000)} s`), 15_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
