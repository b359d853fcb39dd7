/** Signing in to barbers' calendars: what a person gives is tried, and sealed for its row. */
import { Problem } from './errors.ts';
import { createCaldavCalendar } from './integrations/calendar/caldav.ts';
import { findCaldavCalendars, type FoundCalendar } from './integrations/calendar/caldav-discovery.ts';
import { CalendarError } from './integrations/calendar/calendar.ts';
import { listGoogleCalendars } from './integrations/calendar/google.ts';
import type { OauthClient } from './integrations/calendar/oauth.ts';
import type { Sealer } from './integrations/sealing.ts';

export type CaldavAccount = { serverUrl: string; username: string; password: string };
/** What must be kept until the person comes back from the provider's pages. */
export type BegunSignIn = { url: string; state: string; verifier: string };
/** Whose calendars they are, by the provider's own name for the account, and what is to be sealed. The first is the account's own. */
export type SignedIn = { account: string; calendars: { id: string; name: string }[]; secrets: unknown };

export type CalendarAccounts = {
  /** The calendars of a CalDAV account. Throws a Problem that says why there are none to be had. */
  findCaldav: (account: CaldavAccount) => Promise<FoundCalendar[]>;
  /** Whether a calendar can be opened so. Throws a Problem that says why not. */
  checkCaldav: (given: { calendarUrl: string; username: string; password: string }) => Promise<void>;
  /** Throws a Problem where Google is off. */
  beginGoogle: (redirectUri: string) => Promise<BegunSignIn>;
  /** Throws a Problem: `calendar_sign_in` when the person or Google said no. */
  finishGoogle: (cameBackTo: URL, kept: { state: string; verifier: string }) => Promise<SignedIn>;
  /** For the row with this id. Throws a Problem where calendars are off. */
  seal: (secrets: unknown, owner: string) => Promise<string>;
  open: (sealed: string, owner: string) => Promise<unknown>;
};

type AccountsDeps = { /** Null: calendars are off. */ sealer: Sealer | null; fetch: typeof globalThis.fetch; google: { client: OauthClient; apiUrl: string | null } | null; now: () => Date };

export function createCalendarAccounts({ sealer, fetch, google, now }: AccountsDeps): CalendarAccounts {
  const on = (): Sealer => {
    if (!sealer) throw new Problem('calendars_off');
    return sealer;
  };
  const withGoogle = () => {
    on();
    if (!google) throw new Problem('calendars_off', { detail: 'Google is not set up: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET are missing.' });
    return google;
  };
  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    on();
    try {
      return await call();
    } catch (error) {
      throw error instanceof CalendarError ? toProblem(error) : error;
    }
  };
  return {
    findCaldav: (account) => told(() => findCaldavCalendars({ ...account, fetch, now })),
    checkCaldav: (given) => told(() => createCaldavCalendar({ ...given, timeZone: 'UTC', fetch, now }).verify()),
    beginGoogle: (redirectUri) => withGoogle().client.begin(redirectUri),
    finishGoogle: (cameBackTo, kept) => told(async () => {
      const { client, apiUrl } = withGoogle();
      const secrets = await client.finish(cameBackTo, kept, now());
      const calendars = await listGoogleCalendars(async () => secrets.accessToken, apiUrl ?? undefined, now);
      // The id of an account's own calendar is its address.
      return { account: calendars.find(({ isPrimary }) => isPrimary)?.id ?? calendars[0]?.id ?? 'Google', calendars, secrets };
    }),
    seal: async (secrets, owner) => on().seal(secrets, owner),
    open: async (sealed, owner) => on().open(sealed, owner),
  };
}

function toProblem({ kind, forbidden }: CalendarError): Problem {
  if (kind === 'sign_in') return new Problem('calendar_sign_in');
  if (kind === 'transient') return new Problem('calendar_unavailable');
  return forbidden ? new Problem('invalid_request', { faults: [{ path: '/serverUrl', message: forbidden }] }) : new Problem('calendar_not_found');
}
