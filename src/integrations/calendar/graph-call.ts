/**
 * How Microsoft Graph is asked: by plain fetch, once, within limits of time and size, at its own address alone, with a token that is fresh
 * for each request.
 */
import { TooLarge } from '../guarded-fetch.ts';
import { CalendarError } from './calendar.ts';
import { isRefused, refusalOf, toCalendarError } from './graph-errors.ts';

export type GraphAccess = {
  /** A CalendarError that it throws passes through. Given a token that was refused, another, where there is one. */
  accessToken: (refused?: string) => Promise<string>;
  /** Graph itself without it. */
  baseUrl?: string;
  fetch?: typeof globalThis.fetch;
  timeoutMs?: number;
  /** Octets of one answer. */
  mostBytes?: number;
  now: () => Date;
};

export type GraphPage<T> = { value: T[]; '@odata.nextLink'?: string; '@odata.deltaLink'?: string };

export type GraphCall = {
  /** One request by its name, as in `event.get`, at a path below the base address. Throws a CalendarError. */
  send: <T>(operation: string, method: string, path: string, given?: { body?: unknown; headers?: Record<string, string> }) => Promise<T>;
  /** A list's pages, one after the other. */
  pages: <T>(operation: string, path: string) => AsyncGenerator<GraphPage<T>>;
  /** The path and query of a link below the base address; null of others. Whatever host a link names, only our own is asked. */
  pathOf: (link: string) => string | null;
};

/** A page that leads to itself must not be read for ever. */
const mostPages = 400;
/** Instants in UTC, whoever's the mailbox; pages of a size that is quick to read. */
const prefer = { prefer: 'outlook.timezone="UTC", odata.maxpagesize=100' };

export const queryOf = (given: Record<string, string | number>): string =>
  Object.entries(given)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

export function createGraphCall({
  accessToken,
  baseUrl = 'https://graph.microsoft.com/v1.0',
  fetch = globalThis.fetch,
  timeoutMs = 10_000,
  mostBytes = 8 * 1024 * 1024,
  now,
}: GraphAccess): GraphCall {
  const base = baseUrl.replace(/\/+$/, '');
  const root = new URL(base).pathname.replace(/\/+$/, '');

  const pathOf = (link: string): string | null => {
    const whole = link.startsWith('/') ? `${base}${link}` : link;
    if (!URL.canParse(whole)) return null;
    // Reading it takes out the dots by which a path could climb.
    const { pathname, search } = new URL(whole);
    return pathname.startsWith(`${root}/`) ? `${pathname.slice(root.length)}${search}` : null;
  };

  async function send<T>(
    operation: string,
    method: string,
    path: string,
    given: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<T> {
    const fresh = (refused?: string): Promise<string> =>
      accessToken(refused).catch((error: unknown) => {
        throw toCalendarError(error, operation);
      });
    const token = await fresh();
    try {
      return await once<T>(token, operation, method, path, given);
    } catch (error) {
      // Microsoft ends tokens before their time, where the person's circumstances have changed
      // (https://learn.microsoft.com/en-us/entra/identity-platform/app-resilience-continuous-access-evaluation).
      const another = isRefused(error, 401) ? await fresh(token) : token;
      if (another === token) throw error;
      return once<T>(another, operation, method, path, given);
    }
  }

  async function once<T>(
    token: string,
    operation: string,
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> },
  ): Promise<T> {
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...prefer,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      const text = await readText(response, mostBytes);
      if (response.status < 200 || response.status > 299) throw refusalOf(response, text, operation, now());
      return (response.status === 204 ? {} : parse(text, operation)) as T;
    } catch (error) {
      throw toCalendarError(error, operation);
    }
  }

  async function* pages<T>(operation: string, path: string): AsyncGenerator<GraphPage<T>> {
    let next: string | null = path;
    for (let count = 0; count < mostPages; count += 1) {
      const page: GraphPage<T> = await send<GraphPage<T>>(operation, 'GET', next);
      if (!Array.isArray(page.value)) throw new CalendarError('transient', `Graph failed: ${operation}, no list`);
      yield page;
      const link: string | undefined = page['@odata.nextLink'];
      if (link === undefined) return;
      next = pathOf(link);
      if (next === null) throw new CalendarError('permanent', `Graph failed: ${operation}, a link leads elsewhere`);
    }
    throw new CalendarError('permanent', `Graph failed: ${operation} has too many pages`);
  }

  return { send, pages, pathOf };
}

/** A page of somebody's between us and Graph must not look like an empty calendar. */
function parse(text: string, operation: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    /* As with any other text. */
  }
  throw new CalendarError('transient', `Graph failed: ${operation}, not JSON`);
}

async function readText(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop ends the line.
    if (size > mostBytes) throw new TooLarge(`the answer is larger than ${mostBytes} octets`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
