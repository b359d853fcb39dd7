/** Which booked visits the rules, as they are now, would no longer allow. Pure. */
import { judgePart } from './judgement.ts';
import type { Candidate, RefusalCode, Segment, ShopRules } from './rules.ts';
import { toWall } from './time.ts';
import { calendarOf, timetableOf, type Calendar, type Timetable } from './timetable.ts';

/** One service of a booked visit, with the segments that it was booked with. */
export type BookedTime = { partId: string; serviceId: string; barberId: string; startsAt: number; endsAt: number; segments: Segment[] };

/**
 * The parts that opening hours, closures, holidays, working hours, breaks, time off or the catalogue refuse, each with its reason. Notice,
 * horizon, step and caps concern new visits only. `facts` is null when the shop itself is gone.
 */
export function findBroken(facts: { shop: ShopRules; candidates: Candidate[] } | null, parts: BookedTime[]): Map<string, RefusalCode> {
  const broken = new Map<string, RefusalCode>();
  if (!facts) return new Map(parts.map(({ partId }) => [partId, 'shop_closed']));
  const { shop, candidates } = facts;
  const first = toWall(Math.min(...parts.map(({ startsAt }) => startsAt)), shop.timeZone).date;
  const last = toWall(Math.max(...parts.map(({ endsAt }) => endsAt)), shop.timeZone).date;
  const calendars = new Map<string, Calendar>();
  const timetables = new Map<string, Timetable>();

  for (const { partId, serviceId, barberId, startsAt, endsAt, segments } of parts) {
    const candidate = candidates.find(({ barber }) => barber.barberId === barberId);
    const offer = candidate?.offers.find((each) => each.serviceId === serviceId);
    if (!candidate || !offer) {
      broken.set(partId, candidate ? 'service_not_offered' : 'outside_working_hours');
      continue;
    }
    const sets = offer.settings.holidaySets;
    const key = sets.join(' ');
    const calendar = calendars.get(key) ?? calendarOf(shop, sets, first, last, 1440);
    calendars.set(key, calendar);
    const timetable = timetables.get(`${barberId} ${key}`) ?? timetableOf(candidate.barber, calendar);
    timetables.set(`${barberId} ${key}`, timetable);
    const refused = judgePart(timetable, { ...offer, segments }, startsAt, endsAt);
    if (refused) broken.set(partId, refused.code);
  }
  return broken;
}
