/** What was sent where, for development's page: the newest deliveries of a network, with the names of their readers. */
import type { Channel } from '../domain/channel.ts';
import type { DeliveryKind, DeliveryState } from '../domain/effects.ts';
import type { EntityManager } from './orm.ts';

/** Instants are ISO text in UTC. */
export type SentView = {
  id: string;
  appointmentId: string;
  kind: DeliveryKind;
  channel: Channel;
  state: DeliveryState;
  errorClass: string | null;
  errorText: string | null;
  attempts: number;
  /** When it ended, or was tried, or written. */
  at: string;
  /** When it is to be sent, or tried again; null when it has ended. */
  dueAt: string | null;
  /** Null: erased, or there is none. */
  readerName: string | null;
  shopName: string | null;
  providerId: string | null;
};

export type SentFilter = { state?: DeliveryState; channel?: Channel };

const at = 'coalesce(d.finished_at, d.attempt_began_at, d.created_at)';
const iso = (instant: string): string => `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Those with which something happened last come first. */
export async function listSent(em: EntityManager, networkId: string, { state, channel }: SentFilter, limit: number): Promise<SentView[]> {
  return em.execute<SentView[]>(
    `select d.id, d.appointment_id as "appointmentId", d.kind, d.channel, d.state,
       d.error_class as "errorClass", d.error_text as "errorText", d.attempts, d.provider_id as "providerId",
       ${iso(at)} as at, case when d.finished_at is null then ${iso('greatest(d.due_at, d.next_try_at)')} end as "dueAt",
       case when right(d.kind, 7) = '_barber' then b.name else c.name end as "readerName", s.name as "shopName"
     from (
       select *
       from delivery d
       where d.network_id = ? and (?::text is null or d.state = ?) and (?::text is null or d.channel = ?)
       order by ${at} desc, d.id
       limit ?) d
     left join appointment a on a.id = d.appointment_id
     left join booking_request r on r.id = d.appointment_id
     left join contact c on c.id = d.appointment_id
     left join barber b on b.id = coalesce(d.barber_id, a.barber_id)
     left join shop s on s.id = coalesce((d.about ->> 'shopId')::uuid, a.shop_id, r.shop_id)
     order by ${at} desc, d.id`,
    [networkId, state ?? null, state ?? null, channel ?? null, channel ?? null, limit],
  );
}

/** News of a dead sign-in, which belong to no appointment: the last to each shop and calendar's owner. `at` is ISO text in UTC. */
export type NewsView = { kind: 'sign_in_shop' | 'sign_in_barber'; at: string; name: string };

export async function listNews(em: EntityManager, networkId: string): Promise<NewsView[]> {
  return em.execute<NewsView[]>(
    `select kind, ${iso('at')} as at, name
     from (
       select 'sign_in_shop' as kind, max(t.told_at) as at, s.name
       from shop_told t
       join shop s on s.id = t.shop_id
       where t.network_id = ?
       group by s.id, s.name
       union all
       select 'sign_in_barber', c.told_at, b.name
       from calendar_connection c
       join barber b on b.id = c.barber_id
       where c.network_id = ? and c.told_at is not null) news
     order by news.at desc`,
    [networkId, networkId],
  );
}

export type SentCount = { state: DeliveryState; channel: Channel; count: number };

/** How many there are of each state and channel. */
export async function countSent(em: EntityManager, networkId: string): Promise<SentCount[]> {
  return em.execute<SentCount[]>(
    'select state, channel, count(*)::int as count from delivery where network_id = ? group by state, channel',
    [networkId],
  );
}

/** By which Message-ID the mail of this delivery went; null when none did. */
export async function findMessageId(em: EntityManager, networkId: string, id: string): Promise<string | null> {
  const [row] = await em.execute<{ providerId: string | null }[]>(
    `select provider_id as "providerId" from delivery where id = ? and network_id = ? and channel = 'mail'`,
    [id, networkId],
  );
  return row?.providerId ?? null;
}
