/**
 * What people do: the calendar's owner edits it, or takes a program's access away; and what a provider does on its own, when a test asks
 * for it.
 */
import { Refusal, type Answer, type Call, type Operation } from './answer.ts';
import { googleEvents } from './google-events.ts';
import type { GraphCode } from './graph-errors.ts';
import { graphEvents } from './graph-events.ts';
import type { GraphSubscriptions, LifecycleEvent } from './graph-subscriptions.ts';
import { googleBody, graphBody, type HandWritten } from './hand-written.ts';
import type { Server } from './serve.ts';
import type { Account, Calendar, Json } from './state.ts';

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

export function createByHand(
  { store, settings, tokens }: Server,
  subscriptions: GraphSubscriptions,
  url: string,
  setExpiredCode: (code: GraphCode) => void,
): ByHand {
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
