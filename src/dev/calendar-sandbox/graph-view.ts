/**
 * Graph's lists: events and calendarView. Source: https://learn.microsoft.com/en-us/graph/api/user-list-events,
 * …/calendar-list-calendarview
 */
import { parseInstant } from '../../domain/time.ts';
import { ok, one, type Call, type Operation } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { resourceOf, type Shown } from './graph-event.ts';
import { calendarOf, shownTo } from './graph-events.ts';
import { filterOf, project, sizeOf } from './graph-query.ts';
import { appliedHeader } from './graph-zone.ts';
import type { Json } from './state.ts';
import { isLive, type Store } from './store.ts';
import type { Window } from './recurrence.ts';
import { storedInstance, viewOf, type Instance } from './views.ts';

export const pathOf = (call: Call, last: string): string =>
  call.params.calendarId === undefined ? `/me/${last}` : `/me/calendars/${encodeURIComponent(call.params.calendarId)}/${last}`;

export function graphView(store: Store, url: string): Record<'list' | 'instances' | 'view', Operation> {
  const linkTo = (call: Call, path: string, change: Record<string, string>): string => {
    const query = new URLSearchParams([...call.query].flatMap(([name, values]) => values.map((value): [string, string] => [name, value])));
    for (const [name, value] of Object.entries(change)) query.set(name, value);
    return `${url}/v1.0${path}?${query.toString()}`;
  };

  /** One page by `$top` and `$skip`; the next one's address says all that was asked. */
  const paged = (call: Call, shown: Shown, instances: Instance[], path: string) => {
    const test = filterOf(call);
    const all = instances
      .map((it) => ({ resource: resourceOf(it, shown), body: it.version.body }))
      .filter(({ resource, body }) => test(resource, body));
    orderBy(call, all);
    const [size, skip] = [sizeOf(call, shown.preferences.pageSize), Number(one(call, '$skip') ?? 0)];
    const items = all.slice(skip, skip + size).map(({ resource, body }) => project(call, resource, body));
    return ok(
      {
        '@odata.context': `${url}/v1.0/$metadata#users('${call.account.id}')${path.replace('/me', '')}`,
        ...(one(call, '$count') === 'true' && { '@odata.count': all.length }),
        value: items,
        ...(skip + size < all.length && { '@odata.nextLink': linkTo(call, path, { $skip: String(skip + size) }) }),
      },
      appliedHeader(shown.preferences),
    );
  };
  return {
    list: (call) => {
      const calendar = calendarOf(store, call);
      const stored = calendar.entries
        .filter((entry) => entry.masterId === null && isLive(entry))
        .map((entry) => storedInstance(store, calendar, entry));
      return paged(call, shownTo(call, calendar), stored, pathOf(call, 'events'));
    },
    instances: (call) => {
      const calendar =
        store.state.calendars.find((each) => each.accountId === call.account.id && isLive(store.entry(each, call.params.eventId!))) ??
        refuse('ErrorItemNotFound');
      const found = [...viewOf(store, calendar, windowOf(call), calendar.revision, new Set([call.params.eventId!])).values()];
      return paged(call, shownTo(call, calendar), found, `/me/events/${encodeURIComponent(call.params.eventId!)}/instances`);
    },
    view: (call) => {
      const calendar = calendarOf(store, call);
      const found = [...viewOf(store, calendar, windowOf(call)).values()].sort((a, b) => a.start - b.start);
      return paged(call, shownTo(call, calendar), found, pathOf(call, 'calendarView'));
    },
  };
}

function orderBy(call: Call, all: { resource: Json }[]): void {
  const [path, direction] = one(call, '$orderby')?.split(' ') ?? [];
  if (path === undefined) return;
  const key = ({ resource }: { resource: Json }): string =>
    JSON.stringify(path.split('/').reduce<unknown>((value, name) => (value as Json | undefined)?.[name], resource) ?? '');
  all.sort((a, b) => key(a).localeCompare(key(b)) * (direction === 'desc' ? -1 : 1));
}

/** Times without an offset are in UTC. */
export function windowOf(call: Call): Window {
  const read = (name: string): number => {
    const given = one(call, name) ?? refuse('ErrorInvalidParameter');
    // A plus sign that nobody encoded arrives as a space.
    const tidy = given.replace(' ', '+').replace(/(\.\d{1,9})\d*/, '$1');
    return (
      parseInstant(tidy) ??
      parseInstant(`${tidy.length === 10 ? `${tidy}T00:00:00` : tidy}Z`) ??
      refuse('ErrorInvalidParameter', `The value '${given}' for parameter '${name}' is invalid.`)
    );
  };
  const window = { from: read('startdatetime'), to: read('enddatetime') };
  return window.to < window.from ? refuse('ErrorInvalidParameter', 'The EndDateTime must be after the StartDateTime.') : window;
}
