/**
 * Google's event: what a client may write, and what is shown of it.
 * Source: https://developers.google.com/workspace/calendar/api/v3/reference/events
 */
import type { calendar_v3 } from '@googleapis/calendar';
import { isLocalDate, isTimeZone, parseInstant, resolveLocal, startInstant, toWall } from '../../domain/time.ts';
import { isJson, text } from './answer.ts';
import { refuse } from './google-errors.ts';
import { checkRules } from './recurrence.ts';
import { created, current, type Account, type Calendar, type Json, type Shape, type Version } from './state.ts';
import type { Instance } from './views.ts';

export type GoogleEvent = calendar_v3.Schema$Event;

/** Read-only to clients; all else that they send is kept and given back as it is. */
const ownFields = [
  'id',
  'iCalUID',
  'kind',
  'etag',
  'htmlLink',
  'created',
  'updated',
  'creator',
  'organizer',
  'recurringEventId',
  'originalStartTime',
  'hangoutLink',
  'locked',
  'privateCopy',
];

/** What a client may say in a request's body. */
export const writable = (body: Json): Json => Object.fromEntries(Object.entries(body).filter(([name]) => !ownFields.includes(name)));

/** PATCH: objects are merged name by name, null takes a field away, arrays are replaced. */
export function merge(before: Json, change: Json): Json {
  const merged: Json = { ...before };
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete merged[name];
    else merged[name] = isJson(value) ? merge(isJson(before[name]) ? before[name] : {}, value) : value;
  }
  return merged;
}

/** Refuses what Google refuses: a missing or double time, a time without zone, an end before the start, a rule that cannot be read. */
export function shapeOf(body: Json, calendar: Calendar): Shape {
  const [start, end] = [timeOf(body.start, 'start', calendar), timeOf(body.end, 'end', calendar)];
  if (start.allDay !== end.allDay) refuse('invalid', { message: 'The start and end times must either both be date or both be dateTime.' });
  if (end.at < start.at || (start.allDay && end.at === start.at)) refuse('timeRangeEmpty');
  const rules = Array.isArray(body.recurrence) && body.recurrence.length > 0 ? body.recurrence.map(String) : null;
  const shape = {
    title: text(body.summary) ?? '',
    start: start.at,
    end: end.at,
    allDay: start.allDay,
    zone: start.zone ?? calendar.timeZone,
    busy: body.transparency !== 'transparent',
    label: [text(body.eventType), text(body.transparency), 'opaque'].find((one) => one !== undefined && one !== 'default')!,
    rules: null,
  };
  if (rules === null) return shape;
  if (start.zone === null && !start.allDay) refuse('required', { message: 'Missing time zone definition for start time.' });
  try {
    checkRules(rules, shape);
  } catch {
    refuse('invalid', { message: 'Invalid recurrence rule.' });
  }
  return { ...shape, rules };
}

function timeOf(value: unknown, name: 'start' | 'end', calendar: Calendar): { at: number; allDay: boolean; zone: string | null } {
  const missing = `Missing ${name} time.`;
  const { date, dateTime, timeZone } = isJson(value) ? value : refuse('required', { message: missing });
  if (typeof timeZone === 'string' && !isTimeZone(timeZone))
    refuse('invalid', { message: `Invalid time zone definition for ${name} time.` });
  const zone = text(timeZone) ?? null;
  if ((typeof date === 'string') === (typeof dateTime === 'string'))
    return refuse(date ? 'invalid' : 'required', { message: date ? `Invalid ${name} time.` : missing });
  if (typeof date === 'string') {
    if (!isLocalDate(date)) refuse('invalid', { message: `Invalid ${name} time.` });
    return { at: startInstant(date, 0, calendar.timeZone), allDay: true, zone: calendar.timeZone };
  }
  const instant = parseInstant(String(dateTime));
  if (instant !== null) return { at: Math.floor(instant / 1000) * 1000, allDay: false, zone };
  const local = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d+)?$/.exec(String(dateTime))?.[1] ?? refuse('badRequest');
  if (zone === null) return refuse('required', { message: `Missing time zone definition for ${name} time.` });
  const found = resolveLocal(local, zone);
  return {
    at: found.kind === 'exact' ? found.instant : found.kind === 'ambiguous' ? found.instants[0] : found.nextInstant,
    allDay: false,
    zone,
  };
}

/** `2026-11-27T10:30:00Z`, elsewhere with the zone's offset. */
export const stamp = (instant: number, zone: string): string => toWall(instant, zone).iso.replace('+00:00', 'Z');

/** An event's time as Google shows it: in the zone of the calendar or of the request, with the event's own zone named. */
const shownTime = (instant: number, { allDay, zone }: Shape, shownIn: string, { timeZone }: Calendar): calendar_v3.Schema$EventDateTime =>
  allDay ? { date: toWall(instant, timeZone).date } : { dateTime: stamp(instant, shownIn), timeZone: zone };

export interface Shown {
  account: Account;
  calendar: Calendar;
  timeZone?: string;
}

const iso = (instant: number): string => new Date(instant).toISOString();
export const etagOf = ({ revision, at }: Version): string => `"${(at * 1000 + revision) % 1e16}"`;

/** The whole resource; a deleted event's details are still shown (to whoever may restore it). */
export function resourceOf(one: Instance, { account, calendar, timeZone = calendar.timeZone }: Shown): GoogleEvent {
  const {
    entry,
    version: { body, shape, deleted, at },
    master,
  } = one;
  const { recurrence: _recurrence, ...plain } = body;
  const self = { email: account.email, self: true };
  return {
    kind: 'calendar#event',
    etag: etagOf(one.version),
    id: one.id,
    status: 'confirmed',
    htmlLink: `https://www.google.com/calendar/event?eid=${Buffer.from(one.id).toString('base64url')}`,
    created: iso(created(entry).at),
    updated: iso(at),
    creator: self,
    organizer: self,
    iCalUID: master?.uid ?? entry.uid,
    sequence: 0,
    reminders: { useDefault: true },
    eventType: 'default',
    ...(master ? plain : body),
    ...((deleted || (master && current(master).deleted)) && { status: 'cancelled' }),
    start: shownTime(one.start, shape, timeZone, calendar),
    end: shownTime(one.end, shape, timeZone, calendar),
    ...(master &&
      one.originalStart !== null && {
        recurringEventId: master.id,
        originalStartTime: originalTime(one, master.versions.at(-1)!.shape, timeZone, calendar),
      }),
  };
}

/** What an incremental list tells of a deleted event: little more than its id (reference, field `status`). */
export function removedOf(one: Instance, { calendar, timeZone = calendar.timeZone }: Shown): GoogleEvent {
  const { master } = one;
  return {
    kind: 'calendar#event',
    etag: etagOf(one.version),
    id: one.id,
    status: 'cancelled',
    ...(master &&
      one.originalStart !== null && {
        recurringEventId: master.id,
        originalStartTime: originalTime(one, master.versions.at(-1)!.shape, timeZone, calendar),
      }),
  };
}

const originalTime = (one: Instance, shape: Shape, timeZone: string, calendar: Calendar): calendar_v3.Schema$EventDateTime =>
  shownTime(one.originalStart!, shape, timeZone, calendar);
