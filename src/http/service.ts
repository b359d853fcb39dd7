/** Services over HTTP. */
import { z } from 'zod';
import { changeService, createService, findService, listServices } from '../db/service.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { ifMatchHeader, readIfMatch, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { page, pageOf, settings, text, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const fields = z.strictObject({
  name: text(200), durationMinutes: z.int().min(1).max(1440), bufferBeforeMinutes: z.int().min(0).max(240).default(0), bufferAfterMinutes: z.int().min(0).max(240).default(0),
  priceCents: z.int().min(0).max(100_000_000), currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as EUR').default('EUR'), settings: settings.default({}),
});
const answer = z.object({
  id: z.string(), name: z.string(), durationMinutes: z.int(), bufferBeforeMinutes: z.int(), bufferAfterMinutes: z.int(),
  priceCents: z.int(), currency: z.string(), settings, version: z.int(),
}).meta({ id: 'Service' });

export function serviceRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Services';
  const one = { 200: { description: 'The service.', body: answer, headers: { ETag: 'The version.' } } };
  return [
    route({
      method: 'get', path: '/v1/services', scope: 'book', tag, summary: 'List services by name', query: z.strictObject(page),
      answers: { 200: { description: 'A page of services.', body: pageOf(answer) } }, problems: ['invalid_request'],
      handle: async ({ caller, query }) => ({ status: 200, body: await listServices(em(), caller.networkId, { limit: query.limit, cursor: query.cursor ?? null }) }),
    }),
    route({
      method: 'post', path: '/v1/services', scope: 'manage', tag, summary: 'Add a service', body: fields,
      answers: { 201: { description: 'Added.', body: answer } }, problems: ['invalid_request'],
      handle: async ({ caller, body }) => {
        const service = await createService(em(), caller.networkId, body);
        return { ...versioned(service, 201), headers: { Location: `/v1/services/${service.id}`, ETag: `"${service.version}"` } };
      },
    }),
    route({
      method: 'get', path: '/v1/services/:id', scope: 'book', tag, summary: 'Read a service', params: idParams, answers: one, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const service = await findService(em(), caller.networkId, params.id);
        if (!service) throw new Problem('not_found');
        return versioned(service);
      },
    }),
    route({
      method: 'put', path: '/v1/services/:id', scope: 'manage', tag, summary: 'Change a service', params: idParams, headers: ifMatchHeader, body: fields,
      answers: one, problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, body, header }) => versioned(await changeService(em(), caller.networkId, params.id, readIfMatch(header('if-match')), body)),
    }),
    route({
      method: 'delete', path: '/v1/services/:id', scope: 'manage', tag, summary: 'Archive a service', params: idParams, headers: ifMatchHeader,
      answers: { 204: { description: 'Archived: it can no longer be booked.' } }, problems: ['not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, header }) => {
        await changeService(em(), caller.networkId, params.id, readIfMatch(header('if-match')), { archivedAt: now() });
        return { status: 204 };
      },
    }),
  ];
}
