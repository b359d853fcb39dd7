/** The waitlist over HTTP: wait for a time, take what is offered, or not. */
import { z } from 'zod';
import { readBookingFacts, type BookingFacts } from '../db/booking-facts.ts';
import { addEntry, endEntry, entryStatuses, findEntry, listEntries, type EntryView } from '../db/waitlist.ts';
import { visitOf } from '../domain/rules.ts';
import { addDays, toUtc, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { appointmentAnswer, appointmentBody } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import { createBookingLimits } from './booking-limits.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import { createOffers } from './offer.ts';
import { newCustomer, toContact } from './order.ts';
import { route, type Route } from './route.ts';
import { localDate, page, pageOf, uuid } from './schemas.ts';
import { notThere } from './visit.ts';

/** A customer waits for so many times at once, in a network. */
const mostEntries = 5;

const timeOfDay = z.string('must be a text').regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a local time, such as 17:30');
const newEntry = z
  .strictObject({
    shopId: uuid,
    serviceId: uuid,
    barberId: uuid.optional(),
    fromDate: localDate,
    toDate: localDate.meta({ description: "Both dates are included, and the shop's." }),
    fromTime: timeOfDay.default('00:00'),
    toTime: timeOfDay.default('24:00').meta({ description: 'The visit begins at fromTime or later, and before toTime.' }),
    customer: newCustomer,
  })
  .superRefine(({ fromDate, toDate, fromTime, toTime }, context) => {
    if (toDate < fromDate) context.addIssue({ code: 'custom', path: ['toDate'], message: 'must not be before fromDate' });
    if (toTime <= fromTime) context.addIssue({ code: 'custom', path: ['toTime'], message: 'must be after fromTime' });
  });

const offer = z.object({
  appointmentId: z.string(),
  barberId: z.string(),
  startsAt: z.string(),
  offeredAt: z.string(),
  answer: z.enum(['accepted', 'declined', 'expired']).nullable(),
  answeredAt: z.string().nullable(),
});
const entryAnswer = z
  .object({
    id: z.string(),
    status: z.enum(entryStatuses),
    version: z.int(),
    shopId: z.string(),
    serviceId: z.string(),
    barberId: z.string().nullable(),
    fromDate: z.string(),
    toDate: z.string(),
    fromTime: z.string(),
    toTime: z.string(),
    createdAt: z.string(),
    endedAt: z.string().nullable(),
    appointmentId: z.string().nullable().meta({ description: 'The offer that is open (a held appointment), or what was booked.' }),
    offers: z.array(offer).meta({ description: 'All that it was offered, in order.' }),
  })
  .meta({ id: 'WaitlistEntry' });

const answerTo = z
  .strictObject({
    appointmentId: uuid.optional().meta({ description: 'The offer that the customer has seen; without it, the one that is open now.' }),
  })
  .optional();

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const timeText = (minute: number): string => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const utc = (instant: string): string => toUtc(Date.parse(instant));

function entryBody({ fromMinute, toMinute, createdAt, endedAt, offers, ...rest }: EntryView) {
  return {
    ...rest,
    fromTime: timeText(fromMinute),
    toTime: timeText(toMinute),
    createdAt: utc(createdAt),
    endedAt: endedAt && utc(endedAt),
    offers: offers.map((each) => ({
      ...each,
      startsAt: utc(each.startsAt),
      offeredAt: utc(each.offeredAt),
      answeredAt: each.answeredAt && utc(each.answeredAt),
    })),
  };
}

export function waitlistRoutes(deps: HttpDeps): Route[] {
  const { orm, now } = deps;
  const workflow = createAppointmentCalls(deps);
  const offers = createOffers(deps);
  const limits = createBookingLimits(deps);
  const [tag, path, params] = ['Waitlist', '/v1/waitlist', z.strictObject({ id: uuid })];
  const who = ({ apiClientId }: Caller) => ({ actor: `client:${apiClientId}`, by: 'customer', source: 'api' }) as const;

  async function find(networkId: string, id: string): Promise<EntryView> {
    const found = await findEntry(orm.em.fork(), networkId, id);
    if (!found) throw new Problem('not_found');
    return found;
  }
  const answerOf = async (networkId: string, id: string, status = 200) => ({
    status,
    body: entryBody(await find(networkId, id)),
    ...(status === 201 && { headers: { Location: `${path}/${id}` } }),
  });

  /** Which offer is answered, if any: a late answer to one that is over must not meet the next. */
  async function findOffer(networkId: string, id: string, seen: string | undefined): Promise<string | null> {
    const found = await find(networkId, id);
    if (seen !== undefined && !found.offers.some(({ appointmentId }) => appointmentId === seen))
      throw new Problem('not_found', { faults: [{ path: '/appointmentId', message: 'was not offered to this entry' }] });
    return seen ?? found.appointmentId;
  }

  /** Throws what is wrong with the dates, or 404 for what is not there. */
  async function requireDates(networkId: string, body: z.output<typeof newEntry>): Promise<BookingFacts> {
    const visit = visitOf(body.serviceId, body.barberId ?? null);
    const facts = await readBookingFacts(orm.em.fork(), {
      networkId,
      shopId: body.shopId,
      visit,
      window: { from: now().getTime(), to: now().getTime() + 1 },
    });
    if ('missing' in facts) throw notThere(facts, visit, false, '/');
    const today = toWall(now().getTime(), facts.shop.timeZone).date;
    const horizon = Math.max(
      0,
      ...facts.candidates.flatMap(({ offers: given }) => given.map(({ settings }) => settings.bookingHorizonDays)),
    );
    const refuse = (field: string, message: string) => new Problem('invalid_request', { faults: [{ path: `/${field}`, message }] });
    if (body.toDate < today) throw refuse('toDate', 'has passed');
    if (body.toDate > addDays(today, horizon + 1)) throw refuse('toDate', 'is further ahead than the shop takes bookings');
    return facts;
  }

  return [
    route({
      method: 'post',
      path,
      scope: 'book',
      tag,
      summary: 'Wait for a time',
      description:
        'For a shop, service, range of dates and (if wished) a barber. ' +
        'Time that comes free is offered to whoever has waited longest: a hold, and a mail that says until when.',
      body: newEntry,
      answers: { 201: { description: 'It waits.', body: entryAnswer, headers: { Location: 'The entry.' } } },
      problems: ['invalid_request', 'not_found', 'waitlist_full', 'booking_limit'],
      handle: async ({ caller, body, newId, address }) => {
        const { networkId, apiClientId } = caller;
        const facts = await requireDates(networkId, body);
        const { shopId, serviceId, barberId = null, fromDate, toDate, fromTime, toTime, customer } = body;
        const id = newId();
        // Who waits will hold time: it counts as a booking.
        const addressHash = await limits.require(caller, facts, { email: customer.email, phone: customer.phone, address });
        const fields = { shopId, serviceId, barberId, fromDate, toDate, fromMinute: minuteOf(fromTime), toMinute: minuteOf(toTime) };
        const contact = toContact(customer, facts.shop.timeZone, facts.locale);
        if (!(await addEntry(orm.em.fork(), { id, networkId, apiClientId, addressHash }, fields, contact, newId(), mostEntries)))
          throw new Problem('waitlist_full');
        await workflow.lookAtWaitlist(networkId, shopId, id);
        return answerOf(networkId, id, 201);
      },
    }),
    route({
      method: 'get',
      path,
      scope: 'manage',
      tag,
      summary: 'List who waits, in the order in which they are offered to',
      query: z.strictObject({ ...page, shopId: uuid.optional(), status: z.enum(entryStatuses).optional() }),
      answers: { 200: { description: 'A page of entries, each with all that it was offered.', body: pageOf(entryAnswer) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query: { cursor = null, limit, ...filter } }) => {
        const { items, nextCursor } = await listEntries(orm.em.fork(), caller.networkId, filter, { cursor, limit });
        return { status: 200, body: { items: items.map(entryBody), nextCursor } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/:id`,
      scope: 'book',
      tag,
      summary: 'Read an entry',
      params,
      answers: { 200: { description: 'The entry, and what it was offered.', body: entryAnswer } },
      problems: ['not_found'],
      handle: ({ caller, params: { id } }) => answerOf(caller.networkId, id),
    }),
    route({
      method: 'post',
      path: `${path}/:id/accept`,
      scope: 'book',
      tag,
      summary: 'Take the time that is offered',
      description: 'It is booked, or a request where the shop must approve. Repeating it answers the same.',
      params,
      body: answerTo,
      answers: { 200: { description: 'The appointment.', body: appointmentAnswer, headers: { ETag: 'The version.' } } },
      problems: [
        'invalid_request',
        'not_found',
        'not_allowed',
        'hold_expired',
        'customer_limit',
        'not_accepted',
        'temporal_unavailable',
        'outcome_unknown',
      ],
      handle: async ({ caller, params: { id }, body, newId }) => {
        const appointmentId = await findOffer(caller.networkId, id, body?.appointmentId);
        if (!appointmentId) throw new Problem('not_allowed', { detail: 'Nothing is offered at the moment.' });
        const after = await offers.accept(caller.networkId, appointmentId, who(caller), newId());
        return { status: 200, body: appointmentBody(after), headers: { ETag: `"${after.version}"` } };
      },
    }),
    route({
      method: 'post',
      path: `${path}/:id/decline`,
      scope: 'book',
      tag,
      summary: 'Leave the time that is offered to the next',
      description: 'The entry goes on waiting for another time.',
      params,
      body: answerTo,
      answers: { 200: { description: 'The entry.', body: entryAnswer } },
      problems: ['invalid_request', 'not_found', 'not_allowed', 'temporal_unavailable', 'outcome_unknown'],
      handle: async ({ caller, params: { id }, body, newId }) => {
        const appointmentId = await findOffer(caller.networkId, id, body?.appointmentId);
        if (appointmentId) await offers.decline(caller.networkId, appointmentId, who(caller), newId());
        return answerOf(caller.networkId, id);
      },
    }),
    route({
      method: 'post',
      path: `${path}/:id/withdraw`,
      scope: 'book',
      tag,
      summary: 'Wait no longer',
      description: 'An offer that is open is declined. Who it was is forgotten. Repeating it answers the same.',
      params,
      answers: { 200: { description: 'The entry.', body: entryAnswer } },
      problems: ['not_found', 'not_allowed', 'temporal_unavailable', 'outcome_unknown'],
      handle: async ({ caller, params: { id } }) => {
        const { networkId } = caller;
        // While it is ended, it may be offered something once more.
        for (let tries = 0; tries < 3; tries += 1) {
          const { status, appointmentId } = await find(networkId, id);
          if (status === 'offered') await offers.decline(networkId, appointmentId!, who(caller));
          else if (status === 'booked') throw new Problem('not_allowed', { detail: 'It is booked: cancel the appointment.' });
          if (status === 'withdrawn' || status === 'expired' || (await endEntry(orm.em.fork(), networkId, id, 'withdrawn', now()))) break;
        }
        return answerOf(networkId, id);
      },
    }),
  ];
}
