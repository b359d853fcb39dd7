/**
 * Goal: a visit handed from barber to barber is found whenever there is one, and refused for the reason that counts.
 * Method: a search over every assignment for random staff, and the examples that a quick search would get wrong.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { visitOf, type Candidate, type Visit } from '../../src/domain/rules.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { MinuteOracle } from './minute-oracle.ts';
import type { World } from './random-shops.ts';
import { barberOf, busy, colour, given, instant, offer, seeded, shopOf, span, weekly, wishes, wordOn } from './shops.ts';

const noon = '2026-07-15T12:00:00+01:00';
const from = (start: string, minutes: number) => ({ from: instant(start), to: instant(start) + minutes * MINUTE });

/** A dense day: four barbers whose diaries are full of holes, four services, lengths and buffers of each barber's own. */
const day = '2026-07-15';
const dense: fc.Arbitrary<World> = fc
  .record({
    candidates: fc.tuple(
      ...['ana', 'eva', 'rui', 'zoe'].map((barberId) =>
        fc
          .record({
            offers: fc.tuple(
              ...['a', 'b', 'c', 'd'].map((serviceId) =>
                fc
                  .record({
                    given: fc.integer({ min: 0, max: 3 }),
                    segments: fc.constantFrom(busy(15), busy(15), busy(30), colour(5, 10, 5), colour(10, 15, 5)),
                    buffers: fc.tuple(fc.constantFrom(0, 0, 5, 10), fc.constantFrom(0, 0, 10, 25)),
                  })
                  .map(({ given: count, segments, buffers: [bufferBeforeMinutes, bufferAfterMinutes] }) =>
                    count === 0 ? [] : [offer(serviceId, segments, { slotStepMinutes: 10, bufferBeforeMinutes, bufferAfterMinutes })],
                  ),
              ),
            ),
            claimed: fc.array(
              fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 5 })).map(([start, length]) => ({
                from: instant('2026-07-15T09:00:00+01:00') + start * 5 * MINUTE,
                to: instant('2026-07-15T09:00:00+01:00') + (start + length) * 5 * MINUTE,
              })),
              { maxLength: 7 },
            ),
          })
          .map(({ offers, claimed }): Candidate => barberOf(barberId, offers.flat(), { claimed })),
      ),
    ),
    visit: fc
      .tuple(fc.shuffledSubarray(['a', 'b', 'c', 'd'], { minLength: 2 }), fc.constantFrom(null, null, 'ana', 'zoe'), fc.boolean())
      .map(([services, named, again]): Visit =>
        wishes(
          false,
          ...[...services, ...(again ? [services[0]!] : [])]
            .slice(0, 4)
            .map((each, index): [string, string | null] => [each, index === 0 ? named : null]),
        ),
      ),
  })
  .map((each) => ({ ...each, shop: shopOf({ openingHours: weekly(540, 750) }), from: day, to: day, now: 0 }));

describe('chains of barbers', function () {
  this.timeout(60_000);

  it('of random staff, are found exactly where a search over every assignment finds one; and then they hold', () => {
    const totals = { none: 0, one: 0, several: 0 };
    fc.assert(
      fc.property(dense, (world) => {
        const oracle = new MinuteOracle(world);
        const lineups = oracle.lineups();
        const slots = new Map(offeredSlots(world).map((slot) => [slot.startsAt, slot]));
        for (const startsAt of oracle.starts().filter((each) => each % (10 * MINUTE) === 0)) {
          const slot = slots.get(startsAt);
          const free = lineups
            .filter((lineup) => oracle.judge(lineup, startsAt).code === 'ok')
            .map((lineup) => lineup.map(({ barber }) => barber.barberId).join());
          if (slot) expect(free).to.include(slot.parts.map(({ barberId }) => barberId).join());
          else expect(free).to.deep.equal([]);
          totals[!slot ? 'none' : new Set(slot.parts.map(({ barberId }) => barberId)).size === 1 ? 'one' : 'several'] += 1;
        }
      }),
      { numRuns: 60 },
    );
    for (const [what, count] of Object.entries(totals)) expect(count, seeded(what)).to.be.greaterThan(100);
  });

  it('twenty barbers with lengths of their own, and nobody or one alone for the last service, are searched in no more steps than a visit needs', () => {
    const services = ['a', 'b', 'c', 'd', 'e', 'f'];
    const many = Array.from({ length: 20 }, (_, index) =>
      barberOf(
        `m${index}`,
        services.slice(0, 5).map((serviceId) => offer(serviceId, busy(30 + index), { slotStepMinutes: 5 })),
      ),
    );
    const last = (claimed: { from: number; to: number }[]) => barberOf('last', [offer('f', busy(30), { slotStepMinutes: 5 })], { claimed });
    const allDay = {
      shop: shopOf({ openingHours: weekly(0, 1440) }),
      visit: wishes(false, ...services.map((each): [string, null] => [each, null])),
      from: day,
      to: day,
      now: 0,
    };
    const away = last([{ from: instant('2026-07-14T00:00:00+01:00'), to: instant('2026-07-18T00:00:00+01:00') }]);
    const evening = last([
      { from: instant('2026-07-14T00:00:00+01:00'), to: instant('2026-07-15T20:00:00+01:00') },
      { from: instant('2026-07-15T20:30:00+01:00'), to: instant('2026-07-18T00:00:00+01:00') },
    ]);

    expect(offeredSlots({ ...allDay, candidates: [...many, away] })).to.deep.equal([]);
    const found = offeredSlots({ ...allDay, candidates: [...many, evening] });
    expect(found.length).to.be.greaterThan(10);
    for (const { parts } of found) expect(parts.at(-1)!.startsAt).to.equal(instant('2026-07-15T20:00:00+01:00'));
    for (const { startsAt } of found)
      expect(judgeVisit({ ...allDay, candidates: [...many, evening] }, allDay.visit, startsAt, 0).possible).to.have.length(1);
  });

  it('a first barber whose buffer is taken, among many who could follow, does not hide the second who is free', () => {
    const services = ['a', 'b', 'c', 'd', 'e', 'f'];
    const gives = services.map((serviceId) => offer(serviceId, busy(30), { bufferBeforeMinutes: 10, bufferAfterMinutes: 10 }));
    const many = Array.from({ length: 12 }, (_, index) => barberOf(`m${index}`, gives.slice(1)));
    const first = barberOf('ana', gives.slice(0, 1), { claimed: [from('2026-07-15T11:55:00+01:00', 5)] });
    const second = barberOf('eva', gives.slice(0, 1), { claimed: [from('2026-07-15T09:00:00+01:00', 120)] });
    const scene = {
      shop: shopOf(),
      candidates: [first, second, ...many],
      visit: wishes(false, ...services.map((each): [string, null] => [each, null])),
    };
    expect(given(scene, noon).decision.slot.barberId).to.equal('eva');
    expect(offeredSlots({ ...scene, from: day, to: day, now: 0 }).map(({ startsAt }) => startsAt)).to.include(instant(noon));
  });

  it('a first barber whose buffer after is taken, among many who could follow, does not hide the second either', () => {
    const services = ['a', 'b', 'c', 'd', 'e', 'f'];
    const gives = services.map((serviceId) => offer(serviceId, busy(30), { bufferAfterMinutes: 10 }));
    const many = Array.from({ length: 12 }, (_, index) => barberOf(`m${index}`, gives.slice(1)));
    const first = barberOf('ana', gives.slice(0, 1), { claimed: [from('2026-07-15T12:35:00+01:00', 5)] });
    const second = barberOf('eva', gives.slice(0, 1), { claimed: [from('2026-07-15T09:00:00+01:00', 120)] });
    const scene = {
      shop: shopOf(),
      candidates: [first, second, ...many],
      visit: wishes(false, ...services.map((each): [string, null] => [each, null])),
    };
    expect(given(scene, noon).decision.slot.barberId).to.equal('eva');
  });

  it('a last barber whose buffer is taken, behind many who could go before, does not hide the other', () => {
    const services = ['a', 'b', 'c', 'd'];
    const gives = services.map((serviceId) => offer(serviceId, busy(30), { bufferAfterMinutes: 10 }));
    const many = Array.from({ length: 12 }, (_, index) => barberOf(`m${index}`, gives.slice(0, 3)));
    const last = gives.slice(3);
    const blocked = Array.from({ length: 9 }, (_, index) =>
      barberOf(`z${index}`, last, { claimed: [from('2026-07-15T14:05:00+01:00', 5)] }),
    );
    const free = barberOf('ana', last, { claimed: [from('2026-07-15T09:00:00+01:00', 120)] });
    const scene = {
      shop: shopOf(),
      candidates: [...many, ...blocked, free],
      visit: wishes(false, ...services.map((each): [string, null] => [each, null])),
    };
    expect(given(scene, noon).decision.slot.parts.at(-1)!.barberId).to.equal('ana');
    const hopeless = { ...scene, candidates: [...many, ...blocked] };
    expect(wordOn(hopeless, instant(noon))).to.equal('slot_taken');
  });

  it("a barber who comes twice, with the other's service shorter than his buffers, is left for another or refused", () => {
    const ana = barberOf('ana', [offer('a', busy(30), { bufferAfterMinutes: 30 }), offer('c', busy(30))]);
    const eva = barberOf('eva', [offer('b', busy(15))]);
    const zoe = barberOf('zoe', [offer('c', busy(30))]);
    const visit = wishes(false, ['a', null], ['b', null], ['c', null]);
    expect(wordOn({ shop: shopOf(), candidates: [ana, eva], visit }, instant(noon))).to.equal('slot_taken');
    expect(
      given({ shop: shopOf(), candidates: [ana, eva, zoe], visit }, noon).decision.slot.parts.map(({ barberId }) => barberId),
    ).to.deep.equal(['ana', 'eva', 'zoe']);
    const other = barberOf('zoe', [offer('a', busy(30))], { claimed: [from('2026-07-15T09:00:00+01:00', 120)] });
    expect(
      given({ shop: shopOf(), candidates: [ana, eva, other], visit }, noon).decision.slot.parts.map(({ barberId }) => barberId),
      'tried after Ana',
    ).to.deep.equal(['zoe', 'eva', 'ana']);
    const longer = barberOf('eva', [offer('b', busy(30))]);
    const { decision } = given({ shop: shopOf(), candidates: [ana, longer], visit }, noon);
    expect(decision.claims).to.deep.equal([
      { barberId: 'ana', ...from(noon, 60), visitStartsAt: instant(noon) },
      { barberId: 'eva', ...from('2026-07-15T12:30:00+01:00', 30), visitStartsAt: instant('2026-07-15T12:30:00+01:00') },
      { barberId: 'ana', ...from('2026-07-15T13:00:00+01:00', 30), visitStartsAt: null },
    ]);
  });

  it('a barber who stays, with another customer in the gap of his first service, needs no buffer between', () => {
    const ana = barberOf('ana', [offer('dye', colour(10, 30, 5)), offer('cut', busy(30), { bufferBeforeMinutes: 15 })], {
      claimed: [from('2026-07-15T12:10:00+01:00', 30)],
    });
    const { decision } = given(
      {
        shop: shopOf(),
        candidates: [ana, barberOf('eva', [offer('dye', busy(45))], { periods: [] })],
        visit: wishes(false, ['dye', null], ['cut', null]),
      },
      noon,
    );
    expect(decision.claims.map((claim) => [(claim.from - instant(noon)) / MINUTE, (claim.to - instant(noon)) / MINUTE])).to.deep.equal([
      [0, 10],
      [40, 75],
    ]);
  });

  it('claimed time in one part, with another part that nobody could give anyway, is not the reason', () => {
    const candidates = [
      barberOf('ana', [offer('a', busy(30))], { claimed: [from(noon, 30)] }),
      barberOf('eva', [offer('b', busy(30))], { periods: [] }),
    ];
    const visit = wishes(false, ['a', null], ['b', null]);
    expect(wordOn({ shop: shopOf(), candidates, visit }, instant(noon))).to.equal('outside_working_hours');
    const { possible, refusal } = judgeVisit({ shop: shopOf(), candidates: candidates.slice(0, 1) }, visitOf('a', null), instant(noon), 0);
    expect([possible.length, refusal.code]).to.deep.equal([0, 'slot_taken']);
  });

  it('a chain over closing time, refused, tells that the shop closes, not that some other barber is off', () => {
    const candidates = [
      barberOf('ana', [offer('a', busy(30)), offer('b', busy(30))]),
      barberOf('eva', [offer('a', busy(30))], { periods: [] }),
    ];
    expect(
      wordOn({ shop: shopOf(), candidates, visit: wishes(false, ['a', null], ['b', null]) }, instant('2026-07-15T17:30:00+01:00')),
    ).to.equal('shop_closed');
  });

  it('a chain in which every barber is named, in any order, is given by them or not at all', () => {
    const both = [offer('a', busy(30)), offer('b', busy(30))];
    const candidates = [barberOf('ana', both), barberOf('eva', both)];
    const named = (...who: [string, string]) => ({ shop: shopOf(), candidates, visit: wishes(false, ['a', who[0]], ['b', who[1]]) });
    expect(given(named('eva', 'ana'), noon).decision.slot.parts.map(({ barberId }) => barberId)).to.deep.equal(['eva', 'ana']);
    expect(given(named('ana', 'ana'), noon).decision.claims).to.deep.equal([
      { barberId: 'ana', ...from(noon, 60), visitStartsAt: instant(noon) },
    ]);
    expect(
      wordOn(
        {
          ...named('eva', 'ana'),
          candidates: [
            barberOf('eva', both),
            barberOf('ana', both, { claimed: [span('2026-07-15T12:45:00+01:00', '2026-07-15T13:00:00+01:00')] }),
          ],
        },
        instant(noon),
      ),
    ).to.equal('slot_taken');
  });
});
