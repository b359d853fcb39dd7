/**
 * Cleans up when the test runner is killed: `watchdog.ts <folder>`. Its standard input is a pipe from the runner, which ends with
 * the runner, however that ended. After an ordinary end the folder is gone already and there is nothing to do.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { discardPostgres } from '../src/dev/postgres.ts';
import { endLeftover } from '../src/dev/processes.ts';
import { jobNote } from './job.ts';

const folder = process.argv[2] ?? '';
process.stdin.resume();
process.stdin.on('end', () => void sweep());

/** Ends every process that is noted in the folder, tests first, then the servers that they use. */
async function sweep(): Promise<void> {
  if (!existsSync(folder)) return;
  const notes = readdirSync(folder).filter((name) => name.endsWith('.pid') && name !== 'owner.pid');
  for (const note of notes.sort((a, b) => Number(jobNote.test(b)) - Number(jobNote.test(a)))) await endLeftover(join(folder, note), 2000);
  if (existsSync(join(folder, 'postgres'))) await discardPostgres(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}
