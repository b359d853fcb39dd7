/** How deliveries stand, counted: for the daily check that nothing due was forgotten. */
import type { DeliveryKind } from '../domain/effects.ts';
import type { EntityManager } from './orm.ts';

/**
 * Of one kind: how many were due, by how they ended; `late` are those that neither ended nor were taken back, well after their time: due
 * minus sent (or ended otherwise). It is zero unless a backlog drains slowly or something is broken.
 */
export type DeliverySummary = {
  kind: DeliveryKind;
  due: number;
  delivered: number;
  bounced: number;
  undone: number;
  parked: number;
  skipped: number;
  open: number;
  late: number;
};

/** An effect is given so long after its time; tries that wait for a provider are no reason to be late, since each has its next one. */
const grace = `interval '10 minutes'`;

/** Those due from one instant (ISO) to before another, by kind; of one network, or of all. */
export async function summariseDeliveries(
  em: EntityManager,
  networkId: string | null,
  from: string,
  to: string,
): Promise<DeliverySummary[]> {
  return em.execute<DeliverySummary[]>(
    `select kind, count(*)::int as due,
       ${['delivered', 'bounced', 'undone', 'parked', 'skipped']
         .map((state) => `count(*) filter (where state = '${state}')::int as ${state}`)
         .join(', ')},
       count(*) filter (where state in ('due', 'in_flight'))::int as open,
       count(*) filter (
         where state in ('due', 'in_flight') and withdrawn_at is null
           and greatest(due_at, next_try_at, attempt_began_at) < now() - ${grace})::int as late
     from delivery
     where due_at >= ?::timestamptz and due_at < ?::timestamptz and (?::uuid is null or network_id = ?::uuid)
     group by kind
     order by kind`,
    [from, to, networkId, networkId],
  );
}

/** How many are late, over all networks; for the metric. */
export async function countLate(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    `select count(*)::int as count
     from delivery
     where state in ('due', 'in_flight') and withdrawn_at is null
       and due_at < now() - ${grace} and greatest(due_at, next_try_at, attempt_began_at) < now() - ${grace}`,
  );
  return row?.count ?? 0;
}
