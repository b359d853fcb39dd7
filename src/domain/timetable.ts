/**
 * From wall-clock rules to sorted instants: what one shop's calendar and one barber's week come to over some local dates. Zones matter
 * only here, at the edges of stretches.
 */
import { holidaysBetween } from './holidays.ts';
import { findShippedSet } from './holiday-sets.ts';
import { merge } from './intervals.ts';
import type { BarberRules, Closure, DayStretch, Interval, ShopRules, WeeklyStretch } from './rules.ts';
import { addDays, datesBetween, endInstant, startInstant, toWall, weekdayOf } from './time.ts';

/** A date in the shop: its hours before closing days are taken away, and why it is shut, if it is. */
export type ShopDay = { date: string; weekday: number; hours: DayStretch[]; closed: 'closure' | 'holiday' | null };

export type Calendar = { timeZone: string; days: ShopDay[]; open: Interval[] };

/** Every list is sorted, disjoint and merged. */
export type Timetable = {
  barber: BarberRules;
  calendar: Calendar;
  /** The barber's hours as agreed; what closed days leave of them; and what days off leave of that. */
  agreed: Interval[];
  unclosed: Interval[];
  working: Interval[];
  breaks: Interval[];
  timeOff: Interval[];
  claimed: Interval[];
  /** Local days on which the barber has `cap` visits or more. */
  fullDays: (cap: number) => Interval[];
};

const within = (date: string, { fromDate, toDate }: Closure): boolean => fromDate <= date && date <= toDate;

function byWeekday(weekly: WeeklyStretch[]): DayStretch[][] {
  const days: DayStretch[][] = Array.from({ length: 8 }, () => []);
  for (const stretch of weekly) days[stretch.weekday]?.push(stretch);
  return days;
}

/** The holidays of these sets, by date. A slug that is not known any more names no days. */
export function holidaysOf(shop: Pick<ShopRules, 'holidaySets'>, slugs: string[], from: string, to: string): Map<string, string> {
  const rules = slugs.flatMap((slug) =>
    Object.hasOwn(shop.holidaySets, slug) ? shop.holidaySets[slug]! : (findShippedSet(slug)?.days ?? []),
  );
  return new Map(holidaysBetween(rules, from, to).map(({ date, name }) => [date, name]));
}

/** The shop's days from `from` to `to`, both included. */
export function shopDays(shop: ShopRules, holidaySets: string[], from: string, to: string): ShopDay[] {
  const week = byWeekday(shop.openingHours);
  const exceptions = new Map(shop.exceptions.map((each) => [each.date, each.hours]));
  const holidays = holidaysOf(shop, holidaySets, from, to);
  return datesBetween(from, to).map((date) => {
    const weekday = weekdayOf(date);
    const own = exceptions.get(date);
    const closed = shop.closures.some((closure) => within(date, closure)) ? 'closure' : !own && holidays.has(date) ? 'holiday' : null;
    return { date, weekday, hours: own ?? week[weekday]!, closed };
  });
}

const instants = (days: { date: string; hours: DayStretch[] }[], zone: string): Interval[] =>
  merge(
    days.flatMap(({ date, hours }) =>
      hours.map(({ fromMinute, toMinute }) => ({ from: startInstant(date, fromMinute, zone), to: endInstant(date, toMinute, zone) })),
    ),
  );

/**
 * The calendar for visits of up to `longestMinutes` that begin on the local dates `from` to `to`, both included. A closed day takes away
 * the stretches that begin on it, the shop's and the barbers': Saturday's shift that runs to 02:00 belongs to Saturday.
 */
export function calendarOf(shop: ShopRules, holidaySets: string[], from: string, to: string, longestMinutes: number): Calendar {
  // Two days before: a stretch may reach minute 2880, which a repeated midnight puts after the start of `from`.
  const days = shopDays(shop, holidaySets, addDays(from, -2), addDays(to, 1 + Math.ceil(longestMinutes / 1440)));
  return {
    timeZone: shop.timeZone,
    days,
    open: instants(
      days.filter(({ closed }) => !closed),
      shop.timeZone,
    ),
  };
}

/** What a barber's rules say about one of the shop's days. */
export function barberDay(barber: BarberRules, day: ShopDay): { hours: DayStretch[]; breaks: DayStretch[] } {
  const own = barber.exceptions.find(({ date }) => date === day.date);
  if (own) return own;
  const period = barber.periods.find(
    ({ fromDate, toDate }) => (fromDate === null || fromDate <= day.date) && (toDate === null || day.date <= toDate),
  );
  if (!period) return { hours: [], breaks: [] };
  const onDay = (weekly: WeeklyStretch[]) => weekly.filter(({ weekday }) => weekday === day.weekday);
  return { hours: period.hours === null ? day.hours : onDay(period.hours), breaks: onDay(period.breaks) };
}

/** Breaks of closed days stay, since taking one away could only ever open time. */
export function timetableOf(barber: BarberRules, calendar: Calendar): Timetable {
  const { timeZone } = calendar;
  const days = calendar.days.map((day) => ({
    ...day,
    ...barberDay(barber, day),
    off: barber.daysOff.some((away) => within(day.date, away)),
  }));
  const open = days.filter(({ closed }) => !closed);
  const present = open.filter(({ off }) => !off);
  const agreed = instants(days, timeZone);
  const unclosed = open.length === days.length ? agreed : instants(open, timeZone);
  const full = new Map<number, Interval[]>();
  return {
    barber,
    calendar,
    agreed,
    unclosed,
    working: present.length === open.length ? unclosed : instants(present, timeZone),
    breaks: instants(
      days.map(({ date, breaks }) => ({ date, hours: breaks })),
      timeZone,
    ),
    timeOff: merge(barber.timeOff),
    claimed: merge(barber.claimed),
    fullDays: (cap) => {
      const known = full.get(cap) ?? fullDays(barber.visits, cap, timeZone);
      full.set(cap, known);
      return known;
    },
  };
}

/** The local day that holds `instant`. */
export function localDay(instant: number, timeZone: string): Interval {
  const { date } = toWall(instant, timeZone);
  return { from: startInstant(date, 0, timeZone), to: startInstant(addDays(date, 1), 0, timeZone) };
}

function fullDays(visits: number[], cap: number, timeZone: string): Interval[] {
  const counts = new Map<string, number>();
  for (const instant of visits) {
    const { date } = toWall(instant, timeZone);
    counts.set(date, (counts.get(date) ?? 0) + 1);
  }
  const full = [...counts]
    .filter(([, count]) => count >= cap)
    .map(([date]) => ({ from: startInstant(date, 0, timeZone), to: startInstant(addDays(date, 1), 0, timeZone) }));
  return merge(full);
}
