/**
 * Which instants a series falls on. The rule is walked on the wall clock of the series' zone (ical.js), then each wall time becomes an
 * instant: so 09:00 stays 09:00 across a change of clocks (RFC 5545, 3.3.10).
 */
import ICAL from 'ical.js';
import { DAY, MINUTE, addDays, startInstant, toWall } from '../../domain/time.ts';
import type { Shape } from './state.ts';

/** An instant range; `to` is excluded. */
export type Window = { from: number; to: number };
export type Occurrence = { start: number; end: number };

/** No rule is walked further: a daily one of 50 years. */
const mostSteps = 20_000;

/** The occurrences that overlap the window, in order. A shape without rules has one. */
export function occurrencesIn(shape: Shape, window: Window): Occurrence[] {
  const overlaps = ({ start, end }: Occurrence): boolean =>
    start < window.to && (end > window.from || (start === end && start >= window.from));
  if (shape.rules === null) return [{ start: shape.start, end: shape.end }].filter(overlaps);
  return startsOf(shape, window.to)
    .map((start) => ({ start, end: endOf(shape, start) }))
    .filter(overlaps);
}

export const hasOccurrenceAt = (shape: Shape, start: number): boolean => startsOf(shape, start + 1).includes(start);

/** All-day occurrences last whole days, of 23 to 25 hours; others last as long as the first. */
function endOf(shape: Shape, start: number): number {
  if (!shape.allDay) return start + (shape.end - shape.start);
  const days = Math.round((shape.end - shape.start) / DAY);
  return startInstant(addDays(toWall(start, shape.zone).date, days), 0, shape.zone);
}

function startsOf(shape: Shape, before: number): number[] {
  const lines = shape.rules ?? [];
  const first = wallTime(shape.start, shape);
  const excluded = new Set(lines.flatMap((line) => datesOf(line, 'EXDATE', shape)));
  const found = new Set(lines.flatMap((line) => datesOf(line, 'RDATE', shape)).concat(shape.start));
  for (const line of lines.filter((one) => /^RRULE[:;]/i.test(one))) {
    const rule = ICAL.Recur.fromString(line.replace(/^RRULE:/i, ''));
    if (rule.until) rule.until = localUntil(rule.until, shape);
    const walk = rule.iterator(first);
    for (
      let steps = 0, next = walk.next() as ICAL.Time | null;
      next && steps < mostSteps;
      next = walk.next() as ICAL.Time | null, steps++
    ) {
      const start = instantOf(next, shape.zone);
      if (start >= before) break;
      found.add(start);
    }
  }
  return [...found].filter((start) => start < before && !excluded.has(start)).sort((a, b) => a - b);
}

function wallTime(instant: number, { zone, allDay }: Shape): ICAL.Time {
  const { date, minute } = toWall(instant, zone);
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return new ICAL.Time(
    { year, month, day, hour: allDay ? 0 : Math.floor(minute / 60), minute: allDay ? 0 : minute % 60, second: 0, isDate: allDay },
    ICAL.Timezone.localTimezone,
  );
}

const two = (value: number): string => String(value).padStart(2, '0');
const instantOf = ({ year, month, day, hour, minute }: ICAL.Time, zone: string): number =>
  startInstant(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`, hour * 60 + minute, zone);

/** UNTIL is in UTC where the series has times; the walk is on the wall clock. */
function localUntil(until: ICAL.Time, shape: Shape): ICAL.Time {
  if (until.isDate)
    return shape.allDay
      ? until
      : new ICAL.Time(
          { year: until.year, month: until.month, day: until.day, hour: 23, minute: 59, second: 59, isDate: false },
          ICAL.Timezone.localTimezone,
        );
  if (until.zone !== ICAL.Timezone.utcTimezone) return until;
  return wallTime(until.toUnixTime() * 1000 + MINUTE - 1, shape);
}

/** The instants of an `EXDATE` or `RDATE` line: in UTC, with a TZID, or as the series' own wall time. */
function datesOf(line: string, name: string, shape: Shape): number[] {
  const match = new RegExp(`^${name}((?:;[^:]*)?):(.*)$`, 'i').exec(line);
  if (!match) return [];
  const zone = /;TZID=([^;:]+)/i.exec(match[1] ?? '')?.[1] ?? shape.zone;
  return (match[2] ?? '')
    .split(',')
    .filter(Boolean)
    .map((text) => {
      const [, year, month, day, hour = '00', minute = '00', utc] = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z)?)?$/.exec(text) ?? [];
      return startInstant(`${year}-${month}-${day}`, Number(hour) * 60 + Number(minute), utc ? 'UTC' : zone);
    });
}

/** Throws an Error that says what is wrong, unless every line is a recurrence line that can be read. */
export function checkRules(lines: string[], shape: Shape): void {
  for (const line of lines) if (!/^(RRULE|EXRULE|RDATE|EXDATE)[:;]/i.test(line)) throw new Error(`not a recurrence line: ${line}`);
  startsOf({ ...shape, rules: lines }, shape.start + DAY);
}
