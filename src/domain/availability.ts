/**
 * Which times are free: pure functions over the facts in `rules.ts`, all built on `judge`, which also decides about bookings.
 * Instants are epoch milliseconds; dates are local to the shop's zone, and a slot belongs to the date on which it begins.
 */
import { findChain } from './chain.ts';
import { rankBarbers } from './choice.ts';
import { judge, type Placement } from './judgement.ts';
import { fixedLineups, staffOf } from './lineup.ts';
import type { Candidate, Interval, ShopRules, Slot, Visit } from './rules.ts';
import { addDays, datesBetween, endInstant, instantsOf, startInstant, toWall } from './time.ts';
import { localDay } from './timetable.ts';

/** What is asked: a visit in a shop, by these barbers. */
export type Question = { shop: ShopRules; candidates: Candidate[]; visit: Visit; now: number };

/** All instants of a range of dates whose wall time lies on the step; of a repeated hour both occurrences, of a skipped one none. */
function startsOn(dates: string[], stepMinutes: number, zone: string): number[] {
  const starts: number[] = [];
  // `judge` finds nothing on a step of zero; here it would never end.
  if (stepMinutes < 1) return starts;
  for (const date of dates) {
    for (let minute = 0; minute < 1440; minute += stepMinutes) starts.push(...instantsOf(date, minute, zone));
  }
  return starts.sort((a, b) => a - b);
}

const byTime = (a: Slot, b: Slot): number => a.startsAt - b.startsAt || (a.barberId < b.barberId ? -1 : 1);

/** The sorted starts that lie inside one of the sorted intervals: outside working time there is nothing to judge. */
function* inside(starts: number[], intervals: Interval[]): Generator<number> {
  let index = 0;
  for (const { from, to } of intervals) {
    while (index < starts.length && starts[index]! < from) index++;
    while (index < starts.length && starts[index]! < to) yield starts[index++]!;
  }
}

/**
 * The slots that begin on the local dates `from` to `to`, both included, by start, then barber. Where a chain of barbers has to be found,
 * one for each start.
 */
export function offeredSlots({ shop, candidates, visit, now, from, to }: Question & { from: string; to: string }): Slot[] {
  const dates = datesBetween(from, to);
  const staff = staffOf(shop, candidates, visit, from, to);
  const known = new Map<number, number[]>();
  const startsOf = ({ timetable, offer }: Placement): Iterable<number> => {
    const step = offer.settings.slotStepMinutes;
    const starts = known.get(step) ?? startsOn(dates, step, shop.timeZone);
    known.set(step, starts);
    return inside(starts, timetable.working);
  };
  const slots: Slot[] = [];
  const lineups = fixedLineups(staff);
  for (const lineup of lineups ?? []) {
    for (const startsAt of startsOf(lineup[0]!)) {
      const decision = judge(lineup, startsAt, now);
      if (decision.ok) slots.push(decision.slot);
    }
  }
  if (!lineups) {
    const barbers = candidates.map(({ barber }) => barber);
    for (const startsAt of new Set(staff.choices[0]!.flatMap((placement) => [...startsOf(placement)]))) {
      const ranked = rankBarbers(barbers, localDay(startsAt, shop.timeZone), startsAt).map(({ barberId }) => barberId);
      const chain = findChain(staff, startsAt, now, (barberId) => ranked.indexOf(barberId));
      if (chain) slots.push(chain.slot);
    }
  }
  return slots.sort(byTime);
}

/** The first `limit` free slots from the instant `from` (the past counts as now), by start, up to `days` local dates ahead. */
export function nextSlots({ from, limit, days, ...question }: Question & { from: number; limit: number; days: number }): Slot[] {
  const after = Math.max(from, question.now);
  const first = toWall(after, question.shop.timeZone).date;
  const found: Slot[] = [];
  for (let day = 0; day < days && found.length < limit; day++) {
    const date = addDays(first, day);
    found.push(...offeredSlots({ ...question, from: date, to: date }).filter(({ startsAt }) => startsAt >= after));
  }
  return found.slice(0, limit);
}

/**
 * Up to `limit` free slots nearest to `around` (an instant; the past counts as now), nearest first and of two as near the earlier.
 * Looks outwards one local date at a time, up to `days` before and after; the caller reads the facts for that range.
 */
export function nearestSlots({ limit, days = 14, ...question }: Question & { around: number; limit: number; days?: number }): Slot[] {
  const { shop, now } = question;
  const zone = shop.timeZone;
  const around = Math.max(question.around, now);
  const middle = toWall(around, zone).date;
  const today = toWall(now, zone).date;
  const found: Slot[] = [];
  for (let distance = 0; distance <= days; distance++) {
    const [before, after] = [addDays(middle, -distance), addDays(middle, distance)];
    // The days searched so far end between these two dates: what is left is no nearer than their inner edges.
    const searched = Math.min(around - endInstant(before, 1440, zone), startInstant(after, 0, zone) - around);
    if (found.filter(({ startsAt }) => Math.abs(startsAt - around) < searched).length >= limit) break;
    for (const date of new Set([before, after])) {
      if (date >= today) found.push(...offeredSlots({ ...question, from: date, to: date }));
    }
  }
  return found.sort((a, b) => Math.abs(a.startsAt - around) - Math.abs(b.startsAt - around) || byTime(a, b)).slice(0, limit);
}
