/** What a program does around its work: start or say why not, run until a signal, stop once, and leave. */
export type Running = { stop: () => Promise<void>; ended?: Promise<void> };

/**
 * Runs until SIGINT or SIGTERM, or until `ended` settles, then stops. A failed start ends with one sentence and exit code 1; a second
 * signal ends at once.
 */
export async function runProgram(start: () => Promise<Running>): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  const signal = new Promise<number>((resolve) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 1) process.exit(130);
      resolve(0);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
  const code = await Promise.race([signal, ...(running.ended ? [running.ended.then(() => 0, () => 1)] : [])]);
  await running.stop();
  process.exit(code);
}
