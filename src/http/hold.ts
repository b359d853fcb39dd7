/** Holds: a time is kept for some minutes while the customer types; and walk-ins, who take it at once. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { findAppointment } from '../db/appointment.ts';
import { readShopLocale } from '../db/shop.ts';
import { giveContact, isContact, takeContactBack } from '../db/booking-request.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { appointmentAnswer, appointmentBody, pendingBody } from './appointment-view.ts';
import { bookingKeyHeader, bookingProblems, createBook, location } from './booking.ts';
import { createBookingLimits } from './booking-limits.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { asStaff, newCustomer, oneStart, oneStartFault, onBehalf, toContact, wantedFields } from './order.ts';
import { route, type Route } from './route.ts';
import { email, locale, personName, phone, timeZone, uuid } from './schemas.ts';
import { checkVisit } from './visit.ts';

const newHold = z
  .strictObject({
    ...wantedFields,
    holdSeconds: z.int().min(10).max(3600).optional().meta({ description: 'At most what the shop allows.' }),
  })
  .refine(oneStart, oneStartFault)
  .superRefine(checkVisit);
const walkIn = z
  .strictObject({
    ...wantedFields,
    customer: z
      .strictObject({
        name: personName.optional(),
        email: email.optional(),
        phone: phone.optional(),
        timeZone: timeZone.optional(),
        locale: locale.optional(),
      })
      .optional(),
    staff: asStaff.optional(),
  })
  .refine((body) => body.startsAt === undefined || body.localStart === undefined, oneStartFault)
  .superRefine(checkVisit);

const token = z.string('must be a text').regex(/^[\w-]{43}$/, 'must be the token that the hold was answered with');
const params = z.strictObject({ id: uuid });
const held = appointmentAnswer
  .extend({
    token: z.string().meta({ description: 'Whoever has it may confirm the hold, or let it go. It is told here and nowhere else.' }),
  })
  .meta({ id: 'Hold' });
const answers = { 200: { description: 'The appointment as it is now.', body: appointmentAnswer, headers: { ETag: 'The version.' } } };
const problems = [
  'invalid_request',
  'not_found',
  'wrong_token',
  'hold_expired',
  'not_allowed',
  'temporal_unavailable',
  'outcome_unknown',
] as const satisfies ProblemCode[];

export function holdRoutes(deps: HttpDeps): Route[] {
  const { orm, config } = deps;
  const book = createBook(deps);
  const change = createChanges(deps);
  const limits = createBookingLimits(deps);
  /** Made of the id and a secret: a repeated answer has the same token, and no store has any. */
  const tokenOf = (id: string): string => createHmac('sha256', config.linkSecret).update(`hold ${id}`).digest('base64url');

  function requireToken(id: string, given: string): void {
    if (!timingSafeEqual(Buffer.from(tokenOf(id)), Buffer.from(given))) throw new Problem('wrong_token');
  }

  const tag = 'Holds';
  return [
    route({
      method: 'post',
      path: '/v1/holds',
      scope: 'book',
      tag,
      keepsOwnAnswer: true,
      summary: 'Hold a time while the customer types',
      description:
        'The hold is an appointment in its first state: its time is taken. ' +
        'It ends by itself at decideBy, unless it is confirmed with its token.',
      headers: bookingKeyHeader,
      body: newHold,
      answers: {
        201: { description: 'Held.', body: held, headers: { Location: 'The appointment.' } },
        202: { description: 'Not decided yet.', body: pendingBody, headers: { Location: 'Where the decision will be.' } },
      },
      problems: bookingProblems,
      handle: ({ caller, body: { holdSeconds, ...wanted }, header, address }) =>
        book(
          caller,
          wanted,
          header('idempotency-key'),
          { kind: 'hold', by: 'customer', ...(holdSeconds && { holdSeconds }) },
          address,
          (id, appointment) => ({ status: 201, body: { ...appointment, token: tokenOf(id) }, headers: location(id) }),
        ),
    }),
    route({
      method: 'post',
      path: '/v1/holds/:id/confirm',
      scope: 'book',
      tag,
      params,
      summary: 'Confirm a hold',
      description: 'It becomes a booking (or a request, where the shop must approve) of this customer. Repeating it answers the same.',
      body: z.strictObject({ token, customer: newCustomer }),
      answers,
      problems: [...problems, 'customer_limit', 'not_accepted', 'booking_limit'],
      handle: async ({ caller, params: { id }, body, newId }) => {
        const { networkId, apiClientId } = caller;
        const found = await findAppointment(orm.em.fork(), networkId, id);
        if (!found) throw new Problem('not_found');
        requireToken(id, body.token);
        const ids = { networkId, appointmentId: id };
        const contact = toContact(body.customer, found.shopTimeZone, await readShopLocale(orm.em.fork(), networkId, found.shopId));
        if (found.status === 'held') {
          await limits.requireContact(caller, found, body.customer);
          if ((await giveContact(orm.em.fork(), ids, contact, uuidv7())) === 'other')
            throw new Problem('not_allowed', { detail: 'Somebody else is confirming this hold.' });
        } else if (
          (found.status === 'confirmed' || found.status === 'pending_approval') &&
          !(await isContact(orm.em.fork(), ids, contact))
        ) {
          throw new Problem('not_allowed', { detail: 'It was confirmed before, with other details of the customer.' });
        }
        try {
          const after = await change(
            networkId,
            id,
            { action: 'confirm', by: 'customer', actor: `client:${apiClientId}`, source: 'api' },
            newId(),
          );
          return { status: 200, body: appointmentBody(after), headers: { ETag: `"${after.version}"` } };
        } catch (error) {
          if (error instanceof Problem && error.status < 500) await takeContactBack(orm.em.fork(), ids);
          throw error;
        }
      },
    }),
    route({
      method: 'post',
      path: '/v1/holds/:id/release',
      scope: 'book',
      tag,
      params,
      summary: 'Let a hold go',
      description: 'Its time is free when this answers. Repeating it answers the same.',
      body: z.strictObject({ token }),
      answers,
      problems,
      handle: async ({ caller, params: { id }, body }) => {
        const found = await findAppointment(orm.em.fork(), caller.networkId, id);
        if (!found) throw new Problem('not_found');
        requireToken(id, body.token);
        if (found.status !== 'held' && found.status !== 'cancelled')
          throw new Problem('not_allowed', { members: { current: appointmentBody(found) } });
        const after = await change(caller.networkId, id, {
          action: 'cancel',
          by: 'customer',
          actor: `client:${caller.apiClientId}`,
          source: 'api',
          ifVersion: found.version,
        });
        return { status: 200, body: appointmentBody(after), headers: { ETag: `"${after.version}"` } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/walk-ins',
      scope: 'manage',
      tag: 'Appointments',
      keepsOwnAnswer: true,
      summary: 'Take a customer who has walked in',
      description:
        'Books now (or at the time that is sent) and checks in at once; the customer need not be named. ' +
        'Notice and step do not apply; time that is taken stays taken.',
      headers: bookingKeyHeader,
      body: walkIn,
      answers: {
        201: { description: 'Booked and checked in.', body: appointmentAnswer, headers: { Location: 'The appointment.' } },
        202: { description: 'Not decided yet.', body: pendingBody, headers: { Location: 'Where the decision will be.' } },
      },
      problems: [...bookingProblems, 'too_early'],
      handle: ({ caller, body, header, address }) => {
        const { waiver } = onBehalf(caller, body.staff);
        return book(caller, body, header('idempotency-key'), { kind: 'walk_in', by: 'staff', ...(waiver && { waiver }) }, address);
      },
    }),
  ];
}
