/** Services over HTTP. */
import { z } from 'zod';
import { changeService, createService, findService, listServices, type ServiceFields } from '../db/service.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, putOf } from './rule-edit.ts';
import { agreeOnLength, readSegments, segments, segmentsAnswer, settings } from './rule-schemas.ts';
import { page, pageOf, text, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const currencies = new Set(Intl.supportedValuesOf('currency'));
const minutes = z.int().min(1).max(1440);

/** A length as minutes, as segments, or as both that agree; null is as good as nothing. */
export const length = { durationMinutes: minutes.nullable().default(null), segments: segments.nullable().default(null) };
export const disagree = { path: ['durationMinutes'], message: 'must be the sum of the segments' };
export const priceCents = z.int().min(0).max(100_000_000);

const fields = z
  .strictObject({
    name: text(200),
    ...length,
    priceCents,
    settings: settings.default({}),
    currency: z
      .string('must be a text')
      .refine((code) => currencies.has(code), 'must be an ISO 4217 code, such as EUR')
      .default('EUR'),
  })
  .refine((given) => readSegments(given) !== null, { path: ['durationMinutes'], message: 'give durationMinutes or segments' })
  .refine(agreeOnLength, disagree)
  .transform(({ durationMinutes, segments: given, ...rest }): ServiceFields => ({
    ...rest,
    segments: readSegments({ durationMinutes, segments: given })!,
  }));

const answer = z
  .object({
    id: z.string(),
    name: z.string(),
    durationMinutes: z.int(),
    segments: segmentsAnswer,
    priceCents: z.int(),
    currency: z.string(),
    settings,
    version: z.int(),
  })
  .meta({ id: 'Service' });

export function serviceRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Services';
  return [
    route({
      method: 'get',
      path: '/v1/services',
      scope: 'book',
      tag,
      summary: 'List services by name',
      query: z.strictObject(page),
      answers: { 200: { description: 'A page of services.', body: pageOf(answer) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query }) => ({
        status: 200,
        body: await listServices(em(), caller.networkId, { limit: query.limit, cursor: query.cursor ?? null }),
      }),
    }),
    route({
      method: 'post',
      path: '/v1/services',
      scope: 'manage',
      tag,
      summary: 'Add a service',
      description:
        'Its length comes as durationMinutes, or as segments: busy and free stretches in turn. ' +
        'In a free one (a colour sets) the barber may serve another customer.',
      body: fields,
      answers: { 201: { description: 'Added.', body: answer } },
      problems: ['invalid_request'],
      handle: async ({ caller, body, newId }) => {
        const service = await createService(em(), caller.networkId, body, newId());
        return { ...versioned(service, 201), headers: { Location: `/v1/services/${service.id}`, ETag: `"${service.version}"` } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/services/:id',
      scope: 'book',
      tag,
      summary: 'Read a service',
      params: idParams,
      answers: { 200: { description: 'The service.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const service = await findService(em(), caller.networkId, params.id);
        if (!service) throw new Problem('not_found');
        return versioned(service);
      },
    }),
    route({
      method: 'put',
      path: '/v1/services/:id',
      scope: 'manage',
      tag,
      summary: 'Change a service',
      params: idParams,
      body: fields,
      ...putOf(answer),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await changeService(em(), caller.networkId, params.id, readIfMatch(header('if-match')), body, editOptions(now, query)),
          (service) => service,
        ),
    }),
    route({
      method: 'delete',
      path: '/v1/services/:id',
      scope: 'manage',
      tag,
      summary: 'Archive a service',
      params: idParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await changeService(
            em(),
            caller.networkId,
            params.id,
            readIfMatch(header('if-match')),
            { archivedAt: now() },
            editOptions(now, query),
          ),
        ),
    }),
  ];
}
