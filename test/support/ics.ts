/** Objects as people's own programs write them. */
import { randomUUID } from 'node:crypto';

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
