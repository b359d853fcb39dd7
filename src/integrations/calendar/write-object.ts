/** A visit as an iCalendar object for a CalDAV server (RFC 4791, 4.1): one event, nobody invited. Pure. */
import { createHash } from 'node:crypto';
import ical, { ICalEventStatus, ICalEventTransparency } from 'ical-generator';
import type { Interval } from '../../domain/rules.ts';
import { startInstant } from '../../domain/time.ts';
import { lines, oneLine, zoneBlock } from '../invitation.ts';
import type { CalendarEvent } from './calendar.ts';
import { markProperty } from './read-busy.ts';

/** Tells one content of an event from another, so that what is there already is not written again. */
export const markOf = (event: CalendarEvent): string => createHash('sha256').update(JSON.stringify(event)).digest('base64url').slice(0, 22);

/** When it is, in instants. */
export function spanOf({ times: { timeZone, start, end } }: CalendarEvent): Interval {
  if (timeZone === null) return { from: start.getTime(), to: end.getTime() };
  const instant = (wall: string) => startInstant(wall.slice(0, 10), Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16)), timeZone);
  return { from: instant(start), to: instant(end) };
}

/**
 * The text of the object. Without ORGANIZER and ATTENDEE there is nobody whom a server with scheduling (RFC 6638) could write to:
 * invitations are our mails, and theirs alone.
 */
export function writeObject(event: CalendarEvent, stampedAt: Date): string {
  const { timeZone, start, end } = event.times;
  const calendar = ical({ prodId: { company: 'Punctual', product: 'Punctual', language: 'EN' } });
  calendar.timezone({ name: null, generator: zoneBlock });
  calendar.createEvent({
    id: event.uid,
    sequence: event.sequence,
    stamp: stampedAt,
    start,
    end,
    ...(timeZone && { timezone: timeZone }),
    x: [[markProperty.toUpperCase(), markOf(event)]],
    summary: oneLine(event.summary),
    description: lines(event.description),
    location: oneLine(event.location),
    transparency: ICalEventTransparency.OPAQUE,
    status: event.isTentative ? ICalEventStatus.TENTATIVE : ICalEventStatus.CONFIRMED,
  });
  return `${calendar.toString()}\r\n`;
}
