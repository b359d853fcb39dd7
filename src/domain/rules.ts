/**
 * The facts that a booking depends on, as plain data: what `src/db` reads, what `availability.ts` decides over.
 * Lengths are whole minutes; instants are epoch milliseconds, UTC; local dates are `YYYY-MM-DD`; ranges are half-open.
 */

/** A stretch of real time: `from` included, `to` excluded, both epoch milliseconds. */
export type Interval = { from: number; to: number };

/**
 * A stretch of wall-clock time that repeats weekly. `weekday` is ISO (1 = Monday … 7 = Sunday) and names the day on which it
 * begins; minutes count from that day's 00:00 on the wall clock. `toMinute` may reach 2880: 1560 is 02:00 on the next day.
 */
export type WeeklyStretch = { weekday: number; fromMinute: number; toMinute: number };

/** Whole local days on which the shop is shut, both ends included. */
export type Closure = { fromDate: string; toDate: string };

export type ShopRules = { timeZone: string; openingHours: WeeklyStretch[]; closures: Closure[] };

export type ServiceRules = { durationMinutes: number; bufferBeforeMinutes: number; bufferAfterMinutes: number };

/** What is known of one barber's time in one shop; `claimed` are occupancy rows (buffers included), in any shop. */
export type BarberRules = {
  barberId: string;
  hours: WeeklyStretch[];
  breaks: WeeklyStretch[];
  timeOff: Interval[];
  claimed: Interval[];
};

/** Settings that any of network, shop, service, barber may set; the nearest to the barber wins. */
export type Settings = {
  /** Offered times lie on multiples of this many minutes of the shop's wall clock. */
  slotStepMinutes: number;
  /** A visit must begin at least so long after the request. */
  minimumNoticeMinutes: number;
  /** A visit must begin at most so many days (of 24 hours) after the request. */
  bookingHorizonDays: number;
  /** Reminders go out so long before the visit. */
  reminderLeadMinutes: number[];
};

export const defaultSettings: Settings = {
  slotStepMinutes: 15,
  minimumNoticeMinutes: 0,
  bookingHorizonDays: 90,
  reminderLeadMinutes: [1440, 120],
};

/** Merges settings from the widest scope (network) to the narrowest (barber); a later layer wins field by field. */
export function inheritSettings(...layers: (Partial<Settings> | null | undefined)[]): Settings {
  const merged = { ...defaultSettings };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value !== undefined && value !== null) Object.assign(merged, { [name]: value });
    }
  }
  return merged;
}

/** Why a time is refused. A closed list: each has a sentence in `src/errors.ts`. */
export type RefusalCode =
  | 'too_soon'
  | 'too_far_ahead'
  | 'off_step'
  | 'shop_closed'
  | 'outside_working_hours'
  | 'on_break'
  | 'time_off'
  | 'slot_taken';

export type Slot = { barberId: string; startsAt: number; endsAt: number };

export type Decision = { ok: true; slot: Slot; claims: Interval } | { ok: false; code: RefusalCode };
