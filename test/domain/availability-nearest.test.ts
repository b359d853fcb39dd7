/** Goal: the next and the nearest free slots are the first of all. Method: fast-check, compared with the whole range filtered or sorted. */
import { expect } from 'chai';
import fc from 'fast-check';
import { nearestSlots, nextSlots, offeredSlots } from '../../src/domain/availability.ts';
import { DAY, MINUTE, addDays, toWall } from '../../src/domain/time.ts';
import { worlds, type World } from './random-shops.ts';
import { busy, instant, scene, seeded, shut, weekly } from './shops.ts';

const dateOf = (at: number, { shop }: World): string => toWall(at, shop.timeZone).date;

describe('nearest slots', function () {
  this.timeout(60_000);

  for (const size of ['single', 'several'] as const) {
    it(`of ${size === 'single' ? 'one service' : 'several services'}, compared with all slots of the range sorted by distance, are the first of them`, () => {
      let total = 0;
      fc.assert(
        fc.property(worlds(size), fc.integer({ min: 0, max: 12 }), fc.integer({ min: -3000, max: 6000 }), (world, limit, minutes) => {
          const centre = Math.max(world.now, world.now + minutes * MINUTE);
          const date = dateOf(centre, world);
          const all = offeredSlots({ ...world, from: addDays(date, -6), to: addDays(date, 6) });
          all.sort(
            (a, b) =>
              Math.abs(a.startsAt - centre) - Math.abs(b.startsAt - centre) ||
              a.startsAt - b.startsAt ||
              (a.barberId < b.barberId ? -1 : 1),
          );
          const found = nearestSlots({ ...world, around: world.now + minutes * MINUTE, limit, days: 6 });
          total += found.length;
          expect(found).to.deep.equal(all.slice(0, limit));
        }),
        { numRuns: 120 },
      );
      expect(total, seeded('found')).to.be.greaterThan(100);
    });
  }

  it('around a time of day, one as near on either side, give the earlier first', () => {
    const around = instant('2026-07-15T12:15:00+01:00');
    const found = nearestSlots({ ...scene(), now: 0, around, limit: 3 });
    expect(found.map(({ startsAt }) => (startsAt - around) / MINUTE)).to.deep.equal([-15, 15, -45]);
  });
});

describe('next slots', function () {
  this.timeout(60_000);

  it('from any instant, past or to come, are the first of all that are offered from then on', () => {
    let total = 0;
    fc.assert(
      fc.property(
        worlds('several'),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: -3000, max: 6000 }),
        fc.integer({ min: 0, max: 6 }),
        (world, limit, minutes, days) => {
          const from = world.now + minutes * MINUTE;
          const after = Math.max(from, world.now);
          const first = dateOf(after, world);
          const all =
            days === 0
              ? []
              : offeredSlots({ ...world, from: first, to: addDays(first, days - 1) }).filter(({ startsAt }) => startsAt >= after);
          const found = nextSlots({ ...world, from, limit, days });
          total += found.length;
          expect(found).to.deep.equal(all.slice(0, limit));
        },
      ),
      { numRuns: 150 },
    );
    expect(total, seeded('found')).to.be.greaterThan(100);
  });

  it('from the very start of a slot, include it; from a millisecond later, do not', () => {
    const noon = instant('2026-07-15T12:00:00+01:00');
    const first = (from: number): number => nextSlots({ ...scene(), now: 0, from, limit: 1, days: 1 })[0]!.startsAt;
    expect([first(noon) - noon, first(noon + 1) - noon]).to.deep.equal([0, 30 * MINUTE]);
  });

  it('after weeks of closure, are found on the first open day; beyond the days searched, not', () => {
    const closed = scene({ shop: { openingHours: weekly(540, 570), closures: [shut('2026-07-01', '2026-07-20')] } });
    const from = instant('2026-07-01T10:00:00+01:00');
    const ask = (days: number) => nextSlots({ ...closed, now: from - DAY, from, limit: 1, days }).map(({ startsAt }) => startsAt);
    expect(ask(21)).to.deep.equal([instant('2026-07-21T09:00:00+01:00')]);
    expect(ask(20)).to.deep.equal([]);
  });

  it('in a night shop, just after midnight, include those of the shift that began the day before', () => {
    const night = scene({ shop: { openingHours: weekly(1320, 1560, [6]) }, segments: busy(60) });
    const found = nextSlots({ ...night, now: 0, from: instant('2026-07-19T00:10:00+01:00'), limit: 9, days: 2 });
    expect(found.map(({ startsAt }) => toWall(startsAt, 'Europe/Lisbon').time)).to.deep.equal(['00:30', '01:00']);
  });
});
