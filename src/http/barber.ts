/** Barbers, and their weekly hours in each shop, over HTTP. */
import { z } from 'zod';
import {
  changeBarber,
  createBarber,
  listAssignments,
  listBarbers,
  putAssignment,
  removeAssignment,
  requireBarber,
  type AssignmentView,
} from '../db/barber.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, putOf } from './rule-edit.ts';
import { periods, periodsAnswer, periodsView, settings } from './rule-schemas.ts';
import { email, locale, page, pageOf, text, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const shopParams = z.strictObject({ id: uuid, shopId: uuid });
const fields = z.strictObject({ name: text(200), email: email.nullable().default(null), locale, settings: settings.default({}) });

const answer = z
  .object({ id: z.string(), name: z.string(), email: z.string().nullable(), locale: z.string(), settings, version: z.int() })
  .meta({ id: 'Barber' });
const assignmentAnswer = z
  .object({ barberId: z.string(), shopId: z.string(), periods: periodsAnswer, version: z.int() })
  .meta({ id: 'Assignment' });
const shown = (view: AssignmentView) => ({ ...view, periods: periodsView(view.periods) });

export function barberRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Barbers';

  return [
    route({
      method: 'get',
      path: '/v1/barbers',
      scope: 'book',
      tag,
      summary: 'List barbers by name',
      query: z.strictObject({ shopId: uuid.optional(), ...page }),
      answers: { 200: { description: 'A page of barbers.', body: pageOf(answer) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query }) => ({
        status: 200,
        body: await listBarbers(em(), caller.networkId, query.shopId ?? null, { limit: query.limit, cursor: query.cursor ?? null }),
      }),
    }),
    route({
      method: 'post',
      path: '/v1/barbers',
      scope: 'manage',
      tag,
      summary: 'Add a barber',
      body: fields,
      answers: { 201: { description: 'Added; give hours in a shop next.', body: answer } },
      problems: ['invalid_request'],
      handle: async ({ caller, body, newId }) => {
        const barber = await createBarber(em(), caller.networkId, body, newId());
        return { ...versioned(barber, 201), headers: { Location: `/v1/barbers/${barber.id}`, ETag: `"${barber.version}"` } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/barbers/:id',
      scope: 'book',
      tag,
      summary: 'Read a barber',
      params: idParams,
      answers: { 200: { description: 'The barber.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(await requireBarber(em(), caller.networkId, params.id)),
    }),
    route({
      method: 'put',
      path: '/v1/barbers/:id',
      scope: 'manage',
      tag,
      summary: 'Change a barber',
      params: idParams,
      body: fields,
      ...putOf(answer),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await changeBarber(em(), caller.networkId, params.id, readIfMatch(header('if-match')), body, editOptions(now, query)),
          (barber) => barber,
        ),
    }),
    route({
      method: 'delete',
      path: '/v1/barbers/:id',
      scope: 'manage',
      tag,
      summary: 'Archive a barber',
      description: 'No more bookings; the appointments that are hit stay as they are.',
      params: idParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await changeBarber(
            em(),
            caller.networkId,
            params.id,
            readIfMatch(header('if-match')),
            { archivedAt: now() },
            editOptions(now, query),
          ),
        ),
    }),
    route({
      method: 'get',
      path: '/v1/barbers/:id/hours',
      scope: 'book',
      tag,
      summary: "List a barber's weekly hours in each shop",
      params: idParams,
      answers: { 200: { description: 'One entry a shop.', body: z.object({ items: z.array(assignmentAnswer), nextCursor: z.null() }) } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireBarber(em(), caller.networkId, params.id);
        return { status: 200, body: { items: (await listAssignments(em(), caller.networkId, params.id)).map(shown), nextCursor: null } };
      },
    }),
    route({
      method: 'put',
      path: '/v1/barbers/:id/hours/:shopId',
      scope: 'manage',
      tag,
      summary: "Set a barber's weekly hours in a shop",
      description:
        'By dated periods, both dates included, null for no end; "hours": null keeps the shop\'s opening hours. ' +
        'If-Match "0" assigns the barber to the shop for the first time. Hours in two shops must not overlap.',
      params: shopParams,
      body: z.strictObject({ periods }),
      ...putOf(assignmentAnswer),
      handle: async ({ caller, params, query, body, header }) => {
        const ids = { barberId: params.id, shopId: params.shopId };
        return editedBody(
          await showCurrent(
            shown,
            putAssignment(em(), caller.networkId, ids, readIfMatch(header('if-match')), body.periods, editOptions(now, query)),
          ),
          shown,
        );
      },
    }),
    route({
      method: 'delete',
      path: '/v1/barbers/:id/hours/:shopId',
      scope: 'manage',
      tag,
      summary: 'Take a barber off a shop',
      description: 'With the dated exceptions there; the appointments that are hit stay as they are.',
      params: shopParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) => {
        const ids = { barberId: params.id, shopId: params.shopId };
        return hitsBody(
          await showCurrent(shown, removeAssignment(em(), caller.networkId, ids, readIfMatch(header('if-match')), editOptions(now, query))),
        );
      },
    }),
  ];
}
