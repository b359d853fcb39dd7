/**
 * Booking a series: its record first, then one visit after another, each a booking like any other under a key of its own. So an interrupted
 * series is completed by repeating the request: what was booked answers as it did, the rest is booked then.
 */
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import { findRequest } from '../db/appointment.ts';
import { readBookingFacts } from '../db/booking-facts.ts';
import { findSeries, keepSeriesAnswer, storeSeries, type SeriesVisit, type StoredSeries } from '../db/series.ts';
import { findShopZone } from '../db/shop.ts';
import { mostVisits, startOfVisit } from '../domain/series.ts';
import { DAY, toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { appointmentAnswer, refusedBody } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import { createBookingLimits } from './booking-limits.ts';
import { appointmentIdOf, createBook } from './booking.ts';
import { requireScope, type Caller } from './caller.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { fingerprintOf, isKey } from './kept-answer.ts';
import { asStaff, newCustomer, onBehalf, oneStart, oneStartFault } from './order.ts';
import type { Answer } from './route.ts';
import { instant, localDateTime, uuid } from './schemas.ts';
import { seriesFields, visitFault } from './series-preview.ts';
import { checkVisit, notThere, requireOneVisit, toVisit } from './visit.ts';

/** UUIDv5 namespace of series ids. */
const seriesNamespace = 'c3f1de0a-86a4-5d0b-9d2f-7c8be1b0a4e5';

const accepted = z
  .strictObject({ startsAt: instant.optional(), localStart: localDateTime.optional(), barberId: uuid.optional() })
  .refine(oneStart, oneStartFault);

export const newSeries = z
  .strictObject({
    ...seriesFields,
    customer: newCustomer,
    staff: asStaff.optional(),
    visits: z
      .array(accepted)
      .min(1)
      .max(mostVisits)
      .meta({
        description:
          'What the customer accepts of the preview, other times than those of the rhythm included. ' +
          'A barber named here goes before the one named for all.',
      }),
  })
  .superRefine(checkVisit)
  .superRefine(({ visits, services }, context) => {
    visits.forEach(({ barberId }, index) => {
      if (services && barberId !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['visits', index, 'barberId'],
          message: 'goes with serviceId; with services, name the barbers there',
        });
    });
  });
export type NewSeriesBody = z.output<typeof newSeries>;

export const seriesVisit = z.object({
  id: z.string().meta({ description: 'What the appointment has, if there is one.' }),
  startsAt: z.string().meta({ description: 'As it was asked for.' }),
  status: z.enum(['booked', 'refused', 'pending', 'open', 'withdrawn']).meta({
    description:
      'pending: not decided yet; open: not asked for yet, so repeat the request; ' +
      'withdrawn: the series was cancelled before it was asked for.',
  }),
  appointment: appointmentAnswer.optional(),
  code: z.string().optional(),
  nearest: refusedBody.shape.nearest.optional(),
});
export type SeriesVisitBody = z.output<typeof seriesVisit>;
export const bookedSeries = z
  .object({ id: z.string(), everyWeeks: z.int(), booked: z.int(), visits: z.array(seriesVisit) })
  .meta({ id: 'BookedSeries' });

export function createSeriesCommit(deps: HttpDeps) {
  const { orm } = deps;
  const book = createBook(deps);
  const change = createChanges(deps);
  const limits = createBookingLimits(deps);
  const { ready } = createAppointmentCalls(deps);

  return async function commit(caller: Caller, body: NewSeriesBody, key: string | undefined, address: string): Promise<Answer> {
    if (key === undefined || !isKey(key)) throw new Problem('idempotency_key_missing');
    if (body.staff) requireScope(caller, 'manage');
    const { networkId, apiClientId } = caller;
    const id = uuidv5(`${networkId} ${apiClientId} ${key}`, seriesNamespace);
    const fingerprint = fingerprintOf(body);
    if (!(await findSeries(orm.em.fork(), networkId, id))) {
      const visits = await letIn(caller, id, body, address);
      await ready();
      await storeSeries(orm.em.fork(), {
        id,
        networkId,
        apiClientId,
        shopId: body.shopId,
        fingerprint,
        everyWeeks: body.everyWeeks,
        visits,
      });
    }
    const series = (await findSeries(orm.em.fork(), networkId, id))!;
    if (series.expired) throw new Problem('idempotency_key_expired');
    if (series.fingerprint !== fingerprint) throw new Problem('idempotency_key_reused');
    return series.answer === null ? bookAll(caller, series, body, address) : toAnswer(201, id, series.answer);
  };

  /**
   * Throws what is wrong with the request as a whole, and 429: a series is let in once, and then each of its visits counts for what comes
   * after.
   */
  async function letIn(caller: Caller, id: string, body: NewSeriesBody, address: string): Promise<SeriesVisit[]> {
    const { networkId } = caller;
    const zone = await findShopZone(orm.em.fork(), networkId, body.shopId);
    if (!zone) throw notThere({ missing: 'shopId', id: body.shopId }, toVisit(body), false, '/');
    const visits = body.visits.map(({ startsAt, localStart, barberId }, index): SeriesVisit => {
      const at = startsAt ?? startOfVisit(localStart!, zone).startsAt;
      if (at === null)
        throw visitFault(index, 'localStart', `does not exist in ${zone}: the clocks go forward over it`, 'skipped_local_time');
      return { id: appointmentIdOf(caller, visitKey(id, index)), startsAt: new Date(at).toISOString(), ...(barberId && { barberId }) };
    });
    const twice = visits.findIndex(({ startsAt }, index) => visits.findIndex((other) => other.startsAt === startsAt) < index);
    if (twice >= 0)
      throw visitFault(
        twice,
        body.visits[twice]!.startsAt === undefined ? 'localStart' : 'startsAt',
        'is the time of another visit of the list',
      );

    const asked = new Set<string | undefined>();
    for (const [index, { barberId, startsAt }] of visits.entries()) {
      if (asked.has(barberId)) continue;
      const visit = toVisit(barberId ? { ...body, barberId } : body);
      const at = Date.parse(startsAt);
      const facts = await readBookingFacts(orm.em.fork(), {
        networkId,
        shopId: body.shopId,
        visit,
        window: { from: at - DAY, to: at + DAY },
      });
      if ('missing' in facts)
        throw facts.missing === 'barberId' && barberId
          ? visitFault(index, 'barberId', 'is not known in this network, or not there', 'not_found')
          : notThere(facts, visit, body.services !== undefined, '/');
      requireOneVisit(facts, visit, '/services');
      if (asked.size === 0 && !body.staff)
        await limits.require(caller, facts, { email: body.customer.email, phone: body.customer.phone, address });
      asked.add(barberId);
    }
    return visits;
  }

  async function bookAll(caller: Caller, { id, everyWeeks, visits }: StoredSeries, body: NewSeriesBody, address: string): Promise<Answer> {
    const { networkId } = caller;
    const results: SeriesVisitBody[] = [];
    // One after another: who books a series must not stand in the way of those who book one visit.
    for (const [index, asked] of visits.entries()) {
      const shown = { id: asked.id, startsAt: toUtc(Date.parse(asked.startsAt)) };
      // What is decided slowly is not waited for again and again.
      if (results.some(({ status }) => status === 'pending')) results.push({ ...shown, status: 'open' });
      // What an interrupted try has asked for answers what became of it, also after the series was cancelled.
      else if ((await isCancelled(networkId, id, asked.startsAt)) && !(await findRequest(orm.em.fork(), networkId, asked.id)))
        results.push({ ...shown, status: 'withdrawn' });
      else results.push({ ...shown, ...(await bookOne(caller, id, index, asked, body, address)) });
    }
    await cancelLate(caller, id, body, results);
    const text = JSON.stringify({ id, everyWeeks, booked: results.filter(({ status }) => status === 'booked').length, visits: results });
    const isDecided = results.every(({ status }) => status !== 'pending');
    return isDecided ? toAnswer(201, id, await keepSeriesAnswer(orm.em.fork(), networkId, id, text)) : toAnswer(202, id, text);
  }

  async function bookOne(
    caller: Caller,
    seriesId: string,
    index: number,
    { startsAt, barberId }: SeriesVisit,
    body: NewSeriesBody,
    address: string,
  ): Promise<Pick<SeriesVisitBody, 'status' | 'appointment' | 'code' | 'nearest'>> {
    const { everyWeeks: _, visits: __, ...wanted } = body;
    const order = { ...wanted, startsAt: Date.parse(startsAt), ...(barberId && { barberId }) };
    try {
      const answer = await book(
        caller,
        order,
        visitKey(seriesId, index),
        { kind: 'book', ...onBehalf(caller, body.staff), seriesId },
        address,
      );
      return answer.status === 201
        ? { status: 'booked', appointment: answer.body as SeriesVisitBody['appointment'] }
        : { status: 'pending' };
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      return { status: 'refused', code: error.code, nearest: (error.extras.members?.nearest as SeriesVisitBody['nearest']) ?? [] };
    }
  }

  async function isCancelled(networkId: string, id: string, startsAt: string): Promise<boolean> {
    const from = (await findSeries(orm.em.fork(), networkId, id))?.cancelledFrom;
    return from ? startsAt >= from : false;
  }

  /** What was booked while the series was being cancelled: whoever cancelled may not have seen it. */
  async function cancelLate(caller: Caller, id: string, body: NewSeriesBody, results: SeriesVisitBody[]): Promise<void> {
    const { by } = onBehalf(caller, body.staff);
    for (const { appointment } of results) {
      if (!appointment || !(await isCancelled(caller.networkId, id, new Date(appointment.startsAt).toISOString()))) continue;
      await change(caller.networkId, appointment.id, { action: 'cancel', by, actor: `client:${caller.apiClientId}`, source: 'api' }).catch(
        (error: unknown) => {
          if (!(error instanceof Problem) || error.status >= 500) throw error;
        },
      );
    }
  }
}

/** Under which each visit is booked, whatever the length of the caller's own key. */
const visitKey = (seriesId: string, index: number): string => `${seriesId}/${index}`;

const toAnswer = (status: 201 | 202, id: string, json: string): Answer => ({
  status,
  json,
  headers: { Location: `/v1/series/${id}`, ...(status === 202 && { 'Retry-After': '2' }) },
});
