/**
 * Google's `events.list` and `events.instances`: filters, pages and incremental synchronization.
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference/events/list and …/api/guides/sync
 */
import { DAY } from '../../domain/time.ts';
import { one, ok, type Call, type Operation } from './answer.ts';
import { refuse } from './google-errors.ts';
import { removedOf, resourceOf, type GoogleEvent, type Shown } from './google-event.ts';
import { instantIn, matches, sizeOf } from './google-filter.ts';
import { calendarOf, instanceOf, shownTo } from './google-events.ts';
import { createPages, packToken, unpackToken } from './pages.ts';
import { current, type Calendar } from './state.ts';
import { isLive, type Store } from './store.ts';
import { hasOccurrenceAt, occurrencesIn, type Window } from './recurrence.ts';
import { always, changesSince, instancesOf, storedInstance, viewOf, type Instance } from './views.ts';

type SyncToken = { calendar: string; revision: number; epoch: number; single: boolean; from: number | null; to: number | null };
type Last = { nextSyncToken: string | null };

/** "There are several query parameters that cannot be specified together with nextSyncToken" (reference, `syncToken`). */
const notWithToken = ['iCalUID', 'orderBy', 'privateExtendedProperty', 'q', 'sharedExtendedProperty', 'timeMin', 'timeMax', 'updatedMin'];
/** A list made with these is a part that no later change can be told against. */
const withoutToken = ['iCalUID', 'orderBy', 'privateExtendedProperty', 'q', 'sharedExtendedProperty', 'updatedMin'];
/** Series without an end are expanded this far. */
const horizon = 730 * DAY;

export function googleList(store: Store): Record<'list' | 'instances', Operation> {
  const pages = createPages<GoogleEvent, Last>();

  const answer = (call: Call, calendar: Calendar, page: ReturnType<typeof pages.first>) =>
    ok({
      kind: 'calendar#events',
      etag: `"p${calendar.revision}"`,
      summary: calendar.summary,
      description: '',
      updated: new Date(calendar.entries.at(-1)?.versions.at(-1)?.at ?? 0).toISOString(),
      timeZone: one(call, 'timeZone') ?? calendar.timeZone,
      accessRole: 'owner',
      defaultReminders: [],
      ...(page.nextToken ? { nextPageToken: page.nextToken } : page.last.nextSyncToken && { nextSyncToken: page.last.nextSyncToken }),
      items: page.items,
    });

  const windowOf = (from: number | null, to: number | null, single: boolean): Window => ({
    from: from ?? always.from,
    to: to ?? (single ? store.now() + horizon : always.to),
  });

  const incremental = (
    call: Call,
    calendar: Calendar,
    shown: Shown,
    token: string,
    single: boolean,
  ): { items: GoogleEvent[]; sync: SyncToken } => {
    for (const name of notWithToken) if (call.query.has(name)) refuse('cannotBeUsedWithSyncToken', { location: name });
    if (one(call, 'showDeleted') === 'false') refuse('cannotBeUsedWithSyncToken', { location: 'showDeleted' });
    const sync =
      (unpackToken(token) as SyncToken | null) ?? refuse('invalid', { location: 'syncToken', message: 'Invalid sync token value.' });
    if (sync.calendar !== calendar.id) refuse('invalid', { location: 'syncToken', message: 'Invalid sync token value.' });
    // "All other query parameters should be the same as for the initial synchronization": a token for the other kind of list is of no use.
    if (sync.epoch !== calendar.epoch || sync.single !== single) refuse('fullSyncRequired');
    const details = one(call, 'showDeleted') === 'true';
    const removed = (it: Instance): GoogleEvent => ({ ...(details ? resourceOf(it, shown) : removedOf(it, shown)), status: 'cancelled' });
    const next = { ...sync, revision: calendar.revision };
    if (!single) {
      const changed = calendar.entries
        .filter((entry) => current(entry).revision > sync.revision)
        .map((entry) => storedInstance(store, calendar, entry));
      return { items: changed.map((it) => (it.version.deleted ? removed(it) : resourceOf(it, shown))), sync: next };
    }
    const { changed, gone } = changesSince(store, calendar, windowOf(sync.from, sync.to, true), sync.revision);
    // What was moved out of the window still exists, and is told where it is now: a client that took it for deleted would be wrong.
    const told = gone.map((it) =>
      isElsewhere(store, calendar, it) ? resourceOf(storedInstance(store, calendar, it.entry), shown) : removed(it),
    );
    return { items: [...changed.map((it) => resourceOf(it, shown)), ...told], sync: next };
  };

  const full = (call: Call, calendar: Calendar, shown: Shown, single: boolean): { items: GoogleEvent[]; sync: SyncToken | null } => {
    const [from, to] = [instantIn(call, 'timeMin'), instantIn(call, 'timeMax')];
    if (from !== null && to !== null && from >= to) refuse('timeRangeEmpty');
    const updatedMin = instantIn(call, 'updatedMin');
    const showDeleted = one(call, 'showDeleted') === 'true' || updatedMin !== null;
    const window = windowOf(from, to, single);
    const live = single ? [...viewOf(store, calendar, window).values()] : storedIn(store, calendar, window, showDeleted);
    const removed =
      single && showDeleted
        ? storedIn(store, calendar, window, true).filter(({ version }) => version.deleted && version.shape.rules === null)
        : [];
    const found = [...live, ...removed].filter((it) => matches(call, it) && (updatedMin === null || it.version.at >= updatedMin));
    const orderBy = one(call, 'orderBy');
    if (orderBy === 'startTime' && !single)
      refuse('badRequest', { location: 'orderBy', message: 'The requested ordering is not available for the particular query.' });
    if (orderBy !== undefined && !['startTime', 'updated'].includes(orderBy)) refuse('invalid', { location: 'orderBy' });
    if (orderBy === 'startTime') found.sort((a, b) => a.start - b.start);
    if (orderBy === 'updated') found.sort((a, b) => a.version.at - b.version.at || a.version.revision - b.version.revision);
    const sync = withoutToken.some((name) => call.query.has(name))
      ? null
      : { calendar: calendar.id, revision: calendar.revision, epoch: calendar.epoch, single, from, to };
    return { items: found.map((it) => resourceOf(it, shown)), sync };
  };

  return {
    list: (call) => {
      const calendar = calendarOf(store, call);
      const size = sizeOf(call);
      const pageToken = one(call, 'pageToken');
      if (pageToken !== undefined) return answer(call, calendar, pages.next(pageToken) ?? refuse('invalid', { location: 'pageToken' }));
      const single = one(call, 'singleEvents') === 'true';
      const shown = shownTo(call, calendar);
      const token = one(call, 'syncToken');
      const { items, sync } = token === undefined ? full(call, calendar, shown, single) : incremental(call, calendar, shown, token, single);
      return answer(call, calendar, pages.first(items, size, { nextSyncToken: sync && packToken(sync) }));
    },
    instances: (call) => {
      const calendar = calendarOf(store, call);
      const pageToken = one(call, 'pageToken');
      if (pageToken !== undefined) return answer(call, calendar, pages.next(pageToken) ?? refuse('invalid', { location: 'pageToken' }));
      const { entry, version } = instanceOf(store, calendar, call.params.eventId!);
      const window = windowOf(instantIn(call, 'timeMin'), instantIn(call, 'timeMax'), true);
      const items = version.deleted
        ? []
        : instancesOf(store, calendar, entry, version, window).map((it) => resourceOf(it, shownTo(call, calendar)));
      return answer(call, calendar, pages.first(items, sizeOf(call), { nextSyncToken: null }));
    },
  };
}

/** Whether an event that has left a window is still in the calendar: itself, or as an exception that its series still has. */
function isElsewhere(store: Store, calendar: Calendar, { entry, master }: Instance): boolean {
  if (entry === master || !isLive(entry)) return false;
  if (entry.masterId === null) return current(entry).shape.rules === null;
  const series = store.entry(calendar, entry.masterId);
  return series !== undefined && isLive(series) && hasOccurrenceAt(current(series).shape, entry.originalStart!);
}

/** What is stored and touches the window, series as one; cancelled exceptions of a live series count as live (reference, `showDeleted`). */
function storedIn(store: Store, calendar: Calendar, window: Window, showDeleted: boolean): Instance[] {
  return calendar.entries
    .filter((entry) => {
      const { deleted, shape } = current(entry);
      const ofSeries = entry.masterId !== null && isLive(store.entry(calendar, entry.masterId));
      const shown = showDeleted || !deleted || ofSeries;
      return (
        shown &&
        (window.to === always.to && window.from === always.from
          ? true
          : occurrencesIn(shape, { from: window.from, to: Math.min(window.to, store.now() + 10 * horizon) }).length > 0)
      );
    })
    .filter((entry) => showDeleted || entry.masterId === null || isLive(store.entry(calendar, entry.masterId)))
    .map((entry) => storedInstance(store, calendar, entry));
}
