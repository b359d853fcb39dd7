/** Barbers, their weekly hours in each shop, and their time off over HTTP. */
import { z } from 'zod';
import {
  addTimeOff, changeBarber, createBarber, findBarber, listAssignments, listBarbers, listTimeOff, putAssignment, removeAssignment, removeTimeOff,
  type AssignmentView, type BarberView,
} from '../db/barber.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { ifMatchHeader, readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { email, hoursAnswer, hoursView, insideHours, instant, locale, page, pageOf, settings, text, uuid, weeklyHours } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const shopParams = z.strictObject({ id: uuid, shopId: uuid });
const fields = z.strictObject({ name: text(200), email: email.nullable().default(null), locale, settings: settings.default({}) });
const week = z.strictObject({ hours: weeklyHours, breaks: weeklyHours.default([]) }).superRefine(({ hours, breaks }, context) => {
  breaks.forEach((pause, index) => {
    if (!insideHours(pause, hours)) context.addIssue({ code: 'custom', path: ['breaks', index], message: 'lies outside the hours' });
  });
});
const away = z.strictObject({ startsAt: instant, endsAt: instant, reason: text(200).or(z.literal('')).default('') })
  .refine(({ startsAt, endsAt }) => endsAt > startsAt, { path: ['endsAt'], message: 'must be after startsAt' });

const answer = z.object({ id: z.string(), name: z.string(), email: z.string().nullable(), locale: z.string(), settings, version: z.int() }).meta({ id: 'Barber' });
const assignmentAnswer = z.object({ barberId: z.string(), shopId: z.string(), hours: hoursAnswer, breaks: hoursAnswer, version: z.int() }).meta({ id: 'Assignment' });
const timeOffAnswer = z.object({ id: z.string(), startsAt: z.string(), endsAt: z.string(), reason: z.string() }).meta({ id: 'TimeOff' });
const shown = (view: AssignmentView) => ({ ...view, hours: hoursView(view.hours), breaks: hoursView(view.breaks) });
const all = (item: z.ZodType) => z.object({ items: z.array(item), nextCursor: z.null() });

export function barberRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Barbers';
  const one = { 200: { description: 'The barber.', body: answer, headers: { ETag: 'The version.' } } };

  async function requireBarber(networkId: string, id: string): Promise<BarberView> {
    const barber = await findBarber(em(), networkId, id);
    if (!barber) throw new Problem('not_found');
    return barber;
  }

  return [
    route({
      method: 'get', path: '/v1/barbers', scope: 'book', tag, summary: 'List barbers by name', query: z.strictObject({ shopId: uuid.optional(), ...page }),
      answers: { 200: { description: 'A page of barbers.', body: pageOf(answer) } }, problems: ['invalid_request'],
      handle: async ({ caller, query }) => ({ status: 200, body: await listBarbers(em(), caller.networkId, query.shopId ?? null, { limit: query.limit, cursor: query.cursor ?? null }) }),
    }),
    route({
      method: 'post', path: '/v1/barbers', scope: 'manage', tag, summary: 'Add a barber', body: fields,
      answers: { 201: { description: 'Added; give hours in a shop next.', body: answer } }, problems: ['invalid_request'],
      handle: async ({ caller, body }) => {
        const barber = await createBarber(em(), caller.networkId, body);
        return { ...versioned(barber, 201), headers: { Location: `/v1/barbers/${barber.id}`, ETag: `"${barber.version}"` } };
      },
    }),
    route({
      method: 'get', path: '/v1/barbers/:id', scope: 'book', tag, summary: 'Read a barber', params: idParams, answers: one, problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(await requireBarber(caller.networkId, params.id)),
    }),
    route({
      method: 'put', path: '/v1/barbers/:id', scope: 'manage', tag, summary: 'Change a barber', params: idParams, headers: ifMatchHeader, body: fields,
      answers: one, problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, body, header }) => versioned(await changeBarber(em(), caller.networkId, params.id, readIfMatch(header('if-match')), body)),
    }),
    route({
      method: 'delete', path: '/v1/barbers/:id', scope: 'manage', tag, summary: 'Archive a barber', params: idParams, headers: ifMatchHeader,
      answers: { 204: { description: 'Archived: no more bookings; appointments stay as they are.' } }, problems: ['not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, header }) => {
        await changeBarber(em(), caller.networkId, params.id, readIfMatch(header('if-match')), { archivedAt: now() });
        return { status: 204 };
      },
    }),
    route({
      method: 'get', path: '/v1/barbers/:id/hours', scope: 'book', tag, summary: 'List a barber\'s weekly hours in each shop', params: idParams,
      answers: { 200: { description: 'One entry a shop.', body: all(assignmentAnswer) } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireBarber(caller.networkId, params.id);
        return { status: 200, body: { items: (await listAssignments(em(), caller.networkId, params.id)).map(shown), nextCursor: null } };
      },
    }),
    route({
      method: 'put', path: '/v1/barbers/:id/hours/:shopId', scope: 'manage', tag, summary: 'Set a barber\'s weekly hours in a shop',
      description: 'If-Match "0" assigns the barber to the shop for the first time.', params: shopParams, headers: ifMatchHeader, body: week,
      answers: { 200: { description: 'The hours.', body: assignmentAnswer, headers: { ETag: 'The version.' } } },
      problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, body, header }) =>
        versioned(shown(await showCurrent(shown, putAssignment(em(), caller.networkId, { barberId: params.id, shopId: params.shopId }, readIfMatch(header('if-match')), body)))),
    }),
    route({
      method: 'delete', path: '/v1/barbers/:id/hours/:shopId', scope: 'manage', tag, summary: 'Take a barber off a shop', params: shopParams,
      answers: { 204: { description: 'Done; appointments stay as they are.' } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await removeAssignment(em(), caller.networkId, { barberId: params.id, shopId: params.shopId });
        return { status: 204 };
      },
    }),
    route({
      method: 'get', path: '/v1/barbers/:id/time-off', scope: 'book', tag, summary: 'List time off', params: idParams,
      answers: { 200: { description: 'By start.', body: all(timeOffAnswer) } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireBarber(caller.networkId, params.id);
        return { status: 200, body: { items: await listTimeOff(em(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
    route({
      method: 'post', path: '/v1/barbers/:id/time-off', scope: 'manage', tag, summary: 'Give time off', params: idParams, body: away,
      answers: { 201: { description: 'The barber is not offered then.', body: timeOffAnswer } }, problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params, body }) =>
        ({ status: 201, body: await addTimeOff(em(), caller.networkId, params.id, { startsAt: new Date(body.startsAt), endsAt: new Date(body.endsAt), reason: body.reason }) }),
    }),
    route({
      method: 'delete', path: '/v1/barbers/:id/time-off/:timeOffId', scope: 'manage', tag, summary: 'Take time off back', params: z.strictObject({ id: uuid, timeOffId: uuid }),
      answers: { 204: { description: 'Removed.' } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await removeTimeOff(em(), caller.networkId, params.id, params.timeOffId);
        return { status: 204 };
      },
    }),
  ];
}
