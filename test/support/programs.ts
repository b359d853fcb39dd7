/** The programs as an operator runs them: child processes that are told by signals and heard by their log lines. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { portIsFree } from '../../src/dev/ports.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { eventually, programEnvironment } from './engine.ts';

const root = resolve(import.meta.dirname, '../..');
const startWithinMs = 60_000;

export type Program = {
  pid: number;
  /** Both streams, so far. */
  output: () => string;
  isRunning: () => boolean;
  /** Sends the signal, waits for the end, and answers the exit code, or the signal that ended it. */
  end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<number | string>;
};

export type ApiProgram = Program & { url: string };

/** Starts a program in the process group of the tests, so that it never outlives them, and waits for the line that says it is up. */
async function startProgram(
  file: string,
  env: Record<string, string>,
  upMessage: string,
): Promise<Program & { up: Record<string, unknown> }> {
  const child = spawn(process.execPath, [join(root, file)], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env, LOG_LEVEL: env.LOG_LEVEL === 'debug' ? 'debug' : 'info' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const closed = once(child, 'close');
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const program: Program = {
    pid: child.pid!,
    isRunning,
    output: () => output,
    end: async (signal) => {
      child.kill(signal);
      await closed;
      return child.signalCode ?? child.exitCode!;
    },
  };
  const upLine = () => output.split('\n').find((line) => line.includes(`"msg":"${upMessage}"`));
  try {
    const line = await eventually(
      async () => (isRunning() ? upLine() : 'ended'),
      (found) => found !== undefined,
      startWithinMs,
    );
    if (line === 'ended') throw new Error(`${file} ended: ${output}`);
    return { ...program, up: JSON.parse(line!) as Record<string, unknown> };
  } catch (error) {
    await program.end('SIGKILL');
    throw error;
  }
}

export async function startApiProgram(env: Record<string, string>): Promise<ApiProgram> {
  const { up, ...program } = await startProgram('src/api.ts', env, 'the API listens');
  return { ...program, url: String(up.url) };
}

export async function startWorkerProgram(env: Record<string, string>, upMessage = 'the worker runs'): Promise<Program> {
  const { up: _, ...program } = await startProgram('src/worker.ts', env, upMessage);
  return program;
}

/** A database and a task queue, and the programs that work on them; `close` ends whatever a failed test left running. */
export type Site = {
  database: TestDatabase;
  env: Record<string, string>;
  startApi: (more?: Record<string, string>) => Promise<ApiProgram>;
  /** Waits for another message than that it runs, if one is named. */
  startWorker: (more?: Record<string, string>, upMessage?: string) => Promise<Program>;
  close: () => Promise<void>;
};

export async function openSite(more: Record<string, string> = {}, existing?: TestDatabase): Promise<Site> {
  const database = existing ?? (await createDatabase());
  const env = programEnvironment(database, `test-${randomUUID()}`, more);
  const programs: Program[] = [];
  const noted = async <T extends Program>(starting: Promise<T>): Promise<T> => {
    const program = await starting;
    programs.push(program);
    return program;
  };
  return {
    database,
    env,
    startApi: (more = {}) => noted(startApiProgram({ ...env, ...more })),
    startWorker: (more = {}, upMessage?: string) => noted(startWorkerProgram({ ...env, ...more }, upMessage)),
    close: async () => {
      await Promise.all(programs.filter((program) => program.isRunning()).map((program) => program.end('SIGKILL')));
      await database.drop();
    },
  };
}

/** A session of the test's own that stands in others' way: what it has locked, they wait for, until `release`. */
export async function standInTheWay(database: TestDatabase, statement: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => {}); // the server may be killed on purpose
  await client.connect();
  await client.query('begin');
  await client.query(statement, values);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const { pid } = rows[0]!;
  const whoWaits = `from pg_stat_activity where ?::int = any(pg_blocking_pids(pid))`;
  const waiting = async () => {
    const [row] = await database.orm.em.fork().execute<{ count: number }[]>(`select count(*)::int as count ${whoWaits}`, [pid]);
    return row!.count;
  };
  return {
    /** Waits until so many sessions wait for this one. */
    blocks: (count = 1) => eventually(waiting, (found) => found >= count),
    /** Ends the sessions that wait: left alone, one whose program is dead would still do what it was told last. */
    cut: () => database.orm.em.fork().execute(`select pg_terminate_backend(pid) ${whoWaits}`, [pid]),
    /** Takes back what was done, and lets go. */
    release: async () => {
      await client.query('rollback').catch(() => {});
      await client.end().catch(() => {});
    },
  };
}

/** Stops every reservation of this barber inside its transaction, before its first write. */
export const holdDiary = (database: TestDatabase, barberId: string) =>
  standInTheWay(database, 'select from diary where barber_id = $1 for update', [barberId]);

/** Kills a server of the test's own and waits until its port is free again; a negative pid kills the process group. */
export async function killServer(pid: number, port: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await eventually(
    () => portIsFree(port),
    (isFree) => isFree,
  );
}

/** A folder for servers of the test's own; they end, and it goes, also when the tests are killed. */
export function serverFolder(): { folder: string; release: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-own-servers-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user passes through
  const watchdog = spawn(process.execPath, [join(root, 'test/watchdog.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  return {
    folder,
    release: () => {
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
      watchdog.stdin.end();
    },
  };
}
