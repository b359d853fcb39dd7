/** Invitations (RFC 5545, RFC 5546), by ical-generator and the VTIMEZONE blocks of timezones-ical-library. Pure. */
import ical, { ICalAttendeeRole, ICalAttendeeStatus, ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import { tzlib_get_ical_block } from 'timezones-ical-library';
import type { EventTimes } from '../domain/calendar-event.ts';

export type { EventTimes };

export type Invitation = {
  method: 'REQUEST' | 'CANCEL';
  /** The same for every message about one appointment. */
  uid: string;
  /** Grows with every change that is sent. */
  sequence: number;
  stampedAt: Date;
  times: EventTimes;
  summary: string;
  description: string;
  location: string;
  organizer: { name: string; email: string };
  attendee: { name: string; email: string };
};

/**
 * The text of one `.ics`. Wall times with a zone keep their hour when a government changes its clock rules; a time that happens twice
 * must come in UTC, since RFC 5545 (3.3.5) reads it as the first.
 */
export function invitation(given: Invitation): string {
  const { timeZone, start, end } = given.times;
  const calendar = ical({ prodId: { company: 'Punctual', product: 'Punctual', language: 'EN' }, method: ICalCalendarMethod[given.method] });
  // Named on the calendar, the zone would turn DTSTAMP into local time, which RFC 5545 forbids.
  calendar.timezone({ name: null, generator: zoneBlock });
  const event = calendar.createEvent({
    id: given.uid,
    sequence: given.sequence,
    stamp: given.stampedAt,
    start,
    end,
    ...(timeZone && { timezone: timeZone }),
    summary: oneLine(given.summary),
    description: lines(given.description),
    location: oneLine(given.location),
    status: given.method === 'CANCEL' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    organizer: person(given.organizer),
  });
  event.createAttendee({
    ...person(given.attendee),
    rsvp: false,
    role: ICalAttendeeRole.REQ,
    // Who books has accepted: asking again would only fill the organiser's inbox with answers.
    status: ICalAttendeeStatus.ACCEPTED,
  });
  // Each line ends with CRLF, the last one too (RFC 5545, 3.1); the library leaves that one open.
  return `${calendar.toString()}\r\n`;
}

/**
 * The zone's VTIMEZONE. For an alias (`Europe/Oslo`) the library answers with the zone it stands for, and then nothing would define the
 * event's TZID.
 */
export function zoneBlock(zone: string): string {
  const block = String(tzlib_get_ical_block(zone)[0]);
  if (!block.startsWith('BEGIN:VTIMEZONE')) throw new RangeError(`no VTIMEZONE is known for ${zone}`);
  return block.replace(/^TZID:.*$/m, `TZID:${zone}`);
}

/** Control characters have no place in a property, and no library escapes all of them; the direction of text is nobody's to turn. */
const clean = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '');
export const oneLine = (text: string): string => clean(text).trim();
export const lines = (text: string): string =>
  text
    .split(/\r\n|\r|\n/)
    .map(clean)
    .join('\n')
    .trim();

/**
 * In a CN a quote or caret needs the escapes of RFC 6868, which Outlook shows as they are, and readers disagree on a backslash. In an
 * address none of them has a place.
 */
const person = ({ name, email }: { name: string; email: string }) => ({
  name: oneLine(name)
    .replaceAll('"', "'")
    .replaceAll(/[\^\\]/g, ' '),
  email: clean(email).replaceAll(/[\s"^\\]/g, ''),
});
