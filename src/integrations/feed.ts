/**
 * Subscribed calendars (RFC 5545, RFC 7986), by the same libraries as invitations. Nobody is invited by one, so nobody is named as ATTENDEE
 * or ORGANIZER.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import ical, { escape, foldLines, ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import type { FeedEvent } from '../domain/feed.ts';
import { oneLine, zoneBlock } from './invitation.ts';

export type Feed = {
  name: string;
  /** Defined when no event names one: a calendar must have some component (RFC 5545, 3.6). */
  timeZone: string | null;
  events: FeedEvent[];
};

const refreshSeconds = 15 * 60;
/** Some milliseconds' worth; between them others get their turn. */
const eventsAtOnce = 200;
const end = 'END:VCALENDAR';

/** The text of the `.ics`. The same feed gives the same text. */
export async function writeFeed({ name, timeZone, events }: Feed): Promise<string> {
  const zones = new Set(events.map(({ times }) => times.timeZone).filter((zone) => zone !== null));
  if (events.length === 0 && timeZone !== null) zones.add(timeZone);
  const parts = [head(name), ...[...zones].map((zone) => `${zoneBlock(zone).trim().replaceAll(/\r?\n/g, '\r\n')}\r\n`)];
  for (let from = 0; from < events.length; from += eventsAtOnce) {
    if (from > 0) await nextTurn();
    parts.push(eventTexts(events.slice(from, from + eventsAtOnce)));
  }
  return `${parts.join('')}${end}\r\n`;
}

/** A calendar without its components: written as a whole, the library would put its properties behind the first of them. */
function head(name: string): string {
  const calendar = ical({
    prodId: { company: 'Punctual', product: 'Punctual', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    ttl: refreshSeconds,
    // The one text that the library does not escape.
    name: escape(oneLine(name), false),
  });
  return calendar.toString().slice(0, -end.length);
}

function eventTexts(events: FeedEvent[]): string {
  const calendar = ical();
  return events
    .map(({ uid, sequence, stampedAt, isTentative, times: { timeZone, start, end: until }, summary, location, description }) =>
      foldLines(
        calendar
          .createEvent({
            id: uid,
            sequence,
            stamp: stampedAt,
            start,
            end: until,
            ...(timeZone && { timezone: timeZone }),
            summary: oneLine(summary),
            ...(location !== null && { location: oneLine(location) }),
            ...(description.length > 0 && { description: description.map(oneLine).join('\n') }),
            status: isTentative ? ICalEventStatus.TENTATIVE : ICalEventStatus.CONFIRMED,
          })
          .toString(),
      ),
    )
    .join('');
}
