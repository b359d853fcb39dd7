/**
 * Goal: around every clock change of twenty-two zones in eleven years, shops sell each real minute of their hours once, and no other.
 * Method: changes found by scanning Intl, and every real time near them read off by Intl, none of it by `time.ts`.
 */
import { expect } from 'chai';
import { offeredSlots } from '../../src/domain/availability.ts';
import { toUtc, toWall } from '../../src/domain/time.ts';
import { busy, scene, weekly, wordOn, type Scene } from './shops.ts';
import { intlWall, transitionsOf, zones, type Transition } from './transitions.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** These gave up changing their clocks, some within the years looked at. */
const dropped = ['America/Sao_Paulo', 'Asia/Tehran', 'America/Mexico_City', 'Europe/Istanbul', 'Asia/Amman', 'America/Asuncion'];
const all = [...new Set([...zones, ...dropped, 'America/Santiago', 'Pacific/Auckland', 'America/Nuuk', 'Asia/Beirut'])];
const since = (zone: string): number => Date.UTC(dropped.includes(zone) ? 2014 : 2020, 0);

const dateOf = (wall: number): string => new Date(wall).toISOString().slice(0, 10);
const shopIn = (timeZone: string, hours: ReturnType<typeof weekly>, minutes: number, slotStepMinutes: number): Scene =>
  scene({ shop: { timeZone, openingHours: hours }, segments: busy(minutes), settings: { slotStepMinutes } });
const startsIn = (shop: Scene, from: string, to: string): number[] =>
  offeredSlots({ ...shop, from, to, now: 0 }).map(({ startsAt }) => startsAt);

describe('every clock change', function () {
  this.timeout(60_000);
  const transitions = all.flatMap((zone) => transitionsOf(zone, since(zone), Date.UTC(2031, 0)));
  const where = ({ zone, at }: Transition): string => `${zone} ${toUtc(at)} (zone data ${process.versions.tz})`;

  /** Each real instant within a day and a half of a change, every five minutes, and what the wall shows: one offset before, one after. */
  const near = ({ zone, at, before, after }: Transition): { instant: number; wall: number }[] => {
    const first = at - 1.5 * DAY;
    const found = Array.from({ length: 3 * 288 }, (_, index) => first + index * 5 * MINUTE).map((instant) => ({
      instant,
      wall: instant + (instant < at ? before : after),
    }));
    for (const { instant, wall } of [found[0]!, found.at(-1)!]) expect(intlWall(instant, zone), 'one change at a time').to.equal(wall);
    return found;
  };

  it('of all zones, is there to be looked at', () => {
    const changing = new Set(transitions.map(({ zone }) => zone));
    expect(changing.size).to.be.at.least(18);
    for (const zone of dropped) expect([...changing], zone).to.include(zone);
    expect(transitions.length).to.be.greaterThan(300);
    expect(new Set(transitions.map(({ before, after }) => Math.abs(after - before) / MINUTE))).to.include.members([30, 60]);
  });

  it('in a shop that never shuts, offers every real time on the step: none that is skipped, both of a repeated one', () => {
    for (const transition of transitions) {
      const { zone, at, before, after } = transition;
      const date = dateOf(at + Math.max(before, after));
      const times = near(transition).filter(({ wall }) => dateOf(wall) === date);
      const slots = offeredSlots({ ...shopIn(zone, weekly(0, 1440), 90, 15), from: date, to: date, now: 0 });
      expect(
        slots.map(({ startsAt }) => startsAt),
        where(transition),
      ).to.deep.equal(times.filter(({ wall }) => wall % (15 * MINUTE) === 0).map(({ instant }) => instant));
      expect(
        slots.every(({ startsAt, endsAt }) => endsAt - startsAt === 90 * MINUTE),
        'in real time',
      ).to.equal(true);
      const written = slots.map(({ startsAt }) => toWall(startsAt, zone).iso);
      expect(new Set(written).size, 'told apart by offset').to.equal(slots.length);
      const shown = written.map((iso) => iso.slice(0, 16));
      const twice = slots.filter((_, index) => shown.indexOf(shown[index]!) !== index);
      const repeated = Math.max(0, before - after);
      // At 24:00 the repeated hour lies in the day before.
      const inDay = dateOf(at + after) === date ? repeated : 0;
      expect(twice.length * 15 * MINUTE, where(transition)).to.equal(inDay);
      for (const { startsAt } of twice) expect(startsAt, 'the second pass').to.be.within(at, at + repeated - 1);
    }
  });

  it('in shops open from 20:00 to 02:00 or 03:00, makes its night longer or shorter in truth, on the dates before and after too', () => {
    const changes = new Set<number>();
    for (const transition of transitions) {
      const { zone, at, before, after } = transition;
      const times = near(transition);
      const midnights = [-1, 0].map((days) => Math.floor((at + before) / DAY + days) * DAY);
      for (const [midnight, closing] of midnights.flatMap(
        (each) =>
          [
            [each, 1560],
            [each, 1620],
          ] as const,
      )) {
        const [opens, closes] = [midnight + 1200 * MINUTE, midnight + closing * MINUTE];
        const [low, high] = [at + Math.min(before, after), at + Math.max(before, after)];
        const common = Math.max(0, Math.min(closes, high) - Math.max(opens, low));
        const expected = closes - opens - (after > before ? common : common > 0 ? low - high : 0);
        const weekday = new Date(midnight).getUTCDay() || 7;
        const night = shopIn(zone, weekly(1200, closing, [weekday]), 5, 5);
        const starts = startsIn(night, dateOf(midnight), dateOf(midnight + DAY));
        expect(starts.length * 5 * MINUTE, where(transition)).to.equal(expected);
        expect(starts.at(-1)! - starts[0]!, 'without a hole').to.equal(expected - 5 * MINUTE);
        const first = times.findIndex(({ wall }) => wall >= opens);
        const last = times.findLastIndex(({ wall }) => wall < closes);
        expect(starts, where(transition)).to.deep.equal(times.slice(first, last + 1).map(({ instant }) => instant));
        changes.add((expected - closes + opens) / MINUTE);
      }
    }
    expect([...changes]).to.include.members([-60, -30, 0, 30, 60]);
  });

  it('under a visit that begins before and ends after it, is sold as real time; one that would end past closing, refused', () => {
    for (const { zone, at } of transitions) {
      const wall = intlWall(at - 45 * MINUTE, zone);
      const weekday = new Date(wall).getUTCDay() || 7;
      const startMinute = (wall - Math.floor(wall / DAY) * DAY) / MINUTE;
      // From the visit's start until the wall time at which it ends: room for exactly one.
      const until = (intlWall(at + 45 * MINUTE, zone) - Math.floor(wall / DAY) * DAY) / MINUTE;
      expect(until, 'or the shop would never open').to.be.greaterThan(startMinute);
      const tight = (minutes: number): Scene => shopIn(zone, [{ weekday, fromMinute: startMinute, toMinute: until }], minutes, 5);
      expect(wordOn(tight(90), at - 45 * MINUTE), `${zone} ${toUtc(at)}`).to.equal('ok');
      expect(wordOn(tight(91), at - 45 * MINUTE), `${zone} ${toUtc(at)}`).to.equal('shop_closed');
    }
  });

  it('of Lisbon and the Azores, at one instant, leaves their shops the same real times', () => {
    const lisbon = transitions.filter(({ zone }) => zone === 'Europe/Lisbon');
    expect(lisbon.map(({ at }) => at)).to.deep.equal(transitions.filter(({ zone }) => zone === 'Atlantic/Azores').map(({ at }) => at));
    expect(lisbon).to.have.length(22);
    for (const { at } of lisbon) {
      const [here, there] = ['Europe/Lisbon', 'Atlantic/Azores'].map((zone) =>
        startsIn(shopIn(zone, weekly(0, 1440), 60, 30), dateOf(at - DAY), dateOf(at + DAY)).filter(
          (start) => Math.abs(start - at) < 20 * 60 * MINUTE,
        ),
      );
      expect(here).to.deep.equal(there);
      expect(here).to.have.length(79);
    }
  });
});

describe('days without a clock change', function () {
  this.timeout(60_000);

  it('of zones that dropped theirs, have 24 hours each, all year', () => {
    for (const zone of dropped)
      expect(startsIn(shopIn(zone, weekly(0, 1440), 60, 60), '2027-01-01', '2027-12-31'), zone).to.have.length(365 * 24);
  });

  it('29 February, 1 March and New Year, of every zone and year, have a night of six hours', () => {
    for (const zone of all) {
      for (let year = 2020; year <= 2030; year++) {
        for (const date of [`${year}-02-28`, ...(year % 4 === 0 ? [`${year}-02-29`] : []), `${year}-12-31`]) {
          const midnight = Date.parse(`${date}T00:00Z`);
          const starts = startsIn(
            shopIn(zone, weekly(1200, 1560, [new Date(midnight).getUTCDay() || 7]), 60, 30),
            date,
            dateOf(midnight + DAY),
          );
          expect(
            starts.map((start) => (intlWall(start, zone) - midnight) / MINUTE),
            `${zone} ${date}`,
          ).to.deep.equal([1200, 1230, 1260, 1290, 1320, 1350, 1380, 1410, 1440, 1470, 1500]);
        }
      }
    }
  });
});
