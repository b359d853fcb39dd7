/** What was entered into a barber's calendar on top of a visit, over HTTP: a person looks, and settles it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { conflictKinds, listConflicts, settleConflict } from '../db/calendar-conflict.ts';
import { Problem } from '../errors.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { page, pageOf, uuid } from './schemas.ts';

const conflict = z
  .object({
    id: z.string(),
    barberId: z.string(),
    connectionId: z.string(),
    appointmentId: z.string(),
    kind: z.enum(conflictKinds),
    startsAt: z.string(),
    endsAt: z.string(),
    foundAt: z.string(),
  })
  .meta({
    id: 'CalendarConflict',
    description:
      '`overlap`: the barber has entered something on top of the visit; what it is about is not known here. ' +
      "`moved`, `deleted`: the visit's own entry was changed there, and the visit stands here. " +
      '`unseen`: it was booked while the calendar had not been seen for longer than the shop likes; ' +
      'it leaves when that has been seen again.',
  });

export function calendarConflictRoutes(deps: HttpDeps): Route[] {
  const { orm, now } = deps;
  const workflow = createAppointmentCalls(deps);
  const [tag, path] = ['Calendars', '/v1/calendar-conflicts'];
  return [
    route({
      method: 'get',
      path,
      scope: 'manage',
      tag,
      summary: 'List what a person should look at, the oldest first',
      query: z.strictObject({ barberId: uuid.optional(), ...page }),
      description: 'Of visits to come. What is no longer so (the entry is gone, the visit was cancelled) leaves by itself.',
      answers: { 200: { description: 'A page of conflicts.', body: pageOf(conflict) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query: { cursor = null, limit, barberId } }) => ({
        status: 200,
        body: await listConflicts(orm.em.fork(), caller.networkId, { ...(barberId && { barberId }) }, { cursor, limit }),
      }),
    }),
    route({
      method: 'post',
      path: `${path}/:id/settle`,
      scope: 'manage',
      tag,
      summary: 'Say that somebody has seen to it',
      params: z.strictObject({ id: uuid }),
      body: z.strictObject({ action: z.enum(['leave', 'restore']) }),
      description:
        '`leave`: all stays as it is. `restore`: an entry that was moved or deleted is written again; ' +
        'of an overlap it changes nothing. The visit itself stands; repeating changes nothing.',
      answers: { 200: { description: 'It waits no more.', body: z.object({ id: z.string(), settled: z.literal(true) }) } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params: { id }, body: { action } }) => {
        const isPlanned = await settleConflict(
          orm.em.fork(),
          caller.networkId,
          id,
          `client:${caller.apiClientId}`,
          action === 'restore',
          now(),
        );
        if (isPlanned === null) throw new Problem('not_found');
        if (isPlanned) await workflow.handOver(randomUUID());
        return { status: 200, body: { id, settled: true as const } };
      },
    }),
  ];
}
