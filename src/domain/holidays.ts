/**
 * A calendar of holidays by rule: which dates of a range are holidays, from arithmetic alone. The shipped rules are in
 * `holiday-sets.ts`; networks add their own.
 */
import { addDays, isLocalDate, weekdayOf } from './time.ts';

/** One day of a set: fixed each year, counted from Easter Sunday, the nth weekday of a month (nth 1..5 or -1 = last), or one date only. */
export type HolidayRule = { name: string } & (
  | { monthDay: string } // 'MM-DD'; 02-29 only in leap years
  | { easterOffset: number } // days after Easter Sunday, Gregorian
  | { month: number; weekday: number; nth: number; plusDays?: number } // ISO weekday; plusDays shifts the found date
  | { date: string } // 'YYYY-MM-DD'
);

/** A named list of days that a shop can follow as a whole. */
export type HolidaySet = { slug: string; name: string; days: HolidayRule[] };

const digits = (value: number, length: number): string => String(value).padStart(length, '0');

/**
 * Easter Sunday of a Gregorian year, `YYYY-MM-DD`. The anonymous algorithm of 1876, proven by Butcher, as printed in J. Meeus,
 * Astronomical Algorithms, 2nd ed. (1998), chapter 8 ("Meeus/Jones/Butcher"); the letters are his.
 */
export function easterSunday(year: number): string {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const n = h + l - 7 * m + 114;
  return `${digits(year, 4)}-${digits(Math.floor(n / 31), 2)}-${digits((n % 31) + 1, 2)}`;
}

/** The nth given weekday of a month, -1 for the last; null where the month has no fifth one. */
function nthWeekday(year: number, month: number, weekday: number, nth: number): string | null {
  const start = `${digits(year, 4)}-${digits(month, 2)}-01`;
  const first = addDays(start, (weekday - weekdayOf(start) + 7) % 7);
  const found = addDays(first, 7 * ((nth === -1 ? 5 : nth) - 1));
  if (found.slice(0, 7) === start.slice(0, 7)) return found;
  return nth === -1 ? addDays(found, -7) : null;
}

/** The date that a yearly rule names in `year`, if there is one; a shift may carry it into the year beside. */
function dateIn(rule: Exclude<HolidayRule, { date: string }>, year: number): string | null {
  if ('monthDay' in rule) {
    const date = `${digits(year, 4)}-${rule.monthDay}`;
    return isLocalDate(date) ? date : null;
  }
  if ('easterOffset' in rule) return addDays(easterSunday(year), rule.easterOffset);
  const found = nthWeekday(year, rule.month, rule.weekday, rule.nth);
  return found && addDays(found, rule.plusDays ?? 0);
}

/**
 * Dates (YYYY-MM-DD) between `from` and `to`, both included, by date, each with its name; a date that two rules name comes once, under
 * the name that stands first. Shifts up to half a year either way are followed across the year's end.
 */
export function holidaysBetween(days: HolidayRule[], from: string, to: string): { date: string; name: string }[] {
  if (!isLocalDate(from) || !isLocalDate(to)) throw new RangeError(`not a range of local dates: ${from} to ${to}`);
  const names = new Map<string, string>();
  const add = (date: string | null, name: string): void => {
    if (date !== null && date >= from && date <= to && !names.has(date)) names.set(date, name);
  };
  const [first, last] = [Math.max(0, Number(from.slice(0, 4)) - 1), Math.min(9999, Number(to.slice(0, 4)) + 1)];
  for (const rule of days) {
    if ('date' in rule) add(rule.date, rule.name);
    else for (let year = first; year <= last; year++) add(dateIn(rule, year), rule.name);
  }
  return [...names].map(([date, name]) => ({ date, name })).sort((one, other) => (one.date < other.date ? -1 : 1));
}
