/** What a provider tells of a message afterwards: that it arrived, or that it never will. */
import type { Channel } from '../domain/channel.ts';
import { isSuperseded } from './delivery.ts';
import type { EntityManager } from './orm.ts';

/** Of the delivery that the provider calls `providerId`. `errorText` holds codes only. */
export type DeliveryReport = {
  deliveryId: string;
  providerId: string;
  arrived: boolean;
  errorText: string;
  /** The ways that are on: another one is taken only if it leads somewhere. */
  ways: Channel[];
  /** Whose it must be; of any network, where it is missing (what Twilio signs is about whole installations). */
  networkId?: string;
};

/**
 * In SQL: the barber who reads a delivery `d`. A sole one is not named in it; if the visit was moved to another since, what told him so
 * names him.
 */
const barberOf = `coalesce(
  d.barber_id,
  (select lost.barber_id
   from delivery lost
   where lost.appointment_id = d.appointment_id and lost.sequence > d.sequence
     and lost.kind = 'cancellation_barber' and lost.about ->> 'sole' = 'true'
   order by lost.sequence
   limit 1),
  (select a.barber_id from appointment a where a.id = d.appointment_id))`;

/**
 * Notes the report. In any order and as often as it comes, the result is the same: what has arrived stays delivered, what was taken back or
 * given up stays that, and a report that overtakes our own note of the sending is remembered for it. What did not arrive and may still go
 * another way is opened again for that, to be handed over; unless something later was written to the same reader (a cancellation, a move),
 * after which it would be wrong.
 * @returns null for what is no message of ours; else the reader's addresses, as far as they are still known, and whether there is something
 * to hand over.
 */
export async function noteReport(
  em: EntityManager,
  { deliveryId, providerId, arrived, errorText, ways, networkId }: DeliveryReport,
): Promise<{ phone: string | null; email: string | null; isReopened: boolean } | null> {
  const [row] = await em.execute<{ phone: string | null; email: string | null; reopened: boolean }[]>(
    `with d as (
       select d.*,
         (select w.way
          from unnest(d.channels) with ordinality w (way, place)
          left join contact c on c.id = d.appointment_id
          where not superseded.yes
            and w.place > array_position(d.channels, d.channel)
            and w.way = any (?::text[])
            and case w.way when 'sms' then c.phone else c.email end is not null
          order by w.place
          limit 1) as next
       from delivery d
       cross join lateral (select ${isSuperseded} as yes) superseded
       where d.id = ? and (?::uuid is null or d.network_id = ?::uuid)
         and (d.provider_id = ? or (d.provider_id is null and d.state = 'in_flight'))
       for update),
     noted as (
       update delivery x
       set confirmed_at = case when ? then coalesce(x.confirmed_at, now()) else x.confirmed_at end,
         state = case when not fails.now then x.state when fails.goes_on then 'due' else 'bounced' end,
         channel = case when fails.goes_on then d.next else x.channel end,
         finished_at = case when fails.goes_on then null when fails.now then now() else x.finished_at end,
         attempts = case when fails.goes_on then 0 else x.attempts end,
         first_tried_at = case when fails.goes_on then null else x.first_tried_at end,
         provider_id = case when fails.goes_on then null else ? end,
         handover_since = case when fails.goes_on then now() else x.handover_since end,
         error_class = case
           when not ? and x.confirmed_at is null and x.state in ('delivered', 'in_flight') then 'undelivered'
           else x.error_class
         end,
         error_text = case
           when not ? and x.confirmed_at is null and x.state in ('delivered', 'in_flight') then ?
           else x.error_text
         end
       from d
       cross join lateral (
         select not ? and d.state = 'delivered' and d.confirmed_at is null as now,
           not ? and d.state = 'delivered' and d.confirmed_at is null
             and d.next is not null and d.useful_until > now() as goes_on) fails
       where x.id = d.id
       returning x.appointment_id, fails.goes_on, case when right(x.kind, 7) = '_barber' then ${barberOf} end as barber_id)
     select
       case when noted.barber_id is null then c.phone end as phone,
       case when noted.barber_id is null then c.email else b.email end as email,
       noted.goes_on as reopened
     from noted
     left join contact c on c.id = noted.appointment_id
     left join barber b on b.id = noted.barber_id`,
    [
      `{${ways.join(',')}}`,
      deliveryId,
      networkId ?? null,
      networkId ?? null,
      providerId,
      arrived,
      providerId,
      arrived,
      arrived,
      errorText,
      arrived,
      arrived,
    ],
  );
  return row ? { phone: row.phone, email: row.email, isReopened: row.reopened } : null;
}
