/** Objects as people's own programs write them. */
import { randomUUID } from 'node:crypto';
import { readObject } from '../../src/integrations/calendar/read-busy.ts';

/** One VCALENDAR with these VEVENTs, each given as its lines; a UID and a stamp are added where they are missing. */
export function icsOf(...events: string[][]): string {
  const uid = `${randomUUID()}@example.org`;
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Example//EN',
    ...events.flatMap((lines) => [
      'BEGIN:VEVENT',
      ...(lines.some((line) => line.startsWith('UID:')) ? [] : [`UID:${uid}`]),
      'DTSTAMP:20261101T000000Z',
      ...lines,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

/** When these VEVENTs keep a barber in Lisbon busy, within half a year with both changes of clocks: `from/to` in UTC, to the minute. */
export const busyOf = (...events: string[][]): string[] => busyOfText(icsOf(...events));
export const busyOfText = (text: string): string[] =>
  readObject(text, busyWindow, 'Europe/Lisbon').busy.map(({ from, to }) =>
    [from, to].map((instant) => new Date(instant).toISOString().slice(0, 16)).join('/'),
  );
export const busyWindow = { from: Date.parse('2026-10-01T00:00:00Z'), to: Date.parse('2027-04-01T00:00:00Z') };
