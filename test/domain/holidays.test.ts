/**
 * Goal: the calendar names the right days, and the shipped sets say what the law and the municipalities announced.
 * Method: a table of Easter dates from dateutil (Oudin's algorithm) and Gauss's formula, days read off by walking the calendar with
 * fast-check, and dates that newspapers and town halls announced.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { findShippedSet, shippedHolidaySets } from '../../src/domain/holiday-sets.ts';
import { easterSunday, holidaysBetween, type HolidayRule } from '../../src/domain/holidays.ts';
import { addDays, datesBetween } from '../../src/domain/time.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

/** Easter Sunday from 2000 to 2050, as `python3 -c 'from dateutil.easter import easter'` prints them. */
const easterTable = (
  '04-23 04-15 03-31 04-20 04-11 03-27 04-16 04-08 03-23 04-12 04-04 04-24 04-08 03-31 04-20 04-05 03-27 04-16 04-01 04-21 ' +
  '04-12 04-04 04-17 04-09 03-31 04-20 04-05 03-28 04-16 04-01 04-21 04-13 03-28 04-17 04-09 03-25 04-13 04-05 04-25 04-10 ' +
  '04-01 04-21 04-06 03-29 04-17 04-09 03-25 04-14 04-05 04-18 04-10'
)
  .split(' ')
  .map((monthDay, index) => `${2000 + index}-${monthDay}`);

const years = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const inYear = (days: HolidayRule[], year: number): string[] =>
  holidaysBetween(days, `${year}-01-01`, `${year}-12-31`).map(({ date }) => date);

/** The rules of a shipped set. */
function daysOf(slug: string): HolidayRule[] {
  const set = findShippedSet(slug);
  if (!set) throw new Error(`no set ${slug}`);
  return set.days;
}

/** Gauss's formula with its two exceptions; it shares no step with the code's. */
function gaussEaster(year: number): string {
  const century = Math.floor(year / 100);
  const moon = (15 - Math.floor((13 + 8 * century) / 25) + century - Math.floor(century / 4)) % 30;
  const sun = (4 + century - Math.floor(century / 4)) % 7;
  const d = (19 * (year % 19) + moon) % 30;
  const e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + sun) % 7;
  const late = e === 6 && (d === 29 || (d === 28 && (11 * moon + 11) % 30 < 19));
  return addDays(`${String(year).padStart(4, '0')}-03-22`, d + e - (late ? 7 : 0));
}

/** Whether a rule names `date`, read off that one day: no year is enumerated. */
function names(rule: HolidayRule, date: string): boolean {
  if ('date' in rule) return rule.date === date;
  if ('monthDay' in rule) return date.endsWith(`-${rule.monthDay}`);
  if ('easterOffset' in rule) {
    const sunday = addDays(date, -rule.easterOffset);
    return gaussEaster(Number(sunday.slice(0, 4))) === sunday;
  }
  const found = new Date(`${addDays(date, -(rule.plusDays ?? 0))}T00:00Z`);
  const day = found.getUTCDate();
  const monthEnd = new Date(Date.UTC(found.getUTCFullYear(), found.getUTCMonth() + 1, 0)).getUTCDate();
  const place = rule.nth === -1 ? day > monthEnd - 7 : Math.ceil(day / 7) === rule.nth;
  return found.getUTCMonth() + 1 === rule.month && found.getUTCDay() === rule.weekday % 7 && place;
}

describe('easterSunday', () => {
  it('every year from 2000 to 2050, compared with a published table, agrees', () => {
    expect(years(2000, 2050).map((year) => easterSunday(year))).to.deep.equal(easterTable);
  });

  it("every Gregorian year, compared with Gauss's formula, agrees", () => {
    for (const year of years(1583, 9999)) expect(easterSunday(year)).to.equal(gaussEaster(year));
  });
});

describe('holidaysBetween', () => {
  const label = fc.constantFrom('a', 'b', 'c');
  const dates = fc.integer({ min: 0, max: 40_000 }).map((days) => addDays('1990-01-01', days));
  const anyRule: fc.Arbitrary<HolidayRule> = fc.oneof(
    fc.record({ name: label, date: dates }),
    fc.record({ name: label, monthDay: dates.map((date) => date.slice(5)) }),
    fc.record({ name: label, monthDay: fc.constant('02-29') }),
    fc.record({ name: label, easterOffset: fc.integer({ min: -180, max: 180 }) }),
    fc.record({
      name: label,
      month: fc.integer({ min: 1, max: 12 }),
      weekday: fc.integer({ min: 1, max: 7 }),
      nth: fc.constantFrom(-1, 1, 2, 3, 4, 5),
      plusDays: fc.integer({ min: -40, max: 40 }),
    }),
  );

  it('random rules and ranges, compared with a walk over every day, agree in dates, order and names', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), dates, fc.integer({ min: -3, max: 800 }), (rules, from, length) => {
        const to = addDays(from, length);
        const walked = datesBetween(from, to).flatMap((date) => {
          const rule = rules.find((each) => names(each, date));
          return rule ? [{ date, name: rule.name }] : [];
        });
        expect(holidaysBetween(rules, from, to)).to.deep.equal(walked);
      }),
      { numRuns: 300 },
    );
  });

  it('a range across the new year, national days, holds those of both years in order', () => {
    expect(holidaysBetween(daysOf('pt'), '2026-12-08', '2027-01-01')).to.deep.equal([
      { date: '2026-12-08', name: 'Imaculada Conceição' },
      { date: '2026-12-25', name: 'Natal' },
      { date: '2027-01-01', name: 'Ano Novo' },
    ]);
  });

  it('a range of one day, on and beside a holiday, holds it or nothing', () => {
    expect(holidaysBetween(daysOf('pt'), '2026-04-25', '2026-04-25')).to.deep.equal([{ date: '2026-04-25', name: 'Dia da Liberdade' }]);
    expect(holidaysBetween(daysOf('pt'), '2026-04-26', '2026-04-26')).to.deep.equal([]);
  });

  it('a range that ends before it begins, any rules, is empty', () => {
    expect(holidaysBetween(daysOf('pt'), '2026-12-31', '2026-01-01')).to.deep.equal([]);
  });

  it('a range without a real date, is refused', () => {
    expect(() => holidaysBetween(daysOf('pt'), '2026-02-29', '2026-12-31')).to.throw(RangeError, '2026-02-29');
    expect(() => holidaysBetween(daysOf('pt'), '2026-01-01', 'later')).to.throw(RangeError, 'later');
  });

  it('a date that two rules name, comes once under the name that stands first', () => {
    const found = holidaysBetween(
      [
        { name: 'B', monthDay: '06-13' },
        { name: 'A', date: '2026-06-13' },
      ],
      '2026-01-01',
      '2026-12-31',
    );
    expect(found).to.deep.equal([{ date: '2026-06-13', name: 'B' }]);
    // In 2038 Easter falls on 25 April.
    expect(holidaysBetween(daysOf('pt'), '2038-04-25', '2038-04-25')).to.deep.equal([{ date: '2038-04-25', name: 'Domingo de Páscoa' }]);
  });

  it('29 February, is a holiday in leap years alone', () => {
    expect(holidaysBetween([{ name: 'leap', monthDay: '02-29' }], '2096-01-01', '2105-12-31').map(({ date }) => date)).to.deep.equal([
      '2096-02-29',
      '2104-02-29',
    ]);
  });

  it('the fifth and the last weekday of a month, fall apart where there is no fifth', () => {
    const fifth: HolidayRule = { name: 'fifth', month: 2, weekday: 7, nth: 5 };
    expect(years(2025, 2033).flatMap((year) => inYear([fifth], year))).to.deep.equal(['2032-02-29']);
    expect(inYear([{ ...fifth, nth: -1 }], 2026)).to.deep.equal(['2026-02-22']);
  });

  it('a shift over the end of the year, is found from the year it falls in', () => {
    const shifted: HolidayRule = { name: 'shifted', month: 12, weekday: 4, nth: -1, plusDays: 3 };
    expect(holidaysBetween([shifted], '2027-01-01', '2027-01-31').map(({ date }) => date)).to.deep.equal(['2027-01-03']);
    expect(holidaysBetween([{ name: 'early', easterOffset: -120 }], '2026-01-01', '2026-12-31').map(({ date }) => date)).to.deep.equal([
      '2026-11-28',
    ]);
  });

  it('the first and last years that a date can have, are within reach', () => {
    expect(holidaysBetween(daysOf('pt'), '9999-12-25', '9999-12-31').map(({ date }) => date)).to.deep.equal(['9999-12-25']);
    expect(holidaysBetween(daysOf('pt'), '0000-01-01', '0000-01-02').map(({ date }) => date)).to.deep.equal(['0000-01-01']);
  });
});

describe('shipped holiday sets', () => {
  const municipal = shippedHolidaySets.filter(({ slug }) => !['pt', 'pt-carnaval', 'pt-acores', 'pt-madeira'].includes(slug));

  it("national and regional days from 2015 to 2040, counted from the table of Easter dates, are those of today's law", () => {
    const fixed = ['01-01', '04-25', '05-01', '06-10', '08-15', '10-05', '11-01', '12-01', '12-08', '12-25'];
    for (const year of years(2015, 2040)) {
      const easter = easterTable[year - 2000]!;
      const national = [...fixed.map((monthDay) => `${year}-${monthDay}`), addDays(easter, -2), easter, addDays(easter, 60)];
      expect(daysOf('pt')).to.have.length(13);
      expect(inYear(daysOf('pt'), year)).to.deep.equal([...new Set(national)].sort());
      expect(inYear(daysOf('pt-carnaval'), year)).to.deep.equal([addDays(easter, -47)]);
      expect(inYear(daysOf('pt-acores'), year)).to.deep.equal([addDays(easter, 50)]);
      expect(inYear(daysOf('pt-madeira'), year)).to.deep.equal([`${year}-04-02`, `${year}-07-01`, `${year}-12-26`]);
    }
  });

  it('Carnival and the Day of the Azores, dates that were announced, agree', () => {
    expect(years(2024, 2026).flatMap((year) => inYear(daysOf('pt-carnaval'), year))).to.deep.equal([
      '2024-02-13',
      '2025-03-04',
      '2026-02-17',
    ]);
    expect(years(2024, 2026).flatMap((year) => inYear(daysOf('pt-acores'), year))).to.deep.equal([
      '2024-05-20',
      '2025-06-09',
      '2026-05-25',
    ]);
  });

  it('slugs of all sets, are unique, kebab-case, and found again', () => {
    expect(municipal).to.have.length(307);
    expect(new Set(shippedHolidaySets.map(({ slug }) => slug)).size).to.equal(shippedHolidaySets.length);
    for (const set of shippedHolidaySets) {
      expect(set.slug).to.match(/^[a-z]+(-[a-z]+)*$/);
      expect(findShippedSet(set.slug)).to.equal(set);
    }
    expect(findShippedSet('pt-carrazeda-de-ansiaes')).to.equal(undefined);
    expect(findShippedSet('constructor')).to.equal(undefined);
  });

  it('every rule of every set from 2024 to 2035, names exactly one day a year', () => {
    for (const { slug, days } of shippedHolidaySets) {
      for (const rule of days) {
        for (const year of years(2024, 2035)) expect(inYear([rule], year), `${slug} ${rule.name} ${year}`).to.have.length(1);
      }
    }
  });

  it('municipal sets, one place each, hold one day with a name of its own', () => {
    for (const { slug, days } of municipal) expect(days, slug).to.have.length(1);
    expect(new Set(municipal.map(({ name }) => name)).size).to.equal(307);
    const named = ['pt-lisboa', 'pt-porto', 'pt-guarda', 'pt-caldas-da-rainha', 'pt-calheta-acores'];
    expect(named.map((slug) => daysOf(slug)[0]?.name)).to.deep.equal([
      'Feriado municipal de Lisboa (Santo António)',
      'Feriado municipal do Porto (São João)',
      'Feriado municipal da Guarda (Foral)',
      'Feriado municipal das Caldas da Rainha',
      'Feriado municipal da Calheta (Santa Catarina)',
    ]);
  });

  it('places of one name, the Algarve and the islands, are told apart', () => {
    expect(
      ['pt-lagoa-algarve', 'pt-lagoa-acores', 'pt-calheta-madeira', 'pt-calheta-acores'].flatMap((slug) => inYear(daysOf(slug), 2026)),
    ).to.deep.equal(['2026-09-08', '2026-04-11', '2026-06-24', '2026-11-25']);
    expect(findShippedSet('pt-lagoa')).to.equal(undefined);
    expect(findShippedSet('pt-calheta')).to.equal(undefined);
  });

  it('municipal days that stay, district capitals and others, fall on the known date', () => {
    const known: Record<string, string> = {
      aveiro: '05-12',
      braga: '06-24',
      braganca: '08-22',
      coimbra: '07-04',
      evora: '06-29',
      faro: '09-07',
      guarda: '11-27',
      leiria: '05-22',
      lisboa: '06-13',
      portalegre: '05-23',
      porto: '06-24',
      santarem: '03-19',
      setubal: '09-15',
      'viana-do-castelo': '08-20',
      'vila-real': '06-13',
      viseu: '09-21',
      funchal: '08-21',
      'angra-do-heroismo': '06-24',
      horta: '06-24',
      sintra: '06-29',
      guimaraes: '06-24',
      'vila-nova-de-gaia': '06-24',
      amadora: '09-11',
      'alfandega-da-fe': '05-08',
      'arcos-de-valdevez': '07-11',
      trofa: '11-19',
    };
    for (const [slug, monthDay] of Object.entries(known))
      expect(inYear(daysOf(`pt-${slug}`), 2027), slug).to.deep.equal([`2027-${monthDay}`]);
  });

  it('municipal days that move, dates that town halls and newspapers announced, agree', () => {
    const announced: Record<string, string[]> = {
      alcoutim: ['2019-09-13', '2020-09-11', '2021-09-10', '2022-09-09'],
      avis: ['2022-04-18'],
      beja: ['2024-05-09'],
      'castelo-branco': ['2014-05-06', '2022-05-03', '2023-04-25'],
      gouveia: ['2022-08-15', '2023-08-14'],
      'idanha-a-nova': ['2022-05-02'],
      loule: ['2018-05-10', '2022-05-26'],
      maia: ['2024-07-15'],
      matosinhos: ['2024-05-21'],
      mortagua: ['2025-05-29'],
      peniche: ['2018-08-06', '2024-08-05', '2025-08-04'],
      'ponta-delgada': ['2018-05-07', '2022-05-23'],
      'ponte-de-sor': ['2021-04-05'],
      'santa-comba-dao': ['2021-05-13'],
      'torres-novas': ['2021-05-13', '2022-05-26'],
    };
    for (const [slug, dates] of Object.entries(announced)) {
      for (const date of dates) expect(inYear(daysOf(`pt-${slug}`), Number(date.slice(0, 4))), slug).to.deep.equal([date]);
    }
  });
});
