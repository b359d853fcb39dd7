/** How Google is asked: by its own client, once, within a time limit, with a token that is fresh for each request. */
import { calendar, type calendar_v3 } from '@googleapis/calendar';
import { CalendarError } from './calendar.ts';
import { isRefused, toCalendarError } from './google-errors.ts';

export type GoogleAccess = {
  /** A CalendarError that it throws passes through. Given a token that was refused, another, where there is one. */
  accessToken: (refused?: string) => Promise<string>;
  /** Resolves when it is a request's turn; see pace.ts. */
  turn?: () => Promise<void>;
  /** Google itself without it. */
  rootUrl?: string;
  timeoutMs?: number;
  now: () => Date;
};

type Options = { headers: Record<string, string> };
/** One request by its name, as in `events.get`; `doing` gives the client's method the options. Throws a CalendarError. */
export type GoogleCall = <T>(
  operation: string,
  doing: (api: calendar_v3.Calendar, options: Options) => Promise<{ status: number; data: T }>,
  headers?: Record<string, string>,
) => Promise<T>;

export function createGoogleCall({ accessToken, turn, rootUrl, timeoutMs = 10_000, now }: GoogleAccess): GoogleCall {
  // Without its retries: whoever calls knows when to try again, and after what.
  const api = calendar({ version: 'v3', retry: false, timeout: timeoutMs, ...(rootUrl !== undefined && { rootUrl }) });
  const once = async <T>(
    token: string,
    operation: string,
    doing: (api: calendar_v3.Calendar, options: Options) => Promise<{ status: number; data: T }>,
    headers: Record<string, string>,
  ): Promise<T> => {
    try {
      const { status, data } = await doing(api, { headers: { authorization: `Bearer ${token}`, ...headers } });
      // The client hands on as text what is not JSON: a page of somebody's between us and Google must not look like an empty calendar.
      if (status !== 204 && (typeof data !== 'object' || data === null))
        throw new CalendarError('transient', `Google failed: ${operation} ${status}, not JSON`);
      return data;
    } catch (error) {
      throw toCalendarError(error, operation, now());
    }
  };
  return async (operation, doing, headers = {}) => {
    const fresh = (refused?: string): Promise<string> =>
      accessToken(refused).catch((error: unknown) => {
        throw toCalendarError(error, operation, now());
      });
    await turn?.();
    const token = await fresh();
    try {
      return await once(token, operation, doing, headers);
    } catch (error) {
      // "Get a new access token using the long-lived refresh token. If this fails, direct the user through the OAuth flow" (guides/errors,
      // 401).
      const another = isRefused(error, 401) && (error as CalendarError).kind === 'sign_in' ? await fresh(token) : token;
      if (another === token) throw error;
      await turn?.();
      return once(another, operation, doing, headers);
    }
  };
}
