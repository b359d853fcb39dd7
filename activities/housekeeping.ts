import { endArchived, listSealed, replaceSecrets } from '../src/db/calendar-connection.ts';
import { deleteOutlived } from '../src/db/housekeeping.ts';
import { endDelivery } from '../src/db/delivery-end.ts';
import { summariseDeliveries } from '../src/db/delivery-summary.ts';
import { DAY } from '../src/domain/time.ts';
import { findOverdue, type Overdue } from '../src/db/overdue.ts';
import type { SendResult } from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';
import { toResult } from './send-result.ts';

export function createHousekeepingActivities({ orm, calendars, log, metrics, now }: ActivityDeps) {
  return {
    /** Deletes, ends what nobody needs any more, and seals anew what is sealed under an old key; repeating finds nothing left. */
    async deleteOutlived(): Promise<{ requests: number; contacts: number }> {
      for (const { id, secrets } of await listSealed(orm.em.fork())) {
        const anew = await calendars.reseal({ id, secrets });
        if (anew) await replaceSecrets(orm.em.fork(), id, secrets, anew);
      }
      const deleted = await deleteOutlived(orm.em.fork());
      // Their sign-ins are forgotten the next time: until then providers can be told to call no more.
      await endArchived(orm.em.fork(), now());
      return deleted;
    },

    /** The daily check: due minus sent is zero. A read. */
    async checkReminders(): Promise<{ due: number; late: number }> {
      const at = now().getTime();
      const kinds = await summariseDeliveries(orm.em.fork(), null, new Date(at - DAY).toISOString(), new Date(at).toISOString());
      const late = kinds.reduce((sum, each) => sum + each.late, 0);
      const reminders = kinds.find(({ kind }) => kind === 'reminder_customer');
      log[late > 0 ? 'warn' : 'info']({ late, reminders }, 'deliveries of the last day, counted');
      return { due: reminders?.due ?? 0, late };
    },

    /** A read. */
    async findOverdue({ policy }: { policy: { closeAfterSeconds?: number } }): Promise<Overdue[]> {
      return findOverdue(orm.em.fork(), now(), policy.closeAfterSeconds ?? 86_400);
    },

    /** Ends a delivery whose own activity could not, unless its last attempt has. Repeating changes nothing. */
    async settleDelivery(input: { networkId: string; deliveryId: string; why: 'cancelled' | 'lost' }): Promise<SendResult> {
      const how = {
        state: input.why === 'cancelled' ? 'skipped' : 'parked',
        errorClass: input.why,
        errorText: `the attempt was ${input.why}`,
      } as const;
      const state = await endDelivery(orm.em.fork(), input.networkId, input.deliveryId, how);
      metrics.deliveries.inc({ kind: 'any', state });
      return toResult(state);
    },
  };
}
