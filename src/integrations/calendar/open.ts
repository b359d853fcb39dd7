/** From a stored connection to the calendar itself: unseals its secrets, and speaks its provider's language. */
import type { CalendarProvider } from '../../domain/channel.ts';
import type { Sealer } from '../sealing.ts';
import { createCaldavCalendar } from './caldav.ts';
import { CalendarError, type Calendar } from './calendar.ts';
import { createGoogleCalendar } from './google.ts';
import { createFreshToken } from './fresh-token.ts';
import { createGraphCalendar } from './graph.ts';
import type { OauthClient, OauthProvider, OauthSecrets } from './oauth.ts';

/** Of `caldav`: an app password. */
export type CaldavSecrets = { username: string; password: string };

export type Stored = { id: string; provider: CalendarProvider; calendarId: string; timeZone: string; secrets: string | null };

export type CalendarOpener = {
  /**
   * Throws a CalendarError: `sign_in` where the secrets cannot be opened, so that their owner must sign in again; `transient` where it is
   * for whoever runs us to set up what is missing.
   */
  open: (stored: Stored) => Promise<Calendar>;
  /** The same secrets under the first key; null where they are, or cannot be opened. */
  reseal: (stored: Pick<Stored, 'id' | 'secrets'>) => Promise<string | null>;
};

/** Where sealed secrets are kept; several processes renew the same ones. */
export type SecretStore = {
  read: (id: string) => Promise<string | null>;
  /** Nothing happens where `old` is not what is kept. */
  replace: (id: string, old: string, secrets: string) => Promise<void>;
};

/** Those providers that are set up; null is off. `apiUrl`: of a sandbox; `turn`: see pace.ts. */
export type SignIns = Record<OauthProvider, { client: OauthClient; apiUrl: string | null; turn?: () => Promise<void> } | null>;

export type OpenerDeps = {
  /** Null: calendars are off. */
  sealer: Sealer | null;
  /** The guarded one. */
  fetch: typeof globalThis.fetch;
  signIns: SignIns;
  store: SecretStore;
  now: () => Date;
};

export function createCalendarOpener({ sealer, fetch, signIns, store, now }: OpenerDeps): CalendarOpener {
  return {
    open: async ({ id, provider, calendarId, timeZone, secrets }) => {
      if (!sealer || secrets === null) throw new CalendarError('transient', 'calendars are off: CALENDAR_KEYS is not set');
      const opened = await sealer.open(secrets, id).catch(() => {
        throw new CalendarError('sign_in', 'the stored sign-in cannot be opened');
      });
      if (provider === 'caldav')
        return createCaldavCalendar({ calendarUrl: calendarId, ...(opened as CaldavSecrets), timeZone, fetch, now });
      const signIn = signIns[provider];
      if (!signIn) throw new CalendarError('transient', `${provider} is not set up`);
      const { client, apiUrl, turn } = signIn;
      const accessToken = createFreshToken({ id, sealed: secrets, opened: opened as OauthSecrets, client, sealer, store, now });
      return provider === 'google'
        ? createGoogleCalendar({ calendarId, accessToken, ...(turn && { turn }), timeZone, ...(apiUrl && { rootUrl: apiUrl }), now })
        : createGraphCalendar({ calendarId, accessToken, timeZone, ...(apiUrl && { baseUrl: apiUrl }), now });
    },
    reseal: async ({ id, secrets }) => {
      if (!sealer || secrets === null) return null;
      try {
        return sealer.isOld(secrets) ? await sealer.seal(await sealer.open(secrets, id), id) : null;
      } catch {
        return null;
      }
    },
  };
}
