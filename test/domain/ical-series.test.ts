/**
 * Goal: of a series, each occurrence keeps busy once, where it is now. Method: objects as programs write them, expectations by hand.
 */
import { expect } from 'chai';
import { DAY } from '../../src/domain/time.ts';
import { busyOf } from '../support/ics.ts';

const uid = 'UID:series';
/** 23:30 UTC of the day before: the day is another in UTC and in the calendar's own zone. */
const nightly = [uid, 'DTSTART;TZID=Europe/Berlin:20261102T003000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'];
const nights = ['2026-11-01T23:30/2026-11-02T00:30', '2026-11-02T23:30/2026-11-03T00:30', '2026-11-03T23:30/2026-11-04T00:30'];
const afternoon = ['DTSTART;TZID=Europe/Berlin:20261103T150000', 'DURATION:PT2H'];

describe('overrides of a series', () => {
  it('that name a day, stand for the occurrence of that day in the zone of the series', () => {
    expect(busyOf(nightly, [uid, 'RECURRENCE-ID;VALUE=DATE:20261103', ...afternoon])).to.deep.equal([
      nights[0],
      '2026-11-03T14:00/2026-11-03T16:00',
      nights[2],
    ]);
    expect(busyOf(nightly, [uid, 'RECURRENCE-ID;VALUE=DATE:20261103', ...afternoon, 'STATUS:CANCELLED'])).to.deep.equal([
      nights[0],
      nights[2],
    ]);
    // From 00:30 to 15:00 on each day from there on.
    expect(busyOf(nightly, [uid, 'RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261103', ...afternoon])).to.deep.equal([
      nights[0],
      '2026-11-03T14:00/2026-11-03T16:00',
      '2026-11-04T14:00/2026-11-04T16:00',
    ]);
  });

  it('that name a day of several occurrences, stand for the first: no time is lost', () => {
    expect(
      busyOf(
        [uid, 'DTSTART:20261102T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=HOURLY;INTERVAL=3;COUNT=3'],
        [uid, 'RECURRENCE-ID;VALUE=DATE:20261102', 'DTSTART:20261102T200000Z', 'DURATION:PT1H'],
      ),
    ).to.deep.equal(['2026-11-02T12:00/2026-11-02T13:00', '2026-11-02T15:00/2026-11-02T16:00', '2026-11-02T20:00/2026-11-02T21:00']);
  });

  it('that are written without a zone, are on the clock of the series', () => {
    expect(busyOf(nightly, [uid, 'RECURRENCE-ID:20261103T003000', ...afternoon])).to.deep.equal([
      nights[0],
      '2026-11-03T14:00/2026-11-03T16:00',
      nights[2],
    ]);
  });

  it('of whole days, fit however they name the day', () => {
    for (const id of ['RECURRENCE-ID;VALUE=DATE:20261015', 'RECURRENCE-ID:20261015T000000Z', 'RECURRENCE-ID:20261014T230000Z'])
      expect(
        busyOf(
          [uid, 'DTSTART;VALUE=DATE:20261014', 'RRULE:FREQ=DAILY;COUNT=2'],
          [uid, id, 'DTSTART:20261015T100000Z', 'DTEND:20261015T110000Z'],
        ),
        id,
      ).to.deep.equal(['2026-10-13T23:00/2026-10-14T23:00', '2026-10-15T10:00/2026-10-15T11:00']);
  });

  it('that stand for no occurrence of the rule, are events of their own, unless cancelled or left out', () => {
    const orphan = [uid, 'RECURRENCE-ID:20261103T110000Z', ...afternoon];
    const whole = [nights[0], nights[1], '2026-11-03T14:00/2026-11-03T16:00', nights[2]];
    expect(busyOf(nightly, orphan)).to.deep.equal(whole);
    expect(busyOf(nightly, [uid, 'RECURRENCE-ID;VALUE=DATE:20261203', ...afternoon])).to.deep.equal(whole);
    expect(busyOf(nightly, [...orphan, 'STATUS:CANCELLED'])).to.deep.equal(nights);
    expect(busyOf([...nightly, 'EXDATE:20261103T110000Z'], orphan)).to.deep.equal(nights);
  });
});

describe('dates of a series', () => {
  const daily = ['DTSTART;TZID=Europe/Berlin:20261102T090000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'];
  const days = ['2026-11-02T08:00/2026-11-02T09:00', '2026-11-03T08:00/2026-11-03T09:00', '2026-11-04T08:00/2026-11-04T09:00'];

  it('that are periods, have a length of their own, by an end or a duration, in whatever zone', () => {
    expect(busyOf([...daily, 'RDATE;VALUE=PERIOD:20261105T080000Z/20261105T110000Z,20261106T080000Z/PT15M'])).to.deep.equal([
      ...days,
      '2026-11-05T08:00/2026-11-05T11:00',
      '2026-11-06T08:00/2026-11-06T08:15',
    ]);
    expect(
      busyOf([...daily, 'RDATE;VALUE=PERIOD;TZID=America/New_York:20261105T080000/20261105T100000,20261106T080000/P1DT1H']),
    ).to.deep.equal([...days, '2026-11-05T13:00/2026-11-05T15:00', '2026-11-06T13:00/2026-11-07T14:00']);
  });

  it('that are periods, are moved and left out like others', () => {
    expect(
      busyOf(
        [uid, ...daily, 'RDATE;VALUE=PERIOD:20261105T080000Z/PT3H,20261106T080000Z/PT3H', 'EXDATE:20261105T080000Z'],
        [uid, 'RECURRENCE-ID:20261106T080000Z', 'DTSTART:20261106T200000Z', 'DURATION:PT1H'],
      ),
    ).to.deep.equal([...days, '2026-11-06T20:00/2026-11-06T21:00']);
  });

  it('that a rule of exceptions gives, are left out, and no others', () => {
    // RFC 2445, 4.8.5.2: every second day from DTSTART on, so the first as well; a rule of another hour leaves out nothing.
    expect(busyOf([...daily, 'EXRULE:FREQ=DAILY;INTERVAL=2'])).to.deep.equal([days[1]]);
    expect(busyOf([...daily, 'EXRULE:FREQ=DAILY;BYHOUR=10'])).to.deep.equal(days);
    expect(busyOf([...daily, 'EXRULE:FREQ=DAILY;UNTIL=20261103T080000Z'])).to.deep.equal([days[2]]);
    expect(
      busyOf(
        [uid, ...daily, 'EXRULE:FREQ=DAILY;INTERVAL=2'],
        [uid, 'RECURRENCE-ID:20261103T080000Z', 'DTSTART:20261103T200000Z', 'DURATION:PT1H'],
      ),
    ).to.deep.equal(['2026-11-03T20:00/2026-11-03T21:00']);
    expect(busyOf(['DTSTART;VALUE=DATE:20261102', 'RRULE:FREQ=DAILY;COUNT=3', 'EXRULE:FREQ=WEEKLY;BYDAY=TU'])).to.deep.equal([
      '2026-11-02T00:00/2026-11-03T00:00',
      '2026-11-04T00:00/2026-11-05T00:00',
    ]);
  });

  it('that are left out one by one, may be thousands', () => {
    const left = Array.from({ length: 3000 }, (_, day) => new Date(Date.UTC(2018, 9, 1, 9) + day * DAY).toISOString());
    // The 3,000th day is 17 December 2026.
    expect(left.at(-1)).to.equal('2026-12-17T09:00:00.000Z');
    const stamps = left.map((each) => each.replaceAll(/[-:]|\.\d+/g, ''));
    const series = ['DTSTART:20181001T090000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;UNTIL=20261219T090000Z'];
    const rest = ['2026-12-18T09:00/2026-12-18T10:00', '2026-12-19T09:00/2026-12-19T10:00'];
    expect(busyOf([...series, `EXDATE:${stamps.join(',')}`])).to.deep.equal(rest);
    expect(busyOf([...series, ...stamps.map((stamp) => `EXDATE:${stamp}`)])).to.deep.equal(rest);
  });
});
