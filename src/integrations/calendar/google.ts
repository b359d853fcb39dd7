/** Calendars at Google, by its own client. Source: https://developers.google.com/workspace/calendar/api/v3/reference */
import type { Interval } from '../../domain/rules.ts';
import { CalendarError, type Calendar, type CalendarEvent, type Changes, type Placed } from './calendar.ts';
import { createGoogleCall, type GoogleAccess } from './google-call.ts';
import { readGoogleChanges } from './google-changes.ts';
import { isRefused } from './google-errors.ts';
import { createGooglePush } from './google-push.ts';
import { eventIdOf, isWritten, writeEvent, type GoogleEvent } from './google-event.ts';

export type GoogleOptions = GoogleAccess & {
  calendarId: string;
  /** For whole days, where Google does not name the calendar's own. */
  timeZone: string;
};

const raceTries = 3;

export function createGoogleCalendar({ calendarId, timeZone, ...access }: GoogleOptions): Calendar {
  const call = createGoogleCall(access);

  /** Null when there is none. One that was deleted keeps its id, and is answered as cancelled. */
  async function read(eventId: string): Promise<GoogleEvent | null> {
    try {
      return await call('events.get', (api, options) => api.events.get({ calendarId, eventId, maxAttendees: 1 }, options));
    } catch (error) {
      if (isRefused(error, 404, 410)) return null;
      throw error;
    }
  }

  /**
   * Google may not notice that an id is in use: "we cannot guarantee that ID collisions will be detected at event creation time". So it is
   * read before anything is written, and what is there, deleted or not, ours or not, becomes the visit. A read followed by an update with
   * the ETag is what Google advises over a patch (https://developers.google.com/workspace/calendar/api/v3/reference/events/patch). Nobody
   * is told: invitations are our mails.
   */
  async function put(event: CalendarEvent, known: Placed | null): Promise<Placed> {
    const eventId = known?.remoteId ?? eventIdOf(event.uid);
    for (let tries = 0; tries < raceTries; tries += 1) {
      const there = await read(eventId);
      if (there && isWritten(event, there)) return { remoteId: eventId, etag: there.etag ?? '' };
      const requestBody = writeEvent(event, there);
      try {
        const written = there
          ? await call(
              'events.update',
              (api, options) => api.events.update({ calendarId, eventId, sendUpdates: 'none', requestBody }, options),
              { 'If-Match': there.etag ?? '*' },
            )
          : await call('events.insert', (api, options) =>
              api.events.insert({ calendarId, sendUpdates: 'none', requestBody: { ...requestBody, id: eventId } }, options),
            );
        return { remoteId: eventId, etag: written.etag ?? '' };
      } catch (error) {
        // Somebody was faster: 409 where there was nothing, 412, 404 or 410 where there was something else. A 404 where there was nothing
        // is the calendar's.
        if (!isRefused(error, ...(there ? [404, 409, 410, 412] : [409, 412]))) throw error;
      }
    }
    throw new CalendarError('transient', 'Google failed: it changes faster than we can write');
  }

  async function remove({ uid, remoteId }: { uid: string; remoteId: string | null }): Promise<void> {
    try {
      await call('events.delete', (api, options) =>
        api.events.delete({ calendarId, eventId: remoteId ?? eventIdOf(uid), sendUpdates: 'none' }, options),
      );
    } catch (error) {
      if (!isRefused(error, 404, 410)) throw error;
    }
  }

  return {
    put,
    remove,
    changes: (token: string | null, window: Interval): Promise<Changes> => readGoogleChanges({ call, calendarId, timeZone }, token, window),
    // The smallest request for which the permission to events is enough.
    verify: async () => {
      await call('events.list', (api, options) => api.events.list({ calendarId, maxResults: 1, fields: 'timeZone' }, options));
    },
    push: createGooglePush(call, calendarId, access.now),
  };
}

export type GoogleCalendarName = {
  id: string;
  name: string;
  timeZone: string | null;
  isPrimary: boolean;
  /** Its address, for the account's own. */
  account: string | null;
};

/**
 * The calendars into which the owner may write, his own first. Source:
 * https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list
 */
export async function listGoogleCalendars(
  accessToken: () => Promise<string>,
  rootUrl?: string,
  now: () => Date = () => new Date(),
): Promise<GoogleCalendarName[]> {
  const call = createGoogleCall({ accessToken, ...(rootUrl !== undefined && { rootUrl }), now });
  const found: GoogleCalendarName[] = [];
  let pageToken: string | null | undefined;
  do {
    const page = await call('calendarList.list', (api, options) =>
      api.calendarList.list({ minAccessRole: 'writer', ...(pageToken && { pageToken }) }, options),
    );
    for (const { id, summary, summaryOverride, timeZone, accessRole, primary } of page.items ?? []) {
      if (id && (accessRole === 'owner' || accessRole === 'writer'))
        found.push({
          id,
          name: summaryOverride ?? summary ?? id,
          timeZone: timeZone ?? null,
          isPrimary: primary === true,
          account: primary === true ? id : null,
        });
    }
    pageToken = page.nextPageToken;
  } while (pageToken);
  return found.sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || a.name.localeCompare(b.name));
}
