/**
 * What a CalDAV server answers to questions about a collection: a multistatus (RFC 4918, 13), and nothing else. tsdav's own queries throw
 * for all objects where one has failed, with the server's text in their message, and tell what is no multistatus as a success.
 */
import { davRequest } from 'tsdav';
import { addressOf, isGone, unexpected } from './caldav-errors.ts';
import { CalendarError } from './calendar.ts';

export type Asked = { url: string; headers: Record<string, string>; fetch: typeof fetch };
export type Answer = Awaited<ReturnType<typeof davRequest>>[number];

const namespaces = { 'xmlns:d': 'DAV:', 'xmlns:c': 'urn:ietf:params:xml:ns:caldav' };

/** Whether the server has answered with an error as a whole, and not with one for each object. */
export const isRefusal = ({ ok, raw }: Answer): boolean => !ok && (raw as { multistatus?: unknown } | undefined)?.multistatus === undefined;

/**
 * A page of somebody's between us and the server, or a text that breaks off, must not look like an empty calendar.
 * @returns the answers as they are.
 */
export function readable(method: string, answers: Answer[]): Answer[] {
  const odd = answers.find(({ ok, raw }) => ok && (raw as { multistatus?: unknown } | undefined)?.multistatus === undefined);
  if (odd) throw new CalendarError('transient', `CalDAV failed: ${method} ${odd.status}, no multistatus`);
  return answers;
}

async function report({ url, headers, fetch }: Asked, body: Record<string, object>): Promise<Answer[]> {
  const answers = readable(
    'REPORT',
    await davRequest({ url, init: { method: 'REPORT', headers: { ...headers, depth: '1' }, namespace: 'c', body }, fetch }),
  );
  // What failed as a whole.
  const failed = answers.find(
    (each) => isRefusal(each) || (!each.ok && !isGone(each.status) && (each.href === undefined || addressOf(each.href, url) === url)),
  );
  if (failed) throw unexpected('REPORT', failed.status);
  return answers;
}

/** The addresses of the objects that fit (RFC 4791, 7.8). */
export async function queryObjects(collection: Asked, filters: object): Promise<string[]> {
  const body = { 'calendar-query': { _attributes: namespaces, 'd:prop': { 'd:getetag': {} }, filter: filters } };
  const answers = await report(collection, body);
  return answers.flatMap(({ ok, href }) => (ok ? (addressOf(href, collection.url) ?? []) : []));
}

/** Objects by their addresses, with their texts (RFC 4791, 7.9). */
export const getObjects = (collection: Asked, remoteIds: string[]): Promise<Answer[]> =>
  report(collection, {
    'calendar-multiget': {
      _attributes: namespaces,
      'd:prop': { 'd:getetag': {}, 'c:calendar-data': {} },
      'd:href': remoteIds.map((remoteId) => new URL(remoteId).pathname),
    },
  });
