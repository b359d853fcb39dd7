/** Links by which customers see to their appointment without an account: one purpose each, alive as long as that makes sense. Pure. */
import type { AppointmentStatus } from './appointment.ts';
import type { MessageKind } from './effects.ts';

export const linkPurposes = ['view', 'confirm_attendance', 'reschedule', 'cancel', 'accept_offer', 'decline_offer'] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

/** A link as a message shows it. */
export type Link = { purpose: LinkPurpose; url: string };

/** The links of each message to a customer, in the order in which they are shown. */
export const linksOf: Partial<Record<MessageKind, LinkPurpose[]>> = {
  confirmation_customer: ['view', 'reschedule', 'cancel'],
  approval_customer: ['view', 'reschedule', 'cancel'],
  rescheduled_customer: ['view', 'reschedule', 'cancel'],
  reminder_customer: ['confirm_attendance', 'reschedule', 'cancel'],
  choose_customer: ['reschedule', 'cancel'],
  offer_customer: ['accept_offer', 'decline_offer'],
};

const liveFor: Record<LinkPurpose, AppointmentStatus[]> = {
  view: ['pending_approval', 'confirmed', 'checked_in', 'started'],
  confirm_attendance: ['confirmed'],
  reschedule: ['pending_approval', 'confirmed'],
  cancel: ['pending_approval', 'confirmed'],
  accept_offer: ['held'],
  decline_offer: ['held'],
};

/**
 * Whether it still works: links die with the appointment, and those that change it when the visit begins. Instants are epoch milliseconds.
 */
export function isAlive(
  purpose: LinkPurpose,
  { status, startsAt, endsAt, decideBy }: { status: AppointmentStatus; startsAt: number; endsAt: number; decideBy: number | null },
  now: number,
): boolean {
  if (!liveFor[purpose].includes(status)) return false;
  // What cannot take place as booked waits for another choice; nobody is asked whether they come.
  if (purpose === 'confirm_attendance' && decideBy !== null) return false;
  if (purpose === 'accept_offer' || purpose === 'decline_offer') return decideBy === null || now < decideBy;
  return now < (purpose === 'view' ? endsAt : startsAt);
}
