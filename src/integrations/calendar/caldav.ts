/** Calendars on any CalDAV server (RFC 4791), by tsdav. Its keys are the UID and the address of the object, and its answers' ETags. */
import { setTimeout as wait } from 'node:timers/promises';
import { createCalendarObject, deleteCalendarObject, propfind, updateCalendarObject } from 'tsdav';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { CalendarError, type Calendar, type CalendarEvent, type Changes, type Placed } from './calendar.ts';
import { readChanges } from './caldav-changes.ts';
import { CaldavRefusal, checked, isGone, signIn, unexpected, withoutPages } from './caldav-errors.ts';
import { readOwnAddresses } from './caldav-owner.ts';
import { queryObjects } from './caldav-report.ts';
import { readObject, Unreadable } from './read-busy.ts';
import { markOf, spanOf, writeObject } from './write-object.ts';

export type CaldavOptions = {
  /** The calendar's own address. */
  calendarUrl: string;
  username: string;
  password: string;
  /** For whole days and times without a zone. */
  timeZone: string;
  /** See guarded-fetch.ts: the address is a tenant's. */
  fetch: typeof fetch;
  now: () => Date;
};

const raceTries = 3;
/** So far around a visit its entry must not keep its owner busy a second time. */
const lookAround = 370 * DAY;

export function createCaldavCalendar({ calendarUrl, username, password, timeZone, fetch: guarded, now }: CaldavOptions): Calendar {
  const url = calendarUrl.endsWith('/') ? calendarUrl : `${calendarUrl}/`;
  const common = { headers: signIn(username, password), fetch: withoutPages(checked(guarded, now)) };
  const calendar = { url };
  let addresses: Promise<ReadonlySet<string>> | undefined;
  const ownAddresses = (): Promise<ReadonlySet<string>> => (addresses ??= readOwnAddresses({ url, ...common }, username));
  /** From the UID alone: known before the first call, so that no answer can be lost with it. */
  const placeOf = (uid: string): string => `${url}${encodeURIComponent(uid.replace(/@punctual$/, ''))}.ics`;

  /**
   * Null when there is nothing. Programs keep the mark when the owner moves the event, or has it repeat: so when it is, is looked at
   * itself.
   */
  async function read(remoteId: string, event: CalendarEvent): Promise<(Placed & { isWritten: boolean }) | null> {
    // Who compresses an answer on its way makes another ETag of it (RFC 9110, 8.8.3.3: a weak one, or one with a suffix), which the server
    // does not know when it is asked to match it.
    const response = await common.fetch(remoteId, { headers: { ...common.headers, 'accept-encoding': 'identity' } });
    if (isGone(response.status)) return null;
    if (!response.ok) throw unexpected('GET', response.status);
    const found = { remoteId, etag: response.headers.get('etag') ?? '' };
    const { from, to } = spanOf(event);
    try {
      const {
        mark,
        busy: [first, ...others],
      } = readObject(await response.text(), { from: from - lookAround, to: to + lookAround }, timeZone);
      return { ...found, isWritten: mark === markOf(event) && others.length === 0 && first?.from === from && first.to === to };
    } catch (error) {
      // A foreign object under our address: it becomes the visit.
      if (error instanceof Unreadable) return { ...found, isWritten: false };
      throw error;
    }
  }

  /** Under which address the server has this UID: somebody's program has put it there, from a mail or a copy. */
  async function findByUid(uid: string): Promise<string | null> {
    const filters = {
      'comp-filter': {
        _attributes: { name: 'VCALENDAR' },
        'comp-filter': {
          _attributes: { name: 'VEVENT' },
          'prop-filter': { _attributes: { name: 'UID' }, 'text-match': { _attributes: { collation: 'i;octet' }, _text: uid } },
        },
      },
    };
    return (await queryObjects({ url, ...common }, filters))[0] ?? null;
  }

  async function put(event: CalendarEvent, known: Placed | null): Promise<Placed> {
    const data = writeObject(event, now());
    let remoteId = known?.remoteId ?? placeOf(event.uid);
    for (let tries = 0; tries < raceTries; tries += 1) {
      const there = await read(remoteId, event);
      if (there?.isWritten) return { remoteId, etag: there.etag };
      const response = there
        ? await updateCalendarObject({ calendarObject: { url: remoteId, data, etag: there.etag }, ...common })
        : await createCalendarObject({ calendar, filename: remoteId.slice(url.length), iCalString: data, ...common });
      if (response.ok) return { remoteId, etag: response.headers.get('etag') ?? (await read(remoteId, event))?.etag ?? '' };
      // RFC 4791, 5.3.2.1, no-uid-conflict: this UID has another address. Nextcloud says so with a 400
      // (https://github.com/nextcloud/server/pull/61640).
      if (!there && [400, 403, 409].includes(response.status))
        remoteId = (await findByUid(event.uid)) ?? raise(unexpected('PUT', response.status));
      else if (response.status !== 412 && !isGone(response.status)) throw unexpected('PUT', response.status);
      await wait(50 * tries);
    }
    throw new CalendarError('transient', 'CalDAV failed: it changes faster than we can write');
  }

  /** Where it was put, and wherever else its owner's program has put what has this UID: a server has that once. */
  async function remove({ uid, remoteId }: { uid: string; remoteId: string | null }): Promise<void> {
    const place = remoteId ?? placeOf(uid);
    if (await erase(place)) return;
    const elsewhere = await findByUid(uid).catch((error: unknown) => {
      // Without the calendar there is no event in it, and a server that cannot look for one has told all that it can.
      if (error instanceof CalendarError && error.kind === 'permanent') return null;
      if (error instanceof CaldavRefusal && isGone(error.status)) return null;
      throw error;
    });
    if (elsewhere !== null && elsewhere !== place) await erase(elsewhere);
  }

  /** @returns whether there was something. */
  async function erase(remoteId: string): Promise<boolean> {
    const response = await deleteCalendarObject({ calendarObject: { url: remoteId }, ...common });
    if (!response.ok && !isGone(response.status)) throw unexpected('DELETE', response.status);
    return response.ok;
  }

  return {
    put,
    remove,
    changes: (token: string | null, window: Interval): Promise<Changes> =>
      readChanges({ url, timeZone, ownAddresses, ...common }, token, window),
    push: null,
    verify: async () => {
      const [found] = await propfind({ url, props: { 'd:resourcetype': {} }, depth: '0', ...common });
      if (!found?.ok) throw unexpected('PROPFIND', found?.status ?? 0);
    },
  };
}

const raise = (error: Error): never => {
  throw error;
};
