/** What a visit's event is in a calendar, whichever way it gets there (mail, feed): under which UID, and at which times. Pure. */
import { resolveLocal, toWall } from './time.ts';

/** A start or end: the wall time `YYYY-MM-DDTHH:mm:ss` in `timeZone`, or with no zone the instant in UTC. */
export type EventTimes = { timeZone: string; start: string; end: string } | { timeZone: null; start: Date; end: Date };

/**
 * The UID of the visit for the customer and a sole barber is one everywhere. Each of several barbers (`barberId`) has an event with times
 * of his own, and the UID is what makes an event one (RFC 5545, 3.8.4.7): under a common one the later mail would replace what the earlier
 * put down (RFC 5546, 2.1.5) wherever two of them reach one mailbox, as with barbers who share the shop's, or one who is the customer. A
 * sole barber's event is the customer's: and what was sent out under its UID must stay revocable.
 */
export const eventUid = (appointmentId: string, barberId: string | null): string =>
  `${barberId ? `${appointmentId}.${barberId}` : appointmentId}@punctual`;

/** The appointment of which this is the UID; null where it is none of ours. */
export const appointmentOf = (uid: string): string | null =>
  /^(?<appointment>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.[0-9a-f-]{36})?@punctual$/.exec(uid)?.groups?.appointment ?? null;

/** Wall times in the shop's zone; in UTC where the wall time happens twice and would be read as the first. Instants are ISO 8601 text. */
export function eventTimes({ startsAt, endsAt, timeZone }: { startsAt: string; endsAt: string; timeZone: string }): EventTimes {
  const [start = '', end = ''] = [startsAt, endsAt].map((text) => toWall(Date.parse(text), timeZone).iso.slice(0, 16));
  const isPlain = [start, end].every((wall) => resolveLocal(wall, timeZone).kind === 'exact');
  return isPlain
    ? { timeZone, start: `${start}:00`, end: `${end}:00` }
    : { timeZone: null, start: new Date(startsAt), end: new Date(endsAt) };
}
