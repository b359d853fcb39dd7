/**
 * Program: what an operator does before there is an API key to do it with: networks and keys; and after clock rules have changed. Exit code
 * 0; 1 when the command could not be carried out; 2 when the request itself is faulty; 3 when something waits for a person.
 */
import { readConfig } from '../config.ts';
import { databaseSchemaVersion, openOrm } from '../db/orm.ts';
import { isDatabaseAway } from '../db/faults.ts';
import type { Said } from './command.ts';
import { commands } from './commands.ts';
import { usage, UsageError } from './options.ts';

/** Two words name a command; what follows are its options. Null asks for the usage. */
async function run(args: string[]): Promise<Said | null> {
  if (args.length === 0 || args[0] === 'help' || args.includes('--help') || args.includes('-h')) return null;
  const name = args.slice(0, 2).join(' ');
  if (!Object.hasOwn(commands, name)) throw new UsageError(`There is no command "${name}"; "help" lists them.`);
  const work = commands[name]!(args.slice(2), Date.now());
  const { databaseUrl } = readConfig();
  const orm = await openOrm({ databaseUrl, poolSize: 1 });
  try {
    if ((await databaseSchemaVersion(orm)) === null)
      throw new Error('The database has no schema yet: run the migrations first (node src/migrate.ts).');
    return await work(orm.em);
  } finally {
    await orm.close();
  }
}

/** One sentence. A driver's own text may quote values, so only faults of our own are told as they are. */
function sentence(error: unknown): string {
  if (isDatabaseAway(error)) return 'The database does not answer at the address in DATABASE_URL.';
  if (error instanceof Error && 'code' in error) return `The database refused (${String(error.code)}).`;
  return error instanceof Error ? error.message : String(error);
}

try {
  const said = await run(process.argv.slice(2));
  process.stdout.write(`${said?.result ?? usage}\n`);
  process.exitCode = said?.exitCode ?? 0;
  if (said?.remark !== undefined) process.stderr.write(`${said.remark}\n`);
} catch (error) {
  process.stderr.write(`${sentence(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
