/** Goal: who gives a visit is fair, explained, and the same each time it is asked. Method: examples, and fast-check for the figures. */
import { expect } from 'chai';
import fc from 'fast-check';
import { judgeVisit, rankBarbers } from '../../src/domain/choice.ts';
import { visitOf, type BarberRules, type Interval } from '../../src/domain/rules.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { localDay } from '../../src/domain/timetable.ts';
import { MinuteOracle } from './minute-oracle.ts';
import { worlds } from './random-shops.ts';
import { barberOf, busy, given, instant, offer, scene, seeded, shopOf, span, wishes } from './shops.ts';
import { intlWall } from './transitions.ts';

const noon = '2026-07-15T12:00:00+01:00';
const morning = (minutes: number): Interval => ({
  from: instant('2026-07-15T09:00:00+01:00'),
  to: instant('2026-07-15T09:00:00+01:00') + minutes * MINUTE,
});

describe('the barber chosen', () => {
  const cut = [offer('cut', busy(30))];
  const staff = [
    barberOf('ana', cut, { claimed: [morning(60)] }),
    barberOf('eva', cut, { claimed: [morning(20)] }),
    barberOf('rui', cut, { daysOff: [{ fromDate: '2026-07-15', toDate: '2026-07-15', reason: '' }] }),
  ];

  it('any barber, of those who are free, is the least booked that day, with his minutes and their number', () => {
    const { possible } = judgeVisit({ shop: shopOf(), candidates: staff }, visitOf('cut', null), instant(noon), 0);
    expect(possible.map(({ decision, chosen }) => [decision.slot.barberId, ...chosen])).to.deep.equal([
      ['eva', { rule: 'least_booked', bookedMinutes: 20, among: 2 }],
      ['ana', { rule: 'least_booked', bookedMinutes: 60, among: 2 }],
    ]);
  });

  it('a barber who was asked for, even the most booked, is he', () => {
    const { decision, chosen } = given({ ...scene(), candidates: staff, visit: visitOf('cut', 'ana') }, noon);
    expect([decision.slot.barberId, ...chosen]).to.deep.equal(['ana', { rule: 'asked' }]);
  });

  it('of several services by one barber, the first is explained by fairness, the others by the first', () => {
    const both = [offer('cut', busy(30)), offer('wax', busy(15), {}, 500)];
    const candidates = [barberOf('ana', both, { claimed: [morning(60)] }), barberOf('eva', [both[0]!])];
    const { decision, chosen } = given({ shop: shopOf(), candidates, visit: wishes(true, ['cut', null], ['wax', null]) }, noon);
    expect(chosen).to.deep.equal([{ rule: 'least_booked', bookedMinutes: 60, among: 1 }, { rule: 'same_barber' }]);
    expect(decision.slot.parts.map(({ barberId, priceCents }) => [barberId, priceCents])).to.deep.equal([
      ['ana', 1000],
      ['ana', 500],
    ]);
    expect(given({ shop: shopOf(), candidates, visit: wishes(true, ['cut', 'ana'], ['wax', 'ana']) }, noon).chosen).to.deep.equal([
      { rule: 'asked' },
      { rule: 'asked' },
    ]);
  });

  it('of a chain, each link counts those who were free for it', () => {
    const dye = [offer('dye', busy(60))];
    const late = instant(noon) + 30 * MINUTE;
    const candidates = [
      barberOf('ana', cut),
      barberOf('eva', dye, { claimed: [morning(40)] }),
      barberOf('rui', dye, { claimed: [morning(90)] }),
      barberOf('zoe', dye, { claimed: [{ from: late, to: late + MINUTE }] }),
    ];
    const { decision, chosen } = given({ shop: shopOf(), candidates, visit: wishes(false, ['cut', 'ana'], ['dye', null]) }, noon);
    expect(decision.slot.parts.map(({ barberId }) => barberId)).to.deep.equal(['ana', 'eva']);
    expect(chosen).to.deep.equal([{ rule: 'asked' }, { rule: 'least_booked', bookedMinutes: 40, among: 2 }]);
  });

  it('of random shops, is told by the figures of a count through every minute, least booked first', function () {
    this.timeout(60_000);
    const rules = new Set<string>();
    fc.assert(
      fc.property(worlds('several'), (world) => {
        const { shop, candidates, visit } = world;
        const dateAt = (at: number): string => new Date(intlWall(at, shop.timeZone)).toISOString().slice(0, 10);
        for (const startsAt of new MinuteOracle(world).starts().filter((each) => each % (60 * MINUTE) === 0)) {
          const { possible } = judgeVisit(world, visit, startsAt, world.now);
          const figures = possible.map(
            ({
              decision: {
                slot: { parts },
              },
              chosen,
            }) =>
              chosen.map((each, index) => {
                rules.add(each.rule);
                if (each.rule !== 'least_booked') {
                  const sole = visit.wishes[index]!.barberId;
                  expect(each.rule).to.equal(sole ? 'asked' : 'same_barber');
                  expect(parts[index]!.barberId).to.equal(sole ?? parts[index - 1]!.barberId);
                  return 0;
                }
                const { claimed } = candidates.find(({ barber }) => barber.barberId === parts[index]!.barberId)!.barber;
                const minutes = new Set(
                  claimed.flatMap(({ from, to }) => Array.from({ length: (to - from) / MINUTE }, (_, minute) => from + minute * MINUTE)),
                );
                expect(each.bookedMinutes).to.equal([...minutes].filter((at) => dateAt(at) === dateAt(startsAt)).length);
                expect(each.among).to.be.within(1, candidates.length);
                if (visit.wishes.length === 1) expect(each.among).to.equal(possible.length);
                return each.bookedMinutes;
              })[0]!,
          );
          expect(figures, 'fairest first').to.deep.equal(figures.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 60 },
    );
    expect([...rules], seeded('rules')).to.have.members(['asked', 'least_booked', 'same_barber']);
  });
});

describe('rankBarbers', () => {
  const period = localDay(instant(noon), 'Europe/Lisbon');
  const barber = (barberId: string, ...claimed: Interval[]): Pick<BarberRules, 'barberId' | 'claimed'> => ({ barberId, claimed });

  it('claimed minutes, clipped to the period and counted once, put the least booked first', () => {
    const ranked = rankBarbers(
      [
        barber('busy', span('2026-07-15T10:00:00+01:00', '2026-07-15T11:00:00+01:00')),
        barber('idle', span('2026-07-16T10:00:00+01:00', '2026-07-16T18:00:00+01:00')),
        barber(
          'late',
          span('2026-07-15T23:30:00+01:00', '2026-07-16T02:00:00+01:00'),
          span('2026-07-15T23:45:00+01:00', '2026-07-16T00:30:00+01:00'),
        ),
      ],
      period,
      0,
    );
    expect(ranked).to.deep.equal([
      { barberId: 'idle', bookedMinutes: 0 },
      { barberId: 'late', bookedMinutes: 30 },
      { barberId: 'busy', bookedMinutes: 60 },
    ]);
  });

  it('ties, over many starts, favour nobody and do not depend on the order of asking', () => {
    const three = ['barber-1', 'barber-2', 'barber-3'].map((barberId) => barber(barberId));
    const firsts = new Map<string, number>();
    for (let index = 0; index < 3000; index++) {
      const ranked = rankBarbers(three, period, period.from + index * 15 * MINUTE);
      expect(rankBarbers(three.toReversed(), period, period.from + index * 15 * MINUTE)).to.deep.equal(ranked);
      firsts.set(ranked[0]!.barberId, (firsts.get(ranked[0]!.barberId) ?? 0) + 1);
    }
    for (const [barberId, count] of firsts) expect(count, barberId).to.be.within(900, 1100);
    expect(firsts.size).to.equal(3);
  });
});
