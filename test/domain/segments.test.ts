/**
 * Goal: while a colour sets, the barber can serve another, and never two at once. Method: examples, and fast-check over gaps and buffers.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { lengthOf, visitOf, type Claim, type Segment } from '../../src/domain/rules.ts';
import { MINUTE } from '../../src/domain/time.ts';
import {
  always,
  away,
  barberOf,
  busy,
  colour,
  given,
  instant,
  offer,
  offered,
  offeredIn,
  refusal,
  scene,
  seeded,
  settingsOf,
  shopOf,
  span,
  weekly,
  wishes,
} from './shops.ts';

const ten = '2026-07-15T10:00:00+01:00';
const at = (time: string) => `2026-07-15T${time}:00+01:00`;
const rows = (claims: Claim[]): [number, number][] =>
  claims.map(({ from, to }) => [(from - instant(ten)) / MINUTE, (to - instant(ten)) / MINUTE]);

describe('a service of busy and free segments', () => {
  it('booked, claims its busy segments, with buffers before the first and after the last alone', () => {
    const { decision } = given(
      scene({ segments: colour(30, 45, 15, 20, 10), settings: { bufferBeforeMinutes: 5, bufferAfterMinutes: 10 } }),
      ten,
    );
    expect(rows(decision.claims)).to.deep.equal([
      [-5, 30],
      [75, 90],
      [110, 130],
    ]);
    expect(decision.claims.map(({ visitStartsAt }) => visitStartsAt)).to.deep.equal([instant(ten), null, null]);
    expect(decision.slot.endsAt - decision.slot.startsAt).to.equal(120 * MINUTE);
  });

  it('the gap, over a break, time off or claimed time, needs no barber; yet an open shop', () => {
    const asked = (changes: Parameters<typeof refusal>[0]): string => refusal({ segments: colour(30, 60, 30), ...changes }, ten);
    expect(asked({ barber: { periods: always(null, weekly(630, 690)) } }), 'break').to.equal('ok');
    expect(asked({ barber: { timeOff: [away(at('10:30'), at('11:30'))] } }), 'time off').to.equal('ok');
    expect(asked({ barber: { claimed: [span(at('10:30'), at('11:30'))] } }), 'claimed').to.equal('ok');
    expect(asked({ barber: { periods: always([...weekly(540, 630), ...weekly(690, 1080)]) } }), 'between two shifts').to.equal('ok');
    expect(asked({ shop: { openingHours: [...weekly(540, 630), ...weekly(690, 1080)] } }), 'shop shut').to.equal('shop_closed');
    expect(asked({ barber: { periods: always(null, weekly(630, 691)) } })).to.equal('on_break');
    expect(asked({ barber: { timeOff: [away(at('10:29'), at('11:30'))] } })).to.equal('time_off');
    expect(asked({ barber: { claimed: [span(at('10:30'), at('11:31'))] } })).to.equal('slot_taken');
    expect(asked({ barber: { periods: always([...weekly(540, 630), ...weekly(691, 1080)]) } })).to.equal('outside_working_hours');
  });

  it('a cut, in the gap of a booked colour, is offered where it fits with its buffers', () => {
    const { claims } = given(scene({ segments: colour(30, 60, 30) }), ten).decision;
    const day = { shop: { openingHours: weekly(600, 720) }, barber: { claimed: claims } };
    expect(offered({ ...day, segments: busy(30), settings: { slotStepMinutes: 15 } }, '2026-07-15')).to.deep.equal([
      '10:30+01:00',
      '10:45+01:00',
      '11:00+01:00',
    ]);
    expect(offered({ ...day, segments: busy(30), settings: { slotStepMinutes: 15, bufferBeforeMinutes: 10 } }, '2026-07-15')).to.deep.equal(
      ['10:45+01:00', '11:00+01:00'],
    );
    expect(
      offered(
        { ...day, segments: busy(30), settings: { slotStepMinutes: 15, bufferBeforeMinutes: 10, bufferAfterMinutes: 10 } },
        '2026-07-15',
      ),
    ).to.deep.equal(['10:45+01:00']);
    expect(offered({ ...day, segments: busy(61), settings: { slotStepMinutes: 15 } }, '2026-07-15')).to.deep.equal([]);
  });

  it('two colours, one begun while the other sets, interleave', () => {
    const { claims } = given(scene({ segments: colour(30, 30, 30) }), ten).decision;
    const found = offered(
      { shop: { openingHours: weekly(600, 720) }, barber: { claimed: claims }, segments: colour(30, 30, 30) },
      '2026-07-15',
    );
    expect(found).to.deep.equal(['10:30+01:00']);
  });

  it('the same service, of one stretch with one barber and of segments with another, is each as he gives it', () => {
    const candidates = [barberOf('ana', [offer('dye', colour(30, 60, 30))]), barberOf('rui', [offer('dye', busy(60))])];
    const shop = shopOf({ openingHours: weekly(600, 720) });
    expect(offeredIn({ shop, candidates, visit: visitOf('dye', null) }, '2026-07-15')).to.deep.equal([
      '10:00+01:00',
      '10:00+01:00',
      '10:30+01:00',
      '11:00+01:00',
    ]);
  });

  it('a colour and a cut in one visit, by one barber, join where they touch; and the next link waits for its end', () => {
    const candidates = [barberOf('ana', [offer('dye', colour(30, 60, 30)), offer('cut', busy(30))])];
    const { decision } = given({ shop: shopOf(), candidates, visit: wishes(true, ['dye', null], ['cut', null]) }, ten);
    expect(rows(decision.claims)).to.deep.equal([
      [0, 30],
      [90, 150],
    ]);
  });
});

describe('gaps of random services', function () {
  this.timeout(60_000);
  const segments = fc
    .array(fc.integer({ min: 1, max: 12 }), { minLength: 3, maxLength: 7 })
    .filter((parts) => parts.length % 2 === 1)
    .map((parts): Segment[] => colour(...parts.map((each) => each * 5)));
  const buffer = fc.constantFrom(0, 5, 10);

  it('a short service, beside a booked one, is offered exactly where no minute is asked for twice', () => {
    let inGaps = 0;
    fc.assert(
      fc.property(segments, fc.integer({ min: 1, max: 6 }), buffer, buffer, (booked, length, bufferBeforeMinutes, bufferAfterMinutes) => {
        const dye = offer('dye', booked);
        const cut = {
          ...offer('cut', busy(length * 5)),
          settings: settingsOf({ slotStepMinutes: 5, bufferBeforeMinutes, bufferAfterMinutes }),
        };
        const shop = shopOf();
        const { claims } = given({ shop, candidates: [barberOf('ana', [dye])], visit: visitOf('dye', null) }, ten).decision;
        const candidates = [barberOf('ana', [cut], { claimed: claims })];
        const visit = visitOf('cut', null);

        const minutesOf = (from: number, to: number): number[] =>
          Array.from({ length: (to - from) / MINUTE }, (_, minute) => from + minute * MINUTE);
        const taken = new Set<number>();
        let start = instant(ten);
        for (const { kind, minutes } of booked) {
          if (kind === 'busy') for (const minute of minutesOf(start, start + minutes * MINUTE)) taken.add(minute);
          start += minutes * MINUTE;
        }
        const free = minutesOf(instant(at('09:00')), instant(at('18:00')) - length * 5 * MINUTE + MINUTE)
          .filter((each) => each % (5 * MINUTE) === 0)
          .filter(
            (each) =>
              !minutesOf(each - bufferBeforeMinutes * MINUTE, each + (length * 5 + bufferAfterMinutes) * MINUTE).some((minute) =>
                taken.has(minute),
              ),
          );
        expect(
          offeredSlots({ shop, candidates, visit, from: '2026-07-15', to: '2026-07-15', now: 0 }).map(({ startsAt }) => startsAt),
        ).to.deep.equal(free);

        for (const startsAt of free) {
          const mine = judgeVisit({ shop, candidates }, visit, startsAt, 0).possible[0]!.decision.claims;
          for (const { from, to } of mine) expect(minutesOf(from, to).some((minute) => taken.has(minute))).to.equal(false);
          if (startsAt > instant(ten) && startsAt < instant(ten) + lengthOf(booked) * MINUTE) inGaps += 1;
        }
      }),
      { numRuns: 150 },
    );
    expect(inGaps, seeded('some gaps must be sold, or nothing was tested')).to.be.greaterThan(100);
  });
});
