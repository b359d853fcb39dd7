/** Shows that a long step is alive: a bar on a terminal, a plain line every few seconds elsewhere. */
import { SingleBar } from 'cli-progress';

export type Progress = { set(done: number): void; stop(): void };

const plainEveryMs = 5_000;

/** Begins a step of `total` things; `detail` is asked for what to show beside the count. */
export function startProgress(label: string, total: number, detail: () => string = () => ''): Progress {
  let done = 0;
  if (process.stderr.isTTY) {
    const bar = new SingleBar({ format: `${label} {bar} {value}/{total} {detail}`, barsize: 30, hideCursor: true });
    bar.start(total, 0, { detail: detail() });
    return {
      set: (value) => bar.update(value, { detail: detail() }),
      stop: () => bar.stop(),
    };
  }
  const print = (): void => console.error(`${label} ${done}/${total} ${detail()}`.trimEnd());
  const timer = setInterval(print, plainEveryMs);
  return {
    set: (value) => {
      done = value;
    },
    stop: () => {
      clearInterval(timer);
      print();
    },
  };
}
