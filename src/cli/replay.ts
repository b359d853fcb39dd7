/**
 * Program: sends a day of booking requests through the HTTP API of the running system, waits for the mails, and proves in the database
 * that nobody was booked twice and nobody refused without a reason. Exit code 1 if any of that fails.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { deliveryReader, inboxReader, waitForMails } from './replay/mails.ts';
import { readOptions, usage, type Options } from './replay/options.ts';
import { startProgress } from './replay/progress.ts';
import { countOverlaps, findUnexplained, readClockOffset, type Refusal } from './replay/proof.ts';
import { countMails, isGood, printable, splitRepeats, tally, type Report } from './replay/report.ts';
import { localStart, readRows, type Row } from './replay/rows.ts';
import { send, type Sent } from './replay/send.ts';

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;

/** Sends all rows, begun in their order, with at most `concurrency` in flight. */
async function sendAll(options: Options, rows: Row[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  let next = 0;
  let done = 0;
  const booked = new Set<string>();
  const startedAt = performance.now();
  const progress = startProgress('Requests', rows.length, () => `${booked.size} booked, ${(booked.size / secondsSince(startedAt)).toFixed(1)}/s`);

  async function lane(): Promise<void> {
    for (let index = next++; index < rows.length; index = next++) {
      if (options.rate !== null) await sleep(Math.max(0, (index / options.rate - secondsSince(startedAt)) * 1000));
      const result = await send(options, rows[index]!);
      sent[index] = result;
      if (result.answer.kind === 'booked') booked.add(result.answer.appointmentId);
      progress.set((done += 1));
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(options.concurrency, rows.length) }, lane));
  } finally {
    progress.stop();
  }
  return sent;
}

function toRefusals(sent: Sent[], from: string, clockOffset: number): Refusal[] {
  return sent.flatMap(({ row, answer, answeredAt }) => {
    if (answer.kind !== 'refused') return [];
    const { key, shopId, serviceId, barberId } = row;
    const answered = new Date(answeredAt + clockOffset).toISOString();
    return [{ key, code: answer.code, shopId, serviceId, barberId: barberId || null, localStart: localStart(row, from), answeredAt: answered }];
  });
}

/** Sends the file, then asks the inbox and the database what became of it. */
async function replay(options: Options, rows: Row[], database: pg.Pool): Promise<Report> {
  const clockOffset = await readClockOffset(database);
  const startedAt = performance.now();
  const sent = await sendAll(options, rows);
  const counts = tally(sent, secondsSince(startedAt));

  const customers = new Map(sent.flatMap(({ row, answer }) => (answer.kind === 'booked' ? [[answer.appointmentId, row.email]] : [])));
  const ids = [...customers.keys()];
  const waitedFrom = performance.now();
  const reader = options.mailApi === null ? deliveryReader(database, ids) : inboxReader(options.mailApi, customers);
  const found = await waitForMails(reader, ids.length);
  return {
    file: basename(options.file),
    from: options.from,
    run: options.run,
    ...counts,
    mails: countMails(found, ids, options.mailApi === null ? 'delivery rows' : 'inbox', secondsSince(waitedFrom)),
    overlaps: await countOverlaps(database, ids),
    unexplained: await findUnexplained(database, toRefusals(splitRepeats(sent).first, options.from, clockOffset)),
  };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options === null) {
    console.log(usage);
    return 0;
  }
  if (!existsSync(options.file)) throw new Error(`There is no file ${options.file}.`);
  const rows = readRows(options.file).slice(0, options.limit);
  if (rows.length === 0) throw new Error(`There are no rows in ${options.file}.`);
  const database = new pg.Pool({ connectionString: options.databaseUrl, max: 1, application_name: 'punctual replay' });
  // A connection may die while requests are sent (the database is restarted, say); the next query opens another.
  database.on('error', () => {});
  try {
    await database.query('select 1');
    await fetch(new URL('/healthz', options.api), { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    throw new Error(`The system does not answer at ${options.api}, or its database does not; is npm start running?`, { cause: error });
  }
  try {
    console.error(`Sending ${rows.length} requests to ${options.api}, day 0 is ${options.from}, run ${options.run}.`);
    const report = await replay(options, rows, database);
    console.log(printable(report));
    if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    return isGood(report) ? 0 : 1;
  } finally {
    await database.end();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
