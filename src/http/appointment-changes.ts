/** What can be done with an appointment over HTTP, one route for each action. */
import { z } from 'zod';
import { findAppointment } from '../db/appointment.ts';
import { findShopZone } from '../db/shop.ts';
import type { Action } from '../domain/appointment.ts';
import type { Change } from '../domain/change.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { appointmentAnswer, appointmentBody } from './appointment-view.ts';
import { refusals, resolveStart } from './booking.ts';
import type { Caller } from './caller.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch } from './if-match.ts';
import { asStaff, onBehalf, oneStart, oneStartFault, reason, wantedFields } from './order.ts';
import { route, type Answer, type Route, type RouteInput } from './route.ts';
import { uuid } from './schemas.ts';
import { checkVisit, toVisit } from './visit.ts';

const params = z.strictObject({ id: uuid });
const headers = {
  'If-Match': {
    required: false,
    description: 'The version that was read, as the ETag gave it: "3". With it, the change is made to that version only.',
  },
};
const answers = { 200: { description: 'The appointment as it is now.', body: appointmentAnswer, headers: { ETag: 'The version.' } } };
const always = [
  'invalid_request',
  'not_found',
  'precondition_failed',
  'not_allowed',
  'temporal_unavailable',
  'outcome_unknown',
] as const satisfies ProblemCode[];

const moveTo = z
  .strictObject({
    ...wantedFields,
    shopId: uuid.optional(),
    anyBarber: z.boolean().optional().meta({ description: 'The barber is kept unless this is true or another is named.' }),
    staff: asStaff.optional(),
  })
  .refine(oneStart, oneStartFault)
  .superRefine((body, context) => {
    if (body.serviceId !== undefined || body.services !== undefined || body.sameBarber !== undefined) checkVisit(body, context);
  })
  .refine((body) => !body.anyBarber || (body.barberId === undefined && body.services === undefined), {
    path: ['anyBarber'],
    message: 'goes without barberId and services',
  });

/** A later try of a request gets the same id from `newId`, and so the workflow's first answer. */
type Asked = Pick<RouteInput<never, never, never>, 'header' | 'newId'>;

export function appointmentChangeRoutes(deps: HttpDeps): Route[] {
  const { orm } = deps;
  const change = createChanges(deps);

  async function perform(
    caller: Caller,
    id: string,
    wanted: Omit<Extract<Change, { action: Exclude<Action, 'reschedule' | 'submit'> }>, 'actor' | 'source' | 'ifVersion'>,
    { header, newId }: Asked,
  ): Promise<Answer> {
    return answer(caller, id, { ...wanted, ...from(caller, header) }, newId());
  }

  async function answer(caller: Caller, id: string, wanted: Change, key: string): Promise<Answer> {
    const after = await change(caller.networkId, id, wanted, key);
    return { status: 200, body: appointmentBody(after), headers: { ETag: `"${after.version}"` } };
  }

  /** What is not said stays as it is: the shop, the services, and (unless any will do) the barber. */
  async function reschedule(caller: Caller, id: string, body: z.output<typeof moveTo>, { header, newId }: Asked): Promise<Answer> {
    const found = await findAppointment(orm.em.fork(), caller.networkId, id);
    if (!found) throw new Problem('not_found');
    const shopId = body.shopId ?? found.shopId;
    const kept = (barberId: string): string | null => body.barberId ?? (body.anyBarber ? null : barberId);
    const visit =
      body.services || body.serviceId
        ? toVisit({ ...body, ...(body.serviceId && { barberId: kept(found.barberId) ?? undefined }) })
        : {
            wishes: found.parts.map(({ serviceId, barberId }) => ({ serviceId, barberId: kept(barberId) })),
            sameBarber: new Set(found.parts.map((part) => part.barberId)).size === 1,
          };
    const zone = await findShopZone(orm.em.fork(), caller.networkId, shopId);
    if (!zone) throw new Problem('not_found', { faults: [{ path: '/shopId', message: 'is not known in this network, or not there' }] });
    const startsAt = new Date(body.startsAt ?? resolveStart(body.localStart!, zone)).toISOString();
    return answer(
      caller,
      id,
      {
        action: 'reschedule',
        to: { shopId, visit, startsAt },
        ...onBehalf(caller, body.staff),
        ...(body.staff && { reason: body.staff.reason }),
        ...from(caller, header),
      },
      newId(),
    );
  }

  const tag = 'Appointments';
  const at = (action: string) => `/v1/appointments/:id/${action}`;
  /** What only the shop does. */
  const byStaff = (
    path: string,
    action: 'approve' | 'check_in' | 'start' | 'complete' | 'mark_no_show' | 'refuse',
    summary: string,
    description: string,
    problems: ProblemCode[] = [],
  ): Route =>
    route({
      method: 'post',
      path: at(path),
      scope: 'manage',
      tag,
      params,
      headers,
      summary,
      description,
      answers,
      problems: [...always, ...problems],
      handle: ({ caller, params: { id }, ...asked }) => perform(caller, id, { action, by: 'staff' }, asked),
    });

  return [
    route({
      method: 'post',
      path: at('cancel'),
      scope: 'book',
      tag,
      params,
      headers,
      summary: 'Cancel an appointment',
      description:
        'The time is free when this answers; cancellation mails follow. Repeating it answers the same. ' +
        'After the cut-off of the policy it counts as late, or is refused; staff are exempt.',
      body: z.strictObject({ reason: reason.optional(), staff: asStaff.omit({ waive: true }).optional() }).optional(),
      answers,
      problems: [...always, 'already_begun', 'cancel_too_late', 'forbidden'],
      handle: ({ caller, params: { id }, body, ...asked }) => {
        const why = body?.staff?.reason ?? body?.reason;
        const { by } = onBehalf(caller, body?.staff && { ...body.staff, waive: [] });
        return perform(caller, id, { action: 'cancel', by, ...(why && { reason: why }) }, asked);
      },
    }),
    route({
      method: 'post',
      path: at('reschedule'),
      scope: 'book',
      tag,
      params,
      headers,
      summary: 'Move an appointment',
      description:
        'To another time, barber, shop or service; what is not said stays as it is. ' +
        'The new time is won before the old one is given up: a refusal leaves everything as it was, and says which times are free.',
      body: moveTo,
      answers,
      problems: [...always, 'already_begun', 'reschedule_too_late', 'forbidden', 'skipped_local_time', 'ambiguous_local_time', ...refusals],
      handle: ({ caller, params: { id }, body, ...asked }) => reschedule(caller, id, body, asked),
    }),
    route({
      method: 'post',
      path: at('confirm-attendance'),
      scope: 'book',
      tag,
      params,
      headers,
      summary: 'Note that the customer will come',
      description:
        'By staff also of a visit that could not take place as booked, and of which the customer was to choose another time: ' +
        'it takes place after all, and the customer is told.',
      body: z.strictObject({ staff: asStaff.omit({ waive: true }).optional() }).optional(),
      answers,
      problems: [...always, 'already_begun', 'forbidden'],
      handle: ({ caller, params: { id }, body, ...asked }) => {
        const { by } = onBehalf(caller, body?.staff && { ...body.staff, waive: [] });
        return perform(caller, id, { action: 'confirm_attendance', by, ...(body?.staff && { reason: body.staff.reason }) }, asked);
      },
    }),
    route({
      method: 'post',
      path: at('forgive'),
      scope: 'manage',
      tag,
      params,
      headers,
      summary: 'Let a late cancellation or a no-show no longer count',
      description: 'It stays as it is, but is no strike any more. Repeating it answers the same.',
      body: z.strictObject({ staff: asStaff.omit({ waive: true }) }),
      answers,
      problems: always,
      handle: ({ caller, params: { id }, body, ...asked }) =>
        perform(caller, id, { action: 'forgive', by: 'staff', reason: body.staff.reason }, asked),
    }),
    byStaff('approve', 'approve', 'Approve a request', 'Of a booking that waits for approval: it is confirmed, and everybody is told.'),
    byStaff('refuse', 'refuse', 'Refuse a request', 'Of a booking that waits for approval: its time is free, and the customer is told.'),
    byStaff(
      'check-in',
      'check_in',
      'Check a customer in',
      'Also of somebody who came after being marked as a no-show, if the time is still free.',
      ['too_early', 'slot_taken'],
    ),
    byStaff('start', 'start', 'Begin the visit', 'With or without a check-in before.', ['too_early']),
    byStaff('complete', 'complete', 'End the visit', 'What is left of its time is free again.', ['too_early']),
    byStaff(
      'no-show',
      'mark_no_show',
      'Note that the customer did not come',
      'What is left of the time is free again. A timer does the same where the policy has a grace period.',
      ['too_early'],
    ),
  ];
}

const from = (caller: Caller, header: (name: string) => string | undefined) => ({
  actor: `client:${caller.apiClientId}`,
  source: 'api' as const,
  ...(header('if-match') !== undefined && { ifVersion: readIfMatch(header('if-match')) }),
});
