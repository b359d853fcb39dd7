/** Dead sign-ins: what waits for one, how it comes back, and which shops are to hear of it. */
import type { MessageChannel } from '../domain/channel.ts';
import { reopenDeadLetters } from './dead-letter.ts';
import { shopOf } from './delivery.ts';
import type { EntityManager } from './orm.ts';

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
  email: string | null;
  phone: string | null;
  locale: string;
  /** Whose sign-in is dead. */
  channel: MessageChannel;
  /** So many messages wait for it, and so many went by another way since yesterday. */
  count: number;
  otherwise: number;
};

/**
 * In SQL: the way of a delivery `d` whose sign-in is dead, or null. It has parked `d`, or had when that was opened again (after the second
 * time, that is no sign any more that it works: an account may answer, and refuse each message); or `d` went on by the next way, and
 * nothing has gone by the dead one since.
 */
const deadWay = `case
  when d.error_class is distinct from 'sign_in' or d.connection_id is not null then null
  when d.state = 'parked' or (d.state in ('due', 'in_flight') and d.retries > 1) then d.channel
  when d.channel <> d.channels[1] and d.first_tried_at > now() - interval '1 day'
    and not exists (
      select from delivery gone
      where gone.channel = d.channels[array_position(d.channels, d.channel) - 1] and gone.first_tried_at > now() - interval '1 day'
        and gone.state = 'delivered' and gone.finished_at > d.first_tried_at)
    then d.channels[array_position(d.channels, d.channel) - 1]
end`;

/** Shops whose messages a dead sign-in has stopped or sent another way, and which have not heard of it for a day. */
export async function findShopsToTell(em: EntityManager): Promise<ShopToTell[]> {
  return em.execute<ShopToTell[]>(
    `select s.id as "shopId", s.network_id as "networkId", s.name, s.email, s.phone, s.locale, dead.way as channel,
       (count(*) filter (where d.channel = dead.way))::int as count, (count(*) filter (where d.channel <> dead.way))::int as otherwise
     from delivery d
     cross join lateral (select ${deadWay} as way) dead
     join shop s on s.id = ${shopOf}
     where d.error_class = 'sign_in' and dead.way is not null
     group by s.id, s.network_id, s.name, s.email, s.phone, s.locale, dead.way
     having coalesce(max(d.told_at), '-infinity') < now() - interval '1 day'`,
  );
}

export async function noteShopTold(em: EntityManager, { shopId, channel }: Pick<ShopToTell, 'shopId' | 'channel'>): Promise<void> {
  await em.execute(
    `update delivery d
     set told_at = now()
     where d.error_class = 'sign_in' and ${deadWay} = ? and ${shopOf} = ?`,
    [channel, shopId],
  );
}
