/** What was entered into a barber's calendar on top of a visit, over HTTP: a person looks, and settles it. */
import { z } from 'zod';
import { listConflicts, settleConflict } from '../db/calendar-conflict.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { page, pageOf, uuid } from './schemas.ts';

const conflict = z.object({
  id: z.string(), barberId: z.string(), connectionId: z.string(), appointmentId: z.string(), startsAt: z.string(), endsAt: z.string(), foundAt: z.string(),
}).meta({ id: 'CalendarConflict', description: 'The barber has entered something on top of the visit that takes this time. What it is about is not known here.' });

export function calendarConflictRoutes({ orm }: HttpDeps): Route[] {
  const [tag, path] = ['Calendars', '/v1/calendar-conflicts'];
  return [
    route({
      method: 'get', path, scope: 'manage', tag, summary: 'List what was entered on top of visits, the oldest first', query: z.strictObject({ barberId: uuid.optional(), ...page }),
      description: 'Of visits to come. One that is no longer so (the entry was moved, the visit cancelled) leaves by itself.',
      answers: { 200: { description: 'A page of conflicts.', body: pageOf(conflict) } }, problems: ['invalid_request'],
      handle: async ({ caller, query: { cursor = null, limit, barberId } }) => ({ status: 200, body: await listConflicts(orm.em.fork(), caller.networkId, { ...(barberId && { barberId }) }, { cursor, limit }) }),
    }),
    route({
      method: 'post', path: `${path}/:id/settle`, scope: 'manage', tag, summary: 'Say that somebody has seen to it', params: z.strictObject({ id: uuid }),
      description: 'The entry and the visit stay as they are; repeating it changes nothing.',
      answers: { 200: { description: 'It waits no more.', body: z.object({ id: z.string(), settled: z.literal(true) }) } }, problems: ['not_found'],
      handle: async ({ caller, params: { id } }) => {
        const found = await settleConflict(orm.em.fork(), caller.networkId, id, `client:${caller.apiClientId}`);
        if (found === null) throw new Problem('not_found');
        return { status: 200, body: { id, settled: true as const } };
      },
    }),
  ];
}
