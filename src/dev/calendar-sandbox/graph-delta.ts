/**
 * Graph's delta rounds over a calendar view.
 * Source: https://learn.microsoft.com/en-us/graph/api/event-delta, https://learn.microsoft.com/en-us/graph/delta-query-events
 */
import { Refusal, ok, one, type Operation } from './answer.ts';
import { graphError, refuse, type GraphCode } from './graph-errors.ts';
import { etagOf, resourceOf, type Shown } from './graph-event.ts';
import { calendarOf, shownTo } from './graph-events.ts';
import { pathOf, windowOf } from './graph-view.ts';
import { appliedHeader } from './graph-zone.ts';
import { createPages, packToken, unpackToken } from './pages.ts';
import type { Settings } from './settings.ts';
import { current, type Calendar, type Json } from './state.ts';
import { isLive, type Store } from './store.ts';
import type { Window } from './recurrence.ts';
import { changesSince, storedInstance, viewOf, type Instance } from './views.ts';

type DeltaToken = { calendar: string; revision: number; epoch: number; from: number; to: number };

/** `expiredCode` is what Graph calls a link that has expired. */
export function graphDelta(store: Store, settings: Settings, url: string, expiredCode: () => GraphCode): Operation {
  const pages = createPages<Json, DeltaToken>();

  return (call) => {
    const calendar = calendarOf(store, call);
    const shown = shownTo(call, calendar);
    const path = pathOf(call, 'calendarView/delta');
    const unsupported = ['$orderby', '$filter', '$select', '$expand', '$search', '$top'].filter((name) => call.query.has(name));
    if (unsupported.length > 0)
      refuse(
        'ErrorInvalidUrlQuery',
        `The following parameters are not supported with change tracking over the 'CalendarView' resource: '${unsupported.join(', ')}'.`,
      );
    const [skipToken, deltaToken] = [one(call, '$skiptoken'), one(call, '$deltatoken')];
    const gone = (): never => {
      const refused = graphError(expiredCode());
      throw new Refusal({ ...refused, headers: { Location: `${url}/v1.0${path}?$deltatoken=` } });
    };
    const begin = () => {
      const known = deltaToken ? ((unpackToken(deltaToken) as DeltaToken | null) ?? gone()) : null;
      if (known && (known.calendar !== calendar.id || known.epoch !== calendar.epoch)) gone();
      const { from, to } = known ?? windowOf(call);
      const items = known
        ? changed(calendar, { from, to }, known.revision, shown)
        : series([...viewOf(store, calendar, { from, to }).values()], calendar, shown);
      return pages.first(items, shown.preferences.pageSize ?? 50, {
        calendar: calendar.id,
        revision: calendar.revision,
        epoch: calendar.epoch,
        from,
        to,
      });
    };
    const page = skipToken === undefined ? begin() : (pages.next(skipToken) ?? gone());
    const link = page.nextToken
      ? { '@odata.nextLink': `${url}/v1.0${path}?$skiptoken=${page.nextToken}` }
      : { '@odata.deltaLink': `${url}/v1.0${path}?$deltatoken=${packToken(page.last)}` };
    return ok(
      { '@odata.context': `${url}/v1.0/$metadata#Collection(event)`, ...link, value: page.items },
      appliedHeader(shown.preferences),
    );
  };

  /**
   * A series that changed is told whole: its master and all occurrences that it has left. That one was deleted has been seen to be told in
   * no other way (reported at https://stackoverflow.com/q/55641502); `settings.graphRemovedOccurrences` has it told.
   */
  function changed(calendar: Calendar, window: Window, since: number, shown: Shown): Json[] {
    const { changed: news, gone } = changesSince(store, calendar, window, since);
    const masters = new Set([...news, ...gone].flatMap(({ master }) => (master && isLive(master) ? [master.id] : [])));
    const whole = [...viewOf(store, calendar, window, calendar.revision, masters).values()];
    const removed = new Set(
      gone.filter(({ master }) => master === null || settings.graphRemovedOccurrences === 'told').map(({ id }) => id),
    );
    for (const { master } of gone) if (master && !isLive(master)) removed.add(master.id);
    const emptied = [...masters]
      .filter((id) => !whole.some(({ master }) => master?.id === id))
      .map((id) => storedInstance(store, calendar, store.entry(calendar, id)!));
    return [
      ...series([...news.filter(({ master }) => master === null), ...whole], calendar, shown),
      ...emptied.map((it) => typed(resourceOf(it, shown))),
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
