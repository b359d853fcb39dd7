/** What narrows a list of Google's. Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list */
import { parseInstant } from '../../domain/time.ts';
import { one, text, type Call } from './answer.ts';
import { refuse } from './google-errors.ts';
import type { GoogleEvent } from './google-event.ts';
import type { Instance } from './views.ts';

/** Whether an event has the properties, words, UID and type that a call asks for. */
export function matches(call: Call, { version: { body, shape }, entry, master }: Instance): boolean {
  const pairs = (name: string, kind: 'private' | 'shared') =>
    (call.query.get(name) ?? []).every((pair) => {
      const [key = '', ...value] = pair.split('=');
      return (body as GoogleEvent).extendedProperties?.[kind]?.[key] === value.join('=');
    });
  const types = call.query.get('eventTypes');
  const [uid, q] = [one(call, 'iCalUID'), one(call, 'q')?.toLowerCase()];
  return (
    pairs('privateExtendedProperty', 'private') &&
    pairs('sharedExtendedProperty', 'shared') &&
    (!types || types.includes(text(body.eventType) ?? 'default')) &&
    (uid === undefined || (master ?? entry).uid === uid) &&
    (q === undefined || `${shape.title} ${text(body.description) ?? ''} ${text(body.location) ?? ''}`.toLowerCase().includes(q))
  );
}

/** "By default the value is 250 events. The page size can never be larger than 2500 events." */
export function sizeOf(call: Call): number {
  const size = Number(one(call, 'maxResults') ?? 250);
  return Number.isInteger(size) && size >= 1 ? Math.min(size, 2500) : refuse('invalid', { location: 'maxResults' });
}

/** An RFC 3339 timestamp "with mandatory time zone offset". */
export function instantIn(call: Call, name: string): number | null {
  const given = one(call, name);
  if (given === undefined) return null;
  return parseInstant(given) ?? refuse('badRequest', { location: name });
}
