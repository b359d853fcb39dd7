/** Appointments over HTTP: schema, handler, schema, handler. */
import { z } from 'zod';
import { requireTimeCursor } from '../db/cursor.ts';
import { findAppointment, findRequest, listAppointments, listDeliveries } from '../db/appointment.ts';
import type { Refusal } from '../domain/appointment.ts';
import { endInstant, startInstant } from '../domain/time.ts';
import { findShopZone } from '../db/shop.ts';
import { Problem } from '../errors.ts';
import { appointmentAnswer, appointmentBody, pendingBody, refusedBody, requestBody } from './appointment-view.ts';
import { createBook, newBooking } from './booking.ts';
import { createCancel } from './cancelling.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { localDate, page, pageOf, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
/** Why a booking may be refused. */
const refusals = ['too_soon', 'too_far_ahead', 'off_step', 'service_not_offered', 'shop_closed', 'outside_working_hours', 'on_break', 'time_off', 'barber_day_full', 'customer_limit', 'slot_taken', 'undecided'] as const satisfies Refusal['code'][];

const listQuery = z.strictObject({
  shopId: uuid.optional(), barberId: uuid.optional(), date: localDate.optional(), status: z.enum(['confirmed', 'cancelled']).optional(), ...page,
}).refine((query) => query.date === undefined || query.shopId !== undefined, { path: ['date'], message: 'a local day needs a shop: send shopId too' });

const delivery = z.object({
  id: z.string(), kind: z.string(), state: z.string(), dueAt: z.string(), attempts: z.int(),
  finishedAt: z.string().nullable(), errorClass: z.string().nullable(), errorText: z.string().nullable(),
});

export function appointmentRoutes(deps: HttpDeps): Route[] {
  const { orm } = deps;
  const book = createBook(deps);
  const cancel = createCancel(deps);

  return [
    route({
      method: 'post', path: '/v1/appointments', scope: 'book', tag: 'Appointments',
      summary: 'Book an appointment',
      description: 'Answers as soon as the slot is won or refused. 202 means that the decision takes longer: ask at Location; the customer is mailed either way. Repeating with the same Idempotency-Key gives the same answer.',
      headers: { 'Idempotency-Key': { required: true, description: 'Chosen by the caller, one for each booking that is wanted; 1 to 255 visible ASCII characters; kept for 7 days.' } },
      body: newBooking,
      answers: {
        201: { description: 'Booked.', body: appointmentAnswer, headers: { Location: 'The appointment.' } },
        202: { description: 'Not decided yet.', body: pendingBody, headers: { Location: 'Where the decision will be.' } },
      },
      problems: [
        'invalid_request', 'idempotency_key_missing', 'skipped_local_time', 'not_found', 'ambiguous_local_time', ...refusals,
        'idempotency_key_reused', 'idempotency_key_expired', 'temporal_unavailable', 'outcome_unknown',
      ],
      handle: ({ caller, body, header }) => book(caller, body, header('idempotency-key')),
    }),
    route({
      method: 'get', path: '/v1/appointments/:id', scope: 'book', tag: 'Appointments', params: idParams,
      summary: 'Read one appointment, or how its booking stands',
      answers: { 200: { description: 'The appointment; or a booking that is pending or was refused.', body: z.union([appointmentAnswer, pendingBody, refusedBody]), headers: { ETag: 'The version, of an appointment.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const found = await findAppointment(orm.em.fork(), caller.networkId, params.id);
        if (found) return { status: 200, body: appointmentBody(found), headers: { ETag: `"${found.version}"` } };
        const request = await findRequest(orm.em.fork(), caller.networkId, params.id);
        if (!request) throw new Problem('not_found');
        return { status: 200, body: requestBody(request) };
      },
    }),
    route({
      method: 'get', path: '/v1/appointments', scope: 'book', tag: 'Appointments', query: listQuery,
      summary: 'List appointments by start',
      answers: { 200: { description: 'A page of appointments.', body: pageOf(appointmentAnswer) } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, query }) => {
        const { shopId, barberId, date, status, cursor, limit } = query;
        if (cursor) requireTimeCursor(cursor);
        const zone = date && shopId ? await findShopZone(orm.em.fork(), caller.networkId, shopId) : null;
        if (date && !zone) throw new Problem('not_found', { detail: 'There is no such shop.' });
        const day = date && zone ? { from: new Date(startInstant(date, 0, zone)), to: new Date(endInstant(date, 1440, zone)) } : {};
        const found = await listAppointments(orm.em.fork(), caller.networkId, { shopId, barberId, status, ...day }, { limit, cursor: cursor ?? null });
        return { status: 200, body: { ...found, items: found.items.map(appointmentBody) } };
      },
    }),
    route({
      method: 'get', path: '/v1/appointments/:id/deliveries', scope: 'book', tag: 'Appointments', params: idParams,
      summary: 'How each message of an appointment stands',
      answers: { 200: { description: 'The deliveries, oldest first.', body: z.object({ items: z.array(delivery), nextCursor: z.null() }) } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const known = (await findAppointment(orm.em.fork(), caller.networkId, params.id)) ?? (await findRequest(orm.em.fork(), caller.networkId, params.id));
        if (!known) throw new Problem('not_found');
        return { status: 200, body: { items: await listDeliveries(orm.em.fork(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
    route({
      method: 'post', path: '/v1/appointments/:id/cancel', scope: 'book', tag: 'Appointments', params: idParams,
      summary: 'Cancel an appointment',
      description: 'The time is free when this answers; cancellation mails follow. Repeating it answers the same.',
      answers: { 200: { description: 'Cancelled.', body: appointmentAnswer, headers: { ETag: 'The version.' } } },
      problems: ['not_found', 'already_begun', 'temporal_unavailable', 'outcome_unknown'],
      handle: ({ caller, params }) => cancel(caller, params.id),
    }),
  ];
}
