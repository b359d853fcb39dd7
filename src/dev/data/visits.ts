/** What customers ask for in the replay file: which shop, service, barber and time, with the habits of a real week. */
import type { WeeklyStretch } from '../../domain/rules.ts';
import type { SampleBarber, SampleNetwork, SampleService, SampleShop } from '../sample-network.ts';
import type { Random } from './random.ts';
import { serviceSeeds } from './services.ts';

/** A wanted visit. `minute` counts from 00:00 of the day and may pass 1440; an empty `barberId` asks for any barber. */
export type WantedVisit = { dayOffset: number; minute: number; shop: SampleShop; service: SampleService; barberId: string };

const step = 15;
/** Most ask for tomorrow (the Monday), then for the end of the week; few for Sunday, when only the malls are open. */
const dayWeights = [36, 12, 10, 11, 14, 14, 3];
const shareOfAnyBarber = 0.45;

/** How much a time of day is wanted: lunch and after work stand out, on Saturdays the late morning does, at night the small hours. */
function demand(dayOffset: number, minute: number): number {
  if (dayOffset === 5 && minute < 20 * 60) return minute >= 10 * 60 && minute < 13 * 60 ? 3 : 1;
  if (minute >= 12 * 60 && minute < 14 * 60) return 4;
  if (minute >= 17.5 * 60 && minute < 20 * 60) return 4;
  if (minute >= 24 * 60) return 3;
  return minute < 10 * 60 ? 0.7 : 1;
}

const within = (stretch: WeeklyStretch, weekday: number, from: number, to: number): boolean =>
  stretch.weekday === weekday && stretch.fromMinute <= from && to <= stretch.toMinute;
const touches = (stretch: WeeklyStretch, weekday: number, from: number, to: number): boolean =>
  stretch.weekday === weekday && stretch.fromMinute < to && from < stretch.toMinute;

/** The steps at which this barber could take this service in this shop, buffers included, on an empty day. */
function possibleMinutes(barber: SampleBarber, shop: SampleShop, service: SampleService, dayOffset: number): number[] {
  const assignment = barber.assignments.find(({ shopId }) => shopId === shop.id);
  const minutes: number[] = [];
  for (let minute = 0; minute < 2880; minute += step) {
    const from = minute - service.bufferBeforeMinutes;
    const to = minute + service.durationMinutes + service.bufferAfterMinutes;
    const works = assignment?.hours.some((stretch) => within(stretch, dayOffset + 1, from, to));
    if (works && !assignment?.breaks.some((stretch) => touches(stretch, dayOffset + 1, from, to))) minutes.push(minute);
  }
  return minutes;
}

export type VisitMaker = {
  /** A visit that the shop could take if nobody else had asked. */
  ordinary(): WantedVisit;
  /** A visit to the night shop late on Saturday, often after midnight. */
  night(): WantedVisit;
  /** A visit when the shop is shut, or the barber is off or at lunch. */
  closed(): WantedVisit;
  /** Another time of the coming week at which the shop could take the same visit. */
  another(visit: WantedVisit): WantedVisit;
  /** A visit by day, on no day in particular, of a barber who has had no other such visit. */
  past(): WantedVisit;
};

/** Visits for one network, drawn from one source of randomness. */
export function visitMaker({ shops, barbers, services }: SampleNetwork, random: Random): VisitMaker {
  const staff = new Map(shops.map(({ id }) => [id, barbers.filter((barber) => barber.assignments.some(({ shopId }) => shopId === id))]));
  const staffOf = (shop: SampleShop): SampleBarber[] => staff.get(shop.id) ?? [];
  const popularity = new Map(services.map(({ id }, index) => [id, serviceSeeds[index]?.popularity ?? 1]));
  const anyService = (): SampleService => random.pick(services, ({ id }) => popularity.get(id) ?? 1);
  /** The first chairs have the names that people ask for: chair 1 twice as often as chair 3. */
  const favourite = (shop: SampleShop): SampleBarber => random.pick(staffOf(shop), (barber) => 1 / (staffOf(shop).indexOf(barber) + 2));

  const opens = (shop: SampleShop, dayOffset: number): WeeklyStretch[] => shop.openingHours.filter(({ weekday }) => weekday === dayOffset + 1);
  const anyShop = (dayOffset: number): SampleShop => random.pick(shops.filter((shop) => opens(shop, dayOffset).length > 0), (shop) => staffOf(shop).length);
  const anyDay = (): number => random.pick([0, 1, 2, 3, 4, 5, 6], (day) => dayWeights[day] ?? 0);

  /** Nobody asks for the day off of a barber on purpose, so the search goes on until the barber works that day. */
  function at(dayOffset: number, shop: SampleShop, wanted: (minute: number) => boolean): WantedVisit {
    for (;;) {
      const service = anyService();
      const barber = favourite(shop);
      const minutes = possibleMinutes(barber, shop, service, dayOffset).filter(wanted);
      if (minutes.length === 0) continue;
      const minute = random.pick(minutes, (candidate) => demand(dayOffset, candidate));
      return { dayOffset, minute, shop, service, barberId: random.next() < shareOfAnyBarber ? '' : barber.id };
    }
  }

  function ordinary(): WantedVisit {
    const dayOffset = anyDay();
    return at(dayOffset, anyShop(dayOffset), () => true);
  }

  function night(): WantedVisit {
    const shop = shops.find(({ openingHours }) => openingHours.some(({ toMinute }) => toMinute > 1440));
    if (!shop) throw new Error('No shop is open after midnight.');
    return at(5, shop, (minute) => minute >= 22 * 60);
  }

  function closed(): WantedVisit {
    const kind = random.pick(['sunday', 'early', 'late', 'break', 'day off']);
    const service = anyService();
    if (kind === 'sunday') {
      const shop = random.pick(shops.filter((candidate) => opens(candidate, 6).length === 0));
      return { dayOffset: 6, minute: random.pick([10, 11, 15, 17]) * 60, shop, service, barberId: '' };
    }
    const dayOffset = random.below(5);
    const shop = anyShop(dayOffset);
    const stretches = opens(shop, dayOffset);
    if (kind === 'early') return { dayOffset, minute: (stretches[0]?.fromMinute ?? 0) - 60, shop, service, barberId: '' };
    if (kind === 'late') return { dayOffset, minute: stretches.at(-1)?.toMinute ?? 0, shop, service, barberId: favourite(shop).id };
    const refusals = staffOf(shop).flatMap((barber) => {
      const { hours, breaks } = barber.assignments.find(({ shopId }) => shopId === shop.id) ?? { hours: [], breaks: [] };
      const works = hours.some(({ weekday }) => weekday === dayOffset + 1);
      if (kind === 'day off') return works ? [] : [{ barberId: barber.id, minute: 15 * 60 }];
      return breaks.filter(({ weekday }) => weekday === dayOffset + 1).map(({ fromMinute }) => ({ barberId: barber.id, minute: fromMinute + step }));
    });
    return refusals.length > 0 ? { dayOffset, shop, service, ...random.pick(refusals) } : closed();
  }

  function another(visit: WantedVisit): WantedVisit {
    const { shop, service, barberId } = visit;
    for (;;) {
      const dayOffset = anyDay();
      const barber = staffOf(shop).find(({ id }) => id === barberId) ?? favourite(shop);
      const minutes = possibleMinutes(barber, shop, service, dayOffset).filter((minute) => dayOffset !== visit.dayOffset || minute !== visit.minute);
      if (minutes.length > 0) return { dayOffset, minute: random.pick(minutes, (candidate) => demand(dayOffset, candidate)), shop, service, barberId };
    }
  }

  /** One visit each, so that no two are of one barber at one time, on whatever day they turn out to be. */
  const unvisited = [...barbers];
  function past(): WantedVisit {
    const [barber] = unvisited.splice(random.below(unvisited.length), 1);
    const shop = shops.find(({ id }) => id === barber?.assignments[0]?.shopId);
    if (!barber || !shop) throw new Error('There are too few barbers for so many past visits.');
    return { dayOffset: -1, minute: 10 * 60 + random.below(32) * step, shop, service: anyService(), barberId: barber.id };
  }

  return { ordinary, night, closed, another, past };
}
