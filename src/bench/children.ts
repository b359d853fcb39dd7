/** The benchmark's programs: each a process of its own, forked with a channel, ended by closing it. */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export type Child = { child: ChildProcess; said: unknown };

const children: ChildProcess[] = [];

/** Forks a program of this folder and waits for its first message. */
export async function begin(name: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Child> {
  const child = fork(join(import.meta.dirname, name), args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  const said = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${name} ${args.join(' ')} ended with ${code}`)));
  });
  return { child, said };
}

const ended = (child: ChildProcess) =>
  Promise.race([
    new Promise((resolve) => {
      child.once('exit', resolve);
    }),
    wait(10_000).then(() => child.kill('SIGKILL')),
  ]);

/** Ends all that were begun. */
export async function endChildren(): Promise<void> {
  const running = children.splice(0).filter((child) => child.exitCode === null);
  for (const child of running) if (child.connected) child.disconnect();
  await Promise.all(running.map(ended));
}
