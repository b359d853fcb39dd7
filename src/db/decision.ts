/** The rows of a decision, and what was decided before. Whoever writes the outcome first wins; the other reads it. */
import { v7 as uuidv7 } from 'uuid';
import type { AppointmentStatus } from '../domain/appointment.ts';
import type { Entry, EntryKind } from '../domain/change.ts';
import type { Going } from '../domain/channel.ts';
import type { Booked, BookedPart, Decided, Outcome, Refusal } from '../domain/outcome.ts';
import type { BookingPolicy } from '../domain/policy.ts';
import type { Segment } from '../domain/rules.ts';
import type { Wall } from '../domain/time.ts';
import { readDeliveries } from './delivery.ts';
import { Appointment } from './entities/appointment.ts';
import type { KeptClaim } from './occupancy.ts';
import type { EntityManager } from './orm.ts';
import { readStand } from './stand.ts';

type RequestIds = { appointmentId: string; networkId: string };
export type NamedDelivery = Going & { id: string };

/** Writes the outcome unless there is one; the row lock orders rivals. */
const decideRequest = `update booking_request
  set outcome = ?::jsonb, decided_at = ?::timestamptz
  where id = ? and network_id = ? and outcome is null
  returning id, network_id, api_client_id, customer_id, customer_time_zone, told_pending_at is not null as told_pending`;

/** The effects, as the rows of a JSON array. */
const insertDeliveries = `insert into delivery (
    id, network_id, appointment_id, kind, barber_id, sequence, state, due_at, useful_until, channels, channel, connection_id)
  select d.id, request.network_id, request.id, d.kind, d."barberId", 0, 'due',
    d."dueAt", d."usefulUntil", d.channels, d.channels[1], d."connectionId"
  from request,
    jsonb_to_recordset(?::jsonb) as d(
      id uuid, kind text, "barberId" uuid, "dueAt" timestamptz, "usefulUntil" timestamptz,
      channels text[], "connectionId" uuid)`;

/** All rows of a won slot in one round trip; foreign keys are checked at its end. Answers no row when the request was decided before. */
const insertWon = `
with request as (${decideRequest}),
appointment as (
  insert into appointment (
    id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at,
    shop_time_zone, customer_time_zone, promised_start, promised_offset_minutes, price_cents, currency,
    created_at, entry, policy, decide_by, series_id, waitlist_entry_id)
  select id, network_id, ?::uuid, ?::uuid, ?::uuid, customer_id, api_client_id, ?::text, ?::timestamptz, ?::timestamptz,
    ?::text, customer_time_zone, ?::text, ?::int, ?::int, ?::text,
    ?::timestamptz, ?::text, ?::jsonb, ?::timestamptz, ?::uuid, ?::uuid
  from request),
parts as (
  insert into appointment_part (
    id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
  select p.id, network_id, request.id, p.position, p."serviceId", p."barberId",
    p."startsAt", p."endsAt", p."priceCents", p.segments, p.chosen
  from request,
    jsonb_to_recordset(?::jsonb) as p(
      id uuid, position int, "serviceId" uuid, "barberId" uuid, "startsAt" timestamptz, "endsAt" timestamptz,
      "priceCents" int, segments jsonb, chosen jsonb)),
occupancy as (
  insert into occupancy (id, network_id, barber_id, appointment_id, during, visit_starts_at)
  select o.id, network_id, o."barberId", request.id, tstzrange(o."from", o."to"), o."visitStartsAt"
  from request,
    jsonb_to_recordset(?::jsonb) as o(
      id uuid, "barberId" uuid, "from" timestamptz, "to" timestamptz, "visitStartsAt" timestamptz)),
event as (
  insert into appointment_event (id, network_id, appointment_id, kind, actor, version, happened_at, to_status, source, details)
  select ?::uuid, network_id, id, ?::text, 'client:' || api_client_id, 1, ?::timestamptz, ?::text, ?::text, ?::jsonb
  from request),
deliveries as (${insertDeliveries})
select told_pending from request`;

/** How the first event is called, by how the appointment came to be. */
const firstEvents: Record<EntryKind, string> = { book: 'booked', hold: 'held', walk_in: 'walked_in', offer: 'offered' };

/** A slot that was won, as its rows tell it. */
export type Won = {
  ids: RequestIds & { shopId: string };
  entry: Entry;
  outcome: Booked & { parts: BookedPart[]; status: AppointmentStatus; policy: BookingPolicy };
  /** Of each part, in order. */
  segments: Segment[][];
  promised: Wall;
  claims: KeptClaim[];
  deliveries: NamedDelivery[];
  now: Date;
};

/** Writes all rows of a won slot. Null when the request was decided before. Throws what `lostRace` recognises when the time is taken. */
export async function writeWon(tx: EntityManager, won: Won): Promise<{ toldPending: boolean } | null> {
  const { ids, entry, outcome, segments, promised, claims, deliveries, now } = won;
  const details = { by: entry.by, ...(entry.waiver && { waived: entry.waiver.codes, why: entry.waiver.reason }) };
  const [row] = await tx.execute<{ told_pending: boolean }[]>(insertWon, [
    JSON.stringify(outcome),
    now,
    ids.appointmentId,
    ids.networkId,
    ids.shopId,
    outcome.parts[0]!.serviceId,
    outcome.barberId,
    outcome.status,
    outcome.startsAt,
    outcome.endsAt,
    outcome.shopTimeZone,
    `${promised.date}T${promised.time}`,
    promised.offsetMinutes,
    outcome.priceCents,
    outcome.currency,
    now,
    entry.kind,
    JSON.stringify(outcome.policy),
    outcome.decideBy ?? null,
    entry.seriesId ?? null,
    entry.waitlistEntryId ?? null,
    JSON.stringify(outcome.parts.map((part, position) => ({ id: uuidv7(), position, ...part, segments: segments[position]! }))),
    JSON.stringify(claims.map((claim) => ({ id: uuidv7(), ...claim }))),
    uuidv7(),
    firstEvents[entry.kind],
    now,
    outcome.status,
    entry.kind === 'offer' ? 'waitlist' : 'api',
    JSON.stringify(details),
    JSON.stringify(deliveries),
  ]);
  return row ? { toldPending: row.told_pending } : null;
}

/** Writes a refusal, and the messages that follow where the customer was told "pending". Null when the request was decided before. */
export async function writeRefused(
  em: EntityManager,
  ids: RequestIds,
  outcome: Refusal,
  deliveries: NamedDelivery[],
  now: Date,
): Promise<{ toldPending: boolean } | null> {
  const [row] = await em.execute<{ told_pending: boolean }[]>(
    `with request as (${decideRequest}), deliveries as (${insertDeliveries} where request.told_pending) select told_pending from request`,
    [JSON.stringify(outcome), now, ids.appointmentId, ids.networkId, JSON.stringify(deliveries)],
  );
  return row ? { toldPending: row.told_pending } : null;
}

/** What was decided before. A request that is not there any more was forgotten before it reached us: nothing is or will be reserved. */
export async function readDecided(em: EntityManager, ids: RequestIds, closeAfterSeconds: number): Promise<Decided> {
  const [row] = await em.execute<{ outcome: Outcome | null; told_pending: boolean }[]>(
    'select outcome, told_pending_at is not null as told_pending from booking_request where id = ? and network_id = ?',
    [ids.appointmentId, ids.networkId],
  );
  if (row && !row.outcome) throw new Error('a request was asked for its outcome before it was decided');
  const appointment = await em.fork().findOne(Appointment, { id: ids.appointmentId, networkId: ids.networkId });
  return {
    outcome: row?.outcome ?? { ok: false, code: 'undecided', nearest: [] },
    deliveries: await readDeliveries(em, ids.networkId, ids.appointmentId),
    toldPending: row?.told_pending ?? false,
    ...(appointment && { stand: await readStand(em, appointment, closeAfterSeconds) }),
  };
}
