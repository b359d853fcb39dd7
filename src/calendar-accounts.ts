/** Signing in to barbers' calendars: what a person gives is tried, and sealed for its row. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Problem } from './errors.ts';
import { createCaldavCalendar } from './integrations/calendar/caldav.ts';
import { findCaldavCalendars, type FoundCalendar } from './integrations/calendar/caldav-discovery.ts';
import { CalendarError } from './integrations/calendar/calendar.ts';
import { listGoogleCalendars } from './integrations/calendar/google.ts';
import { listGraphCalendars } from './integrations/calendar/graph.ts';
import type { OauthProvider } from './integrations/calendar/oauth.ts';
import type { SignIns } from './integrations/calendar/open.ts';
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
  /** Throws a Problem where that provider is off. */
  begin: (provider: OauthProvider, redirectUri: string) => Promise<BegunSignIn>;
  /** Throws a Problem: `calendar_sign_in` when the person or the provider said no. */
  finish: (provider: OauthProvider, cameBackTo: URL, kept: { state: string; verifier: string }) => Promise<SignedIn>;
  /** For the row with this id. Throws a Problem where calendars are off. */
  seal: (secrets: unknown, owner: string) => Promise<string>;
  open: (sealed: string, owner: string) => Promise<unknown>;
};

type AccountsDeps = {
  /** Null: calendars are off. */
  sealer: Sealer | null;
  fetch: typeof globalThis.fetch;
  signIns: SignIns;
  log: Pick<Logger, 'warn'>;
  now: () => Date;
};

const [soonMs, againAfterMs] = [2000, 300];

/** Once more after what may pass and has failed soon: a person waits, and one lost connection is nothing to tell him of. */
async function twice<T>(call: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await call();
  } catch (error) {
    const isOver = !(error instanceof CalendarError) || error.kind !== 'transient' || error.retryAfterSeconds !== null;
    if (isOver || performance.now() - began > soonMs) throw error;
    await wait(againAfterMs);
    return call();
  }
}

export function createCalendarAccounts({ sealer, fetch, signIns, log, now }: AccountsDeps): CalendarAccounts {
  const on = (): Sealer => {
    if (!sealer) throw new Problem('calendars_off');
    return sealer;
  };
  const signInAt = (provider: OauthProvider) => {
    on();
    const { name, variables } = providerNames[provider];
    const signIn = signIns[provider];
    if (!signIn)
      throw new Problem('calendars_off', {
        detail: `${name} is not set up: ${variables}_CLIENT_ID and ${variables}_CLIENT_SECRET are missing.`,
      });
    return signIn;
  };
  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    on();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      // Codes only. The person is told to try again; whoever runs this may see why that does not help.
      if (error.kind === 'transient') log.warn({ error: error.message }, "a calendar's server could not be asked");
      throw toProblem(error);
    }
  };
  return {
    findCaldav: (account) => told(() => twice(() => findCaldavCalendars({ ...account, fetch, now }))),
    checkCaldav: (given) => told(() => twice(() => createCaldavCalendar({ ...given, timeZone: 'UTC', fetch, now }).verify())),
    begin: async (provider, redirectUri) => signInAt(provider).client.begin(redirectUri),
    finish: (provider, cameBackTo, kept) =>
      told(async () => {
        const { client, apiUrl } = signInAt(provider);
        const secrets = await client.finish(cameBackTo, kept, now());
        const calendars = await listAt[provider](async () => secrets.accessToken, apiUrl ?? undefined, now);
        const [own] = calendars;
        return { account: own?.account ?? own?.id ?? providerNames[provider].name, calendars, secrets };
      }),
    seal: async (secrets, owner) => on().seal(secrets, owner),
    open: async (sealed, owner) => on().open(sealed, owner),
  };
}

const providerNames = { google: { name: 'Google', variables: 'GOOGLE' }, graph: { name: 'Microsoft', variables: 'MICROSOFT' } };
const listAt = { google: listGoogleCalendars, graph: listGraphCalendars };

function toProblem({ kind, forbidden }: CalendarError): Problem {
  if (kind === 'sign_in') return new Problem('calendar_sign_in');
  if (kind === 'transient') return new Problem('calendar_unavailable');
  return forbidden
    ? new Problem('invalid_request', { faults: [{ path: '/serverUrl', message: forbidden }] })
    : new Problem('calendar_not_found');
}
