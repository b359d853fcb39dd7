/** Dead letters over HTTP: what could not be delivered waits for a person, who has it tried again or gives it up. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  findDelivery,
  listDeadLetters,
  reopenDeadLetters,
  skipDeadLetters,
  type DeadLetterFilter,
  type DeadLetterView,
} from '../db/dead-letter.ts';
import { channels } from '../domain/channel.ts';
import { deliveryKinds, deliveryStates } from '../domain/effects.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { instant, page, pageOf, text, uuid } from './schemas.ts';

/** Of many at once, so many in one request; the answer says how many are left. */
const mostAtOnce = 1000;

/** Why a person gave one up: words of a closed list, so that nobody's data stands in it. */
const skipReasons = ['told_otherwise', 'obsolete', 'wrong_address', 'duplicate', 'other'] as const;

const narrowing = {
  shopId: uuid.optional(),
  kind: z.enum(deliveryKinds).optional(),
  channel: z.enum(channels).optional(),
  errorClass: text(40)
    .optional()
    .meta({
      description:
        'permanent, transient (tried until it was too late), unclear (likewise, and the provider may have it), sign_in, ' +
        'bounced (the address is known as dead), opted_out, undelivered (sent, and it did not arrive), lost.',
    }),
  parkedBefore: instant.optional(),
  parkedAfter: instant.optional(),
};
const filter = z.strictObject(narrowing);
const why = z.enum(skipReasons);

const deadLetter = z
  .object({
    id: z.string(),
    appointmentId: z.string(),
    workflowId: z.string(),
    shopId: z.string().nullable(),
    kind: z.enum(deliveryKinds),
    channel: z.enum(channels),
    errorClass: z.string(),
    errorText: z.string(),
    attempts: z.int(),
    retries: z.int(),
    dueAt: z.string(),
    firstTriedAt: z.string().nullable(),
    parkedAt: z.string(),
    usefulUntil: z.string(),
  })
  .meta({ id: 'DeadLetter' });
const state = z.object({
  id: z.string(),
  appointmentId: z.string(),
  state: z.enum(deliveryStates),
  retries: z.int(),
  errorClass: z.string().nullable(),
});
const many = z.object({ changed: z.int(), left: z.int() });

const utc = (at: string): string => toUtc(Date.parse(at));

const body = ({ dueAt, firstTriedAt, parkedAt, usefulUntil, ...rest }: DeadLetterView) => ({
  ...rest,
  workflowId: appointmentWorkflowId(rest.appointmentId),
  dueAt: utc(dueAt),
  firstTriedAt: firstTriedAt && utc(firstTriedAt),
  parkedAt: utc(parkedAt),
  usefulUntil: utc(usefulUntil),
});

function toFilter({ parkedBefore, parkedAfter, ...rest }: z.output<typeof filter>): DeadLetterFilter {
  const found = {
    ...rest,
    ...(parkedBefore !== undefined && { before: new Date(parkedBefore).toISOString() }),
    ...(parkedAfter !== undefined && { after: new Date(parkedAfter).toISOString() }),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

export function deadLetterRoutes(deps: HttpDeps): Route[] {
  const { orm } = deps;
  const workflow = createAppointmentCalls(deps);
  const [tag, path, params] = ['Dead letters', '/v1/dead-letters', z.strictObject({ id: uuid })];
  const actor = ({ apiClientId }: Caller): string => `client:${apiClientId}`;

  async function find(networkId: string, id: string) {
    const found = await findDelivery(orm.em.fork(), networkId, id);
    if (!found) throw new Problem('not_found');
    return found;
  }

  return [
    route({
      method: 'get',
      path,
      scope: 'manage',
      tag,
      summary: 'List what waits for a person, the oldest first',
      query: z.strictObject({ ...narrowing, ...page }),
      answers: { 200: { description: 'A page of dead letters.', body: pageOf(deadLetter) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query: { cursor = null, limit, ...given } }) => {
        const { items, nextCursor } = await listDeadLetters(orm.em.fork(), caller.networkId, toFilter(given), { cursor, limit });
        return { status: 200, body: { items: items.map(body), nextCursor } };
      },
    }),
    route({
      method: 'post',
      path: `${path}/retry`,
      scope: 'manage',
      tag,
      summary: 'Have many tried again',
      body: filter,
      description:
        `Up to ${mostAtOnce}, the oldest first; \`left\` says how many more there are. ` +
        `The appointments' workflows send them while they run, redelivery workflows the rest.`,
      answers: { 202: { description: 'They are on their way.', body: many } },
      problems: ['invalid_request', 'temporal_unavailable'],
      handle: async ({ caller, body: given }) => {
        await workflow.ready();
        const { changed, left } = await reopenDeadLetters(orm.em.fork(), caller.networkId, toFilter(given), actor(caller), mostAtOnce);
        if (changed.length > 0) await workflow.handOver(randomUUID());
        return { status: 202, body: { changed: changed.length, left } };
      },
    }),
    route({
      method: 'post',
      path: `${path}/skip`,
      scope: 'manage',
      tag,
      summary: 'Give many up',
      body: filter.extend({ reason: why }),
      description: `Up to ${mostAtOnce}, the oldest first; \`left\` says how many more there are.`,
      answers: { 200: { description: 'They wait no more.', body: many } },
      problems: ['invalid_request'],
      handle: async ({ caller, body: { reason, ...given } }) => {
        const { changed, left } = await skipDeadLetters(
          orm.em.fork(),
          caller.networkId,
          toFilter(given),
          actor(caller),
          reason,
          mostAtOnce,
        );
        await workflow.tellGivenUp(changed);
        return { status: 200, body: { changed: changed.length, left } };
      },
    }),
    route({
      method: 'post',
      path: `${path}/:id/retry`,
      scope: 'manage',
      tag,
      summary: 'Have one tried again',
      params,
      description:
        'With the same waits as at first. Whoever asks twice has it sent once. ' +
        'A retry sends also to an address that is marked as dead, not to one whose owner wants no messages.',
      answers: { 202: { description: "How it stands; read the appointment's deliveries for its end.", body: state } },
      problems: ['not_found', 'not_allowed', 'temporal_unavailable'],
      handle: async ({ caller, params: { id } }) => {
        const before = await find(caller.networkId, id);
        if (before.state !== 'parked' && before.state !== 'bounced' && before.retries === 0)
          throw new Problem('not_allowed', { detail: 'It does not wait for a person.' });
        await workflow.ready();
        const { changed } = await reopenDeadLetters(orm.em.fork(), caller.networkId, { ids: [id] }, actor(caller), 1);
        if (changed.length > 0) await workflow.handOver(randomUUID());
        const after = await find(caller.networkId, id);
        if (changed.length === 0 && after.state === 'bounced')
          throw new Problem('not_allowed', { detail: 'Something later was written to the same reader, after which it would be wrong.' });
        return { status: 202, body: { ...after } };
      },
    }),
    route({
      method: 'post',
      path: `${path}/:id/skip`,
      scope: 'manage',
      tag,
      summary: 'Give one up',
      params,
      body: z.strictObject({ reason: why }),
      answers: { 200: { description: 'It waits no more.', body: state } },
      problems: ['invalid_request', 'not_found', 'not_allowed'],
      handle: async ({ caller, params: { id }, body: { reason } }) => {
        await find(caller.networkId, id);
        const { changed } = await skipDeadLetters(orm.em.fork(), caller.networkId, { ids: [id] }, actor(caller), reason, 1);
        await workflow.tellGivenUp(changed);
        const after = await find(caller.networkId, id);
        if (after.state !== 'skipped') throw new Problem('not_allowed', { detail: 'It does not wait for a person.' });
        return { status: 200, body: { ...after } };
      },
    }),
  ];
}
