/** Changing an appointment: a look at the row for plain refusals, then its workflow, which follows with messages and timers. */
import { v5 as uuidv5 } from 'uuid';
import { findAppointment, findRequest, type AppointmentView } from '../db/appointment.ts';
import { changeAppointment } from '../db/change.ts';
import { judgeMove } from '../db/moving.ts';
import { actionsFrom, judgeAction, type Action } from '../domain/appointment.ts';
import type { Change, ChangeResult } from '../domain/change.ts';
import { Problem } from '../errors.ts';
import { appointmentBody, slotsBody } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';

/** UUIDv5 namespace of update ids. */
const updateNamespace = '0d3f9a0e-5b0b-5a59-8f4e-0a6d0c1f7e35';

export function createChanges(deps: HttpDeps) {
  const { orm, policy, now } = deps;
  const workflow = createAppointmentCalls(deps);
  const options = { now, closeAfterSeconds: policy.closeAfterSeconds ?? 86_400 };

  /**
   * Makes the change and answers the appointment as it is then; throws the Problem of a refusal, with the appointment's state. With a
   * `key`, repeating gets the first answer of the workflow, also when its state has moved on.
   */
  return async function change(networkId: string, id: string, wanted: Change, key?: string): Promise<AppointmentView> {
    const found = await findAppointment(orm.em.fork(), networkId, id);
    if (!found) {
      // Not decided yet: the workflow decides, then cancels what it has won.
      const request = wanted.action === 'cancel' ? await findRequest(orm.em.fork(), networkId, id) : null;
      if (!request || request.outcome) throw new Problem('not_found');
    } else if (await isDone(networkId, found, wanted)) {
      // A twin may have made the move between our reading and the judgement, which reads anew.
      return (wanted.action === 'reschedule' && (await findAppointment(orm.em.fork(), networkId, id))) || found;
    }
    await workflow.ready();
    const result =
      (await workflow.change(id, wanted, key && uuidv5(`${id} ${key}`, updateNamespace))) ??
      (await changeWithoutWorkflow(networkId, id, wanted, found));
    const after = await findAppointment(orm.em.fork(), networkId, id);
    if (!result.ok) throw refusal(result, after);
    if (!after) throw new Problem('not_found');
    return after;
  };

  /** Whether it is so already; throws what the row alone can refuse, so that a plain no costs no workflow. */
  async function isDone(networkId: string, found: AppointmentView, wanted: Change): Promise<boolean> {
    if (wanted.action === 'reschedule') {
      const judged = await judgeMove(orm.em.fork(), { networkId, appointmentId: found.id }, wanted, options);
      if ('possible' in judged) return false;
      if (!judged.ok) throw refusal(judged, await findAppointment(orm.em.fork(), networkId, found.id));
      return true;
    }
    const standing = {
      ...found,
      startsAt: Date.parse(found.startsAt),
      endsAt: Date.parse(found.endsAt),
      decideBy: found.decideBy === null ? null : Date.parse(found.decideBy),
    };
    const verdict = judgeAction(wanted.action, standing, wanted.by, now().getTime());
    if (verdict === 'already') return true;
    if (wanted.ifVersion !== undefined && wanted.ifVersion !== found.version)
      throw refusal({ ok: false, code: 'precondition_failed' }, found);
    if (!verdict.ok) throw refusal({ ok: false, code: verdict.code }, found);
    return false;
  }

  /** The workflow has ended: the visit is over, or a person ended the workflow before it. The same rules decide on the row. */
  async function changeWithoutWorkflow(
    networkId: string,
    appointmentId: string,
    wanted: Change,
    before: AppointmentView | null,
  ): Promise<ChangeResult> {
    const result = await changeAppointment(orm.em.fork(), { networkId, appointmentId }, wanted, options);
    if (result.ok && result.stand.effects.length > 0)
      await workflow.deliver({ appointmentId, networkId, policy, deliveries: result.stand.effects }, result.stand.version);
    if (result.ok && result.stand.freed && before)
      await workflow.lookAtWaitlist(networkId, before.shopId, `${appointmentId}-${result.stand.version}`);
    return result;
  }
}

/** The Problem of a refused change: what the appointment is instead, and what may be done with it. */
function refusal({ code, nearest }: Extract<ChangeResult, { ok: false }>, current: AppointmentView | null): Problem {
  return new Problem(code, {
    members: {
      ...(current && { current: appointmentBody(current), allowed: actionsFrom(current.status).flatMap((action) => asked[action] ?? []) }),
      ...(nearest && { nearest: slotsBody(nearest) }),
    },
  });
}

/** What callers may ask for, by the last word of its route; the rest is done by timers and operators. */
const asked: Partial<Record<Action, string>> = {
  confirm: 'confirm',
  approve: 'approve',
  refuse: 'refuse',
  reschedule: 'reschedule',
  confirm_attendance: 'confirm-attendance',
  cancel: 'cancel',
  check_in: 'check-in',
  start: 'start',
  complete: 'complete',
  mark_no_show: 'no-show',
  forgive: 'forgive',
};
