/** Goal: on the nights of the clock change, shops sell true time. Method: known nights, written as wall times with their offset. */
import { expect } from 'chai';
import { toWall } from '../../src/domain/time.ts';
import { localDay } from '../../src/domain/timetable.ts';
import { always, busy, colour, given, instant, offered, refusal, scene, weekly, type Changes } from './shops.ts';

describe('availability, on the nights of the clock change', () => {
  const bar = (timeZone: string): Changes => ({ shop: { timeZone, openingHours: weekly(1410, 1560, [6]) } });

  it('Lisbon in autumn, shop that closes at 02:00, offers the repeated hour twice, told apart by offset', () => {
    expect(offered(bar('Europe/Lisbon'), '2026-10-25')).to.deep.equal([
      '00:00+01:00',
      '00:30+01:00',
      '01:00+01:00',
      '01:30+01:00',
      '01:00+00:00',
      '01:30+00:00',
    ]);
  });

  it('Azores in autumn, shop that closes at 02:00, repeats the hour after midnight', () => {
    expect(offered(bar('Atlantic/Azores'), '2026-10-25')).to.deep.equal([
      '00:00+00:00',
      '00:30+00:00',
      '00:00-01:00',
      '00:30-01:00',
      '01:00-01:00',
      '01:30-01:00',
    ]);
  });

  it('Lisbon and Azores in spring, shop that closes at 02:00, offer no skipped time', () => {
    expect(offered(bar('Europe/Lisbon'), '2026-03-29')).to.deep.equal(['00:00+00:00', '00:30+00:00']);
    expect(offered(bar('Atlantic/Azores'), '2026-03-29')).to.deep.equal(['01:00+00:00', '01:30+00:00']);
    expect(offered(bar('Atlantic/Azores'), '2026-03-28')).to.deep.equal(['23:30-01:00']);
  });

  it('an hour-long visit over the change, in real time, ends an hour later whatever the clock shows', () => {
    const changes = { ...bar('Europe/Lisbon'), segments: busy(60) };
    expect(refusal(changes, '2026-03-29T00:30:00Z'), 'would end at 02:30').to.equal('shop_closed');
    const autumn = given(scene(changes), '2026-10-25T01:30:00+01:00').decision.slot;
    expect(toWall(autumn.endsAt, 'Europe/Lisbon').iso).to.equal('2026-10-25T01:30:00+00:00');
  });

  it('an 11 PM visit of three hours, before the autumn change, ends at 01:00 of the second occurrence', () => {
    const changes = { shop: { openingHours: weekly(1200, 1560) }, segments: busy(180) };
    expect(toWall(given(scene(changes), '2026-10-24T23:00:00+01:00').decision.slot.endsAt, 'Europe/Lisbon').iso).to.equal(
      '2026-10-25T01:00:00+00:00',
    );
    expect(refusal(changes, '2026-03-28T23:00:00+00:00'), 'two hours are left until 02:00').to.equal('shop_closed');
  });

  it('the free gap of a colour, over the change, lasts its real minutes', () => {
    const { claims } = given(
      scene({ shop: { openingHours: weekly(0, 1440) }, segments: colour(30, 60, 30) }),
      '2026-10-25T00:30:00+01:00',
    ).decision;
    expect(claims.map(({ from, to }) => [from, to].map((at) => toWall(at, 'Europe/Lisbon').iso.slice(11)))).to.deep.equal([
      ['00:30:00+01:00', '01:00:00+01:00'],
      ['01:00:00+00:00', '01:30:00+00:00'],
    ]);
  });

  it('a break in the repeated hour, from the earlier start to the later end, lasts through both', () => {
    const found = offered({ ...bar('Europe/Lisbon'), barber: { periods: always(null, weekly(60, 90, [7])) } }, '2026-10-25');
    expect(found).to.deep.equal(['00:00+01:00', '00:30+01:00', '01:30+00:00']);
  });

  it('a step of 15 minutes over a change of 30, on Lord Howe, stays on its wall clock', () => {
    const changes = { shop: { timeZone: 'Australia/Lord_Howe', openingHours: weekly(90, 150, [7]) }, settings: { slotStepMinutes: 15 } };
    expect(offered(changes, '2026-04-05')).to.deep.equal(['01:30+11:00', '01:45+11:00', '01:30+10:30', '01:45+10:30', '02:00+10:30']);
    expect(offered({ ...changes, segments: busy(15) }, '2026-10-04')).to.deep.equal(['01:30+10:30', '01:45+10:30']);
  });

  it("Apia's missing day, in a range, has no slots and spoils no other's", () => {
    const changes = { shop: { timeZone: 'Pacific/Apia', openingHours: weekly(540, 570) } };
    expect(offered(changes, '2011-12-29', '2011-12-31')).to.deep.equal(['2011-12-29T09:00-10:00', '2011-12-31T09:00+14:00']);
  });

  it('a visit of 24 hours over the spring change, from half an hour before midnight, ends two dates later', () => {
    const changes = { shop: { openingHours: weekly(0, 1440) }, segments: busy(1440) };
    expect(toWall(given(scene(changes), '2026-03-28T23:30:00+00:00').decision.slot.endsAt, 'Europe/Lisbon').iso).to.equal(
      '2026-03-30T00:30:00+01:00',
    );
    expect(offered(changes, '2026-03-28').at(-1)).to.equal('23:30+00:00');
  });

  it("St John's of 2010, whose clock went from 00:01 back to the day before, keeps open until midnight comes again", () => {
    const changes = {
      shop: { timeZone: 'America/St_Johns', openingHours: [{ weekday: 5, fromMinute: 1430, toMinute: 2880 }] },
      segments: busy(5),
    };
    expect(offered(changes, '2010-11-07')).to.deep.equal(['00:00-02:30']);
    expect(offered(changes, '2010-11-06').slice(-2)).to.deep.equal(['23:30-02:30', '23:30-03:30']);
  });

  it('a local day of the clock change, measured, has 25 or 23 hours', () => {
    const hours = (text: string): number => {
      const { from, to } = localDay(instant(text), 'Europe/Lisbon');
      return (to - from) / 3_600_000;
    };
    expect([hours('2026-10-25T12:00:00Z'), hours('2026-03-29T12:00:00Z')]).to.deep.equal([25, 23]);
  });
});
