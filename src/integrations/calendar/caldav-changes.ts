/** What has changed on a CalDAV server: by `sync-collection` (RFC 6578) where it has that, else by the collection's tag, else by reading all. */
import { setImmediate as letOthers } from 'node:timers/promises';
import { calendarMultiGet, calendarQuery, propfind, syncCollection } from 'tsdav';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { addressOf, isGone, query, statusOf, unexpected, type Answer } from './caldav-errors.ts';
import { CalendarError, type Changes, type RemoteObject } from './calendar.ts';
import { mostMs, readObject, Unreadable } from './read-busy.ts';

type Collection = { url: string; timeZone: string; headers: Record<string, string>; fetch: typeof fetch };

const atOnce = 50;
/** RFC 6578, 3.6: a server may answer in parts. */
const mostParts = 50;
/** Of one reading's objects, all together; each after that has a tenth of a second left. */
const mostMsOfAll = 10_000;

/** Tokens are `sync:` and the server's sync-token, or `tag:` and the collection's tag; an empty one fits nothing. */
export async function readChanges(collection: Collection, token: string | null, window: Interval): Promise<Changes> {
  if (token?.startsWith('sync:')) {
    const since = await readSince(collection, token.slice('sync:'.length), window);
    if (since) return since;
  }
  const now = await readToken(collection);
  if (token !== null && now !== '' && token === now) return { objects: [], gone: [], token: now, isWhole: false };
  return { objects: await readWindow(collection, window), gone: [], token: now, isWhole: true };
}

/** Null when the server no longer knows the token. */
async function readSince(collection: Collection, syncToken: string, window: Interval): Promise<Changes | null> {
  const [changed, gone] = [new Set<string>(), new Set<string>()];
  let token = syncToken;
  for (let parts = 0; parts < mostParts; parts += 1) {
    const answers = await syncCollection({ ...collection, props: { 'd:getetag': {} }, syncLevel: 1, syncToken: token });
    const refused = answers.find(({ ok, status, href }) => !ok && href === collection.url && status !== 507);
    // RFC 6578, 3.2: the precondition valid-sync-token has failed, however the server says so.
    if (refused) return null;
    const next = (answers[0]?.raw as { multistatus?: { syncToken?: unknown } } | undefined)?.multistatus?.syncToken;
    for (const { href, status } of answers) {
      const remoteId = addressOf(href, collection.url);
      if (remoteId === null || remoteId === collection.url || remoteId.endsWith('/')) continue;
      const [to, from] = isGone(status) ? [gone, changed] : [changed, gone];
      to.add(remoteId);
      from.delete(remoteId);
    }
    // An older token tells more than is new, and nothing less.
    token = textOf(next) || token;
    if (!answers.some(({ status }) => status === 507)) break;
  }
  // Without changes some servers answer nothing that tsdav shows, and the token stays as it is.
  const objects = await readObjects(collection, [...changed], window);
  for (const remoteId of changed) if (!objects.some((each) => each.remoteId === remoteId)) gone.add(remoteId);
  return { objects, gone: [...gone], token: `sync:${token}`, isWhole: false };
}

async function readToken(collection: Collection): Promise<string> {
  const [found] = await propfind({ ...collection, props: { 'd:sync-token': {}, 'cs:getctag': {} }, depth: '0' });
  if (!found?.ok) throw unexpected('PROPFIND', found?.status ?? 0);
  const { syncToken, getctag } = (found.props ?? {}) as { syncToken?: unknown; getctag?: unknown };
  const [sync, tag] = [textOf(syncToken), textOf(getctag)];
  if (sync !== '') return `sync:${sync}`;
  return tag !== '' ? `tag:${tag}` : '';
}

/** tsdav makes a number of a text that looks like one; of others than whole ones the text is lost (1.10). */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : '');

const data = { 'd:getetag': {}, 'c:calendar-data': {} };

async function readWindow(collection: Collection, window: Interval): Promise<RemoteObject[]> {
  // Servers read times without a zone, and whole days, as UTC: a day more on either side, which is cut off again.
  const [start, end] = [window.from - DAY, window.to + DAY].map((instant) => new Date(instant).toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  const filters = {
    'comp-filter': {
      _attributes: { name: 'VCALENDAR' },
      'comp-filter': { _attributes: { name: 'VEVENT' }, 'time-range': { _attributes: { start, end } } },
    },
  };
  // Their texts in parts: invitations of meetings run to ten kilobytes each, and all of a full calendar would be larger than any answer may be.
  const answers = await query(() => calendarQuery({ ...collection, props: { 'd:getetag': {} }, filters, depth: '1' }));
  refuseFailed(collection, answers);
  return readObjects(
    collection,
    answers.flatMap(({ ok, href }) => (ok ? (addressOf(href, collection.url) ?? []) : [])),
    window,
  );
}

async function readObjects(collection: Collection, remoteIds: string[], window: Interval): Promise<RemoteObject[]> {
  const objects: RemoteObject[] = [];
  const until = performance.now() + mostMsOfAll;
  for (let from = 0; from < remoteIds.length; from += atOnce) {
    const objectUrls = remoteIds.slice(from, from + atOnce).map((remoteId) => new URL(remoteId).pathname);
    const answers = await multiGet(collection, objectUrls);
    refuseFailed(collection, answers);
    for (const answer of answers) {
      const withinMs = Math.max(100, Math.min(mostMs, until - performance.now()));
      objects.push(...toObject(collection, answer, window, withinMs));
      // A program that reads for long must show meanwhile that it lives.
      await letOthers();
    }
  }
  return objects;
}

/** tsdav throws for all of them where one has gone since it was listed: then they are asked for one by one. */
async function multiGet(collection: Collection, objectUrls: string[]): Promise<Answer[]> {
  try {
    return await calendarMultiGet({ ...collection, props: data, objectUrls, depth: '1' });
  } catch (error) {
    if (error instanceof CalendarError) throw error;
    // The question itself was refused, not one of what was asked for.
    if (!isOfOne(error)) throw unexpected('REPORT', statusOf(error));
    if (objectUrls.length === 1) return [];
    const answers: Answer[] = [];
    for (const objectUrl of objectUrls) answers.push(...(await multiGet(collection, [objectUrl])));
    return answers;
  }
}

/** Of an answer to each, tsdav's error shows the object that it has made. */
const isOfOne = (error: unknown): boolean => (error as Error).message.includes('Raw response: [object Object]');

/** What failed as a whole. */
function refuseFailed({ url }: Collection, answers: Answer[]): void {
  const failed = answers.find(({ ok, status, href }) => !ok && !isGone(status) && (href === undefined || addressOf(href, url) === url));
  if (failed) throw unexpected('REPORT', failed.status);
}

/** None where the answer tells of none. */
function toObject({ url, timeZone }: Collection, { href, ok, props }: Answer, window: Interval, withinMs: number): RemoteObject[] {
  const remoteId = addressOf(href, url);
  if (!ok || remoteId === null) return [];
  const { getetag, calendarData } = (props ?? {}) as { getetag?: unknown; calendarData?: unknown };
  const text = typeof calendarData === 'object' && calendarData !== null ? (calendarData as { _cdata?: unknown })._cdata : calendarData;
  if (typeof text !== 'string') return [];
  const object = { remoteId, etag: typeof getetag === 'string' ? getetag : '' };
  try {
    return [{ ...object, ...readObject(text, window, timeZone, withinMs) }];
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return [{ ...object, uid: null, busy: [], mark: null, isUnreadable: true }];
  }
}
