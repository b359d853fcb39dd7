/**
 * Goal: the front desk hears the very rule that booking applies, whatever the shop, and never what must not be said.
 * Method: for any shop, day and visit, fast-check compares with `judgeVisit` and looks at the form of the sentence.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { judgeVisit } from '../../src/domain/choice.ts';
import { explain } from '../../src/domain/explanation.ts';
import type { Candidate, ShopRules, Visit, Wish } from '../../src/domain/rules.ts';
import { addDays, MINUTE, startInstant } from '../../src/domain/time.ts';
import { names, secret, services, shutFor } from '../support/explanation.ts';
import { always, barberOf, busy, colour, offer, settingsOf, weekly } from './shops.ts';

describe('explanation, for any shop, day and visit', () => {
  const day = '2026-10-24';
  const zones = fc.constantFrom('Europe/Lisbon', 'Atlantic/Azores', 'Australia/Lord_Howe', 'America/St_Johns');
  const minutes = (min: number, max: number) => fc.integer({ min: min / 15, max: max / 15 }).map((quarters) => quarters * 15);
  const stretch = fc
    .tuple(minutes(0, 1425), minutes(15, 1200))
    .map(([fromMinute, length]) => ({ fromMinute, toMinute: Math.min(fromMinute + length, 2880) }));
  const week = fc.array(
    fc.tuple(stretch, fc.integer({ min: 1, max: 7 })).map(([each, weekday]) => ({ ...each, weekday })),
    { maxLength: 12 },
  );
  const wide = fc.constant(weekly(0, 1440));
  const dates = fc.integer({ min: -2, max: 3 }).map((days) => addDays(day, days));
  const closing = (reason: string) =>
    fc.tuple(dates, fc.integer({ min: 0, max: 2 })).map(([fromDate, days]) => shutFor(fromDate, addDays(fromDate, days), reason));
  const few = <T>(one: fc.Arbitrary<T>, maxLength = 1) =>
    fc.oneof({ arbitrary: fc.constant<T[]>([]), weight: 2 }, fc.array(one, { minLength: 1, maxLength }));
  const exception = fc.record({ date: dates, hours: fc.array(stretch, { maxLength: 2 }), reason: fc.constantFrom('', 'Festa') });
  const instants = fc
    .tuple(fc.integer({ min: -288, max: 2 * 288 }), fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 7_500))
    .map(([fives, extra]) => startInstant(day, 0, 'UTC') + fives * 5 * MINUTE + extra);
  const spans = fc.tuple(instants, minutes(15, 600)).map(([from, length]) => ({ from, to: from + length * MINUTE }));
  const settings = fc
    .record({
      slotStepMinutes: fc.constantFrom(1, 5, 5, 5, 5, 60),
      minimumNoticeMinutes: fc.constantFrom(0, 0, 0, 0, 0, 4320),
      bookingHorizonDays: fc.constantFrom(1, 90, 90, 90, 90, 90),
      bufferBeforeMinutes: fc.constantFrom(0, 10),
      bufferAfterMinutes: fc.constantFrom(0, 15),
      holidaySets: fc.constantFrom<string[]>([], ['own'], ['unknown']),
      maxVisitsPerBarberDay: fc.constantFrom(null, 1, 3),
    })
    .map((given) => settingsOf(given));
  const segments = fc.constantFrom(busy(30), busy(60), colour(30, 45, 15));
  const shops: fc.Arbitrary<ShopRules> = fc.record({
    timeZone: zones,
    openingHours: fc.oneof(wide, wide, wide, week),
    closures: few(closing('Obras')),
    exceptions: few(exception).map((each) => each.slice(0, 1)),
    holidaySets: fc.constantFrom({}, { own: [{ name: 'Feriado', date: '2026-10-25' }] }),
  });
  const period = fc.record({
    fromDate: fc.oneof(fc.constant(null), dates),
    toDate: fc.oneof(fc.constant(null), dates),
    hours: fc.oneof(fc.constant(null), wide, week),
    breaks: few(fc.tuple(stretch, fc.constant(7)).map(([each, weekday]) => ({ ...each, weekday }))),
  });
  const offered = (serviceId: string) => fc.tuple(segments, settings).map(([own, given]) => offer(serviceId, own, given));
  const barbers = (barberId: string): fc.Arbitrary<Candidate> =>
    fc
      .record({
        periods: fc.oneof(fc.constant(always(null)), fc.array(period, { maxLength: 1 })),
        exceptions: few(fc.tuple(exception, fc.array(stretch, { maxLength: 1 })).map(([own, breaks]) => ({ ...own, breaks }))),
        timeOff: few(spans.map((each) => ({ ...each, reason: secret }))),
        daysOff: few(closing(secret), 2),
        claimed: fc.array(spans, { maxLength: 8 }),
        visits: few(instants, 4),
        offers: fc.tuple(offered('cut'), offered('beard'), fc.boolean()),
      })
      .map(({ offers: [cut, beard, both], ...changes }) => barberOf(barberId, both ? [cut, beard] : [cut], changes));
  const wish: fc.Arbitrary<Wish> = fc.record({
    serviceId: fc.constantFrom('cut', 'cut', 'cut', 'beard'),
    barberId: fc.constantFrom(null, 'rui', 'ana'),
  });
  const visits: fc.Arbitrary<Visit> = fc.record({
    wishes: fc.oneof(fc.array(wish, { minLength: 1, maxLength: 1 }), fc.array(wish, { minLength: 1, maxLength: 3 })),
    sameBarber: fc.boolean(),
  });

  it('the code, of every answer, is that of the booking, and the sentence is whole and discreet', () => {
    const nows = fc.constantFrom(
      startInstant(addDays(day, -2), 0, 'UTC'),
      startInstant(addDays(day, -2), 0, 'UTC'),
      startInstant(day, 700, 'UTC'),
    );
    fc.assert(
      fc.property(
        shops,
        fc.tuple(barbers('rui'), barbers('ana'), barbers('ze')),
        visits,
        instants,
        nows,
        fc.constantFrom('pt-PT', 'en-GB'),
        (rules, candidates, visit, startsAt, now, locale) => {
          const { possible, refusal } = judgeVisit({ shop: rules, candidates }, visit, startsAt, now);
          const named = candidates.map((each) => ({ ...each, name: names[each.barber.barberId]! }));
          const { free, code, sentence } = explain({
            shop: { ...rules, name: 'Chiado' },
            candidates: named,
            services,
            visit,
            startsAt,
            now,
            locale,
          });
          expect({ free, code }).to.deep.equal(possible.length > 0 ? { free: true, code: null } : { free: false, code: refusal.code });
          expect(sentence).to.match(/^\p{Lu}.{8,}[^. ,;:]\.$/u);
          expect(sentence).not.to.match(/undefined|NaN|null|Invalid|\[object|\d{4}-\d\d-\d\d|\d\dT\d\d|\(\)| {2}| ,|: ;/);
          expect(sentence).not.to.include(secret);
          expect(sentence.split(/[^.]\. /).length, sentence).to.be.at.most(2);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
