/**
 * Goal: several barbers' times, and several services by one barber, are what was asked for. Method: examples, and fast-check for the
 * latter.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { offeredSlots } from '../../src/domain/availability.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { lengthOf, visitOf } from '../../src/domain/rules.ts';
import { MINUTE, toWall } from '../../src/domain/time.ts';
import { worlds } from './random-shops.ts';
import { barberOf, busy, given, instant, offer, scene, seeded, shopOf, span, weekly, wishes, wordOn, type Scene } from './shops.ts';

const noon = '2026-07-15T12:00:00+01:00';

describe('several barbers', () => {
  it('slots of barbers with their own steps, listed together, are sorted by start and barber', () => {
    const shop = shopOf({ openingHours: weekly(540, 600) });
    const candidates = [barberOf('rui', [offer('cut', busy(30))]), barberOf('ana', [offer('cut', busy(30), { slotStepMinutes: 15 })])];
    const found = offeredSlots({ shop, candidates, visit: visitOf('cut', null), from: '2026-07-15', to: '2026-07-15', now: 0 });
    expect(found.map(({ barberId, startsAt }) => `${toWall(startsAt, shop.timeZone).time} ${barberId}`)).to.deep.equal([
      '09:00 ana',
      '09:00 rui',
      '09:15 ana',
      '09:30 ana',
      '09:30 rui',
    ]);
  });

  it('20 barbers over 14 days and a clock change, listed, are all there', () => {
    const candidates = Array.from({ length: 20 }, (_, index) => barberOf(`b${index}`, [offer('cut', busy(30), { slotStepMinutes: 15 })]));
    expect(offeredSlots({ ...scene(), candidates, from: '2026-10-20', to: '2026-11-02', now: 0 })).to.have.length(20 * 14 * 35);
  });

  it('a refusal of all, each for his own reason, tells of the one who came nearest', () => {
    const cut = [offer('cut', busy(30))];
    const taken = barberOf('ana', cut, { claimed: [span(noon, '2026-07-15T13:00:00+01:00')] });
    const offToday = barberOf('eva', cut, { daysOff: [{ fromDate: '2026-07-15', toDate: '2026-07-15', reason: '' }] });
    const gone = barberOf('rui', cut, { periods: [] });
    const word = (...candidates: Scene['candidates']): string => wordOn({ ...scene(), candidates }, instant(noon));
    expect([word(gone, offToday, taken), word(offToday, gone), word(gone), word()]).to.deep.equal([
      'slot_taken',
      'time_off',
      'outside_working_hours',
      'service_not_offered',
    ]);
  });
});

describe('several services by one barber', function () {
  this.timeout(60_000);

  it('of random shops, back to back in the order of the wishes, last the sum of their lengths', () => {
    let total = 0;
    fc.assert(
      fc.property(
        worlds('several').filter(({ visit }) => visit.sameBarber),
        (world) => {
          for (const { barberId, startsAt, endsAt, parts } of offeredSlots(world)) {
            total += parts.length > 1 ? 1 : 0;
            expect(parts.map((part) => part.serviceId)).to.deep.equal(world.visit.wishes.map((wish) => wish.serviceId));
            expect(new Set(parts.map((part) => part.barberId))).to.deep.equal(new Set([barberId]));
            expect(parts.map((part) => part.startsAt)).to.deep.equal([startsAt, ...parts.map((part) => part.endsAt).slice(0, -1)]);
            const offers = world.candidates.find(({ barber }) => barber.barberId === barberId)!.offers;
            const minutes = parts.map((part) => lengthOf(offers.find((each) => each.serviceId === part.serviceId)!.segments));
            expect(parts.map((part) => (part.endsAt - part.startsAt) / MINUTE)).to.deep.equal(minutes);
            expect(endsAt - startsAt).to.equal(minutes.reduce((sum, each) => sum + each, 0) * MINUTE);
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(total, seeded('found')).to.be.greaterThan(100);
  });

  it('buffers, between the services of one barber, are not taken; around all of them, they are', () => {
    const buffered = (serviceId: string, before: number, after: number) =>
      offer(serviceId, busy(30), { bufferBeforeMinutes: before, bufferAfterMinutes: after });
    const candidates = [barberOf('ana', [buffered('cut', 10, 20), buffered('wax', 5, 15)])];
    const { claims } = given({ shop: shopOf(), candidates, visit: wishes(true, ['cut', null], ['wax', null]) }, noon).decision;
    expect(claims).to.deep.equal([
      { barberId: 'ana', ...span('2026-07-15T11:50:00+01:00', '2026-07-15T13:15:00+01:00'), visitStartsAt: instant(noon) },
    ]);
  });

  it('a part that breaks a fundamental rule, behind one that breaks a lesser, is the reason given', () => {
    const candidates = [
      barberOf('ana', [offer('cut', busy(30)), offer('wax', busy(60))], {
        timeOff: [{ ...span('2026-07-15T17:00:00+01:00', '2026-07-15T17:15:00+01:00'), reason: '' }],
      }),
    ];
    expect(
      wordOn({ shop: shopOf(), candidates, visit: wishes(true, ['cut', null], ['wax', null]) }, instant('2026-07-15T17:00:00+01:00')),
    ).to.equal('shop_closed');
  });

  it('a service that nobody gives, among others, is the one named', () => {
    for (const sameBarber of [true, false]) {
      const { refusal } = judgeVisit(
        { shop: shopOf(), candidates: [barberOf('ana', [offer('cut', busy(30))])] },
        wishes(sameBarber, ['cut', null], ['wax', null]),
        instant(noon),
        0,
      );
      expect([refusal.code, refusal.serviceId]).to.deep.equal(['service_not_offered', 'wax']);
    }
  });
});
