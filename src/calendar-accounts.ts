/** Signing in to barbers' calendars: what a person gives is tried, and sealed for its row. */
import { Problem } from './errors.ts';
import { createCaldavCalendar } from './integrations/calendar/caldav.ts';
import { findCaldavCalendars, type FoundCalendar } from './integrations/calendar/caldav-discovery.ts';
import { CalendarError } from './integrations/calendar/calendar.ts';
import type { Sealer } from './integrations/sealing.ts';

export type CaldavAccount = { serverUrl: string; username: string; password: string };

export type CalendarAccounts = {
  /** The calendars of a CalDAV account. Throws a Problem that says why there are none to be had. */
  findCaldav: (account: CaldavAccount) => Promise<FoundCalendar[]>;
  /** Whether a calendar can be opened so. Throws a Problem that says why not. */
  checkCaldav: (given: { calendarUrl: string; username: string; password: string }) => Promise<void>;
  /** For the connection with this id. Throws a Problem where calendars are off. */
  seal: (secrets: unknown, connectionId: string) => Promise<string>;
};

/** `sealer` is null where calendars are off. */
export function createCalendarAccounts({ sealer, fetch, now }: { sealer: Sealer | null; fetch: typeof globalThis.fetch; now: () => Date }): CalendarAccounts {
  const on = (): Sealer => {
    if (!sealer) throw new Problem('calendars_off');
    return sealer;
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
    seal: (secrets, connectionId) => on().seal(secrets, connectionId),
  };
}

function toProblem({ kind, forbidden }: CalendarError): Problem {
  if (kind === 'sign_in') return new Problem('calendar_sign_in');
  if (kind === 'transient') return new Problem('calendar_unavailable');
  return forbidden ? new Problem('invalid_request', { faults: [{ path: '/serverUrl', message: forbidden }] }) : new Problem('calendar_not_found');
}
