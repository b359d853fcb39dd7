/** Test help: random shops around local midnights that hold something odd. All times are whole multiples of five minutes. */
import fc from 'fast-check';
import type { BarberRules, Candidate, DayStretch, Interval, Offer, Segment, ShopRules, Visit } from '../../src/domain/rules.ts';
import { DAY, MINUTE, addDays, startInstant } from '../../src/domain/time.ts';
import { busy, colour, settingsOf, type Scene } from './shops.ts';

/** What is asked about a random shop. */
export type World = Scene & { from: string; to: string; now: number };

/** How much is random: one barber with one service of one stretch, or up to three barbers and services, chains, segments, caps. */
export type Size = 'single' | 'several';

const middles: [zone: string, date: string][] = [
  ['Europe/Lisbon', '2026-10-25'],
  ['Europe/Lisbon', '2026-03-29'],
  ['Atlantic/Azores', '2026-10-25'],
  ['Atlantic/Azores', '2026-03-29'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['America/Sao_Paulo', '2018-02-18'],
  ['America/Havana', '2026-11-01'],
  ['Africa/Cairo', '2026-04-24'],
  ['Pacific/Apia', '2011-12-30'],
  ['Europe/Lisbon', '2028-02-29'],
  ['Asia/Kathmandu', '2026-12-31'],
];

const dayStretch: fc.Arbitrary<DayStretch> = fc
  .record({ from: fc.integer({ min: 0, max: 95 }), length: fc.integer({ min: 1, max: 80 }) })
  .map(({ from, length }) => ({ fromMinute: from * 15, toMinute: Math.min(2880, (from + length) * 15) }));
const weekday = fc.integer({ min: 1, max: 7 });
const weeklyStretch = fc.record({ weekday, stretch: dayStretch }).map((each) => ({ weekday: each.weekday, ...each.stretch }));
const short = <T extends DayStretch>(each: T): T => ({ ...each, toMinute: Math.min(each.toMinute, each.fromMinute + 45) });
const hours = fc.array(weeklyStretch, { minLength: 5, maxLength: 14 });
const breaks = fc.array(weeklyStretch.map(short), { maxLength: 7 });

const around = (zone: string, date: string): fc.Arbitrary<Interval> =>
  fc.tuple(fc.integer({ min: -100, max: 200 }), fc.integer({ min: 1, max: 30 })).map(([quarter, length]) => {
    const from = startInstant(date, 0, zone) + quarter * 15 * MINUTE;
    return { from, to: from + length * 5 * MINUTE };
  });

const near = (middle: string): fc.Arbitrary<string> => fc.integer({ min: -2, max: 2 }).map((days) => addDays(middle, days));
const closure = (middle: string) =>
  fc
    .tuple(near(middle), fc.integer({ min: 0, max: 1 }))
    .map(([fromDate, days]) => ({ fromDate, toDate: addDays(fromDate, days), reason: '' }));
const exception = (middle: string) =>
  fc.record({ date: near(middle), hours: fc.array(dayStretch, { maxLength: 2 }), reason: fc.constant('') });
const byDate = { selector: ({ date }: { date: string }) => date };

/** One period without end, or two that meet or leave a gap around the middle. */
const periods = (middle: string): fc.Arbitrary<BarberRules['periods']> => {
  const rules = fc.record({ hours: fc.option(hours, { freq: 2 }), breaks });
  return fc.oneof(
    { weight: 2, arbitrary: rules.map((each) => [{ fromDate: null, toDate: null, ...each }]) },
    {
      weight: 1,
      arbitrary: fc.tuple(rules, rules, near(middle), fc.integer({ min: 1, max: 2 })).map(([first, second, last, gap]) => [
        { fromDate: null, toDate: last, ...first },
        { fromDate: addDays(last, gap), toDate: addDays(last, gap + 3), ...second },
      ]),
    },
  );
};

const rarely = <T>(each: fc.Arbitrary<T>, maxLength = 1): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: fc.array(each, { minLength: 1, maxLength }) });

const barberRules = (barberId: string, zone: string, middle: string): fc.Arbitrary<BarberRules> =>
  fc.record({
    barberId: fc.constant(barberId),
    periods: periods(middle),
    exceptions: rarely(
      exception(middle).chain((each) => fc.array(dayStretch.map(short), { maxLength: 1 }).map((own) => ({ ...each, breaks: own }))),
    ),
    timeOff: fc.array(
      around(zone, middle).map((each) => ({ ...each, reason: '' })),
      { maxLength: 3 },
    ),
    daysOff: rarely(closure(middle)),
    claimed: fc.array(around(zone, middle), { maxLength: 8 }),
    visits: fc.array(
      around(zone, middle).map(({ from }) => from),
      { maxLength: 5 },
    ),
  });

const lengths: Record<Size, Segment[][]> = {
  single: [busy(5), busy(20), busy(45), busy(90), busy(240), colour(15, 30, 10)],
  several: [busy(5), busy(20), busy(45), busy(90), colour(15, 30, 10), colour(10, 20, 5, 40, 10)],
};

const offerOf = (serviceId: string, size: Size, slotStepMinutes: number): fc.Arbitrary<Offer> =>
  fc
    .record({
      segments: fc.constantFrom(...lengths[size]),
      priceCents: fc.constantFrom(1000, 2500),
      settings: fc
        .record({
          bufferBeforeMinutes: fc.constantFrom(0, 10),
          bufferAfterMinutes: fc.constantFrom(0, 5, 30),
          minimumNoticeMinutes: fc.constantFrom(0, 90),
          maxVisitsPerBarberDay: fc.constantFrom(null, null, 1, 2),
          holidaySets: fc.constantFrom<string[]>([], [], ['own'], ['own', 'other']),
        })
        .map((settings) => settingsOf({ ...settings, slotStepMinutes, bookingHorizonDays: 3 })),
    })
    .map((each) => ({ serviceId, ...each }));

const candidate = (barberId: string, services: string[], size: Size, zone: string, middle: string): fc.Arbitrary<Candidate> =>
  fc
    .tuple(
      barberRules(barberId, zone, middle),
      fc.constantFrom(5, 15, 25, 60),
      fc.constantFrom(...(size === 'single' ? [services] : [services, services, services.slice(1)])),
    )
    .chain(([barber, step, given]) =>
      fc.tuple(...given.map((serviceId) => offerOf(serviceId, size, step))).map((offers) => ({ barber, offers })),
    );

const shopRules = (zone: string, middle: string): fc.Arbitrary<ShopRules> =>
  fc.record({
    timeZone: fc.constant(zone),
    openingHours: fc.array(weeklyStretch, { minLength: 9, maxLength: 16 }),
    closures: rarely(closure(middle)),
    exceptions: fc.uniqueArray(exception(middle), { ...byDate, maxLength: 1 }),
    holidaySets: fc.record({
      own: rarely(
        near(middle).map((date) => ({ name: 'Feriado', date })),
        2,
      ),
      other: rarely(near(middle).map((date) => ({ name: 'Festa', monthDay: date.slice(5) }))),
    }),
  });

const visitIn = (services: string[], barbers: string[]): fc.Arbitrary<Visit> =>
  fc.boolean().chain((sameBarber) => {
    const named = fc.option(fc.constantFrom(...barbers), { freq: 2 });
    return fc
      .tuple(fc.array(fc.constantFrom(...services), { minLength: 1, maxLength: 3 }), named, fc.array(named, { minLength: 3, maxLength: 3 }))
      .map(([wanted, sole, each]) => ({
        sameBarber,
        wishes: wanted.map((serviceId, index) => ({ serviceId, barberId: sameBarber ? sole : each[index]! })),
      }));
  });

export const worlds = (size: Size): fc.Arbitrary<World> =>
  fc.constantFrom(...middles).chain(([zone, middle]) => {
    const barbers = size === 'single' ? ['rui'] : ['rui', 'ana', 'eva'];
    const services = size === 'single' ? ['cut'] : ['cut', 'dye', 'wax'];
    return fc
      .record({
        shop: shopRules(zone, middle),
        candidates: fc.tuple(...barbers.map((barberId) => candidate(barberId, services, size, zone, middle))),
        visit:
          size === 'single'
            ? fc.constant<Visit>({ wishes: [{ serviceId: 'cut', barberId: null }], sameBarber: true })
            : visitIn(services, barbers),
        first: fc.integer({ min: -1, max: 0 }),
        days: fc.integer({ min: 0, max: 1 }),
        now: around(zone, middle).map(({ from }) => from - 2 * DAY),
      })
      .map(({ first, days, ...world }) => ({ ...world, from: addDays(middle, first), to: addDays(middle, first + days) }));
  });
