/** What has changed in a calendar of Microsoft's. Source: https://learn.microsoft.com/en-us/graph/delta-query-events */
import { merge } from '../../domain/intervals.ts';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { CalendarError, type Changes, type RemoteObject } from './calendar.ts';
import { queryOf, type GraphCall } from './graph-call.ts';
import { isForgotten, isRefused } from './graph-errors.ts';
import { isVisit, lookedAt, marksOf, mayBeOurs, readEvent, whenIs, type GraphEvent } from './graph-event.ts';

type Collection = { call: GraphCall; path: string; timeZone: string };
type Round = { events: GraphEvent[]; gone: Set<string>; token: string };

/**
 * Tokens are `delta:` and what of Graph's link is below its address; an empty one fits nothing. The window of the whole round that it came
 * with is fixed in it.
 */
export async function readGraphChanges(collection: Collection, token: string | null, window: Interval): Promise<Changes> {
  const since = token?.startsWith('delta:/') ? collection.call.pathOf(token.slice('delta:'.length)) : null;
  if (since !== null) {
    try {
      return await readChanges(collection, since, window, false);
    } catch (error) {
      if (!isForgotten(error)) throw error;
    }
  }
  return readChanges(collection, `${collection.path}/calendarView/delta?${queryOf(view(window))}`, window, true);
}

const view = ({ from, to }: Interval) => ({ startDateTime: new Date(from).toISOString(), endDateTime: new Date(to).toISOString() });

/**
 * A series is told as one object, under the id of its master: Graph tells its deletion by that alone, and of a deleted occurrence nothing
 * but what is left (https://stackoverflow.com/q/55641502).
 */
async function readChanges(collection: Collection, path: string, window: Interval, isWhole: boolean): Promise<Changes> {
  const { events, gone, token } = await readRound(collection, path);
  const masters = new Map(events.filter(({ type }) => type === 'seriesMaster').map((each) => [each.id, each]));
  const occurrences = Map.groupBy(
    events.filter(({ seriesMasterId }) => seriesMasterId),
    ({ seriesMasterId }) => seriesMasterId!,
  );
  const singles = events.filter(({ type, seriesMasterId }) => type !== 'seriesMaster' && !seriesMasterId);
  const ours = await readOurs(collection, [...singles, ...masters.values()]);

  const objects = singles.map((each) => readEvent(each, window, collection.timeZone));
  for (const id of new Set([...masters.keys(), ...occurrences.keys()])) {
    const master = masters.get(id);
    // Of a series that changed, not all is promised to be told.
    const all =
      isWhole && master ? (occurrences.get(id) ?? []).map((each) => ({ ...master, ...each })) : await readInstances(collection, id, window);
    if (all === null) gone.add(id);
    else objects.push(readSeries({ id, ...master }, all, window, collection.timeZone));
  }
  return { objects: objects.map((each) => ({ ...each, ...ours.get(each.remoteId) })), gone: [...gone], token, isWhole };
}

/** What a later page says of an event is newer. */
async function readRound({ call }: Collection, path: string): Promise<Round> {
  const [events, gone] = [new Map<string, GraphEvent>(), new Set<string>()];
  let link: string | undefined;
  for await (const page of call.pages<GraphEvent>('calendarView.delta', path)) {
    link = page['@odata.deltaLink'];
    for (const event of page.value) {
      events.delete(event.id);
      gone.delete(event.id);
      if (event['@removed'] === undefined) events.set(event.id, event);
      else gone.add(event.id);
    }
  }
  const next = link === undefined ? null : call.pathOf(link);
  if (next === null)
    throw new CalendarError(
      link === undefined ? 'transient' : 'permanent',
      `Graph failed: calendarView.delta, ${link === undefined ? 'no link' : 'a link leads elsewhere'}`,
    );
  return { events: [...events.values()], gone, token: `delta:${next}` };
}

/** Null where the series has gone since. */
async function readInstances({ call }: Collection, id: string, window: Interval): Promise<GraphEvent[] | null> {
  const $select = 'id,iCalUId,start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,isCancelled,showAs,responseStatus';
  try {
    const found: GraphEvent[] = [];
    for await (const { value } of call.pages<GraphEvent>(
      'event.instances',
      `/me/events/${encodeURIComponent(id)}/instances?${queryOf({ ...view(window), $select, $top: 100 })}`,
    ))
      found.push(...value);
    return found;
  } catch (error) {
    if (isRefused(error, 404)) return null;
    throw error;
  }
}

function readSeries(master: GraphEvent, all: GraphEvent[], window: Interval, timeZone: string): RemoteObject {
  const read = all.map((each) => readEvent(each, window, timeZone));
  const uid = master.iCalUId ?? all[0]?.iCalUId ?? null;
  return {
    remoteId: master.id,
    etag: master['@odata.etag'] ?? '',
    uid,
    mark: null,
    busy: merge(read.flatMap(({ busy }) => busy)),
    ...(read.some(({ isUnreadable }) => isUnreadable) && { isUnreadable: true as const }),
  };
}

/** A round knows no extended properties ($expand is refused there): ours are listed, as far as they are about when these are. */
async function readOurs({ call, path }: Collection, events: GraphEvent[]): Promise<Map<string, Pick<RemoteObject, 'uid' | 'mark'>>> {
  const found = new Map<string, Pick<RemoteObject, 'uid' | 'mark'>>();
  const spans = events.flatMap((each) => whenIs(each) ?? []);
  if (spans.length === 0) return found;
  const [from, to] = [
    spans.reduce((least, each) => Math.min(least, each.from), Infinity) - DAY,
    spans.reduce((most, each) => Math.max(most, each.to), -Infinity) + DAY,
  ].map((instant) => new Date(instant).toISOString().slice(0, 19));
  const list = async ($filter: string): Promise<void> => {
    for await (const { value } of call.pages<GraphEvent>('event.list', `${path}/events?${queryOf({ ...lookedAt, $filter, $top: 100 })}`))
      for (const each of value) found.set(each.id, marksOf(each));
  };
  await list(`${isVisit} and start/dateTime le '${to}' and end/dateTime ge '${from}'`).catch(async (error: unknown) => {
    // Mailboxes may find a filter "too complex", and nobody says which.
    if (!isRefused(error, 400)) throw error;
    await list(isVisit);
  });
  // What was moved away in between is not in that list.
  for (const { id } of events.filter((each) => !found.has(each.id) && mayBeOurs(each))) {
    const event = await call
      .send<GraphEvent>('event.get', 'GET', `${path}/events/${encodeURIComponent(id)}?${queryOf(lookedAt)}`)
      .catch((error: unknown) => {
        if (isRefused(error, 404)) return null;
        throw error;
      });
    if (event && marksOf(event).uid !== null) found.set(id, marksOf(event));
  }
  return found;
}
