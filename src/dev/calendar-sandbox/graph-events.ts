/** Graph's operations on one event. Source: https://learn.microsoft.com/en-us/graph/api/resources/event */
import { randomBytes } from 'node:crypto';
import { ok, text, type Answer, type Call, type Operation } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { etagOf, merge, resourceOf, shapeOf, writable, type Shown } from './graph-event.ts';
import { project } from './graph-query.ts';
import { appliedHeader, preferencesOf } from './graph-zone.ts';
import type { Settings } from './settings.ts';
import { created, current, type Author, type Calendar, type Json, type Version } from './state.ts';
import { graphId, isLive, type Store } from './store.ts';
import { findOccurrence, storedInstance, type Instance } from './views.ts';

/** The calendar that a call names, or 404. */
export const calendarOf = (store: Store, call: Call): Calendar =>
  store.calendar(call.account, call.params.calendarId ?? null) ?? refuse('ErrorItemNotFound');

export const shownTo = (call: Call, calendar: Calendar): Shown => ({ account: call.account, calendar, preferences: preferencesOf(call) });

/** `by` is who acts: a program by the API, or the calendar's owner by hand. */
export function graphEvents(
  store: Store,
  settings: Settings,
  url: string,
  by: Author = 'program',
): Record<'create' | 'get' | 'update' | 'delete', Operation> {
  /** The event of a call with its calendar, or 404. `/me/events/{id}` finds it in any calendar of the account. */
  const find = (call: Call): { calendar: Calendar; found: Instance } => {
    const id = call.params.eventId!;
    const calendars =
      call.params.calendarId === undefined
        ? store.state.calendars.filter(({ accountId }) => accountId === call.account.id)
        : [calendarOf(store, call)];
    for (const calendar of calendars) {
      const entry = store.entry(calendar, id);
      if (entry && isLive(entry)) return { calendar, found: storedInstance(store, calendar, entry) };
      const occurrence = entry ? undefined : findOccurrence(store, calendar, id);
      if (occurrence)
        return {
          calendar,
          found: {
            id,
            entry: occurrence.master,
            version: current(occurrence.master),
            master: occurrence.master,
            originalStart: occurrence.originalStart,
            start: occurrence.originalStart,
            end: occurrence.end,
          },
        };
    }
    return refuse('ErrorItemNotFound');
  };
  const answer = (call: Call, calendar: Calendar, found: Instance, status = 200): Answer => {
    const shown = shownTo(call, calendar);
    const body = {
      '@odata.context': `${url}/v1.0/$metadata#users('${call.account.id}')/events/$entity`,
      ...project(call, resourceOf(found, shown), found.version.body),
    };
    return { ...ok(body, { ...appliedHeader(shown.preferences), ETag: etagOf(found.version) }), status };
  };
  const write = (calendar: Calendar, found: Instance, body: Json, deleted: boolean): Instance => {
    const shape = deleted ? found.version.shape : shapeOf(body, calendar);
    if (found.master === null || found.entry !== found.master)
      return storedInstance(store, calendar, store.write(calendar, found.entry, { body, shape, deleted }, by));
    const { id, master, originalStart } = found;
    return storedInstance(
      store,
      calendar,
      store.insert(calendar, { id, uid: master.uid, masterId: master.id, originalStart: originalStart! }, { body, shape, deleted }, by),
    );
  };

  return {
    create: (call) => {
      const calendar = calendarOf(store, call);
      const body = writable(call.body, true);
      const shape = shapeOf(body, calendar);
      const before = transactionOf(store, settings, call, text(body.transactionId));
      if (before) {
        // "A custom identifier … for the server to avoid redundant POST operations in case of client retries to create the same event."
        const { entry } = before;
        if (current(entry).deleted || JSON.stringify(created(entry).body) !== JSON.stringify(body)) refuse('ErrorDuplicateTransactionId');
        return answer(call, before.calendar, storedInstance(store, before.calendar, entry), 201);
      }
      const entry = store.insert(
        calendar,
        { id: graphId(), uid: `040000008200E00074C5B7101A82E008${randomBytes(24).toString('hex').toUpperCase()}` },
        { body, shape },
        by,
      );
      const made = answer(call, calendar, storedInstance(store, calendar, entry), 201);
      return { ...made, headers: { ...made.headers, Location: `${url}/v1.0/users('${call.account.id}')/events('${entry.id}')` } };
    },
    get: (call) => {
      const { calendar, found } = find(call);
      return answer(call, calendar, found);
    },
    update: (call) => {
      const { calendar, found } = find(call);
      requireMatch(call, found.version);
      const change = writable(call.body, false);
      return answer(call, calendar, write(calendar, found, merge(bodyOf(found, call, calendar), change), false));
    },
    delete: (call) => {
      const { calendar, found } = find(call);
      requireMatch(call, found.version);
      write(calendar, found, bodyOf(found, call, calendar), true);
      return { status: 204 };
    },
  };
}

/** 412 unless `If-Match`, where given, is the event's etag. */
function requireMatch(call: Call, version: Version): void {
  const wanted = call.header('If-Match');
  if (wanted !== undefined && wanted !== '*' && wanted.replace(/^W\//, '') !== etagOf(version).replace(/^W\//, ''))
    refuse('ErrorIrresolvableConflict');
}

/** What was created with this transactionId in the mailbox, whichever calendar it went to. */
function transactionOf(store: Store, settings: Settings, { account }: Call, transactionId: string | undefined) {
  if (transactionId === undefined || settings.graphTransactionIds === 'unnoticed') return undefined;
  return store.state.calendars
    .filter(({ accountId }) => accountId === account.id)
    .flatMap((calendar) =>
      calendar.entries.filter((entry) => current(entry).body.transactionId === transactionId).map((entry) => ({ calendar, entry })),
    )[0];
}

/** What a change starts from; of an occurrence its own times, without the rule. */
function bodyOf(found: Instance, call: Call, calendar: Calendar): Json {
  if (found.master === null) return found.version.body;
  const { recurrence: _recurrence, transactionId: _transactionId, ...body } = found.version.body;
  const { start, end } = resourceOf(found, {
    ...shownTo(call, calendar),
    preferences: { zone: found.version.shape.zone, zoneName: found.version.shape.zone, pageSize: null, applied: [] },
  });
  return { ...body, start, end };
}
