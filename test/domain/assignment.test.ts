/**
 * Goal: nobody is planned into two shops at once, or into a break where the shop is shut. Method: two workplaces side by side, over weeks,
 * periods and zones.
 */
import { expect } from 'chai';
import { breaksOutside, findClash, type Workplace } from '../../src/domain/assignment.ts';
import type { WeeklyStretch, WorkPeriod } from '../../src/domain/rules.ts';

const today = '2026-10-01';
const on = (weekday: number, fromHour: number, toHour: number): WeeklyStretch => ({
  weekday,
  fromMinute: fromHour * 60,
  toMinute: toHour * 60,
});
const period = (hours: WeeklyStretch[] | null, fromDate: string | null = null, toDate: string | null = null): WorkPeriod => ({
  fromDate,
  toDate,
  hours,
  breaks: [],
});
const shop = (periods: WorkPeriod[], timeZone = 'Europe/Lisbon', openingHours: WeeklyStretch[] = []): Workplace => ({
  timeZone,
  openingHours,
  periods,
});

describe('a barber in two shops', () => {
  it('Monday in one and Friday in the other, and shifts that touch, do not clash', () => {
    expect(findClash(shop([period([on(1, 9, 18)])]), shop([period([on(5, 9, 18)])]), today)).to.equal(null);
    expect(findClash(shop([period([on(1, 9, 13)])]), shop([period([on(1, 13, 18)])]), today)).to.equal(null);
  });

  it('shifts that share an hour of one weekday, clash on the first such date from today on', () => {
    expect(findClash(shop([period([on(1, 9, 14)])]), shop([period([on(1, 13, 18)])]), today)).to.deep.equal({
      period: 0,
      date: '2026-10-05',
    });
  });

  it("hours that are kept from the shop, clash as the shop's own", () => {
    const kept = shop([period(null)], 'Europe/Lisbon', [on(1, 9, 18)]);
    expect(findClash(kept, shop([period([on(1, 17, 20)])]), today)).to.deep.equal({ period: 0, date: '2026-10-05' });
    expect(findClash(shop([period([on(1, 18, 20)])]), kept, today)).to.equal(null);
  });

  it('shifts over midnight, clash with the next morning, also over the end of the week and of a period', () => {
    const night = (weekday: number, toDate: string | null = null) => shop([period([on(weekday, 20, 26)], null, toDate)]);
    expect(findClash(night(1), shop([period([on(2, 1, 9)])]), today)).to.deep.equal({ period: 0, date: '2026-10-05' });
    expect(findClash(night(7), shop([period([on(1, 1, 9)])]), today)).to.deep.equal({ period: 0, date: '2026-10-04' });
    const next = shop([period([on(6, 1, 9)], '2026-10-10')]);
    expect(findClash(night(5, '2026-10-09'), next, today)).to.deep.equal({ period: 0, date: '2026-10-09' });
    expect(findClash(night(5, '2026-10-08'), next, today)).to.equal(null);
  });

  it('periods that never hold together, or only in the past, or on no shared weekday, do not clash', () => {
    const until = (date: string) => shop([period([on(1, 9, 18)], null, date)]);
    const from = (date: string) => shop([period([on(1, 9, 18)], date)]);
    expect(findClash(until('2026-12-31'), from('2027-01-01'), today)).to.equal(null);
    expect(findClash(until('2026-09-30'), from('2026-01-01'), today)).to.equal(null);
    // Thursday to Sunday.
    expect(findClash(until('2026-11-15'), from('2026-11-12'), today)).to.equal(null);
    expect(findClash(until('2026-11-16'), from('2026-11-12'), today)).to.deep.equal({ period: 0, date: '2026-11-16' });
  });

  it('a clash, in a later period far ahead, is told by that period', () => {
    const summer = shop([period([], null, '2028-05-31'), period([on(3, 9, 12)], '2028-06-01', '2028-08-31')]);
    expect(findClash(summer, shop([period([on(3, 11, 15)])]), today)).to.deep.equal({ period: 1, date: '2028-06-07' });
  });

  it('shops in two zones, are compared in true time', () => {
    const lisbon = shop([period([on(1, 9, 12)])]);
    // The Azores are an hour behind: 12:00 in Lisbon is 11:00 there.
    expect(findClash(lisbon, shop([period([on(1, 11, 15)])], 'Atlantic/Azores'), today)).to.equal(null);
    expect(findClash(lisbon, shop([period([on(1, 10, 15)])], 'Atlantic/Azores'), today)).to.deep.equal({ period: 0, date: '2026-10-05' });
    // New York changes its clock a week after Lisbon: only between the two are they four hours apart.
    expect(findClash(lisbon, shop([period([on(1, 7, 10)])], 'America/New_York'), today)).to.deep.equal({ period: 0, date: '2026-10-26' });
    // Sunday's last hour in Lisbon is Monday's 11 o'clock in Auckland, in winter 12 o'clock.
    expect(findClash(shop([period([on(7, 23, 24)])]), shop([period([on(1, 12, 13)])], 'Pacific/Auckland'), today)).to.deep.equal({
      period: 0,
      date: '2026-10-25',
    });
    expect(findClash(shop([period([on(7, 23, 24)])]), shop([period([on(1, 11, 12)])], 'Pacific/Auckland'), today)).to.deep.equal({
      period: 0,
      date: '2026-10-04',
    });
  });
});

describe("breaks in the shop's own hours", () => {
  it('breaks of a period that keeps them, where the shop is shut, are told by number', () => {
    const open = [on(1, 9, 18), on(7, 20, 26)];
    const breaks = [on(1, 12, 13), on(1, 17, 19), on(1, 1, 2), on(2, 12, 13)];
    expect(breaksOutside({ ...period(null), breaks }, open)).to.deep.equal([1, 3]);
    expect(breaksOutside({ ...period(open), breaks }, []), 'of hours of its own').to.deep.equal([]);
  });
});
