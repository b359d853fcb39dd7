/**
 * Goal: no barber gets more visits on a local day than allowed, nor two at once. Method: examples, and random days booked until nothing is
 * left.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { inheritSettings, visitOf, type Settings } from '../../src/domain/rules.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { worlds } from './random-shops.ts';
import { barberOf, busy, given, instant, offer, offered, refusal, seeded, shopOf, weekly, wishes, wordOn } from './shops.ts';
import { intlWall } from './transitions.ts';

describe('caps per barber and day', () => {
  const day = '2026-07-15';
  const visits = [instant('2026-07-15T09:00:00+01:00'), instant('2026-07-15T15:00:00+01:00')];
  const asked = (maxVisitsPerBarberDay: number | null): string =>
    refusal({ barber: { visits }, settings: { maxVisitsPerBarberDay } }, '2026-07-15T12:00:00+01:00');

  it('visits fewer than the cap, as many or more, allow, refuse and refuse; without a cap, allow', () => {
    expect([3, 2, 1, null].map(asked)).to.deep.equal(['ok', 'barber_day_full', 'barber_day_full', 'ok']);
    expect(offered({ barber: { visits }, settings: { maxVisitsPerBarberDay: 2 } }, day)).to.deep.equal([]);
    expect(offered({ barber: { visits }, settings: { maxVisitsPerBarberDay: 2 } }, '2026-07-16')).to.have.length(18);
  });

  it('a visit that begins at 23:30, in a night shop, counts on its own date and not on the next', () => {
    const night = {
      shop: { openingHours: weekly(1320, 1560) },
      barber: { visits: [instant('2026-07-15T23:30:00+01:00')] },
      settings: { maxVisitsPerBarberDay: 1 },
    };
    expect(refusal(night, '2026-07-15T22:00:00+01:00')).to.equal('barber_day_full');
    expect(refusal(night, '2026-07-16T00:30:00+01:00')).to.equal('ok');
  });

  it('the local day of an autumn change, in both its repeated hours, is one day of 25 hours', () => {
    const night = (visit: string) => ({
      shop: { openingHours: weekly(0, 1440) },
      barber: { visits: [instant(visit)] },
      settings: { maxVisitsPerBarberDay: 1 },
    });
    const words = (visit: string): string[] =>
      [
        '2026-10-24T23:30:00+01:00',
        '2026-10-25T01:30:00+01:00',
        '2026-10-25T01:30:00+00:00',
        '2026-10-25T23:30:00+00:00',
        '2026-10-26T00:00:00+00:00',
      ].map((at) => refusal(night(visit), at));
    expect(words('2026-10-25T00:00:00+01:00')).to.deep.equal(['ok', 'barber_day_full', 'barber_day_full', 'barber_day_full', 'ok']);
    expect(words('2026-10-25T23:59:00+00:00')).to.deep.equal(['ok', 'barber_day_full', 'barber_day_full', 'barber_day_full', 'ok']);
  });

  it("a barber's two services over midnight, with the next day full, count on the day on which his share begins", () => {
    const settings = { maxVisitsPerBarberDay: 1 };
    const both = [offer('a', busy(30), settings), offer('b', busy(30), settings)];
    const fullTomorrow = { visits: [instant('2026-07-16T15:00:00+01:00')] };
    const night = (sameBarber: boolean, first: string | null) => ({
      shop: shopOf({ openingHours: weekly(1320, 1560) }),
      candidates: [barberOf('ana', both, fullTomorrow), barberOf('eva', both.slice(0, 1))],
      visit: wishes(sameBarber, ['a', first], ['b', null]),
    });
    const halfPast = '2026-07-15T23:30:00+01:00';
    expect(given(night(true, null), halfPast).decision.slot.parts.map(({ barberId }) => barberId)).to.deep.equal(['ana', 'ana']);
    expect(
      given(night(false, null), halfPast).decision.slot.parts.map(({ barberId }) => barberId),
      "found behind Eva's dead end or before",
    ).to.deep.equal(['ana', 'ana']);
    expect(wordOn(night(false, 'eva'), instant(halfPast)), "Ana's share alone begins after midnight").to.equal('barber_day_full');
    expect(wordOn(night(false, 'eva'), instant('2026-07-15T23:00:00+01:00'))).to.equal('ok');
  });

  it('settings, from the network to the terms, set the cap: nearest wins, null lifts, what is left out inherits', () => {
    const cap = (...layers: Partial<Settings>[]): number | null => inheritSettings(...layers).maxVisitsPerBarberDay;
    expect([
      cap(),
      cap({ maxVisitsPerBarberDay: 3 }),
      cap({ maxVisitsPerBarberDay: 3 }, {}),
      cap({ maxVisitsPerBarberDay: 3 }, { maxVisitsPerBarberDay: null }),
      cap({ maxVisitsPerBarberDay: null }, {}, { maxVisitsPerBarberDay: 2 }),
    ]).to.deep.equal([null, 3, 3, null, 2]);
  });

  it('two services of one barber, capped and not, in one day that is full for the first, differ', () => {
    const candidates = [barberOf('ana', [offer('a', busy(30), { maxVisitsPerBarberDay: 1 }), offer('b', busy(30))], { visits })];
    const word = (...services: string[]): string =>
      wordOn(
        {
          shop: shopOf(),
          candidates,
          visit:
            services.length === 1 ? visitOf(services[0]!, null) : wishes(true, ...services.map((each): [string, null] => [each, null])),
        },
        instant('2026-07-15T12:00:00+01:00'),
      );
    expect([word('a'), word('b'), word('b', 'a')]).to.deep.equal(['barber_day_full', 'ok', 'barber_day_full']);
  });
});

describe('random days, booked until nothing is left', function () {
  this.timeout(60_000);

  it('of any visits in any order, keep every cap and never have a barber in two places', () => {
    let booked = 0;
    fc.assert(
      fc.property(worlds('several'), fc.infiniteStream(fc.nat()), (world, picks) => {
        const shop = world.shop;
        let candidates = world.candidates;
        const dateOf = (at: number): string => new Date(intlWall(at, shop.timeZone)).toISOString().slice(0, 10);
        for (let round = 0; round < 40; round++) {
          const slots = offeredSlots({ ...world, candidates });
          if (slots.length === 0) break;
          const slot = slots[picks.next().value! % slots.length]!;
          const { decision } = judgeVisit({ shop, candidates }, world.visit, slot.startsAt, world.now).possible[0]!;
          booked += 1;
          candidates = candidates.map((each) => {
            const mine = decision.claims.filter(({ barberId }) => barberId === each.barber.barberId);
            for (const claim of mine) {
              for (let minute = claim.from; minute < claim.to; minute += MINUTE) {
                expect(
                  each.barber.claimed.some(({ from, to }) => from <= minute && minute < to),
                  'nobody else has this minute',
                ).to.equal(false);
              }
            }
            const visits = mine.flatMap(({ visitStartsAt }) => visitStartsAt ?? []);
            return {
              ...each,
              barber: { ...each.barber, claimed: [...each.barber.claimed, ...mine], visits: [...each.barber.visits, ...visits] },
            };
          });
          for (const { serviceId, barberId } of decision.slot.parts) {
            const { barber, offers } = candidates.find((each) => each.barber.barberId === barberId)!;
            const cap = offers.find((each) => each.serviceId === serviceId)!.settings.maxVisitsPerBarberDay;
            const newest = dateOf(barber.visits.at(-1)!);
            if (cap !== null) expect(barber.visits.filter((visit) => dateOf(visit) === newest).length).to.be.at.most(cap);
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(booked, seeded('booked')).to.be.greaterThan(40);
  });
});
