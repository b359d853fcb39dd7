/**
 * Booking: look the request up, turn plain losers away, write who asks, then let the workflow decide. Each step may find the answer.
 */
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { lookUpBooking, readBookingFacts, type BookingFacts } from '../db/booking-facts.ts';
import { forgetRequest, markToldPending, storeHold, storeRefusal, storeRequest, type NewRequest } from '../db/booking-request.ts';
import { isTooEarlyToCheckIn } from '../domain/appointment.ts';
import { freeSlot, type Outcome, type Refusal } from '../domain/outcome.ts';
import { nearestSlots } from '../domain/availability.ts';
import { judgeVisit } from '../domain/choice.ts';
import type { Entry } from '../domain/change.ts';
import type { Visit } from '../domain/rules.ts';
import { MINUTE, resolveLocal, toUtc } from '../domain/time.ts';
import { waive, waiverOf } from '../domain/waiver.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { bookedBody, refusalMembers } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import { createBookingLimits } from './booking-limits.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import type { Answer } from './route.ts';
import { fingerprintOf, isKey } from './kept-answer.ts';
import { asStaff, newCustomer, oneStart, oneStartFault, toContact, wantedFields, type AsStaff } from './order.ts';
import { checkVisit, notThere, requireOneVisit, toVisit, type Wished } from './visit.ts';

const day = 86_400_000;
/** UUIDv5 namespace of appointment ids. */
const appointmentNamespace = '6f0d3f5c-5a0e-5d62-9d0c-6c2f1c2a9b11';

/** What a booking must say. */
export const newBooking = z
  .strictObject({ ...wantedFields, customer: newCustomer, staff: asStaff.optional() })
  .refine(oneStart, oneStartFault)
  .superRefine(checkVisit);

/** Of a booking, a hold or a walk-in: what is wanted, by whom, and which rules staff set aside. */
export type Order = Wished & {
  shopId: string;
  startsAt?: number | undefined;
  localStart?: string | undefined;
  customer?:
    | {
        name?: string | undefined;
        email?: string | undefined;
        phone?: string | undefined;
        timeZone?: string | undefined;
        locale?: string | undefined;
      }
    | undefined;
  staff?: AsStaff | undefined;
};

/** What an order is stored under, and what its answer shows beside the appointment. */
export type Ordered = { entry: Entry; body: Order; key: string; address: string; answer: (id: string, appointment: object) => Answer };

export const bookingKeyHeader = {
  'Idempotency-Key': {
    required: true,
    description:
      'Chosen by the caller, one for each booking that is wanted; 1 to 255 visible ASCII characters; kept for 7 days. ' +
      'Bookings, holds, walk-ins and series have keys apart from those of all other requests.',
  },
};

/** Why a booking may be refused. */
export const refusals = [
  'too_soon',
  'too_far_ahead',
  'off_step',
  'service_not_offered',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'customer_limit',
  'not_accepted',
  'slot_taken',
  'undecided',
] as const satisfies Refusal['code'][];

export const bookingProblems = [
  'invalid_request',
  'idempotency_key_missing',
  'skipped_local_time',
  'not_found',
  'ambiguous_local_time',
  ...refusals,
  'idempotency_key_reused',
  'idempotency_key_expired',
  'booking_limit',
  'temporal_unavailable',
  'outcome_unknown',
] as const satisfies ProblemCode[];

/** Which appointment a key is for. */
export const appointmentIdOf = ({ networkId, apiClientId }: Caller, key: string): string =>
  uuidv5(`${networkId} ${apiClientId} ${key}`, appointmentNamespace);

export function createBook(deps: HttpDeps) {
  const { orm, policy, metrics, now } = deps;
  const workflow = createAppointmentCalls(deps);
  const limits = createBookingLimits(deps);

  /** Decides an order; `shape` makes the answer of what was won. */
  return async function book(
    caller: Caller,
    body: Order,
    key: string | undefined,
    entry: Entry,
    address: string,
    shape: Ordered['answer'] = created,
  ): Promise<Answer> {
    if (key === undefined || !isKey(key)) throw new Problem('idempotency_key_missing');
    try {
      const answer = await decide(caller, { body, key, entry, address, answer: shape });
      metrics.bookings.inc({ outcome: answer.status === 201 ? 'booked' : 'pending' });
      return answer;
    } catch (error) {
      metrics.bookings.inc({ outcome: error instanceof Problem ? error.code : 'internal' });
      throw error;
    }
  };

  async function decide(caller: Caller, ordered: Ordered): Promise<Answer> {
    const { networkId, apiClientId } = caller;
    const { body, entry, key } = ordered;
    const id = appointmentIdOf(caller, key);
    const fingerprint = fingerprintOf(entry.kind === 'book' ? body : { ...body, entry });

    const visit = toVisit(body);
    const around = body.startsAt ?? (body.localStart === undefined ? now().getTime() : Date.parse(`${body.localStart}:00Z`));
    const { request, appointmentExists, facts } = await lookUpBooking(orm.em.fork(), id, {
      networkId,
      shopId: body.shopId,
      visit,
      window: { from: around - 2 * day, to: around + 3 * day },
    });
    if (request?.expired || (!request && appointmentExists)) throw new Problem('idempotency_key_expired');
    if (request && request.fingerprint !== fingerprint) throw new Problem('idempotency_key_reused');
    if (request?.outcome) return answer(id, ordered, request.outcome);
    if ('missing' in facts) throw notThere(facts, visit, body.services !== undefined, '/');
    requireOneVisit(facts, visit, '/services');
    const startsAt = startOf(body, facts.shop.timeZone, now().getTime());
    // Who walks in is checked in at once, so the same limit holds.
    if (entry.kind === 'walk_in' && isTooEarlyToCheckIn(startsAt, now().getTime()))
      throw new Problem('too_early', { detail: 'Who walks in comes today; book a visit that is further ahead.' });
    const asked: NewRequest = {
      id,
      networkId,
      apiClientId,
      fingerprint,
      ...where(body),
      wishes: several(visit) ?? null,
      startsAt: new Date(startsAt),
      customerTimeZone: body.customer?.timeZone ?? facts.shop.timeZone,
      entry: entry.kind,
      addressHash: null,
    };

    if (!request) {
      const { possible, refusal } = judgeVisit(waive(facts, waiverOf(entry)), visit, startsAt, now().getTime());
      if (possible.length === 0) {
        await storeRefusal(orm.em.fork(), asked, await refusalWithSlots(networkId, body, facts, startsAt, refusal.code));
        // What is stored is the answer: a twin with the same key may have been quicker, and even be who took the time.
        return decide(caller, ordered);
      }
    }

    if (!request && entry.by !== 'staff') {
      asked.addressHash = await limits.require(
        caller,
        facts,
        { email: body.customer?.email, phone: body.customer?.phone, address: ordered.address },
        entry.seriesId !== undefined,
      );
    }
    await workflow.ready();
    if (!request) {
      const contact = toContact(body.customer ?? {}, asked.customerTimeZone, facts.locale);
      const isNew =
        entry.kind === 'hold' ? await storeHold(orm.em.fork(), asked) : await storeRequest(orm.em.fork(), asked, contact, uuidv7());
      // A twin with the same key was quicker; look again, and join it.
      if (!isNew) return decide(caller, ordered);
    }

    const result = await workflow.decide({
      appointmentId: id,
      networkId,
      ...where(body),
      ...(several(visit) && { visit }),
      startsAt: new Date(startsAt).toISOString(),
      ...(!isPlain(entry) && { entry }),
      policy,
    });
    if (result === 'unsent') {
      await forgetRequest(orm.em.fork(), networkId, id);
      throw new Problem('temporal_unavailable', { retryAfterSeconds: 5 });
    }
    if (result === 'unknown') {
      // Whatever fails here, the workflow may book: the caller must not be told that nothing was booked.
      const decided = await markToldPending(orm.em.fork(), networkId, id).catch(() => {
        throw new Problem('outcome_unknown', { retryAfterSeconds: 5 });
      });
      return decided ? answer(id, ordered, decided) : pending(asked);
    }
    return answer(id, ordered, result);
  }

  async function refusalWithSlots(
    networkId: string,
    body: Order,
    facts: BookingFacts,
    startsAt: number,
    code: Refusal['code'],
  ): Promise<Refusal> {
    const visit = toVisit(body);
    const at = now().getTime();
    // Of a time long past, the free times nearest to it lie around now; of one too far ahead, around the horizon.
    const horizon = Math.max(0, ...facts.candidates.flatMap(({ offers }) => offers.map(({ settings }) => settings.bookingHorizonDays)));
    const around = Math.min(Math.max(startsAt, at), at + horizon * day);
    const wide = await readBookingFacts(orm.em.fork(), {
      networkId,
      shopId: body.shopId,
      visit,
      window: { from: around - 2 * day, to: around + 8 * day },
    });
    if ('missing' in wide) return { ok: false, code, nearest: [] };
    const nearest = nearestSlots({ ...wide, visit, around, now: at, days: 7, limit: 3 });
    return { ok: false, code, nearest: nearest.map(freeSlot) };
  }
}

/** The answer to an outcome: the same now and at every repetition, from what was stored and not from what the appointment has become. */
function answer(id: string, { body, answer: shape }: Ordered, outcome: Outcome): Answer {
  if (!outcome.ok) throw new Problem(outcome.code, { members: refusalMembers(outcome) });
  const { shopId, serviceId } = where(body);
  return shape(id, bookedBody(outcome, { id, shopId, serviceId, customerTimeZone: body.customer?.timeZone ?? outcome.shopTimeZone }));
}

const created = (id: string, body: object): Answer => ({ status: 201, body, headers: location(id) });

/** Where, and the first service: all there is of most visits. */
const where = (body: Order) => ({ shopId: body.shopId, ...toVisit(body).wishes[0]! });
const several = (visit: Visit): Visit | undefined => (visit.wishes.length > 1 ? visit : undefined);
/** A plain booking needs no words in the workflow's input. */
const isPlain = ({ kind, by, seriesId }: Entry): boolean => kind === 'book' && by === 'customer' && seriesId === undefined;
export const location = (id: string) => ({ Location: `/v1/appointments/${id}` });

function pending({ id, shopId, serviceId, startsAt }: NewRequest): Answer {
  return {
    status: 202,
    body: { id, status: 'pending', shopId, serviceId, startsAt: toUtc(startsAt.getTime()) },
    headers: { ...location(id), 'Retry-After': '2' },
  };
}

/** Without a time, now: somebody stands at the desk. */
function startOf(body: Order, timeZone: string, now: number): number {
  if (body.startsAt !== undefined) return body.startsAt;
  return body.localStart === undefined ? Math.floor(now / MINUTE) * MINUTE : resolveStart(body.localStart, timeZone);
}

export function resolveStart(localStart: string, timeZone: string): number {
  const resolution = resolveLocal(localStart, timeZone);
  switch (resolution.kind) {
    case 'exact':
      return resolution.instant;
    case 'skipped':
      throw new Problem('skipped_local_time', {
        faults: [{ path: '/localStart', message: `does not exist in ${timeZone}: the clocks go forward over it` }],
      });
    case 'ambiguous':
      throw new Problem('ambiguous_local_time', { members: { instants: resolution.instants.map(toUtc), timeZone } });
  }
}
