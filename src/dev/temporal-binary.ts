/** Finds the program `temporal`: on PATH, in the cache that all clones share, by the SDK's download, or by building it with Go. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from './attempt.ts';
import { cacheFolder } from './cache.ts';
import { takeLock } from './lock.mjs';
import { withProgress, type Log } from './progress.ts';

const version = '1.5.1';
const downloadMinutes = 2;
const buildMinutes = 20;

/** True when version `a` is at least `b`, part by part. */
function atLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const different = right.findIndex((part, i) => part !== left[i]);
  return different < 0 || (left[different] ?? 0) > (right[different] ?? 0);
}

/**
 * Whether what `temporal --version` says is new enough: server 1.29 knows everything that we use. Built by `go install`, the CLI
 * calls itself 0.0.0-DEV, so then the server's version alone tells.
 */
export function isRecent(text: string): boolean {
  const match = /version v?(\S+) \(Server v?([\d.]+)/.exec(text);
  if (match === null) return false;
  const [, cli = '', server = ''] = match;
  return (cli.startsWith('0.0.0') || atLeast(cli, '1.4.1')) && atLeast(server, '1.29');
}

/** What a program says its version is; null when it cannot be run. */
function versionOf(program: string): string | null {
  const result = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return result.status === 0 ? result.stdout.trim() : null;
}

/** The two ways to get the program; each leaves it in `folder` under the name it returns. */
async function fetchInto(folder: string, log: Log, signal: AbortSignal | undefined): Promise<string | null> {
  const download = join(import.meta.dirname, 'temporal-download.ts');
  const noDownload = await withProgress(`Downloading Temporal's CLI ${version}`, log, () =>
    attempt({ command: process.execPath, args: [download, folder, `v${version}`], minutes: downloadMinutes, cwd: folder, signal }),
  );
  if (noDownload === null) return join(folder, `temporal-v${version}`);
  log(`The download failed: ${noDownload}`);
  if (spawnSync('go', ['version']).status !== 0) return null;
  const noBuild = await withProgress(`Building Temporal's CLI ${version} with Go (about 5 minutes, once)`, log, () =>
    attempt({
      command: 'go',
      args: ['install', `github.com/temporalio/cli/cmd/temporal@v${version}`],
      minutes: buildMinutes,
      env: { ...process.env, GOBIN: folder, GOTMPDIR: folder },
      cwd: folder,
      signal,
    }),
  );
  if (noBuild === null) return join(folder, 'temporal');
  log(`The build failed: ${noBuild}`);
  return null;
}

/** The path of a `temporal` that is new enough. Getting it may take minutes; the signal ends that. */
export async function findTemporal(log: Log, signal?: AbortSignal): Promise<string> {
  const onPath = versionOf('temporal');
  if (onPath !== null && isRecent(onPath)) return 'temporal';
  if (onPath !== null) log(`The temporal on PATH is too old (${onPath}); 1.4.1 with server 1.29 is the least. Looking further.`);
  const folder = cacheFolder(`temporal-${version}`);
  const program = join(folder, 'temporal');
  const isCached = () => isRecent(versionOf(program) ?? '');
  if (isCached()) return program;
  const release = await takeLock(
    join(folder, 'lock'),
    (downloadMinutes + buildMinutes + 2) * 60_000,
    () => {
      log("Waiting for another clone that is getting Temporal's CLI …");
    },
    signal,
  );
  // Under another name until it is whole and runs: other clones look into this folder at any time.
  const unfinished = join(folder, `unfinished-${process.pid}`);
  try {
    if (isCached()) return program;
    mkdirSync(unfinished, { recursive: true });
    const fetched = await fetchInto(unfinished, log, signal);
    if (fetched !== null && isRecent(versionOf(fetched) ?? '')) {
      renameSync(fetched, program);
      return program;
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    release();
  }
  throw new Error(
    `Temporal's CLI could not be had: install "temporal" ${version} so that it is on PATH (docs.temporal.io/cli), ` +
      'or install Go, or give a running server by TEMPORAL_ADDRESS.',
  );
}
