/** What was decided about a booking request, as it is stored, replayed and answered; instants travel as ISO 8601 text in UTC. */
import type { AppointmentStatus, Wake } from './appointment.ts';
import type { PlannedDelivery } from './effects.ts';
import type { BookingPolicy } from './policy.ts';
import type { Chosen, RefusalCode, Slot } from './rules.ts';

/** A free time offered in place of a refused one. */
export type FreeSlot = { barberId: string; startsAt: string; endsAt: string };

export const freeSlot = ({ barberId, startsAt, endsAt }: Slot): FreeSlot => ({
  barberId,
  startsAt: new Date(startsAt).toISOString(),
  endsAt: new Date(endsAt).toISOString(),
});

export type Refusal = { ok: false; code: RefusalCode | 'undecided' | 'not_accepted'; nearest: FreeSlot[] };

/** One service of a booked visit, and how its barber was found. */
export type BookedPart = { serviceId: string; barberId: string; startsAt: string; endsAt: string; priceCents: number; chosen: Chosen };

/** What was won, under the facts that the claim read: with it the first answer can be given again, whatever changed since. */
export type Booked = {
  ok: true;
  barberId: string;
  startsAt: string;
  endsAt: string;
  status: AppointmentStatus;
  version: number;
  shopTimeZone: string;
  priceCents: number;
  currency: string;
  /** In order; missing from outcomes of before visits had parts. */
  parts?: BookedPart[];
  /** Of a hold or a request that waits for approval: until when. */
  decideBy?: string;
  /** Barbers whose own calendars had not been seen for too long, where the shop wants to be warned. */
  unseen?: string[];
  /** What it was booked under; missing from outcomes of before there were policies. */
  policy?: BookingPolicy;
};

/** The decision on a booking request, as it is stored, replayed and answered. */
export type Outcome = Booked | Refusal;

/** Where an appointment stands, as its workflow needs to know: what is open, and what to do when if nothing happens. */
export type Stand = {
  status: AppointmentStatus;
  version: number;
  barberId: string;
  startsAt: string;
  wake: { at: string; action: NonNullable<Wake>['action'] } | null;
  /** All effects that are still open; one that is missing was withdrawn or has ended. */
  effects: PlannedDelivery[];
  /** The ids of those that wait for a person; missing of a booking just made, and in histories from before it was told. */
  parked?: string[];
  /** Whether time came free for which somebody waits. */
  freed: boolean;
};

/** A decided request: the outcome, the effects that follow from it, and whether the customer was told "pending" meanwhile. */
export type Decided = {
  outcome: Outcome;
  deliveries: PlannedDelivery[];
  toldPending: boolean;
  /** Of what was won; missing from what workers of before policies decided. */
  stand?: Stand;
};
