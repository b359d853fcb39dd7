/** Effects that no workflow has at the moment, and that one is to take over: reopened by a person, drained after a sign-in, or lost. */
import type { Channel, MessageChannel } from '../domain/channel.ts';
import type { DeliveryKind, PlannedDelivery } from '../domain/effects.ts';
import { reopenDeadLetters } from './dead-letter.ts';
import { shopOf, waysLeft } from './delivery.ts';
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
    `update delivery
     set state = 'due', handover_since = now()
     where id in (
       select id
       from delivery d
       where state in ('due', 'in_flight') and withdrawn_at is null and ${isLost}
         and greatest(due_at, next_try_at) < coalesce(
           (select max(due_at)
            from delivery begun
            where begun.first_tried_at > now() - interval '1 hour' and begun.channel = d.channel),
           now()) - interval '5 minutes'
       order by due_at
       limit ?
       for update skip locked)
     returning id`,
    [limit],
  );
  return lost.length;
}

/** By which ways a dead sign-in of ours has parked messages. Calendars have their owners'. */
export async function findSignedOut(em: EntityManager): Promise<MessageChannel[]> {
  const rows = await em.execute<{ channel: MessageChannel }[]>(
    `select distinct channel from delivery where state = 'parked' and error_class = 'sign_in' and connection_id is null`,
  );
  return rows.map(({ channel }) => channel);
}

/**
 * The sign-in works again: what it has parked is opened again, up to `limit` for each network. An account may answer, and refuse each
 * message all the same: where what was opened was parked again, and nothing went since, one is tried alone, the rest after it has gone.
 */
export async function reopenSignedOut(em: EntityManager, channel: MessageChannel, limit: number): Promise<number> {
  const [probe] = await em.execute<{ id: string; network_id: string }[]>(
    `select d.id, d.network_id
     from delivery d
     where d.state = 'parked' and d.error_class = 'sign_in' and d.channel = ? and d.retries > 0
       and not exists (
         select from delivery gone
         where gone.channel = d.channel and gone.state = 'delivered' and gone.finished_at > d.finished_at)
     order by d.finished_at
     limit 1`,
    [channel],
  );
  if (probe)
    return (await reopenDeadLetters(em, probe.network_id, { ids: [probe.id], errorClass: 'sign_in', channel }, 'housekeeping', 1)).changed
      .length;
  const networks = await em.execute<{ network_id: string }[]>(
    `select distinct network_id from delivery where state = 'parked' and error_class = 'sign_in' and channel = ?`,
    [channel],
  );
  let reopened = 0;
  for (const { network_id } of networks)
    reopened += (await reopenDeadLetters(em, network_id, { errorClass: 'sign_in', channel }, 'housekeeping', limit)).changed.length;
  return reopened;
}

/**
 * Calendars whose owner has signed in again, while something still waits for that: a try was just ending as he did, or whoever let it go
 * was interrupted. Should the sign-in be refused all the same, that is noted at the connection, and nothing here concerns it any more.
 * @returns how many were opened, up to `limit` for each calendar.
 */
export async function reopenSignedIn(em: EntityManager, limit: number): Promise<number> {
  const found = await em.execute<{ network_id: string; connection_id: string }[]>(
    `select distinct d.network_id, d.connection_id from delivery d join calendar_connection c on c.id = d.connection_id
     where d.state = 'parked' and d.error_class = 'sign_in' and c.state = 'connected'`,
  );
  let reopened = 0;
  for (const { network_id, connection_id } of found)
    reopened += (await reopenDeadLetters(em, network_id, { connectionId: connection_id, errorClass: 'sign_in' }, 'housekeeping', limit))
      .changed.length;
  return reopened;
}

export type ShopToTell = {
  shopId: string;
  networkId: string;
  name: string;
  email: string;
  locale: string;
  channel: MessageChannel;
  count: number;
  since: string;
};

/**
 * In SQL: a dead sign-in has parked `d`, or had when it was opened again; after the second time, that is no sign any more that it works (an
 * account may answer, and refuse each message).
 */
const waitsForSignIn = `d.error_class = 'sign_in' and (d.state = 'parked' or (d.state in ('due', 'in_flight') and d.retries > 1))`;

/**
 * Shops whose messages wait for a sign-in, and which have not heard of it for a day. A dead sign-in of the mail itself cannot be told by
 * mail.
 */
export async function findShopsToTell(em: EntityManager): Promise<ShopToTell[]> {
  return em.execute<ShopToTell[]>(
    `select s.id as "shopId", s.network_id as "networkId", s.name, s.email, s.locale, d.channel, count(*)::int as count,
       to_char(min(d.finished_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from delivery d
     join shop s on s.id = ${shopOf}
     where ${waitsForSignIn} and d.channel <> 'mail' and d.connection_id is null and s.email is not null
     group by s.id, s.network_id, s.name, s.email, s.locale, d.channel
     having coalesce(max(d.told_at), '-infinity') < now() - interval '1 day'`,
  );
}

export async function noteShopTold(em: EntityManager, { shopId, channel }: ShopToTell): Promise<void> {
  await em.execute(
    `update delivery d
     set told_at = now()
     where ${waitsForSignIn} and d.channel = ? and ${shopOf} = ?`,
    [channel, shopId],
  );
}
