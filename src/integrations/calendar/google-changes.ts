/** What has changed in a Google calendar. Source: https://developers.google.com/workspace/calendar/api/guides/sync */
import type { calendar_v3 } from '@googleapis/calendar';
import type { Interval } from '../../domain/rules.ts';
import { isTimeZone } from '../../domain/time.ts';
import { CalendarError, type Changes, type RemoteObject } from './calendar.ts';
import type { GoogleCall } from './google-call.ts';
import { isRefused } from './google-errors.ts';
import { readEvent } from './google-event.ts';

type Collection = { call: GoogleCall; calendarId: string; timeZone: string };
type Query = calendar_v3.Params$Resource$Events$List;

/**
 * "All other query parameters should be the same as for the initial synchronization" (reference of `events.list`, `syncToken`). Only what
 * tells when the owner is busy comes over the line: no titles, and of the guests the owner alone.
 */
const common: Query = {
  singleEvents: true,
  maxResults: 250,
  maxAttendees: 1,
  fields:
    'timeZone,nextPageToken,nextSyncToken,items(id,etag,iCalUID,status,transparency,eventType,start,end,' +
    'attendees(self,responseStatus),extendedProperties/private)',
};
/** A page that leads to itself must not be read for ever. */
const mostPages = 400;

/** Tokens are `sync:` and Google's own; an empty one fits nothing. Google's belongs to the window of the whole list that it came with. */
export async function readGoogleChanges(collection: Collection, token: string | null, window: Interval): Promise<Changes> {
  if (token?.startsWith('sync:') && token !== 'sync:') {
    try {
      return { ...(await readAll(collection, { syncToken: token.slice('sync:'.length) }, window)), isWhole: false };
    } catch (error) {
      // 410 fullSyncRequired; 400 for what Google never gave, or no longer reads.
      if (!isRefused(error, 400, 410)) throw error;
    }
  }
  const [timeMin, timeMax] = [window.from, window.to].map((instant) => new Date(instant).toISOString()) as [string, string];
  return { ...(await readAll(collection, { timeMin, timeMax, showDeleted: false }, window)), isWhole: true };
}

async function readAll({ call, calendarId, timeZone }: Collection, query: Query, window: Interval): Promise<Omit<Changes, 'isWhole'>> {
  // What a later page says of an event is newer.
  const [objects, gone] = [new Map<string, RemoteObject>(), new Set<string>()];
  let pageToken: string | null | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const page = await call('events.list', (api, options) =>
      api.events.list({ calendarId, ...common, ...query, ...(pageToken && { pageToken }) }, options),
    );
    const zone = page.timeZone && isTimeZone(page.timeZone) ? page.timeZone : timeZone;
    for (const event of page.items ?? []) {
      if (!event.id) continue;
      objects.delete(event.id);
      gone.delete(event.id);
      if (event.status === 'cancelled') gone.add(event.id);
      else objects.set(event.id, readEvent(event, window, zone));
    }
    pageToken = page.nextPageToken;
    if (!pageToken)
      return { objects: [...objects.values()], gone: [...gone], token: page.nextSyncToken ? `sync:${page.nextSyncToken}` : '' };
  }
  throw new CalendarError('permanent', 'Google failed: events.list has too many pages');
}
