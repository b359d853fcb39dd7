/**
 * When an iCalendar object keeps its owner busy: recurring, all-day, moved and cancelled events, each in its own zone (RFC 5545). Pure, but
 * for the clock that ends a reading without end.
 */
import { createContext, Script } from 'node:vm';
import ICAL from 'ical.js';
import { merge } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/rules.ts';
import { busyOf, busyOfSeries, TooMany } from './ical-series.ts';
import { zonesOf } from './ical-zone.ts';

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
    if (error instanceof TooMany) throw new Unreadable(error.message);
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
  const reading = { zones: zonesOf(root, timeZone), window, isFree };
  const masters = events.filter((each) => !isException(each));
  const exceptions = Map.groupBy(events.filter(isException), uidOf);
  // Who was invited to one instance alone has no series.
  const series = new Set(masters.map(uidOf));
  const alone = [...exceptions].flatMap(([uid, each]) => (series.has(uid) ? [] : each));
  const busy = [
    ...masters.flatMap((master) => busyOfSeries(master, exceptions.get(uidOf(master)) ?? [], reading)),
    ...alone.flatMap((each) => busyOf(each, reading)),
  ];
  const cut = busy.map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }));
  const mark = masters[0]?.getFirstPropertyValue(markProperty);
  return {
    uid: events[0] ? uidOf(events[0]) : null,
    busy: merge(cut.filter(({ from, to }) => from < to)),
    mark: mark === null || mark === undefined ? null : String(mark),
  };
}

const uidOf = (component: ICAL.Component): string => String(component.getFirstPropertyValue('uid'));
const isException = (component: ICAL.Component): boolean => component.getFirstProperty('recurrence-id') !== null;

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
