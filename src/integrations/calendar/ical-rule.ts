/** The starts that one recurrence rule gives (RFC 5545, 3.3.10), counted by ical.js on the wall clock. Walls are milliseconds. Pure. */
import ICAL from 'ical.js';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { isOfSets, startsOfSets } from './ical-sets.ts';
import { startOfDay, wallOf, type Stamp } from './ical-time.ts';
import { floating, type Zones } from './ical-zone.ts';

/** A rule that has not reached the window after so many steps is none that people make. */
const mostSteps = 20_000;
export class TooMany extends Error {}

/**
 * The wall times within the bounds, in the zone of `start`. ical.js never comes back from some rules: the caller must be able to break it
 * off.
 * @throws TooMany
 */
export function ruleStarts(rule: ICAL.Recur, start: Stamp, bounds: Interval, zones: Zones): number[] {
  const ending = rule.clone();
  if (rule.until) ending.until = floating(lastWall(rule.until, start, zones), start.isDate);
  const found: number[] = [];
  let steps = 0;
  for (const wall of isOfSets(ending) ? startsOfSets(ending, start) : walk(ending, start)) {
    if ((steps += 1) > mostSteps) throw new TooMany('a rule with too many occurrences');
    if (wall > bounds.to) break;
    if (wall >= bounds.from) found.push(wall);
  }
  return found;
}

/** UNTIL is to be in UTC; some programs write wall time, or a day, and its last occurrence counts all the same. */
function lastWall(until: ICAL.Time, start: Stamp, { home }: Zones): number {
  const isUtc = until.zone === ICAL.Timezone.utcTimezone && !until.isDate;
  const wall = wallOf(until);
  if (start.isDate) return startOfDay(isUtc ? home.wallOf(wall) : wall);
  if (isUtc) return start.zone.wallOf(wall);
  return until.isDate ? wall + DAY - 1000 : wall;
}

function* walk(rule: ICAL.Recur, { wall, isDate }: Stamp): Generator<number> {
  const iterator = rule.iterator(floating(wall, isDate));
  for (let next = iterator.next() as ICAL.Time | null; next; next = iterator.next() as ICAL.Time | null) yield wallOf(next);
}
