/**
 * Google's calendar list, calendars and free/busy. Source: https://developers.google.com/workspace/calendar/api/v3/reference/calendarList
 * and …/freebusy
 */
import { parseInstant } from '../../domain/time.ts';
import { isJson, ok, type Call, type Operation } from './answer.ts';
import { refuse } from './google-errors.ts';
import { stamp } from './google-event.ts';
import { calendarOf } from './google-events.ts';
import type { Calendar, Json } from './state.ts';
import type { Store } from './store.ts';
import { viewOf } from './views.ts';

const etag = ({ id, revision }: Calendar): string => `"${Buffer.from(id).toString('hex').slice(0, 8)}${revision}"`;

const listed = (calendar: Calendar): Json => ({
  kind: 'calendar#calendarListEntry',
  etag: etag(calendar),
  id: calendar.id,
  summary: calendar.summary,
  timeZone: calendar.timeZone,
  colorId: '14',
  backgroundColor: '#9fe1e7',
  foregroundColor: '#000000',
  selected: true,
  accessRole: 'owner',
  defaultReminders: [],
  ...(calendar.primary && { primary: true }),
  conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
});

export function googleCalendars(store: Store): Record<'listAll' | 'getListed' | 'get' | 'freeBusy', Operation> {
  const own = (call: Call) => store.state.calendars.filter(({ accountId }) => accountId === call.account.id);
  return {
    listAll: (call) =>
      ok({
        kind: 'calendar#calendarList',
        etag: `"p${own(call).length}"`,
        nextSyncToken: Buffer.from(`list ${own(call).length}`).toString('base64url'),
        items: own(call).map(listed),
      }),
    getListed: (call) => ok(listed(calendarOf(store, call))),
    get: (call) => {
      const { id, summary, timeZone } = calendarOf(store, call);
      return ok({
        kind: 'calendar#calendar',
        etag: etag(calendarOf(store, call)),
        id,
        summary,
        timeZone,
        conferenceProperties: { allowedConferenceSolutionTypes: ['hangoutsMeet'] },
      });
    },
    freeBusy: (call) => {
      const [from, to] = [
        parseInstant(String(call.body.timeMin)) ?? refuse('badRequest'),
        parseInstant(String(call.body.timeMax)) ?? refuse('badRequest'),
      ];
      if (from >= to) refuse('timeRangeEmpty');
      const items = (Array.isArray(call.body.items) ? call.body.items : []).filter(isJson).map(({ id }) => String(id));
      const zone = typeof call.body.timeZone === 'string' ? call.body.timeZone : 'UTC';
      const calendars = Object.fromEntries(
        items.map((id) => {
          const calendar = store.calendar(call.account, id);
          return [
            id,
            calendar ? { busy: busyIn(store, calendar, from, to, zone) } : { errors: [{ domain: 'global', reason: 'notFound' }], busy: [] },
          ];
        }),
      );
      return ok({ kind: 'calendar#freeBusy', timeMin: new Date(from).toISOString(), timeMax: new Date(to).toISOString(), calendars });
    },
  };
}

/** The taken stretches within the range, those that touch as one. */
function busyIn(store: Store, calendar: Calendar, from: number, to: number, zone: string): { start: string; end: string }[] {
  const merged: { start: number; end: number }[] = [];
  const busy = [...viewOf(store, calendar, { from, to }).values()]
    .filter(({ version, start, end }) => version.shape.busy && end > start)
    .sort((a, b) => a.start - b.start);
  for (const { start, end } of busy) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged.map(({ start, end }) => ({ start: stamp(Math.max(start, from), zone), end: stamp(Math.min(end, to), zone) }));
}
