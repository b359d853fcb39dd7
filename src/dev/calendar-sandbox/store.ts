/**
 * Accounts, calendars and events of the sandbox, and the only way to change them: each change is one more version, told to whoever listens.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { isTimeZone } from '../../domain/time.ts';
import {
  current,
  emptyState,
  type Account,
  type Author,
  type Calendar,
  type Entry,
  type Json,
  type Provider,
  type Shape,
  type State,
  type Version,
} from './state.ts';

/** `entry` has been changed: its current version is the new one. */
export type Listener = (account: Account, calendar: Calendar, entry: Entry) => void;
export type NewEntry = { id: string; uid?: string; masterId?: string; originalStart?: number };
export type Written = { body: Json; shape: Shape; deleted?: boolean };

export interface Store {
  state: State;
  now: () => number;
  addAccount: (account: { provider: Provider; email: string; name?: string; timeZone: string }) => Account;
  /** By id or e-mail address. */
  account: (provider: Provider, key: string) => Account | undefined;
  /** `primary` (also null) is the account's own; an id is looked for in this account alone. */
  calendar: (account: Account, id: string | null) => Calendar | undefined;
  addCalendar: (account: Account, summary: string, timeZone: string) => Calendar;
  /** Of two events of one id (Google may not notice) the later. */
  entry: (calendar: Calendar, id: string) => Entry | undefined;
  exceptions: (calendar: Calendar, masterId: string) => Entry[];
  insert: (calendar: Calendar, entry: NewEntry, written: Written, by: Author) => Entry;
  write: (calendar: Calendar, entry: Entry, written: Written, by: Author) => Entry;
  onChange: (listener: Listener) => void;
}

/** Throws a RangeError for a zone that is no IANA zone. */
export function createStore(now: () => number, state: State = emptyState()): Store {
  const listeners: Listener[] = [];
  const index = new Map<string, Entry>();
  const children = new Map<string, Entry[]>();
  const remember = (entry: Entry): void => {
    index.set(`${entry.calendarId} ${entry.id}`, entry);
    if (entry.masterId === null) return;
    const key = `${entry.calendarId} ${entry.masterId}`;
    children.set(key, [...(children.get(key) ?? []), entry]);
  };
  for (const { entries } of state.calendars) entries.forEach(remember);

  const store: Store = {
    state,
    now,
    addAccount: ({ provider, email, name = email, timeZone }) => {
      const account: Account = { id: provider === 'google' ? randomDigits(21) : randomUUID(), provider, email, name };
      state.accounts.push(account);
      makeCalendar(account, provider === 'google' ? email : graphId(), provider === 'google' ? email : 'Calendar', timeZone, true);
      return account;
    },
    account: (provider, key) => state.accounts.find((one) => one.provider === provider && (one.id === key || one.email === key)),
    calendar: (account, id) =>
      state.calendars.find((one) => one.accountId === account.id && (id === null || id === 'primary' ? one.primary : one.id === id)),
    addCalendar: (account, summary, timeZone) =>
      makeCalendar(
        account,
        account.provider === 'google' ? `${randomBytes(16).toString('hex')}@group.calendar.google.com` : graphId(),
        summary,
        timeZone,
        false,
      ),
    entry: (calendar, id) => index.get(`${calendar.id} ${id}`),
    exceptions: (calendar, masterId) => children.get(`${calendar.id} ${masterId}`) ?? [],
    insert: (calendar, { id, uid = id, masterId = null, originalStart = null }, written, by) => {
      const entry: Entry = { id, calendarId: calendar.id, uid, masterId, originalStart, versions: [] };
      calendar.entries.push(entry);
      remember(entry);
      return store.write(calendar, entry, written, by);
    },
    write: (calendar, entry, { body, shape, deleted = false }, by) => {
      const before = entry.versions.at(-1);
      calendar.revision += 1;
      entry.versions.push({ revision: calendar.revision, at: now(), by, what: nameOf(before, deleted), deleted, body, shape });
      const account = state.accounts.find(({ id }) => id === calendar.accountId)!;
      for (const listener of listeners) listener(account, calendar, entry);
      return entry;
    },
    onChange: (listener) => void listeners.push(listener),
  };

  function makeCalendar(account: Account, id: string, summary: string, timeZone: string, primary: boolean): Calendar {
    if (!isTimeZone(timeZone)) throw new RangeError(`unknown time zone: ${timeZone}`);
    const calendar: Calendar = { id, accountId: account.id, summary, timeZone, primary, revision: 0, epoch: 0, entries: [] };
    state.calendars.push(calendar);
    return calendar;
  }
  return store;
}

function nameOf(before: Version | undefined, deleted: boolean): Version['what'] {
  if (!before) return deleted ? 'deleted' : 'created';
  if (deleted) return 'deleted';
  return before.deleted ? 'restored' : 'changed';
}

const randomDigits = (count: number): string => Array.from(randomBytes(count), (byte) => byte % 10).join('');

/** Looks like Exchange's ids, and must be encoded in a path like those. */
export const graphId = (): string => `AAMkAG${randomBytes(45).toString('hex').toUpperCase()}=`;

/** An existing event that has not been deleted. */
export const isLive = (entry: Entry | undefined): boolean => entry !== undefined && !current(entry).deleted;
