/**
 * Goal: a rule with BYSETPOS or several times of a day (RFC 5545, 3.3.10) gives its starts and no others. Method: rules as programs write them, counted by hand;
 * random rules against Python's dateutil.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { busyOf, busyWindow } from '../support/ics.ts';
import { countByPython, needPython } from '../support/python.ts';

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
/** Where a rule that starts then keeps busy, a minute each. */
const startsBy = (rule: string, start: string): string[] =>
  busyOf([`DTSTART:${start}Z`, 'DURATION:PT1M', `RRULE:${rule}`]).map((each) => `${each.slice(0, 16).replaceAll(/[-:]/g, '')}00`);
const daysOf = (rule: string, start: string): string[] => startsBy(rule, start).map((each) => each.slice(0, 8));

describe('rules of sets', () => {
  it('of each week, take them from whole weeks, and count those alone', () => {
    // 4 November 2026 is a Wednesday: of its week the last weekday is left.
    expect(daysOf('FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;COUNT=4', '20261104T090000')).to.deep.equal([
      '20261106',
      '20261109',
      '20261113',
      '20261116',
    ]);
    expect(daysOf('FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;BYSETPOS=2;UNTIL=20261201T090000Z', '20261102T090000')).to.deep.equal([
      '20261102',
      '20261116',
      '20261130',
    ]);
    expect(daysOf('FREQ=WEEKLY;BYSETPOS=1;COUNT=2', '20261104T090000')).to.deep.equal(['20261104', '20261111']);
  });

  it('of each day, month or year, likewise', () => {
    expect(startsBy('FREQ=DAILY;BYHOUR=9,12,17;BYSETPOS=-1;COUNT=2', '20261104T090000')).to.deep.equal([
      '20261104T170000',
      '20261105T170000',
    ]);
    // The last weekday of a month: 30 November and 31 December 2026, 29 January 2027.
    expect(daysOf('FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3', '20261104T090000')).to.deep.equal([
      '20261130',
      '20261231',
      '20270129',
    ]);
    // Of October's and November's Sundays together the last, not one of each.
    expect(daysOf('FREQ=YEARLY;BYMONTH=10,11;BYDAY=SU;BYSETPOS=-1;COUNT=1', '20261004T090000')).to.deep.equal(['20261129']);
  });

  it('with several times of a day, whatever their order, give each of them', () => {
    expect(startsBy('FREQ=MONTHLY;INTERVAL=2;BYDAY=FR;BYHOUR=17,9;COUNT=3', '20261029T083000')).to.deep.equal([
      '20261030T093000',
      '20261030T173000',
      '20261204T093000',
    ]);
  });

  it('of whole days, likewise', () => {
    expect(busyOf(['DTSTART;VALUE=DATE:20261102', 'RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2;COUNT=2'])).to.deep.equal([
      '2026-11-04T00:00/2026-11-05T00:00',
      '2026-11-11T00:00/2026-11-12T00:00',
    ]);
  });

  it('are as dateutil counts them', async function () {
    this.timeout(60_000);
    const python = needPython(this);
    const days = fc.uniqueArray(fc.constantFrom('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'), { minLength: 3, maxLength: 7 });
    const positions = fc.uniqueArray(fc.constantFrom(1, 2, 3, -1, -2), { maxLength: 3 });
    const rules = fc.record({
      freq: fc.constantFrom('WEEKLY', 'MONTHLY', 'YEARLY;BYMONTH=10,12,3'),
      interval: fc.integer({ min: 1, max: 3 }),
      days,
      positions,
      hours: fc.constantFrom('', ';BYHOUR=17,9', ';BYHOUR=9;BYMINUTE=0,30'),
      end: fc.constantFrom('', ';COUNT=5', ';UNTIL=20261215T120000Z'),
      day: fc.integer({ min: 1, max: 31 }),
    });
    // dateutil takes the week of DTSTART from DTSTART on only: there each rule begins with a week, whichever day that begins on.
    const asked = fc.sample(rules, { numRuns: 200, seed }).map((each) => ({
      rule:
        `FREQ=${each.freq};INTERVAL=${each.interval};BYDAY=${each.days.join(',')}${each.positions.length > 0 ? `;BYSETPOS=${each.positions.join(',')}` : ''}` +
        `${each.hours};WKST=${['SA', 'SU', 'MO'][each.day % 3]}${each.end}`,
      start: `202610${each.freq === 'WEEKLY' ? `0${3 + (each.day % 3)}` : String(each.day).padStart(2, '0')}T083000`,
    }));
    const until = new Date(busyWindow.to - 1000).toISOString().replaceAll(/[-:Z]|\.\d+/g, '');
    const expected = await countByPython(
      python,
      asked.map(({ rule, start }) => ({ rule: rule.replace(/(UNTIL=\w+)Z/, '$1'), start, until })),
    );
    for (const [index, { rule, start }] of asked.entries())
      expect(startsBy(rule, start), `${rule} from ${start}, seed ${seed}`).to.deep.equal(expected[index]);
  });
});
