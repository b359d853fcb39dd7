/**
 * Goal: of random shops, what is offered, accepted and refused is what the rules say, whoever reads them.
 * Method: fast-check shops around odd midnights, every fifth minute compared with `minute-oracle.ts`.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { MINUTE, toWall } from '../../src/domain/time.ts';
import { MinuteOracle } from './minute-oracle.ts';
import { worlds, type World } from './random-shops.ts';
import { seeded, wordOn } from './shops.ts';

/** The codes that may be given when nobody can: each line-up is judged, and the one that came furthest speaks. */
const order = [
  'service_not_offered',
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'slot_taken',
];

/** Whether the barbers have to be searched for, so that a time is offered once and not once for each. */
const isChain = ({ visit }: World): boolean =>
  visit.wishes.length > 1 && !visit.sameBarber && visit.wishes.some(({ barberId }) => barberId === null);

describe('availability, random shops', function () {
  this.timeout(60_000);

  it('offered slots, of one barber and one service, are those of a walk through every minute', () => {
    let total = 0;
    fc.assert(
      fc.property(worlds('single'), (world) => {
        const oracle = new MinuteOracle(world);
        const [lineup] = oracle.lineups();
        const found = offeredSlots(world).map(({ startsAt }) => startsAt);
        total += found.length;
        expect(found).to.deep.equal(oracle.starts().filter((startsAt) => oracle.judge(lineup!, startsAt).code === 'ok'));
      }),
      { numRuns: 200 },
    );
    expect(total, seeded('the shops must offer something, or nothing was tested')).to.be.greaterThan(1000);
  });

  it('every fifth minute, of one barber and one service, is refused by the rule that the walk names', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(worlds('single'), (world) => {
        const oracle = new MinuteOracle(world);
        const [lineup] = oracle.lineups();
        const unclaimed = { ...world, candidates: world.candidates.map((each) => ({ ...each, barber: { ...each.barber, claimed: [] } })) };
        for (const startsAt of oracle.starts()) {
          const word = wordOn(world, startsAt, world.now);
          codes.add(word);
          expect(word, toWall(startsAt, world.shop.timeZone).iso).to.equal(oracle.judge(lineup!, startsAt).code);
          if (word === 'slot_taken') expect(wordOn(unclaimed, startsAt, world.now)).to.equal('ok');
        }
      }),
      { numRuns: 50 },
    );
    // Ten there are; the rarest may be missing by chance.
    expect(codes.size, seeded([...codes].join())).to.be.at.least(9);
  });

  it('visits of several services, by one barber or a chain, are offered exactly where some line-up is free', () => {
    const totals = { chain: 0, fixed: 0 };
    fc.assert(
      fc.property(worlds('several'), (world) => {
        const oracle = new MinuteOracle(world);
        const lineups = oracle.lineups();
        const expected = oracle.starts().flatMap((startsAt) => {
          const free = lineups
            .filter((lineup) => oracle.judge(lineup, startsAt).code === 'ok')
            .map(([first]) => `${startsAt} ${first!.barber.barberId}`);
          return isChain(world) ? free.slice(0, 1).map(() => `${startsAt}`) : free.sort();
        });
        const found = offeredSlots(world).map(({ startsAt, barberId }) => (isChain(world) ? `${startsAt}` : `${startsAt} ${barberId}`));
        totals[isChain(world) ? 'chain' : 'fixed'] += found.length;
        expect(found).to.deep.equal(expected);
      }),
      { numRuns: 200 },
    );
    expect(totals.chain, seeded('chains')).to.be.greaterThan(100);
    expect(totals.fixed, seeded('named or one barber')).to.be.greaterThan(100);
  });

  it('an offered slot, booked, is accepted as it was offered, and claims exactly its busy minutes and the buffers around each run', () => {
    fc.assert(
      fc.property(worlds('several'), (world) => {
        const oracle = new MinuteOracle(world);
        for (const slot of offeredSlots(world)) {
          const { possible } = judgeVisit(world, world.visit, slot.startsAt, world.now);
          const { decision } = possible.find((each) => each.decision.slot.barberId === slot.barberId)!;
          expect(decision.slot).to.deep.equal(slot);
          const lineup = slot.parts.map((part) => world.candidates.find(({ barber }) => barber.barberId === part.barberId)!);
          const { code, taken } = oracle.judge(lineup, slot.startsAt);
          expect(code).to.equal('ok');
          for (const [barberId, minutes] of taken) {
            const mine = decision.claims.filter((claim) => claim.barberId === barberId);
            const claimed = mine.flatMap(({ from, to }) =>
              Array.from({ length: (to - from) / MINUTE }, (_, index) => from + index * MINUTE),
            );
            expect(
              claimed.sort((a, b) => a - b),
              'each minute once',
            ).to.deep.equal([...minutes].sort((a, b) => a - b));
            expect(
              mine.flatMap(({ visitStartsAt }) => visitStartsAt ?? []),
              'one visit',
            ).to.deep.equal([slot.parts.find((part) => part.barberId === barberId)!.startsAt]);
          }
          expect(decision.claims.every((claim) => taken.has(claim.barberId) && claim.from < claim.to)).to.equal(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('an instant that is not offered, of visits of several services, is refused by the rule without which it were free', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(worlds('several'), (world) => {
        const oracle = new MinuteOracle(world);
        const lineups = oracle.lineups();
        for (const startsAt of oracle.starts().filter((each) => each % (15 * MINUTE) === 0)) {
          const word = wordOn(world, startsAt, world.now);
          const words = (without: 'nothing' | 'claims' | 'claims and caps'): string[] =>
            lineups.map((lineup) => oracle.judge(lineup, startsAt, without).code);
          if (words('nothing').includes('ok')) {
            expect(word).to.equal('ok');
            continue;
          }
          const where = `${toWall(startsAt, world.shop.timeZone).iso} ${words('nothing').join()}`;
          codes.add(word);
          if (!isChain(world))
            expect(word, where).to.equal(order.findLast((code) => words('nothing').includes(code)) ?? 'service_not_offered');
          else if (words('claims').includes('ok')) expect(word, where).to.equal('slot_taken');
          else if (words('claims and caps').includes('ok')) expect(word, where).to.equal('barber_day_full');
          // A line-up whose own buffers collide is taken by itself; else the word is one of some part's.
          else
            expect(
              [
                ...words('claims and caps'),
                ...lineups.flatMap((lineup) => oracle.judge(lineup, startsAt, 'claims and caps').parts),
                ...(lineups.length === 0 ? ['service_not_offered'] : []),
              ],
              where,
            ).to.include(word);
        }
      }),
      { numRuns: 50 },
    );
    expect(codes.size, seeded([...codes].join())).to.be.at.least(7);
  });

  it('candidates, in another order, make no difference', () => {
    fc.assert(
      fc.property(worlds('several'), fc.integer({ min: 0, max: 5 }), (world, turn) => {
        const [a, b, c] = world.candidates as [World['candidates'][0], World['candidates'][0], World['candidates'][0]];
        const shuffled = {
          ...world,
          candidates: [
            [a, b, c],
            [a, c, b],
            [b, a, c],
            [b, c, a],
            [c, a, b],
            [c, b, a],
          ][turn]!,
        };
        expect(offeredSlots(shuffled)).to.deep.equal(offeredSlots(world));
        for (const startsAt of new MinuteOracle(world).starts().filter((each) => each % (60 * MINUTE) === 0)) {
          expect(judgeVisit(shuffled, world.visit, startsAt, world.now)).to.deep.equal(judgeVisit(world, world.visit, startsAt, world.now));
        }
      }),
      { numRuns: 60 },
    );
  });
});
