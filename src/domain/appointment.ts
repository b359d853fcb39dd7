/**
 * What an appointment is and may become. Pure: "now" is always an argument. Instants travel as ISO 8601 text in UTC, since workflows
 * and activities exchange them as JSON.
 */
import type { Chosen, RefusalCode, Slot } from './rules.ts';

/** A row exists only once the slot is won; before that, and for refusals, the booking request tells the state. */
export type AppointmentStatus = 'confirmed' | 'cancelled';

export type DeliveryKind =
  | 'confirmation_customer'
  | 'confirmation_barber'
  | 'reminder_customer'
  | 'cancellation_customer'
  | 'cancellation_barber'
  | 'refusal_customer';

/** `due` and `in_flight` are open; the others are final. `parked` waits for a person, `skipped` is no longer of use. */
export type DeliveryState = 'due' | 'in_flight' | 'delivered' | 'parked' | 'skipped';

/** A free time offered in place of a refused one. */
export type FreeSlot = { barberId: string; startsAt: string; endsAt: string };

export const freeSlot = ({ barberId, startsAt, endsAt }: Slot): FreeSlot => ({
  barberId,
  startsAt: new Date(startsAt).toISOString(),
  endsAt: new Date(endsAt).toISOString(),
});

export type Refusal = { ok: false; code: RefusalCode | 'undecided'; nearest: FreeSlot[] };

/** One service of a booked visit, and how its barber was found. */
export type BookedPart = { serviceId: string; barberId: string; startsAt: string; endsAt: string; priceCents: number; chosen: Chosen };

/** What was won, under the facts that the claim read: with it the first answer can be given again, whatever changed since. */
export type Booked = {
  ok: true; barberId: string; startsAt: string; endsAt: string; status: 'confirmed'; version: number; shopTimeZone: string; priceCents: number; currency: string;
  /** In order; missing from outcomes of before visits had parts. */
  parts?: BookedPart[];
};

/** The decision on a booking request, as it is stored, replayed and answered. */
export type Outcome = Booked | Refusal;

/** One effect as the workflow knows it: when it may start, and until when it is of use. */
export type PlannedDelivery = { id: string; kind: DeliveryKind; dueAt: string; usefulUntil: string; /** Of a message to one of several barbers: to whom. */ barberId?: string };

/** How a cancellation ended; `version` is the appointment's after it. */
export type CancelResult = { ok: true; version: number; deliveries: PlannedDelivery[] } | { ok: false; code: 'already_begun' | 'not_found' };

/** Whether an appointment begins at its promised wall time again; `reminders` are those still to come. */
export type RetimeResult = { ok: true; endsAt: string; reminders: PlannedDelivery[] } | { ok: false; code: 'slot_taken' | 'skipped_local_time' | 'not_found' };

/** A decided request: the outcome, the effects that follow from it, and whether the customer was told "pending" meanwhile. */
export type Decided = { outcome: Outcome; deliveries: PlannedDelivery[]; toldPending: boolean };

/** One message for each barber of the visit; a sole barber need not be named. */
const forEach = (barberIds: string[], message: Omit<PlannedDelivery, 'id'>): Omit<PlannedDelivery, 'id'>[] =>
  barberIds.length > 1 ? barberIds.map((barberId) => ({ ...message, barberId })) : [message];

/**
 * The effects of a confirmed appointment: confirmations to the customer and each barber at once, and each reminder whose time has not
 * passed (`leadMinutes` before).
 */
export function planConfirmation(startsAt: number, leadMinutes: number[], now: number, barberIds: string[]): Omit<PlannedDelivery, 'id'>[] {
  const usefulUntil = new Date(startsAt).toISOString();
  const at = (kind: DeliveryKind, instant: number) => ({ kind, dueAt: new Date(instant).toISOString(), usefulUntil });
  const reminders = [...new Set(leadMinutes)]
    .map((lead) => startsAt - lead * 60_000)
    .filter((dueAt) => dueAt > now)
    .sort((a, b) => a - b);
  return [
    at('confirmation_customer', now),
    ...forEach(barberIds, at('confirmation_barber', now)),
    ...reminders.map((dueAt) => at('reminder_customer', dueAt)),
  ];
}

/** The effects of a cancellation. They stay of use until the visit would have ended: somebody may be on the way. */
export function planCancellation(endsAt: number, now: number, barberIds: string[]): Omit<PlannedDelivery, 'id'>[] {
  const dueAt = new Date(now).toISOString();
  const usefulUntil = new Date(endsAt).toISOString();
  return [
    { kind: 'cancellation_customer', dueAt, usefulUntil },
    ...forEach(barberIds, { kind: 'cancellation_barber', dueAt, usefulUntil }),
  ];
}

/** Whether an appointment may be cancelled now: `already` when it is cancelled, `already_begun` once the visit has started. */
export function judgeCancel(status: AppointmentStatus, startsAt: number, now: number): 'allowed' | 'already' | 'already_begun' {
  if (status === 'cancelled') return 'already';
  return now < startsAt ? 'allowed' : 'already_begun';
}

/** Whether an effect still makes sense for an appointment in this status: a cancelled visit is neither confirmed nor reminded of. */
export function isWanted(kind: DeliveryKind, status: AppointmentStatus | 'refused'): boolean {
  switch (kind) {
    case 'confirmation_customer':
    case 'confirmation_barber':
    case 'reminder_customer':
      return status === 'confirmed';
    case 'cancellation_customer':
    case 'cancellation_barber':
      return status === 'cancelled';
    case 'refusal_customer':
      return status === 'refused';
  }
}
