/** A CalDAV server on one machine: Radicale, on the loopback address, with users whose passwords can be changed while it runs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireFreePort } from './ports.ts';
import { endLeftover, startProcess, waitUntil } from './processes.ts';
import type { Log } from './progress.ts';

export interface RadicaleOptions {
  /** A Python that has Radicale; see python.ts. */
  python: string;
  port: number;
  /** Holds calendars, users, log and pid file. */
  folder: string;
  log: Log;
}

export interface Radicale {
  url: string;
  /** Replaces all users; who is gone is refused from now on. */
  setUsers(users: Record<string, string>): void;
  stop(): Promise<void>;
}

/** Starts the server and waits until it answers. Each user has all rights below `/<user>/` and none elsewhere. */
export async function startRadicale({ python, port, folder, log }: RadicaleOptions): Promise<Radicale> {
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'radicale.pid');
  await endLeftover(pidFile);
  await requireFreePort(port, 'the CalDAV server', 'CALDAV_PORT');
  const usersFile = join(folder, 'users');
  const setUsers = (users: Record<string, string>) =>
    writeFileSync(
      usersFile,
      Object.entries(users)
        .map(([name, password]) => `${name}:${password}\n`)
        .join(''),
      { mode: 0o600 },
    );
  setUsers({});
  const settings = {
    'server-hosts': `127.0.0.1:${port}`,
    'auth-type': 'htpasswd',
    'auth-htpasswd-filename': usersFile,
    'auth-htpasswd-encryption': 'plain',
    'auth-delay': '0',
    'storage-filesystem-folder': join(folder, 'calendars'),
    'rights-type': 'owner_only',
    'logging-level': 'warning',
  };
  const server = {
    name: 'The CalDAV server',
    command: python,
    // No settings of the machine's own Radicale.
    args: ['-m', 'radicale', '--config', '', ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])],
    env: process.env,
    logFile: join(folder, 'radicale.log'),
    pidFile,
  };
  const url = `http://127.0.0.1:${port}`;
  const running = await startProcess(server);
  // Without a user it asks for one.
  await waitUntil(async () => (await fetch(`${url}/`, { method: 'PROPFIND' }).catch(() => null))?.status === 401, running, server);
  log(`CalDAV server ready on ${url}`);
  return { url, setUsers, stop: () => running.stop() };
}
