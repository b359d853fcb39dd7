/** What a provider tells of a message afterwards: that it arrived, or that it never will. */
import { messageChannels, type Channel, type MessageChannel } from '../domain/channel.ts';
import type { DeliveryKind } from '../domain/effects.ts';
import { takeBack } from './delivery-end.ts';
import { isSuperseded } from './delivery.ts';
import type { AddressMarks } from './address-mark.ts';
import type { EntityManager } from './orm.ts';

/** Of the delivery that the provider calls `providerId`. `errorText` holds codes only. */
export type DeliveryReport = {
  deliveryId: string;
  /** Whose provider tells it. What goes another way by now is not meant. */
  channel: MessageChannel;
  providerId: string;
  arrived: boolean;
  errorText: string;
  /** The ways that are on: another one is taken only if it leads somewhere. */
  ways: Channel[];
  /** Whose it must be; of any network, where it is missing (what Twilio signs is about whole installations). */
  networkId?: string;
};

/** The reader's addresses, as far as they are still known, and whether there is something to hand over. */
type Noted = { phone: string | null; email: string | null; isReopened: boolean };
/** `arrives`: it is delivered by this. */
type Read = Noted & { kind: DeliveryKind; arrives: boolean };

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
 * Notes the report. In any order and as often as it comes, the result is the same: what has arrived is delivered, also where the contrary
 * was told before or its answer was lost; what was taken back or given up stays that, and a report that overtakes our own note of the
 * sending is remembered for it. What did not arrive and may still go another way is opened again for that, to be handed over; unless
 * something later was written to the same reader (a cancellation, a move), after which it would be wrong.
 * @returns null for what is no message of ours.
 */
export async function noteReport(em: EntityManager, report: DeliveryReport): Promise<Noted | null> {
  return em.fork().transactional(async (tx) => {
    // A cancellation that is being written is waited for; the next statement sees what it has written.
    await tx.execute(`select from appointment where id = (select d.appointment_id from delivery d where d.id = ?) for share`, [
      report.deliveryId,
    ]);
    const noted = await note(tx, report);
    if (noted?.arrives) await takeBack(tx, report.deliveryId, noted.kind);
    return noted;
  });
}

async function note(
  em: EntityManager,
  { deliveryId, channel, providerId, arrived, errorText, ways, networkId }: DeliveryReport,
): Promise<Read | null> {
  const [row] = await em.execute<Read[]>(
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
       where d.id = ? and d.channel = ? and (?::uuid is null or d.network_id = ?::uuid)
         and (
           d.provider_id = ?
           or (d.provider_id is null
             and (d.state = 'in_flight' or (? and d.state in ('due', 'parked') and d.error_class = 'unclear'))))
       for update),
     noted as (
       update delivery x
       set confirmed_at = case when ? then coalesce(x.confirmed_at, now()) else x.confirmed_at end,
         state = case
           when fails.arrives then 'delivered'
           when not fails.now then x.state
           when fails.goes_on then 'due'
           else 'bounced'
         end,
         channel = case when fails.goes_on then d.next else x.channel end,
         finished_at = case when fails.goes_on then null when fails.now or fails.arrives then now() else x.finished_at end,
         attempts = case when fails.goes_on then 0 else x.attempts end,
         provider_id = case when fails.goes_on then null else ? end,
         handover_since = case when fails.arrives then null when fails.goes_on then now() else x.handover_since end,
         next_try_at = case when not fails.goes_on then x.next_try_at end,
         error_class = case
           when fails.arrives then null
           when not ? and x.confirmed_at is null and x.state in ('delivered', 'in_flight') then 'undelivered'
           else x.error_class
         end,
         error_text = case
           when fails.arrives then null
           when not ? and x.confirmed_at is null and x.state in ('delivered', 'in_flight') then ?
           else x.error_text
         end
       from d
       cross join lateral (
         select ? and d.state in ('bounced', 'due', 'parked') as arrives,
           not ? and d.state = 'delivered' and d.confirmed_at is null as now,
           not ? and d.state = 'delivered' and d.confirmed_at is null
             and d.next is not null and d.useful_until > now() as goes_on) fails
       where x.id = d.id
       returning x.appointment_id, x.kind, fails.arrives, fails.goes_on, case when right(x.kind, 7) = '_barber' then ${barberOf} end as barber_id)
     select
       case when noted.barber_id is null then c.phone end as phone,
       case when noted.barber_id is null then c.email else b.email end as email,
       noted.goes_on as "isReopened", noted.kind, noted.arrives
     from noted
     left join contact c on c.id = noted.appointment_id
     left join barber b on b.id = noted.barber_id`,
    [
      `{${ways.join(',')}}`,
      deliveryId,
      channel,
      networkId ?? null,
      networkId ?? null,
      providerId,
      arrived,
      arrived,
      providerId,
      arrived,
      arrived,
      errorText,
      arrived,
      arrived,
      arrived,
    ],
  );
  return row ?? null;
}

/** What Twilio says of an SMS; see `SmsStatus` in src/integrations/sms-error.ts. */
export type SmsReport = {
  providerId: string;
  state: 'pending' | 'sent' | 'delivered' | 'bounced';
  errorCode: string | null;
  optedOut: boolean;
};

/** The number is none, or one that takes no SMS (Twilio's error dictionary). */
const deadNumbers = new Set(['30005', '30006']);

/** Notes how an SMS ended, if it has, and what that tells of the number. @returns whether there is something to hand over. */
export async function noteSms(em: EntityManager, marks: AddressMarks, deliveryId: string, report: SmsReport): Promise<boolean> {
  const { providerId, state, errorCode, optedOut } = report;
  if (state !== 'delivered' && state !== 'bounced') return false;
  const noted = await noteReport(em, {
    deliveryId,
    channel: 'sms',
    providerId,
    arrived: state === 'delivered',
    errorText: `SMS failed: ${errorCode ?? 'undelivered'}`,
    ways: messageChannels.slice(),
  });
  if (noted?.phone && optedOut) await marks.set('sms', noted.phone, 'opted_out');
  if (noted?.phone && deadNumbers.has(errorCode ?? '')) await marks.set('sms', noted.phone, 'bounced');
  return noted?.isReopened ?? false;
}

/** An SMS that Twilio has taken, and of which nothing was heard since. */
export type Unheard = { id: string; providerId: string };

/**
 * Up to `limit` SMS of which no call has said how they ended: handed over more than half an hour ago and within two days, and not asked
 * about for six hours (some carriers never say). The longest ago first.
 */
export async function findUnheard(em: EntityManager, limit: number): Promise<Unheard[]> {
  return em.execute<Unheard[]>(
    `select id, provider_id as "providerId"
     from delivery
     where first_tried_at > now() - interval '3 days'
       and finished_at between now() - interval '2 days' and now() - interval '30 minutes'
       and channel = 'sms' and state = 'delivered' and provider_id is not null and confirmed_at is null
       and (next_try_at is null or next_try_at < now())
     order by finished_at
     limit ?`,
    [limit],
  );
}

/** It was asked about; of what has ended, the next try is the next time that it is asked about. */
export async function noteAsked(em: EntityManager, id: string): Promise<void> {
  await em.execute(`update delivery set next_try_at = now() + interval '6 hours' where id = ? and state = 'delivered'`, [id]);
}
