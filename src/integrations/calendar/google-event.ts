/**
 * A visit as Google's event, and what an event of Google's means to us. Pure. Source:
 * https://developers.google.com/workspace/calendar/api/v3/reference/events
 */
import { createHash } from 'node:crypto';
import type { calendar_v3 } from '@googleapis/calendar';
import type { Interval } from '../../domain/rules.ts';
import { isLocalDate, parseInstant, startInstant } from '../../domain/time.ts';
import { lines, oneLine } from '../invitation.ts';
import type { CalendarEvent, RemoteObject } from './calendar.ts';
import { markOf } from './write-object.ts';

export type GoogleEvent = calendar_v3.Schema$Event;

/**
 * An id may have a–v and 0–9, 5 to 1024 of them: hexadecimal digits are some of those. Known before the first call, so that no answer
 * can be lost with it.
 */
export const eventIdOf = (uid: string): string => createHash('sha256').update(uid).digest('hex');

/**
 * The whole event: an update drops what it does not name, such as a rule by which the owner has made it repeat, or guests. What he has
 * chosen for himself alone (colour, reminders) stays. `iCalUID` is left to Google, which makes it of the id (`<id>@google.com`): "only one
 * of them should be supplied at event creation time". Our UID is among the private properties, which only we see.
 */
export function writeEvent(event: CalendarEvent, there: GoogleEvent | null): GoogleEvent {
  const { timeZone, start, end } = event.times;
  return {
    ...(there?.colorId && { colorId: there.colorId }),
    ...(there?.reminders && { reminders: there.reminders }),
    summary: oneLine(event.summary),
    description: lines(event.description),
    location: oneLine(event.location),
    transparency: 'opaque',
    status: statusOf(event),
    ...(timeZone === null
      ? { start: { dateTime: start.toISOString() }, end: { dateTime: end.toISOString() } }
      : { start: { dateTime: start, timeZone }, end: { dateTime: end, timeZone } }),
    // A number below its own Google refuses; its own grows also when the owner moves the event.
    sequence: Math.max(there?.sequence ?? 0, event.sequence),
    extendedProperties: { private: { punctualMark: markOf(event), punctualUid: event.uid } },
  };
}

/** Whether nothing has to be written. The mark stays when the owner changes the event: so what decides about time is looked at itself. */
export function isWritten(event: CalendarEvent, there: GoogleEvent): boolean {
  const { timeZone, start, end } = event.times;
  const wall = (text: string, zone: string): number =>
    startInstant(text.slice(0, 10), Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16)), zone);
  const meant = timeZone === null ? [start.getTime(), end.getTime()] : [wall(start, timeZone), wall(end, timeZone)];
  const found = [there.start, there.end].map((time) => (time?.dateTime ? parseInstant(time.dateTime) : null));
  return (
    there.extendedProperties?.private?.punctualMark === markOf(event) &&
    there.status === statusOf(event) &&
    there.transparency !== 'transparent' &&
    !there.recurrence &&
    found[0] === meant[0] &&
    found[1] === meant[1]
  );
}

const statusOf = ({ isTentative }: CalendarEvent): string => (isTentative ? 'tentative' : 'confirmed');

/** An event, or one occurrence of a series, that is not cancelled. Whole days are of `timeZone`. */
export function readEvent(event: GoogleEvent, window: Interval, timeZone: string): RemoteObject {
  const kept = event.extendedProperties?.private ?? {};
  // A copy that the owner makes may carry our properties with it: ours is what has our id.
  const isOurs = kept.punctualUid !== undefined && event.id === eventIdOf(kept.punctualUid);
  const uid = (isOurs ? kept.punctualUid : event.iCalUID) ?? null;
  const object = { remoteId: event.id ?? '', etag: event.etag ?? '', uid, mark: isOurs ? (kept.punctualMark ?? null) : null };
  const [from, to] = [instantOf(event.start, timeZone), instantOf(event.end, timeZone)];
  if (from === null || to === null) return { ...object, busy: [], isUnreadable: true };
  const cut = { from: Math.max(from, window.from), to: Math.min(to, window.to) };
  return { ...object, busy: isBusy(event) && cut.from < cut.to ? [cut] : [] };
}

/** Being elsewhere keeps nobody busy; absence and focus time do. */
const isBusy = ({ transparency, eventType, attendees }: GoogleEvent): boolean =>
  transparency !== 'transparent' &&
  eventType !== 'workingLocation' &&
  !attendees?.some(({ self, responseStatus }) => self && responseStatus === 'declined');

function instantOf(time: calendar_v3.Schema$EventDateTime | undefined, timeZone: string): number | null {
  if (time?.dateTime) return parseInstant(time.dateTime);
  return time?.date && isLocalDate(time.date) ? startInstant(time.date, 0, timeZone) : null;
}
