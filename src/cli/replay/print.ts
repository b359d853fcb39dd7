/** The report as a table of plain text. */
import { faults } from './proof-after.ts';
import type { Overlaps } from './proof.ts';
import { isGood, type AfterReport, type Report } from './report.ts';

type Line = [label: string, value: string | number];

const listed = 10;
const some = <T>(items: T[], show: (item: T) => string): string[] => [
  ...items.slice(0, listed).map((item) => `    ${show(item)}`),
  ...(items.length > listed ? [`    … and ${items.length - listed} more`] : []),
];

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0);
const byCode = (label: string, refused: Record<string, number>): Line[] => [
  [label, sum(refused)],
  ...Object.entries(refused)
    .sort()
    .map(([code, count]): Line => [`  ${code}`, count]),
];

type Counted = Pick<Report, 'repeats' | 'pending' | 'retries' | 'serverErrors' | 'errors' | 'answerMs'>;

const common = ({ repeats, pending, retries, serverErrors, errors, answerMs }: Counted): Line[] => [
  ['repeated submissions', `${repeats.sent}, of which ${repeats.sameAnswer} got the same answer`],
  ['pending at first, decided later', pending],
  ['retries after 429, 503 or a lost connection', retries],
  ['answers of 5xx', serverErrors],
  ['errors', errors.length],
  ['answer time p50 / p95 / p99', `${[answerMs.p50, answerMs.p95, answerMs.p99].map((ms) => ms.toFixed(0)).join(' / ')} ms`],
];

const overlapLines = (overlaps: Overlaps): Line[] => [
  ['overlapping claims / visits / visits with buffers', `${overlaps.occupancy} / ${overlaps.visits} / ${overlaps.visitsWithBuffers}`],
  ['bookings whose time is not claimed', overlaps.unclaimed],
];

const labels: Record<(typeof faults)[number], string> = {
  disagrees: 'rows that disagree with the last answer',
  events: 'appointments with more or fewer events than versions',
  claimed: 'over, but time still claimed',
  untold: 'last words not delivered, or not once',
  parked: 'messages parked',
  overdue: 'messages due and not sent',
};

function afterLines(after: AfterReport): Line[] {
  const { messages } = after;
  return [
    ['requests', after.requests],
    ['cancelled', after.cancelled],
    ...(sum(after.cancelsRefused) > 0 ? byCode('cancels refused', after.cancelsRefused) : []),
    ['moved', after.moved],
    ...byCode('moves refused', after.movesRefused),
    ['no-shows', after.noShows],
    ...(sum(after.noShowsRefused) > 0 ? byCode('no-shows refused', after.noShowsRefused) : []),
    ['not possible: never booked', after.notPossible],
    ...common(after),
    ['requests per second', `${(after.requests / after.seconds).toFixed(1)} over ${after.seconds.toFixed(1)} s`],
    [
      'messages delivered',
      `${sum(messages.delivered)}, ${messages.withdrawn} withdrawn, after another ${messages.waitedSeconds.toFixed(1)} s`,
    ],
    ...Object.entries(messages.delivered).map(([kind, count]): Line => [`  ${kind}`, count]),
    ...overlapLines(after.overlaps),
    ...faults.map((fault): Line => [labels[fault], after.wrong[fault].length]),
  ];
}

/** The report for people. */
export function printable(report: Report): string {
  const { mails, after } = report;
  const first: Line[] = [
    ['day offset 0', report.from],
    ['run', report.run],
    ['requests', report.requests],
    ['booked', report.booked],
    ...byCode('refused', report.refused),
    ...common(report),
    ['bookings per second', `${report.bookingsPerSecond.toFixed(1)} over ${report.seconds.toFixed(1)} s`],
    [
      `mails by ${mails.source}`,
      `${mails.customer} to customers, ${mails.barber} to barbers, ` +
        `${mails.missing.length} missing, after another ${mails.waitedSeconds.toFixed(1)} s`,
    ],
    ...overlapLines(report.overlaps),
    ['refusals without a reason', report.unexplained.length],
  ];
  const second = after.requests > 0 ? afterLines(after) : [];
  const width = Math.max(...[...first, ...second].map(([label]) => label.length));
  const table = (lines: Line[]): string[] => lines.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
  return [
    ...table(first),
    ...(second.length > 0 ? ['', 'What became of the bookings', ...table(second)] : []),
    ...some([...report.errors, ...after.errors], ({ key, text }) => `error ${key}: ${text}`),
    ...some(mails.missing, (what) => `missing mail: ${what}`),
    ...some(
      report.unexplained,
      ({ key, code, localStart, working, free }) =>
        `refused without a reason: ${key} ${localStart} ${code}; at work ${working}, free ${free}`,
    ),
    ...faults.flatMap((fault) => some(after.wrong[fault], ({ appointmentId, what }) => `${labels[fault]}: ${appointmentId} ${what}`)),
    isGood(report)
      ? 'Good: no error, no overlap, every mail there, every refusal explained, every last answer true.'
      : 'NOT good: see above.',
  ].join('\n');
}
