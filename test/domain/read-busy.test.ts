/**
 * Goal: what a barber enters in whatever program keeps him busy at the right instants. Method: objects as programs write them, by hand,
 * around clock changes; random rules against a plain count.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { readObject, Unreadable } from '../../src/integrations/calendar/read-busy.ts';
import { DAY } from '../../src/domain/time.ts';
import { icsOf } from '../support/ics.ts';

const window = { from: Date.parse('2026-10-01T00:00:00Z'), to: Date.parse('2027-04-01T00:00:00Z') };
const read = (...events: string[][]) =>
  readObject(icsOf(...events), window, 'Europe/Lisbon').busy.map(
    ({ from, to }) => `${new Date(from).toISOString().slice(0, 16)}/${new Date(to).toISOString().slice(0, 16)}`,
  );

describe('busy time of an object', () => {
  it('in UTC, in a zone, and without one, is at its instant', () => {
    expect(read(['DTSTART:20261127T103000Z', 'DTEND:20261127T110000Z'])).to.deep.equal(['2026-11-27T10:30/2026-11-27T11:00']);
    expect(read(['DTSTART;TZID=America/New_York:20261127T103000', 'DTEND;TZID=America/New_York:20261127T110000'])).to.deep.equal([
      '2026-11-27T15:30/2026-11-27T16:00',
    ]);
    // Floating: the calendar's own zone, here in summer time.
    expect(read(['DTSTART:20261002T103000', 'DURATION:PT30M'])).to.deep.equal(['2026-10-02T09:30/2026-10-02T10:00']);
  });

  it('of whole days, is the local day, 25 hours long where the clocks go back', () => {
    expect(read(['DTSTART;VALUE=DATE:20261025', 'DTEND;VALUE=DATE:20261026'])).to.deep.equal(['2026-10-24T23:00/2026-10-26T00:00']);
    expect(read(['DTSTART;VALUE=DATE:20261224'])).to.deep.equal(['2026-12-24T00:00/2026-12-25T00:00']);
    expect(read(['DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'])).to.deep.equal(['2026-12-24T00:00/2026-12-27T00:00']);
  });

  it('that is marked free, cancelled, or outside the window, is none', () => {
    expect(read(['DTSTART:20261127T103000Z', 'DTEND:20261127T110000Z', 'TRANSP:TRANSPARENT'])).to.deep.equal([]);
    expect(read(['DTSTART:20261127T103000Z', 'DTEND:20261127T110000Z', 'STATUS:CANCELLED'])).to.deep.equal([]);
    expect(read(['DTSTART:20250127T103000Z', 'DTEND:20250127T110000Z'])).to.deep.equal([]);
    expect(read(['DTSTART:20260930T230000Z', 'DTEND:20261001T010000Z'])).to.deep.equal(['2026-10-01T00:00/2026-10-01T01:00']);
    expect(read(['DTSTART:20261127T103000Z'])).to.deep.equal([]);
  });

  it('that comes every week, keeps its wall time over a clock change', () => {
    expect(
      read(['DTSTART;TZID=Europe/Lisbon:20261018T090000', 'DTEND;TZID=Europe/Lisbon:20261018T100000', 'RRULE:FREQ=WEEKLY;COUNT=3']),
    ).to.deep.equal(['2026-10-18T08:00/2026-10-18T09:00', '2026-10-25T09:00/2026-10-25T10:00', '2026-11-01T09:00/2026-11-01T10:00']);
  });

  it('of which one is left out, one moved, one cancelled and one moved into the window, is what remains', () => {
    const uid = 'UID:series';
    expect(
      read(
        [
          uid,
          'DTSTART;TZID=Europe/Lisbon:20261102T090000',
          'DTEND;TZID=Europe/Lisbon:20261102T100000',
          'RRULE:FREQ=DAILY;COUNT=4',
          'EXDATE;TZID=Europe/Lisbon:20261103T090000',
        ],
        [
          uid,
          'RECURRENCE-ID;TZID=Europe/Lisbon:20261104T090000',
          'DTSTART;TZID=Europe/Lisbon:20261104T150000',
          'DTEND;TZID=Europe/Lisbon:20261104T160000',
        ],
        [
          uid,
          'RECURRENCE-ID;TZID=Europe/Lisbon:20261105T090000',
          'DTSTART;TZID=Europe/Lisbon:20261105T090000',
          'DTEND;TZID=Europe/Lisbon:20261105T100000',
          'STATUS:CANCELLED',
        ],
      ),
    ).to.deep.equal(['2026-11-02T09:00/2026-11-02T10:00', '2026-11-04T15:00/2026-11-04T16:00']);
    expect(
      read(
        [uid, 'DTSTART:20261102T090000Z', 'DTEND:20261102T100000Z', 'RRULE:FREQ=YEARLY;COUNT=2'],
        [uid, 'RECURRENCE-ID:20271102T090000Z', 'DTSTART:20270115T090000Z', 'DTEND:20270115T100000Z'],
      ),
    ).to.deep.equal(['2026-11-02T09:00/2026-11-02T10:00', '2027-01-15T09:00/2027-01-15T10:00']);
  });

  it("of one instance of somebody else's series, is that instance", () => {
    expect(read(['UID:theirs', 'RECURRENCE-ID:20261104T090000Z', 'DTSTART:20261104T150000Z', 'DTEND:20261104T160000Z'])).to.deep.equal([
      '2026-11-04T15:00/2026-11-04T16:00',
    ]);
  });

  it('in a zone that only the object defines, goes by that', () => {
    const zone = [
      'BEGIN:VTIMEZONE',
      'TZID:Somewhere',
      'BEGIN:STANDARD',
      'DTSTART:19700101T000000',
      'TZOFFSETFROM:+0500',
      'TZOFFSETTO:+0500',
      'END:STANDARD',
      'END:VTIMEZONE',
    ].join('\r\n');
    const text = icsOf(['DTSTART;TZID=Somewhere:20261127T103000', 'DTEND;TZID=Somewhere:20261127T110000']).replace(
      'BEGIN:VEVENT',
      `${zone}\r\nBEGIN:VEVENT`,
    );
    expect(readObject(text, window, 'Europe/Lisbon').busy).to.deep.equal([
      { from: Date.parse('2026-11-27T05:30Z'), to: Date.parse('2026-11-27T06:00Z') },
    ]);
  });

  it('by a daily rule of any length, gap and count, is as many days as there are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 1439 }),
        (start, interval, count, minutes) => {
          const first = Date.parse('2026-10-01T06:00:00Z') + start * DAY;
          const stamp = (at: number) => new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
          const busy = readObject(
            icsOf([
              `DTSTART:${stamp(first)}`,
              `DTEND:${stamp(first + minutes * 60_000)}`,
              `RRULE:FREQ=DAILY;INTERVAL=${interval};COUNT=${count}`,
            ]),
            window,
            'UTC',
          ).busy;
          const expected = Array.from({ length: count }, (_, index) => first + index * interval * DAY).filter((at) => at < window.to);
          expect(busy.map(({ from }) => from)).to.deep.equal(expected);
        },
      ),
      { ...(process.env.FC_SEED && { seed: Number(process.env.FC_SEED) }) },
    );
  });

  it('on listed dates, with or without a rule, in any zone or as periods, is on each of them, the first included', () => {
    expect(read(['DTSTART:20261102T090000Z', 'DTEND:20261102T100000Z', 'RDATE:20261105T090000Z'])).to.deep.equal([
      '2026-11-02T09:00/2026-11-02T10:00',
      '2026-11-05T09:00/2026-11-05T10:00',
    ]);
    expect(read(['DTSTART:20261102T090000Z', 'DTEND:20261102T100000Z', 'RDATE;TZID=America/New_York:20261105T080000'])).to.deep.equal([
      '2026-11-02T09:00/2026-11-02T10:00',
      '2026-11-05T13:00/2026-11-05T14:00',
    ]);
    expect(
      read(['DTSTART:20261102T090000Z', 'DTEND:20261102T100000Z', 'RDATE;VALUE=PERIOD:20261105T090000Z/20261105T100000Z']),
    ).to.deep.equal(['2026-11-02T09:00/2026-11-02T10:00', '2026-11-05T09:00/2026-11-05T10:00']);
  });

  it('that ends in another zone than it begins in, a flight, ends there', () => {
    expect(read(['DTSTART;TZID=Europe/Berlin:20261102T090000', 'DTEND;TZID=America/New_York:20261102T090000'])).to.deep.equal([
      '2026-11-02T08:00/2026-11-02T14:00',
    ]);
  });

  it('of a series whose exceptions and end are in UTC, fits them, whether the object defines its zone or not', () => {
    const uid = 'UID:series';
    expect(
      read(
        [
          uid,
          'DTSTART;TZID=Europe/Berlin:20261102T090000',
          'DTEND;TZID=Europe/Berlin:20261102T100000',
          'RRULE:FREQ=DAILY;UNTIL=20261105T080000Z',
          'EXDATE:20261103T080000Z',
        ],
        [uid, 'RECURRENCE-ID:20261104T080000Z', 'DTSTART:20261104T150000Z', 'DTEND:20261104T160000Z'],
      ),
    ).to.deep.equal(['2026-11-02T08:00/2026-11-02T09:00', '2026-11-04T15:00/2026-11-04T16:00', '2026-11-05T08:00/2026-11-05T09:00']);
  });

  it('of a series that names its exceptions in another zone, or ends by wall time or day, fits them, the last one included', () => {
    const uid = 'UID:series';
    const series = [uid, 'DTSTART;TZID=Europe/Berlin:20261102T090000', 'DURATION:PT1H'];
    // Named in a third zone; from there on, named in UTC.
    expect(
      read(
        [...series, 'RRULE:FREQ=DAILY;COUNT=2', 'RDATE:20261105T080000Z'],
        [uid, 'RECURRENCE-ID;TZID=Europe/Lisbon:20261103T080000', 'DTSTART;TZID=Europe/Lisbon:20261103T150000', 'DURATION:PT1H'],
        [uid, 'RECURRENCE-ID;TZID=Europe/Berlin:20261105T090000', 'DTSTART:20261105T150000Z', 'DURATION:PT1H'],
      ),
    ).to.deep.equal(['2026-11-02T08:00/2026-11-02T09:00', '2026-11-03T15:00/2026-11-03T16:00', '2026-11-05T15:00/2026-11-05T16:00']);
    expect(
      read(
        [...series, 'RRULE:FREQ=DAILY;COUNT=3'],
        [uid, 'RECURRENCE-ID;RANGE=THISANDFUTURE:20261103T080000Z', 'DTSTART;TZID=Europe/Berlin:20261103T150000', 'DURATION:PT2H'],
      ),
    ).to.deep.equal(['2026-11-02T08:00/2026-11-02T09:00', '2026-11-03T14:00/2026-11-03T16:00', '2026-11-04T14:00/2026-11-04T16:00']);
    // West of Greenwich the wall time, read as UTC, would be before the last one.
    for (const until of ['20261103T090000', '20261103', '20261103T100000Z']) {
      expect(
        read(['DTSTART;TZID=Atlantic/Azores:20261102T090000', 'DURATION:PT1H', `RRULE:FREQ=DAILY;UNTIL=${until}`]),
        until,
      ).to.deep.equal(['2026-11-02T10:00/2026-11-02T11:00', '2026-11-03T10:00/2026-11-03T11:00']);
    }
    // Midnight in Lisbon's summer is the day before in UTC.
    for (const until of ['20261015', '20261014T230000Z', '20261015T000000'])
      expect(read(['DTSTART;VALUE=DATE:20261014', `RRULE:FREQ=DAILY;UNTIL=${until}`]), until).to.deep.equal([
        '2026-10-13T23:00/2026-10-15T23:00',
      ]);
  });

  it('by a rule that never comes true, or that defines a zone so, is unreadable, before anybody has to wait', () => {
    const began = performance.now();
    // None of these has a date, or one among millions: ical.js alone looks for it for ever.
    const rules = [
      'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=DAILY;INTERVAL=7;BYDAY=MO',
      'FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30',
      'FREQ=SECONDLY;BYMONTH=9',
      'FREQ=YEARLY;BYMONTH=2;BYDAY=MO;BYSETPOS=9',
    ];
    for (const rule of rules)
      expect(() => read(['DTSTART:20261101T090000Z', 'DURATION:PT1H', `RRULE:${rule}`]), rule).to.throw(
        Unreadable,
        'reading it takes too long',
      );
    // The time is an object's, however many rules share it.
    const many = icsOf([
      'DTSTART:20261101T090000Z',
      'DURATION:PT1H',
      ...Array.from({ length: 500 }, () => 'RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=MO'),
    ]);
    expect(() => readObject(many, window, 'Europe/Lisbon', { withinMs: 1 })).to.throw(Unreadable, 'reading it takes too long');
    for (const rule of ['FREQ=SECONDLY', ...rules]) {
      const zone = [
        'BEGIN:VTIMEZONE',
        'TZID:Somewhere',
        'BEGIN:STANDARD',
        'DTSTART:19700101T000000',
        'TZOFFSETFROM:+0500',
        'TZOFFSETTO:+0500',
        `RRULE:${rule}`,
        'END:STANDARD',
        'END:VTIMEZONE',
        'BEGIN:VEVENT',
      ].join('\r\n');
      const text = icsOf(['DTSTART;TZID=Somewhere:20261127T103000', 'DURATION:PT1H']).replace('BEGIN:VEVENT', zone);
      expect(() => readObject(text, window, 'Europe/Lisbon'), rule).to.throw(Unreadable);
    }
    expect(performance.now() - began).to.be.below(30_000);
  });

  it('that is no calendar, or without end in its steps, is said to be unreadable', () => {
    for (const text of ['', 'hello', '{}', 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR'])
      expect(() => readObject(text, window, 'UTC'), text).to.throw(Unreadable);
    expect(() => read(['DTSTART:19700101T000000Z', 'DTEND:19700101T000001Z', 'RRULE:FREQ=SECONDLY'])).to.throw(Unreadable);
  });

  for (const rule of ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30'])
    it(`by a rule of days that never come (${rule}), stops nobody`, () => {
      const began = Date.now();
      expect(() => read(['DTSTART:20260131T090000Z', 'DTEND:20260131T100000Z', `RRULE:${rule}`])).to.throw(Unreadable);
      expect(Date.now() - began).to.be.below(10_000);
      expect(read(['DTSTART:20261127T103000Z', 'DTEND:20261127T110000Z'])).to.have.length(1);
    });

  it('that has come every day for a generation, one day moved since, is each day', () => {
    const uid = 'UID:series';
    const days = read(
      [uid, 'DTSTART;TZID=Europe/Lisbon:20000131T090000', 'DTEND;TZID=Europe/Lisbon:20000131T100000', 'RRULE:FREQ=DAILY'],
      [uid, 'RECURRENCE-ID;TZID=Europe/Lisbon:20100105T090000', 'DTSTART:20261201T220000Z', 'DTEND:20261201T230000Z'],
    );
    expect(days).to.have.length((window.to - window.from) / DAY + 1);
    expect([days[0], days.at(-1)]).to.deep.equal(['2026-10-01T08:00/2026-10-01T09:00', '2027-03-31T08:00/2027-03-31T09:00']);
    expect(days).to.include('2026-12-01T22:00/2026-12-01T23:00');
  });
});
