/** Sick calls and closures over HTTP: one operation takes all visits of a day elsewhere. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { z } from 'zod';
import { beginRelocation, listRelocations, listRelocationVisits, type RelocationView, type RelocationVisitView } from '../db/relocation.ts';
import { relocationModes, relocationReasons, visitStates } from '../domain/relocation.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { relocationWorkflowId, type RelocationWorkflow } from '../../workflows/messages.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { localDate, uuid } from './schemas.ts';

const newRelocation = z
  .strictObject({
    barberId: uuid.optional().meta({ description: 'Who is away on that date, in all shops. Either this or shopId.' }),
    shopId: uuid.optional().meta({ description: 'Which shop is closed on that date.' }),
    date: localDate.meta({
      description: "In the zone of each shop concerned; what begins after midnight in a night's hours belongs to it.",
    }),
    mode: z.enum(relocationModes).meta({
      description:
        'move: each visit goes to another barber at the same time, else to the nearest free time of the day; ' +
        'where there is none, and with offer, the customer is asked to choose.',
    }),
    reason: z.enum(relocationReasons),
    toShopId: uuid.optional().meta({ description: 'Where the visits of a closed shop move to; goes with shopId and the mode move.' }),
    withinMinutes: z.int().min(0).max(1440).default(120).meta({ description: 'How far a visit may be moved from its time.' }),
  })
  .superRefine(({ barberId, shopId, toShopId, mode }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((barberId === undefined) === (shopId === undefined)) return refuse('barberId', 'send either barberId or shopId');
    if (toShopId === undefined) {
      if (shopId !== undefined && mode === 'move') refuse('toShopId', 'is needed: the visits of a closed shop can only move to another');
    } else if (shopId === undefined || mode !== 'move') refuse('toShopId', 'goes with shopId and the mode "move"');
    else if (toShopId === shopId) refuse('toShopId', 'is the shop that is closed');
  });

const shape = {
  id: z.string(),
  barberId: z.string().nullable(),
  shopId: z.string().nullable(),
  toShopId: z.string().nullable(),
  date: z.string(),
  mode: z.enum(relocationModes),
  reason: z.string(),
  withinMinutes: z.int(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
  progress: z.object({ total: z.int(), moved: z.int(), offered: z.int(), gone: z.int(), stuck: z.int(), left: z.int() }),
};
const visit = z.object({
  appointmentId: z.string(),
  position: z.int(),
  state: z.enum(visitStates),
  code: z.string().nullable(),
  settledAt: z.string().nullable(),
  startedAt: z.string(),
  now: z.object({ status: z.string(), shopId: z.string(), barberId: z.string(), startsAt: z.string() }),
});
const brief = z.object(shape).meta({ id: 'Relocation' });
const full = z.object({ ...shape, visits: z.array(visit) }).meta({ id: 'RelocationWithVisits' });

const briefBody = ({ counts: { waiting, ...counts }, createdAt, finishedAt, ...rest }: RelocationView) => ({
  ...rest,
  createdAt: toUtc(Date.parse(createdAt)),
  finishedAt: finishedAt && toUtc(Date.parse(finishedAt)),
  progress: { total: Object.values(counts).reduce((sum, count) => sum + count, waiting), ...counts, left: waiting },
});
const visitBody = ({ settledAt, startedAt, now, ...rest }: RelocationVisitView) => ({
  ...rest,
  settledAt: settledAt && toUtc(Date.parse(settledAt)),
  startedAt: toUtc(Date.parse(startedAt)),
  now: { ...now, startsAt: toUtc(Date.parse(now.startsAt)) },
});

export function relocationRoutes(deps: HttpDeps): Route[] {
  const { orm, config, temporal, policy, now, log } = deps;
  const { ready } = createAppointmentCalls(deps);
  const [tag, path] = ['Relocations', '/v1/relocations'];

  /** Starts the workflow, or joins the one that runs; one that a person has ended goes on where it was. */
  async function start(networkId: string, relocationId: string): Promise<void> {
    try {
      await temporal.connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        temporal.client.workflow.start<RelocationWorkflow>('relocation', {
          workflowId: relocationWorkflowId(relocationId),
          taskQueue: config.temporal.taskQueue,
          args: [{ networkId, relocationId, policy }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        }),
      );
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return;
      log.warn({ relocationId, error: error instanceof Error ? error.name : 'unknown' }, 'a relocation was not started');
      throw new Problem('outcome_unknown', {
        detail: 'The day is blocked; it is not known yet whether its visits are being moved. Repeat the request; it is harmless.',
        retryAfterSeconds: 5,
      });
    }
  }

  async function read(networkId: string, id: string) {
    const [found] = await listRelocations(orm.em.fork(), networkId, { id });
    if (!found) throw new Problem('not_found');
    return { ...briefBody(found), visits: (await listRelocationVisits(orm.em.fork(), networkId, id)).map(visitBody) };
  }

  return [
    route({
      method: 'post',
      path,
      scope: 'manage',
      tag,
      summary: 'Take all visits of a day elsewhere',
      description:
        'When this answers, the day is blocked (time off or a closure that can be removed like any other) ' +
        'and its visits are listed; they are then moved one after another, and each customer is told once. ' +
        'While it runs, asking again for the same barber or shop and date joins it, as it is.',
      body: newRelocation,
      answers: { 202: { description: 'It runs; how far it is stands at Location.', body: full, headers: { Location: 'The relocation.' } } },
      problems: ['invalid_request', 'not_found', 'temporal_unavailable', 'outcome_unknown'],
      handle: async ({ caller: { networkId, apiClientId }, body, newId }) => {
        await ready();
        const { barberId = null, shopId = null, toShopId = null, ...rest } = body;
        const id = await beginRelocation(
          orm.em.fork(),
          networkId,
          { ...rest, barberId, shopId, toShopId, createdBy: `client:${apiClientId}` },
          now(),
          newId(),
        );
        await start(networkId, id);
        return { status: 202, body: await read(networkId, id), headers: { Location: `${path}/${id}` } };
      },
    }),
    route({
      method: 'get',
      path,
      scope: 'manage',
      tag,
      summary: 'List relocations',
      query: z.strictObject({ date: localDate.optional() }),
      answers: {
        200: { description: 'The newest 100, of that date or of all.', body: z.object({ items: z.array(brief), nextCursor: z.null() }) },
      },
      problems: ['invalid_request'],
      handle: async ({ caller, query: { date } }) => ({
        status: 200,
        body: { items: (await listRelocations(orm.em.fork(), caller.networkId, { date })).map(briefBody), nextCursor: null },
      }),
    }),
    route({
      method: 'get',
      path: `${path}/:id`,
      scope: 'manage',
      tag,
      summary: 'Read how far a relocation is',
      params: z.strictObject({ id: uuid }),
      answers: {
        200: {
          description:
            'Each visit in order, what became of it, and where it is now. ' +
            'A code says why a customer had to be asked, or what a person must see to.',
          body: full,
        },
      },
      problems: ['not_found'],
      handle: async ({ caller, params }) => ({ status: 200, body: await read(caller.networkId, params.id) }),
    }),
  ];
}
