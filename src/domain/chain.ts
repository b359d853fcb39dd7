/** Chains: several barbers one after the other for one visit, searched for at one time, and why there is none. */
import { hit } from './intervals.ts';
import { busyStretches, judge, judgeCap, judgePart, judgeStart, nearestMiss, visitStart, type Placement } from './judgement.ts';
import { barberOf, notOffered, type Lineup, type Staff } from './lineup.ts';
import { lengthOf, type Decision, type Part, type Refused } from './rules.ts';
import { MINUTE } from './time.ts';

export type Accepted = Extract<Decision, { ok: true }>;

/** Why a step of the search failed. */
type Miss = { refused: Refused; step: number };

/**
 * Beyond so many dead ends that hang on who came before (a barber who comes twice, and whose buffers collide, or whose day is full past
 * midnight), the search ends: each costs, and such a time is all but full.
 */
const mostTries = 100;

/**
 * Nor does the search of one start look at more placements than this: twenty barbers, each with lengths of his own, make as many ways as
 * there are minutes. Ordinary visits need a few hundred.
 */
const mostLooks = 5000;

/** What is known of each question's services: whether those from `step` on can be given from `at` on, whoever came before. */
const known = new WeakMap<Placement[][], Map<string, boolean>>();

/**
 * Whether it could be done at all, buffers and caps aside: if not, no chain need be searched for, now or for another start of the question.
 */
function canFinish(choices: Placement[][], step: number, at: number): boolean {
  if (step === choices.length) return true;
  const answers = known.get(choices) ?? new Map<string, boolean>();
  known.set(choices, answers);
  const key = `${step} ${at}`;
  const before = answers.get(key);
  if (before !== undefined) return before;
  const answer = choices[step]!.some((placement) => {
    const endsAt = at + lengthOf(placement.offer.segments) * MINUTE;
    return (
      !judgePart(placement.timetable, placement.offer, at, endsAt) &&
      !takenPart(placement, at, false) &&
      canFinish(choices, step + 1, endsAt)
    );
  });
  answers.set(key, answer);
  return answer;
}

/**
 * The first chain of barbers that can give the services back to back: at each step the barber of the step before, if possible, then by
 * `order`. What was found to lead nowhere is remembered by service, instant and barber before, so that equal lengths do not multiply.
 * `misses` takes why each step failed, also of starts that need not be searched.
 */
export function findChain(
  { choices }: Staff,
  startsAt: number,
  now: number,
  order: (barberId: string) => number,
  misses?: Miss[],
): Accepted | null {
  if (!misses && !canFinish(choices, 0, startsAt)) return null;
  const dead = new Set<string>();
  let tries = 0;
  let looks = 0;

  function from(chain: Lineup, parts: Part[]): Accepted | null {
    const step = chain.length;
    const last = chain.at(-1);
    const at = parts.at(-1)?.endsAt ?? startsAt;
    const leaves = last ? takenAfter(last, at) : null;
    if (step === choices.length) {
      if (!leaves) tries += 1;
      const decision = leaves ?? judge(chain, startsAt, now);
      if (decision.ok) return decision;
      misses?.push({ refused: decision, step });
      return null;
    }
    const key = `${step} ${at} ${last && barberOf(last)}`;
    if (dead.has(key) || (!misses && !canFinish(choices, step, at))) return null;
    const triedBefore = tries;
    const sorted = choices[step]!.toSorted(
      (a, b) =>
        Number(b.timetable.barber === last?.timetable.barber) - Number(a.timetable.barber === last?.timetable.barber) ||
        order(barberOf(a)) - order(barberOf(b)),
    );
    for (const placement of sorted) {
      if (tries >= mostTries || looks >= mostLooks) return null;
      looks += 1;
      const { timetable, offer } = placement;
      const [barberId, endsAt] = [barberOf(placement), at + lengthOf(offer.segments) * MINUTE];
      const stays = last?.timetable.barber === timetable.barber;
      const begins = visitStart(parts, barberId, at);
      const full = judgeCap(placement, begins);
      // The barber's day is the one that his share began on, so past midnight it hangs on who came before.
      if (full && (begins !== at || !judgeCap(placement, startsAt))) tries += 1;
      const refused =
        (last ? null : judgeStart(placement, startsAt, now)) ??
        judgePart(timetable, offer, at, endsAt) ??
        full ??
        takenPart(placement, at, !stays) ??
        (stays ? null : leaves);
      if (refused) misses?.push({ refused, step });
      else {
        const found = from(
          [...chain, placement],
          [...parts, { serviceId: offer.serviceId, barberId, startsAt: at, endsAt, priceCents: offer.priceCents }],
        );
        if (found) return found;
      }
    }
    if (tries === triedBefore) dead.add(key);
    return null;
  }

  return from([], []);
}

/** Why there is no chain: claimed time or caps if without them there were one, else what stopped those that came furthest. */
export function explainChain(staff: Staff, startsAt: number, now: number, order: (barberId: string) => number): Refused {
  if (staff.choices.some((options) => options.length === 0)) return notOffered(staff, startsAt);
  const without = (change: Partial<Placement['timetable']>): Staff => ({
    ...staff,
    choices: staff.choices.map((options) =>
      options.map((placement) => ({ ...placement, timetable: { ...placement.timetable, ...change } })),
    ),
  });
  const stages = [staff, without({ claimed: [] }), without({ claimed: [], fullDays: () => [] })].map((each) => {
    const misses: Miss[] = [];
    findChain(each, startsAt, now, order, misses);
    return { chain: findChain(each, startsAt, now, order), misses };
  });
  const [, unclaimed, uncapped] = stages;
  if (unclaimed!.chain || uncapped!.chain) {
    const [code, { misses }] = unclaimed!.chain ? ['slot_taken', stages[0]!] : ['barber_day_full', unclaimed!];
    const found = misses.find(({ refused }) => refused.code === code);
    if (found) return found.refused;
  }
  const furthest = Math.max(...uncapped!.misses.map(({ step }) => step));
  return nearestMiss(uncapped!.misses.flatMap(({ refused, step }) => (step === furthest ? refused : []))) ?? notOffered(staff, startsAt);
}

/** How many barbers could have given this part of a visit as it was placed. */
export function countFree(options: Placement[], parts: Part[], index: number): number {
  const { startsAt } = parts[index]!;
  return options.filter((placement) => {
    const { timetable, offer } = placement;
    const refused =
      judgePart(timetable, offer, startsAt, startsAt + lengthOf(offer.segments) * MINUTE) ??
      judgeCap(placement, visitStart(parts, barberOf(placement), startsAt)) ??
      takenPart(placement, startsAt, false);
    return refused === null;
  }).length;
}

const takenBy = ({ timetable, offer }: Placement, from: number, to: number): Refused | null => {
  const cause = hit(timetable.claimed, from, to);
  return cause ? { ok: false, code: 'slot_taken', barberId: timetable.barber.barberId, serviceId: offer.serviceId, at: cause } : null;
};

/** Whether a part's busy stretches, and the buffer before if a run begins with it, meet claimed time. */
function takenPart(placement: Placement, at: number, begins: boolean): Refused | null {
  const busy = busyStretches(placement.offer, at);
  if (begins) busy[0]!.from -= placement.offer.settings.bufferBeforeMinutes * MINUTE;
  for (const { from, to } of busy) {
    const taken = takenBy(placement, from, to);
    if (taken) return taken;
  }
  return null;
}

/** Whether the buffer after a run that ends with this part meets claimed time. */
const takenAfter = (placement: Placement, endsAt: number): Refused | null =>
  takenBy(placement, endsAt, endsAt + placement.offer.settings.bufferAfterMinutes * MINUTE);
