/**
 * The zones that an iCalendar object names. Wall times and instants are milliseconds, a wall time as if it were in UTC. Pure.
 */
import ICAL from 'ical.js';
import { findIana } from 'windows-iana';
import { DAY, MINUTE, isTimeZone, resolveLocal, startInstant, toWall } from '../../domain/time.ts';

/** A time that is skipped goes by the offset before the gap, and of one that comes twice the first is meant (RFC 5545, 3.3.5). */
export type Zone = { instantOf: (wall: number) => number; wallOf: (instant: number) => number };

/** `home`: of times without a zone. `days`: of whole days, which begin at their first instant. `named`: by TZID, else `home`. */
export type Zones = { home: Zone; days: Zone; named: (tzid: string) => Zone };

export const utc: Zone = { instantOf: (wall) => wall, wallOf: (instant) => instant };

/** Those of one object. `timeZone` is the calendar's, an IANA name. */
export function zonesOf(root: ICAL.Component, timeZone: string): Zones {
  const home = ianaZone(timeZone);
  const own = new Map(
    root.getAllSubcomponents('vtimezone').map((zone) => [String(zone.getFirstPropertyValue('tzid')), ownZone(new ICAL.Timezone(zone))]),
  );
  const days: Zone = { ...home, instantOf: (wall) => startInstant(new Date(wall).toISOString().slice(0, 10), 0, timeZone) };
  const found = new Map<string, Zone>();
  const named = (tzid: string): Zone => {
    const zone = found.get(tzid) ?? zoneNamed(tzid, own) ?? home;
    found.set(tzid, zone);
    return zone;
  };
  return { home, days, named };
}

/** By our own data where the name is IANA's, or ends in one: objects bring old rules along, or none. Windows' names tell no rules. */
function zoneNamed(tzid: string, own: ReadonlyMap<string, Zone>): Zone | undefined {
  const iana = tzid.startsWith('/') ? suffixesOf(tzid).find(isTimeZone) : tzid;
  if (iana !== undefined && isTimeZone(iana)) return ianaZone(iana);
  const defined = own.get(tzid);
  if (defined) return defined;
  if (/^(utc|gmt|tzone:\/\/microsoft\/utc)$/i.test(tzid)) return utc;
  const byWindows = findIana(tzid).find(isTimeZone);
  return byWindows === undefined ? undefined : ianaZone(byWindows);
}

/** Of a name that is unique on earth (RFC 5545, 3.8.3.1) by a prefix such as `/mozilla.org/20050126_1/`; IANA's have up to three parts. */
function suffixesOf(tzid: string): string[] {
  const parts = tzid.split('/');
  return [3, 2, 1].map((count) => parts.slice(-count).join('/'));
}

/** @throws RangeError, by its functions, for a year beyond 9999. */
function ianaZone(name: string): Zone {
  return {
    instantOf: (wall) => {
      const seconds = ((wall % MINUTE) + MINUTE) % MINUTE;
      const found = resolveLocal(new Date(wall - seconds).toISOString().slice(0, 16), name);
      if (found.kind === 'exact') return found.instant + seconds;
      if (found.kind === 'ambiguous') return found.instants[0] + seconds;
      return wall - toWall(found.nextInstant - 1, name).offsetMinutes * MINUTE;
    },
    wallOf: (instant) => instant + toWall(instant, name).offsetMinutes * MINUTE,
  };
}

/** By the VTIMEZONE that the object brings along. Of a skipped or repeated time ical.js gives the offset after the change. */
function ownZone(zone: ICAL.Timezone): Zone {
  const offsetAt = (wall: number): number => zone.utcOffset(floating(wall)) * 1000;
  const instantOf = (wall: number): number => {
    const [before, after] = [offsetAt(wall - DAY), offsetAt(wall)];
    const isJustAfter = before !== after && offsetAt(wall - Math.abs(after - before)) === before;
    return wall - (isJustAfter ? before : after);
  };
  return {
    instantOf,
    wallOf: (instant) => {
      const [before, after] = [offsetAt(instant - DAY), offsetAt(instant + DAY)];
      return instant + (instantOf(instant + before) === instant ? before : after);
    },
  };
}

/** A wall time as ical.js has it. */
export function floating(wall: number, isDate = false): ICAL.Time {
  const at = new Date(wall);
  const date = { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate() };
  if (isDate) return ICAL.Time.fromData({ ...date, isDate });
  return ICAL.Time.fromData({ ...date, hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds(), isDate });
}
