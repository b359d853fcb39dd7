/** Rules as they come over HTTP: hours, exceptions, segments, settings. What is refused here changes nothing. */
import { z } from 'zod';
import { messageChannels, textable } from '../domain/channel.ts';
import { lengthOf, type DayStretch, type Segment, type WeeklyStretch, type WorkPeriod } from '../domain/rules.ts';
import { localDate, text } from './schemas.ts';

const clock = (max: number) =>
  z
    .string('must be a text')
    .regex(/^\d\d:[0-5]\d$/, { message: 'must be HH:mm', abort: true })
    .transform((value) => Number(value.slice(0, 2)) * 60 + Number(value.slice(3)))
    .refine((minute) => minute <= max, { message: `must be at most ${clockText(max)}`, abort: true })
    .meta({ type: 'string', pattern: '^\\d\\d:[0-5]\\d$' });

export const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

const ordered = { path: ['to'], abort: true, message: 'must be after "from"; count on past midnight: 26:00 is 02:00 on the next day' };
const withinADay = { path: ['to'], abort: true, message: 'must be at most 24 hours after "from"' };

const dayStretch = z
  .strictObject({ from: clock(1439), to: clock(2880) })
  .refine(({ from, to }) => to > from, ordered)
  .refine(({ from, to }) => to - from <= 1440, withinADay)
  .transform(({ from, to }): DayStretch => ({ fromMinute: from, toMinute: to }));

const stretch = z
  .strictObject({
    weekday: z.literal([1, 2, 3, 4, 5, 6, 7], 'must be 1 (Monday) to 7 (Sunday)'),
    from: clock(1439),
    to: clock(2880),
  })
  .refine(({ from, to }) => to > from, ordered)
  .refine(({ from, to }) => to - from <= 1440, withinADay)
  .transform(({ weekday, from, to }): WeeklyStretch => ({ weekday, fromMinute: from, toMinute: to }));

const weekMinutes = 7 * 1440;
const onWeek = ({ weekday, fromMinute, toMinute }: WeeklyStretch): [number, number] => [
  (weekday - 1) * 1440 + fromMinute,
  (weekday - 1) * 1440 + toMinute,
];

/** Whether two weekly stretches share a minute, also over the end of the week. */
function clash(a: WeeklyStretch, b: WeeklyStretch): boolean {
  const [aFrom, aTo] = onWeek(a);
  const [bFrom, bTo] = onWeek(b);
  return [-weekMinutes, 0, weekMinutes].some((shift) => aFrom < bTo + shift && bFrom + shift < aTo);
}

/** Weekly hours: stretches that do not overlap. */
export const weeklyHours = z
  .array(stretch)
  .max(50)
  .superRefine((stretches, context) => {
    stretches.forEach((later, index) => {
      if (stretches.slice(0, index).some((earlier) => clash(earlier, later))) {
        context.addIssue({ code: 'custom', path: [index], message: 'overlaps another stretch', continue: false });
      }
    });
  });

/** Whether a break lies inside one of the shifts. */
export const insideHours = (pause: WeeklyStretch, hours: WeeklyStretch[]): boolean => {
  const [from, to] = onWeek(pause);
  return hours.some((shift) => {
    const [start, end] = onWeek(shift);
    return [-weekMinutes, 0, weekMinutes].some((turn) => start <= from + turn && to + turn <= end);
  });
};

/** Hours of one date: stretches that do not overlap. */
export const dayHours = z
  .array(dayStretch)
  .max(20)
  .superRefine((stretches, context) => {
    stretches.forEach((later, index) => {
      if (stretches.slice(0, index).some((earlier) => earlier.fromMinute < later.toMinute && later.fromMinute < earlier.toMinute)) {
        context.addIssue({ code: 'custom', path: [index], message: 'overlaps another stretch', continue: false });
      }
    });
  });

export const hoursView = (stretches: WeeklyStretch[]) =>
  stretches.map(({ weekday, fromMinute, toMinute }) => ({ weekday, from: clockText(fromMinute), to: clockText(toMinute) }));
export const hoursAnswer = z.array(z.object({ weekday: z.int(), from: z.string(), to: z.string() }));

export const dayHoursView = (stretches: DayStretch[]) =>
  stretches.map(({ fromMinute, toMinute }) => ({ from: clockText(fromMinute), to: clockText(toMinute) }));
export const dayHoursAnswer = z.array(z.object({ from: z.string(), to: z.string() }));

export const reason = text(200).or(z.literal('')).default('');

/** Whether a break on one date lies inside one of that date's shifts. */
export const insideDay = (pause: DayStretch, hours: DayStretch[]): boolean =>
  hours.some(({ fromMinute, toMinute }) => fromMinute <= pause.fromMinute && pause.toMinute <= toMinute);

/** Dated weekly hours of a barber in a shop: periods that do not overlap; `hours: null` keeps the shop's opening hours. */
const period = z
  .strictObject({
    fromDate: localDate.nullable().default(null),
    toDate: localDate.nullable().default(null),
    hours: weeklyHours.nullable(),
    breaks: weeklyHours.default([]),
  })
  .refine(({ fromDate, toDate }) => fromDate === null || toDate === null || toDate >= fromDate, {
    path: ['toDate'],
    message: 'must not be before fromDate',
  })
  .superRefine(({ hours, breaks }, context) => {
    breaks.forEach((pause, index) => {
      if (hours && !insideHours(pause, hours))
        context.addIssue({ code: 'custom', path: ['breaks', index], message: 'lies outside the hours' });
    });
  });

const meet = (a: WorkPeriod, b: WorkPeriod): boolean => (a.fromDate ?? '') <= (b.toDate ?? '9') && (b.fromDate ?? '') <= (a.toDate ?? '9');

export const periods = z
  .array(period)
  .min(1)
  .max(20)
  .superRefine((all, context) => {
    all.forEach((later, index) => {
      if (all.slice(0, index).some((earlier) => meet(earlier, later)))
        context.addIssue({ code: 'custom', path: [index], message: 'overlaps another period' });
    });
  });
export const periodsView = (all: WorkPeriod[]) =>
  all.map(({ fromDate, toDate, hours, breaks }) => ({ fromDate, toDate, hours: hours && hoursView(hours), breaks: hoursView(breaks) }));
export const periodsAnswer = z.array(
  z.object({ fromDate: z.string().nullable(), toDate: z.string().nullable(), hours: hoursAnswer.nullable(), breaks: hoursAnswer }),
);

/** The busy and free stretches of a service; a free one is the barber's to sell. */
export const segments = z
  .array(z.strictObject({ kind: z.enum(['busy', 'free']), minutes: z.int().min(1).max(1440) }))
  .min(1)
  .max(11)
  .refine((all) => lengthOf(all) <= 1440, 'must last a day at most')
  .refine((all) => all.at(0)?.kind === 'busy' && all.at(-1)?.kind === 'busy', 'must begin and end with a busy stretch')
  .refine(
    (all) => all.every(({ kind }, index) => index === 0 || kind !== all[index - 1]!.kind),
    'must have no two stretches of one kind in a row',
  );
export const segmentsAnswer = z.array(z.object({ kind: z.enum(['busy', 'free']), minutes: z.int() }));

/** A length is told as minutes or as segments; as both only if they agree. Null when neither is told. */
export function readSegments(given: {
  durationMinutes?: number | null | undefined;
  segments?: Segment[] | null | undefined;
}): Segment[] | null {
  return given.segments ?? (given.durationMinutes ? [{ kind: 'busy', minutes: given.durationMinutes }] : null);
}
export const agreeOnLength = (given: { durationMinutes?: number | null | undefined; segments?: Segment[] | null | undefined }): boolean =>
  !given.durationMinutes || !given.segments || lengthOf(given.segments) === given.durationMinutes;

const cap = z.int().min(1).max(1000).nullable().exactOptional();
const hourly = z.int().min(1).max(1_000_000).nullable().exactOptional();
export const slug = z
  .string('must be a text')
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and single hyphens')
  .max(80, 'must have at most 80 characters');

const wallTime = z.string('must be a text').regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time, such as 21:30');
const ways = z
  .array(z.enum(messageChannels))
  .min(1)
  .max(2)
  .refine((given) => new Set(given).size === given.length, 'must not name a way twice')
  .exactOptional()
  .meta({ description: 'By which ways customers are written to, in this order: the first by which they can be reached.' });

export const settings = z
  .strictObject({
    slotStepMinutes: z.int().min(5).max(240).exactOptional(),
    minimumNoticeMinutes: z.int().min(0).max(43_200).exactOptional(),
    bookingHorizonDays: z.int().min(1).max(730).exactOptional(),
    bufferBeforeMinutes: z.int().min(0).max(240).exactOptional(),
    bufferAfterMinutes: z.int().min(0).max(240).exactOptional(),
    holidaySets: z.array(slug).max(20).exactOptional(),
    maxVisitsPerBarberDay: cap,
    maxVisitsPerCustomerDay: cap,
    maxUpcomingVisitsPerCustomer: cap,
    reminderLeadMinutes: z.array(z.int().min(5).max(43_200)).max(5).exactOptional(),
    reminderJitterSeconds: z.int().min(0).max(600).exactOptional(),
    quietHours: z
      .strictObject({ from: wallTime, to: wallTime })
      .refine(({ from, to }) => from !== to, 'must not begin when it ends')
      .nullable()
      .exactOptional()
      .meta({ description: "In these hours of the shop's wall clock, which may span midnight, no reminder goes out." }),
    reminderChannels: ways,
    messageChannels: ways
      .unwrap()
      .refine((given) => given.includes('mail'), 'must hold "mail": every customer has an address, not each a phone')
      .exactOptional(),
    blindCalendar: z
      .enum(['block', 'warn', 'allow'])
      .exactOptional()
      .meta({
        description:
          "Where a barber's own calendar has not been seen for `blindCalendarMinutes`: no visits with him; visits, with a warning in " +
          'the answer and a conflict for a person to look at until the calendar has been seen; or visits all the same.',
      }),
    blindCalendarMinutes: z.int().min(5).max(10_080).exactOptional(),
    alsoBySms: z
      .array(z.enum(textable))
      .max(3)
      .exactOptional()
      .meta({ description: 'What goes out by SMS too, beside the mail with its invitation.' }),
    holdSeconds: z.int().min(1).max(3600).exactOptional(),
    offerMinutes: z.int().min(1).max(1440).exactOptional(),
    approvalRequired: z.boolean().exactOptional(),
    approvalWithinMinutes: z.int().min(1).max(43_200).exactOptional(),
    cancelCutoffMinutes: z.int().min(0).max(43_200).exactOptional(),
    lateCancel: z.enum(['count', 'refuse']).exactOptional(),
    rescheduleCutoffMinutes: z.int().min(0).max(43_200).exactOptional(),
    noShowGraceMinutes: z.int().min(0).max(1440).nullable().exactOptional(),
    strikeWindowDays: z.int().min(1).max(730).exactOptional(),
    strikesForApproval: cap,
    strikesForBlock: cap,
    maxHourlyBookingsPerContact: cap,
    maxHourlyBookingsPerAddress: hourly,
    maxHourlyBookingsPerKey: hourly,
  })
  .meta({
    description:
      'Settings of this scope; what is left out is inherited: ' +
      "network, shop, service, barber, the barber's own terms for the service. Of a cap, null means no limit.",
  });
