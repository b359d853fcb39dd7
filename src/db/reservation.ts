/** The two ways a booking request is decided, each one transaction. Whichever writes the outcome first wins; the other reads it. */
import { v7 as uuidv7 } from 'uuid';
import { planConfirmation, type Booked, type Decided, type Outcome, type PlannedDelivery, type Refusal } from '../domain/appointment.ts';
import type { Decision } from '../domain/rules.ts';
import type { BookingFacts, Candidate } from './booking-facts.ts';
import { deliveryId, readDeliveries } from './delivery.ts';
import { Diary } from './entities/barber.ts';
import type { EntityManager } from './orm.ts';

export type BookingIds = { appointmentId: string; networkId: string; shopId: string; serviceId: string };

class DecidedBefore extends Error {}

/** Writes the outcome unless there is one; the row lock orders rivals. */
const decideRequest = `update booking_request set outcome = ?::jsonb, decided_at = ?::timestamptz where id = ? and network_id = ? and outcome is null
  returning id, network_id, api_client_id, customer_id, customer_time_zone, told_pending_at is not null as told_pending`;

/** The effects, as the rows of a JSON array. */
const insertDeliveries = `insert into delivery (id, network_id, appointment_id, kind, sequence, state, due_at, useful_until)
  select d.id, request.network_id, request.id, d.kind, 0, 'due', d."dueAt", d."usefulUntil"
  from request, jsonb_to_recordset(?::jsonb) as d(id uuid, kind text, "dueAt" timestamptz, "usefulUntil" timestamptz)`;

/** All rows of a won slot in one round trip; foreign keys are checked at its end. Answers no row when the request was decided before. */
const insertWon = `
with request as (${decideRequest}),
appointment as (
  insert into appointment (id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at, shop_time_zone,
    customer_time_zone, price_cents, currency, created_at)
  select id, network_id, ?::uuid, ?::uuid, ?::uuid, customer_id, api_client_id, 'confirmed', ?::timestamptz, ?::timestamptz, ?::text, customer_time_zone,
    ?::int, ?::text, ?::timestamptz from request),
occupancy as (
  insert into occupancy (id, network_id, barber_id, appointment_id, during)
  select ?::uuid, network_id, ?::uuid, id, tstzrange(?::timestamptz, ?::timestamptz) from request),
event as (
  insert into appointment_event (id, network_id, appointment_id, kind, actor, version, happened_at)
  select ?::uuid, network_id, id, 'booked', 'client:' || api_client_id, 1, ?::timestamptz from request),
deliveries as (${insertDeliveries})
select told_pending from request`;

const named = (appointmentId: string, effects: Omit<PlannedDelivery, 'id'>[]): PlannedDelivery[] =>
  effects.map((effect) => ({ id: deliveryId(appointmentId, 0, effect), ...effect }));

/**
 * Claims the slot for the appointment. The order is the point: bump the diary's version and flush, which tells every loser at once and
 * cleanly; only then insert, under the exclusion constraint. Throws what `lostRace` recognises when a rival was quicker; the caller then
 * reads fresh facts. `overruleVersion` exists for the test that takes the optimistic lock away and looks at the constraint alone.
 */
export async function claimSlot(
  em: EntityManager,
  ids: BookingIds,
  facts: BookingFacts,
  candidate: Candidate,
  decision: Extract<Decision, { ok: true }>,
  now: Date,
  overruleVersion = false,
): Promise<Decided> {
  const { slot, claims } = decision;
  const { barberId } = slot;
  const [startsAt, endsAt] = [new Date(slot.startsAt), new Date(slot.endsAt)];
  const outcome: Booked = {
    ok: true, barberId, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), status: 'confirmed', version: 1,
    shopTimeZone: facts.shop.timeZone, priceCents: facts.price.cents, currency: facts.price.currency,
  };
  const deliveries = named(ids.appointmentId, planConfirmation(slot.startsAt, candidate.settings.reminderLeadMinutes, now.getTime()));
  try {
    return await em.transactional(async (tx) => {
      if (!overruleVersion) {
        const diary = tx.map(Diary, { barberId, networkId: ids.networkId, version: candidate.diaryVersion, bumpedAt: new Date(0) });
        diary.bumpedAt = now;
        await tx.flush();
      }
      const [won] = await tx.execute<{ told_pending: boolean }[]>(insertWon, [
        JSON.stringify(outcome), now, ids.appointmentId, ids.networkId,
        ids.shopId, ids.serviceId, barberId, startsAt, endsAt, facts.shop.timeZone, facts.price.cents, facts.price.currency, now,
        uuidv7(), barberId, new Date(claims.from), new Date(claims.to),
        uuidv7(), now,
        JSON.stringify(deliveries),
      ]);
      if (!won) throw new DecidedBefore();
      return { outcome, deliveries, toldPending: won.told_pending };
    });
  } catch (error) {
    if (error instanceof DecidedBefore) return readDecided(em, ids);
    throw error;
  }
}

/** Ends the request refused, unless it was decided before: then that stands. A customer who was told "pending" gets a mail to be told so. */
export async function refuseRequest(em: EntityManager, ids: BookingIds, outcome: Refusal, now: Date, mailUntil: Date): Promise<Decided> {
  const mail = named(ids.appointmentId, [{ kind: 'refusal_customer', dueAt: now.toISOString(), usefulUntil: mailUntil.toISOString() }]);
  const [refused] = await em.execute<{ told_pending: boolean }[]>(
    `with request as (${decideRequest}), deliveries as (${insertDeliveries} where request.told_pending) select told_pending from request`,
    [JSON.stringify(outcome), now, ids.appointmentId, ids.networkId, JSON.stringify(mail)],
  );
  if (!refused) return readDecided(em, ids);
  return { outcome, deliveries: refused.told_pending ? mail : [], toldPending: refused.told_pending };
}

/** What was decided before. A request that is not there any more was forgotten before it reached us: nothing is or will be reserved. */
export async function readDecided(em: EntityManager, ids: { appointmentId: string; networkId: string }): Promise<Decided> {
  const [row] = await em.execute<{ outcome: Outcome | null; told_pending: boolean }[]>(
    'select outcome, told_pending_at is not null as told_pending from booking_request where id = ? and network_id = ?',
    [ids.appointmentId, ids.networkId],
  );
  if (row && !row.outcome) throw new Error('a request was asked for its outcome before it was decided');
  return {
    outcome: row?.outcome ?? { ok: false, code: 'undecided', nearest: [] },
    deliveries: await readDeliveries(em, ids.networkId, ids.appointmentId),
    toldPending: row?.told_pending ?? false,
  };
}
