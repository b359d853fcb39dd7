import { findAppointment, findRequest } from '../db/appointment.ts';
import { Problem } from '../errors.ts';
import { appointmentBody } from './appointment-view.ts';
import { createDecide } from './appointment-workflow.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import type { Answer } from './route.ts';

/** Cancels through the workflow, which frees the time and tells everybody; answers with the row as it is then. */
export function createCancel(deps: HttpDeps) {
  const { orm } = deps;
  const workflow = createDecide(deps);

  return async function cancel(caller: Caller, id: string): Promise<Answer> {
    const found = await findAppointment(orm.em.fork(), caller.networkId, id);
    const request = found ? null : await findRequest(orm.em.fork(), caller.networkId, id);
    if (!found && (!request || request.outcome)) throw new Problem('not_found');
    if (found?.status !== 'cancelled') {
      await workflow.ready();
      const result = await workflow.cancel(id, `client:${caller.apiClientId}`);
      if (result && !result.ok) throw new Problem(result.code);
    }
    const cancelled = await findAppointment(orm.em.fork(), caller.networkId, id);
    if (!cancelled) throw new Problem('not_found');
    // The workflow has ended and the row is still confirmed: the visit is over.
    if (cancelled.status !== 'cancelled') throw new Problem('already_begun');
    return { status: 200, body: appointmentBody(cancelled), headers: { ETag: `"${cancelled.version}"` } };
  };
}
