import { deleteOutlived } from '../src/db/housekeeping.ts';
import { endDelivery } from '../src/db/attempt.ts';
import { findOverdue, type Overdue } from '../src/db/overdue.ts';
import type { SendResult } from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';

export function createHousekeepingActivities({ orm, metrics, now }: ActivityDeps) {
  return {
    /** Deletes; repeating finds nothing left. */
    async deleteOutlived(): Promise<{ requests: number; contacts: number }> {
      return deleteOutlived(orm.em.fork());
    },

    /** A read. */
    async findOverdue({ policy }: { policy: { closeAfterSeconds?: number } }): Promise<Overdue[]> {
      return findOverdue(orm.em.fork(), now(), policy.closeAfterSeconds ?? 86_400);
    },

    /** Ends a delivery whose own activity could not. A final state is never left, so repeating changes nothing. */
    async settleDelivery(input: { networkId: string; deliveryId: string; why: 'cancelled' | 'lost' }): Promise<SendResult> {
      const state = input.why === 'cancelled' ? 'skipped' : 'parked';
      await endDelivery(orm.em.fork(), input.networkId, input.deliveryId, { state, errorClass: input.why, errorText: `the attempt was ${input.why}` });
      metrics.deliveries.inc({ kind: 'any', state });
      return { state };
    },
  };
}
