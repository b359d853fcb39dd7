/** Times and lengths in an iCalendar object (RFC 5545, 3.3.4 to 3.3.6). Lengths, walls and instants are milliseconds. Pure. */
import ICAL from 'ical.js';
import { DAY } from '../../domain/time.ts';
import { utc, type Zone, type Zones } from './ical-zone.ts';

/** A time as it is written; of a whole day the `wall` is its 00:00. */
export type Stamp = { wall: number; zone: Zone; isDate: boolean };
/** Days are those of the wall clock, the rest is exact (3.3.6). */
export type Length = { days: number; rest: number };

export const wallOf = ({ year, month, day, hour, minute, second, isDate }: ICAL.Time): number =>
  isDate ? Date.UTC(year, month - 1, day) : Date.UTC(year, month - 1, day, hour, minute, second);
export const startOfDay = (wall: number): number => Math.floor(wall / DAY) * DAY;

export const instantOf = ({ wall, zone }: Stamp): number => zone.instantOf(wall);
export const endOf = (start: Stamp, { days, rest }: Length): number =>
  (days === 0 ? instantOf(start) : start.zone.instantOf(start.wall + days * DAY)) + rest;

/** In the zone that its property names, else in the calendar's. */
export function stampOf(time: ICAL.Time, property: ICAL.Property, zones: Zones): Stamp {
  const wall = wallOf(time);
  if (time.isDate) return { wall, zone: zones.days, isDate: true };
  const tzid = property.getFirstParameter('tzid') as string | undefined;
  const zone = time.zone === ICAL.Timezone.utcTimezone ? utc : tzid === undefined ? zones.home : zones.named(tzid);
  return { wall, zone, isDate: false };
}

type Span = { start: Stamp; length: Length | null };

/** All times of all properties of this name; a period has a length (3.3.9). */
export const spansOf = (component: ICAL.Component, name: string, zones: Zones): Span[] =>
  component.getAllProperties(name).flatMap((property) =>
    property.getValues().flatMap((value: unknown): Span[] => {
      if (value instanceof ICAL.Time) return [{ start: stampOf(value, property, zones), length: null }];
      if (!(value instanceof ICAL.Period)) return [];
      const start = stampOf(value.start, property, zones);
      return [{ start, length: value.end ? lengthUntil(stampOf(value.end, property, zones), start) : lengthOfDuration(value.duration) }];
    }),
  );
export const stampsOf = (component: ICAL.Component, name: string, zones: Zones): Stamp[] =>
  spansOf(component, name, zones).map(({ start }) => start);

/** @throws Error where the component has none. */
export function stampNamed(component: ICAL.Component, name: 'dtstart' | 'recurrence-id', zones: Zones): Stamp {
  const [stamp] = stampsOf(component, name, zones);
  if (!stamp) throw new Error(`${name} is missing`);
  return stamp;
}

/** How long an event is that starts then: by DTEND, by DURATION, else the day, else nothing (3.6.1). */
export function lengthOf(component: ICAL.Component, start: Stamp, zones: Zones): Length {
  const [end] = stampsOf(component, 'dtend', zones);
  if (end) return lengthUntil(end, start);
  const duration = component.getFirstPropertyValue('duration');
  if (duration instanceof ICAL.Duration) return lengthOfDuration(duration);
  return { days: start.isDate ? 1 : 0, rest: 0 };
}

/**
 * What DTEND gives is exact, and the same for each occurrence (3.8.5.3). Where a skipped start would leave nothing of it, the wall clock's
 * length counts.
 */
export function lengthUntil(end: Stamp, start: Stamp): Length {
  if (start.isDate && end.isDate) return { days: (end.wall - start.wall) / DAY, rest: 0 };
  const exact = instantOf(end) - instantOf(start);
  return { days: 0, rest: exact <= 0 && end.zone === start.zone ? end.wall - start.wall : exact };
}

export function lengthOfDuration({ weeks, days, hours, minutes, seconds, isNegative }: ICAL.Duration): Length {
  if (isNegative) return { days: 0, rest: 0 };
  return { days: weeks * 7 + days, rest: ((hours * 60 + minutes) * 60 + seconds) * 1000 };
}
