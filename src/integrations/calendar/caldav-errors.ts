/** What a CalDAV server's answers mean. */
import { ForbiddenAddress, TooLarge } from '../guarded-fetch.ts';
import { readRetryAfter } from '../retry-after.ts';
import { CalendarError, type CalendarErrorKind } from './calendar.ts';

export const isGone = (status: number): boolean => status === 404 || status === 410;
/** An answer that is no success. */
export class CaldavRefusal extends CalendarError {
  readonly status: number;

  constructor(kind: CalendarErrorKind, method: string, status: number) {
    super(kind, `CalDAV failed: ${method} ${status}`);
    this.status = status;
  }
}

/**
 * An answer that no step expects. A 4xx of the server's will be the same tomorrow, but for those that speak of time or place; a redirection
 * of what writes leads to somebody's page, for a while.
 */
export function unexpected(method: string, status: number): CaldavRefusal {
  const passes = status < 400 || status >= 500 || [404, 408, 409, 410, 412, 423, 425, 429].includes(status);
  return new CaldavRefusal(passes ? 'transient' : 'permanent', method, status);
}

/** tsdav passes over a refused sign-in and a busy server in silence: here they become errors before it sees them. */
export function checked(guarded: typeof fetch, now: () => Date): typeof fetch {
  return async (input, init) => {
    const response = await guarded(input, init).catch(toError);
    const { status } = response;
    if (status === 401) throw new CalendarError('sign_in', 'CalDAV failed: 401');
    if (status === 429 || status >= 500) {
      await response.body?.cancel();
      throw new CalendarError(
        'transient',
        `CalDAV failed: ${status}`,
        readRetryAfter(response.headers.get('retry-after'), now().getTime()),
      );
    }
    return whole(response);
  };
}

/** A page of somebody's between us and the server must not look like a visit that was written or taken away. */
export function withoutPages(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.status === 200 && isOf(response, 'html'))
      throw new CalendarError('transient', `CalDAV failed: ${init?.method ?? 'GET'} 200, a page`);
    return response;
  };
}

/** The end of a whole multistatus, be it empty, under whatever prefix. */
const ending = /[</:]multistatus(\s[^<>]*)?\/?>\s*$/;

/** What an answer names, as an address; null for what is none. */
export const addressOf = (href: string | undefined, url: string): string | null =>
  href !== undefined && URL.canParse(href, url) ? new URL(href, url).href : null;

const isOf = (response: Response, type: string): boolean => response.headers.get('content-type')?.toLowerCase().includes(type) ?? false;

/** The answer with all of its body, so that what breaks, stalls or grows too long in its middle is told as what comes before it. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const body = await response.arrayBuffer().catch(toError);
  if (isOf(response, 'xml') && isEndless(new TextDecoder().decode(body)))
    throw new CalendarError('permanent', 'CalDAV failed: an answer that would take too long to read');
  // tsdav reads what has come as if it were all.
  if (status === 207 && !ending.test(Buffer.from(body).subarray(-4000).toString('latin1')))
    throw new CalendarError('transient', 'CalDAV failed: 207, which breaks off');
  const copy = new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
}

const [mostNames, mostPieces] = [200, 1000];

/**
 * tsdav reads a text in the time that it takes to name all the different elements beside it, and throws inside for each further piece of
 * one that others part: an answer within the limit of size, made for that, would stop this process for hours. None of ours has more than a
 * few dozen names, or text in pieces.
 */
function isEndless(xml: string): boolean {
  // By hand: an expression would look for the end of each anew, where none has one.
  const [first = '', ...others] = xml.split('<![CDATA[');
  const marked = [first, ...others.map((each) => (each.includes(']]>') ? each.slice(each.indexOf(']]>') + 3) : ''))].join('');
  const names = new Set<string>();
  for (const [, name = ''] of marked.matchAll(/<([^\s<>/!?][^\s<>/]*)/g)) if (names.add(name).size > mostNames) return true;
  let pieces = 0;
  for (const _ of marked.matchAll(/(?:<\/[^<>]*|\/|--|\?)>\s*[^\s<]/g)) if ((pieces += 1) > mostPieces) return true;
  return false;
}

function toError(error: unknown): never {
  if (error instanceof ForbiddenAddress) throw new CalendarError('permanent', 'CalDAV failed: a forbidden address', null, error.message);
  if (error instanceof TooLarge) throw new CalendarError('permanent', 'CalDAV failed: the answer is too large');
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  throw new CalendarError('transient', `CalDAV failed: ${code ?? cause?.code ?? name ?? 'unknown'}`);
}

/** RFC 7617 with UTF-8, which tsdav's own helper does not do. */
export const signIn = (username: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`,
});
