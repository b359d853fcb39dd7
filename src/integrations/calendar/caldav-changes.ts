/**
 * What has changed on a CalDAV server: by `sync-collection` (RFC 6578) where it has that, else by the collection's tag, else by reading
 * all.
 */
import { setImmediate as letOthers } from 'node:timers/promises';
import { propfind, syncCollection } from 'tsdav';
import type { Interval } from '../../domain/rules.ts';
import { DAY } from '../../domain/time.ts';
import { addressOf, isGone, unexpected } from './caldav-errors.ts';
import { getObjects, isRefusal, queryObjects, readable, type Answer, type Asked } from './caldav-report.ts';
import { type Changes, type RemoteObject } from './calendar.ts';
import { mostMs, readObject, tellsOfDeclining, Unreadable, type ReadOptions } from './read-busy.ts';

type Collection = Asked & {
  timeZone: string;
  /** See caldav-owner.ts; asked for where it matters. */
  ownAddresses: () => Promise<ReadonlySet<string>>;
};

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
    const answers = readable('REPORT', await syncCollection({ ...collection, props: { 'd:getetag': {} }, syncLevel: 1, syncToken: token }));
    const refused = answers.find((each) => isRefusal(each) || (!each.ok && each.href === collection.url && each.status !== 507));
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
  const [found] = readable('PROPFIND', await propfind({ ...collection, props: { 'd:sync-token': {}, 'cs:getctag': {} }, depth: '0' }));
  if (!found?.ok) throw unexpected('PROPFIND', found?.status ?? 0);
  const { syncToken, getctag } = (found.props ?? {}) as { syncToken?: unknown; getctag?: unknown };
  const [sync, tag] = [textOf(syncToken), textOf(getctag)];
  if (sync !== '') return `sync:${sync}`;
  return tag !== '' ? `tag:${tag}` : '';
}

/** tsdav makes a number of a text that looks like one; of others than whole ones the text is lost (1.10). */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : Number.isSafeInteger(value) ? String(value) : '');

async function readWindow(collection: Collection, window: Interval): Promise<RemoteObject[]> {
  // Servers read times without a zone, and whole days, as UTC: a day more on either side, which is cut off again.
  const [start, end] = [window.from - DAY, window.to + DAY].map((instant) => new Date(instant).toISOString().replaceAll(/[-:]|\.\d+/g, ''));
  const filters = {
    'comp-filter': {
      _attributes: { name: 'VCALENDAR' },
      'comp-filter': { _attributes: { name: 'VEVENT' }, 'time-range': { _attributes: { start, end } } },
    },
  };
  // Their texts in parts: invitations of meetings run to ten kilobytes each, and all of a full calendar would be larger than any answer may
  // be.
  return readObjects(collection, await queryObjects(collection, filters), window);
}

async function readObjects(collection: Collection, remoteIds: string[], window: Interval): Promise<RemoteObject[]> {
  const objects: RemoteObject[] = [];
  const until = performance.now() + mostMsOfAll;
  for (let from = 0; from < remoteIds.length; from += atOnce) {
    const shown = toShown(collection, await getObjects(collection, remoteIds.slice(from, from + atOnce)));
    const isAsked = shown.some(({ text }) => typeof text === 'string' && tellsOfDeclining(text));
    const ownAddresses = isAsked ? await collection.ownAddresses() : undefined;
    for (const each of shown) {
      const withinMs = Math.max(100, Math.min(mostMs, until - performance.now()));
      objects.push(toObject(each, window, collection.timeZone, { withinMs, ownAddresses }));
      // A program that reads for long must show meanwhile that it lives.
      await letOthers();
    }
  }
  return objects;
}

/** What has gone since it was listed is left out. What the server does not show is there all the same, and nobody can tell when. */
type Shown = { remoteId: string; etag: string; text: unknown };

function toShown({ url }: Collection, answers: Answer[]): Shown[] {
  return answers.flatMap(({ href, ok, status, props }) => {
    const remoteId = addressOf(href, url);
    if (remoteId === null || (!ok && isGone(status))) return [];
    const failure = ok ? null : unexpected('REPORT', status);
    if (failure?.kind === 'transient') throw failure;
    const { getetag, calendarData } = (props ?? {}) as { getetag?: unknown; calendarData?: unknown };
    const text = typeof calendarData === 'object' && calendarData !== null ? (calendarData as { _cdata?: unknown })._cdata : calendarData;
    return [{ remoteId, etag: typeof getetag === 'string' ? getetag : '', text }];
  });
}

function toObject({ remoteId, etag, text }: Shown, window: Interval, timeZone: string, options: ReadOptions): RemoteObject {
  try {
    if (typeof text !== 'string') throw new Unreadable('it is not shown');
    return { remoteId, etag, ...readObject(text, window, timeZone, options) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { remoteId, etag, uid: null, busy: [], mark: null, isUnreadable: true };
  }
}
