/** Dead sign-ins: what waits for one, how it comes back, and which shops are to hear of it. */
import type { MessageChannel } from '../domain/channel.ts';
import { reopenDeadLetters } from './dead-letter.ts';
import { passedOn } from './delivery-end.ts';
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
 * Shops whose messages a dead sign-in has stopped, or sent another way, and which have not heard of it for a day. It stops those that it
 * has parked, or had parked when they were opened for the second time: an account may answer, and refuse each message. Those that went on
 * by the next way count for a day, until something goes by the dead one again.
 */
export async function findShopsToTell(em: EntityManager): Promise<ShopToTell[]> {
  return em.execute<ShopToTell[]>(
    `with gone as (
       select channel, max(finished_at) as latest
       from delivery
       where first_tried_at > now() - interval '2 days' and state = 'delivered' and connection_id is null
       group by channel),
     stopped as (
       select ${shopOf} as shop_id, d.channel as way, 1 as waits
       from delivery d
       where d.error_class = 'sign_in' and d.connection_id is null and d.error_text is distinct from '${passedOn}'
         and (d.state = 'parked' or (d.state in ('due', 'in_flight') and d.retries > 1))
       union all
       select ${shopOf}, passed.way, 0
       from delivery d
       cross join lateral (select d.channels[array_position(d.channels, d.channel) - 1] as way) passed
       left join gone on gone.channel = passed.way
       where d.error_class = 'sign_in' and d.error_text = '${passedOn}' and d.first_tried_at > now() - interval '1 day'
         and coalesce(gone.latest, '-infinity') < d.first_tried_at)
     select s.id as "shopId", s.network_id as "networkId", s.name, s.email, s.phone, s.locale, stopped.way as channel,
       sum(stopped.waits)::int as count, (count(*) - sum(stopped.waits))::int as otherwise
     from stopped
     join shop s on s.id = stopped.shop_id
     where not exists (
       select from shop_told t
       where t.shop_id = s.id and t.channel = stopped.way and t.told_at > now() - interval '1 day')
     group by s.id, s.network_id, s.name, s.email, s.phone, s.locale, stopped.way`,
  );
}

export async function noteShopTold(
  em: EntityManager,
  { shopId, networkId, channel }: Pick<ShopToTell, 'shopId' | 'networkId' | 'channel'>,
): Promise<void> {
  await em.execute(
    `insert into shop_told (shop_id, network_id, channel)
     values (?, ?, ?)
     on conflict (shop_id, channel)
       do update set told_at = now()`,
    [shopId, networkId, channel],
  );
}
