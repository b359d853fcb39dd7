/** What a barber's hours in one shop must not contradict: the shop's own hours, and his hours in other shops. Pure. */
import { hit, merge } from './intervals.ts';
import type { Interval, WeeklyStretch, WorkPeriod } from './rules.ts';
import { addDays, datesBetween, DAY, MINUTE, toWall, weekdayOf } from './time.ts';

/** A barber's hours in one shop, with what `hours: null` stands for there. */
export type Workplace = { timeZone: string; openingHours: WeeklyStretch[]; periods: WorkPeriod[] };

/** A period (by its index) whose shift that begins on `date` runs into the other shop's. */
export type Clash = { period: number; date: string };

/** A pattern of weeks shows itself in one, and two zones' offsets in a year. */
const lookAheadDays = 370;

/**
 * The first clash between two shops' hours on `today` or later; what is over hurts nobody. In one zone wall clocks are compared; in two,
 * wall clocks less their offsets at noon, so that the hour around a clock change, which shifts do not plan for, is no clash.
 */
export function findClash(one: Workplace, other: Workplace, today: string): Clash | null {
  const isOneZone = one.timeZone === other.timeZone;
  for (const [period, mine] of one.periods.entries()) {
    for (const theirs of other.periods) {
      const begins = latest(mine.fromDate, theirs.fromDate, today);
      const ends = earliest(mine.toDate, theirs.toDate, addDays(begins, lookAheadDays));
      // Two days more on either side: a shift ends up to two days after the date it begins on, and zones are up to a day apart.
      const window = { from: latest(addDays(begins, -2), today), to: addDays(ends, 2) };
      const taken = merge(shifts(other, theirs, window, isOneZone));
      const clash = shifts(one, mine, window, isOneZone).find(({ from, to }) => hit(taken, from, to));
      if (clash) return { period, date: clash.date };
    }
  }
  return null;
}

const latest = (...dates: (string | null)[]): string =>
  dates
    .filter((date) => date !== null)
    .toSorted()
    .at(-1)!;
const earliest = (...dates: (string | null)[]): string => dates.filter((date) => date !== null).toSorted()[0]!;

/** The shifts that begin within both the period and the window, on one scale. */
function shifts(
  { openingHours, timeZone }: Workplace,
  { fromDate, toDate, hours }: WorkPeriod,
  window: { from: string; to: string },
  isOneZone: boolean,
): (Interval & { date: string })[] {
  return datesBetween(latest(fromDate, window.from), earliest(toDate, window.to)).flatMap((date) => {
    const midnight = Date.parse(date);
    const offset = isOneZone ? 0 : toWall(midnight + DAY / 2, timeZone).offsetMinutes;
    const weekday = weekdayOf(date);
    return (hours ?? openingHours)
      .filter((stretch) => stretch.weekday === weekday)
      .map(({ fromMinute, toMinute }) => ({
        date,
        from: midnight + (fromMinute - offset) * MINUTE,
        to: midnight + (toMinute - offset) * MINUTE,
      }));
  });
}

/** The breaks (by index) that lie outside the opening hours, of a period that keeps these. */
export function breaksOutside({ breaks, hours }: WorkPeriod, openingHours: WeeklyStretch[]): number[] {
  if (hours !== null) return [];
  // Three weeks of hours around the one week of breaks: a shift may run over the end of a week.
  const onScale = ({ weekday, fromMinute, toMinute }: WeeklyStretch, week: number): Interval => {
    const day = (week * 7 + weekday) * 1440;
    return { from: day + fromMinute, to: day + toMinute };
  };
  const open = merge([-1, 0, 1].flatMap((week) => openingHours.map((stretch) => onScale(stretch, week))));
  return breaks.flatMap((pause, index) => {
    const { from, to } = onScale(pause, 0);
    return open.some((stretch) => stretch.from <= from && to <= stretch.to) ? [] : [index];
  });
}
