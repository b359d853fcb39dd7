/** The caller's network over HTTP. */
import { z } from 'zod';
import { changeNetwork, readNetwork } from '../db/network.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { editedBody, editOptions, putOf } from './rule-edit.ts';
import { settings } from './rule-schemas.ts';
import { text } from './schemas.ts';

const fields = z.strictObject({ name: text(200), settings: settings.default({}) });
const answer = z.object({ id: z.string(), slug: z.string(), name: z.string(), settings, version: z.int() }).meta({ id: 'Network' });

export function networkRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Network';
  return [
    route({
      method: 'get',
      path: '/v1/network',
      scope: 'book',
      tag,
      summary: 'Read the network of this API key',
      answers: { 200: { description: 'The network.', body: answer, headers: { ETag: 'The version.' } } },
      problems: [],
      handle: async ({ caller }) => versioned(await readNetwork(em(), caller.networkId)),
    }),
    route({
      method: 'put',
      path: '/v1/network',
      scope: 'manage',
      tag,
      summary: 'Change the network',
      description: "Its settings hold wherever shop, service, barber or the barber's terms say nothing else.",
      body: fields,
      ...putOf(answer),
      handle: async ({ caller, query, body, header }) =>
        editedBody(
          await changeNetwork(em(), caller.networkId, readIfMatch(header('if-match')), body, editOptions(now, query)),
          (network) => network,
        ),
    }),
  ];
}
