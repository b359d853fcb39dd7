/** A part of the test run: a program in a process group of its own, whose lines are told apart from those of the part beside it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { endLeftover, endProcess, writePid } from '../src/dev/processes.ts';

export type Job = { name: string; command: string; args: string[]; env: NodeJS.ProcessEnv };

export const root = resolve(import.meta.dirname, '..');
/** How the notes of running jobs are called, for whoever cleans up. */
export const jobNote = /^job-.*\.pid$/;
const limitMinutes = 45;
const log = (line: string) => console.log(line);

/** Runs jobs, several at a time if asked; `interruption` keeps new ones from starting. `folder` holds a note of each that runs. */
export function createJobs(folder: string, interruption: AbortSignal) {
  const running = new Map<ChildProcess, string>();

  return {
    /** Runs it to its end. With `marked`, each line bears its name. @returns its exit code; null when it did not end by itself. */
    run: async ({ name, command, args, env }: Job, marked: boolean): Promise<number | null> => {
      if (interruption.aborted) return null;
      const stdio = marked ? 'pipe' : 'inherit';
      const child = spawn(command, args, { cwd: root, env, detached: true, stdio: ['ignore', stdio, stdio] });
      const pidFile = join(folder, `job-${name}.pid`);
      running.set(child, pidFile);
      for (const stream of [child.stdout, child.stderr])
        if (stream) createInterface({ input: stream }).on('line', (line) => log(`${name.padEnd(10)} ${line}`));
      if (child.pid !== undefined) writePid(pidFile, child.pid);
      const limit = setTimeout(() => {
        log(`${name} was ended after ${limitMinutes} minutes`);
        if (child.pid !== undefined) void endProcess(child.pid);
      }, limitMinutes * 60_000);
      const code = await new Promise<number | null>((done) => {
        child.once('exit', done);
        child.once('error', (error) => {
          log(error.message);
          done(null);
        });
      });
      clearTimeout(limit);
      // What it started and left running ends with it.
      if (child.pid !== undefined) await endProcess(child.pid, 2000);
      running.delete(child);
      rmSync(pidFile, { force: true });
      return code;
    },

    /** Asks all that run to end. */
    interrupt: (): void => {
      for (const { pid, exitCode } of running.keys()) if (pid !== undefined && exitCode === null) void endProcess(pid, 5000);
    },

    /** Ends what is left, however it came to be left. */
    end: async (): Promise<void> => {
      for (const pidFile of running.values()) await endLeftover(pidFile);
    },
  };
}

export type Jobs = ReturnType<typeof createJobs>;
