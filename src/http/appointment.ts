/** Appointments over HTTP: schema, handler, schema, handler. */
import { z } from 'zod';
import { channels } from '../domain/channel.ts';
import { deliveryStates } from '../domain/effects.ts';
import { requireTimeCursor } from '../db/cursor.ts';
import { findAppointment, findRequest, listAppointments, listDeliveries, listEvents } from '../db/appointment.ts';
import { statuses } from '../domain/appointment.ts';
import { endInstant, startInstant } from '../domain/time.ts';
import { findShopZone } from '../db/shop.ts';
import { Problem } from '../errors.ts';
import { appointmentAnswer, appointmentBody, pendingBody, refusedBody, requestBody } from './appointment-view.ts';
import { bookingKeyHeader, bookingProblems, createBook, newBooking } from './booking.ts';
import type { HttpDeps } from './deps.ts';
import { onBehalf } from './order.ts';
import { route, type Route } from './route.ts';
import { localDate, page, pageOf, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });

const listQuery = z
  .strictObject({
    shopId: uuid.optional(),
    barberId: uuid.optional(),
    date: localDate.optional(),
    status: z.enum(statuses).optional(),
    seriesId: uuid.optional(),
    ...page,
  })
  .refine((query) => query.date === undefined || query.shopId !== undefined, {
    path: ['date'],
    message: 'a local day needs a shop: send shopId too',
  });

const delivery = z.object({
  id: z.string(),
  kind: z.string(),
  channel: z.enum(channels),
  state: z.enum(deliveryStates),
  dueAt: z.string(),
  attempts: z.int(),
  finishedAt: z.string().nullable(),
  errorClass: z.string().nullable(),
  errorText: z.string().nullable(),
});

const event = z
  .object({
    kind: z.string(),
    fromStatus: z.string().nullable(),
    toStatus: z.string().nullable(),
    actor: z.string(),
    source: z.string(),
    version: z.int(),
    happenedAt: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AppointmentEvent' });

export function appointmentRoutes(deps: HttpDeps): Route[] {
  const { orm } = deps;
  const book = createBook(deps);

  return [
    route({
      method: 'post',
      path: '/v1/appointments',
      scope: 'book',
      tag: 'Appointments',
      summary: 'Book an appointment',
      description:
        'Answers as soon as the slot is won or refused. 202 means that the decision takes longer: ask at Location; ' +
        'the customer is mailed either way. Repeating with the same Idempotency-Key gives the same answer.',
      headers: bookingKeyHeader,
      keepsOwnAnswer: true,
      body: newBooking,
      answers: {
        201: { description: 'Booked.', body: appointmentAnswer, headers: { Location: 'The appointment.' } },
        202: { description: 'Not decided yet.', body: pendingBody, headers: { Location: 'Where the decision will be.' } },
      },
      problems: [...bookingProblems, 'forbidden'],
      handle: ({ caller, body, header, address }) =>
        book(caller, body, header('idempotency-key'), { kind: 'book', ...onBehalf(caller, body.staff) }, address),
    }),
    route({
      method: 'get',
      path: '/v1/appointments/:id',
      scope: 'book',
      tag: 'Appointments',
      params: idParams,
      summary: 'Read one appointment, or how its booking stands',
      answers: {
        200: {
          description: 'The appointment; or a booking that is pending or was refused.',
          body: z.union([appointmentAnswer, pendingBody, refusedBody]),
          headers: { ETag: 'The version, of an appointment.' },
        },
      },
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
      method: 'get',
      path: '/v1/appointments',
      scope: 'book',
      tag: 'Appointments',
      query: listQuery,
      summary: 'List appointments by start',
      answers: { 200: { description: 'A page of appointments.', body: pageOf(appointmentAnswer) } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, query }) => {
        const { shopId, barberId, date, status, seriesId, cursor, limit } = query;
        if (cursor) requireTimeCursor(cursor);
        const zone = date && shopId ? await findShopZone(orm.em.fork(), caller.networkId, shopId) : null;
        if (date && !zone) throw new Problem('not_found', { detail: 'There is no such shop.' });
        const day = date && zone ? { from: new Date(startInstant(date, 0, zone)), to: new Date(endInstant(date, 1440, zone)) } : {};
        const found = await listAppointments(
          orm.em.fork(),
          caller.networkId,
          { shopId, barberId, status, seriesId, ...day },
          { limit, cursor: cursor ?? null },
        );
        return { status: 200, body: { ...found, items: found.items.map(appointmentBody) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/appointments/:id/deliveries',
      scope: 'book',
      tag: 'Appointments',
      params: idParams,
      summary: 'How each message of an appointment stands',
      answers: {
        200: { description: 'The deliveries, oldest first.', body: z.object({ items: z.array(delivery), nextCursor: z.null() }) },
      },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const known =
          (await findAppointment(orm.em.fork(), caller.networkId, params.id)) ??
          (await findRequest(orm.em.fork(), caller.networkId, params.id));
        if (!known) throw new Problem('not_found');
        return { status: 200, body: { items: await listDeliveries(orm.em.fork(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/appointments/:id/events',
      scope: 'book',
      tag: 'Appointments',
      params: idParams,
      summary: 'All that happened to an appointment',
      answers: {
        200: {
          description: 'The events, oldest first: who, by which way, from which state to which, and what changed.',
          body: z.object({ items: z.array(event), nextCursor: z.null() }),
        },
      },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        if (!(await findAppointment(orm.em.fork(), caller.networkId, params.id))) throw new Problem('not_found');
        return { status: 200, body: { items: await listEvents(orm.em.fork(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
  ];
}
