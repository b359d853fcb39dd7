/** A Python with the packages of python-requirements.txt: a virtual environment that all clones share, made once. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { attempt } from './attempt.ts';
import { cacheFolder } from './cache.ts';
import { takeLock } from './lock.mjs';
import { withProgress, type Log } from './progress.ts';

const requirements = resolve(import.meta.dirname, 'python-requirements.txt');
const minutes = 5;

/** What is missing, in a sentence for people. */
export class NoPython extends Error {}

/** 3.10 is the least that the packages take; Debian ships `venv` and `ensurepip` apart. */
function findPython(): string {
  for (const program of ['python3', 'python']) {
    const { status } = spawnSync(program, ['-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))'], { timeout: 30_000 });
    if (status === 0) return program;
  }
  throw new NoPython('Python 3.10 or newer with venv is missing (on Debian: apt install python3-venv).');
}

/**
 * The program of that environment. Making it takes half a minute, once for each state of the requirements.
 * @throws NoPython when there is no Python to make it with, or its packages cannot be had.
 */
export async function preparePython(log: Log, signal?: AbortSignal): Promise<string> {
  const folder = cacheFolder(`python-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)}`);
  const program = join(folder, 'venv/bin/python');
  const isReady = () => existsSync(join(folder, 'ready')) && spawnSync(program, ['--version']).status === 0;
  if (isReady()) return program;
  const python = findPython();
  const release = await takeLock(
    join(folder, 'lock'),
    (minutes + 1) * 60_000,
    () => log('Waiting for another clone that is getting Python packages …'),
    signal,
  );
  try {
    if (isReady()) return program;
    rmSync(join(folder, 'ready'), { force: true });
    mkdirSync(folder, { recursive: true });
    const problem = await withProgress(
      'Getting Python packages (once)',
      log,
      async () =>
        (await attempt({ command: python, args: ['-m', 'venv', '--clear', join(folder, 'venv')], minutes, cwd: folder, signal })) ??
        attempt({
          command: program,
          args: ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--requirement', requirements],
          minutes,
          cwd: folder,
          signal,
        }),
    );
    if (problem !== null) throw new NoPython(`Python's packages could not be had: ${problem}`);
    writeFileSync(join(folder, 'ready'), '');
    return program;
  } finally {
    release();
  }
}
