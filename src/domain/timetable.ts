/**
 * One barber's time in one shop over some local dates, as sorted instants, and the one predicate over it: `judge`.
 * Booking and listing both ask it, so what is offered is what can be booked. Zones matter here only at the edges of stretches.
 */
import type { BarberRules, Decision, Interval, ServiceRules, Settings, ShopRules, WeeklyStretch } from './rules.ts';
import { DAY, MINUTE, addDays, datesBetween, endInstant, minuteOfDay, startInstant, weekdayOf } from './time.ts';

/** A barber who could give the service, with the service and settings as inherited down to him. */
export type Candidate = { barber: BarberRules; service: ServiceRules; settings: Settings };

/** Every list is sorted, disjoint and merged, so that one binary search answers each question. */
export type Timetable = Candidate & {
  timeZone: string;
  /** Opening hours without closures. */
  open: Interval[];
  /** The barber's hours as agreed, and what closures leave of them. */
  agreed: Interval[];
  working: Interval[];
  breaks: Interval[];
  timeOff: Interval[];
  claimed: Interval[];
};

/** Sorts, and joins what overlaps or touches: 22:00–24:00 and 00:00–02:00 of the next day are one. Empty stretches vanish. */
export function merge(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { from, to } of intervals.filter((each) => each.from < each.to).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** The last interval of a merged list that begins before `instant`. */
function lastBefore(merged: Interval[], instant: number): Interval | undefined {
  let [low, high] = [0, merged.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (merged[middle]!.from < instant) low = middle + 1;
    else high = middle;
  }
  return merged[low - 1];
}

const overlaps = (merged: Interval[], from: number, to: number): boolean => (lastBefore(merged, to)?.to ?? -Infinity) > from;

/** Whether one interval holds the whole of [from, to): instants are whole, so beginning before from + 1 is beginning by from. */
const contains = (merged: Interval[], from: number, to: number): boolean => (lastBefore(merged, from + 1)?.to ?? -Infinity) >= to;

type LocalDay = { date: string; weekday: number };

function stretches(weekly: WeeklyStretch[], days: LocalDay[], zone: string): Interval[] {
  return merge(days.flatMap(({ date, weekday }) => {
    return weekly.filter((each) => each.weekday === weekday).map(({ fromMinute, toMinute }) => ({
      from: startInstant(date, fromMinute, zone),
      to: endInstant(date, toMinute, zone),
    }));
  }));
}

/**
 * Timetables of the candidates for visits that begin on the local dates `from` to `to`, both included.
 * A closure takes away the stretches that begin on its dates, the shop's and the barbers': Saturday's shift that runs to 02:00
 * belongs to Saturday. Breaks stay, since taking one away could only ever open time.
 */
export function prepare(shop: ShopRules, candidates: Candidate[], from: string, to: string): Timetable[] {
  const longest = Math.max(0, ...candidates.map(({ service }) => service.durationMinutes));
  // Two days before: a stretch may reach minute 2880, which a repeated midnight puts after the start of `from`.
  const dates = datesBetween(addDays(from, -2), addDays(to, 1 + Math.ceil(longest / 1440)));
  const days = dates.map((date) => ({ date, weekday: weekdayOf(date) }));
  const openDays = days.filter(({ date }) => !shop.closures.some(({ fromDate, toDate }) => fromDate <= date && date <= toDate));
  const open = stretches(shop.openingHours, openDays, shop.timeZone);
  return candidates.map((candidate) => {
    const { hours, breaks, timeOff, claimed } = candidate.barber;
    const agreed = stretches(hours, days, shop.timeZone);
    return {
      ...candidate,
      timeZone: shop.timeZone,
      open,
      agreed,
      working: openDays.length === days.length ? agreed : stretches(hours, openDays, shop.timeZone),
      breaks: stretches(breaks, days, shop.timeZone),
      timeOff: merge(timeOff),
      claimed: merge(claimed),
    };
  });
}

/**
 * Whether the visit may begin at `startsAt`, asked at `now`; refusals name the most fundamental rule, and `slot_taken` only what
 * would otherwise be free. The visit must lie inside working time; its buffers may stick out of it, but not into claimed time.
 */
export function judge(timetable: Timetable, startsAt: number, now: number): Decision {
  const { service, settings, barber } = timetable;
  const endsAt = startsAt + service.durationMinutes * MINUTE;
  if (startsAt < now + settings.minimumNoticeMinutes * MINUTE) return { ok: false, code: 'too_soon' };
  if (startsAt > now + settings.bookingHorizonDays * DAY) return { ok: false, code: 'too_far_ahead' };
  const onStep = startsAt % MINUTE === 0 && minuteOfDay(startsAt, timetable.timeZone) % settings.slotStepMinutes === 0;
  if (!onStep) return { ok: false, code: 'off_step' };
  if (!contains(timetable.open, startsAt, endsAt)) return { ok: false, code: 'shop_closed' };
  if (!contains(timetable.working, startsAt, endsAt)) {
    return { ok: false, code: contains(timetable.agreed, startsAt, endsAt) ? 'shop_closed' : 'outside_working_hours' };
  }
  if (overlaps(timetable.breaks, startsAt, endsAt)) return { ok: false, code: 'on_break' };
  if (overlaps(timetable.timeOff, startsAt, endsAt)) return { ok: false, code: 'time_off' };
  const claims = { from: startsAt - service.bufferBeforeMinutes * MINUTE, to: endsAt + service.bufferAfterMinutes * MINUTE };
  if (overlaps(timetable.claimed, claims.from, claims.to)) return { ok: false, code: 'slot_taken' };
  return { ok: true, slot: { barberId: barber.barberId, startsAt, endsAt }, claims };
}
