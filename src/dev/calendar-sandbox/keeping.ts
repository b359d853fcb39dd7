/** The sandbox's memory in a file, so that what a person tries out outlives a restart. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyState, type State } from './state.ts';

const everyMs = 500;

/** Saves until it is stopped, and once more then; `mark` says when something has changed. */
export function keepSaving(file: string, state: State, mark: () => string): { stop: () => void } {
  let saved = '';
  const save = (): void => {
    const now = mark();
    if (now !== saved) write(file, state);
    saved = now;
  };
  const saving = setInterval(save, everyMs).unref();
  return {
    stop: () => {
      clearInterval(saving);
      save();
    },
  };
}

/** What was saved; nothing, where there is no file or it cannot be read. */
export function load(file: string): State {
  try {
    return { ...emptyState(), ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<State>) };
  } catch {
    return emptyState();
  }
}

/** Never half a file: an interrupted write leaves the one before. */
function write(file: string, state: State): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
