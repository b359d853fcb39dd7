/** What a person writes into a calendar, as each provider takes it; and an event with its history, for people and tests. */
import { addDays, toWall, weekdayOf } from '../../domain/time.ts';
import { current, type Calendar, type Entry, type Json } from './state.ts';

export interface HandWritten {
  title?: string | undefined;
  /** `2026-11-27T10:30` on the calendar's clock; of whole days `2026-11-27`, the end being the first day that is free again. */
  start?: string | undefined;
  end?: string | undefined;
  /** False leaves the time free to others. */
  busy?: boolean | undefined;
  /** What else it may be than busy or free; being elsewhere leaves the time free. */
  kind?: 'outOfOffice' | 'tentative' | 'elsewhere' | undefined;
  /** With its start as the first of `count`. */
  repeat?: { every: 'day' | 'week'; count: number } | undefined;
  /** The account's own calendar without it. */
  calendarId?: string | undefined;
}

const googleKinds = {
  outOfOffice: { eventType: 'outOfOffice' },
  tentative: { status: 'tentative' },
  elsewhere: { eventType: 'workingLocation', transparency: 'transparent' },
};
const graphKinds = { outOfOffice: 'oof', tentative: 'tentative', elsewhere: 'workingElsewhere' };
const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

/** A request's body for Google. Null takes away the form of time that the event had before. */
export function googleBody({ title, start, end, busy, kind, repeat }: HandWritten, { timeZone }: Calendar): Json {
  const time = (text: string) =>
    isDate(text) ? { date: text, dateTime: null, timeZone: null } : { date: null, dateTime: `${text}:00`, timeZone };
  return {
    ...(title !== undefined && { summary: title }),
    ...(start !== undefined && { start: time(start) }),
    ...(end !== undefined && { end: time(end) }),
    ...(busy !== undefined && { transparency: busy ? 'opaque' : 'transparent' }),
    ...(kind && googleKinds[kind]),
    ...(repeat && { recurrence: [`RRULE:FREQ=${repeat.every === 'day' ? 'DAILY' : 'WEEKLY'};COUNT=${repeat.count}`] }),
  };
}

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** A request's body for Graph. */
export function graphBody({ title, start, end, busy, kind, repeat }: HandWritten, { timeZone }: Calendar): Json {
  const time = (text: string) => ({ dateTime: isDate(text) ? `${text}T00:00:00` : `${text}:00`, timeZone });
  const startDate = start?.slice(0, 10);
  const pattern =
    repeat &&
    startDate !== undefined &&
    (repeat.every === 'day'
      ? { type: 'daily', interval: 1 }
      : { type: 'weekly', interval: 1, daysOfWeek: [days[weekdayOf(startDate) - 1]], firstDayOfWeek: 'monday' });
  return {
    ...(title !== undefined && { subject: title }),
    ...(start !== undefined && { start: time(start), isAllDay: isDate(start) }),
    ...(end !== undefined && { end: time(end) }),
    ...(busy !== undefined && { showAs: busy ? 'busy' : 'free' }),
    ...(kind && { showAs: graphKinds[kind] }),
    ...(pattern && { recurrence: { pattern, range: { type: 'numbered', startDate, numberOfOccurrences: repeat.count } } }),
  };
}

/** An event with all that became of it, the latest last; for tests and the page. */
export function tellEntry(entry: Entry, { timeZone }: Calendar): Json {
  const { shape, deleted, body } = current(entry);
  const time = (at: number) => (shape.allDay ? toWall(at, timeZone).date : toWall(at, timeZone).iso);
  return {
    id: entry.id,
    title: shape.title,
    start: time(shape.start),
    end: time(shape.end),
    allDay: shape.allDay,
    busy: shape.busy,
    showAs: shape.label,
    deleted,
    rules: shape.rules,
    masterId: entry.masterId,
    resource: body,
    history: entry.versions.map(({ at, by, what, revision, shape: then }) => ({
      at: new Date(at).toISOString(),
      by,
      what,
      revision,
      title: then.title,
      start: time(then.start),
      end: time(then.end),
    })),
  };
}

/** The day after, for whole days of a form that gives only one. */
export const dayAfter = (date: string): string => addDays(date, 1);
