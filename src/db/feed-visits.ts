/** What a feed shows, by its token alone: one statement, which also notes that it was read. */
import type { CalendarPrivacy } from '../domain/calendar-visit.ts';
import { shownStatuses, type FeedOwner, type FeedVisit } from '../domain/feed.ts';
import { sequenceOf } from './delivery.ts';
import type { EntityManager } from './orm.ts';
import { hashOf } from './self-service.ts';

export type FeedContent = FeedOwner & {
  privacy: CalendarPrivacy;
  /** Of the barber or the shop, with their language (BCP 47) and a zone of theirs; null of a barber who works nowhere. */
  ownerName: string;
  locale: string;
  timeZone: string | null;
  /** By start. */
  visits: FeedVisit[];
};

type Row = Omit<FeedContent, 'visits'> & { visits: (Omit<FeedVisit, 'sequence'> & { version: number })[] };

/** Null when there is nothing under this token: unknown and revoked ones, and those of barbers and shops that were archived, are alike. */
export async function readFeed(
  em: EntityManager,
  token: string,
  { from, to }: { from: number; to: number },
  now: Date,
): Promise<FeedContent | null> {
  // Who the customers are is not even read where the reader is not to know.
  const [row] = await em.execute<Row[]>(
    `with f as (
       update feed
       set reads = reads + 1, last_read_at = ?::timestamptz
       where token_hash = ? and revoked_at is null
         and not exists (select from barber b where b.id = feed.barber_id and b.archived_at is not null)
         and not exists (select from shop s where s.id = feed.shop_id and s.archived_at is not null)
       returning network_id, barber_id, shop_id, privacy),
     span as (select ?::timestamptz as since, ?::timestamptz as until),
     found as (
       select a.id
       from f
       join span on true
       join appointment a
         on a.shop_id = f.shop_id and a.network_id = f.network_id and a.starts_at >= span.since and a.starts_at < span.until
       union
       select p.appointment_id
       from f
       join span on true
       join appointment_part p
         on p.barber_id = f.barber_id and p.network_id = f.network_id and p.starts_at >= span.since and p.starts_at < span.until),
     visit as (
       select
         json_build_object(
           'appointmentId', a.id, 'barberId', case when g.barbers > 1 then g.barber_id end,
           'version', a.version, 'status', a.status, 'startsAt', g.starts_at, 'endsAt', g.ends_at,
           'changedAt', coalesce(e.happened_at, a.created_at), 'timeZone', a.shop_time_zone,
           'serviceName', g.services, 'barberName', b.name, 'shopName', s.name, 'shopAddress', s.address,
           'customerName', nullif(c.name, ''), 'customerPhone', c.phone) as told,
         g.starts_at, a.id, g.barber_id
       from f
       join found on true
       join appointment a on a.id = found.id and a.status = any (?::text[])
       cross join lateral (
         select p.barber_id, count(*) over () as barbers, min(p.starts_at) as starts_at, max(p.ends_at) as ends_at,
           string_agg(v.name, ' + ' order by p.position) as services
         from appointment_part p
         join service v on v.id = p.service_id
         where p.appointment_id = a.id
         group by p.barber_id) g
       join barber b on b.id = g.barber_id
       join shop s on s.id = a.shop_id
       left join appointment_event e on e.appointment_id = a.id and e.version = a.version
       left join contact c on c.id = a.id and f.privacy = 'full'
       where f.barber_id is null or g.barber_id = f.barber_id)
     select f.barber_id as "barberId", f.shop_id as "shopId", f.privacy,
       coalesce(b.name, s.name) as "ownerName", coalesce(b.locale, s.locale) as locale,
       coalesce(
         s.time_zone,
         (select min(w.time_zone)
          from assignment t
          join shop w on w.id = t.shop_id
          where t.barber_id = f.barber_id)) as "timeZone",
       coalesce((select json_agg(told order by starts_at, id, barber_id) from visit), '[]') as visits
     from f
     left join barber b on b.id = f.barber_id
     left join shop s on s.id = f.shop_id`,
    [now, hashOf(token), new Date(from), new Date(to), `{${shownStatuses.join(',')}}`],
  );
  return row
    ? ({ ...row, visits: row.visits.map(({ version, ...visit }) => ({ ...visit, sequence: sequenceOf(version) })) } as FeedContent)
    : null;
}
