/**
 * `fetch` for addresses that tenants give: to public addresses only, and to the very address that was checked, so that a name that answers
 * differently the second time gains nothing. (OWASP API7, server-side request forgery. Node's own fetch has no such guard:
 * nodejs/undici#2019.)
 */
import { lookup, type LookupAddress, type LookupOptions } from 'node:dns';
import ipaddr from 'ipaddr.js';
import { Agent, fetch as undiciFetch, type RequestInit as UndiciInit } from 'undici';

/** What was asked for is not to be asked for; the message is fit for the tenant. */
export class ForbiddenAddress extends Error {}
/** The answer is larger than anything that we asked for. */
export class TooLarge extends Error {}

export type GuardOptions = {
  /** For one machine's own servers, with http and any port; production refuses to start with it. */
  allowLoopback: boolean;
  /** Milliseconds for one request with its answer. */
  timeoutMs?: number;
  /** Octets of one answer. */
  mostBytes?: number;
  /** For tests: what a name stands for. */
  resolve?: typeof lookup;
};

/** HTTPS, and what CalDAV servers of small shops are commonly found at. */
const ports = new Set(['', '443', '8443', '5232']);
const mostRedirects = 3;

/** Follows up to three redirects, each checked anew, and only for requests that ask; never from https to http. */
export function createGuardedFetch({ allowLoopback, timeoutMs = 10_000, mostBytes = 4 * 1024 * 1024, resolve = lookup }: GuardOptions): {
  fetch: typeof fetch;
  close: () => Promise<void>;
} {
  const isAllowed = (address: string): boolean => {
    const read = ipaddr.process(address);
    const range = read.range();
    return (range === 'unicast' && isGlobal(read)) || (allowLoopback && range === 'loopback');
  };

  const checkedLookup = (
    hostname: string,
    options: LookupOptions,
    done: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return done(error, []);
      // One bad address among good ones is no mistake that a decent server makes.
      if (found.length === 0 || !found.every(({ address }) => isAllowed(address)))
        return done(new ForbiddenAddress('That name does not stand for a public address.'), []);
      if (options.all) return done(null, found);
      done(null, found[0]!.address, found[0]!.family);
    });
  };
  const agent = new Agent({
    connect: { lookup: checkedLookup, timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: 4000,
  });

  function check(url: URL): void {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const isLiteral = ipaddr.isValid(host);
    // A literal is connected to without being looked up.
    if (isLiteral && !isAllowed(host)) throw new ForbiddenAddress('That is not a public address.');
    const isLocal = allowLoopback && ((isLiteral && ipaddr.process(host).range() === 'loopback') || host === 'localhost');
    if (isLocal && ['http:', 'https:'].includes(url.protocol)) return;
    if (url.protocol !== 'https:') throw new ForbiddenAddress('Only https is allowed.');
    if (url.username || url.password) throw new ForbiddenAddress('The address must not hold a user or a password.');
    if (!ports.has(url.port)) throw new ForbiddenAddress(`Port ${url.port} is not allowed.`);
  }

  async function guarded(input: string | URL | Request, given: RequestInit = {}): Promise<Response> {
    let init = given;
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])]);
    const asks = ['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'REPORT'].includes(init.method ?? 'GET');
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; ; redirects += 1) {
      check(url);
      const response = await undiciFetch(url, { ...(init as unknown as UndiciInit), redirect: 'manual', dispatcher: agent, signal }).catch(
        unwrap,
      );
      const location =
        [301, 302, 303, 307, 308].includes(response.status) && init.redirect !== 'manual' ? response.headers.get('location') : null;
      if (location === null || !asks) return bounded(response, mostBytes);
      await response.body?.cancel();
      if (redirects >= mostRedirects) throw new ForbiddenAddress('The server redirects too often.');
      const next = new URL(location, url);
      if (!isSameHouse(url, next)) init = { ...init, headers: withoutSignIn(init.headers) };
      url = next;
    }
  }
  return { fetch: guarded, close: () => agent.close() };
}

/**
 * Of IPv6 only 2000::/3 is given out for unicast (https://www.iana.org/assignments/ipv6-address-space); what lies outside, and is not named
 * as something else, may hold an IPv4 address inside (::127.0.0.1, written ::7f00:1).
 */
const isGlobal = (address: ipaddr.IPv4 | ipaddr.IPv6): boolean => address.kind() === 'ipv4' || address.toByteArray()[0]! >> 5 === 1;

/**
 * The same server, or another of the same house: iCloud sends `caldav.icloud.com` on to `p12-caldav.icloud.com`. Nobody else gets the
 * password.
 */
function isSameHouse(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  const parent = from.hostname.split('.').slice(1).join('.');
  return from.protocol === to.protocol && !ipaddr.isValid(from.hostname) && parent.includes('.') && to.hostname.endsWith(`.${parent}`);
}

function withoutSignIn(headers: RequestInit['headers']): Headers {
  const kept = new Headers(headers);
  kept.delete('authorization');
  return kept;
}

/** `fetch` wraps what the look-up said. */
function unwrap(error: unknown): never {
  const { cause } = error as { cause?: unknown };
  throw cause instanceof ForbiddenAddress ? cause : error;
}

/** The same answer, whose body ends in an error when it grows too long. */
function bounded(response: Response, mostBytes: number): Response {
  if (!response.body) return response;
  let size = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > mostBytes) controller.error(new TooLarge(`the answer is larger than ${mostBytes} octets`));
        else controller.enqueue(chunk);
      },
    }),
  );
  const copy = new Response(counted, {
    status: response.status,
    statusText: response.statusText,
    headers: new Headers([...response.headers]),
  });
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
}
