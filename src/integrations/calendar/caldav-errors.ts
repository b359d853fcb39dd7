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

/** An answer that no step expects. A 4xx of the server's will be the same tomorrow, but for those that speak of time or place. */
export function unexpected(method: string, status: number): CaldavRefusal {
  const passes = status === 0 || status >= 500 || [404, 408, 409, 410, 412, 423, 425, 429].includes(status);
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

const multistatusEnd = /<\/(?:[\w.-]+:)?multistatus\s*>\s*$|<(?:[\w.-]+:)?multistatus[^<>]*\/>\s*$/;

/** The answer with all of its body, so that what breaks, stalls or grows too long in its middle is told as what comes before it. */
async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const body = await response.arrayBuffer().catch(toError);
  // tsdav reads what has come as if it were all.
  if (status === 207 && !multistatusEnd.test(Buffer.from(body).subarray(-2000).toString('latin1')))
    throw new CalendarError('transient', 'CalDAV failed: 207, which breaks off');
  const copy = new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
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
