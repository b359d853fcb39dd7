/** What its own timer should have ended and has not: the workflow was terminated, or never began. */
import { wakeOf } from '../domain/appointment.ts';
import { MINUTE } from '../domain/time.ts';
import { Appointment } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';
import { standingOf } from './stand.ts';

/** A workflow is given so long after its time: worker and database may have been away. */
const graceMs = 10 * MINUTE;
const atOnce = 100;

/** An appointment, and what its timer would have done. */
export type Overdue = { networkId: string; appointmentId: string; action: 'expire' | 'cancel' | 'mark_no_show' | 'complete' };

/** The oldest first, and so many at once; the next run goes on. */
export async function findOverdue(em: EntityManager, now: Date, closeAfterSeconds: number): Promise<Overdue[]> {
  const overdue = new Date(now.getTime() - graceMs);
  const found = await em.execute<{ id: string }[]>(
    `select id
     from appointment
     where coalesce(decide_by, ends_at) < ?
       and status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started')
       and (decide_by is not null or ends_at < ?::timestamptz - make_interval(secs => ?))
     order by coalesce(decide_by, ends_at)
     limit ?`,
    [overdue, overdue, closeAfterSeconds, atOnce],
  );
  const rows = await em.find(Appointment, { id: { $in: found.map(({ id }) => id) } }, { disableIdentityMap: true });
  return rows.flatMap((row) => {
    const wake = wakeOf(standingOf(row), closeAfterSeconds);
    return wake && wake.action !== 'close' && wake.at <= overdue.getTime()
      ? [{ networkId: row.networkId, appointmentId: row.id, action: wake.action }]
      : [];
  });
}
