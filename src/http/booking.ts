/**
 * Booking: look the request up, turn plain losers away, write who asks, then let the workflow decide. Each step may find the answer.
 */
import { createHash } from 'node:crypto';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { lookUpBooking, readBookingFacts, type BookingFacts } from '../db/booking-facts.ts';
import { forgetRequest, markToldPending, storeRefusal, storeRequest, type NewRequest } from '../db/booking-request.ts';
import { freeSlot, type Outcome, type Refusal } from '../domain/appointment.ts';
import { nearestSlots } from '../domain/availability.ts';
import { judgeVisit } from '../domain/choice.ts';
import type { Visit } from '../domain/rules.ts';
import { resolveLocal, toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { bookedBody, refusalMembers } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import type { Answer } from './route.ts';
import { email, instant, locale, localDateTime, phone, text, timeZone, uuid } from './schemas.ts';
import { checkVisit, notThere, requireOneVisit, sameBarber, toVisit, wishedServices } from './visit.ts';

const day = 86_400_000;
const keyFormat = /^[\x21-\x7e]{1,255}$/;
/** UUIDv5 namespace of appointment ids. */
const appointmentNamespace = '6f0d3f5c-5a0e-5d62-9d0c-6c2f1c2a9b11';

/** What a booking must say. */
export const newBooking = z.strictObject({
  shopId: uuid,
  serviceId: uuid.optional(),
  barberId: uuid.optional(),
  services: wishedServices.optional(),
  sameBarber: sameBarber.optional(),
  startsAt: instant.optional(),
  localStart: localDateTime.optional(),
  customer: z.strictObject({ name: text(200), email, phone: phone.optional(), timeZone: timeZone.optional(), locale: locale.optional() }),
}).refine((body) => (body.startsAt === undefined) !== (body.localStart === undefined), { path: ['startsAt'], message: 'send either startsAt or localStart' })
  .superRefine(checkVisit);

export type NewBooking = z.output<typeof newBooking>;

export function createBook(deps: HttpDeps) {
  const { orm, policy, metrics, now } = deps;
  const workflow = createAppointmentCalls(deps);

  return async function book(caller: Caller, body: NewBooking, key: string | undefined): Promise<Answer> {
    if (key === undefined || !keyFormat.test(key)) throw new Problem('idempotency_key_missing');
    try {
      const answer = await decide(caller, body, key);
      metrics.bookings.inc({ outcome: answer.status === 201 ? 'booked' : 'pending' });
      return answer;
    } catch (error) {
      metrics.bookings.inc({ outcome: error instanceof Problem ? error.code : 'internal' });
      throw error;
    }
  };

  async function decide(caller: Caller, body: NewBooking, key: string): Promise<Answer> {
    const { networkId, apiClientId } = caller;
    const id = uuidv5(`${networkId} ${apiClientId} ${key}`, appointmentNamespace);
    const fingerprint = createHash('sha256').update(canonical(body)).digest('hex');

    const visit = toVisit(body);
    const around = body.startsAt ?? Date.parse(`${body.localStart}:00Z`);
    const { request, appointmentExists, facts } = await lookUpBooking(orm.em.fork(), id, { networkId, shopId: body.shopId, visit, window: { from: around - 2 * day, to: around + 3 * day } });
    if (request?.expired || (!request && appointmentExists)) throw new Problem('idempotency_key_expired');
    if (request && request.fingerprint !== fingerprint) throw new Problem('idempotency_key_reused');
    if (request?.outcome) return answer(id, body, request.outcome);
    if ('missing' in facts) throw notThere(facts, visit, body.services !== undefined, '/');
    requireOneVisit(facts, visit, '/services');
    const startsAt = body.startsAt ?? resolveStart(body.localStart!, facts.shop.timeZone);
    const asked: NewRequest = {
      id, networkId, apiClientId, fingerprint, ...where(body), wishes: several(visit) ?? null, startsAt: new Date(startsAt), customerTimeZone: body.customer.timeZone ?? facts.shop.timeZone,
    };

    if (!request) {
      const { possible, refusal } = judgeVisit(facts, visit, startsAt, now().getTime());
      if (possible.length === 0) {
        await storeRefusal(orm.em.fork(), asked, await refusalWithSlots(networkId, body, facts, startsAt, refusal.code));
        // What is stored is the answer: a twin with the same key may have been quicker, and even be who took the time.
        return decide(caller, body, key);
      }
    }

    await workflow.ready();
    if (!request) {
      const { name, email, phone, locale } = body.customer;
      const contact = { name, email, phone: phone ?? null, timeZone: asked.customerTimeZone, locale: locale ?? facts.locale };
      const isNew = await storeRequest(orm.em.fork(), asked, contact, uuidv7());
      // A twin with the same key was quicker; look again, and join it.
      if (!isNew) return decide(caller, body, key);
    }

    const result = await workflow.decide({
      appointmentId: id, networkId, ...where(body), ...(several(visit) && { visit }), startsAt: new Date(startsAt).toISOString(), policy,
    });
    if (result === 'unsent') {
      await forgetRequest(orm.em.fork(), networkId, id);
      throw new Problem('temporal_unavailable', { retryAfterSeconds: 5 });
    }
    if (result === 'unknown') {
      // Whatever fails here, the workflow may book: the caller must not be told that nothing was booked.
      const decided = await markToldPending(orm.em.fork(), networkId, id).catch(() => { throw new Problem('outcome_unknown', { retryAfterSeconds: 5 }); });
      return decided ? answer(id, body, decided) : pending(asked);
    }
    return answer(id, body, result);
  }

  async function refusalWithSlots(networkId: string, body: NewBooking, facts: BookingFacts, startsAt: number, code: Refusal['code']): Promise<Refusal> {
    const visit = toVisit(body);
    const at = now().getTime();
    // Of a time long past, the free times nearest to it lie around now; of one too far ahead, around the horizon.
    const horizon = Math.max(0, ...facts.candidates.flatMap(({ offers }) => offers.map(({ settings }) => settings.bookingHorizonDays)));
    const around = Math.min(Math.max(startsAt, at), at + horizon * day);
    const wide = await readBookingFacts(orm.em.fork(), { networkId, shopId: body.shopId, visit, window: { from: around - 2 * day, to: around + 8 * day } });
    if ('missing' in wide) return { ok: false, code, nearest: [] };
    const nearest = nearestSlots({ ...wide, visit, around, now: at, days: 7, limit: 3 });
    return { ok: false, code, nearest: nearest.map(freeSlot) };
  }
}

/** The answer to an outcome: the same now and at every repetition, from what was stored and not from what the appointment has become. */
function answer(id: string, asked: NewBooking, outcome: Outcome): Answer {
  if (!outcome.ok) throw new Problem(outcome.code, { members: refusalMembers(outcome) });
  const { shopId, serviceId } = where(asked);
  const body = bookedBody(outcome, { id, shopId, serviceId, customerTimeZone: asked.customer.timeZone ?? outcome.shopTimeZone });
  return { status: 201, body, headers: location(id) };
}

/** Where, and the first service: all there is of most visits. */
const where = (body: NewBooking) => ({ shopId: body.shopId, ...toVisit(body).wishes[0]! });
const several = (visit: Visit): Visit | undefined => (visit.wishes.length > 1 ? visit : undefined);
const location = (id: string) => ({ Location: `/v1/appointments/${id}` });

function pending({ id, shopId, serviceId, startsAt }: NewRequest): Answer {
  return { status: 202, body: { id, status: 'pending', shopId, serviceId, startsAt: toUtc(startsAt.getTime()) }, headers: { ...location(id), 'Retry-After': '2' } };
}

function resolveStart(localStart: string, timeZone: string): number {
  const resolution = resolveLocal(localStart, timeZone);
  switch (resolution.kind) {
    case 'exact':
      return resolution.instant;
    case 'skipped':
      throw new Problem('skipped_local_time', { faults: [{ path: '/localStart', message: `does not exist in ${timeZone}: the clocks go forward over it` }] });
    case 'ambiguous':
      throw new Problem('ambiguous_local_time', { members: { instants: resolution.instants.map(toUtc), timeZone } });
  }
}

/** JSON with sorted keys, so that the order of fields does not make another body. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part);
}
