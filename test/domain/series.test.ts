/**
 * Goal: a series keeps its wall time whatever the clocks do. Method: series over real clock changes, and over every change of fifteen zones
 * against Intl.
 */
import { expect } from 'chai';
import { searchDays, startOfVisit, startsOfSeries } from '../../src/domain/series.ts';
import { addDays, DAY, MINUTE, toUtc, toWall } from '../../src/domain/time.ts';
import { allTransitions, localText } from './transitions.ts';

const utc = (first: string, everyWeeks: number, times: number, zone: string) =>
  startsOfSeries(first, { everyWeeks, times }, zone).map(({ startsAt }) => (startsAt === null ? null : toUtc(startsAt)));

describe('a series', () => {
  it('over the clocks going forward, keeps the wall time and not the hours between', () => {
    expect(utc('2027-03-21T10:00', 1, 3, 'Europe/Lisbon')).to.deep.equal([
      '2027-03-21T10:00:00Z',
      '2027-03-28T09:00:00Z',
      '2027-04-04T09:00:00Z',
    ]);
  });

  it('over the clocks going back, keeps the wall time and not the hours between', () => {
    expect(utc('2026-10-11T10:00', 2, 3, 'Europe/Lisbon')).to.deep.equal([
      '2026-10-11T09:00:00Z',
      '2026-10-25T10:00:00Z',
      '2026-11-08T10:00:00Z',
    ]);
  });

  it('with a visit in the skipped hour, has none on that day and says where the gap ends', () => {
    const [before, skipped, after] = startsOfSeries('2027-03-21T01:30', { everyWeeks: 1, times: 3 }, 'Europe/Lisbon');
    expect(skipped).to.deep.equal({
      localStart: '2027-03-28T01:30',
      startsAt: null,
      repeated: false,
      around: Date.parse('2027-03-28T01:00:00Z'),
    });
    expect([before!.startsAt, after!.startsAt]).to.deep.equal([Date.parse('2027-03-21T01:30:00Z'), Date.parse('2027-04-04T00:30:00Z')]);
  });

  it('with a visit in the repeated hour, means the first and says so', () => {
    const found = startsOfSeries('2026-10-18T01:30', { everyWeeks: 1, times: 3 }, 'Europe/Lisbon');
    expect(found.map(({ repeated }) => repeated)).to.deep.equal([false, true, false]);
    expect(found.map(({ startsAt }) => toUtc(startsAt!))).to.deep.equal([
      '2026-10-18T00:30:00Z',
      '2026-10-25T00:30:00Z',
      '2026-11-01T01:30:00Z',
    ]);
  });

  it('on Lord Howe, where the clocks change by half an hour, is skipped and repeated for that half hour alone', () => {
    const zone = 'Australia/Lord_Howe';
    expect(['02:00', '02:15', '02:29', '02:30'].map((time) => startOfVisit(`2026-10-04T${time}`, zone).startsAt !== null)).to.deep.equal([
      false,
      false,
      false,
      true,
    ]);
    expect(['01:29', '01:30', '01:45', '02:00'].map((time) => startOfVisit(`2027-04-04T${time}`, zone).repeated)).to.deep.equal([
      false,
      true,
      true,
      false,
    ]);
    expect(utc('2026-09-27T10:00', 1, 2, zone), 'half an hour nearer').to.deep.equal(['2026-09-26T23:30:00Z', '2026-10-03T23:00:00Z']);
    expect(utc('2027-03-28T10:00', 1, 2, zone), 'half an hour further').to.deep.equal(['2027-03-27T23:00:00Z', '2027-04-03T23:30:00Z']);
  });

  it('over the end of a year and a leap day, counts weeks', () => {
    expect(startsOfSeries('2027-12-25T10:00', { everyWeeks: 5, times: 4 }, 'UTC').map(({ localStart }) => localStart)).to.deep.equal([
      '2027-12-25T10:00',
      '2028-01-29T10:00',
      '2028-03-04T10:00',
      '2028-04-08T10:00',
    ]);
  });

  it('over every change of fifteen zones, shows the same time on the wall each week, or is skipped', () => {
    for (const { zone, at, before, after } of allTransitions()) {
      for (const minutes of [-60, -15, 0, 15, 45]) {
        const middle = localText(at + Math.min(before, after) + minutes * MINUTE);
        const time = middle.slice(11);
        const found = startsOfSeries(`${addDays(middle.slice(0, 10), -7)}T${time}`, { everyWeeks: 1, times: 3 }, zone);
        expect(
          found.map(({ localStart }) => localStart.slice(11)),
          `${zone} ${toUtc(at)}`,
        ).to.deep.equal([time, time, time]);
        for (const { localStart, startsAt, around } of found) {
          if (startsAt === null) expect([around, after > before], `${zone} ${localStart}`).to.deep.equal([at, true]);
          else expect(toWall(startsAt, zone).iso.slice(0, 16), zone).to.equal(localStart);
        }
      }
    }
  });

  it('of any rhythm, is searched nearer to each visit than to the next', () => {
    for (let weeks = 1; weeks <= 26; weeks += 1) expect(searchDays(weeks) * DAY * 2).to.be.at.most(weeks * 7 * DAY);
    expect([1, 2, 26].map((weeks) => searchDays(weeks))).to.deep.equal([3, 7, 7]);
    expect(
      [1, 26].map((weeks) => searchDays(weeks, true)),
      'a chain of barbers',
    ).to.deep.equal([1, 1]);
  });
});
