/**
 * Graph's lists: events, calendarView and its delta.
 * Source: https://learn.microsoft.com/en-us/graph/api/user-list-events, …/calendar-list-calendarview, …/event-delta, https://learn.microsoft.com/en-us/graph/delta-query-events
 */
import { parseInstant } from '../../domain/time.ts';
import { Refusal, ok, one, type Call, type Operation } from './answer.ts';
import { graphError, refuse, type GraphCode } from './graph-errors.ts';
import { etagOf, resourceOf, type Shown } from './graph-event.ts';
import { calendarOf, shownTo } from './graph-events.ts';
import { filterOf, project, sizeOf } from './graph-query.ts';
import { appliedHeader } from './graph-zone.ts';
import { createPages, packToken, unpackToken } from './pages.ts';
import type { Settings } from './settings.ts';
import { current, type Calendar, type Json } from './state.ts';
import { isLive, type Store } from './store.ts';
import type { Window } from './recurrence.ts';
import { changesSince, storedInstance, viewOf, type Instance } from './views.ts';

type DeltaToken = { calendar: string; revision: number; epoch: number; from: number; to: number };

export function graphView(store: Store, settings: Settings, url: string, expiredCode: (calendar: Calendar) => GraphCode): Record<'list' | 'instances' | 'view' | 'delta', Operation> {
  const pages = createPages<Json, DeltaToken>();
  const linkTo = (call: Call, path: string, change: Record<string, string>): string => {
    const query = new URLSearchParams([...call.query].flatMap(([name, values]) => values.map((value): [string, string] => [name, value])));
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return `${url}/v1.0${path}?${query.toString()}`;
  };

  /** One page by `$top` and `$skip`; the next one's address says all that was asked. */
  const paged = (call: Call, shown: Shown, instances: Instance[], path: string) => {
    const test = filterOf(call);
    const all = instances.map((it) => ({ resource: resourceOf(it, shown), body: it.version.body })).filter(({ resource, body }) => test(resource, body));
    orderBy(call, all);
    const [size, skip] = [sizeOf(call, shown.preferences.pageSize), Number(one(call, '$skip') ?? 0)];
    const items = all.slice(skip, skip + size).map(({ resource, body }) => project(call, resource, body));
    return ok({
      '@odata.context': `${url}/v1.0/$metadata#users('${call.account.id}')${path.replace('/me', '')}`, ...(one(call, '$count') === 'true' && { '@odata.count': all.length }),
      value: items, ...(skip + size < all.length && { '@odata.nextLink': linkTo(call, path, { $skip: String(skip + size) }) }),
    }, appliedHeader(shown.preferences));
  };
  const pathOf = (call: Call, last: string): string => (call.params.calendarId === undefined ? `/me/${last}` : `/me/calendars/${encodeURIComponent(call.params.calendarId)}/${last}`);

  return {
    list: (call) => {
      const calendar = calendarOf(store, call);
      const stored = calendar.entries.filter((entry) => entry.masterId === null && isLive(entry)).map((entry) => storedInstance(store, calendar, entry));
      return paged(call, shownTo(call, calendar), stored, pathOf(call, 'events'));
    },
    instances: (call) => {
      const calendar = store.state.calendars.find((each) => each.accountId === call.account.id && isLive(store.entry(each, call.params.eventId!))) ?? refuse('ErrorItemNotFound');
      const found = [...viewOf(store, calendar, windowOf(call), calendar.revision, new Set([call.params.eventId!])).values()];
      return paged(call, shownTo(call, calendar), found, `/me/events/${encodeURIComponent(call.params.eventId!)}/instances`);
    },
    view: (call) => {
      const calendar = calendarOf(store, call);
      const found = [...viewOf(store, calendar, windowOf(call)).values()].sort((a, b) => a.start - b.start);
      return paged(call, shownTo(call, calendar), found, pathOf(call, 'calendarView'));
    },
    delta: (call) => {
      const calendar = calendarOf(store, call);
      const shown = shownTo(call, calendar);
      const path = pathOf(call, 'calendarView/delta');
      const unsupported = ['$orderby', '$filter', '$select', '$expand', '$search', '$top'].filter((name) => call.query.has(name));
      if (unsupported.length > 0) refuse('ErrorInvalidUrlQuery', `The following parameters are not supported with change tracking over the 'CalendarView' resource: '${unsupported.join(', ')}'.`);
      const [skipToken, deltaToken] = [one(call, '$skiptoken'), one(call, '$deltatoken')];
      const gone = (): never => {
        const refused = graphError(expiredCode(calendar));
        throw new Refusal({ ...refused, headers: { Location: `${url}/v1.0${path}?$deltatoken=` } });
      };
      const begin = () => {
        const known = deltaToken ? (unpackToken(deltaToken) as DeltaToken | null) ?? gone() : null;
        if (known && (known.calendar !== calendar.id || known.epoch !== calendar.epoch)) gone();
        const { from, to } = known ?? windowOf(call);
        const items = known ? changed(calendar, { from, to }, known.revision, shown) : series([...viewOf(store, calendar, { from, to }).values()], calendar, shown);
        return pages.first(items, shown.preferences.pageSize ?? 50, { calendar: calendar.id, revision: calendar.revision, epoch: calendar.epoch, from, to });
      };
      const page = skipToken === undefined ? begin() : pages.next(skipToken) ?? gone();
      const link = page.nextToken ? { '@odata.nextLink': `${url}/v1.0${path}?$skiptoken=${page.nextToken}` } : { '@odata.deltaLink': `${url}/v1.0${path}?$deltatoken=${packToken(page.last)}` };
      return ok({ '@odata.context': `${url}/v1.0/$metadata#Collection(event)`, ...link, value: page.items }, appliedHeader(shown.preferences));
    },
  };

  /**
   * A series that changed is told whole: its master and all occurrences that it has left. That one was deleted has been seen to be told in no other way
   * (https://learn.microsoft.com/en-us/answers/questions/701144); `settings.graphRemovedOccurrences` has it told.
   */
  function changed(calendar: Calendar, window: Window, since: number, shown: Shown): Json[] {
    const { changed: news, gone } = changesSince(store, calendar, window, since);
    const masters = new Set([...news, ...gone].flatMap(({ master }) => (master && isLive(master) ? [master.id] : [])));
    const whole = [...viewOf(store, calendar, window, calendar.revision, masters).values()];
    const removed = new Set(gone.filter(({ master }) => master === null || settings.graphRemovedOccurrences === 'told').map(({ id }) => id));
    for (const { master } of gone) if (master && !isLive(master)) removed.add(master.id);
    const emptied = [...masters].filter((id) => !whole.some(({ master }) => master?.id === id)).map((id) => storedInstance(store, calendar, store.entry(calendar, id)!));
    return [
      ...series([...news.filter(({ master }) => master === null), ...whole], calendar, shown), ...emptied.map((it) => typed(resourceOf(it, shown))),
      ...[...removed].map((id) => ({ '@odata.type': '#microsoft.graph.event', id, '@removed': { reason: 'deleted' } })),
    ];
  }

  /** Each series' master in full and, of its plain occurrences, what sets them apart. */
  function series(instances: Instance[], calendar: Calendar, shown: Shown): Json[] {
    const told = new Set<string>();
    return instances.flatMap((it) => {
      const { master } = it;
      if (master === null) return [typed(resourceOf(it, shown))];
      const first = !told.has(master.id);
      told.add(master.id);
      const whole = resourceOf(it, shown);
      const { id, type, start, end, seriesMasterId } = whole;
      const own = it.entry === master ? { '@odata.etag': etagOf(it.version), seriesMasterId, type, start, end, id } : whole;
      return [...(first ? [typed(resourceOf(storedInstance(store, calendar, master, current(master)), shown))] : []), typed(own)];
    });
  }
}

const typed = (resource: Json): Json => ({ '@odata.type': '#microsoft.graph.event', ...resource });

function orderBy(call: Call, all: { resource: Json }[]): void {
  const [path, direction] = one(call, '$orderby')?.split(' ') ?? [];
  if (path === undefined) return;
  const key = ({ resource }: { resource: Json }): string => JSON.stringify(path.split('/').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], resource) ?? '');
  all.sort((a, b) => key(a).localeCompare(key(b)) * (direction === 'desc' ? -1 : 1));
}

/** Times without an offset are in UTC. */
function windowOf(call: Call): Window {
  const read = (name: string): number => {
    const given = one(call, name) ?? refuse('ErrorInvalidParameter');
    // A plus sign that nobody encoded arrives as a space.
    const tidy = given.replace(' ', '+').replace(/(\.\d{1,9})\d*/, '$1');
    return parseInstant(tidy) ?? parseInstant(`${tidy.length === 10 ? `${tidy}T00:00:00` : tidy}Z`) ?? refuse('ErrorInvalidParameter', `The value '${given}' for parameter '${name}' is invalid.`);
  };
  const window = { from: read('startdatetime'), to: read('enddatetime') };
  return window.to < window.from ? refuse('ErrorInvalidParameter', 'The EndDateTime must be after the StartDateTime.') : window;
}
