/** The two ways a booking request is decided, each one transaction. Whichever writes the outcome first wins; the other reads it. */
import { v7 as uuidv7 } from 'uuid';
import { planConfirmation, type Booked, type Decided, type Outcome, type Refusal } from '../domain/appointment.ts';
import type { Decision } from '../domain/rules.ts';
import type { BookingFacts, Candidate } from './booking-facts.ts';
import { insertDeliveries, readDeliveries } from './delivery.ts';
import { Appointment, AppointmentEvent, Occupancy } from './entities/appointment.ts';
import { Diary } from './entities/barber.ts';
import type { EntityManager } from './orm.ts';

export type BookingIds = { appointmentId: string; networkId: string; shopId: string; serviceId: string };

class DecidedBefore extends Error {}

type Undecided = { api_client_id: string; customer_id: string; customer_time_zone: string; told_pending: boolean };

/** Writes the outcome unless there is one; the row lock orders rivals. Answers what the appointment needs from the request. */
async function decideRequest(em: EntityManager, ids: BookingIds, outcome: Outcome): Promise<Undecided | null> {
  const [row] = await em.execute<Undecided[]>(
    `update booking_request set outcome = ?::jsonb, decided_at = now() where id = ? and network_id = ? and outcome is null
     returning api_client_id, customer_id, customer_time_zone, told_pending_at is not null as told_pending`,
    [JSON.stringify(outcome), ids.appointmentId, ids.networkId],
  );
  return row ?? null;
}

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
  const startsAt = new Date(slot.startsAt);
  const endsAt = new Date(slot.endsAt);
  const outcome: Booked = { ok: true, barberId: slot.barberId, startsAt: startsAt.toISOString(), endsAt: endsAt.toISOString(), status: 'confirmed', version: 1 };
  const deliveries = planConfirmation(slot.startsAt, candidate.settings.reminderLeadMinutes, now.getTime());
  try {
    return await em.transactional(async (tx) => {
      if (!overruleVersion) {
        const diary = tx.map(Diary, { barberId: slot.barberId, version: candidate.diaryVersion, bumpedAt: new Date(0) });
        diary.bumpedAt = now;
        await tx.flush();
      }
      const request = await decideRequest(tx, ids, outcome);
      if (!request) throw new DecidedBefore();

      tx.create(Appointment, {
        id: ids.appointmentId, networkId: ids.networkId, shopId: ids.shopId, serviceId: ids.serviceId, barberId: slot.barberId,
        customerId: request.customer_id, apiClientId: request.api_client_id, status: 'confirmed', startsAt, endsAt,
        shopTimeZone: facts.shop.timeZone, customerTimeZone: request.customer_time_zone,
        priceCents: facts.price.cents, currency: facts.price.currency, createdAt: now, version: 1,
      }, { persist: true });
      tx.create(Occupancy, {
        id: uuidv7(), networkId: ids.networkId, barberId: slot.barberId, appointment: ids.appointmentId,
        during: `[${new Date(claims.from).toISOString()},${new Date(claims.to).toISOString()})`,
      }, { persist: true });
      tx.create(AppointmentEvent, {
        id: uuidv7(), networkId: ids.networkId, appointment: ids.appointmentId, kind: 'booked', actor: `client:${request.api_client_id}`, version: 1, happenedAt: now,
      }, { persist: true });
      const planned = insertDeliveries(tx, ids.networkId, ids.appointmentId, 0, deliveries, now);
      await tx.flush();
      return { outcome, deliveries: planned, toldPending: request.told_pending };
    });
  } catch (error) {
    if (error instanceof DecidedBefore) return readDecided(em, ids);
    throw error;
  }
}

/** Ends the request refused, unless it was decided before: then that stands. A customer who was told "pending" gets a mail to be told so. */
export async function refuseRequest(em: EntityManager, ids: BookingIds, outcome: Refusal, now: Date, mailUntil: Date): Promise<Decided> {
  return em.fork().transactional(async (tx) => {
    const request = await decideRequest(tx, ids, outcome);
    if (!request) return readDecided(tx, ids);
    const planned = request.told_pending
      ? insertDeliveries(tx, ids.networkId, ids.appointmentId, 0, [{ kind: 'refusal_customer', dueAt: now.toISOString(), usefulUntil: mailUntil.toISOString() }], now)
      : [];
    return { outcome, deliveries: planned, toldPending: request.told_pending };
  });
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
