/** The two ways a booking request is decided, each one transaction. Whichever writes the outcome first wins; the other reads it. */
import { v7 as uuidv7 } from 'uuid';
import { planConfirmation, type Booked, type Decided, type Outcome, type PlannedDelivery, type Refusal } from '../domain/appointment.ts';
import type { Possible } from '../domain/choice.ts';
import type { Settings } from '../domain/rules.ts';
import { toWall } from '../domain/time.ts';
import { localDay } from '../domain/timetable.ts';
import type { BookingFacts } from './booking-facts.ts';
import { deliveryId, readDeliveries } from './delivery.ts';
import { Diary } from './entities/barber.ts';
import type { EntityManager } from './orm.ts';

export type BookingIds = { appointmentId: string; networkId: string; shopId: string };

class DecidedBefore extends Error {}

/** The customer has as many visits as the rules allow; thrown inside the claim, where no twin can come between. */
export class CustomerLimit extends Error {}

/** Writes the outcome unless there is one; the row lock orders rivals. */
const decideRequest = `update booking_request set outcome = ?::jsonb, decided_at = ?::timestamptz where id = ? and network_id = ? and outcome is null
  returning id, network_id, api_client_id, customer_id, customer_time_zone, told_pending_at is not null as told_pending`;

/** The effects, as the rows of a JSON array. */
const insertDeliveries = `insert into delivery (id, network_id, appointment_id, kind, barber_id, sequence, state, due_at, useful_until)
  select d.id, request.network_id, request.id, d.kind, d."barberId", 0, 'due', d."dueAt", d."usefulUntil"
  from request, jsonb_to_recordset(?::jsonb) as d(id uuid, kind text, "barberId" uuid, "dueAt" timestamptz, "usefulUntil" timestamptz)`;

/** All rows of a won slot in one round trip; foreign keys are checked at its end. Answers no row when the request was decided before. */
const insertWon = `
with request as (${decideRequest}),
appointment as (
  insert into appointment (id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at, shop_time_zone,
    customer_time_zone, promised_start, promised_offset_minutes, price_cents, currency, created_at)
  select id, network_id, ?::uuid, ?::uuid, ?::uuid, customer_id, api_client_id, 'confirmed', ?::timestamptz, ?::timestamptz, ?::text, customer_time_zone,
    ?::text, ?::int, ?::int, ?::text, ?::timestamptz from request),
parts as (
  insert into appointment_part (id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
  select p.id, network_id, request.id, p.position, p."serviceId", p."barberId", p."startsAt", p."endsAt", p."priceCents", p.segments, p.chosen
  from request, jsonb_to_recordset(?::jsonb) as p(id uuid, position int, "serviceId" uuid, "barberId" uuid, "startsAt" timestamptz, "endsAt" timestamptz,
    "priceCents" int, segments jsonb, chosen jsonb)),
occupancy as (
  insert into occupancy (id, network_id, barber_id, appointment_id, during, visit_starts_at)
  select o.id, network_id, o."barberId", request.id, tstzrange(o."from", o."to"), o."visitStartsAt"
  from request, jsonb_to_recordset(?::jsonb) as o(id uuid, "barberId" uuid, "from" timestamptz, "to" timestamptz, "visitStartsAt" timestamptz)),
event as (
  insert into appointment_event (id, network_id, appointment_id, kind, actor, version, happened_at)
  select ?::uuid, network_id, id, 'booked', 'client:' || api_client_id, 1, ?::timestamptz from request),
deliveries as (${insertDeliveries})
select told_pending from request`;

const named = (appointmentId: string, effects: Omit<PlannedDelivery, 'id'>[]): PlannedDelivery[] =>
  effects.map((effect) => ({ id: deliveryId(appointmentId, 0, effect), ...effect }));

const iso = (instant: number): string => new Date(instant).toISOString();

/**
 * Claims the slot for the appointment. The order is the point: bump the versions of the barbers' diaries and flush, which tells every loser
 * at once and cleanly; only then insert, under the exclusion constraint. Throws what `lostRace` recognises when a rival was quicker; the
 * caller then reads fresh facts. `overruleVersion` exists for the test that takes the optimistic lock away and looks at the constraint alone.
 */
export async function claimSlot(em: EntityManager, ids: BookingIds, facts: BookingFacts, { decision, chosen }: Possible, now: Date, overruleVersion = false): Promise<Decided> {
  const { slot, claims } = decision;
  const { timeZone } = facts.shop;
  const offers = slot.parts.map(({ barberId, serviceId }) =>
    facts.candidates.find(({ barber }) => barber.barberId === barberId)!.offers.find((offer) => offer.serviceId === serviceId)!);
  const barberIds = [...new Set(slot.parts.map(({ barberId }) => barberId))];
  const { settings } = offers[0]!;
  const outcome: Booked = {
    ok: true, barberId: slot.barberId, startsAt: iso(slot.startsAt), endsAt: iso(slot.endsAt), status: 'confirmed', version: 1, shopTimeZone: timeZone,
    priceCents: slot.parts.reduce((sum, { priceCents }) => sum + priceCents, 0), currency: facts.services.find(({ id }) => id === slot.parts[0]!.serviceId)!.currency,
    parts: slot.parts.map((part, index) => ({ ...part, startsAt: iso(part.startsAt), endsAt: iso(part.endsAt), chosen: chosen[index]! })),
  };
  const deliveries = named(ids.appointmentId, planConfirmation(slot.startsAt, settings.reminderLeadMinutes, now.getTime(), barberIds));
  const promised = toWall(slot.startsAt, timeZone);
  try {
    return await em.transactional(async (tx) => {
      if (!overruleVersion) {
        // Always in the order of ids, so that two visits of the same barbers cannot deadlock.
        for (const barberId of barberIds.toSorted()) {
          const { diaryVersion } = facts.candidates.find(({ barber }) => barber.barberId === barberId)!;
          tx.map(Diary, { barberId, networkId: ids.networkId, version: diaryVersion, bumpedAt: new Date(0) }).bumpedAt = now;
        }
        await tx.flush();
      }
      await checkCustomer(tx, ids, settings, slot.startsAt, timeZone, now);
      const [won] = await tx.execute<{ told_pending: boolean }[]>(insertWon, [
        JSON.stringify(outcome), now, ids.appointmentId, ids.networkId,
        ids.shopId, slot.parts[0]!.serviceId, slot.barberId, new Date(slot.startsAt), new Date(slot.endsAt), timeZone,
        `${promised.date}T${promised.time}`, promised.offsetMinutes, outcome.priceCents, outcome.currency, now,
        JSON.stringify(outcome.parts!.map((part, position) => ({ id: uuidv7(), position, ...part, segments: offers[position]!.segments }))),
        JSON.stringify(claims.map((claim) => ({ id: uuidv7(), barberId: claim.barberId, from: iso(claim.from), to: iso(claim.to), visitStartsAt: claim.visitStartsAt && iso(claim.visitStartsAt) }))),
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

/** Throws `CustomerLimit` when one more visit would be too many. The customer's row is locked, so twins at different barbers wait here. */
async function checkCustomer(tx: EntityManager, ids: BookingIds, settings: Settings, startsAt: number, timeZone: string, now: Date): Promise<void> {
  const { maxVisitsPerCustomerDay, maxUpcomingVisitsPerCustomer } = settings;
  if (maxVisitsPerCustomerDay === null && maxUpcomingVisitsPerCustomer === null) return;
  const day = localDay(startsAt, timeZone);
  await tx.execute(`select from customer c join booking_request r on r.customer_id = c.id where r.id = ? and r.network_id = ? for no key update of c`, [ids.appointmentId, ids.networkId]);
  const [count] = await tx.execute<{ on_day: number; upcoming: number }[]>(
    `select count(*) filter (where a.starts_at >= ? and a.starts_at < ?)::int as on_day, count(*) filter (where a.starts_at > ?)::int as upcoming
     from appointment a join booking_request r on r.customer_id = a.customer_id
     where r.id = ? and r.network_id = ? and a.id <> r.id and a.status = 'confirmed'`,
    [new Date(day.from), new Date(day.to), now, ids.appointmentId, ids.networkId],
  );
  if (count!.on_day >= (maxVisitsPerCustomerDay ?? Infinity) || count!.upcoming >= (maxUpcomingVisitsPerCustomer ?? Infinity)) throw new CustomerLimit();
}

/** Ends the request refused, unless it was decided before: then that stands. A customer who was told "pending" gets a mail to be told so. */
export async function refuseRequest(em: EntityManager, ids: { appointmentId: string; networkId: string }, outcome: Refusal, now: Date, mailUntil: Date): Promise<Decided> {
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
