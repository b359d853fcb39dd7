/** Invitations (RFC 5545, RFC 5546), by ical-generator and the VTIMEZONE blocks of timezones-ical-library. Pure. */
import ical, { ICalAttendeeRole, ICalAttendeeStatus, ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import { tzlib_get_ical_block } from 'timezones-ical-library';

/** A start or end: the wall time `YYYY-MM-DDTHH:mm:ss` in `timeZone`, or with no zone the instant in UTC. */
export type EventTimes = { timeZone: string; start: string; end: string } | { timeZone: null; start: Date; end: Date };

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

/** Control characters have no place in a property or parameter, and no library escapes all of them. */
const clean = (text: string): string => text.replaceAll(/[\p{Cc}--\n]/gv, ' ');
const cleanName = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ');

/**
 * The text of one `.ics`. Wall times with a zone keep their hour when a government changes its clock rules; a time that happens twice
 * must come in UTC, since RFC 5545 (3.3.5) reads it as the first.
 */
export function invitation(given: Invitation): string {
  const calendar = ical({ prodId: { company: 'Punctual', product: 'Punctual', language: 'EN' }, method: ICalCalendarMethod[given.method] });
  // Named on the calendar, the zone would turn DTSTAMP into local time, which RFC 5545 forbids.
  calendar.timezone({ name: null, generator: (zone) => String(tzlib_get_ical_block(zone)[0]) });
  const event = calendar.createEvent({
    id: given.uid, sequence: given.sequence, stamp: given.stampedAt,
    start: given.times.start, end: given.times.end, ...(given.times.timeZone && { timezone: given.times.timeZone }),
    summary: cleanName(given.summary), description: clean(given.description), location: cleanName(given.location),
    status: given.method === 'CANCEL' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    organizer: { name: cleanName(given.organizer.name), email: given.organizer.email },
  });
  event.createAttendee({
    name: cleanName(given.attendee.name), email: given.attendee.email, rsvp: false, role: ICalAttendeeRole.REQ,
    // Who books has accepted: asking again would only fill the organiser's inbox with answers.
    status: ICalAttendeeStatus.ACCEPTED,
  });
  return calendar.toString();
}
