/**
 * The one predicate behind every offer, every booking and every explanation: may this visit, given by these barbers, begin at this instant?
 */
import { contains, hit } from './intervals.ts';
import { lengthOf, type Claim, type Decision, type Interval, type Offer, type Part, type RefusalCode, type Refused } from './rules.ts';
import { DAY, MINUTE, minuteOfDay } from './time.ts';
import type { Timetable } from './timetable.ts';

/** One service of a visit in the hands of one barber. */
export type Placement = { timetable: Timetable; offer: Offer };

/**
 * Whether the visit may begin at `startsAt`, asked at `now`. Refusals name the most fundamental rule; `slot_taken` only what would
 * otherwise be free. The shop must be open throughout; the barber must be at work, not on a break and not away while a segment is busy;
 * buffers surround each barber's run of services and may stick out of working time, but not into claimed time.
 */
export function judge(visit: Placement[], startsAt: number, now: number): Decision {
  const refusedStart = judgeStart(visit[0]!, startsAt, now);
  if (refusedStart) return refusedStart;
  const parts: Part[] = [];
  let worst: Refused | null = null;
  let at = startsAt;
  for (const placement of visit) {
    const {
      timetable: {
        barber: { barberId },
      },
      offer,
    } = placement;
    const endsAt = at + lengthOf(offer.segments) * MINUTE;
    parts.push({ serviceId: offer.serviceId, barberId, startsAt: at, endsAt, priceCents: offer.priceCents });
    const refused = judgePart(placement.timetable, offer, at, endsAt) ?? judgeCap(placement, visitStart(parts, barberId, at));
    if (refused && (!worst || depth(refused) < depth(worst))) worst = refused;
    at = endsAt;
  }
  if (worst) return worst;
  const claims = claimsOf(visit, startsAt);
  const taken = findTaken(visit, claims);
  if (taken) return taken;
  return { ok: true, slot: { barberId: parts[0]!.barberId, startsAt, endsAt: at, parts }, claims };
}

/** The order in which rules are asked, the most fundamental first. */
const order: RefusalCode[] = [
  'service_not_offered',
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'customer_limit',
  'slot_taken',
];

/** How far a refused visit came: the more rules allowed it, the deeper. */
const depth = ({ code }: Refused): number => order.indexOf(code);

/** The refusal that says most: the rule that came last, as each is only asked when those before it allowed. */
export const nearestMiss = (refusals: Refused[]): Refused | undefined =>
  refusals.reduce<Refused | undefined>((best, refusal) => (best && depth(best) >= depth(refusal) ? best : refusal), undefined);

/** When a barber's share of a visit begins, if he gives a part at `at`: that instant's local day is the one that counts the visit. */
export const visitStart = (parts: Pick<Part, 'barberId' | 'startsAt'>[], barberId: string, at: number): number =>
  parts.find((part) => part.barberId === barberId)?.startsAt ?? at;

/** The rules that the visit's start alone decides, by the settings of its first service. */
export function judgeStart({ timetable, offer }: Placement, startsAt: number, now: number): Refused | null {
  const { settings, segments, serviceId } = offer;
  const refuse = (code: RefusalCode): Refused => ({
    ok: false,
    code,
    barberId: timetable.barber.barberId,
    serviceId,
    at: { from: startsAt, to: startsAt + lengthOf(segments) * MINUTE },
  });
  if (startsAt < now + settings.minimumNoticeMinutes * MINUTE) return refuse('too_soon');
  if (startsAt > now + settings.bookingHorizonDays * DAY) return refuse('too_far_ahead');
  const onStep = startsAt % MINUTE === 0 && minuteOfDay(startsAt, timetable.calendar.timeZone) % settings.slotStepMinutes === 0;
  return onStep ? null : refuse('off_step');
}

/** The rules about one part that are laid down in hours and dates: all but caps and claimed time. */
export function judgePart(timetable: Timetable, offer: Offer, startsAt: number, endsAt: number): Refused | null {
  const { agreed, unclosed, working, breaks, timeOff, calendar, barber } = timetable;
  const refuse = (code: RefusalCode, from: number, to: number): Refused => ({
    ok: false,
    code,
    barberId: barber.barberId,
    serviceId: offer.serviceId,
    at: { from, to },
  });
  if (!contains(calendar.open, startsAt, endsAt)) return refuse('shop_closed', startsAt, endsAt);
  const busy = busyStretches(offer, startsAt);
  if (!busy.every(({ from, to }) => contains(working, from, to))) {
    for (const [code, list] of [
      ['outside_working_hours', agreed],
      ['shop_closed', unclosed],
      ['time_off', working],
    ] as const) {
      const missed = busy.find(({ from, to }) => !contains(list, from, to));
      if (missed) return refuse(code, missed.from, missed.to);
    }
  }
  for (const [code, list] of [
    ['on_break', breaks],
    ['time_off', timeOff],
  ] as const) {
    if (list.length === 0) continue;
    for (const { from, to } of busy) {
      const cause = hit(list, from, to);
      if (cause) return refuse(code, cause.from, cause.to);
    }
  }
  return null;
}

/** Whether the barber may have one more visit on the local day of `begins`, where his share of this one begins. */
export function judgeCap({ timetable, offer }: Placement, begins: number): Refused | null {
  const cap = offer.settings.maxVisitsPerBarberDay;
  if (cap === null || !hit(timetable.fullDays(cap), begins, begins + 1)) return null;
  const at = { from: begins, to: begins + lengthOf(offer.segments) * MINUTE };
  return { ok: false, code: 'barber_day_full', barberId: timetable.barber.barberId, serviceId: offer.serviceId, at };
}

/** When a part keeps its barber busy, from its start; stretches that touch are one. */
export function busyStretches(offer: Offer, startsAt: number): Interval[] {
  const busy: Interval[] = [];
  let at = startsAt;
  for (const { kind, minutes } of offer.segments) {
    const to = at + minutes * MINUTE;
    if (kind === 'busy') {
      const last = busy.at(-1);
      if (last && last.to === at) last.to = to;
      else busy.push({ from: at, to });
    }
    at = to;
  }
  return busy;
}

/** What the visit takes of each barber's time: one row for each busy stretch, with buffers around each run of services by one barber. */
function claimsOf(visit: Placement[], startsAt: number): Claim[] {
  const claims: Claim[] = [];
  const seen = new Set<string>();
  let at = startsAt;
  visit.forEach(({ timetable, offer }, index) => {
    const { barberId } = timetable.barber;
    const begins = visit[index - 1]?.timetable.barber.barberId !== barberId;
    const ends = visit[index + 1]?.timetable.barber.barberId !== barberId;
    const busy = busyStretches(offer, at);
    if (begins) busy[0]!.from -= offer.settings.bufferBeforeMinutes * MINUTE;
    if (ends) busy.at(-1)!.to += offer.settings.bufferAfterMinutes * MINUTE;
    for (const { from, to } of busy) {
      const last = claims.at(-1);
      if (last && last.barberId === barberId && last.to === from) last.to = to;
      else claims.push({ barberId, from, to, visitStartsAt: seen.has(barberId) ? null : at });
      seen.add(barberId);
    }
    at += lengthOf(offer.segments) * MINUTE;
  });
  return claims;
}

/** The first of the claims that runs into claimed time, or into another claim of this very visit. */
function findTaken(visit: Placement[], claims: Claim[]): Refused | null {
  for (const claim of claims) {
    const { timetable, offer } = visit.find((each) => each.timetable.barber.barberId === claim.barberId)!;
    const cause =
      hit(timetable.claimed, claim.from, claim.to) ??
      claims.find((other) => other !== claim && other.barberId === claim.barberId && other.from < claim.to && claim.from < other.to);
    if (cause)
      return {
        ok: false,
        code: 'slot_taken',
        barberId: claim.barberId,
        serviceId: offer.serviceId,
        at: { from: cause.from, to: cause.to },
      };
  }
  return null;
}
