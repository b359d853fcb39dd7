/** When one event is, alone or as a series with its overrides (RFC 5545, 3.8.4.4 and 3.8.5). Walls and instants are milliseconds. Pure. */
import ICAL from 'ical.js';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { endOf, instantOf, lengthOf, stampNamed, spansOf, stampsOf, startOfDay, type Length, type Stamp } from './ical-time.ts';
import { ruleStarts, TooMany } from './ical-rule.ts';
import { utc, type Zones } from './ical-zone.ts';

export { TooMany };
export type Reading = { zones: Zones; window: Interval; isFree: (component: ICAL.Component) => boolean };

/** One occurrence: `wall` is its place in the series, in the series' zone. */
type Occurrence = { wall: number; at: number; start: Stamp; length: Length };

/** When a single event keeps busy, or an override by itself. */
export function busyOf(component: ICAL.Component, { zones, isFree }: Reading): Interval[] {
  if (isFree(component)) return [];
  const start = stampNamed(component, 'dtstart', zones);
  return [{ from: instantOf(start), to: endOf(start, lengthOf(component, start, zones)) }];
}

/**
 * When a series keeps busy, around the window at least. Its overrides count wherever they have moved, also those that stand for no
 * occurrence of the rule; only what EXDATE leaves out does not come back by one.
 * @throws TooMany for a rule that nobody makes.
 */
export function busyOfSeries(master: ICAL.Component, overrides: ICAL.Component[], reading: Reading): Interval[] {
  const { zones, isFree } = reading;
  const start = stampNamed(master, 'dtstart', zones);
  const local = localOf(start, zones);
  const placed = overrides.map((component) => ({ component, place: placeOf(stampNamed(component, 'recurrence-id', local), start, zones) }));
  const left = namesOf(stampsOf(master, 'exdate', local).map((each) => [placeOf(each, start, zones), true]));
  const named = namesOf(placed.map(({ component, place }) => [place, component]));
  const ranges = placed.flatMap((each) => rangeOf(each, reading)).sort((a, b) => a.at - b.at);
  const firstOfDay = new Map<number, number>();
  const isNamed = ({ at, wall }: Occurrence): boolean => {
    if (named.instants.has(at)) return true;
    const day = startOfDay(wall);
    if (!named.days.has(day)) return false;
    if (!firstOfDay.has(day)) firstOfDay.set(day, at);
    return firstOfDay.get(day) === at;
  };
  const found: Interval[] = [];
  for (const occurrence of occurrencesOf(master, start, ranges, reading)) {
    const { at, wall, length } = occurrence;
    if (left.instants.has(at) || left.days.has(startOfDay(wall)) || isNamed(occurrence)) continue;
    const range = ranges.findLast((each) => each.at <= at);
    if (range && !isFree(range.component)) {
      const moved = { ...range.start, wall: wall + range.shift };
      found.push({ from: instantOf(moved), to: endOf(moved, range.length) });
    } else if (!range && !isFree(master)) found.push({ from: instantOf(occurrence.start), to: endOf(occurrence.start, length) });
  }
  for (const [at, component] of named.instants)
    if (!left.instants.has(at) && !left.days.has(startOfDay(start.zone.wallOf(at)))) found.push(...busyOf(component, reading));
  for (const [day, component] of named.days) if (!left.days.has(day)) found.push(...busyOf(component, reading));
  return found;
}

/** A place in a series that is written without a zone is on the series' own clock. */
const localOf = (start: Stamp, zones: Zones): Zones => (start.isDate ? zones : { ...zones, home: start.zone });

/** What a RECURRENCE-ID or an EXDATE names: an instant, or all that is on a day of the series' zone. */
type Place = { isDay: boolean; at: number; wall: number };

function placeOf(stamp: Stamp, series: Stamp, { home }: Zones): Place {
  if (series.isDate) {
    // Midnight in UTC is how some programs write the day itself, and home's midnight how others do.
    const isDay = stamp.isDate || (stamp.zone === utc && stamp.wall % DAY === 0);
    const wall = startOfDay(isDay ? stamp.wall : stamp.zone === utc ? home.wallOf(stamp.wall) : stamp.wall);
    return { isDay: true, at: series.zone.instantOf(wall), wall };
  }
  if (!stamp.isDate) return { isDay: false, at: instantOf(stamp), wall: series.zone.wallOf(instantOf(stamp)) };
  const wall = stamp.wall + (series.wall - startOfDay(series.wall));
  return { isDay: true, at: series.zone.instantOf(wall), wall };
}

/** Of two for one place, the last counts. */
function namesOf<T>(places: [Place, T][]): { instants: Map<number, T>; days: Map<number, T> } {
  const [instants, days] = [new Map<number, T>(), new Map<number, T>()];
  for (const [{ isDay, at, wall }, value] of places)
    if (isDay) days.set(startOfDay(wall), value);
    else instants.set(at, value);
  return { instants, days };
}

/** An override of all that follows (3.2.13): by how much it moves them, on the wall clock. */
type Range = { component: ICAL.Component; at: number; start: Stamp; shift: number; length: Length };

function rangeOf({ component, place }: { component: ICAL.Component; place: Place }, { zones }: Reading): Range[] {
  if (component.getFirstProperty('recurrence-id')?.getFirstParameter('range') !== 'THISANDFUTURE') return [];
  const start = stampNamed(component, 'dtstart', zones);
  return [{ component, at: place.at, start, shift: start.wall - place.wall, length: lengthOf(component, start, zones) }];
}

/** Those of the rules up to the window's end, not those that end long before it; DTSTART where there is no rule; and all of RDATE. */
function occurrencesOf(master: ICAL.Component, start: Stamp, ranges: Range[], { zones, window }: Reading): Occurrence[] {
  const length = lengthOf(master, start, zones);
  const at = (wall: number): Occurrence => ({ wall, at: start.zone.instantOf(wall), start: { ...start, wall }, length });
  const reach = length.days * DAY + length.rest + 2 * DAY;
  // What a range moves may come from anywhere.
  const from = ranges.length > 0 ? -Infinity : window.from - reach;
  const to = window.to + DAY + Math.max(0, ...ranges.map(({ shift }) => -shift));
  const startsBy = (name: string): number[] =>
    master.getAllProperties(name).flatMap((each) => ruleStarts(each.getFirstValue() as ICAL.Recur, start, { from, to }, zones));
  const ruled = master.hasProperty('rrule') ? startsBy('rrule') : [start.wall];
  // RFC 2445, 4.8.5.2: as RFC 5545 has no such rule any more, few write it.
  const left = new Set(startsBy('exrule').map((wall) => start.zone.instantOf(wall)));
  return [...ruled.map(at), ...datesOf(master, start, length, zones)].filter((each) => !left.has(each.at));
}

/** What RDATE gives; a period has a length of its own (3.8.5.2). */
function datesOf(master: ICAL.Component, series: Stamp, length: Length, zones: Zones): Occurrence[] {
  return spansOf(master, 'rdate', localOf(series, zones)).map(({ start, length: own }) => {
    const { wall, at } = placeOf(start, series, zones);
    const isWholeDay = start.isDate || series.isDate;
    return { wall, at, start: isWholeDay && own === null ? { ...series, wall } : start, length: own ?? length };
  });
}
