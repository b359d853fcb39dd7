/** Goal: what holds on a date is what the rules of that date say, nearest first. Method: examples, each rule against those beneath it. */
import { expect } from 'chai';
import type { HolidayRule } from '../../src/domain/holidays.ts';
import { always, busy, offered, offeredIn, offer, barberOf, refusal, scene, shopOf, shut, weekly, type Changes } from './shops.ts';

/** 15 July 2026 is a Wednesday. */
const wednesday = '2026-07-15';
const noon = '2026-07-15T12:00:00+01:00';
const hourly = (...hours: number[]): string[] => hours.map((hour) => `${String(hour).padStart(2, '0')}:00+01:00`);
const on = (date: string, ...hours: [number, number][]) => ({
  date,
  hours: hours.map(([from, to]) => ({ fromMinute: from * 60, toMinute: to * 60 })),
  reason: '',
});

/** One slot an hour. */
const ask = (changes: Changes, from = wednesday, to = from): string[] =>
  offered({ segments: busy(60), ...changes, settings: { slotStepMinutes: 60, ...changes.settings } }, from, to);

describe('the shop, on one date', () => {
  const own: Record<string, HolidayRule[]> = { own: [{ name: 'Feriado', monthDay: '07-15' }] };

  it('closure, exception, holiday and week, of one date, hold in this order', () => {
    const week = { openingHours: weekly(540, 660) };
    const holiday = { ...week, holidaySets: own };
    const exception = { ...holiday, exceptions: [on(wednesday, [14, 16])] };
    const closure = { ...exception, closures: [shut(wednesday)] };
    const settings = { holidaySets: ['own'] };
    expect(ask({ shop: week, settings })).to.deep.equal(hourly(9, 10));
    expect(ask({ shop: holiday, settings })).to.deep.equal([]);
    expect(ask({ shop: exception, settings })).to.deep.equal(hourly(14, 15));
    expect(ask({ shop: closure, settings })).to.deep.equal([]);
    expect(refusal({ shop: holiday, settings }, noon)).to.equal('shop_closed');
  });

  it('an exception without hours, on an open day, shuts it; with hours, on a day off the week, opens it', () => {
    const weekdays = { openingHours: weekly(540, 660, [1, 2, 3, 4, 5]) };
    expect(ask({ shop: { ...weekdays, exceptions: [on(wednesday)] } })).to.deep.equal([]);
    expect(refusal({ shop: { ...weekdays, exceptions: [on(wednesday)] } }, noon)).to.equal('shop_closed');
    expect(ask({ shop: { ...weekdays, exceptions: [on('2026-07-18', [10, 12])] } }, '2026-07-18')).to.deep.equal(hourly(10, 11));
  });

  it('a closure of several dates, at both its ends, includes them', () => {
    const shop = { openingHours: weekly(540, 600), closures: [shut('2026-07-14', '2026-07-16')] };
    expect(ask({ shop }, '2026-07-12', '2026-07-18').map((text) => text.slice(0, 10))).to.deep.equal([
      '2026-07-12',
      '2026-07-13',
      '2026-07-17',
      '2026-07-18',
    ]);
  });

  it('holiday sets, shipped and own, unknown or named like a property of every object, shut the days they name', () => {
    const days = (holidaySets: string[], from: string, to: string): number =>
      ask({ shop: { openingHours: weekly(600, 660), holidaySets: own }, settings: { holidaySets } }, from, to).length;
    expect(days([], '2026-12-24', '2026-12-26')).to.equal(3);
    expect(days(['pt'], '2026-12-24', '2026-12-26')).to.equal(2);
    expect(days(['pt', 'own'], '2026-07-14', '2026-07-16')).to.equal(2);
    expect(days(['gone', 'constructor'], '2026-12-24', '2026-12-26'), 'no days').to.equal(3);
  });

  it("a network's own set with the slug of a shipped one, in its place, holds alone", () => {
    const shop = { openingHours: weekly(600, 660), holidaySets: { pt: own.own! } };
    expect(ask({ shop, settings: { holidaySets: ['pt'] } }, '2026-12-25')).to.have.length(1);
    expect(ask({ shop, settings: { holidaySets: ['pt'] } })).to.have.length(0);
  });

  it('a night stretch of an exception, a holiday or a closed day, past midnight, follows the date on which it begins', () => {
    const night = { openingHours: weekly(1380, 1500), holidaySets: own };
    const starts = (changes: Changes): string[] => ask(changes, wednesday, '2026-07-16').map((text) => text.slice(8, 13));
    expect(starts({ shop: night })).to.deep.equal(['15T00', '15T23', '16T00', '16T23']);
    expect(starts({ shop: night, settings: { holidaySets: ['own'] } })).to.deep.equal(['15T00', '16T23']);
    expect(starts({ shop: { ...night, exceptions: [on(wednesday, [22, 27])] } })).to.deep.equal([
      '15T00',
      '15T22',
      '15T23',
      '16T00',
      '16T01',
      '16T02',
      '16T23',
    ]);
    expect(starts({ shop: { ...night, exceptions: [on(wednesday)] } })).to.deep.equal(['15T00', '16T23']);
  });

  it('two barbers with their own holiday sets, on a holiday of one, follow each his own', () => {
    const shop = shopOf({ openingHours: weekly(600, 660), holidaySets: own });
    const candidates = [barberOf('ana', [offer('cut', busy(60), { holidaySets: ['own'] })]), barberOf('rui', [offer('cut', busy(60))])];
    expect(offeredIn({ ...scene(), shop, candidates }, wednesday)).to.deep.equal(hourly(10));
  });
});

describe('the barber, on one date', () => {
  it("without hours of his own, on ordinary and on exceptional days, keeps the shop's", () => {
    const exceptions = [on(wednesday, [14, 16]), on('2026-07-19', [10, 11])];
    const shop = { openingHours: weekly(540, 660, [1, 2, 3, 4, 5]), exceptions };
    expect(ask({ shop })).to.deep.equal(hourly(14, 15));
    expect(ask({ shop }, '2026-07-16')).to.deep.equal(hourly(9, 10));
    expect(ask({ shop }, '2026-07-19')).to.deep.equal(hourly(10));
    expect(ask({ shop, barber: { periods: always(weekly(540, 900)) } }), 'his own hours, where the shop is open').to.deep.equal(hourly(14));
  });

  it("breaks, in a barber who keeps the shop's hours, hold on exceptional days too", () => {
    const shop = { openingHours: weekly(540, 660), exceptions: [on(wednesday, [13, 16])] };
    expect(ask({ shop, barber: { periods: always(null, weekly(840, 900, [3])) } })).to.deep.equal(hourly(13, 15));
  });

  it('work periods, at their first and last date, hold; outside all of them he does not work here', () => {
    const periods = [
      { fromDate: null, toDate: '2026-07-13', hours: weekly(540, 600), breaks: [] },
      { fromDate: '2026-07-15', toDate: '2026-07-16', hours: weekly(660, 720), breaks: [] },
      { fromDate: '2026-07-17', toDate: null, hours: null, breaks: weekly(540, 1020) },
    ];
    const found = ask({ barber: { periods } }, '2026-07-12', '2026-07-18').map((text) => text.slice(8, 13));
    expect(found).to.deep.equal(['12T09', '13T09', '15T11', '16T11', '17T17', '18T17']);
    expect(refusal({ barber: { periods } }, '2026-07-14T12:00:00+01:00')).to.equal('outside_working_hours');
    expect(refusal({ barber: { periods: [] } }, noon)).to.equal('outside_working_hours');
  });

  it("a shift past midnight, on a period's last date and before its first, belongs to the date on which it begins", () => {
    const shop = { openingHours: weekly(0, 1440) };
    const night = { hours: weekly(1380, 1500), breaks: [] };
    const starts = (fromDate: string | null, toDate: string | null): string[] =>
      ask({ shop, barber: { periods: [{ ...night, fromDate, toDate }] } }, wednesday, '2026-07-16').map((text) => text.slice(8, 13));
    expect(starts(null, wednesday)).to.deep.equal(['15T00', '15T23', '16T00']);
    expect(starts(wednesday, null)).to.deep.equal(['15T23', '16T00', '16T23']);
  });

  it('his own exception, over his period, replaces hours and breaks, yet opens no shut shop', () => {
    const pause = { fromMinute: 900, toMinute: 960 };
    const exceptions = [{ ...on(wednesday, [14, 17]), breaks: [pause] }];
    const barber = { periods: always(weekly(540, 660), weekly(540, 600)), exceptions };
    expect(ask({ barber })).to.deep.equal(hourly(14, 16));
    expect(ask({ barber: { ...barber, periods: [] } }), 'also outside his periods').to.deep.equal(hourly(14, 16));
    expect(ask({ barber, shop: { exceptions: [on(wednesday, [9, 15])] } }), "within the shop's").to.deep.equal(hourly(14));
    expect(ask({ barber, shop: { closures: [shut(wednesday)] } })).to.deep.equal([]);
    expect(refusal({ barber: { ...barber, exceptions: [{ ...on(wednesday), breaks: [] }] } }, noon)).to.equal('outside_working_hours');
  });

  it('a day off, in the middle of night shifts, takes the shift that begins on it', () => {
    const shop = { openingHours: weekly(1380, 1500) };
    const barber = { daysOff: [shut(wednesday)] };
    expect(ask({ shop, barber }, wednesday, '2026-07-16').map((text) => text.slice(8, 13))).to.deep.equal(['15T00', '16T23']);
    expect(refusal({ shop, barber, segments: busy(60) }, '2026-07-16T00:00:00+01:00')).to.equal('time_off');
  });
});
