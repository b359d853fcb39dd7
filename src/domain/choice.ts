/**
 * Who gives a visit at one time: fair among the barbers who could, and explained. The route's cheap look and the reservation both ask here.
 */
import { countFree, explainChain, findChain, type Accepted } from './chain.ts';
import { filled, merge } from './intervals.ts';
import { judge, nearestMiss } from './judgement.ts';
import { barberOf, fixedLineups, notOffered, staffOf } from './lineup.ts';
import type { BarberRules, Candidate, Chosen, Interval, Refused, ShopRules, Visit } from './rules.ts';
import { MINUTE, toWall } from './time.ts';
import { localDay } from './timetable.ts';

export type { Accepted } from './chain.ts';

/** One way to give the visit, with the reason for each part's barber. */
export type Possible = { decision: Accepted; chosen: Chosen[] };

/** A barber in the order of "any barber", with the figure that explains it. */
export type Ranked = { barberId: string; bookedMinutes: number };

/**
 * The order in which "any barber" is tried: least claimed minutes in `period` first. Ties fall by a hash of barber and start, so
 * that nobody is always first, and the same question always has the same answer.
 */
export function rankBarbers(barbers: Pick<BarberRules, 'barberId' | 'claimed'>[], period: Interval, startsAt: number): Ranked[] {
  return barbers
    .map(({ barberId, claimed }) => ({
      barberId,
      bookedMinutes: Math.round(filled(merge(claimed), period) / MINUTE),
      lot: hash(`${startsAt} ${barberId}`),
    }))
    .sort((a, b) => a.bookedMinutes - b.bookedMinutes || a.lot - b.lot || (a.barberId < b.barberId ? -1 : 1))
    .map(({ barberId, bookedMinutes }) => ({ barberId, bookedMinutes }));
}

/**
 * The ways to give the visit at `startsAt` (epoch milliseconds), fairest first, and the refusal to give when there is none. With
 * several barbers that is the nearest miss: that somebody works then and is taken says more than that another is off.
 */
export function judgeVisit(
  facts: { shop: ShopRules; candidates: Candidate[] },
  visit: Visit,
  startsAt: number,
  now: number,
): { possible: Possible[]; refusal: Refused } {
  const { shop, candidates } = facts;
  const { date } = toWall(startsAt, shop.timeZone);
  const staff = staffOf(shop, candidates, visit, date, date);
  const ranked = rankBarbers(
    candidates.map(({ barber }) => barber),
    localDay(startsAt, shop.timeZone),
    startsAt,
  );
  const rank = new Map(ranked.map((each, index) => [each.barberId, { ...each, index }]));
  const refusals: Refused[] = [];
  const accepted: Accepted[] = [];
  const lineups = fixedLineups(staff)?.sort((a, b) => rank.get(barberOf(a[0]!))!.index - rank.get(barberOf(b[0]!))!.index);
  if (lineups) {
    for (const lineup of lineups) {
      const decision = judge(lineup, startsAt, now);
      if (decision.ok) accepted.push(decision);
      else refusals.push(decision);
    }
  } else {
    const order = (barberId: string): number => rank.get(barberId)!.index;
    const chain = findChain(staff, startsAt, now, order);
    if (chain) accepted.push(chain);
    else refusals.push(explainChain(staff, startsAt, now, order));
  }
  const possible = accepted.map((decision) => ({
    decision,
    chosen: decision.slot.parts.map(({ barberId }, index): Chosen => {
      if (visit.wishes[index]!.barberId !== null) return { rule: 'asked' };
      if (index > 0 && decision.slot.parts[index - 1]!.barberId === barberId) return { rule: 'same_barber' };
      const free = lineups ? accepted.length : countFree(staff.choices[index]!, decision.slot.parts, index);
      return { rule: 'least_booked', bookedMinutes: rank.get(barberId)!.bookedMinutes, among: free };
    }),
  }));
  return { possible, refusal: nearestMiss(refusals) ?? notOffered(staff, startsAt) };
}

/** FNV-1a, then MurmurHash3's finaliser, without which names that differ in their last letter would keep their order. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
