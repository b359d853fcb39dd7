/** What a program does around its work: start or say why not, run until a signal, stop once, and leave. */
export type Running = { stop: () => Promise<void>; ended?: Promise<void> };

/** A process group and a parent may both pass one signal on; what comes so soon after the first is the same wish. */
const sameWishMs = 2000;

/** Longer than every drain, so that only a stop that hangs is cut short. */
const stopWithinMs = 75_000;

/**
 * Runs until SIGINT or SIGTERM, or until `ended` settles, then stops. A signal during the start aborts `interrupted` and stops what has
 * been started. A failed start ends with one sentence and exit code 1; a second signal, later, ends at once.
 */
export async function runProgram(start: (interrupted: AbortSignal) => Promise<Running>): Promise<void> {
  const interruption = new AbortController();
  const signalled = new Promise<void>((resolve) => {
    let firstAt = 0;
    const onSignal = () => {
      if (firstAt !== 0 && Date.now() - firstAt > sameWishMs) process.exit(130);
      firstAt ||= Date.now();
      interruption.abort();
      resolve();
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  });
  let running: Running;
  try {
    running = await start(interruption.signal);
  } catch (error) {
    if (!interruption.signal.aborted) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(interruption.signal.aborted ? 130 : 1);
  }
  const failed = await Promise.race([
    signalled.then(() => false),
    ...(running.ended
      ? [
          running.ended.then(
            () => false,
            () => true,
          ),
        ]
      : []),
  ]);
  // A call that still repeats when its channel closes throws from a timer of the gRPC client: no reason to leave in a hurry.
  process.on('uncaughtException', (error) => process.stderr.write(`${error.name} while stopping\n`));
  setTimeout(() => {
    process.stderr.write('Stopping took too long; leaving without the rest.\n');
    process.exit(1);
  }, stopWithinMs).unref();
  await running.stop();
  process.exit(failed ? 1 : 0);
}
