/**
 * Goal: a wall time in an iCalendar object is the instant that RFC 5545, 3.3.5 gives it, in whatever zone it names. Method: objects around
 * clock changes, expectations by hand: in Berlin 02:00 becomes 03:00 on 28 March 2027, and 03:00 becomes 02:00 on 25 October 2026.
 */
import { expect } from 'chai';
import { busyOf, busyOfText, icsOf } from '../support/ics.ts';

const berlin = 'TZID=Europe/Berlin';
/** Berlin's rules under a name that nobody else knows. */
const zoneText = (tzid: string, [winter, summer]: [string, string] = ['+0100', '+0200']) =>
  [
    'BEGIN:VTIMEZONE',
    `TZID:${tzid}`,
    'BEGIN:DAYLIGHT',
    'DTSTART:19700329T020000',
    `TZOFFSETFROM:${winter}`,
    `TZOFFSETTO:${summer}`,
    'RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU',
    'END:DAYLIGHT',
    'BEGIN:STANDARD',
    'DTSTART:19701025T030000',
    `TZOFFSETFROM:${summer}`,
    `TZOFFSETTO:${winter}`,
    'RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU',
    'END:STANDARD',
    'END:VTIMEZONE',
    'BEGIN:VEVENT',
  ].join('\r\n');
const busyWithZone = (zone: string, ...events: string[][]) => busyOfText(icsOf(...events).replace('BEGIN:VEVENT', zone));

describe('wall times of an object', () => {
  for (const [name, read, zone] of [
    ['that we know', busyOf, berlin],
    ['that the object defines', (...events: string[][]) => busyWithZone(zoneText('Ours'), ...events), 'TZID=Ours'],
  ] as const) {
    it(`that are skipped, in a zone ${name}, go by the offset before the gap`, () => {
      // 02:30+01:00 = 03:30+02:00.
      expect(read([`DTSTART;${zone}:20270328T023000`, `DTEND;${zone}:20270328T040000`])).to.deep.equal([
        '2027-03-28T01:30/2027-03-28T02:00',
      ]);
      expect(read([`DTSTART;${zone}:20270328T023000`, 'DURATION:PT1H'])).to.deep.equal(['2027-03-28T01:30/2027-03-28T02:30']);
      expect(read([`DTSTART;${zone}:20270328T010000`, `DTEND;${zone}:20270328T023000`])).to.deep.equal([
        '2027-03-28T00:00/2027-03-28T01:30',
      ]);
      expect(read([`DTSTART;${zone}:20270328T013000`, `DTEND;${zone}:20270328T033000`])).to.deep.equal([
        '2027-03-28T00:30/2027-03-28T01:30',
      ]);
    });

    it(`that are skipped, in a zone ${name}, take no time away: an hour by the wall clock stays one`, () => {
      expect(read([`DTSTART;${zone}:20270328T023000`, `DTEND;${zone}:20270328T033000`])).to.deep.equal([
        '2027-03-28T01:30/2027-03-28T02:30',
      ]);
      expect(read([`DTSTART;${zone}:20270327T023000`, `DTEND;${zone}:20270327T033000`, 'RRULE:FREQ=DAILY;COUNT=3'])).to.deep.equal([
        '2027-03-27T01:30/2027-03-27T02:30',
        '2027-03-28T01:30/2027-03-28T02:30',
        '2027-03-29T00:30/2027-03-29T01:30',
      ]);
    });

    it(`that come twice, in a zone ${name}, are the first of them, also as the name of an occurrence`, () => {
      expect(read([`DTSTART;${zone}:20261025T023000`, 'DURATION:PT15M'])).to.deep.equal(['2026-10-25T00:30/2026-10-25T00:45']);
      expect(
        read(
          ['UID:series', `DTSTART;${zone}:20261024T023000`, 'DURATION:PT15M', 'RRULE:FREQ=DAILY;COUNT=3', 'EXDATE:20261026T013000Z'],
          ['UID:series', 'RECURRENCE-ID:20261025T003000Z', 'DTSTART:20261025T120000Z', 'DURATION:PT15M'],
        ),
      ).to.deep.equal(['2026-10-24T00:30/2026-10-24T00:45', '2026-10-25T12:00/2026-10-25T12:15']);
    });

    it(`on either side of a change, in a zone ${name}, are as they were`, () => {
      expect(read([`DTSTART;${zone}:20270328T015900`, `DTEND;${zone}:20270328T030000`])).to.deep.equal([
        '2027-03-28T00:59/2027-03-28T01:00',
      ]);
      expect(read([`DTSTART;${zone}:20261025T015900`, `DTEND;${zone}:20261025T030000`])).to.deep.equal([
        '2026-10-24T23:59/2026-10-25T02:00',
      ]);
    });
  }

  it('that are skipped, without a zone, are of the calendar', () => {
    expect(busyOf(['DTSTART:20270328T013000', 'DURATION:PT1H'])).to.deep.equal(['2027-03-28T01:30/2027-03-28T02:30']);
  });

  // 10:30 in Berlin, London (and Lisbon), Paris and New York, in winter and in summer.
  for (const [tzid, winter, summer] of [
    ['W. Europe Standard Time', '09:30', '08:30'],
    ['GMT Standard Time', '10:30', '09:30'],
    ['Romance Standard Time', '09:30', '08:30'],
    ['Eastern Standard Time', '15:30', '14:30'],
    ['India Standard Time', '05:00', '05:00'],
    ['UTC', '10:30', '10:30'],
    ['GMT', '10:30', '10:30'],
    ['tzone://Microsoft/Utc', '10:30', '10:30'],
    ['/freeassociation.sourceforge.net/Europe/Lisbon', '10:30', '09:30'],
    ['/freeassociation.sourceforge.net/Tzfile/Europe/Berlin', '09:30', '08:30'],
    ['/softwarestudio.org/Olson_20011030_5/Europe/Berlin', '09:30', '08:30'],
    ['/mozilla.org/20050126_1/America/Argentina/Buenos_Aires', '13:30', '13:30'],
    ['/example.org/UTC', '10:30', '10:30'],
    // Nobody knows these: the calendar's own zone, Lisbon.
    ['Our Own Time', '10:30', '09:30'],
    ['/example.org/Our Own Time', '10:30', '09:30'],
    ['toString', '10:30', '09:30'],
  ] as const)
    it(`in a zone that is called ${tzid}, and defined nowhere, are at their instant`, () => {
      const at = (day: string) => busyOf([`DTSTART;TZID="${tzid}":${day}T103000`, 'DURATION:PT30M'])[0]?.slice(0, 16);
      expect([at('20261127'), at('20261002')]).to.deep.equal([`2026-11-27T${winter}`, `2026-10-02T${summer}`]);
    });

  it("in a zone that the object defines under Windows' name, are as defined there; under IANA's, as we know it", () => {
    const at = (tzid: string) =>
      busyWithZone(zoneText(tzid, ['+0500', '+0600']), [`DTSTART;TZID="${tzid}":20261127T103000`, 'DURATION:PT30M'])[0]?.slice(0, 16);
    expect(at('W. Europe Standard Time')).to.equal('2026-11-27T05:30');
    expect(at('Europe/Berlin')).to.equal('2026-11-27T09:30');
    expect(at('/softwarestudio.org/Olson_20011030_5/Europe/Berlin')).to.equal('2026-11-27T09:30');
  });
});
