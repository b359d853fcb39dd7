/**
 * Servers as child processes: started in a process group of their own, so that the terminal's Ctrl-C does not end them
 * before whoever uses them has drained, and found again by a pid file when the process that started them was killed.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that runs. */
export interface Running {
  pid: number;
  /** Null while it runs, afterwards how it ended. */
  ended(): string | null;
  stop(): Promise<void>;
}

export interface ServerCommand {
  /** What it is, for sentences. */
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  logFile: string;
  pidFile: string;
}

/** The file's text, or null when it cannot be read. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The command line of a process, or null when there is none; one that has ended and waits for its parent has none. */
export function commandLine(pid: number): string | null {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() || null;
  const result = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return result.stdout.trim() || null;
}

/** Notes a process in a pid file, with its command line: pids are reused, and another program must never be taken for ours. */
export function writePid(pidFile: string, pid: number): void {
  writeFileSync(pidFile, `${pid}\n${commandLine(pid) ?? ''}\n`);
}

/** The process noted in a pid file, if it is still the same one. */
export function livePid(pidFile: string): number | null {
  const [pid, command] = readText(pidFile)?.split('\n') ?? [];
  return pid && command && commandLine(Number(pid)) === command ? Number(pid) : null;
}

/** True while the process exists; one that has ended and waits for its parent counts as ended. */
function isAlive(pid: number): boolean {
  return commandLine(pid) !== null;
}

/** Ends a process and its group: a request first, force after `graceMs`. */
export async function endProcess(pid: number, graceMs = 15_000): Promise<void> {
  if (pid <= 1) return; // "-0" would be our own group
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 5000],
  ] as const) {
    try {
      process.kill(-pid, signal);
    } catch {
      return; // the whole group is gone
    }
    const end = Date.now() + waitMs;
    while (isAlive(pid) && Date.now() < end) await sleep(50);
  }
}

/** Ends the server that an earlier, killed start left behind, if there is one. */
export async function endLeftover(pidFile: string, graceMs?: number): Promise<void> {
  const pid = livePid(pidFile);
  if (pid !== null) await endProcess(pid, graceMs);
  rmSync(pidFile, { force: true });
}

/** The last lines of a log, for a sentence that tells of a failure. */
export function lastLines(logFile: string, count = 8): string {
  return (readText(logFile) ?? '').trim().split('\n').slice(-count).join('\n');
}

/** Begins a log anew when it has grown large: nobody rotates the logs of a development server. */
export function trimLog(logFile: string): void {
  const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > 20_000_000) rmSync(logFile);
}

/** Starts a server; it may not be ready yet when this returns. */
export async function startProcess({ name, command, args, env, logFile, pidFile }: ServerCommand): Promise<Running> {
  trimLog(logFile);
  // An inbox's log names addresses.
  const log = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], ...(env && { env }) });
  } finally {
    closeSync(log);
  }
  const { pid } = child;
  if (pid === undefined) {
    const reason = await new Promise<Error>((resolve) => child.once('error', resolve));
    throw new Error(`${name} could not be started: ${reason.message}.`);
  }
  let end: string | null = null;
  child.once('exit', (code, signal) => {
    end = signal ?? `exit code ${code}`;
  });
  writePid(pidFile, pid);
  return {
    pid,
    ended: () => end,
    stop: async () => {
      await endProcess(pid);
      rmSync(pidFile, { force: true });
    },
  };
}

/** Asks `ready` until it says yes; fails when the server has ended or `limitMs` passed. */
export async function waitUntil(ready: () => Promise<boolean>, server: Running, what: ServerCommand, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await ready())) {
    const ended = server.ended();
    if (ended === null && Date.now() < end) {
      await sleep(50);
      continue;
    }
    const how = ended === null ? `did not answer within ${limitMs / 1000} s` : `ended at once (${ended})`;
    await server.stop();
    throw new Error(`${lastLines(what.logFile)}\n${what.name} ${how}; its log is ${what.logFile}.`);
  }
}
