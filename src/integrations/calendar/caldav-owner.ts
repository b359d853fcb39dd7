/** Under which addresses the owner of a CalDAV calendar is invited (RFC 6638, 2.4.1). */
import { propfind } from 'tsdav';
import { readable, type Asked } from './caldav-report.ts';
import { plainAddress } from './read-busy.ts';

/**
 * In small letters, without `mailto:`. Where the server does not say, the user name alone, which is an address with many. The principal is
 * asked on the calendar's own host alone: it gets the password.
 */
export async function readOwnAddresses(collection: Asked, username: string): Promise<Set<string>> {
  const found = new Set([username.toLowerCase()]);
  const [principal] = await ask(collection, collection.url, { 'd:current-user-principal': {} }, 'currentUserPrincipal');
  if (principal === undefined) return found;
  const url = new URL(principal, collection.url);
  if (url.origin !== new URL(collection.url).origin) return found;
  for (const address of await ask(collection, url.href, { 'c:calendar-user-address-set': {} }, 'calendarUserAddressSet'))
    found.add(plainAddress(address));
  return found;
}

/** The addresses (DAV:href) in a property. */
async function ask({ headers, fetch }: Asked, url: string, props: Record<string, object>, name: string): Promise<string[]> {
  const [answer] = readable('PROPFIND', await propfind({ url, props, depth: '0', headers, fetch }));
  const { href } = ((answer?.props ?? {}) as Record<string, { href?: unknown } | undefined>)[name] ?? {};
  return [href].flat().filter((each) => typeof each === 'string');
}
