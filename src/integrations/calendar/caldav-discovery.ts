/** From what a person knows of his CalDAV account (an address, a user, an app password) to its calendars (RFC 6764, RFC 4791, 6.2.1). */
import { createAccount, fetchCalendars } from 'tsdav';
import { checked, signIn } from './caldav-errors.ts';
import { CalendarError } from './calendar.ts';

/**
 * tsdav asks for each calendar that a server names, wherever that says it is: no server is to have us ask thousands, or keep us for long.
 */
const [mostRequests, mostMs] = [150, 45_000];

export type FoundCalendar = { url: string; name: string };

/** Those that hold events. Throws a CalendarError; `permanent` when there is no CalDAV at that address. */
export async function findCaldavCalendars(given: {
  serverUrl: string;
  username: string;
  password: string;
  fetch: typeof fetch;
  now: () => Date;
}): Promise<FoundCalendar[]> {
  const { serverUrl, username, password } = given;
  const common = { headers: signIn(username, password), fetch: sparingly(checked(given.fetch, given.now)) };
  try {
    const account = await createAccount({ account: { serverUrl, accountType: 'caldav', credentials: { username, password } }, ...common });
    const calendars = await fetchCalendars({ account, ...common });
    return calendars
      .filter(({ components }) => !components || components.includes('VEVENT'))
      .map(({ url, displayName }) => ({ url, name: typeof displayName === 'string' ? displayName : '' }));
  } catch (error) {
    if (error instanceof CalendarError) throw error;
    throw new CalendarError('permanent', 'CalDAV failed: no calendars are found there');
  }
}

function sparingly(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  const signal = AbortSignal.timeout(mostMs);
  let requests = 0;
  return async (input, init) => {
    requests += 1;
    if (requests > mostRequests) throw new CalendarError('permanent', 'CalDAV failed: too many calendars');
    return fetch(input, { ...init, signal });
  };
}
