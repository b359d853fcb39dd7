/**
 * Program: sends a day of booking requests through the HTTP API of the running system, waits for the mails, and proves in the database that
 * nobody was booked twice and nobody refused without a reason; then what becomes of the bookings (cancels, moves, no-shows), and proves
 * that rows, events, claimed time and messages say what was last answered. Exit code 1 if any of that fails.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import pg from 'pg';
import { createAfter, lastAnswers } from './replay/after.ts';
import { secondsSince, sendAll } from './replay/lanes.ts';
import { deliveryReader, inboxReader, waitForMails } from './replay/mails.ts';
import { readOptions, usage, type Options } from './replay/options.ts';
import { printable } from './replay/print.ts';
import { countMessages, findWrong, readZones, waitUntilSent } from './replay/proof-after.ts';
import { countOverlaps, findUnexplained, readClockOffset, type Refusal } from './replay/proof.ts';
import { countMails, isGood, splitRepeats, tally, tallyAfter, type AfterReport, type Report } from './replay/report.ts';
import { inPhases, localStart, readRows, type Row } from './replay/rows.ts';
import { book, type Sent } from './replay/send.ts';

function toRefusals(sent: Sent[], from: string, clockOffset: number): Refusal[] {
  return sent.flatMap(({ row, answer, answeredAt }) => {
    if (answer.kind !== 'refused') return [];
    const { key, shopId, serviceId, barberId } = row;
    const answered = new Date(answeredAt + clockOffset).toISOString();
    return [
      { key, code: answer.code, shopId, serviceId, barberId: barberId || null, localStart: localStart(row, from), answeredAt: answered },
    ];
  });
}

/** Sends the bookings, then asks the inbox and the database what came of them. */
async function replayBookings(
  options: Options,
  rows: Row[],
  database: pg.Pool,
  clockOffset: number,
): Promise<{ sent: Sent[]; report: Omit<Report, 'after'> }> {
  const startedAt = performance.now();
  const sent = await sendAll(options, 'Requests', rows, (row) => book(options, row));
  const counts = tally(sent, secondsSince(startedAt));

  const customers = new Map(sent.flatMap(({ row, answer }) => (answer.kind === 'done' ? [[answer.appointmentId, row.email]] : [])));
  const ids = [...customers.keys()];
  const waitedFrom = performance.now();
  const reader = options.mailApi === null ? deliveryReader(database, ids) : inboxReader(options.mailApi, customers);
  const found = await waitForMails(reader, ids.length);
  const report = {
    file: basename(options.file),
    from: options.from,
    run: options.run,
    ...counts,
    mails: countMails(found, ids, options.mailApi === null ? 'delivery rows' : 'inbox', secondsSince(waitedFrom)),
    overlaps: await countOverlaps(database, ids),
    unexplained: await findUnexplained(database, toRefusals(splitRepeats(sent).first, options.from, clockOffset)),
  };
  return { sent, report };
}

/** Sends what becomes of the bookings, and holds the database against the last answers of both phases. */
async function replayAfter(options: Options, rows: Row[], bookings: Sent[], database: pg.Pool, clockOffset: number): Promise<AfterReport> {
  const booked = new Map(bookings.flatMap(({ row, answer }) => (answer.kind === 'done' ? [[row.key, answer.appointmentId]] : [])));
  const zones = await readZones(database);
  const since = new Date(Date.now() + clockOffset);
  const startedAt = performance.now();
  const send = createAfter({ target: options, booked, zoneOf: (shopId) => zones.get(shopId) ?? 'UTC', now: options.now });
  const sent = await sendAll(options, 'Then    ', rows, send);
  const counts = tallyAfter(sent, secondsSince(startedAt));

  const last = lastAnswers([...bookings, ...sent]);
  const ids = last.map(({ appointmentId }) => appointmentId);
  const waitedFrom = performance.now();
  await waitUntilSent(database, ids);
  const waitedSeconds = secondsSince(waitedFrom);
  return {
    ...counts,
    messages: { ...(await countMessages(database, ids, since)), waitedSeconds },
    overlaps: await countOverlaps(
      database,
      last.flatMap(({ appointmentId, status }) => (status === 'confirmed' ? [appointmentId] : [])),
    ),
    wrong: await findWrong(database, last),
  };
}

/**
 * In two phases, each with its proofs: a refused booking must be held against the diary as it was then, not against one from which time was
 * given back since; and a confirmation that has not gone out when its appointment is cancelled or moved is withdrawn, so all are awaited
 * first.
 */
async function replay(options: Options, { bookings, after }: ReturnType<typeof inPhases>, database: pg.Pool): Promise<Report> {
  const clockOffset = await readClockOffset(database);
  const { sent, report } = await replayBookings(options, bookings, database, clockOffset);
  return { ...report, after: await replayAfter(options, after, sent, database, clockOffset) };
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), Date.now());
  if (options === null) {
    console.log(usage);
    return 0;
  }
  if (!existsSync(options.file)) throw new Error(`There is no file ${options.file}.`);
  const rows = inPhases(readRows(options.file), options.limit);
  if (rows.bookings.length === 0) throw new Error(`There are no bookings in ${options.file}.`);
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
    console.error(
      `Sending ${rows.bookings.length} bookings and ${rows.after.length} requests about them to ${options.api}, ` +
        `day 0 is ${options.from}, run ${options.run}.`,
    );
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
