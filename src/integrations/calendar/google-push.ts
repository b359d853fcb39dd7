/** Google's notification channels. Source: https://developers.google.com/workspace/calendar/api/guides/push */
import { CalendarError, type Push } from './calendar.ts';
import type { GoogleCall } from './google-call.ts';
import { isRefused } from './google-errors.ts';

/** What Google gives by itself; it may give less. */
const lifeMs = 7 * 86_400_000;

export function createGooglePush(call: GoogleCall, calendarId: string, now: () => Date): Push {
  return {
    open: async ({ id, address, secret }) => {
      const requestBody = { id, type: 'web_hook', address, token: secret, expiration: String(now().getTime() + lifeMs) };
      const { resourceId, expiration } = await call('events.watch', (api, options) =>
        api.events.watch({ calendarId, requestBody }, options),
      );
      if (!resourceId) throw new CalendarError('transient', 'Google failed: events.watch, no resource');
      return { remoteId: resourceId, expiresAt: new Date(expiration ? Number(expiration) : now().getTime() + lifeMs) };
    },
    // "Currently there is no automatic way to renew": another takes its place, and for a while both tell.
    renew: async () => null,
    close: async ({ id, remoteId }) => {
      try {
        await call('channels.stop', (api, options) => api.channels.stop({ requestBody: { id, resourceId: remoteId } }, options));
      } catch (error) {
        if (!isRefused(error, 404)) throw error;
      }
    },
  };
}
