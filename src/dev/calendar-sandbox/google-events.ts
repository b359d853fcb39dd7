/** Google's operations on one event. Source: https://developers.google.com/workspace/calendar/api/v3/reference/events */
import { randomBytes } from 'node:crypto';
import { isTimeZone } from '../../domain/time.ts';
import { ok, one, text, type Call, type Operation } from './answer.ts';
import { refuse } from './google-errors.ts';
import { etagOf, merge, resourceOf, shapeOf, writable, type Shown } from './google-event.ts';
import type { Settings } from './settings.ts';
import { current, type Author, type Calendar, type Json, type Version } from './state.ts';
import type { Store } from './store.ts';
import { findOccurrence, storedInstance, type Instance } from './views.ts';

/** The calendar that a call names, or 404. */
export const calendarOf = (store: Store, call: Call): Calendar =>
  store.calendar(call.account, call.params.calendarId ?? null) ?? refuse('notFound');

export function shownTo(call: Call, calendar: Calendar): Shown {
  const timeZone = one(call, 'timeZone');
  if (timeZone !== undefined && !isTimeZone(timeZone)) refuse('invalid', { location: 'timeZone' });
  return { account: call.account, calendar, ...(timeZone !== undefined && { timeZone }) };
}

/** The event of a call: stored, or an occurrence that nothing was ever done to; 404 when there is none. */
export function instanceOf(store: Store, calendar: Calendar, id: string): Instance {
  const entry = store.entry(calendar, id);
  if (entry) return storedInstance(store, calendar, entry);
  const { master, originalStart, end } = findOccurrence(store, calendar, id) ?? refuse('notFound');
  return { id, entry: master, version: current(master), master, originalStart, start: originalStart, end };
}

/**
 * 412 unless `If-Match`, where given, is the version's etag. Source:
 * https://developers.google.com/workspace/calendar/api/guides/version-resources
 */
function requireMatch(call: Call, version: Version): void {
  const wanted = call.header('If-Match');
  if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(version)) refuse('conditionNotMet');
}

function checkSendUpdates(call: Call): void {
  const value = one(call, 'sendUpdates');
  if (value !== undefined && !['all', 'externalOnly', 'none'].includes(value)) refuse('invalid', { location: 'sendUpdates' });
}

/** `by` is who acts: a program by the API, or the calendar's owner by hand. */
export function googleEvents(
  store: Store,
  settings: Settings,
  by: Author = 'program',
): Record<'insert' | 'get' | 'patch' | 'update' | 'delete', Operation> {
  /** Writes an event, or the exception that a changed occurrence becomes. */
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

  const change = (call: Call, next: (before: Json) => Json) => {
    checkSendUpdates(call);
    const calendar = calendarOf(store, call);
    const found = instanceOf(store, calendar, call.params.eventId!);
    requireMatch(call, found.version);
    const before = bodyOf(found, calendar);
    const body = next(before);
    const sequence = Number(before.sequence ?? 0);
    if (Number(body.sequence ?? sequence) < sequence)
      refuse('invalid', {
        message:
          'Invalid sequence value. The specified sequence number is below the current sequence number of the resource. ' +
          'Re-fetch the resource and use its sequence number on the following request.',
      });
    const moved = (['start', 'end', 'recurrence'] as const).some((name) => JSON.stringify(body[name]) !== JSON.stringify(before[name]));
    const written = write(
      calendar,
      found,
      { ...body, sequence: Math.max(Number(body.sequence ?? sequence), sequence + (moved ? 1 : 0)) },
      body.status === 'cancelled',
    );
    return ok(resourceOf(written, shownTo(call, calendar)), { ETag: etagOf(written.version) });
  };

  return {
    insert: (call) => {
      checkSendUpdates(call);
      const calendar = calendarOf(store, call);
      const id = call.body.id === undefined ? randomBytes(13).toString('hex') : (text(call.body.id) ?? '');
      if (!/^[a-v0-9]{5,1024}$/.test(id)) refuse('invalid', { message: 'Invalid resource id value.' });
      const body: Json = merge({}, writable(call.body));
      const shape = shapeOf(body, calendar);
      // "We cannot guarantee that ID collisions will be detected at event creation time" (reference, field `id`). A deleted event keeps its
      // id.
      if (store.entry(calendar, id) && settings.googleReusedIds === 'noticed') refuse('duplicate');
      const uid = text(call.body.iCalUID) ?? `${id}@google.com`;
      const entry = store.insert(calendar, { id, uid }, { body, shape, deleted: body.status === 'cancelled' }, by);
      return ok(resourceOf(storedInstance(store, calendar, entry), shownTo(call, calendar)), { ETag: etagOf(current(entry)) });
    },
    get: (call) => {
      const calendar = calendarOf(store, call);
      const found = instanceOf(store, calendar, call.params.eventId!);
      const etag = etagOf(found.version);
      if (call.header('If-None-Match') === etag) return { status: 304, headers: { ETag: etag } };
      return ok(resourceOf(found, shownTo(call, calendar)), { ETag: etag });
    },
    patch: (call) => change(call, (before) => merge(before, writable(call.body))),
    // Without a status an update is a confirmed event, also of one that was deleted: this restores it.
    update: (call) =>
      change(call, (before) => ({
        ...merge({}, writable(call.body)),
        ...(call.body.sequence === undefined && { sequence: before.sequence }),
      })),
    delete: (call) => {
      checkSendUpdates(call);
      const calendar = calendarOf(store, call);
      const found = instanceOf(store, calendar, call.params.eventId!);
      if (found.version.deleted) refuse('deleted');
      requireMatch(call, found.version);
      write(calendar, found, { ...bodyOf(found, calendar), status: 'cancelled' }, true);
      return { status: 204 };
    },
  };
}

/** What a change starts from; of an occurrence its own times, without the rule. */
function bodyOf(found: Instance, calendar: Calendar): Json {
  const { recurrence, ...body } = found.version.body;
  if (found.master === null) return recurrence === undefined ? body : { ...body, recurrence };
  const { start, end } = resourceOf(found, { account: { id: '', provider: 'google', email: '', name: '' }, calendar });
  return { ...body, start, end };
}
