/**
 * Rules that take some of a set by BYSETPOS, or times of a day (RFC 5545, 3.3.10). ical.js heeds positions in two shapes of rules alone, and
 * in one of those per month instead of per year (https://github.com/kewisch/ical.js/issues/1039), and with several times of a day it loses
 * some or makes up days. So it counts the days alone, from the start of the first period on, and the rest is done here. Walls are
 * milliseconds. Pure.
 */
import ICAL from 'ical.js';
import { DAY, MINUTE } from '../../domain/time.ts';
import { wallOf, type Stamp } from './ical-time.ts';
import { floating } from './ical-zone.ts';

/** Whether ical.js cannot be left to count it. */
export const isOfSets = (rule: ICAL.Recur): boolean => {
  const { BYSETPOS, BYHOUR, BYMINUTE, BYSECOND } = rule.parts;
  return BYSETPOS !== undefined || (isOfDays(rule) && (BYHOUR ?? BYMINUTE ?? BYSECOND) !== undefined);
};

/** The starts of a rule of sets, in order; it never ends, nor gives any, where no position is ever there. */
export function* startsOfSets(rule: ICAL.Recur, start: Stamp): Generator<number> {
  const positions = rule.parts.BYSETPOS;
  const isTaken = (index: number, size: number): boolean =>
    positions === undefined || positions.includes(index + 1) || positions.includes(index - size);
  let left = rule.count ?? Infinity;
  for (const set of periodsOf(rule, start)) {
    for (const [index, wall] of set.entries()) {
      if (wall < start.wall || !isTaken(index, set.length)) continue;
      if (rule.until && wall > wallOf(rule.until)) return;
      yield wall;
      if ((left -= 1) <= 0) return;
    }
  }
}

const isOfDays = ({ freq }: ICAL.Recur): boolean => ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(freq);

/** Without positions and end; what the rule leaves to DTSTART is told, as the count begins before it. Of days, without their times. */
function wholeRule(rule: ICAL.Recur, { wall }: Stamp): ICAL.Recur {
  const whole = rule.clone();
  const first = floating(wall);
  const parts = { ...rule.parts };
  whole.parts = parts;
  delete parts.BYSETPOS;
  whole.count = null;
  // The set that UNTIL cuts is whole as well; the longest is a year's.
  if (whole.until) whole.until = floating(wallOf(whole.until) + 366 * DAY * whole.interval, isOfDays(whole));
  if (!isOfDays(whole)) {
    if (whole.freq !== 'SECONDLY') parts.BYSECOND ??= [first.second];
    if (whole.freq === 'HOURLY') parts.BYMINUTE ??= [first.minute];
    return whole;
  }
  for (const part of ['BYHOUR', 'BYMINUTE', 'BYSECOND'] as const) delete parts[part];
  if (parts.BYDAY ?? parts.BYMONTHDAY ?? parts.BYYEARDAY) return whole;
  if (whole.freq === 'WEEKLY' || parts.BYWEEKNO) parts.BYDAY = [ICAL.Recur.numericDayToIcalDay(first.dayOfWeek())];
  else if (whole.freq === 'MONTHLY') parts.BYMONTHDAY = [first.day];
  else if (whole.freq === 'YEARLY') {
    parts.BYMONTHDAY = [first.day];
    parts.BYMONTH ??= [first.month];
  }
  return whole;
}

/** The times of each day, as milliseconds since its 00:00. */
function timesOf({ parts }: ICAL.Recur, { wall, isDate }: Stamp): number[] {
  if (isDate) return [0];
  const { hour, minute, second } = floating(wall);
  return (parts.BYHOUR ?? [hour]).flatMap((h) =>
    (parts.BYMINUTE ?? [minute]).flatMap((m) => (parts.BYSECOND ?? [second]).map((s) => (h * 60 + m) * MINUTE + s * 1000)),
  );
}

/** The set of each period of the rule's frequency, in order. */
function* periodsOf(rule: ICAL.Recur, start: Stamp): Generator<number[]> {
  const whole = wholeRule(rule, start);
  const times = isOfDays(rule) ? timesOf(rule, start) : [0];
  const iterator = whole.iterator(floating(periodStart(rule, start.wall), isOfDays(rule)));
  let [period, set] = [NaN, new Set<number>()];
  for (let next = iterator.next() as ICAL.Time | null; next; next = iterator.next() as ICAL.Time | null) {
    const wall = wallOf(next);
    if (periodStart(rule, wall) !== period) {
      if (set.size > 0) yield inOrder(set);
      [period, set] = [periodStart(rule, wall), new Set()];
    }
    for (const time of times) set.add(wall + time);
  }
  yield inOrder(set);
}

const inOrder = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);

/** When the period begins in which this wall time lies. */
function periodStart({ freq, wkst }: ICAL.Recur, wall: number): number {
  const at = new Date(wall);
  const day = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate());
  if (freq === 'YEARLY') return Date.UTC(at.getUTCFullYear(), 0, 1);
  if (freq === 'MONTHLY') return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
  // ical.js counts the days of a week from Sunday, 1.
  if (freq === 'WEEKLY') return day - ((at.getUTCDay() + 1 - wkst + 7) % 7) * DAY;
  if (freq === 'DAILY') return day;
  const step = freq === 'HOURLY' ? 60 * MINUTE : freq === 'MINUTELY' ? MINUTE : 1000;
  return Math.floor(wall / step) * step;
}
