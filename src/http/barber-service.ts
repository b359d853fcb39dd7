/** A barber's own terms for services over HTTP: whether he gives them, and how long and dear they are with him. */
import { z } from 'zod';
import { listTerms, putTerms, readTerms, removeTerms, type TermsFields, type TermsView } from '../db/barber-service.ts';
import { lengthOf } from '../domain/rules.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, putOf } from './rule-edit.ts';
import { agreeOnLength, readSegments, segmentsAnswer, settings } from './rule-schemas.ts';
import { uuid } from './schemas.ts';
import { disagree, length, priceCents } from './service.ts';

const serviceParams = z.strictObject({ id: uuid, serviceId: uuid });
const idsOf = ({ id, serviceId }: z.output<typeof serviceParams>) => ({ barberId: id, serviceId });

const fields = z
  .strictObject({
    offered: z.boolean('must be true or false').default(true),
    ...length,
    priceCents: priceCents.nullable().default(null),
    settings: settings.default({}),
  })
  .refine(agreeOnLength, disagree)
  .transform(({ durationMinutes, segments, ...rest }): TermsFields => ({ ...rest, segments: readSegments({ durationMinutes, segments }) }));

const answer = z
  .object({
    barberId: z.string(),
    serviceId: z.string(),
    offered: z.boolean(),
    durationMinutes: z.int().nullable(),
    segments: segmentsAnswer.nullable(),
    priceCents: z.int().nullable(),
    settings,
    version: z.int(),
  })
  .meta({ id: 'BarberService', description: 'What differs from the catalogue; null where nothing does.' });
const shown = (terms: TermsView) => ({ ...terms, durationMinutes: terms.segments && lengthOf(terms.segments) });

export function barberServiceRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Barbers';
  const path = '/v1/barbers/:id/services/:serviceId';
  return [
    route({
      method: 'get',
      path: '/v1/barbers/:id/services',
      scope: 'book',
      tag,
      summary: "List a barber's own terms",
      params: z.strictObject({ id: uuid }),
      description: 'Services that are not listed are given as in the catalogue.',
      answers: {
        200: {
          description: 'One entry for each service with terms of its own.',
          body: z.object({ items: z.array(answer), nextCursor: z.null() }),
        },
      },
      problems: ['not_found'],
      handle: async ({ caller, params }) => ({
        status: 200,
        body: { items: (await listTerms(em(), caller.networkId, params.id)).map(shown), nextCursor: null },
      }),
    }),
    route({
      method: 'get',
      path,
      scope: 'book',
      tag,
      summary: "Read a barber's own terms for a service",
      params: serviceParams,
      answers: { 200: { description: 'The terms.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(shown(await readTerms(em(), caller.networkId, idsOf(params)))),
    }),
    route({
      method: 'put',
      path,
      scope: 'manage',
      tag,
      summary: "Set a barber's own terms for a service",
      description: 'What is left out or null is as in the catalogue. If-Match "0" sets terms where there are none.',
      params: serviceParams,
      body: fields,
      ...putOf(answer),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await showCurrent(
            shown,
            putTerms(em(), caller.networkId, idsOf(params), readIfMatch(header('if-match')), body, editOptions(now, query)),
          ),
          shown,
        ),
    }),
    route({
      method: 'delete',
      path,
      scope: 'manage',
      tag,
      summary: "Take a barber's own terms back",
      description: 'The catalogue holds again.',
      params: serviceParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await showCurrent(
            shown,
            removeTerms(em(), caller.networkId, idsOf(params), readIfMatch(header('if-match')), editOptions(now, query)),
          ),
        ),
    }),
  ];
}
