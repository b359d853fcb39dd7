/**
 * Goal: what is offered is exactly what can be booked, and both are what the rules say, around every clock change.
 * Method: examples written as wall times with their offset, and fast-check shops compared with an oracle that walks minute by minute.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { decide, localDay, nearestSlots, offeredSlots, rankCandidates } from '../../src/domain/availability.ts';
import type { Candidate } from '../../src/domain/availability.ts';
import { defaultSettings } from '../../src/domain/rules.ts';
import type { BarberRules, Interval, ServiceRules, Settings, ShopRules, WeeklyStretch } from '../../src/domain/rules.ts';
import { DAY, MINUTE, addDays, parseInstant, startInstant, toWall } from '../../src/domain/time.ts';
import { intlWall } from './transitions.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

const weekly = (fromMinute: number, toMinute: number, weekdays = [1, 2, 3, 4, 5, 6, 7]): WeeklyStretch[] =>
  weekdays.map((weekday) => ({ weekday, fromMinute, toMinute }));

type Changes = { shop?: Partial<ShopRules>; barber?: Partial<BarberRules>; service?: Partial<ServiceRules>; settings?: Partial<Settings> };

/** A shop in Lisbon open from 09:00 to 18:00 every day with one barber who is there throughout, but for the changes given. */
function scene({ shop, barber, service, settings }: Changes = {}): { shop: ShopRules; candidate: Candidate } {
  return {
    shop: { timeZone: 'Europe/Lisbon', openingHours: weekly(540, 1080), closures: [], ...shop },
    candidate: {
      barber: { barberId: 'rui', hours: shop?.openingHours ?? weekly(540, 1080), breaks: [], timeOff: [], claimed: [], ...barber },
      service: { durationMinutes: 30, bufferBeforeMinutes: 0, bufferAfterMinutes: 0, ...service },
      settings: { ...defaultSettings, slotStepMinutes: 30, bookingHorizonDays: 100_000, ...settings },
    },
  };
}

const instant = (text: string): number => parseInstant(text) ?? expect.fail(`not an instant: ${text}`);
const span = (from: string, to: string): Interval => ({ from: instant(from), to: instant(to) });

/** The starts offered on one date, as wall time and offset. */
function offered(changes: Changes, date: string, to = date): string[] {
  const { shop, candidate } = scene(changes);
  return offeredSlots({ shop, candidates: [candidate], from: date, to, now: 0 }).map(({ startsAt }) => {
    const { iso } = toWall(startsAt, shop.timeZone);
    return `${to === date ? '' : iso.slice(0, 11)}${iso.slice(11, 16)}${iso.slice(19)}`;
  });
}

function refusal(changes: Changes, startsAt: string, now = 0): string {
  const { shop, candidate } = scene(changes);
  const decision = decide({ shop, ...candidate, now, startsAt: instant(startsAt) });
  return decision.ok ? 'ok' : decision.code;
}

describe('availability, around midnight', () => {
  it('an 11 PM visit, in a shop that closes at midnight, is the last when it ends on time', () => {
    const late = { shop: { openingHours: weekly(1320, 1440) }, service: { durationMinutes: 60 } };
    expect(offered({ ...late, shop: { openingHours: weekly(1320, 1440, [3]) } }, '2026-07-15')).to.deep.equal(['22:00+01:00', '22:30+01:00', '23:00+01:00']);
    expect(refusal(late, '2026-07-15T23:00:00+01:00')).to.equal('ok');
    expect(refusal(late, '2026-07-15T23:30:00+01:00')).to.equal('shop_closed');
  });

  it('hours that touch at midnight, of two weekdays, are one stretch', () => {
    const openingHours = [...weekly(1320, 1440, [6]), ...weekly(0, 120, [7])];
    const found = offered({ shop: { openingHours }, service: { durationMinutes: 60 } }, '2026-07-18', '2026-07-19');
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
    const closed = (date: string): Changes => ({ shop: { openingHours, closures: [{ fromDate: date, toDate: date }] } });
    expect(offered(closed('2026-07-19'), '2026-07-18', '2026-07-19')).to.deep.equal([
      '2026-07-18T23:00+01:00', '2026-07-18T23:30+01:00', '2026-07-19T00:00+01:00', '2026-07-19T00:30+01:00',
    ]);
    expect(offered(closed('2026-07-18'), '2026-07-18', '2026-07-19')).to.deep.equal(['2026-07-19T10:00+01:00', '2026-07-19T10:30+01:00']);
    expect(refusal(closed('2026-07-18'), '2026-07-19T00:00:00+01:00')).to.equal('shop_closed');
  });

  it("a closed Saturday, in a shop that never shuts, also takes the Sunday hours of Saturday's shift", () => {
    const changes = { shop: { openingHours: weekly(0, 1440), closures: [{ fromDate: '2026-07-18', toDate: '2026-07-18' }] }, barber: { hours: weekly(1200, 1560, [6]) } };
    expect(offered(changes, '2026-07-18', '2026-07-19')).to.deep.equal([]);
    expect(refusal(changes, '2026-07-19T01:00:00+01:00')).to.equal('shop_closed');
  });

  it('New Year and 29 February, like any night, are neither lost nor doubled', () => {
    const shop = { openingHours: weekly(1380, 1500) };
    expect(offered({ shop }, '2026-12-31', '2027-01-01')).to.deep.equal([
      '2026-12-31T00:00+00:00', '2026-12-31T00:30+00:00', '2026-12-31T23:00+00:00', '2026-12-31T23:30+00:00',
      '2027-01-01T00:00+00:00', '2027-01-01T00:30+00:00', '2027-01-01T23:00+00:00', '2027-01-01T23:30+00:00',
    ]);
    expect(offered({ shop: { openingHours: weekly(1410, 1470, [2]) } }, '2028-02-29', '2028-03-01')).to.deep.equal(['2028-02-29T23:30+00:00', '2028-03-01T00:00+00:00']);
    expect(offered({ shop: { openingHours: weekly(1410, 1440) } }, '2027-02-28', '2027-03-01')).to.have.length(2);
  });
});

describe('availability, on the nights of the clock change', () => {
  const bar = (timeZone: string): Changes => ({ shop: { timeZone, openingHours: weekly(1410, 1560, [6]) } });

  it('Lisbon in autumn, shop that closes at 02:00, offers the repeated hour twice, told apart by offset', () => {
    expect(offered(bar('Europe/Lisbon'), '2026-10-25')).to.deep.equal([
      '00:00+01:00', '00:30+01:00', '01:00+01:00', '01:30+01:00', '01:00+00:00', '01:30+00:00',
    ]);
  });

  it('Azores in autumn, shop that closes at 02:00, repeats the hour after midnight', () => {
    expect(offered(bar('Atlantic/Azores'), '2026-10-25')).to.deep.equal([
      '00:00+00:00', '00:30+00:00', '00:00-01:00', '00:30-01:00', '01:00-01:00', '01:30-01:00',
    ]);
  });

  it('Lisbon and Azores in spring, shop that closes at 02:00, offer no skipped time', () => {
    expect(offered(bar('Europe/Lisbon'), '2026-03-29')).to.deep.equal(['00:00+00:00', '00:30+00:00']);
    expect(offered(bar('Atlantic/Azores'), '2026-03-29')).to.deep.equal(['01:00+00:00', '01:30+00:00']);
    expect(offered(bar('Atlantic/Azores'), '2026-03-28')).to.deep.equal(['23:30-01:00']);
  });

  it('an hour-long visit over the change, in real time, ends an hour later whatever the clock shows', () => {
    const changes = { ...bar('Europe/Lisbon'), service: { durationMinutes: 60 } };
    const { shop, candidate } = scene(changes);
    expect(refusal(changes, '2026-03-29T00:30:00Z'), 'would end at 02:30').to.equal('shop_closed');
    const autumn = decide({ shop, ...candidate, now: 0, startsAt: instant('2026-10-25T01:30:00+01:00') });
    expect(autumn.ok && toWall(autumn.slot.endsAt, shop.timeZone).iso).to.equal('2026-10-25T01:30:00+00:00');
  });

  it('a break in the repeated hour, from the earlier start to the later end, lasts through both', () => {
    const found = offered({ ...bar('Europe/Lisbon'), barber: { breaks: weekly(60, 90, [7]) } }, '2026-10-25');
    expect(found).to.deep.equal(['00:00+01:00', '00:30+01:00', '01:30+00:00']);
  });

  it('a step of 15 minutes over a change of 30, on Lord Howe, stays on its wall clock', () => {
    const changes = { shop: { timeZone: 'Australia/Lord_Howe', openingHours: weekly(90, 150, [7]) }, settings: { slotStepMinutes: 15 } };
    expect(offered(changes, '2026-04-05')).to.deep.equal(['01:30+11:00', '01:45+11:00', '01:30+10:30', '01:45+10:30', '02:00+10:30']);
    expect(offered({ ...changes, service: { durationMinutes: 15 } }, '2026-10-04')).to.deep.equal(['01:30+10:30', '01:45+10:30']);
  });

  it("Apia's missing day, in a range, has no slots and spoils no other's", () => {
    const changes = { shop: { timeZone: 'Pacific/Apia', openingHours: weekly(540, 570) } };
    expect(offered(changes, '2011-12-29', '2011-12-31')).to.deep.equal(['2011-12-29T09:00-10:00', '2011-12-31T09:00+14:00']);
  });
});

describe('availability, rules', () => {
  it('buffers, sticking out of the shift or into claimed time, are free there and taken here', () => {
    const service = { bufferBeforeMinutes: 15, bufferAfterMinutes: 15 };
    const at = (claimed: Interval[]): Changes => ({ service, barber: { claimed }, settings: { slotStepMinutes: 15 } });
    expect(refusal(at([]), '2026-07-15T09:00:00+01:00')).to.equal('ok');
    expect(refusal(at([]), '2026-07-15T17:30:00+01:00')).to.equal('ok');
    const noon = [span('2026-07-15T12:00:00+01:00', '2026-07-15T12:30:00+01:00')];
    expect(['11:15', '11:30', '12:15', '12:30', '12:45'].map((time) => refusal(at(noon), `2026-07-15T${time}:00+01:00`)))
      .to.deep.equal(['ok', 'slot_taken', 'slot_taken', 'slot_taken', 'ok']);
    const { shop, candidate } = scene(at([]));
    const decision = decide({ shop, ...candidate, now: 0, startsAt: instant('2026-07-15T10:00:00+01:00') });
    expect(decision.ok && decision.claims).to.deep.equal(span('2026-07-15T09:45:00+01:00', '2026-07-15T10:45:00+01:00'));
  });

  it('each refusal, when rules further down are broken too, names the most fundamental', () => {
    const day = [span('2026-07-15T00:00:00+01:00', '2026-07-16T00:00:00+01:00')];
    const noon = '2026-07-15T12:00:00+01:00';
    const shut = { closures: [{ fromDate: '2026-07-15', toDate: '2026-07-15' }] };
    const taken: Changes = { barber: { claimed: day } };
    const off: Changes = { barber: { claimed: day, timeOff: day } };
    const resting: Changes = { barber: { claimed: day, timeOff: day, breaks: weekly(700, 730) } };
    const away: Changes = { barber: { ...resting.barber, hours: weekly(540, 735) } };
    const closed: Changes = { ...away, shop: shut };
    const codes = [taken, off, resting, away, closed].map((changes) => refusal(changes, noon));
    expect(codes).to.deep.equal(['slot_taken', 'time_off', 'on_break', 'outside_working_hours', 'shop_closed']);
    expect(refusal({ ...closed, settings: { slotStepMinutes: 50 } }, noon)).to.equal('off_step');
    expect(refusal({ ...closed, settings: { bookingHorizonDays: 1 } }, '2026-07-15T12:01:00+01:00')).to.equal('too_far_ahead');
    expect(refusal({ ...closed, settings: { bookingHorizonDays: 0 } }, '2026-07-15T12:01:00+01:00', instant(noon) + DAY)).to.equal('too_soon');
  });

  it('notice and horizon, at their exact edge, allow; one millisecond beyond, refuse', () => {
    const noon = instant('2026-07-15T12:00:00+01:00');
    const changes = { settings: { minimumNoticeMinutes: 60, bookingHorizonDays: 2 } };
    const asked = (now: number): string => refusal(changes, '2026-07-15T12:00:00+01:00', now);
    expect([noon - 60 * MINUTE, noon - 60 * MINUTE + 1, noon - 2 * DAY, noon - 2 * DAY - 1].map(asked))
      .to.deep.equal(['ok', 'too_soon', 'ok', 'too_far_ahead']);
    expect(refusal({}, '2026-07-15T12:00:30+01:00')).to.equal('off_step');
  });

  it('a step that does not divide the day, from one day to the next, starts anew at midnight', () => {
    const changes = { shop: { openingHours: weekly(1380, 1500) }, settings: { slotStepMinutes: 50 }, service: { durationMinutes: 5 } };
    expect(offered(changes, '2026-07-15')).to.deep.equal(['00:00+01:00', '00:50+01:00', '23:20+01:00']);
  });
});

/** Everything random about a shop; times in minutes so that the oracle can walk by minutes. */
const stretch = fc.record({ weekday: fc.integer({ min: 1, max: 7 }), fromMinute: fc.integer({ min: 0, max: 95 }), length: fc.integer({ min: 1, max: 80 }) })
  .map(({ weekday, fromMinute, length }) => ({ weekday, fromMinute: fromMinute * 15, toMinute: Math.min(2880, (fromMinute + length) * 15) }));

/** Local midnights whose neighbourhood holds something odd. */
const scenes: [zone: string, date: string][] = [
  ['Europe/Lisbon', '2026-10-25'], ['Europe/Lisbon', '2026-03-29'], ['Atlantic/Azores', '2026-10-25'], ['Atlantic/Azores', '2026-03-29'],
  ['Australia/Lord_Howe', '2026-04-05'], ['Australia/Lord_Howe', '2026-10-04'], ['America/Sao_Paulo', '2018-11-04'], ['America/Sao_Paulo', '2018-02-18'],
  ['America/Havana', '2026-11-01'], ['Africa/Cairo', '2026-04-24'], ['Pacific/Apia', '2011-12-30'], ['Europe/Lisbon', '2028-02-29'], ['Asia/Kathmandu', '2026-12-31'],
];

const around = (zone: string, date: string): fc.Arbitrary<Interval> =>
  fc.tuple(fc.integer({ min: -100, max: 200 }), fc.integer({ min: 1, max: 30 })).map(([quarter, length]) => {
    const from = startInstant(date, 0, zone) + quarter * 15 * MINUTE;
    return { from, to: from + length * 5 * MINUTE };
  });

const world = fc.constantFrom(...scenes).chain(([zone, middle]) => fc.record({
  zone: fc.constant(zone),
  from: fc.integer({ min: -1, max: 0 }).map((days) => addDays(middle, days)),
  days: fc.integer({ min: 0, max: 1 }),
  openingHours: fc.array(stretch, { minLength: 2, maxLength: 14 }),
  hours: fc.array(stretch, { minLength: 3, maxLength: 14 }),
  breaks: fc.array(stretch.map((each) => ({ ...each, toMinute: Math.min(each.toMinute, each.fromMinute + 45) })), { maxLength: 5 }),
  closures: fc.array(fc.integer({ min: -2, max: 2 }).map((day) => ({ fromDate: addDays(middle, day), toDate: addDays(middle, day) })), { maxLength: 1 }),
  timeOff: fc.array(around(zone, middle), { maxLength: 3 }),
  claimed: fc.array(around(zone, middle), { maxLength: 8 }),
  durationMinutes: fc.constantFrom(5, 20, 45, 90, 240),
  bufferBeforeMinutes: fc.constantFrom(0, 10),
  bufferAfterMinutes: fc.constantFrom(0, 5, 30),
  slotStepMinutes: fc.constantFrom(5, 15, 25, 60),
  minimumNoticeMinutes: fc.constantFrom(0, 90),
  now: around(zone, middle).map(({ from }) => from - 2 * DAY),
}));

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

function toRequest(it: World): { shop: ShopRules; candidate: Candidate; to: string } {
  return {
    shop: { timeZone: it.zone, openingHours: it.openingHours, closures: it.closures },
    candidate: {
      barber: { barberId: 'rui', hours: it.hours, breaks: it.breaks, timeOff: it.timeOff, claimed: it.claimed },
      service: { durationMinutes: it.durationMinutes, bufferBeforeMinutes: it.bufferBeforeMinutes, bufferAfterMinutes: it.bufferAfterMinutes },
      settings: { ...defaultSettings, slotStepMinutes: it.slotStepMinutes, minimumNoticeMinutes: it.minimumNoticeMinutes, bookingHorizonDays: 3 },
    },
    to: addDays(it.from, it.days),
  };
}

/** Nine days of wall times for each zone and date, since asking Intl is slow. */
const minutes = new Map<string, number[]>();

/**
 * The naive answer: one flag per real minute, each minute's wall time from Intl. A stretch runs from the first minute that shows
 * its start or later up to and with the last one that shows less than its end.
 */
function oracle(it: World): number[] {
  const midnight = Date.parse(`${it.from}T00:00Z`);
  const first = midnight - 4 * DAY;
  const key = `${it.zone} ${it.from}`;
  const walls = minutes.get(key) ?? Array.from({ length: 9 * 1440 }, (_, index) => intlWall(first + index * MINUTE, it.zone));
  minutes.set(key, walls);
  const flags = (weekly: WeeklyStretch[], closures: World['closures']): boolean[] => {
    const on = walls.map(() => false);
    for (let day = -3; day <= 4; day++) {
      const date = new Date(midnight + day * DAY);
      const text = date.toISOString().slice(0, 10);
      if (closures.some(({ fromDate, toDate }) => fromDate <= text && text <= toDate)) continue;
      for (const { fromMinute, toMinute } of weekly.filter(({ weekday }) => weekday === (date.getUTCDay() || 7))) {
        const begin = walls.findIndex((wall) => wall >= date.getTime() + fromMinute * MINUTE);
        const edge = date.getTime() + toMinute * MINUTE;
        const end = walls.findLastIndex((wall) => wall < edge) + 1;
        if (begin >= 0) on.fill(true, begin, Math.max(begin, end));
      }
    }
    return on;
  };
  const [open, hours, breaks] = [flags(it.openingHours, it.closures), flags(it.hours, it.closures), flags(it.breaks, [])];
  const hit = (list: Interval[], from: number, to: number): boolean => list.some((each) => each.from < to && from < each.to);
  const works = walls.map((_, index) => {
    const at = first + index * MINUTE;
    return open[index]! && hours[index]! && !breaks[index]! && !hit(it.timeOff, at, at + MINUTE);
  });
  return walls.flatMap((wall, index) => {
    const startsAt = first + index * MINUTE;
    const endsAt = startsAt + it.durationMinutes * MINUTE;
    const free = wall >= midnight && wall < midnight + (it.days + 1) * DAY
      && startsAt - it.now >= it.minimumNoticeMinutes * MINUTE && startsAt - it.now <= 3 * DAY
      && (wall % DAY) / MINUTE % it.slotStepMinutes === 0
      && works.slice(index, index + it.durationMinutes).every(Boolean)
      && !hit(it.claimed, startsAt - it.bufferBeforeMinutes * MINUTE, endsAt + it.bufferAfterMinutes * MINUTE);
    return free ? [startsAt] : [];
  });
}

describe('availability, random shops', function () {
  this.timeout(60_000);

  it('offered slots, compared with a naive walk through every minute, are the same', () => {
    let total = 0;
    fc.assert(fc.property(world, (it) => {
      const { shop, candidate, to } = toRequest(it);
      const found = offeredSlots({ shop, candidates: [candidate], from: it.from, to, now: it.now }).map(({ startsAt }) => startsAt);
      total += found.length;
      expect(found).to.deep.equal(oracle(it));
    }), { numRuns: 250 });
    expect(total, 'the shops must offer something, or nothing was tested').to.be.greaterThan(1000);
  });

  it('every minute of the range, offered or not, gets the same word from decide; and only free ones fall to slot_taken', () => {
    const codes = new Set<string>();
    fc.assert(fc.property(world, (it) => {
      const { shop, candidate, to } = toRequest(it);
      const starts = new Set(offeredSlots({ shop, candidates: [candidate], from: it.from, to, now: it.now }).map(({ startsAt }) => startsAt));
      const unclaimed = { ...candidate, barber: { ...candidate.barber, claimed: [] } };
      const range = { from: startInstant(it.from, 0, it.zone), to: startInstant(addDays(to, 1), 0, it.zone) };
      for (let startsAt = range.from; startsAt < range.to; startsAt += 5 * MINUTE) {
        const { date } = toWall(startsAt, it.zone);
        const decision = decide({ shop, ...candidate, now: it.now, startsAt });
        expect(decision.ok, toWall(startsAt, it.zone).iso).to.equal(starts.has(startsAt) && date >= it.from && date <= to);
        if (decision.ok) continue;
        codes.add(decision.code);
        if (decision.code === 'slot_taken') expect(decide({ shop, ...unclaimed, now: it.now, startsAt }).ok).to.equal(true);
      }
    }), { numRuns: 100 });
    expect([...codes]).to.have.members([
      'too_soon', 'too_far_ahead', 'off_step', 'shop_closed', 'outside_working_hours', 'on_break', 'time_off', 'slot_taken',
    ]);
  });

  it('nearest slots, compared with all slots of the range sorted by distance, are the first of them', () => {
    fc.assert(fc.property(world, fc.integer({ min: 0, max: 12 }), fc.integer({ min: -3000, max: 6000 }), (it, limit, minutes) => {
      const { shop, candidate } = toRequest(it);
      const centre = Math.max(it.now, it.now + minutes * MINUTE);
      const { date } = toWall(centre, it.zone);
      const all = offeredSlots({ shop, candidates: [candidate], from: addDays(date, -6), to: addDays(date, 6), now: it.now });
      all.sort((a, b) => Math.abs(a.startsAt - centre) - Math.abs(b.startsAt - centre) || a.startsAt - b.startsAt);
      const found = nearestSlots({ shop, candidates: [candidate], now: it.now, around: it.now + minutes * MINUTE, limit, days: 6 });
      expect(found).to.deep.equal(all.slice(0, limit));
    }), { numRuns: 150 });
  });
});

describe('availability, several barbers', () => {
  it('slots of barbers with their own steps, listed together, are sorted by start and barber', () => {
    const { shop, candidate } = scene({ shop: { openingHours: weekly(540, 600) } });
    const ana = { ...candidate, barber: { ...candidate.barber, barberId: 'ana' }, settings: { ...candidate.settings, slotStepMinutes: 15 } };
    const found = offeredSlots({ shop, candidates: [candidate, ana], from: '2026-07-15', to: '2026-07-15', now: 0 });
    expect(found.map(({ barberId, startsAt }) => `${toWall(startsAt, shop.timeZone).time} ${barberId}`))
      .to.deep.equal(['09:00 ana', '09:00 rui', '09:15 ana', '09:30 ana', '09:30 rui']);
  });

  it('20 barbers over 14 days, listed, take a few milliseconds', () => {
    const { shop, candidate } = scene({ settings: { slotStepMinutes: 15 } });
    const candidates = Array.from({ length: 20 }, (_, index) => ({ ...candidate, barber: { ...candidate.barber, barberId: `b${index}` } }));
    const list = (): number => offeredSlots({ shop, candidates, from: '2026-10-20', to: '2026-11-02', now: 0 }).length;
    expect(list()).to.equal(20 * 14 * 35);
    const took = Array.from({ length: 10 }, () => {
      const begun = performance.now();
      list();
      return performance.now() - begun;
    });
    // 7 ms on an idle core; the limit only catches a change of order, since test machines are busy.
    expect(Math.min(...took)).to.be.lessThan(60);
  });
});

describe('rankCandidates', () => {
  const period = localDay(instant('2026-07-15T12:00:00+01:00'), 'Europe/Lisbon');
  const barber = (barberId: string, ...claimed: Interval[]): Pick<BarberRules, 'barberId' | 'claimed'> => ({ barberId, claimed });

  it('claimed minutes, clipped to the period and counted once, put the least booked first', () => {
    const ranked = rankCandidates([
      barber('busy', span('2026-07-15T10:00:00+01:00', '2026-07-15T11:00:00+01:00')),
      barber('idle', span('2026-07-16T10:00:00+01:00', '2026-07-16T18:00:00+01:00')),
      barber('late', span('2026-07-15T23:30:00+01:00', '2026-07-16T02:00:00+01:00'), span('2026-07-15T23:45:00+01:00', '2026-07-16T00:30:00+01:00')),
    ], period, 0);
    expect(ranked).to.deep.equal([{ barberId: 'idle', bookedMinutes: 0 }, { barberId: 'late', bookedMinutes: 30 }, { barberId: 'busy', bookedMinutes: 60 }]);
  });

  it('ties, over many starts, favour nobody and do not depend on the order of asking', () => {
    const three = ['barber-1', 'barber-2', 'barber-3'].map((barberId) => barber(barberId));
    const firsts = new Map<string, number>();
    for (let index = 0; index < 3000; index++) {
      const ranked = rankCandidates(three, period, period.from + index * 15 * MINUTE);
      expect(rankCandidates(three.toReversed(), period, period.from + index * 15 * MINUTE)).to.deep.equal(ranked);
      firsts.set(ranked[0]!.barberId, (firsts.get(ranked[0]!.barberId) ?? 0) + 1);
    }
    for (const [barberId, count] of firsts) expect(count, barberId).to.be.within(900, 1100);
    expect(firsts.size).to.equal(3);
  });

  it('a local day of the clock change, measured, has 25 or 23 hours', () => {
    const hours = (text: string): number => {
      const { from, to } = localDay(instant(text), 'Europe/Lisbon');
      return (to - from) / (60 * MINUTE);
    };
    expect([hours('2026-10-25T12:00:00Z'), hours('2026-03-29T12:00:00Z')]).to.deep.equal([25, 23]);
  });
});
