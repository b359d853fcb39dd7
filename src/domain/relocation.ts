/** Sick calls and closures: how the visits of a day are taken elsewhere. Pure: "now" is always an argument. */
import type { Reason } from './appointment.ts';
import { nearestSlots } from './availability.ts';
import { judgeVisit } from './choice.ts';
import type { Waiver } from './change.ts';
import { findBroken, type BookedTime } from './hits.ts';
import type { Candidate, RefusalCode, ShopRules, Slot, Visit } from './rules.ts';
import { MINUTE, toWall } from './time.ts';
import { waive } from './waiver.ts';

/** `move` chooses another time for the customer, and asks only where nothing is free; `offer` asks. */
export const relocationModes = ['move', 'offer'] as const;
export type RelocationMode = (typeof relocationModes)[number];

export const relocationReasons = ['illness', 'staff_absent', 'shop_closed', 'emergency', 'other'] as const satisfies Reason[];

/** `gone`: nothing was left to do; `stuck`: a person must look. */
export const visitStates = ['waiting', 'moved', 'offered', 'gone', 'stuck'] as const;
export type VisitState = (typeof visitStates)[number];

/** Rules that were made for customers who choose; time, hours and a barber's own limit stay. */
const waived: Waiver['codes'] = ['too_soon', 'too_far_ahead', 'customer_limit'];
/** Whoever is asked to come earlier than agreed learns of it so long before. */
const noticeMs = 60 * MINUTE;

type Facts = { shop: ShopRules; candidates: Candidate[] };

/** Where a visit goes, and by whom it is given there; `codes` are the rules that are set aside for it. */
export type Target = { visit: Visit; startsAt: number; codes: Waiver['codes'] };

/**
 * The least disturbance: the same start by another barber (`keeping` those who are not away), else the nearest start of the same local day,
 * at most `withinMinutes` from it, by anybody. Null when there is none. Instants are epoch milliseconds.
 */
export function findTarget(
  facts: Facts,
  { keeping, startsAt, withinMinutes, now }: { keeping: Visit; startsAt: number; withinMinutes: number; now: number },
): Target | null {
  const codes: Waiver['codes'] = [...waived, 'off_step'];
  // By name: "by anybody, at the time that it has" would be so already.
  const givenBy = ({ parts }: Slot): Visit => ({ ...keeping, wishes: parts.map(({ serviceId, barberId }) => ({ serviceId, barberId })) });
  const [same] = judgeVisit(waive(facts, { codes, reason: 'other' }), keeping, startsAt, now).possible;
  if (same) return { visit: givenBy(same.decision.slot), startsAt, codes };
  const anybody: Visit = { ...keeping, wishes: keeping.wishes.map(({ serviceId }) => ({ serviceId, barberId: null })) };
  const { timeZone } = facts.shop;
  const { date } = toWall(startsAt, timeZone);
  const earliest = Math.min(startsAt, now + noticeMs);
  const near = nearestSlots({
    ...waive(facts, { codes: waived, reason: 'other' }),
    visit: anybody,
    around: startsAt,
    now,
    days: 0,
    limit: 10_000,
  }).find(
    (slot) =>
      slot.startsAt >= earliest &&
      Math.abs(slot.startsAt - startsAt) <= withinMinutes * MINUTE &&
      toWall(slot.startsAt, timeZone).date === date,
  );
  return near ? { visit: givenBy(near), startsAt: near.startsAt, codes: waived } : null;
}

/**
 * The parts that a block of the local date hits: those that begin on it, but not in the night before's hours, and those past midnight that
 * belong to its own. Other blocks do not matter: that a barber is away already is no reason to forget whom he has booked.
 */
export function findAffected<P extends BookedTime>(facts: Facts, date: string, isShop: boolean, parts: P[]): P[] {
  const block = [{ fromDate: date, toDate: date, reason: '' }];
  const open = (closures: typeof block, daysOff: typeof block): Facts => ({
    shop: { ...facts.shop, closures },
    candidates: facts.candidates.map((candidate) => ({ ...candidate, barber: { ...candidate.barber, timeOff: [], daysOff } })),
  });
  const without: Map<string, RefusalCode> = findBroken(open([], []), parts);
  const blocked = findBroken(isShop ? open(block, []) : open([], block), parts);
  return parts.filter(
    ({ partId, startsAt }) => blocked.has(partId) && (!without.has(partId) || toWall(startsAt, facts.shop.timeZone).date === date),
  );
}
