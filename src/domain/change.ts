/** What is asked of an appointment, and what came of it. Ids, instants and words of closed lists only: this travels through Temporal. */
import type { Action, By, NotAllowed, Reason } from './appointment.ts';
import type { PlannedDelivery } from './effects.ts';
import type { FreeSlot, Refusal, Stand } from './outcome.ts';
import type { RefusalCode, Visit } from './rules.ts';

/** How an appointment comes to be: booked, held for somebody who types, taken at the desk, or offered to somebody who waits. */
export type EntryKind = 'book' | 'hold' | 'walk_in' | 'offer';

/** Rules that staff set aside, and why. Time that is taken stays taken. */
export type Waiver = { codes: Exclude<RefusalCode, 'slot_taken' | 'service_not_offered'>[]; reason: Reason };

export type Entry = {
  kind: EntryKind;
  by: By;
  /** Of a hold or an offer. */
  holdSeconds?: number;
  waiver?: Waiver;
  seriesId?: string;
  waitlistEntryId?: string;
};

export const plainEntry: Entry = { kind: 'book', by: 'customer' };

/** The way by which somebody came. */
export type Source = 'api' | 'link' | 'timer' | 'temporal' | 'cli' | 'waitlist' | 'relocation';

export type Who = { actor: string; by: By; source: Source };

export type Change = Who & { reason?: Reason; /** The version that the caller has seen, if they say. */ ifVersion?: number } & (
    | { action: 'reschedule'; to: { shopId: string; visit: Visit; startsAt: string }; waiver?: Waiver }
    | { action: Exclude<Action, 'reschedule' | 'submit'> }
  );

export type ChangeRefusal = NotAllowed | Refusal['code'] | 'not_found' | 'skipped_local_time' | 'precondition_failed';

/** `stand` is where the appointment is then; of a refusal too, if there is one. */
export type ChangeResult = { ok: true; stand: Stand } | { ok: false; code: ChangeRefusal; nearest?: FreeSlot[]; stand?: Stand };

/** What workflows that began before version 3 understand. */
export type CancelResult =
  { ok: true; version: number; deliveries: PlannedDelivery[] } | { ok: false; code: 'already_begun' | 'not_found' };
export type RetimeResult =
  { ok: true; endsAt: string; reminders: PlannedDelivery[] } | { ok: false; code: 'slot_taken' | 'skipped_local_time' | 'not_found' };
