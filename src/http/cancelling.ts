import { cancelAppointment, findAppointment, findRequest } from '../db/appointment.ts';
import type { CancelResult } from '../domain/appointment.ts';
import { Problem } from '../errors.ts';
import { appointmentBody } from './appointment-view.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import type { Answer } from './route.ts';

/** Cancels through the workflow, which frees the time and tells everybody; answers with the row as it is then. */
export function createCancel(deps: HttpDeps) {
  const { orm, policy, now } = deps;
  const workflow = createAppointmentCalls(deps);

  return async function cancel(caller: Caller, id: string): Promise<Answer> {
    const { networkId } = caller;
    const actor = `client:${caller.apiClientId}`;
    const found = await findAppointment(orm.em.fork(), networkId, id);
    const request = found ? null : await findRequest(orm.em.fork(), networkId, id);
    if (!found && (!request || request.outcome)) throw new Problem('not_found');
    if (found?.status !== 'cancelled') {
      await workflow.ready();
      const result = (await workflow.cancel(id, actor)) ?? (await cancelWithoutWorkflow(networkId, id, actor));
      if (!result.ok) throw new Problem(result.code);
    }
    const cancelled = await findAppointment(orm.em.fork(), networkId, id);
    if (!cancelled) throw new Problem('not_found');
    return { status: 200, body: appointmentBody(cancelled), headers: { ETag: `"${cancelled.version}"` } };
  };

  /** The workflow has ended: the visit is over, or a person ended the workflow before it. The same rules decide on the row. */
  async function cancelWithoutWorkflow(networkId: string, appointmentId: string, actor: string): Promise<CancelResult> {
    const result = await cancelAppointment(orm.em.fork(), { networkId, appointmentId }, actor, now());
    if (result.ok && result.deliveries.length > 0) await workflow.deliver({ appointmentId, networkId, policy, deliveries: result.deliveries });
    return result;
  }
}
