/**
 * Goal: around midnight, at the edges of notice and horizon, and with buffers, what is offered is what can be booked.
 * Method: examples written as wall times with their offset.
 */
import { expect } from 'chai';
import type { Interval } from '../../src/domain/rules.ts';
import { DAY, MINUTE } from '../../src/domain/time.ts';
import { always, away, busy, given, instant, offered, refusal, scene, shut, span, weekly, type Changes } from './shops.ts';

describe('availability, around midnight', () => {
  it('an 11 PM visit, in a shop that closes at midnight, is the last when it ends on time', () => {
    const late = { shop: { openingHours: weekly(1320, 1440) }, segments: busy(60) };
    expect(offered({ ...late, shop: { openingHours: weekly(1320, 1440, [3]) } }, '2026-07-15')).to.deep.equal([
      '22:00+01:00',
      '22:30+01:00',
      '23:00+01:00',
    ]);
    expect(refusal(late, '2026-07-15T23:00:00+01:00')).to.equal('ok');
    expect(refusal(late, '2026-07-15T23:30:00+01:00')).to.equal('shop_closed');
  });

  it('hours that touch at midnight, of two weekdays, are one stretch', () => {
    const openingHours = [...weekly(1320, 1440, [6]), ...weekly(0, 120, [7])];
    const found = offered({ shop: { openingHours }, segments: busy(60) }, '2026-07-18', '2026-07-19');
    expect(found).to.include('2026-07-18T23:30+01:00');
    expect(found.at(-1)).to.equal('2026-07-19T01:00+01:00');
  });

  it("a Saturday shift to 02:00, at the date's edge, gives its slots to the date on which they begin", () => {
    const shop = { openingHours: weekly(1320, 1560, [6]) };
    expect(offered({ shop }, '2026-07-18')).to.deep.equal(['22:00+01:00', '22:30+01:00', '23:00+01:00', '23:30+01:00']);
    expect(offered({ shop }, '2026-07-19')).to.deep.equal(['00:00+01:00', '00:30+01:00', '01:00+01:00', '01:30+01:00']);
  });

  it('a closure, on Sunday or on Saturday, takes the stretches that begin on it', () => {
    const openingHours = [...weekly(1380, 1500, [6]), ...weekly(600, 660, [7])];
    const closed = (date: string): Changes => ({ shop: { openingHours, closures: [shut(date)] } });
    expect(offered(closed('2026-07-19'), '2026-07-18', '2026-07-19')).to.deep.equal([
      '2026-07-18T23:00+01:00',
      '2026-07-18T23:30+01:00',
      '2026-07-19T00:00+01:00',
      '2026-07-19T00:30+01:00',
    ]);
    expect(offered(closed('2026-07-18'), '2026-07-18', '2026-07-19')).to.deep.equal(['2026-07-19T10:00+01:00', '2026-07-19T10:30+01:00']);
    expect(refusal(closed('2026-07-18'), '2026-07-19T00:00:00+01:00')).to.equal('shop_closed');
  });

  it("a closed Saturday, in a shop that never shuts, also takes the Sunday hours of Saturday's shift", () => {
    const changes = {
      shop: { openingHours: weekly(0, 1440), closures: [shut('2026-07-18')] },
      barber: { periods: always(weekly(1200, 1560, [6])) },
    };
    expect(offered(changes, '2026-07-18', '2026-07-19')).to.deep.equal([]);
    expect(refusal(changes, '2026-07-19T01:00:00+01:00')).to.equal('shop_closed');
  });

  it('New Year and 29 February, like any night, are neither lost nor doubled', () => {
    const shop = { openingHours: weekly(1380, 1500) };
    expect(offered({ shop }, '2026-12-31', '2027-01-01')).to.deep.equal([
      '2026-12-31T00:00+00:00',
      '2026-12-31T00:30+00:00',
      '2026-12-31T23:00+00:00',
      '2026-12-31T23:30+00:00',
      '2027-01-01T00:00+00:00',
      '2027-01-01T00:30+00:00',
      '2027-01-01T23:00+00:00',
      '2027-01-01T23:30+00:00',
    ]);
    expect(offered({ shop: { openingHours: weekly(1410, 1470, [2]) } }, '2028-02-29', '2028-03-01')).to.deep.equal([
      '2028-02-29T23:30+00:00',
      '2028-03-01T00:00+00:00',
    ]);
    expect(offered({ shop: { openingHours: weekly(1410, 1440) } }, '2027-02-28', '2027-03-01')).to.have.length(2);
  });

  it('a visit that begins at 23:30 on 28 February or on 31 December, an hour long, ends on the right date', () => {
    const night = scene({ shop: { openingHours: weekly(1320, 1560) }, segments: busy(60) });
    for (const [startsAt, endsAt] of [
      ['2028-02-28T23:30:00+00:00', '2028-02-29T00:30:00+00:00'],
      ['2027-02-28T23:30:00+00:00', '2027-03-01T00:30:00+00:00'],
      ['2028-02-29T23:30:00+00:00', '2028-03-01T00:30:00+00:00'],
      ['2026-12-31T23:30:00+00:00', '2027-01-01T00:30:00+00:00'],
    ] as const)
      expect(given(night, startsAt).decision.slot.endsAt, startsAt).to.equal(instant(endsAt));
  });
});

describe('availability, rules', () => {
  it('buffers, sticking out of the shift or into claimed time, are free there and taken here', () => {
    const at = (claimed: Interval[]): Changes => ({
      barber: { claimed },
      settings: { slotStepMinutes: 15, bufferBeforeMinutes: 15, bufferAfterMinutes: 15 },
    });
    expect(refusal(at([]), '2026-07-15T09:00:00+01:00')).to.equal('ok');
    expect(refusal(at([]), '2026-07-15T17:30:00+01:00')).to.equal('ok');
    const noon = [span('2026-07-15T12:00:00+01:00', '2026-07-15T12:30:00+01:00')];
    expect(['11:15', '11:30', '12:15', '12:30', '12:45'].map((time) => refusal(at(noon), `2026-07-15T${time}:00+01:00`))).to.deep.equal([
      'ok',
      'slot_taken',
      'slot_taken',
      'slot_taken',
      'ok',
    ]);
    const startsAt = '2026-07-15T10:00:00+01:00';
    expect(given(scene(at([])), startsAt).decision.claims).to.deep.equal([
      { barberId: 'rui', ...span('2026-07-15T09:45:00+01:00', '2026-07-15T10:45:00+01:00'), visitStartsAt: instant(startsAt) },
    ]);
  });

  it('each refusal, when rules further down are broken too, names the most fundamental', () => {
    const noon = '2026-07-15T12:00:00+01:00';
    const day = span('2026-07-15T00:00:00+01:00', '2026-07-16T00:00:00+01:00');
    const taken: Changes = { barber: { claimed: [day] } };
    const full: Changes = { barber: { ...taken.barber, visits: [day.from] }, settings: { maxVisitsPerBarberDay: 1 } };
    const off: Changes = { ...full, barber: { ...full.barber, timeOff: [{ ...day, reason: '' }] } };
    const resting: Changes = { ...off, barber: { ...off.barber, periods: always(null, weekly(700, 730)) } };
    const gone: Changes = { ...off, barber: { ...resting.barber, daysOff: [shut('2026-07-15')] } };
    const elsewhere: Changes = { ...gone, barber: { ...gone.barber, periods: always(weekly(540, 735)) } };
    const closed: Changes = { ...elsewhere, shop: { closures: [shut('2026-07-15')] } };
    const codes = [{}, taken, full, off, resting, gone, elsewhere, closed].map((changes) => refusal(changes, noon));
    expect(codes).to.deep.equal([
      'ok',
      'slot_taken',
      'barber_day_full',
      'time_off',
      'on_break',
      'time_off',
      'outside_working_hours',
      'shop_closed',
    ]);
    const asked = (settings: Changes['settings'], startsAt: string, now = 0): string =>
      refusal({ ...closed, settings: { ...closed.settings, ...settings } }, startsAt, now);
    expect(asked({ slotStepMinutes: 50 }, noon)).to.equal('off_step');
    expect(asked({ bookingHorizonDays: 1 }, '2026-07-15T12:01:00+01:00')).to.equal('too_far_ahead');
    expect(asked({ bookingHorizonDays: 0 }, '2026-07-15T12:01:00+01:00', instant(noon) + DAY)).to.equal('too_soon');
  });

  it('hourly time off, up to an instant or from it, leaves what touches it', () => {
    const changes = { barber: { timeOff: [away('2026-07-15T10:00:00+01:00', '2026-07-15T16:30:00+01:00')] } };
    expect(offered(changes, '2026-07-15')).to.deep.equal(['09:00+01:00', '09:30+01:00', '16:30+01:00', '17:00+01:00', '17:30+01:00']);
  });

  it('notice and horizon, at their exact edge, allow; one millisecond beyond, refuse', () => {
    const noon = instant('2026-07-15T12:00:00+01:00');
    const changes = { settings: { minimumNoticeMinutes: 60, bookingHorizonDays: 2 } };
    const asked = (now: number): string => refusal(changes, '2026-07-15T12:00:00+01:00', now);
    expect([noon - 60 * MINUTE, noon - 60 * MINUTE + 1, noon - 2 * DAY, noon - 2 * DAY - 1].map(asked)).to.deep.equal([
      'ok',
      'too_soon',
      'ok',
      'too_far_ahead',
    ]);
    expect(refusal({}, '2026-07-15T12:00:30+01:00')).to.equal('off_step');
  });

  it('a step that does not divide the day, from one day to the next, starts anew at midnight', () => {
    const changes = { shop: { openingHours: weekly(1380, 1500) }, settings: { slotStepMinutes: 50 }, segments: busy(5) };
    expect(offered(changes, '2026-07-15')).to.deep.equal(['00:00+01:00', '00:50+01:00', '23:20+01:00']);
  });

  it('a step of zero, in stored settings of long ago, offers nothing and ends', () => {
    expect(offered({ settings: { slotStepMinutes: 0 } }, '2026-07-15')).to.deep.equal([]);
    expect(refusal({ settings: { slotStepMinutes: 0 } }, '2026-07-15T12:00:00+01:00')).to.equal('off_step');
  });
});
