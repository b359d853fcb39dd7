/** Calendars at Microsoft, by Graph v1.0. Source: https://learn.microsoft.com/en-us/graph/api/resources/calendar */
import { randomInt } from 'node:crypto';
import type { Interval } from '../../domain/rules.ts';
import { CalendarError, type Calendar, type CalendarEvent, type Changes, type Placed } from './calendar.ts';
import { createGraphCall, queryOf, type GraphAccess } from './graph-call.ts';
import { readGraphChanges } from './graph-changes.ts';
import { isDuplicate, isRefused } from './graph-errors.ts';
import { createGraphPush } from './graph-push.ts';
import { carriesUid, isWritten, lookedAt, transactionIdOf, writeEvent, type GraphEvent } from './graph-event.ts';

export type GraphOptions = GraphAccess & {
  calendarId: string;
  /** For whole days: Graph's calendars have no zone of their own. */
  timeZone: string;
};

const raceTries = 3;
/** So many transactionIds of a visit may be in use by events that are gone; after that one is drawn. */
const generations = 4;

export function createGraphCalendar({ calendarId, timeZone, ...access }: GraphOptions): Calendar {
  const call = createGraphCall(access);
  const path = `/me/calendars/${encodeURIComponent(calendarId)}`;
  const pathOf = (id: string): string => `${path}/events/${encodeURIComponent(id)}`;

  /** Null when there is none. */
  async function read(id: string): Promise<GraphEvent | null> {
    try {
      return await call.send<GraphEvent>('event.get', 'GET', `${pathOf(id)}?${queryOf(lookedAt)}`);
    } catch (error) {
      if (isRefused(error, 404)) return null;
      throw error;
    }
  }

  /** All that carry this UID, the oldest first. */
  async function find(uid: string): Promise<GraphEvent[]> {
    const found: GraphEvent[] = [];
    for await (const { value } of call.pages<GraphEvent>(
      'event.list',
      `${path}/events?${queryOf({ ...lookedAt, $filter: carriesUid(uid), $top: 50 })}`,
    ))
      found.push(...value);
    const age = ({ createdDateTime = '', id }: GraphEvent): string => `${createdDateTime} ${id}`;
    return found.sort((a, b) => (age(a) < age(b) ? -1 : 1));
  }

  async function erase(id: string): Promise<void> {
    try {
      await call.send('event.delete', 'DELETE', pathOf(id));
    } catch (error) {
      if (!isRefused(error, 404)) throw error;
    }
  }

  /** More than one are there when an answer was lost and Graph had forgotten its transactionId. */
  async function findSole(uid: string): Promise<GraphEvent | null> {
    const [first = null, ...others] = await find(uid);
    for (const { id } of others) await erase(id);
    return first;
  }

  async function put(event: CalendarEvent, known: Placed | null): Promise<Placed> {
    for (let races = 0, generation = 0; races < raceTries && generation <= generations;) {
      const there = (known && (await read(known.remoteId))) ?? (await findSole(event.uid));
      if (there && isWritten(event, there)) return placed(there);
      const body = writeEvent(event, there);
      try {
        if (there)
          return placed(
            await call.send<GraphEvent>('event.update', 'PATCH', pathOf(there.id), {
              body,
              headers: { 'if-match': there['@odata.etag'] ?? '*' },
            }),
          );
        const transactionId = transactionIdOf(event.uid, generation < generations ? generation : randomInt(generations, 2 ** 47));
        return placed(await call.send<GraphEvent>('event.create', 'POST', `${path}/events`, { body: { ...body, transactionId } }));
      } catch (error) {
        // The event of that creation is another by now, or gone: a new look tells.
        if (isDuplicate(error)) generation += 1;
        // Somebody was faster. Whether a 404 is about the calendar itself, the next look tells as well.
        else if (isRefused(error, 404, 409, 412)) races += 1;
        else throw error;
      }
    }
    throw new CalendarError('transient', 'Graph failed: it changes faster than we can write');
  }

  async function remove({ uid, remoteId }: { uid: string; remoteId: string | null }): Promise<void> {
    if (remoteId !== null) await erase(remoteId);
    const others = await find(uid).catch((error: unknown): GraphEvent[] => {
      // Without the calendar there is no event in it.
      if (isRefused(error, 404)) return [];
      throw error;
    });
    for (const { id } of others) await erase(id);
  }

  return {
    put,
    remove,
    changes: (token: string | null, window: Interval): Promise<Changes> => readGraphChanges({ call, path, timeZone }, token, window),
    verify: async () => {
      await call.send('calendar.get', 'GET', `${path}?${queryOf({ $select: 'id' })}`);
    },
    push: createGraphPush(call, `${path}/events`, access.now),
  };
}

const placed = (event: GraphEvent): Placed => ({ remoteId: event.id, etag: event['@odata.etag'] ?? '' });

export type GraphCalendarName = { id: string; name: string; isPrimary: boolean; /** Its owner's address. */ account: string | null };

/** The calendars into which the owner may write, his own first. Source: https://learn.microsoft.com/en-us/graph/api/user-list-calendars */
export async function listGraphCalendars(
  accessToken: () => Promise<string>,
  baseUrl?: string,
  now: () => Date = () => new Date(),
): Promise<GraphCalendarName[]> {
  const call = createGraphCall({ accessToken, ...(baseUrl !== undefined && { baseUrl }), now });
  const found: GraphCalendarName[] = [];
  const query = queryOf({ $select: 'id,name,canEdit,isDefaultCalendar,owner', $top: 100 });
  for await (const { value } of call.pages<{
    id?: string;
    name?: string | null;
    canEdit?: boolean;
    isDefaultCalendar?: boolean;
    owner?: { address?: string | null } | null;
  }>('calendar.list', `/me/calendars?${query}`)) {
    for (const { id, name, canEdit, isDefaultCalendar, owner } of value)
      if (id && canEdit) found.push({ id, name: name ?? id, isPrimary: isDefaultCalendar === true, account: owner?.address ?? null });
  }
  return found.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.name.localeCompare(b.name));
}
