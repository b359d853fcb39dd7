/** Deliveries: one row per effect and appointment, written in the transaction of the transition that demands it. */
import { v5 as uuidv5 } from 'uuid';
import type { AppointmentStatus } from '../domain/appointment.ts';
import type { About, DeliveryKind, DeliveryState, NewDelivery, PlannedDelivery } from '../domain/effects.ts';
import type { Refusal } from '../domain/outcome.ts';
import type { MessagePart } from '../domain/message.ts';
import type { BookingPolicy } from '../domain/policy.ts';
import { Delivery } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/** The id of one effect: the same on every run, so that writing it twice is noticed, and another for each barber who is written to. */
export function deliveryId(appointmentId: string, sequence: number, effect: Pick<PlannedDelivery, 'kind' | 'dueAt' | 'barberId'>): string {
  const which = effect.kind.startsWith('reminder') ? effect.dueAt : '';
  return uuidv5(`${effect.kind} ${sequence} ${which}${effect.barberId ?? ''}`, appointmentId);
}

/**
 * The SEQUENCE of what is sent after a transition (RFC 5545, 3.8.7.4): it grows with the appointment's version. What is taken back from a barber
 * who lost the visit comes before the invitation of who won it, should both read one mailbox.
 */
export const sequenceOf = (version: number, isTakenBack = false): number => (version - 1) * 2 - (isTakenBack ? 1 : 0);

/** Adds the rows to the running unit of work (the caller flushes) and answers them as the workflow knows them. */
export function insertDeliveries(
  em: EntityManager,
  networkId: string,
  appointmentId: string,
  version: number,
  effects: NewDelivery[],
  now: Date,
): PlannedDelivery[] {
  return effects.map(({ about, ...effect }) => {
    const sequence = sequenceOf(version, effect.kind === 'cancellation_barber' && about?.parts !== undefined);
    const id = deliveryId(appointmentId, sequence, effect);
    em.create(Delivery, {
      id, networkId, appointmentId, kind: effect.kind, barberId: effect.barberId ?? null, sequence, about: about ?? null, state: 'due',
      dueAt: new Date(effect.dueAt), usefulUntil: new Date(effect.usefulUntil), attempts: 0, createdAt: now,
    }, { persist: true });
    return { id, ...effect };
  });
}

/**
 * Takes back what has not been sent: what is due is dropped here, what is in flight ends by itself and is not tried again. Without `kinds`,
 * everything but the news for barbers who lost a visit before: that must reach them.
 */
export async function withdrawDeliveries(tx: EntityManager, appointmentId: string, why: string, now: Date, kinds?: DeliveryKind[]): Promise<void> {
  await tx.execute(
    `update delivery set state = case state when 'due' then 'skipped' else state end, finished_at = case state when 'due' then ?::timestamptz end,
       withdrawn_at = ?::timestamptz, error_class = 'withdrawn', error_text = ?
     where appointment_id = ? and state in ('due', 'in_flight') and withdrawn_at is null
       and case when ?::text[] is null then about -> 'parts' is null else kind = any(?::text[]) end`,
    [now, now, why, appointmentId, kinds ? `{${kinds.join(',')}}` : null, kinds ? `{${kinds.join(',')}}` : null],
  );
}

/** The effects of one appointment that are still open, as the workflow knows them. */
export async function readDeliveries(em: EntityManager, networkId: string, appointmentId: string): Promise<PlannedDelivery[]> {
  const rows = await em.find(Delivery, { networkId, appointmentId, state: { $in: ['due', 'in_flight'] }, withdrawnAt: null }, { orderBy: { dueAt: 'asc', id: 'asc' }, disableIdentityMap: true });
  return rows.map((row) => ({
    id: row.id, kind: row.kind, dueAt: row.dueAt.toISOString(), usefulUntil: row.usefulUntil.toISOString(), ...(row.barberId && { barberId: row.barberId }),
  }));
}

/** All that one message needs, read at the moment of sending: nothing of it travels through Temporal. */
export type DeliveryContext = {
  id: string;
  appointmentId: string;
  networkId: string;
  kind: DeliveryKind;
  /** Of a message to one of several barbers: to whom. */
  barberId: string | null;
  sequence: number;
  state: DeliveryState;
  about: About | null;
  /** A later transition took it back: it is not to be sent any more. */
  withdrawn: boolean;
  usefulUntil: string;
  attempts: number;
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
  barber: { name: string; email: string | null; locale: string } | null;
  customer: { name: string; email: string | null; timeZone: string; locale: string } | null;
  /** What the appointment was booked under; null of a refusal. */
  policy: Partial<BookingPolicy> | null;
  /** Of a hold or a request: until when it is to be answered. */
  decideBy: string | null;
};

/** Notes the start of an attempt and reads what the message needs. Null when there is no such delivery. */
export async function beginAttempt(em: EntityManager, networkId: string, id: string): Promise<DeliveryContext | null> {
  const [row] = await em.execute<{ context: DeliveryContext }[]>(
    `with d as (
       update delivery set state = case when finished_at is null then 'in_flight' else state end,
         attempts = attempts + case when finished_at is null then 1 else 0 end, first_tried_at = coalesce(first_tried_at, now())
       where id = ? and network_id = ? returning *),
     part as (
       select p.position, p.service_id, p.barber_id, p.starts_at, p.ends_at, p.price_cents, a.currency, null::int as minutes
       from d join appointment a on a.id = d.appointment_id join appointment_part p on p.appointment_id = a.id
       where d.about -> 'parts' is null and (right(d.kind, 7) <> '_barber' or p.barber_id = coalesce(d.barber_id, a.barber_id))
       union all
       select row_number() over (order by k."startsAt")::int, k."serviceId", k."barberId", k."startsAt", k."endsAt", k."priceCents", a.currency, null
       from d join appointment a on a.id = d.appointment_id
       cross join jsonb_to_recordset(d.about -> 'parts') k ("serviceId" uuid, "barberId" uuid, "startsAt" timestamptz, "endsAt" timestamptz, "priceCents" int)
       union all
       select w.position, v.id, o."barberId", null, null, coalesce(t.price_cents, v.price_cents), v.currency, coalesce(segment_minutes(t.segments), v.duration_minutes)
       from d join booking_request r on r.id = d.appointment_id
       cross join jsonb_array_elements(coalesce(r.wishes -> 'wishes', jsonb_build_array(jsonb_build_object('serviceId', r.service_id, 'barberId', r.barber_id))))
         with ordinality w (wish, position)
       cross join jsonb_to_record(w.wish) o ("serviceId" uuid, "barberId" uuid)
       join service v on v.id = o."serviceId"
       left join barber_service t on t.service_id = v.id and t.barber_id = o."barberId"
       where not exists (select from appointment a where a.id = d.appointment_id)),
     told as (
       select json_agg(json_build_object('serviceName', v.name, 'barberName', b.name, 'startsAt', p.starts_at, 'endsAt', p.ends_at,
           'priceCents', p.price_cents) order by p.position) as parts,
         string_agg(v.name, ' + ' order by p.position) as services, array_agg(p.barber_id) as barber_ids,
         min(p.starts_at) as starts_at, max(p.ends_at) as ends_at, sum(p.minutes)::int as minutes, min(p.currency) as currency
       from part p join service v on v.id = p.service_id left join barber b on b.id = p.barber_id)
     select json_build_object(
       'id', d.id, 'appointmentId', d.appointment_id, 'networkId', d.network_id, 'kind', d.kind, 'barberId', d.barber_id, 'sequence', d.sequence, 'state', d.state,
       'about', d.about, 'withdrawn', d.withdrawn_at is not null,
       'usefulUntil', d.useful_until, 'attempts', d.attempts, 'firstTriedAt', d.first_tried_at,
       'status', coalesce(a.status, 'refused'), 'refusal', case when a.id is null then r.outcome end,
       'parts', told.parts, 'currency', told.currency, 'startsAt', coalesce(told.starts_at, r.starts_at),
       'endsAt', coalesce(told.ends_at, r.starts_at + make_interval(mins => told.minutes)),
       'shop', json_build_object('name', s.name, 'address', s.address, 'phone', s.phone, 'email', s.email, 'timeZone', coalesce(case when s.id = a.shop_id then a.shop_time_zone end, s.time_zone), 'locale', s.locale),
       'service', json_build_object('name', told.services),
       'barber', case when b.id is not null then json_build_object('name', b.name, 'email', b.email, 'locale', b.locale) end,
       'customer', case when c.id is not null then json_build_object('name', c.name, 'email', c.email, 'timeZone', c.time_zone, 'locale', c.locale) end,
       'policy', a.policy, 'decideBy', a.decide_by
     ) as context
     from d cross join told
     left join appointment a on a.id = d.appointment_id
     left join booking_request r on r.id = d.appointment_id
     left join shop s on s.id = coalesce((d.about ->> 'shopId')::uuid, a.shop_id, r.shop_id)
     left join barber b on b.id = told.barber_ids[1] and b.id = all (told.barber_ids)
     left join contact c on c.id = d.appointment_id`,
    [id, networkId],
  );
  return row?.context ?? null;
}

export type DeliveryEnd = { state: 'delivered' | 'parked' | 'skipped'; providerId?: string; errorClass?: string; errorText?: string };

/** Ends a delivery. A final state is never left again, so a late attempt cannot undo it. Error texts carry no personal data. */
export async function endDelivery(em: EntityManager, networkId: string, id: string, end: DeliveryEnd): Promise<void> {
  await em.execute(
    `update delivery set state = ?, finished_at = now(), provider_id = ?, error_class = coalesce(?, error_class), error_text = coalesce(?, error_text)
     where id = ? and network_id = ? and finished_at is null`,
    [end.state, end.providerId ?? null, end.errorClass ?? null, end.errorText ?? null, id, networkId],
  );
}

/** Notes why an attempt failed; the effect stays open for the next one, unless it was withdrawn meanwhile. */
export async function noteFailure(em: EntityManager, networkId: string, id: string, errorClass: string, errorText: string): Promise<void> {
  await em.execute(
    `update delivery set error_class = ?, error_text = ?,
       state = case when withdrawn_at is null then 'due' else 'skipped' end, finished_at = case when withdrawn_at is not null then now() end
     where id = ? and network_id = ? and finished_at is null`,
    [errorClass, errorText, id, networkId],
  );
}

/** How many effects wait for a person, over all networks; for the metric. */
export async function countParked(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from delivery where state = 'parked'`);
  return row?.count ?? 0;
}
