/**
 * Which times are free, and whether one is: pure functions over the facts in `rules.ts`, all built on `judge`.
 * Instants are epoch milliseconds; dates are local to the shop's zone, and a slot belongs to the date on which it begins.
 */
import type { BarberRules, Decision, Interval, ShopRules, Slot } from './rules.ts';
import { MINUTE, addDays, datesBetween, endInstant, instantsOf, startInstant, toWall } from './time.ts';
import { judge, merge, prepare } from './timetable.ts';
import type { Candidate } from './timetable.ts';

export type { Candidate } from './timetable.ts';

/** Whether this visit may be booked, and if not, which rule refuses it. */
export function decide(request: Candidate & { shop: ShopRules; now: number; startsAt: number }): Decision {
  const { shop, now, startsAt } = request;
  const { date } = toWall(startsAt, shop.timeZone);
  const [timetable] = prepare(shop, [request], date, date);
  return judge(timetable!, startsAt, now);
}

/** All instants of a range of dates whose wall time lies on the step; of a repeated hour both occurrences, of a skipped one none. */
function startsOn(dates: string[], stepMinutes: number, zone: string): number[] {
  const starts: number[] = [];
  // `judge` finds nothing on a step of zero; here it would never end.
  if (stepMinutes < 1) return starts;
  for (const date of dates) {
    for (let minute = 0; minute < 1440; minute += stepMinutes) starts.push(...instantsOf(date, minute, zone));
  }
  return starts;
}

const byTime = (a: Slot, b: Slot): number => a.startsAt - b.startsAt || (a.barberId < b.barberId ? -1 : 1);

/** The slots that begin on the local dates `from` to `to`, both included, by start, then barber. */
export function offeredSlots(request: { shop: ShopRules; candidates: Candidate[]; from: string; to: string; now: number }): Slot[] {
  const { shop, candidates, from, to, now } = request;
  const dates = datesBetween(from, to);
  const starts = new Map<number, number[]>();
  const slots: Slot[] = [];
  for (const timetable of prepare(shop, candidates, from, to)) {
    const step = timetable.settings.slotStepMinutes;
    const instants = starts.get(step) ?? startsOn(dates, step, shop.timeZone);
    starts.set(step, instants);
    for (const startsAt of instants) {
      const decision = judge(timetable, startsAt, now);
      if (decision.ok) slots.push(decision.slot);
    }
  }
  return slots.sort(byTime);
}

/**
 * Up to `limit` free slots nearest to `around` (an instant; the past counts as now), nearest first and of two as near the earlier.
 * Looks outwards one local date at a time, up to `days` before and after; the caller reads the facts for that range.
 */
export function nearestSlots(request: {
  shop: ShopRules; candidates: Candidate[]; now: number; around: number; limit: number; days?: number;
}): Slot[] {
  const { shop, candidates, now, limit, days = 14 } = request;
  const zone = shop.timeZone;
  const around = Math.max(request.around, now);
  const middle = toWall(around, zone).date;
  const today = toWall(now, zone).date;
  const found: Slot[] = [];
  for (let distance = 0; distance <= days; distance++) {
    const [before, after] = [addDays(middle, -distance), addDays(middle, distance)];
    // The days searched so far end between these two dates: what is left is no nearer than their inner edges.
    const searched = Math.min(around - endInstant(before, 1440, zone), startInstant(after, 0, zone) - around);
    if (found.filter(({ startsAt }) => Math.abs(startsAt - around) < searched).length >= limit) break;
    for (const date of new Set([before, after])) {
      if (date >= today) found.push(...offeredSlots({ shop, candidates, from: date, to: date, now }));
    }
  }
  return found.sort((a, b) => Math.abs(a.startsAt - around) - Math.abs(b.startsAt - around) || byTime(a, b)).slice(0, limit);
}

/** A barber in the order of "any barber", with the figure that explains it. */
export type Ranked = { barberId: string; bookedMinutes: number };

/** The shop's local day that holds `instant`: the usual period of `rankCandidates`. */
export function localDay(instant: number, timeZone: string): Interval {
  const { date } = toWall(instant, timeZone);
  return { from: startInstant(date, 0, timeZone), to: startInstant(addDays(date, 1), 0, timeZone) };
}

/**
 * The order in which "any barber" is tried: least claimed minutes in `period` first. Ties fall by a hash of barber and start, so
 * that nobody is always first, and the same question always has the same answer.
 */
export function rankCandidates(barbers: Pick<BarberRules, 'barberId' | 'claimed'>[], period: Interval, startsAt: number): Ranked[] {
  return barbers
    .map(({ barberId, claimed }) => {
      const inside = claimed.map(({ from, to }) => ({ from: Math.max(from, period.from), to: Math.min(to, period.to) }));
      const booked = merge(inside).reduce((sum, { from, to }) => sum + to - from, 0);
      return { barberId, bookedMinutes: Math.round(booked / MINUTE), lot: hash(`${startsAt} ${barberId}`) };
    })
    .sort((a, b) => a.bookedMinutes - b.bookedMinutes || a.lot - b.lot || (a.barberId < b.barberId ? -1 : 1))
    .map(({ barberId, bookedMinutes }) => ({ barberId, bookedMinutes }));
}

/** FNV-1a, then MurmurHash3's finaliser, without which names that differ in their last letter would keep their order. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
