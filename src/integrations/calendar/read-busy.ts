/**
 * When an iCalendar object keeps its owner busy: recurring, all-day, moved and cancelled events, each in its own zone (RFC 5545). Pure, but
 * for the clock that ends a reading without end.
 */
import { createContext, Script } from 'node:vm';
import ICAL from 'ical.js';
import { tzlib_get_ical_block } from 'timezones-ical-library';
import { merge } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/rules.ts';
import { DAY, isTimeZone, startInstant } from '../../domain/time.ts';

/** A rule that has not reached the window after so many steps is none that people make. */
const mostSteps = 20_000;
/**
 * Of one object. ical.js never comes back from some rules (each 30th of February: `FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30`), and who gives a
 * calendar's address can have any text read: without this, one entry would stop the whole worker, and then the next one that takes the
 * reading over.
 */
export const mostMs = 1000;

/** It cannot be understood; the message says why, without a word of the object's own. */
export class Unreadable extends Error {}

export type ReadObject = { uid: string | null; busy: Interval[]; /** Our own mark, where we wrote it. */ mark: string | null };

/** Whether somebody has declined something in this text: only then does it matter who its owner is. */
export const tellsOfDeclining = (text: string): boolean => /PARTSTAT="?DECLINED/i.test(text.replaceAll(/\r?\n[ \t]/g, ''));

/** An address as it stands in ATTENDEE, to be compared. */
export const plainAddress = (address: string): string => address.toLowerCase().replace(/^mailto:/, '');
const nobody: ReadonlySet<string> = new Set();

/** `ownAddresses`: under which its owner is invited. `withinMs`: how long reading it may take. */
export type ReadOptions = { ownAddresses?: ReadonlySet<string> | undefined; withinMs?: number };

/** The property in which our objects carry their mark. */
export const markProperty = 'x-punctual-mark';

/**
 * Reads one object. Times without a zone, and whole days, are of `timeZone`. Busy is what is not transparent (RFC 5545, 3.8.2.7), not
 * cancelled, and not declined by who is invited under one of `ownAddresses`; intervals are cut to the window and joined where they touch.
 * @throws Unreadable, also after `withinMs`.
 */
export function readObject(
  text: string,
  window: Interval,
  timeZone: string,
  { ownAddresses = nobody, withinMs = mostMs }: ReadOptions = {},
): ReadObject {
  try {
    return within(withinMs, () => readAll(text, window, timeZone, ownAddresses));
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    const isTooLong = (error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw new Unreadable(isTooLong ? 'reading it takes too long' : 'not an iCalendar object');
  }
}

const clock = createContext({ run: () => {} });
const run = new Script('run()');

/**
 * What `doing` answers; it is broken off, wherever it is, and this throws, when it takes longer. Nothing else in Node breaks off what does
 * not wait.
 */
function within<T>(ms: number, doing: () => T): T {
  let answer: T;
  clock['run'] = () => {
    answer = doing();
  };
  run.runInContext(clock, { timeout: ms });
  return answer!;
}

function readAll(text: string, window: Interval, timeZone: string, ownAddresses: ReadonlySet<string>): ReadObject {
  const isFree = (component: ICAL.Component): boolean => isNoTime(component) || isDeclined(component, ownAddresses);
  const root = new ICAL.Component(ICAL.parse(text));
  const events = root.getAllSubcomponents('vevent');
  const home = knownZone(timeZone) ?? ICAL.Timezone.utcTimezone;
  const own = new Map(
    root.getAllSubcomponents('vtimezone').map((zone) => [String(zone.getFirstPropertyValue('tzid')), new ICAL.Timezone(zone)]),
  );
  for (const event of events) placeInZones(event, (tzid) => knownZone(tzid) ?? own.get(tzid) ?? home, home);
  const uidOf = (component: ICAL.Component): string => String(component.getFirstPropertyValue('uid'));
  const masters = events.filter((each) => !isException(each));
  const exceptions = Map.groupBy(events.filter(isException), uidOf);
  const exceptionsOf = (master: ICAL.Component): ICAL.Component[] => exceptions.get(uidOf(master)) ?? [];
  for (const master of masters) fitToSeries(master, exceptionsOf(master), home);
  // Who was invited to one instance alone has no series.
  const series = new Set(masters.map(uidOf));
  const alone = [...exceptions].flatMap(([uid, each]) => (series.has(uid) ? [] : each));
  const instantOf = (time: ICAL.Time): number => (time.isDate ? startInstant(dateOf(time), 0, timeZone) : time.toUnixTime() * 1000);
  const busy = [
    ...masters.flatMap((master) =>
      occurrences(new ICAL.Event(master, { exceptions: exceptionsOf(master), strictExceptions: true }), window, instantOf, isFree),
    ),
    ...alone.flatMap((each) => occurrences(new ICAL.Event(each), window, instantOf, isFree)),
  ];
  const mark = masters[0]?.getFirstPropertyValue(markProperty);
  return { uid: events[0] ? uidOf(events[0]) : null, busy: merge(busy), mark: mark === null || mark === undefined ? null : String(mark) };
}

const isException = (component: ICAL.Component): boolean => component.getFirstProperty('recurrence-id') !== null;
const dateOf = ({ year, month, day }: ICAL.Time): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

const zones = new Map<string, ICAL.Timezone | null>();

/** A zone by its IANA name, from our own data: objects bring old rules along, or none. Null for names of somebody's own. */
function knownZone(tzid: string): ICAL.Timezone | null {
  if (!isTimeZone(tzid)) return null;
  const known = zones.get(tzid);
  if (known !== undefined) return known;
  const block = tzlib_get_ical_block(tzid)[0] ?? '';
  const zone = block.startsWith('BEGIN:VTIMEZONE') ? new ICAL.Timezone(new ICAL.Component(ICAL.parse(block))) : null;
  zones.set(tzid, zone);
  return zone;
}

/**
 * ical.js leaves what it cannot place without a zone, and then nothing fits: each time gets the one that its own property names, else the
 * calendar's.
 */
function placeInZones(event: ICAL.Component, zoneOf: (tzid: string) => ICAL.Timezone, home: ICAL.Timezone): void {
  for (const name of ['dtstart', 'dtend', 'recurrence-id', 'exdate', 'rdate']) {
    for (const property of event.getAllProperties(name)) {
      // Periods among the dates of a series: their starts count, as ical.js knows no more.
      if (property.type === 'period') {
        const starts = property.getValues().map((value) => (value as ICAL.Period).start);
        property.resetType('date-time');
        property.setValues(starts);
      }
      const tzid = property.getFirstParameter('tzid');
      for (const value of property.getValues()) {
        if (value instanceof ICAL.Time && !value.isDate && value.zone !== ICAL.Timezone.utcTimezone)
          value.zone = tzid === undefined ? home : zoneOf(tzid);
      }
    }
  }
}

/**
 * ical.js knows the occurrence that an exception stands for by its text, so each is named in the zone of the series. And the end of a rule
 * is one that some programs write as wall time, or as a day (RFC 5545, 3.3.10 asks for UTC): its last occurrence counts all the same.
 */
function fitToSeries(master: ICAL.Component, exceptions: ICAL.Component[], home: ICAL.Timezone): void {
  const start = master.getFirstPropertyValue('dtstart');
  if (!(start instanceof ICAL.Time)) return;
  const fitted = (value: unknown) => (value instanceof ICAL.Time && !value.isDate ? value.convertToZone(start.zone) : value);
  if (!start.isDate) {
    for (const property of exceptions.flatMap((each) => each.getAllProperties('recurrence-id')))
      property.setValue(fitted(property.getFirstValue()));
    for (const property of master.getAllProperties('rdate')) property.setValues(property.getValues().map(fitted));
  }
  for (const rule of master.getAllProperties('rrule').map((each) => each.getFirstValue() as ICAL.Recur)) {
    if (rule.until) rule.until = fittedEnd(rule.until, start, home);
  }
}

function fittedEnd(until: ICAL.Time, start: ICAL.Time, home: ICAL.Timezone): ICAL.Time {
  const isUtc = until.zone === ICAL.Timezone.utcTimezone;
  if (start.isDate) {
    const { year, month, day } = isUtc && !until.isDate ? until.convertToZone(home) : until;
    return ICAL.Time.fromData({ year, month, day, isDate: true });
  }
  if (isUtc && !until.isDate) return until;
  const { year, month, day, hour, minute, second } = until;
  const time = until.isDate ? { hour: 23, minute: 59, second: 59 } : { hour, minute, second };
  return ICAL.Time.fromData({ year, month, day, ...time, isDate: false }, start.zone);
}

type Occurrence = { item: ICAL.Event; startDate: ICAL.Time; endDate: ICAL.Time };

function occurrences(
  event: ICAL.Event,
  window: Interval,
  instantOf: (time: ICAL.Time) => number,
  isFree: (component: ICAL.Component) => boolean,
): Interval[] {
  const found: Interval[] = [];
  const add = ({ item, startDate, endDate }: Occurrence): void => {
    if (isFree(item.component)) return;
    const cut = { from: Math.max(instantOf(startDate), window.from), to: Math.min(instantOf(endDate), window.to) };
    if (cut.from < cut.to) found.push(cut);
  };
  if (!event.isRecurring() || event.isRecurrenceException()) {
    add({ item: event, startDate: event.startDate, endDate: event.endDate });
    return found;
  }
  // Of dates without a rule, ical.js leaves out the first: DTSTART itself (RFC 5545, 3.8.5.2: it always counts).
  if (!event.component.hasProperty('rrule')) event.component.addPropertyWithValue('rrule', ICAL.Recur.fromString('FREQ=DAILY;COUNT=1'));
  // To work out where each is takes ten times as long as to count it: of a daily entry from twenty years ago, that is seconds.
  const reach = event.duration.toSeconds() * 1000 + 2 * DAY;
  const isLongBefore = ({ year, month, day }: ICAL.Time): boolean =>
    event.rangeExceptions.length === 0 && Date.UTC(year, month - 1, day) + reach < window.from;
  const iterator = event.iterator();
  for (let steps = 0, next = iterator.next(); next; next = iterator.next(), steps += 1) {
    if (steps > mostSteps) throw new Unreadable('a rule with too many occurrences');
    if (isLongBefore(next)) continue;
    if (instantOf(next) >= window.to) break;
    add(event.getOccurrenceDetails(next));
  }
  // What was moved into the window from beyond it, or from long before.
  for (const exception of Object.values(event.exceptions)) {
    if (instantOf(exception.recurrenceId) >= window.to || isLongBefore(exception.recurrenceId))
      add({ item: exception, startDate: exception.startDate, endDate: exception.endDate });
  }
  return found;
}

const isNoTime = (component: ICAL.Component): boolean =>
  String(component.getFirstPropertyValue('transp') ?? '').toUpperCase() === 'TRANSPARENT' ||
  String(component.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED';

const isDeclined = (component: ICAL.Component, ownAddresses: ReadonlySet<string>): boolean =>
  component
    .getAllProperties('attendee')
    .some(
      (attendee) =>
        (attendee.getFirstParameter('partstat') as string | undefined)?.toUpperCase() === 'DECLINED' &&
        ownAddresses.has(plainAddress(String(attendee.getFirstValue()))),
    );
