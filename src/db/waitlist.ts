/** The waitlist's side of an offer. */
import type { Entry } from '../domain/change.ts';
import type { AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/** An offer was answered: the entry is booked, or waits on for another time. */
export async function noteAnswer(tx: EntityManager, { id, status, waitlistEntryId }: AppointmentRow, now: Date): Promise<void> {
  const isTaken = status === 'confirmed' || status === 'pending_approval';
  const answer = isTaken ? 'accepted' : status === 'expired' ? 'expired' : 'declined';
  await tx.execute('update waitlist_offer set answer = ?, answered_at = ? where appointment_id = ? and answer is null', [answer, now, id]);
  await tx.execute(
    `update waitlist_entry set status = ?, appointment_id = case when ? then appointment_id end, ended_at = case when ? then ?::timestamptz end, version = version + 1
     where id = ? and appointment_id = ? and status = 'offered'`,
    [isTaken ? 'booked' : 'waiting', isTaken, isTaken, now, waitlistEntryId, id],
  );
}

/** Whose waitlist is looked at: the shop where an appointment gave time back, one shop's, or everybody's. */
export type OfferQuery = { networkId?: string; shopId?: string; appointmentId?: string; cause: string };

/** The input of an offer's workflow, but for its policy. */
export type PreparedOffer = { appointmentId: string; networkId: string; shopId: string; serviceId: string; barberId: string; startsAt: string; entry: Entry };

export async function prepareOffers(_em: EntityManager, _query: OfferQuery, _now: Date): Promise<PreparedOffer[]> {
  return [];
}
