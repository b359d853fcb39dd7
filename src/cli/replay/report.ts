/** What came of a replay: counted from the answers, the inbox and the database. */
import { isDeepStrictEqual } from 'node:util';
import type { Found } from './mails.ts';
import type { Messages, Wrong } from './proof-after.ts';
import type { Judged, Overlaps } from './proof.ts';
import type { RowAction } from './rows.ts';
import type { Sent } from './send.ts';

/** What the answers of either phase have in common. */
type Counts = {
  requests: number;
  /** Rows whose key had been sent before, and how many of them got the very answer of the first. */
  repeats: { sent: number; sameAnswer: number };
  /** Answered "pending" at first and decided later. */
  pending: number;
  retries: number;
  /** HTTP answers of 500 and above, those that were retried with success included. */
  serverErrors: number;
  errors: { key: string; text: string }[];
  answerMs: { p50: number; p95: number; p99: number };
  seconds: number;
};

export type Tally = Counts & {
  /** Distinct appointments. */
  booked: number;
  /** First submissions that were refused, by code. */
  refused: Record<string, number>;
  bookingsPerSecond: number;
};

/** What became of the bookings: first submissions, by what they did or why they could not. */
export type AfterTally = Counts & {
  cancelled: number;
  cancelsRefused: Record<string, number>;
  moved: number;
  /** The appointment stays as it was: see `wrong.disagrees`. */
  movesRefused: Record<string, number>;
  noShows: number;
  /** Visits of the past that could not be written down, or not as missed. */
  noShowsRefused: Record<string, number>;
  /** Cancels and moves of what was never booked. */
  notPossible: number;
};

export type AfterReport = AfterTally & { messages: Messages & { waitedSeconds: number }; overlaps: Overlaps; wrong: Wrong };

export type Report = Tally & {
  file: string;
  from: string;
  run: string;
  mails: { source: 'inbox' | 'delivery rows'; customer: number; barber: number; extra: number; missing: string[]; waitedSeconds: number };
  overlaps: Overlaps;
  unexplained: Judged[];
  after: AfterReport;
};

/** The smallest value that at least `share` of the sorted values do not exceed. */
export function percentile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Splits the rows, in the order of the file, into first submissions and repeats of a key. */
export function splitRepeats(sent: Sent[]): { first: Sent[]; repeats: { repeat: Sent; of: Sent }[] } {
  const byKey = new Map<string, Sent>();
  const repeats: { repeat: Sent; of: Sent }[] = [];
  for (const each of sent) {
    const earlier = byKey.get(each.row.key);
    if (earlier) repeats.push({ repeat: each, of: earlier });
    else byKey.set(each.row.key, each);
  }
  return { first: [...byKey.values()], repeats };
}

/** A repeat whose answer differs from the first is an error of the engine, whatever the answer is. */
function count(sent: Sent[], seconds: number): Counts {
  const { repeats } = splitRepeats(sent);
  const faults = sent.flatMap(({ row, answer }) => (answer.kind === 'error' ? [{ key: row.key, text: answer.text }] : []));
  const isSame = ({ repeat, of }: (typeof repeats)[number]): boolean =>
    repeat.answer.kind !== 'error' && isDeepStrictEqual(repeat.answer, of.answer);
  const differing = repeats.filter((each) => each.repeat.answer.kind !== 'error' && each.of.answer.kind !== 'error' && !isSame(each));
  const times = sent.flatMap(({ firstTryMs }) => firstTryMs ?? []).sort((a, b) => a - b);
  return {
    requests: sent.length,
    repeats: { sent: repeats.length, sameAnswer: repeats.filter(isSame).length },
    pending: sent.filter(({ wasPending, answer }) => wasPending && answer.kind !== 'error').length,
    retries: sent.reduce((sum, { retries }) => sum + retries, 0),
    serverErrors: sent.reduce((sum, { serverErrors }) => sum + serverErrors, 0),
    errors: [...faults, ...differing.map(({ repeat }) => ({ key: repeat.row.key, text: 'the same key was answered differently' }))],
    answerMs: { p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99) },
    seconds,
  };
}

function refusedByCode(sent: Sent[]): Record<string, number> {
  const refused: Record<string, number> = {};
  for (const { answer } of sent) if (answer.kind === 'refused') refused[answer.code] = (refused[answer.code] ?? 0) + 1;
  return refused;
}

/** Counts the answers of the bookings. */
export function tally(sent: Sent[], seconds: number): Tally {
  const booked = new Set(sent.flatMap(({ answer }) => (answer.kind === 'done' ? [answer.appointmentId] : []))).size;
  return { ...count(sent, seconds), booked, refused: refusedByCode(splitRepeats(sent).first), bookingsPerSecond: booked / seconds };
}

/** Counts the answers of what came after. */
export function tallyAfter(sent: Sent[], seconds: number): AfterTally {
  const { first } = splitRepeats(sent);
  const of = (action: RowAction): Sent[] => first.filter(({ row }) => row.action === action);
  const done = (action: RowAction): number => of(action).filter(({ answer }) => answer.kind === 'done').length;
  return {
    ...count(sent, seconds),
    cancelled: done('cancel'),
    cancelsRefused: refusedByCode(of('cancel')),
    moved: done('reschedule'),
    movesRefused: refusedByCode(of('reschedule')),
    noShows: done('no_show'),
    noShowsRefused: refusedByCode(of('no_show')),
    notPossible: first.filter(({ answer }) => answer.kind === 'impossible').length,
  };
}

/** The appointments that lack a mail, and the counts of those that came. */
export function countMails(
  found: Found,
  appointmentIds: string[],
  source: Report['mails']['source'],
  waitedSeconds: number,
): Report['mails'] {
  const missing = appointmentIds.flatMap((id) => [
    ...(found.customer.has(id) ? [] : [`${id} to the customer`]),
    ...(found.barber.has(id) ? [] : [`${id} to the barber`]),
  ]);
  return { source, customer: found.customer.size, barber: found.barber.size, extra: found.extra, missing, waitedSeconds };
}

/** Whether the run shows what it set out to show. */
export function isGood({ errors, overlaps, mails, unexplained, after }: Report): boolean {
  const isNone = (counts: object): boolean => Object.values(counts).every((count) => count === 0);
  const isRight = Object.values(after.wrong).every((found) => found.length === 0);
  return (
    errors.length + mails.missing.length + unexplained.length + after.errors.length === 0 &&
    isNone(overlaps) &&
    isNone(after.overlaps) &&
    isRight
  );
}
