/** A waitlist's offer is a hold that knows its customer: taking it confirms the hold, declining it lets go. */
import { findAppointment, type AppointmentView } from '../db/appointment.ts';
import type { Who } from '../domain/change.ts';
import { Problem } from '../errors.ts';
import { createChanges } from './changing.ts';
import type { HttpDeps } from './deps.ts';

export function createOffers(deps: HttpDeps) {
  const change = createChanges(deps);

  return {
    /** Books it; repeating answers the same. Throws `hold_expired` when it came too late. */
    async accept(networkId: string, appointmentId: string, who: Who, key?: string): Promise<AppointmentView> {
      return change(networkId, appointmentId, { action: 'confirm', ...who }, key);
    },

    /** Its time is free for the next in line. What was booked meanwhile stays booked: then `not_allowed` is thrown. */
    async decline(networkId: string, appointmentId: string, who: Who, key?: string): Promise<AppointmentView> {
      const found = await findAppointment(deps.orm.em.fork(), networkId, appointmentId);
      if (!found) throw new Problem('not_found');
      if (found.status === 'cancelled' || found.status === 'expired') return found;
      if (found.status !== 'held') throw new Problem('not_allowed', { detail: 'The offer was taken.' });
      return change(networkId, appointmentId, { action: 'cancel', ...who, ifVersion: found.version }, key).catch(async (error: unknown) => {
        // It was answered between the look and the change; the caller has named no version, so none is refused.
        if (!(error instanceof Problem) || error.code !== 'precondition_failed') throw error;
        const now = await findAppointment(deps.orm.em.fork(), networkId, appointmentId);
        if (now?.status === 'cancelled' || now?.status === 'expired') return now;
        throw new Problem('not_allowed', { detail: 'The offer was taken.' });
      });
    },
  };
}
