/** Test help: shops to be written down in a line or two, and what is asked of them as wall times with their offset. */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import {
  defaultSettings,
  visitOf,
  type BarberRules,
  type Candidate,
  type Interval,
  type Offer,
  type Segment,
  type Settings,
  type ShopRules,
  type Visit,
  type WeeklyStretch,
  type WorkPeriod,
} from '../../src/domain/rules.ts';
import { parseInstant, toWall } from '../../src/domain/time.ts';

// fast-check prints the seed of a property that fails; FC_SEED repeats it.
const seed = Number(process.env.FC_SEED ?? Math.floor(Math.random() * 2 ** 31));
fc.configureGlobal({ seed });

/** For what is expected of all the runs of a property together. */
export const seeded = (what: string): string => `${what} (FC_SEED=${seed})`;

export const weekly = (fromMinute: number, toMinute: number, weekdays = [1, 2, 3, 4, 5, 6, 7]): WeeklyStretch[] =>
  weekdays.map((weekday) => ({ weekday, fromMinute, toMinute }));

export const busy = (minutes: number): Segment[] => [{ kind: 'busy', minutes }];

/** `colour(30, 45, 15)` is busy, free, busy. */
export const colour = (...minutes: number[]): Segment[] =>
  minutes.map((each, index) => ({ kind: index % 2 ? 'free' : 'busy', minutes: each }));

export const always = (hours: WeeklyStretch[] | null, breaks: WeeklyStretch[] = []): WorkPeriod[] => [
  { fromDate: null, toDate: null, hours, breaks },
];

export const settingsOf = (settings: Partial<Settings> = {}): Settings => ({
  ...defaultSettings,
  slotStepMinutes: 30,
  bookingHorizonDays: 100_000,
  ...settings,
});

export const offer = (serviceId: string, segments: Segment[], settings: Partial<Settings> = {}, priceCents = 1000): Offer => ({
  serviceId,
  segments,
  priceCents,
  settings: settingsOf(settings),
});

/** A barber who keeps the shop's hours, but for the changes given. */
export const barberOf = (barberId: string, offers: Offer[], changes: Partial<BarberRules> = {}): Candidate => ({
  barber: { barberId, periods: always(null), exceptions: [], timeOff: [], daysOff: [], claimed: [], visits: [], ...changes },
  offers,
});

/** In Lisbon, open from 09:00 to 18:00 every day, but for the changes given. */
export const shopOf = (changes: Partial<ShopRules> = {}): ShopRules => ({
  timeZone: 'Europe/Lisbon',
  openingHours: weekly(540, 1080),
  closures: [],
  exceptions: [],
  holidaySets: {},
  ...changes,
});

/** `wishes(false, ['cut', 'ana'], ['dye', null])` is a chain from Ana to anybody. */
export const wishes = (sameBarber: boolean, ...each: [serviceId: string, barberId: string | null][]): Visit => ({
  sameBarber,
  wishes: each.map(([serviceId, barberId]) => ({ serviceId, barberId })),
});

export type Scene = { shop: ShopRules; candidates: Candidate[]; visit: Visit };

export type Changes = { shop?: Partial<ShopRules>; barber?: Partial<BarberRules>; segments?: Segment[]; settings?: Partial<Settings> };

/** One shop, one barber who is there throughout, one service of half an hour, but for the changes given. */
export const scene = ({ shop, barber, segments = busy(30), settings }: Changes = {}): Scene => ({
  shop: shopOf(shop),
  candidates: [barberOf('rui', [offer('cut', segments, settings)], barber)],
  visit: visitOf('cut', null),
});

export const instant = (text: string): number => parseInstant(text) ?? expect.fail(`not an instant: ${text}`);
export const span = (from: string, to: string): Interval => ({ from: instant(from), to: instant(to) });
export const away = (from: string, to: string) => ({ ...span(from, to), reason: '' });
export const shut = (fromDate: string, toDate = fromDate) => ({ fromDate, toDate, reason: '' });

/** The starts offered from one date to another, as wall time and offset; with the date if there are several. */
export function offeredIn({ shop, candidates, visit }: Scene, from: string, to = from): string[] {
  return offeredSlots({ shop, candidates, visit, from, to, now: 0 }).map(({ startsAt }) => {
    const { iso } = toWall(startsAt, shop.timeZone);
    return `${to === from ? '' : iso.slice(0, 11)}${iso.slice(11, 16)}${iso.slice(19)}`;
  });
}

export const offered = (changes: Changes, from: string, to = from): string[] => offeredIn(scene(changes), from, to);

/** `ok`, or why not. */
export function wordOn({ shop, candidates, visit }: Scene, startsAt: number, now = 0): string {
  const { possible, refusal } = judgeVisit({ shop, candidates }, visit, startsAt, now);
  return possible.length > 0 ? 'ok' : refusal.code;
}

export const refusal = (changes: Changes, startsAt: string, now = 0): string => wordOn(scene(changes), instant(startsAt), now);

/** The fairest way to give the visit; fails if there is none. */
export function given({ shop, candidates, visit }: Scene, startsAt: string) {
  const { possible, refusal: refused } = judgeVisit({ shop, candidates }, visit, instant(startsAt), 0);
  return possible[0] ?? expect.fail(`${startsAt}: ${refused.code}`);
}
