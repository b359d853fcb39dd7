/**
 * Goal: wall-clock time and instants convert truly around every clock change, whatever machine and day it runs on.
 * Method: transitions found by scanning Intl (not `time.ts`), fast-check around each, and child processes under other TZ and dates.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  DAY,
  MINUTE,
  addDays,
  datesBetween,
  endInstant,
  instantsOf,
  isLocalDate,
  isLocalDateTime,
  isTimeZone,
  minuteOfDay,
  parseInstant,
  resolveLocal,
  startInstant,
  toUtc,
  toWall,
  weekdayOf,
  zoneDataVersion,
} from '../../src/domain/time.ts';
import { allTransitions, intlWall, localText, zones } from './transitions.ts';

const HOUR = 60 * MINUTE;
if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

/** By brute force: every instant near a wall time that reads as it, and the first whose wall time is later. */
function bruteForce(wall: number, zone: string): { instants: number[]; next: number } {
  const instants: number[] = [];
  let next = Infinity;
  for (let at = wall - 16 * HOUR; at <= wall + 16 * HOUR; at += 15 * MINUTE) {
    const shown = intlWall(at, zone);
    if (shown === wall) instants.push(at);
    if (shown > wall) next = Math.min(next, at);
  }
  return { instants, next };
}

describe('resolveLocal', function () {
  this.timeout(30_000);
  const transitions = allTransitions();

  it('every transition of fifteen zones, walls around it, agrees with the offsets on both sides', () => {
    expect(new Set(transitions.map(({ zone }) => zone)).size).to.be.at.least(12);
    for (const { zone, at, before, after } of transitions) {
      const [low, high] = [at + Math.min(before, after), at + Math.max(before, after)];
      const where = `${zone} ${toUtc(at)}`;
      for (let wall = low - 2 * HOUR; wall <= high + 2 * HOUR; wall += 10 * MINUTE) {
        const found = resolveLocal(localText(wall), zone);
        if (wall < low || wall >= high) {
          expect(found, where).to.deep.equal({ kind: 'exact', instant: wall - (wall < low ? before : after) });
        } else if (after > before) {
          expect(found, where).to.deep.equal({ kind: 'skipped', nextInstant: at });
        } else {
          expect(found, where).to.deep.equal({ kind: 'ambiguous', instants: [wall - before, wall - after] });
        }
      }
      expect(toWall(at - 1, zone).offsetMinutes, where).to.equal(before / MINUTE);
      expect(toWall(at, zone).offsetMinutes, where).to.equal(after / MINUTE);
    }
  });

  it('random walls near transitions, compared with a brute-force search through Intl, agree', () => {
    const near = fc.tuple(fc.constantFrom(...transitions), fc.integer({ min: -12, max: 12 }), fc.boolean());
    fc.assert(
      fc.property(near, ([{ zone, at, before, after }, quarters, first]) => {
        const wall = at + (first ? before : after) + quarters * 15 * MINUTE;
        const { instants, next } = bruteForce(wall, zone);
        const found = resolveLocal(localText(wall), zone);
        if (found.kind === 'exact') expect([found.instant]).to.deep.equal(instants);
        if (found.kind === 'ambiguous') expect(found.instants).to.deep.equal(instants);
        if (found.kind === 'skipped') expect({ instants: [], next: found.nextInstant }).to.deep.equal({ instants, next });
      }),
      { numRuns: 400 },
    );
  });

  it('a random instant of 1970 to 2060, read off the wall and resolved again, comes back with its own offset', () => {
    const instants = fc.integer({ min: 0, max: 47_000_000 }).map((minute) => minute * MINUTE);
    fc.assert(
      fc.property(instants, fc.constantFrom(...zones), (instant, zone) => {
        const wall = toWall(instant, zone);
        const found = resolveLocal(`${wall.date}T${wall.time}`, zone);
        expect(found.kind === 'ambiguous' ? found.instants : found.kind === 'exact' ? [found.instant] : []).to.include(instant);
        expect(parseInstant(wall.iso)).to.equal(instant);
        expect(instantsOf(wall.date, wall.minute, zone)).to.include(instant);
        expect(minuteOfDay(instant, zone)).to.equal(wall.minute);
        expect(Date.parse(`${wall.date}T${wall.time}Z`)).to.equal(intlWall(instant, zone));
        expect(wall.weekday).to.equal(weekdayOf(wall.date));
      }),
      { numRuns: 2000 },
    );
  });

  it('known cases, Lisbon and Azores and Lord Howe and Apia, as the law says', () => {
    expect(resolveLocal('2026-10-25T01:30', 'Europe/Lisbon')).to.deep.equal({
      kind: 'ambiguous',
      instants: [Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 25, 1, 30)],
    });
    expect(resolveLocal('2026-10-25T01:30', 'Atlantic/Azores')).to.deep.equal({ kind: 'exact', instant: Date.UTC(2026, 9, 25, 2, 30) });
    expect(resolveLocal('2026-03-29T00:30', 'Atlantic/Azores')).to.deep.equal({ kind: 'skipped', nextInstant: Date.UTC(2026, 2, 29, 1) });
    expect(resolveLocal('2026-04-05T01:45', 'Australia/Lord_Howe')).to.deep.equal({
      kind: 'ambiguous',
      instants: [Date.UTC(2026, 3, 4, 14, 45), Date.UTC(2026, 3, 4, 15, 15)],
    });
    expect(resolveLocal('2011-12-30T12:00', 'Pacific/Apia')).to.deep.equal({ kind: 'skipped', nextInstant: Date.UTC(2011, 11, 30, 10) });
    expect(resolveLocal('2026-10-25T01:30', 'Asia/Kathmandu')).to.deep.equal({ kind: 'exact', instant: Date.UTC(2026, 9, 24, 19, 45) });
    expect(resolveLocal('2026-03-22T00:30', 'Asia/Tehran').kind, 'dropped its changes in 2022').to.equal('exact');
  });

  it('what is no local time or no zone, resolved, throws', () => {
    expect(() => resolveLocal('2026-02-30T10:00', 'Europe/Lisbon')).to.throw(RangeError, '2026-02-30');
    expect(() => resolveLocal('2026-02-03T10:00', 'Europe/Nowhere')).to.throw(RangeError, 'Europe/Nowhere');
    expect(() => startInstant('2026-2-3', 0, 'Europe/Lisbon')).to.throw(RangeError);
  });
});

describe('shift edges', () => {
  it('a repeated or skipped edge, as start and as end, takes the earlier, the later, the transition', () => {
    expect(startInstant('2026-10-25', 90, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 9, 25, 0, 30));
    expect(endInstant('2026-10-25', 90, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 9, 25, 1, 30));
    expect(startInstant('2026-03-29', 90, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 2, 29, 1));
    expect(endInstant('2026-03-29', 90, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 2, 29, 1));
  });

  it('an end exactly where the repeated hour begins, is its first occurrence: a shop that closes then sells nothing after', () => {
    expect(endInstant('2026-10-25', 60, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 9, 25, 0));
    expect(endInstant('2026-10-24', 1440, 'Atlantic/Azores')).to.equal(Date.UTC(2026, 9, 25, 0));
  });

  it('minute 1560 of a date, is 02:00 of the next, and 2880 the midnight after', () => {
    expect(endInstant('2026-10-24', 1560, 'Europe/Lisbon')).to.equal(Date.UTC(2026, 9, 25, 2));
    expect(endInstant('2026-12-31', 2880, 'Europe/Lisbon')).to.equal(Date.UTC(2027, 0, 2));
  });
});

describe('calendar', () => {
  it('dates and times, real and unreal, are told apart', () => {
    for (const date of ['2024-02-29', '2026-12-31', '0001-01-01']) expect(isLocalDate(date), date).to.equal(true);
    for (const date of [
      '2026-02-30',
      '2026-02-29',
      '2100-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-1-1',
      '2026-01-01T00:00',
      ' 2026-01-01',
      '',
      '2026-01-01\n',
    ]) {
      expect(isLocalDate(date), date).to.equal(false);
    }
    expect(isLocalDateTime('2026-02-28T23:59')).to.equal(true);
    for (const text of [
      '2026-02-28T24:00',
      '2026-02-28T10:60',
      '2026-02-30T10:00',
      '2026-02-28 10:00',
      '2026-02-28T10:00:00',
      '2026-02-28T10:00Z',
    ]) {
      expect(isLocalDateTime(text), text).to.equal(false);
    }
  });

  it('days added and listed, over 29 February and New Year, follow the calendar', () => {
    expect(addDays('2024-02-28', 1)).to.equal('2024-02-29');
    expect(addDays('2026-12-31', 1)).to.equal('2027-01-01');
    expect(datesBetween('2026-02-27', '2026-03-01')).to.deep.equal(['2026-02-27', '2026-02-28', '2026-03-01']);
    expect(datesBetween('2026-03-02', '2026-03-01')).to.deep.equal([]);
    expect([weekdayOf('2026-10-25'), weekdayOf('2026-10-26'), weekdayOf('1969-12-31')]).to.deep.equal([7, 1, 3]);
    fc.assert(
      fc.property(fc.integer({ min: -10_000, max: 30_000 }), fc.integer({ min: -500, max: 500 }), (day, count) => {
        const date = addDays('1970-01-01', day);
        expect(addDays(addDays(date, count), -count)).to.equal(date);
        expect(weekdayOf(date)).to.equal(new Date(day * DAY).getUTCDay() || 7);
      }),
    );
  });
});

describe('instants as text', () => {
  it('RFC 3339, with offset or Z, is read; anything else is null', () => {
    expect(parseInstant('2026-10-25T01:30:00+01:00')).to.equal(Date.UTC(2026, 9, 25, 0, 30));
    expect(parseInstant('2026-10-25T00:30:00.25Z')).to.equal(Date.UTC(2026, 9, 25, 0, 30, 0, 250));
    expect(parseInstant('2026-10-25T00:30:00-09:30')).to.equal(Date.UTC(2026, 9, 25, 10));
    for (const text of [
      '2026-10-25T01:30:00',
      '2026-10-25T01:30Z',
      '2026-10-25 01:30:00Z',
      '2026-02-30T01:30:00Z',
      '2026-10-25T24:00:00Z',
      '2026-10-25T01:30:60Z',
      '2026-10-25T01:30:00+24:00',
      '2026-10-25T01:30:00+0100',
      '2026-10-25',
      '20261025T013000Z',
      '0000-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      '2026-10-25T01:30:00Z\n',
      '',
      'now',
      '1792888200000',
    ])
      expect(parseInstant(text), text).to.equal(null);
  });

  it('an instant, written in UTC and in a zone, reads back', () => {
    const instant = Date.UTC(2026, 9, 25, 0, 30);
    expect(toUtc(instant)).to.equal('2026-10-25T00:30:00Z');
    expect(toWall(instant, 'Europe/Lisbon')).to.deep.equal({
      date: '2026-10-25',
      time: '01:30',
      minute: 90,
      weekday: 7,
      offsetMinutes: 60,
      iso: '2026-10-25T01:30:00+01:00',
    });
    expect(toWall(instant, 'America/New_York').iso).to.equal('2026-10-24T20:30:00-04:00');
    expect(toWall(instant, 'Asia/Kathmandu').iso).to.equal('2026-10-25T06:15:00+05:45');
    expect(toWall(instant, 'UTC').iso).to.equal('2026-10-25T00:30:00+00:00');
    expect(parseInstant(toUtc(instant))).to.equal(instant);
  });
});

describe('isTimeZone', () => {
  it('names, of zones and of other things, are told apart', () => {
    for (const zone of [
      ...zones,
      'Etc/UTC',
      'Asia/Calcutta',
      'Asia/Kolkata',
      'Europe/Kyiv',
      'US/Eastern',
      'America/Port-au-Prince',
      'America/North_Dakota/New_Salem',
    ]) {
      expect(isTimeZone(zone), zone).to.equal(true);
    }
    for (const zone of [
      'UTC+3',
      '+01:00',
      '-0300',
      'GMT+3',
      'europe/lisbon',
      'EUROPE/LISBON',
      'Asia/KOLKATA',
      'Europe/Nowhere',
      'CST',
      'local',
      'system',
      '',
      '__proto__',
      'Z',
    ]) {
      expect(isTimeZone(zone), zone).to.equal(false);
    }
    expect(zoneDataVersion()).to.match(/^20\d\d[a-z]/);
  });
});

describe('the machine', function () {
  this.timeout(30_000);

  it('other TZ and other today, same questions, give the same answers', () => {
    const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const fake = `data:text/javascript,${encodeURIComponent(`
      const Real = Date, now = Number(process.env.FAKED_NOW);
      globalThis.Date = class extends Real {
        constructor(...args) { if (args.length) super(...args); else super(now); }
        static now() { return now; }
      };`)}`;
    const script = `
      import { createHash } from 'node:crypto';
      import { offeredSlots } from ${at('../../src/domain/availability.ts')};
      import { defaultSettings } from ${at('../../src/domain/rules.ts')};
      import { endInstant, resolveLocal, startInstant, toWall } from ${at('../../src/domain/time.ts')};
      const hash = createHash('sha256');
      const put = (value) => hash.update(JSON.stringify(value));
      const nights = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 1200, toMinute: 1620 }));
      for (const zone of ['Europe/Lisbon', 'Atlantic/Azores', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Cairo']) {
        for (const date of ['2026-03-08', '2026-03-29', '2026-04-05', '2026-04-24',
          '2026-10-04', '2026-10-25', '2026-10-29', '2026-11-01', '2011-12-30']) {
          for (let minute = 0; minute < 240; minute += 15) {
            const text = date + 'T' + String(Math.floor(minute / 60)).padStart(2, '0') + ':' + String(minute % 60).padStart(2, '0');
            put([resolveLocal(text, zone), toWall(startInstant(date, minute, zone), zone), endInstant(date, minute, zone)]);
          }
          put(offeredSlots({
            shop: { timeZone: zone, openingHours: nights, closures: [], exceptions: [], holidaySets: {} }, from: date, to: date, now: 0,
            visit: { wishes: [{ serviceId: 's', barberId: null }], sameBarber: true },
            candidates: [{
              barber: {
                barberId: 'b', periods: [{ fromDate: null, toDate: null, hours: nights, breaks: [] }],
                exceptions: [], timeOff: [], daysOff: [], claimed: [], visits: [] },
              offers: [{
                serviceId: 's', segments: [{ kind: 'busy', minutes: 30 }], priceCents: 0,
                settings: { ...defaultSettings, bookingHorizonDays: 1e6 } }],
            }],
          }));
        }
      }
      console.log(hash.digest('hex'), new Date().getFullYear(), new Date(Date.UTC(2026, 0, 1, 12)).getHours());`;
    const answers = ['UTC', 'Europe/Lisbon', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'].flatMap((TZ) =>
      [Date.UTC(2026, 0, 15), Date.UTC(2031, 6, 15)].map((now) =>
        execFileSync(process.execPath, ['--import', fake, '--input-type=module', '--eval', script], {
          env: { ...process.env, TZ, FAKED_NOW: String(now) },
          encoding: 'utf8',
        })
          .trim()
          .split(' '),
      ),
    );
    expect(new Set(answers.map(([digest]) => digest)).size, answers.join('\n')).to.equal(1);
    expect(new Set(answers.map(([, year]) => year)), 'the clock was faked').to.deep.equal(new Set(['2026', '2031']));
    expect(new Set(answers.map(([, , hour]) => hour)).size, 'TZ took effect').to.be.at.least(5);
  });
});
