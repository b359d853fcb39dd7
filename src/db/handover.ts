/** Effects that no workflow has at the moment, and that one is to take over: reopened by a person, drained after a sign-in, or lost. */
import type { Channel } from '../domain/channel.ts';
import type { DeliveryKind, PlannedDelivery } from '../domain/effects.ts';
import { waysLeft } from './delivery.ts';
import type { EntityManager } from './orm.ts';

/** What one workflow takes over. `round` tells a later handing over of the same from this one. */
export type Handover = { networkId: string; appointmentId: string; round: string; deliveries: PlannedDelivery[] };

/** The oldest first, up to `limit` appointments. */
export async function findHandovers(em: EntityManager, limit: number): Promise<Handover[]> {
  type Row = {
    network_id: string;
    appointment_id: string;
    round: string;
    rows: {
      id: string;
      kind: DeliveryKind;
      barberId: string | null;
      dueAt: string;
      usefulUntil: string;
      channels: Channel[];
      channel: Channel;
    }[];
  };
  const found = await em.execute<Row[]>(
    `select network_id, appointment_id, max(extract(epoch from handover_since) * 1000000)::bigint::text as round,
       json_agg(json_build_object(
         'id', id, 'kind', kind, 'barberId', barber_id, 'dueAt', due_at, 'usefulUntil', useful_until,
         'channels', channels, 'channel', channel) order by due_at, id) as rows
     from delivery
     where handover_since is not null
     group by network_id, appointment_id
     order by min(handover_since)
     limit ?`,
    [limit],
  );
  return found.map(({ network_id, appointment_id, round, rows }) => ({
    networkId: network_id,
    appointmentId: appointment_id,
    round,
    deliveries: rows.map(({ id, kind, barberId, dueAt, usefulUntil, channels, channel }) => ({
      id,
      kind,
      dueAt: new Date(dueAt).toISOString(),
      usefulUntil: new Date(usefulUntil).toISOString(),
      ...(barberId && { barberId }),
      channels: waysLeft(channels, channel),
    })),
  }));
}

/** A workflow has them now; what was reopened again meanwhile stays to be handed over. */
export async function noteHandover(em: EntityManager, { round, deliveries }: Handover): Promise<void> {
  await em.execute(
    'update delivery set handover_since = null where id = any(?::uuid[]) and extract(epoch from handover_since) * 1000000 <= ?::bigint',
    [`{${deliveries.map(({ id }) => id).join(',')}}`, round],
  );
}

/** They could not be handed over: all others that wait come first. */
export async function putHandoverBehind(em: EntityManager, { deliveries }: Handover): Promise<void> {
  await em.execute('update delivery set handover_since = now() where id = any(?::uuid[]) and handover_since is not null', [
    `{${deliveries.map(({ id }) => id).join(',')}}`,
  ]);
}

/**
 * No try of theirs is under way or ahead although it should be: whoever had them is gone. Well beyond any wait between two tries of
 * Temporal's own.
 */
const lostAfter = `interval '10 minutes'`;

/**
 * Marks up to `limit` lost effects to be handed over; what was withdrawn while it was in flight, and whose worker died, is ended. A backlog
 * that drains slowly is no loss: its turn has come only for what was due well before something that was begun lately.
 */
export async function reclaimLost(em: EntityManager, limit: number): Promise<number> {
  const isLost = `greatest(due_at, next_try_at, attempt_began_at) < now() - ${lostAfter}
    and (handover_since is null or handover_since < now() - ${lostAfter})`;
  await em.execute(
    `update delivery set state = 'skipped', finished_at = now() where state = 'in_flight' and withdrawn_at is not null and ${isLost}`,
  );
  const lost = await em.execute<{ id: string }[]>(
    `with begun as (
       select channel, max(due_at) as latest
       from delivery
       where first_tried_at > now() - interval '25 hours' and attempt_began_at > now() - interval '1 hour' and attempts > 0
       group by channel)
     update delivery
     set state = 'due', handover_since = now()
     where id in (
       select id
       from delivery d
       where state in ('due', 'in_flight') and withdrawn_at is null and ${isLost}
         and greatest(due_at, next_try_at)
           < coalesce((select latest from begun where begun.channel = d.channel), now()) - interval '5 minutes'
       order by due_at
       limit ?
       for update skip locked)
     returning id`,
    [limit],
  );
  return lost.length;
}
