/**
 * Recurring visits: preview, book what is accepted, read, cancel the rest. Each visit is an appointment that can be moved and cancelled
 * alone.
 */
import { z } from 'zod';
import { findRequest, listAppointments, type AppointmentView } from '../db/appointment.ts';
import { findSeries, markSeriesCancelled, type StoredSeries } from '../db/series.ts';
import { liveStatuses } from '../domain/appointment.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { appointmentAnswer, appointmentBody, refusalMembers } from './appointment-view.ts';
import { bookingKeyHeader, bookingProblems } from './booking.ts';
import type { Caller } from './caller.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { asStaff, onBehalf, reason } from './order.ts';
import { route, type Route } from './route.ts';
import { instant, uuid } from './schemas.ts';
import { bookedSeries, createSeriesCommit, newSeries, seriesVisit, type SeriesVisitBody } from './series-commit.ts';
import { createPreview, seriesPreview, seriesQuestion } from './series-preview.ts';

const params = z.strictObject({ id: uuid });
const series = z
  .object({
    id: z.string(),
    shopId: z.string(),
    everyWeeks: z.int(),
    createdAt: z.string(),
    cancelledFrom: z.string().nullable(),
    visits: z.array(seriesVisit),
  })
  .meta({ id: 'Series' });

const cancelRest = z
  .strictObject({
    from: instant
      .optional()
      .meta({ description: 'Visits that begin before this stay; without it, all that are still ahead are cancelled.' }),
    reason: reason.optional(),
    staff: asStaff.omit({ waive: true }).optional(),
  })
  .optional();
const cancelled = z
  .object({
    id: z.string(),
    from: z.string(),
    visits: z.array(
      z.object({
        id: z.string(),
        status: z.enum(['cancelled', 'kept']),
        code: z.string().optional(),
        appointment: appointmentAnswer.optional(),
      }),
    ),
  })
  .meta({ id: 'CancelledSeries' });

export function seriesRoutes(deps: HttpDeps): Route[] {
  const { orm, now } = deps;
  const preview = createPreview(deps);
  const commit = createSeriesCommit(deps);
  const change = createChanges(deps);

  async function read(networkId: string, id: string): Promise<{ stored: StoredSeries; booked: Map<string, AppointmentView> }> {
    const stored = await findSeries(orm.em.fork(), networkId, id);
    if (!stored) throw new Problem('not_found');
    const { items } = await listAppointments(orm.em.fork(), networkId, { seriesId: id }, { limit: 100, cursor: null });
    return { stored, booked: new Map(items.map((each) => [each.id, each])) };
  }

  /** In the order in which they were asked for, each as it is now. */
  async function show(networkId: string, id: string): Promise<z.output<typeof series>> {
    const { stored, booked } = await read(networkId, id);
    const answered = stored.answer === null ? [] : (JSON.parse(stored.answer) as { visits: SeriesVisitBody[] }).visits;
    const visits: SeriesVisitBody[] = [];
    for (const asked of stored.visits) {
      const shown = { id: asked.id, startsAt: toUtc(Date.parse(asked.startsAt)) };
      const appointment = booked.get(asked.id);
      const known = answered.find((each) => each.id === asked.id);
      const request = appointment || known ? null : await findRequest(orm.em.fork(), networkId, asked.id);
      if (appointment) visits.push({ ...shown, status: 'booked', appointment: appointmentBody(appointment) });
      else if (known) visits.push(known);
      else if (request?.outcome?.ok === false)
        visits.push({ ...shown, status: 'refused', code: request.outcome.code, ...refusalMembers(request.outcome) });
      else if (request) visits.push({ ...shown, status: 'pending' });
      else
        visits.push({ ...shown, status: stored.cancelledFrom !== null && asked.startsAt >= stored.cancelledFrom ? 'withdrawn' : 'open' });
    }
    const { shopId, everyWeeks, createdAt, cancelledFrom } = stored;
    return {
      id,
      shopId,
      everyWeeks,
      createdAt: toUtc(Date.parse(createdAt)),
      cancelledFrom: cancelledFrom && toUtc(Date.parse(cancelledFrom)),
      visits,
    };
  }

  async function cancel(caller: Caller, id: string, body: z.output<typeof cancelRest>, key: string): Promise<z.output<typeof cancelled>> {
    const { networkId, apiClientId } = caller;
    const why = body?.staff?.reason ?? body?.reason;
    const { by } = onBehalf(caller, body?.staff && { ...body.staff, waive: [] });
    const from = Math.max(body?.from ?? 0, now().getTime());
    // First the mark, then the look: a visit that is booked in between sees the mark, or is seen here.
    await markSeriesCancelled(orm.em.fork(), networkId, id, new Date(from));
    const { stored, booked } = await read(networkId, id);
    const visits: z.output<typeof cancelled>['visits'] = [];
    for (const asked of stored.visits) {
      const known = booked.get(asked.id);
      if (Date.parse(known?.startsAt ?? asked.startsAt) < from) continue;
      // What was not decided at that look may be booked by now: only what nobody asked for, and what was refused, is left out.
      const request = known ? null : await findRequest(orm.em.fork(), networkId, asked.id);
      if (known ? ![...liveStatuses, 'cancelled'].includes(known.status) : !request || request.outcome?.ok === false) continue;
      try {
        const after = await change(
          networkId,
          asked.id,
          { action: 'cancel', by, actor: `client:${apiClientId}`, source: 'api', ...(why && { reason: why }) },
          key,
        );
        visits.push({ id: asked.id, status: 'cancelled', appointment: appointmentBody(after) });
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) throw error;
        // Undecided a moment ago, and then refused: there is nothing to cancel.
        if (error.code !== 'not_found')
          visits.push({ id: asked.id, status: 'kept', code: error.code, ...(known && { appointment: appointmentBody(known) }) });
      }
    }
    return { id, from: toUtc(from), visits };
  }

  const [tag, path] = ['Series', '/v1/series'];
  return [
    route({
      method: 'post',
      path: `${path}/preview`,
      scope: 'book',
      tag,
      summary: 'Look what a series of visits would meet',
      body: seriesQuestion,
      description:
        'Every so many weeks at the same wall time, across clock changes: each visit with its price, or with what is in the way ' +
        'and free times near it. Nothing is written or held. Limits of a customer are not looked at, since none is known.',
      answers: { 200: { description: 'The visits in order.', body: seriesPreview } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, body }) => ({ status: 200, body: await preview(caller.networkId, body) }),
    }),
    route({
      method: 'post',
      path,
      scope: 'book',
      tag,
      keepsOwnAnswer: true,
      summary: 'Book what the customer accepts of a series',
      description:
        'Each visit is booked by itself, one after another: some may be refused, each with its reason and free times near it, ' +
        'and the others stay booked. An interrupted request is completed by repeating it. ' +
        'Hourly limits let a series in or turn it away as a whole, and then every visit of it counts; ' +
        "limits of a customer's visits concern each.",
      headers: bookingKeyHeader,
      body: newSeries,
      answers: {
        201: {
          description: 'Every visit is decided; "booked" says how many were won.',
          body: bookedSeries,
          headers: { Location: 'The series.' },
        },
        202: {
          description: 'A visit is not decided yet, and those after it were not asked for: repeat the request.',
          body: bookedSeries,
          headers: { Location: 'The series.', 'Retry-After': 'Seconds.' },
        },
      },
      problems: [...bookingProblems, 'forbidden'],
      handle: ({ caller, body, header, address }) => commit(caller, body, header('idempotency-key'), address),
    }),
    route({
      method: 'get',
      path: `${path}/:id`,
      scope: 'book',
      tag,
      params,
      summary: 'Read a series',
      answers: { 200: { description: 'The visits in the order in which they were asked for, each as it is now.', body: series } },
      problems: ['not_found'],
      handle: async ({ caller, params: { id } }) => ({ status: 200, body: await show(caller.networkId, id) }),
    }),
    route({
      method: 'post',
      path: `${path}/:id/cancel`,
      scope: 'book',
      tag,
      params,
      summary: 'Cancel what is left of a series',
      description:
        'Each visit is judged by its own policy, and what may not be cancelled any more stays, with the reason. ' +
        'What of the series is not booked yet will not be. Repeating it is harmless.',
      body: cancelRest,
      answers: { 200: { description: 'The visits concerned, in order.', body: cancelled } },
      problems: ['invalid_request', 'not_found', 'forbidden', 'temporal_unavailable', 'outcome_unknown'],
      handle: async ({ caller, params: { id }, body, newId }) => ({ status: 200, body: await cancel(caller, id, body, newId()) }),
    }),
  ];
}
