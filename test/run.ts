/**
 * `npm test`: type check, lint, layout and every tier, on servers of their own. `npm test -- domain http` runs just these tiers, further
 * arguments (`--grep x`) go to mocha. Whatever happens, no process, folder or database of this run stays behind.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from '../src/dev/ports.ts';
import { readText } from '../src/dev/processes.ts';
import { NoPython, preparePython } from '../src/dev/python.ts';
import { startServers, type Servers } from '../src/dev/servers.ts';
import { createJobs, root, type Job, type Jobs } from './job.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** One line for each: what failed, and why in short. */
  failures: string[];
}

const allTiers = ['domain', 'db', 'activities', 'workflows', 'http', 'system', 'browser'];
/** Everything but these needs servers. */
const pureTiers = ['domain'];
/** These run beside the others, one after the other, so that both lanes take about as long: many wait more than they work. */
const besides = ['http', 'workflows', 'db'];
const log = (line: string) => console.log(line);

const args = process.argv.slice(2);
const firstOption = args.findIndex((arg) => arg.startsWith('-'));
const named = firstOption < 0 ? args : args.slice(0, firstOption);
const mochaArgs = firstOption < 0 ? [] : args.slice(firstOption);

const total: Counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
const interruption = new AbortController();
let noPython: string | undefined;

/** Adds what a check or a tier found. */
function add({ passed, failed, skipped, failures }: Counts): void {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  total.failures.push(...failures);
}

/** The environment of the tests: nothing in it may lead to a server that is not theirs. */
function testEnvironment(servers: Servers | null, prefix: string, python: string | null): NodeJS.ProcessEnv {
  const foreign = /^(DATABASE_|TEMPORAL_|SMTP_|MAIL_|SMS_|TWILIO_|PG[A-Z]+$|(POSTGRES_|WORKER_)?PORT$|TEST_)/;
  const ours = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const kept = { ...Object.fromEntries(ours), ...(python !== null && { TEST_PYTHON: python }) };
  if (servers === null) return kept;
  return {
    ...kept,
    TEST_DATABASE_URL: servers.databaseUrl,
    TEST_DATABASE_PREFIX: prefix,
    TEST_TEMPORAL_ADDRESS: servers.temporalAddress,
    TEST_SMTP_URL: servers.smtpUrl,
    TEST_MAIL_API: servers.mailApi ?? '',
  };
}

/** A check of the code as it stands: one test each. */
const checks: [name: string, command: string, args: string[]][] = [
  ['Type check', 'tsc', []],
  ['Lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['Layout', 'prettier', ['--log-level', 'warn', '--check', '.']],
];

async function runCheck(jobs: Jobs, [name, command, args]: (typeof checks)[number], marked: boolean): Promise<void> {
  const code = await jobs.run({ name: command, command: join(root, 'node_modules/.bin', command), args, env: process.env }, marked);
  const found = `${command} ended with ${code ?? 'a signal'}`;
  log(code === 0 ? `${name}\n  ✔ ${command} found nothing` : `${name}\n  ✘ ${found}`);
  add(
    code === 0 ? { passed: 1, failed: 0, skipped: 0, failures: [] } : { passed: 0, failed: 1, skipped: 0, failures: [`${name}: ${found}`] },
  );
}

const mocha = (tier: string, files: string[], env: NodeJS.ProcessEnv): Job => ({
  name: tier,
  command: process.execPath,
  args: [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--no-config',
    '--no-package',
    '--timeout',
    '60000',
    '--forbid-only',
    '--exit',
    '--reporter',
    join(root, 'test/reporter.ts'),
    ...mochaArgs,
    ...files,
  ],
  env,
});

/** One mocha process for one tier: a tier that crashes costs one failure and not the other tiers. */
async function runTier(jobs: Jobs, { tier, files }: Tier, env: NodeJS.ProcessEnv, folder: string, marked: boolean): Promise<void> {
  log(`\n${tier}`);
  const countsFile = join(folder, `${tier}.json`);
  const code = await jobs.run(mocha(tier, files, { ...env, TEST_COUNTS_FILE: countsFile }), marked);
  const text = readText(countsFile);
  const counts = text === null ? { passed: 0, failed: 0, skipped: 0, failures: [] } : (JSON.parse(text) as Counts);
  // A test that ends the process ends it with any code, and then there are no counts.
  const crashed = text === null || (code !== 0 && counts.failed === 0);
  const ended = `The tier ${tier} ended with ${code ?? 'a signal'} before its tests were done.`;
  if (crashed) log(ended);
  add({ ...counts, failed: counts.failed + (crashed ? 1 : 0), failures: crashed ? [...counts.failures, ended] : counts.failures });
}

/** Drops what tests left on a server that is not ours. */
async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [prefix]);
    for (const { datname } of rows) await client.query(`drop database "${datname}" with (force)`);
  } finally {
    await client.end();
  }
}

/** Starts PostgreSQL, Temporal and an inbox for this run alone; TEST_DATABASE_URL may name a PostgreSQL server. */
async function startOwnServers(folder: string): Promise<Servers> {
  const [postgres = 0, temporal = 0, temporalUi = 0, smtp = 0, mailUi = 0] = await freePorts(5);
  const databaseUrl = process.env.TEST_DATABASE_URL;
  return startServers({
    folder,
    ports: { postgres, temporal, temporalUi, smtp, mailUi },
    external: databaseUrl ? { databaseUrl } : {},
    throwaway: true,
    log,
    signal: interruption.signal,
  });
}

/** The Python that some tests need; without one they are left out, and this is said where nobody misses it: here, and in the last lines. */
async function findPython(): Promise<string | null> {
  try {
    return await preparePython(log, interruption.signal);
  } catch (error) {
    if (!(error instanceof NoPython)) throw error;
    noPython = error.message;
    log(`${error.message} Tests that need it are left out.`);
    return null;
  }
}

type Tier = { tier: string; files: string[] };

/** Everything between the first check and the last tier, in two lanes. */
async function runAll(jobs: Jobs, folder: string): Promise<void> {
  const tiers: Tier[] = allTiers
    .filter((tier) => named.length === 0 || named.includes(tier))
    .map((tier) => ({ tier, files: globSync(`test/${tier}/**/*.test.ts`, { cwd: root }).sort() }))
    .filter(({ files }) => files.length > 0);
  const prefix = `punctual_test_${randomBytes(4).toString('hex')}_`;
  const needsServers = tiers.some(({ tier }) => !pureTiers.includes(tier));
  const servers = needsServers && !interruption.signal.aborted ? await startOwnServers(folder) : null;
  try {
    const env = testEnvironment(servers, prefix, await findPython());
    const isBeside = ({ tier }: Tier): boolean => besides.includes(tier);
    const inTwo = tiers.some(isBeside) && !tiers.every(isBeside);
    const runLane = async (lane: Tier[]): Promise<void> => {
      for (const tier of lane) if (!interruption.signal.aborted) await runTier(jobs, tier, env, folder, inTwo);
    };
    const runShort = async (): Promise<void> => {
      if (named.length === 0) for (const check of checks) await runCheck(jobs, check, inTwo);
      await runLane(tiers.filter((tier) => !isBeside(tier)));
    };
    // The longest first.
    const long = tiers.filter(isBeside).toSorted((a, b) => besides.indexOf(a.tier) - besides.indexOf(b.tier));
    const ends = await Promise.allSettled([runShort(), runLane(long)]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    if (servers !== null && process.env.TEST_DATABASE_URL) await dropDatabases(process.env.TEST_DATABASE_URL, prefix);
    await servers?.stop();
  }
}

/** The whole run, with the folder that it leaves no trace of. */
async function main(): Promise<void> {
  const unknown = named.filter((tier) => !allTiers.includes(tier));
  if (unknown.length > 0) throw new Error(`There is no tier ${unknown.join(', ')}: the tiers are ${allTiers.join(', ')}.`);
  const folder = mkdtempSync(join(tmpdir(), 'punctual-test-'));
  chmodSync(folder, 0o711); // PostgreSQL's own user passes through
  const watchdog = spawn(process.execPath, [join(root, 'test/watchdog.ts'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const jobs = createJobs(folder, interruption.signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) return;
      log('\nInterrupted; cleaning up …');
      interruption.abort();
      jobs.interrupt();
    });
  }
  try {
    await runAll(jobs, folder);
  } finally {
    await jobs.end();
    rmSync(folder, { recursive: true, force: true });
    watchdog.stdin.end();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  total.failed += 1;
  total.failures.push(error instanceof Error ? error.message : String(error));
}
if (interruption.signal.aborted) process.exitCode = 130;
else if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
if (total.passed + total.failed === 0) console.error('No test ran.');
if (noPython !== undefined) console.error(`\nLeft out what needs Python: ${noPython}`);
// Once more, together: who reads a long log from its end should not have to search it.
if (total.failures.length > 0) console.log(`\nFailed:\n${total.failures.map((failure) => `  ${failure}`).join('\n')}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
