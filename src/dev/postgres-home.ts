/**
 * Where the embedded PostgreSQL lives and as whom it runs. It refuses to run as root, so for root it gets a user of its own, who
 * must be able to reach both the data and the programs: not so under a clone in a private home folder, then both lie elsewhere.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms, sharedFolder, type Identity } from './postgres-programs.ts';
import type { Log } from './progress.ts';

export interface PostgresHome {
  /** Holds the data folder, the password and the log. */
  folder: string;
  /** Runs one of the programs as the right user. */
  run(program: 'initdb' | 'pg_ctl', args: string[]): Promise<{ ok: boolean; output: string }>;
  /** Hands a file to the user that PostgreSQL runs as. */
  give(path: string): void;
}

const osUser = 'postgres';

/** Our own user's id and group, or null when there is no such user. */
function lookUp(): Identity | null {
  const [uid = NaN, gid = NaN] = ['-u', '-g'].map((flag) =>
    Number.parseInt(spawnSync('id', [flag, osUser], { encoding: 'utf8' }).stdout, 10),
  );
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : null;
}

/** The user that PostgreSQL runs as when we are root. */
function ensureUser(log: Log): Identity {
  const found = lookUp();
  if (found !== null) return found;
  log(`Making the system user "${osUser}", since PostgreSQL does not run as root`);
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', osUser]);
  const made = lookUp();
  if (made === null) {
    throw new Error(
      `PostgreSQL does not run as root and the user "${osUser}" could not be made: make it (useradd --system ${osUser}), ` +
        'run as another user, or set DATABASE_URL.',
    );
  }
  return made;
}

/** A folder that belongs to this user; null when the user cannot reach it. */
function ownFolder(folder: string, identity: Identity): string | null {
  mkdirSync(folder, { recursive: true });
  chownSync(folder, identity.uid, identity.gid);
  return spawnSync('test', ['-w', folder], { ...identity, cwd: '/' }).status === 0 ? folder : null;
}

/** Finds or makes the place: the wanted folder, or for root, where that cannot be reached, one of its own under /var/lib. */
export async function findHome(wanted: string, log: Log): Promise<PostgresHome> {
  let folder = wanted;
  let identity: Identity | null = null;
  if (process.getuid?.() === 0) {
    identity = ensureUser(log);
    mkdirSync(sharedFolder, { recursive: true });
    chmodSync(sharedFolder, 0o755); // whatever the umask says, that user passes through
    const elsewhere = join(sharedFolder, createHash('sha256').update(wanted).digest('hex').slice(0, 16));
    // Data stays where it once is: the workflows that belong to it lie in the clone.
    const staysElsewhere = existsSync(join(elsewhere, 'data')) && !existsSync(join(wanted, 'data'));
    const inClone = staysElsewhere ? null : ownFolder(wanted, identity);
    if (inClone === null && existsSync(join(wanted, 'data'))) {
      throw new Error(
        `The user "${osUser}" can no longer reach PostgreSQL's data in ${wanted}: give the folders above it the right ` +
          '"o+x", or remove the data.',
      );
    }
    const reached = inClone ?? ownFolder(elsewhere, identity);
    if (reached === null) throw new Error(`The user "${osUser}" can reach neither ${wanted} nor ${elsewhere}: set DATABASE_URL.`);
    if (reached === elsewhere) log(`PostgreSQL's data is in ${elsewhere}, because its user "${osUser}" cannot reach ${wanted}`);
    folder = reached;
  }
  const programs = await findPrograms(identity, log);
  // Only this environment: PGPORT, PGDATA and their like are meant for other servers.
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };
  return {
    folder,
    // In a process group of its own: the terminal's Ctrl-C must not leave a server half started or half stopped.
    run: (program, args) =>
      new Promise((resolve) => {
        const child = spawn(join(programs, 'bin', program), args, {
          ...identity,
          cwd: folder,
          env,
          detached: true,
          timeout: 120_000,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString();
          });
        child.on('error', (error) => resolve({ ok: false, output: error.message }));
        child.on('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
      }),
    give: (path) => {
      if (identity !== null) chownSync(path, identity.uid, identity.gid);
    },
  };
}
