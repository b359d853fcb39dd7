/** What came of a replay: counted from the answers, the inbox and the database, and printed as a table of plain text. */
import type { Found } from './mails.ts';
import type { Judged, Overlaps } from './proof.ts';
import type { Sent } from './send.ts';

export type Tally = {
  requests: number;
  /** Distinct appointments. */
  booked: number;
  /** First submissions that were refused, by code. */
  refused: Record<string, number>;
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
  bookingsPerSecond: number;
};

export type Report = Tally & {
  file: string;
  from: string;
  run: string;
  mails: { source: 'inbox' | 'delivery rows'; customer: number; barber: number; extra: number; missing: string[]; waitedSeconds: number };
  overlaps: Overlaps;
  unexplained: Judged[];
};

/** The smallest value that at least `share` of the sorted values do not exceed. */
export function percentile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

const sameAnswer = (a: Sent, b: Sent): boolean => {
  if (a.answer.kind === 'booked') return b.answer.kind === 'booked' && a.answer.appointmentId === b.answer.appointmentId;
  return a.answer.kind === 'refused' && b.answer.kind === 'refused' && a.answer.code === b.answer.code;
};

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

/** Counts the answers. A repeat whose answer differs from the first is an error of the engine, whatever the answer is. */
export function tally(sent: Sent[], seconds: number): Tally {
  const { first, repeats } = splitRepeats(sent);
  const refused: Record<string, number> = {};
  for (const { answer } of first) if (answer.kind === 'refused') refused[answer.code] = (refused[answer.code] ?? 0) + 1;
  const faults = sent.flatMap(({ row, answer }) => (answer.kind === 'error' ? [{ key: row.key, text: answer.text }] : []));
  const differing = repeats.filter(({ repeat, of }) => repeat.answer.kind !== 'error' && of.answer.kind !== 'error' && !sameAnswer(repeat, of));
  const times = sent.flatMap(({ firstTryMs }) => firstTryMs ?? []).sort((a, b) => a - b);
  const booked = new Set(sent.flatMap(({ answer }) => (answer.kind === 'booked' ? [answer.appointmentId] : []))).size;
  return {
    requests: sent.length,
    booked,
    refused,
    repeats: { sent: repeats.length, sameAnswer: repeats.filter(({ repeat, of }) => sameAnswer(repeat, of)).length },
    pending: sent.filter(({ wasPending, answer }) => wasPending && answer.kind !== 'error').length,
    retries: sent.reduce((sum, { retries }) => sum + retries, 0),
    serverErrors: sent.reduce((sum, { serverErrors }) => sum + serverErrors, 0),
    errors: [...faults, ...differing.map(({ repeat }) => ({ key: repeat.row.key, text: 'the same key was answered differently' }))],
    answerMs: { p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99) },
    seconds,
    bookingsPerSecond: booked / seconds,
  };
}

/** The appointments that lack a mail, and the counts of those that came. */
export function countMails(found: Found, appointmentIds: string[], source: Report['mails']['source'], waitedSeconds: number): Report['mails'] {
  const missing = appointmentIds.flatMap((id) => [
    ...(found.customer.has(id) ? [] : [`${id} to the customer`]),
    ...(found.barber.has(id) ? [] : [`${id} to the barber`]),
  ]);
  return { source, customer: found.customer.size, barber: found.barber.size, extra: found.extra, missing, waitedSeconds };
}

/** Whether the run shows what it set out to show. */
export function isGood({ errors, overlaps, mails, unexplained }: Report): boolean {
  return errors.length + mails.missing.length + unexplained.length === 0 && Object.values(overlaps).every((count) => count === 0);
}

const listed = 10;
const some = <T>(items: T[], show: (item: T) => string): string[] => [
  ...items.slice(0, listed).map((item) => `    ${show(item)}`),
  ...(items.length > listed ? [`    … and ${items.length - listed} more`] : []),
];

/** The report for people. */
export function printable(report: Report): string {
  const { answerMs, repeats, overlaps, mails, refused } = report;
  const lines: [string, string | number][] = [
    ['day offset 0', report.from],
    ['run', report.run],
    ['requests', report.requests],
    ['booked', report.booked],
    ['refused', Object.values(refused).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(refused).sort().map(([code, count]): [string, number] => [`  ${code}`, count]),
    ['repeated submissions', `${repeats.sent}, of which ${repeats.sameAnswer} got the same answer`],
    ['pending at first, decided later', report.pending],
    ['retries after 429, 503 or a lost connection', report.retries],
    ['answers of 5xx', report.serverErrors],
    ['errors', report.errors.length],
    ['answer time p50 / p95 / p99', `${[answerMs.p50, answerMs.p95, answerMs.p99].map((ms) => ms.toFixed(0)).join(' / ')} ms`],
    ['bookings per second', `${report.bookingsPerSecond.toFixed(1)} over ${report.seconds.toFixed(1)} s`],
    [`mails by ${mails.source}`, `${mails.customer} to customers, ${mails.barber} to barbers, ${mails.missing.length} missing, after another ${mails.waitedSeconds.toFixed(1)} s`],
    ['overlapping claims / visits / visits with buffers', `${overlaps.occupancy} / ${overlaps.visits} / ${overlaps.visitsWithBuffers}`],
    ['bookings whose time is not claimed', overlaps.unclaimed],
    ['refusals without a reason', report.unexplained.length],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return [
    ...lines.map(([label, value]) => `${label.padEnd(width)}  ${value}`),
    ...some(report.errors, ({ key, text }) => `error ${key}: ${text}`),
    ...some(mails.missing, (what) => `missing mail: ${what}`),
    ...some(report.unexplained, ({ key, code, localStart, working, free }) => `refused without a reason: ${key} ${localStart} ${code}; at work ${working}, free ${free}`),
    isGood(report) ? 'Good: no error, no overlap, every mail there, every refusal explained.' : 'NOT good: see above.',
  ].join('\n');
}
