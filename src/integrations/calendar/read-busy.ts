/** When an iCalendar object keeps its owner busy: recurring, all-day, moved and cancelled events, each in its own zone (RFC 5545). Pure. */
import ICAL from 'ical.js';
import { merge } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/rules.ts';
import { isTimeZone, startInstant } from '../../domain/time.ts';

/** A rule that has not reached the window after so many steps is none that people make. */
const mostSteps = 20_000;

/** It cannot be understood; the message says why, without a word of the object's own. */
export class Unreadable extends Error {}

export type ReadObject = { uid: string | null; busy: Interval[]; /** Our own mark, where we wrote it. */ mark: string | null };

/** The property in which our objects carry their mark. */
export const markProperty = 'x-punctual-mark';

/**
 * Reads one object. Times without a zone, and whole days, are of `timeZone`. Busy is what is not transparent (RFC 5545, 3.8.2.7) and not cancelled;
 * intervals are cut to the window and joined where they touch. @throws Unreadable
 */
export function readObject(text: string, window: Interval, timeZone: string): ReadObject {
  try {
    const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent');
    const isException = (component: ICAL.Component): boolean => component.getFirstProperty('recurrence-id') !== null;
    const masters = events.filter((each) => !isException(each));
    const uidOf = (component: ICAL.Component): string => String(component.getFirstPropertyValue('uid'));
    const alone = events.filter((each) => isException(each) && !masters.some((master) => uidOf(master) === uidOf(each)));
    const exceptionsOf = (master: ICAL.Component) => events.filter((each) => isException(each) && uidOf(each) === uidOf(master));
    const busy = [
      ...masters.flatMap((master) => occurrences(new ICAL.Event(master, { exceptions: exceptionsOf(master), strictExceptions: true }), window, timeZone)),
      ...alone.flatMap((each) => occurrences(new ICAL.Event(each), window, timeZone)),
    ];
    const mark = masters[0]?.getFirstPropertyValue(markProperty);
    return { uid: events[0] ? uidOf(events[0]) : null, busy: merge(busy), mark: mark === null || mark === undefined ? null : String(mark) };
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable('not an iCalendar object');
  }
}

type Occurrence = { item: ICAL.Event; startDate: ICAL.Time; endDate: ICAL.Time };

function occurrences(event: ICAL.Event, window: Interval, timeZone: string): Interval[] {
  const found: Interval[] = [];
  const add = ({ item, startDate, endDate }: Occurrence): void => {
    if (isFree(item.component)) return;
    const [from, to] = [instantOf(startDate, item, timeZone), instantOf(endDate, item, timeZone)];
    const cut = { from: Math.max(from, window.from), to: Math.min(to, window.to) };
    if (cut.from < cut.to) found.push(cut);
  };
  if (!event.isRecurring() || event.isRecurrenceException()) {
    add({ item: event, startDate: event.startDate, endDate: event.endDate });
    return found;
  }
  const iterator = event.iterator();
  for (let steps = 0, next = iterator.next(); next; next = iterator.next(), steps += 1) {
    if (steps > mostSteps) throw new Unreadable('a rule with too many occurrences');
    if (instantOf(next, event, timeZone) >= window.to) break;
    add(event.getOccurrenceDetails(next));
  }
  // What was moved into the window from beyond it.
  for (const exception of Object.values(event.exceptions)) {
    if (instantOf(exception.recurrenceId, exception, timeZone) >= window.to) add({ item: exception, startDate: exception.startDate, endDate: exception.endDate });
  }
  return found;
}

const isFree = (component: ICAL.Component): boolean =>
  String(component.getFirstPropertyValue('transp') ?? '').toUpperCase() === 'TRANSPARENT' || String(component.getFirstPropertyValue('status') ?? '').toUpperCase() === 'CANCELLED';

/** By the zone that the event names, by our own data where we know it, else by the definition in the object. */
function instantOf(time: ICAL.Time, event: ICAL.Event, timeZone: string): number {
  const [year, month, day] = [time.year, time.month, time.day].map((part, index) => String(part).padStart(index === 0 ? 4 : 2, '0'));
  const date = `${year}-${month}-${day}`;
  if (time.isDate) return startInstant(date, 0, timeZone);
  if (time.zone === ICAL.Timezone.utcTimezone) return time.toUnixTime() * 1000;
  const wall = (zone: string): number => startInstant(date, time.hour * 60 + time.minute, zone) + time.second * 1000;
  const tzid = event.component.getFirstProperty('dtstart')?.getFirstParameter('tzid');
  if (tzid !== undefined && isTimeZone(tzid)) return wall(tzid);
  if (time.zone && time.zone !== ICAL.Timezone.localTimezone) return time.toUnixTime() * 1000;
  return wall(timeZone);
}
