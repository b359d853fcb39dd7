/** Who could give a visit: the barbers for each of its services, before any time is asked. */
import { lengthOf, type Candidate, type Refused, type ShopRules, type Visit } from './rules.ts';
import { calendarOf, timetableOf, type Calendar, type Timetable } from './timetable.ts';
import type { Placement } from './judgement.ts';

/** One way to staff the whole visit: a barber for each service, in order. */
export type Lineup = Placement[];

/** For each service that is wanted, the barbers who may give it, by id. */
export type Staff = { visit: Visit; choices: Placement[][]; timeZone: string };

/** Timetables of all who could take part in a visit that begins on the shop's local dates `from` to `to`, both included. */
export function staffOf(shop: ShopRules, candidates: Candidate[], visit: Visit, from: string, to: string): Staff {
  const offers = candidates.flatMap((candidate) => candidate.offers);
  const longest = (serviceId: string) =>
    Math.max(0, ...offers.filter((offer) => offer.serviceId === serviceId).map(({ segments }) => lengthOf(segments)));
  const visitMinutes = visit.wishes.reduce((sum, { serviceId }) => sum + longest(serviceId), 0);
  const calendars = new Map<string, Calendar>();
  const timetables = new Map<string, Timetable>();
  const placements = candidates.map(
    ({ barber, offers: own }) =>
      new Map(
        own.map((offer) => {
          const sets = offer.settings.holidaySets;
          const key = sets.join(' ');
          const calendar = calendars.get(key) ?? calendarOf(shop, sets, from, to, visitMinutes);
          calendars.set(key, calendar);
          const timetable = timetables.get(`${barber.barberId} ${key}`) ?? timetableOf(barber, calendar);
          timetables.set(`${barber.barberId} ${key}`, timetable);
          return [offer.serviceId, { timetable, offer }] as const;
        }),
      ),
  );
  const choices = visit.wishes.map(({ serviceId, barberId }) =>
    placements
      .flatMap((mine) => mine.get(serviceId) ?? [])
      .filter(({ timetable }) => barberId === null || timetable.barber.barberId === barberId),
  );
  return { visit, choices, timeZone: shop.timeZone };
}

/**
 * All line-ups of a visit whose staffing does not depend on the time: one service, one barber for all, or each barber named. Null where a
 * chain of barbers has to be searched for.
 */
export function fixedLineups({ visit, choices }: Staff): Lineup[] | null {
  const [first, ...rest] = choices;
  if (rest.length === 0) return first!.map((placement) => [placement]);
  if (visit.sameBarber) {
    return first!.flatMap((placement) => {
      const others = rest.map((options) => options.find(({ timetable }) => timetable.barber === placement.timetable.barber));
      return others.every((other) => other !== undefined) ? [[placement, ...others]] : [];
    });
  }
  if (visit.wishes.every(({ barberId }) => barberId !== null)) {
    return choices.every((options) => options.length > 0) ? [choices.map((options) => options[0]!)] : [];
  }
  return null;
}

export const barberOf = ({ timetable }: Placement): string => timetable.barber.barberId;

/** The refusal of a visit that nobody gives; names the service that has nobody, if it is one alone. */
export function notOffered({ visit: { wishes }, choices }: Staff, at: number): Refused {
  const { barberId, serviceId } =
    wishes[
      Math.max(
        0,
        choices.findIndex((options) => options.length === 0),
      )
    ]!;
  return { ok: false, code: 'service_not_offered', barberId, serviceId, at: { from: at, to: at } };
}
