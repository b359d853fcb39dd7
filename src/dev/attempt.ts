/** Commands that get a program: each has a time limit, and dies with us. */
import { spawn } from 'node:child_process';

export interface Step {
  command: string;
  args: string[];
  minutes: number;
  env?: NodeJS.ProcessEnv;
  cwd: string;
  signal?: AbortSignal | undefined;
}

/** Runs a command with a limit; answers null, or why it failed. It dies with us, and all it started with it. */
export function attempt({ command, args, minutes, env = process.env, cwd, signal }: Step): Promise<string | null> {
  return new Promise((done, fail) => {
    signal?.throwIfAborted();
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4000);
      });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        /* it has ended */
      }
    };
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      kill();
    }, minutes * 60_000);
    process.once('exit', kill);
    signal?.addEventListener('abort', kill, { once: true });
    const settle = (problem: string | null) => {
      clearTimeout(limit);
      process.off('exit', kill);
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted) fail(new Error(`${command} was interrupted.`));
      else done(problem);
    };
    child.on('error', (error) => settle(error.message));
    child.on('close', (code) =>
      settle(code === 0 ? null : late ? `no result within ${minutes} minutes` : output.trim().split('\n').slice(-3).join(' ')),
    );
  });
}
