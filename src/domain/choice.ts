/** Who could take a visit that asks for one time: the judgement behind the route's cheap look and the reservation alike. */
import { decide, localDay, rankCandidates, type Candidate } from './availability.ts';
import type { Decision, RefusalCode, ShopRules } from './rules.ts';

export type Possible<C extends Candidate> = { candidate: C; decision: Extract<Decision, { ok: true }> };

/**
 * The candidates who may be booked at `startsAt` (epoch milliseconds), fairest first, and the reason to give when there is none. With
 * several barbers the reason is the nearest miss: that somebody works then and is taken says more than that another is off.
 */
export function judgeCandidates<C extends Candidate>(facts: { shop: ShopRules; candidates: C[] }, startsAt: number, now: number): { possible: Possible<C>[]; refusal: RefusalCode } {
  const { shop, candidates } = facts;
  const byId = new Map(candidates.map((candidate) => [candidate.barber.barberId, candidate]));
  const possible: Possible<C>[] = [];
  const refusals: RefusalCode[] = [];
  for (const { barberId } of rankCandidates(candidates.map(({ barber }) => barber), localDay(startsAt, shop.timeZone), startsAt)) {
    const candidate = byId.get(barberId)!;
    const decision = decide({ shop, ...candidate, now, startsAt });
    if (decision.ok) possible.push({ candidate, decision });
    else refusals.push(decision.code);
  }
  const nearestMiss = (['slot_taken', 'time_off', 'on_break'] as const).find((code) => refusals.includes(code));
  return { possible, refusal: nearestMiss ?? refusals[0] ?? 'outside_working_hours' };
}
