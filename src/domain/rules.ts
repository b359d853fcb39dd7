/**
 * The facts that a booking depends on, as plain data: what `src/db` reads, what the rest of this folder decides over.
 * Lengths are whole minutes; instants are epoch milliseconds, UTC; local dates are `YYYY-MM-DD`; ranges of instants are half-open,
 * ranges of dates have both ends included.
 */
import type { HolidayRule } from './holidays.ts';
import type { Settings } from './settings.ts';

export { defaultSettings, inheritSettings, type Settings } from './settings.ts';

/** A stretch of real time: `from` included, `to` excluded, both epoch milliseconds. */
export type Interval = { from: number; to: number };

/** Wall-clock minutes from a date's 00:00. `toMinute` may reach 2880: 1560 is 02:00 on the next day. */
export type DayStretch = { fromMinute: number; toMinute: number };

/** A stretch that repeats weekly. `weekday` is ISO (1 = Monday … 7 = Sunday) and names the day on which it begins. */
export type WeeklyStretch = DayStretch & { weekday: number };

/** Whole local days, both ends included: a closed shop, or a barber who is away. */
export type Closure = { fromDate: string; toDate: string; reason: string };

/** Hours on one date in place of the week's; none means shut. */
export type DateHours = { date: string; hours: DayStretch[]; reason: string };

/** Of one date, the first of these that says something holds: closure, exception, holiday (by the settings' sets), week. */
export type ShopRules = {
  timeZone: string;
  openingHours: WeeklyStretch[];
  closures: Closure[];
  exceptions: DateHours[];
  /** The network's own holiday sets, by slug; the shipped ones are known without. */
  holidaySets: Record<string, HolidayRule[]>;
};

/** One stretch of a service. In a free one (a colour sets) the customer stays and the barber may serve another. */
export type Segment = { kind: 'busy' | 'free'; minutes: number };

/** A service as one barber gives it; the first and the last segment are busy. Settings are inherited down to this barber and service. */
export type Offer = { serviceId: string; segments: Segment[]; priceCents: number; settings: Settings };

export const lengthOf = (segments: Segment[]): number => segments.reduce((sum, { minutes }) => sum + minutes, 0);

/**
 * Weekly hours that hold on dates from `fromDate` to `toDate` (null: without end). Without hours of his own (null) a barber keeps the
 * shop's.
 */
export type WorkPeriod = { fromDate: string | null; toDate: string | null; hours: WeeklyStretch[] | null; breaks: WeeklyStretch[] };

/** What is known of one barber's time in one shop. */
export type BarberRules = {
  barberId: string;
  /** Periods do not overlap; on a date outside all of them the barber does not work here. */
  periods: WorkPeriod[];
  exceptions: (DateHours & { breaks: DayStretch[] })[];
  timeOff: (Interval & { reason: string })[];
  daysOff: Closure[];
  /** Occupancy rows (buffers included), in any shop. */
  claimed: Interval[];
  /** Starts of this barber's visits, one for each appointment, in any shop. */
  visits: number[];
  /** His own calendar has not been seen for too long, and the shop wants to be warned of that. */
  isUnseen?: boolean;
};

/** A barber of the shop with what he offers of the services that were asked for. */
export type Candidate = { barber: BarberRules; offers: Offer[] };

/** A service that is wanted, by one barber or (null) by any. */
export type Wish = { serviceId: string; barberId: string | null };

/** One visit: its services back to back, in this order. With `sameBarber`, one barber gives all of them. */
export type Visit = { wishes: Wish[]; sameBarber: boolean };

/** The visit of one service. */
export const visitOf = (serviceId: string, barberId: string | null): Visit => ({ wishes: [{ serviceId, barberId }], sameBarber: true });

/** Why a time is refused. A closed list: each has a sentence in `src/errors.ts`. */
export type RefusalCode =
  | 'too_soon'
  | 'too_far_ahead'
  | 'off_step'
  | 'service_not_offered'
  | 'shop_closed'
  | 'outside_working_hours'
  | 'on_break'
  | 'time_off'
  | 'barber_day_full'
  | 'customer_limit'
  | 'slot_taken';

/** One service of a visit as it was placed. */
export type Part = { serviceId: string; barberId: string; startsAt: number; endsAt: number; priceCents: number };

/** A time for the whole visit; `barberId` is the first part's. */
export type Slot = { barberId: string; startsAt: number; endsAt: number; parts: Part[] };

/** A row of occupancy to be: buffers included. `visitStartsAt` stands on the barber's first row only. */
export type Claim = Interval & { barberId: string; visitStartsAt: number | null };

export type Refused = {
  ok: false;
  code: RefusalCode;
  /** Whom and what it hit: for the sentence that explains it. */
  barberId: string | null;
  serviceId: string;
  at: Interval;
};

export type Decision = { ok: true; slot: Slot; claims: Claim[] } | Refused;

/** How a part's barber was found; `bookedMinutes` is what he had claimed that day, `among` how many were free for it. */
export type Chosen =
  { rule: 'asked' } | { rule: 'least_booked'; bookedMinutes: number; among: number } | { rule: 'same_barber' } | { rule: 'unknown' };
