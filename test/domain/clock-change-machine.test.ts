/**
 * Goal: free times and decisions are the same on any machine and any day. Method: child processes under other TZ and other clocks, each
 * with the same questions about shops on odd nights; `now` is part of the question.
 */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

const fakeClock = `data:text/javascript,${encodeURIComponent(`
  const Real = Date, now = Number(process.env.FAKED_NOW);
  globalThis.Date = class extends Real {
    constructor(...args) { if (args.length) super(...args); else super(now); }
    static now() { return now; }
  };`)}`;

const questions = `
  import { createHash } from 'node:crypto';
  import { nearestSlots, nextSlots, offeredSlots } from ${at('../../src/domain/availability.ts')};
  import { judgeVisit } from ${at('../../src/domain/choice.ts')};
  import { inheritSettings } from ${at('../../src/domain/rules.ts')};
  import { addDays } from ${at('../../src/domain/time.ts')};
  const hash = createHash('sha256');
  const put = (value) => hash.update(JSON.stringify(value));
  const nights = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 1200, toMinute: 1620 }));
  const segments = [{ kind: 'busy', minutes: 30 }, { kind: 'free', minutes: 30 }, { kind: 'busy', minutes: 15 }];
  const visits = [
    { wishes: [{ serviceId: 'cut', barberId: null }], sameBarber: true },
    { wishes: [{ serviceId: 'dye', barberId: null }, { serviceId: 'cut', barberId: null }], sameBarber: false },
  ];
  let offered = 0;
  const nightsOf = {
    'Europe/Lisbon': ['2026-03-29', '2026-10-25', '2028-02-29'],
    'Atlantic/Azores': ['2026-03-29', '2026-10-25', '2026-12-31'],
    'America/New_York': ['2026-03-08', '2026-11-01'],
    'Australia/Lord_Howe': ['2026-04-05', '2026-10-04'],
    'Pacific/Apia': ['2011-12-30'],
    'Africa/Cairo': ['2026-04-24', '2026-10-29'],
  };
  for (const [timeZone, dates] of Object.entries(nightsOf)) {
    for (const date of dates) {
      const now = Date.parse(date + 'T00:00Z') - 5 * 86400000;
      const settings = inheritSettings({
        holidaySets: ['pt'], minimumNoticeMinutes: 60, bookingHorizonDays: 7, maxVisitsPerBarberDay: 3, bufferAfterMinutes: 5 });
      const shop = {
        timeZone, openingHours: nights, holidaySets: {}, closures: [{ fromDate: addDays(date, 2), toDate: addDays(date, 2), reason: '' }],
        exceptions: [{ date: addDays(date, -1), hours: [{ fromMinute: 1320, toMinute: 1590 }], reason: '' }],
      };
      const offers = [{ serviceId: 'cut', segments: segments.slice(0, 1), priceCents: 1, settings },
        { serviceId: 'dye', segments, priceCents: 2, settings }];
      const candidates = ['ana', 'eva'].map((barberId, index) => ({ offers, barber: {
        barberId,
        periods: [{ fromDate: null, toDate: null, hours: index ? nights : null,
          breaks: [{ weekday: 6, fromMinute: 1500, toMinute: 1530 }] }],
        exceptions: [], daysOff: [],
        timeOff: [{ from: now + 4.9 * 86400000, to: now + 5 * 86400000, reason: '' }],
        claimed: [{ from: now + 5.05 * 86400000, to: now + 5.1 * 86400000 }],
        visits: [now + 5.05 * 86400000],
      } }));
      for (const visit of visits) {
        const asked = { shop, candidates, visit, now };
        const slots = offeredSlots({ ...asked, from: addDays(date, -1), to: addDays(date, 1) });
        offered += slots.length;
        put([slots, nextSlots({ ...asked, from: now, limit: 3, days: 6 }),
          nearestSlots({ ...asked, around: now + 5.1 * 86400000, limit: 3, days: 2 })]);
        for (let minute = -120; minute < 300; minute += 30)
          put(judgeVisit({ shop, candidates }, visit, now + 5 * 86400000 + minute * 60000, now));
      }
    }
  }
  console.log(hash.digest('hex'), offered, new Date().getFullYear(), new Date(Date.UTC(2026, 0, 1, 12)).getHours());`;

describe('the machine, asked for free times', function () {
  this.timeout(60_000);

  it('under other TZ and another today, same questions, gives the same answers', () => {
    const answers = ['UTC', 'Europe/Lisbon', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'].flatMap((TZ) =>
      [Date.UTC(2026, 0, 15), Date.UTC(2031, 6, 15)].map((now) =>
        execFileSync(process.execPath, ['--import', fakeClock, '--input-type=module', '--eval', questions], {
          env: { ...process.env, TZ, FAKED_NOW: String(now) },
          encoding: 'utf8',
        })
          .trim()
          .split(' '),
      ),
    );
    expect(new Set(answers.map(([digest]) => digest)).size, answers.join('\n')).to.equal(1);
    expect(Number(answers[0]![1]), 'something was offered').to.be.greaterThan(1000);
    expect(new Set(answers.map(([, , year]) => year)), 'the clock was faked').to.deep.equal(new Set(['2026', '2031']));
    expect(new Set(answers.map(([, , , hour]) => hour)).size, 'TZ took effect').to.be.at.least(5);
  });
});
