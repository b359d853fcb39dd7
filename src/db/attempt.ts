/** An attempt at a delivery begins: all that it needs is read. How it ends: delivery-end.ts. */
import type { AppointmentStatus } from '../domain/appointment.ts';
import type { Channel } from '../domain/channel.ts';
import type { About, DeliveryKind, DeliveryState } from '../domain/effects.ts';
import type { Refusal } from '../domain/outcome.ts';
import type { MessagePart } from '../domain/message.ts';
import type { BookingPolicy } from '../domain/policy.ts';
import type { EntityManager } from './orm.ts';

/** All that one message needs, read at the moment of sending: nothing of it travels through Temporal. */
export type DeliveryContext = {
  id: string;
  appointmentId: string;
  networkId: string;
  kind: DeliveryKind;
  /** The ways that it may go, and the one that it goes now. */
  channels: Channel[];
  channel: Channel;
  /** Another attempt is at it right now, and this one has not begun. */
  busy: boolean;
  /** The attempt before ended without an answer: what it was to send may have gone. */
  unclear: boolean;
  /** Of a message to one of several barbers: to whom. */
  barberId: string | null;
  /** Of a visit in a barber's calendar: in which one. */
  connectionId: string | null;
  sequence: number;
  state: DeliveryState;
  about: About | null;
  /** A later transition took it back: it is not to be sent any more. */
  withdrawn: boolean;
  usefulUntil: string;
  attempts: number;
  /** When this attempt began, to the microsecond: what tells it from every other. */
  beganAt: string;
  createdAt: string;
  /** How often it was opened again: by a person, or since a sign-in works again. */
  retries: number;
  /** How the try before ended. */
  errorClass: string | null;
  /** A person meant it. */
  isInsistedOn: boolean;
  firstTriedAt: string | null;
  status: AppointmentStatus | 'refused';
  refusal: Refusal | null;
  /** What the reader is told of, in order: the visit, or a barber's own share of it; of a refusal, what was asked. Never empty. */
  parts: (MessagePart & { priceCents: number })[];
  /** From the first part's start to the last one's end. */
  startsAt: string;
  endsAt: string;
  currency: string;
  shop: { name: string; address: string; phone: string | null; email: string | null; timeZone: string; locale: string };
  /** Of several parts, their names joined. */
  service: { name: string };
  /** Who gives all the parts; null when several do, or anybody was asked for. */
  barber: {
    name: string;
    email: string | null;
    locale: string;
    /** His own calendar is written to, and was when he first heard of the visit: no invitation of ours is there. */ hasCalendar: boolean;
  } | null;
  customer: { name: string; email: string | null; phone: string | null; timeZone: string; locale: string } | null;
  /** Of a move: the names of what was otherwise. */
  was: { barbers: string[] | null; services: string[] | null; shop: string | null; timeZone: string | null } | null;
  /** What the appointment was booked under; null of a refusal. */
  policy: Partial<BookingPolicy> | null;
  /** Of a hold or a request: until when it is to be answered. */
  decideBy: string | null;
};

/** An attempt ends well within this, or its worker is gone (see `attemptSeconds` in workflows/effects.ts). */
const leaseSeconds = 75;

/**
 * Notes the start of an attempt and reads what the message needs. Null when there is no such delivery. While the attempt of another runs
 * (`by` tells them apart: an activity's next attempt takes over from the one before, never the other way round), nothing is noted and `busy` is set.
 */
export async function beginAttempt(
  em: EntityManager,
  networkId: string,
  id: string,
  by: { activity: string; attempt: number },
): Promise<DeliveryContext | null> {
  const [row] = await em.execute<{ context: DeliveryContext }[]>(
    `with o as (
       select *,
         state = 'in_flight'
           and (
             split_part(attempt_by, ' #', 1) is distinct from ?
             or coalesce(nullif(split_part(attempt_by, ' #', 2), '')::int, 0) > ?)
           and attempt_began_at > now() - make_interval(secs => ${leaseSeconds}) as busy,
         state = 'in_flight' or coalesce(error_class = 'unclear', false) as unclear
       from delivery
       where id = ? and network_id = ?
       for update),
     d as (
       update delivery x
       set (state, attempts, first_tried_at, attempt_began_at, attempt_by, next_try_at, handover_since) = (
         select
           case when begins then 'in_flight' else x.state end,
           x.attempts + begins::int,
           case when begins then coalesce(x.first_tried_at, now()) else x.first_tried_at end,
           case when begins then now() else x.attempt_began_at end,
           case when begins then ? else x.attempt_by end,
           case when not begins then x.next_try_at end,
           case when not begins then x.handover_since end
         from (select x.finished_at is null and not o.busy as begins) as it)
       from o
       where x.id = o.id
       returning x.*, coalesce(o.busy, false) as busy, o.unclear),
     part as (
       select p.position, p.service_id, p.barber_id, p.starts_at, p.ends_at, p.price_cents, a.currency, null::int as minutes
       from d
       join appointment a on a.id = d.appointment_id
       join appointment_part p on p.appointment_id = a.id
       where d.about -> 'parts' is null
         and (right(d.kind, 7) <> '_barber' or p.barber_id = coalesce(d.barber_id, a.barber_id))
       union all
       select row_number() over (order by k."startsAt")::int, k."serviceId", k."barberId",
         k."startsAt", k."endsAt", k."priceCents", a.currency, null
       from d
       join appointment a on a.id = d.appointment_id
       cross join jsonb_to_recordset(d.about -> 'parts')
         k ("serviceId" uuid, "barberId" uuid, "startsAt" timestamptz, "endsAt" timestamptz, "priceCents" int)
       union all
       select w.position, v.id, o."barberId", null, null,
         coalesce(t.price_cents, v.price_cents), v.currency, coalesce(segment_minutes(t.segments), v.duration_minutes)
       from d
       join booking_request r on r.id = d.appointment_id
       cross join jsonb_array_elements(coalesce(
         r.wishes -> 'wishes',
         jsonb_build_array(jsonb_build_object('serviceId', r.service_id, 'barberId', r.barber_id))))
         with ordinality w (wish, position)
       cross join jsonb_to_record(w.wish) o ("serviceId" uuid, "barberId" uuid)
       join service v on v.id = o."serviceId"
       left join barber_service t on t.service_id = v.id and t.barber_id = o."barberId"
       where not exists (select from appointment a where a.id = d.appointment_id)),
     told as (
       select
         json_agg(json_build_object(
           'serviceName', v.name, 'barberName', b.name,
           'startsAt', p.starts_at, 'endsAt', p.ends_at, 'priceCents', p.price_cents) order by p.position) as parts,
         string_agg(v.name, ' + ' order by p.position) as services,
         array_agg(p.barber_id) as barber_ids,
         min(p.starts_at) as starts_at, max(p.ends_at) as ends_at,
         sum(p.minutes)::int as minutes, min(p.currency) as currency
       from part p
       join service v on v.id = p.service_id
       left join barber b on b.id = p.barber_id)
     select json_build_object(
       'id', d.id, 'appointmentId', d.appointment_id, 'networkId', d.network_id,
       'kind', d.kind, 'barberId', d.barber_id, 'connectionId', d.connection_id,
       'sequence', d.sequence, 'state', d.state, 'channels', d.channels, 'channel', d.channel,
       'busy', d.busy, 'unclear', d.unclear,
       'about', d.about, 'withdrawn', d.withdrawn_at is not null,
       'usefulUntil', d.useful_until, 'attempts', d.attempts, 'beganAt', d.attempt_began_at, 'retries', d.retries, 'errorClass', d.error_class,
       'isInsistedOn', d.retries > 0 and exists (
         select from delivery_event e where e.delivery_id = d.id and e.kind = 'retried' and e.actor <> 'housekeeping'),
       'createdAt', d.created_at, 'firstTriedAt', d.first_tried_at,
       'status', coalesce(a.status, 'refused'), 'refusal', case when a.id is null then r.outcome end,
       'parts', told.parts, 'currency', told.currency,
       'startsAt', coalesce(told.starts_at, r.starts_at),
       'endsAt', coalesce(told.ends_at, r.starts_at + make_interval(mins => told.minutes)),
       'shop', json_build_object(
         'name', s.name, 'address', s.address, 'phone', s.phone, 'email', s.email,
         'timeZone', coalesce(case when s.id = a.shop_id then a.shop_time_zone end, s.time_zone), 'locale', s.locale),
       'service', json_build_object('name', told.services),
       'barber', case when b.id is not null then json_build_object(
         'name', b.name, 'email', b.email, 'locale', b.locale,
         'hasCalendar', exists (
           select from calendar_connection k
           where k.barber_id = b.id and k.writes and k.state <> 'ended'
             and not exists (
               select from delivery m
               where m.appointment_id = d.appointment_id and m.kind in ('confirmation_barber', 'rescheduled_barber')
                 and coalesce(m.barber_id, b.id) = b.id
                 and m.state in ('delivered', 'bounced', 'undone') and m.finished_at < k.created_at
                 and not exists (
                   select from delivery o
                   where o.appointment_id = m.appointment_id and o.kind = 'cancellation_barber'
                     and o.sequence > m.sequence and o.id <> d.id)))) end,
       'customer', case when c.id is not null then json_build_object(
         'name', c.name, 'email', c.email, 'phone', c.phone, 'timeZone', c.time_zone, 'locale', c.locale) end,
       'was', case when d.about -> 'was' is not null then json_build_object(
         'barbers', (
           select json_agg(w.name order by w.name)
           from barber w
           where w.id in (select value::uuid from jsonb_array_elements_text(d.about -> 'was' -> 'barberIds'))),
         'services', (
           select json_agg(w.name order by w.name)
           from service w
           where w.id in (select value::uuid from jsonb_array_elements_text(d.about -> 'was' -> 'serviceIds'))),
         'shop', (select w.name from shop w where w.id = (d.about -> 'was' ->> 'shopId')::uuid),
         'timeZone', d.about -> 'was' ->> 'timeZone') end,
       'policy', a.policy, 'decideBy', a.decide_by
     ) as context
     from d
     cross join told
     left join appointment a on a.id = d.appointment_id
     left join booking_request r on r.id = d.appointment_id
     left join shop s on s.id = coalesce((d.about ->> 'shopId')::uuid, a.shop_id, r.shop_id)
     left join barber b on b.id = told.barber_ids[1] and b.id = all (told.barber_ids)
     left join contact c on c.id = d.appointment_id`,
    [by.activity, by.attempt, id, networkId, `${by.activity} #${by.attempt}`],
  );
  return row?.context ?? null;
}

/** Whether no other attempt has begun since this one, and nobody has opened the delivery again. */
export async function isStillMine(em: EntityManager, { id, networkId, beganAt }: DeliveryContext): Promise<boolean> {
  const [row] = await em.execute<{ yes: boolean }[]>(
    `select state = 'in_flight' and attempt_began_at = ?::timestamptz as yes from delivery where id = ? and network_id = ?`,
    [beganAt, id, networkId],
  );
  return row?.yes ?? false;
}

/** Whether the provider's message has gone out for another delivery of the network. */
export async function isAnothers(
  em: EntityManager,
  { networkId, id }: Pick<DeliveryContext, 'networkId' | 'id'>,
  providerId: string,
): Promise<boolean> {
  const [row] = await em.execute<[{ yes: boolean }]>(
    `select exists (select from delivery where provider_id = ? and channel = 'sms' and network_id = ? and id <> ?) as yes`,
    [providerId, networkId, id],
  );
  return row.yes;
}
