/** What people do: the calendar's owner edits it, or takes a program's access away; and what a provider does on its own, when a test asks for it. */
import { Refusal, type Answer, type Call, type Operation } from './answer.ts';
import { googleEvents } from './google-events.ts';
import type { GraphCode } from './graph-errors.ts';
import { graphEvents } from './graph-events.ts';
import type { GraphSubscriptions, LifecycleEvent } from './graph-subscriptions.ts';
import { addDays, toWall, weekdayOf } from '../../domain/time.ts';
import type { Server } from './serve.ts';
import { current, type Account, type Calendar, type Entry, type Json } from './state.ts';

export interface HandWritten {
  title?: string | undefined;
  /** `2026-11-27T10:30` on the calendar's clock; of whole days `2026-11-27`, the end being the first day that is free again. */
  start?: string | undefined;
  end?: string | undefined;
  /** False leaves the time free to others. */
  busy?: boolean | undefined;
  /** With its start as the first of `count`. */
  repeat?: { every: 'day' | 'week'; count: number } | undefined;
  /** The account's own calendar without it. */
  calendarId?: string | undefined;
}

export interface ByHand {
  /** Gives the event's id. All throw a Refusal where the provider would refuse a program, and an Error for an unknown account. */
  add: (account: string, event: HandWritten & { start: string; end: string }) => string;
  change: (account: string, eventId: string, event: HandWritten) => void;
  remove: (account: string, eventId: string, calendarId?: string) => void;
  /** Takes back all that the account allowed: tokens end, subscriptions too. */
  revoke: (account: string) => void;
  /** Access tokens end now, refresh tokens go on. */
  expireAccess: (account: string) => void;
  /** All sync tokens and delta links given so far are of no more use; Graph says so with one of two codes. */
  expireSync: (account: string, code?: 'SyncStateNotFound' | 'resyncRequired') => void;
  tell: (account: string, event: LifecycleEvent) => void;
  /** By id or e-mail address. */
  account: (key: string) => Account;
  calendars: (account: Account) => Calendar[];
}

export function createByHand({ store, settings, tokens }: Server, subscriptions: GraphSubscriptions, url: string, setExpiredCode: (code: GraphCode) => void): ByHand {
  const [google, graph] = [googleEvents(store, settings, 'person'), graphEvents(store, settings, url, 'person')];
  const find = (key: string): Account => {
    const account = store.state.accounts.find(({ id, email }) => id === key || email === key);
    if (!account) throw new Error(`there is no account ${key}`);
    return account;
  };
  const act = (operation: Operation, account: Account, calendarId: string | undefined, eventId: string | undefined, body: Json): Json => {
    const params = { ...(calendarId !== undefined && { calendarId }), ...(eventId !== undefined && { eventId }) };
    const call: Call = { account, params, query: new Map(), header: () => undefined, body };
    const answer = operation(call) as Answer;
    if (answer.status >= 400) throw new Refusal(answer);
    return (answer.body ?? {}) as Json;
  };
  const calendarOf = (account: Account, id: string | undefined): Calendar => {
    const calendar = store.calendar(account, id ?? null);
    if (!calendar) throw new Error(`${account.email} has no calendar ${id}`);
    return calendar;
  };

  return {
    account: find,
    calendars: (account) => store.state.calendars.filter(({ accountId }) => accountId === account.id),
    add: (key, event) => {
      const account = find(key);
      const calendar = calendarOf(account, event.calendarId);
      const body = account.provider === 'google' ? googleBody(event, calendar) : graphBody(event, calendar);
      return String(act(account.provider === 'google' ? google.insert : graph.create, account, calendar.id, undefined, body).id);
    },
    change: (key, eventId, event) => {
      const account = find(key);
      const calendar = calendarOf(account, event.calendarId);
      if (account.provider === 'google') act(google.patch, account, calendar.id, eventId, googleBody(event, calendar));
      else act(graph.update, account, calendar.id, eventId, graphBody(event, calendar));
    },
    remove: (key, eventId, calendarId) => {
      const account = find(key);
      act(account.provider === 'google' ? google.delete : graph.delete, account, calendarOf(account, calendarId).id, eventId, {});
    },
    revoke: (key) => {
      const { id } = find(key);
      tokens.revokeAccount(id);
      subscriptions.tell(id, 'subscriptionRemoved');
      const { watches } = store.state;
      for (const watch of watches.filter(({ accountId }) => accountId === id)) watches.splice(watches.indexOf(watch), 1);
    },
    expireAccess: (key) => tokens.expireAccess(find(key).id),
    expireSync: (key, code = 'SyncStateNotFound') => {
      const { id } = find(key);
      setExpiredCode(code);
      for (const calendar of store.state.calendars) if (calendar.accountId === id) calendar.epoch += 1;
    },
    tell: (key, event) => subscriptions.tell(find(key).id, event),
  };
}

const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

/** Null takes away the form of time that the event had before. */
function googleBody({ title, start, end, busy, repeat }: HandWritten, { timeZone }: Calendar): Json {
  const time = (text: string) => (isDate(text) ? { date: text, dateTime: null, timeZone: null } : { date: null, dateTime: `${text}:00`, timeZone });
  return {
    ...(title !== undefined && { summary: title }), ...(start !== undefined && { start: time(start) }), ...(end !== undefined && { end: time(end) }),
    ...(busy !== undefined && { transparency: busy ? 'opaque' : 'transparent' }), ...(repeat && { recurrence: [`RRULE:FREQ=${repeat.every === 'day' ? 'DAILY' : 'WEEKLY'};COUNT=${repeat.count}`] }),
  };
}

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

function graphBody({ title, start, end, busy, repeat }: HandWritten, { timeZone }: Calendar): Json {
  const time = (text: string) => ({ dateTime: isDate(text) ? `${text}T00:00:00` : `${text}:00`, timeZone });
  const startDate = start?.slice(0, 10);
  const pattern = repeat && startDate !== undefined && (repeat.every === 'day' ? { type: 'daily', interval: 1 } : { type: 'weekly', interval: 1, daysOfWeek: [days[weekdayOf(startDate) - 1]], firstDayOfWeek: 'monday' });
  return {
    ...(title !== undefined && { subject: title }), ...(start !== undefined && { start: time(start), isAllDay: isDate(start) }), ...(end !== undefined && { end: time(end) }),
    ...(busy !== undefined && { showAs: busy ? 'busy' : 'free' }), ...(pattern && { recurrence: { pattern, range: { type: 'numbered', startDate, numberOfOccurrences: repeat.count } } }),
  };
}

/** An event with all that became of it, the latest last; for tests and the page. */
export function tellEntry(entry: Entry, { timeZone }: Calendar): Json {
  const { shape, deleted, body } = current(entry);
  const time = (at: number) => (shape.allDay ? toWall(at, timeZone).date : toWall(at, timeZone).iso);
  return {
    id: entry.id, title: shape.title, start: time(shape.start), end: time(shape.end), allDay: shape.allDay, busy: shape.busy, showAs: shape.label, deleted, rules: shape.rules, masterId: entry.masterId, resource: body,
    history: entry.versions.map(({ at, by, what, revision, shape: then }) => ({ at: new Date(at).toISOString(), by, what, revision, title: then.title, start: time(then.start), end: time(then.end) })),
  };
}

/** The day after, for whole days of a form that gives only one. */
export const dayAfter = (date: string): string => addDays(date, 1);
