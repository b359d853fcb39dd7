/**
 * Every sentence that explains one time at the front desk, in each language, and how clocks and dates are said in them. A missing key fails
 * the type check.
 */
import { merge } from '../intervals.ts';
import type { DayStretch } from '../rules.ts';
import { addDays, instantsOf, MINUTE, startInstant, toWall } from '../time.ts';

/** What a sentence may mention, as phrases that are ready to be spoken. A reason may be empty. */
type Facts = Record<
  'shop' | 'barber' | 'service' | 'on' | 'days' | 'hours' | 'span' | 'when' | 'clock' | 'ends' | 'length' | 'reason' | 'from' | 'to',
  string
>;
type Say<Names extends keyof Facts> = (facts: Pick<Facts, Names>) => string;
const behind = (reason: string): string => reason && `: ${reason}`;
const aside = (reason: string): string => reason && ` (${reason})`;

/** Phrases first, then sentences without their full stop. What begins with a comma or semicolon follows another. */
const en = {
  locale: 'en-GB',
  at: (clock: string) => `at ${clock}`,
  either: (one: string, other: string) => `at ${one} or ${other}`,
  fromTo: (from: string, to: string) => `from ${from} to ${to}`,
  nextDay: (clock: string) => `${clock} the next day`,
  ofDate: (clock: string, date: string) => `${clock} on ${date}`,
  repeated: (clock: string, offset: string, isSecond: boolean) =>
    `${clock} (UTC${offset}, the ${isSecond ? 'second' : 'first'} time that night)`,
  onDate: (date: string) => `on ${date}`,
  onDay: (date: string) => `on ${date}`,
  fromDay: (from: string, to: string) => `from ${from} to ${to}`,
  weekly: ['', 'on Mondays', 'on Tuesdays', 'on Wednesdays', 'on Thursdays', 'on Fridays', 'on Saturdays', 'on Sundays'],
  every: (minutes: number) => (minutes === 1 ? 'every minute' : `every ${minutes} minutes`),
  by: (service: string, barber: string) => `${service} with ${barber}`,
  someService: 'that service',
  someBarber: 'The barber asked for',

  free: (({ barber, service, on, span }) => `${barber} is free for ${service} ${on}, ${span}`) as Say<'barber' | 'service' | 'on' | 'span'>,
  freeParts: (({ on, hours }) => `The whole visit is free ${on}: ${hours}`) as Say<'on' | 'hours'>,
  past: 'That time is past',
  notice: (({ service, length, when }) => `${service} must be booked at least ${length} ahead; the earliest start is ${when}`) as Say<
    'service' | 'length' | 'when'
  >,
  horizon: (({ service, length, when }) => `${service} can be booked at most ${length} ahead; the latest start is ${when}`) as Say<
    'service' | 'length' | 'when'
  >,
  steps: (every: string) => `Visits here begin ${every}`,
  stepsOf: (service: string, every: string) => `${service} begins ${every}`,
  notOffered: (({ barber, service, shop }) => `${barber} does not give ${service} at ${shop}`) as Say<'barber' | 'service' | 'shop'>,
  nobodyGives: (({ service, shop }) => `Nobody at ${shop} gives ${service}`) as Say<'service' | 'shop'>,
  nobodyGivesAll: (({ service, shop }) => `No single barber at ${shop} gives all of ${service}`) as Say<'service' | 'shop'>,
  closed: (({ shop, days, reason }) => `${shop} is closed ${days}${behind(reason)}`) as Say<'shop' | 'days' | 'reason'>,
  shopHours: (({ shop, days, hours, reason }) => `${shop} is open ${days} ${hours}${aside(reason)}`) as Say<
    'shop' | 'days' | 'hours' | 'reason'
  >,
  shopShut: (({ shop, days }) => `${shop} is not open ${days}`) as Say<'shop' | 'days'>,
  endsLate: (({ service, ends, clock, on }) => `${service} would end at ${ends}, after the shop closes at ${clock} ${on}`) as Say<
    'service' | 'ends' | 'clock' | 'on'
  >,
  notAt: (clock: string) => `, not at ${clock}`,
  lasts: (({ service, span }) => `, and ${service} would last ${span}`) as Say<'service' | 'span'>,
  dayBefore: (clock: string) => `; the hours of the day before end at ${clock}`,
  dayRuns: (({ days, clock }) => `; the hours of ${days} run until ${clock}`) as Say<'days' | 'clock'>,
  works: (({ barber, days, hours, reason }) => `${barber} works ${days} ${hours}${aside(reason)}`) as Say<
    'barber' | 'days' | 'hours' | 'reason'
  >,
  worksNot: (({ barber, days, reason }) => `${barber} does not work here ${days}${behind(reason)}`) as Say<'barber' | 'days' | 'reason'>,
  worksUntil: (({ barber, on, clock, reason }) => `${barber} works ${on}, until ${clock}${aside(reason)}`) as Say<
    'barber' | 'on' | 'clock' | 'reason'
  >,
  notBegun: (({ barber, from }) => `${barber} works here only from ${from}`) as Say<'barber' | 'from'>,
  ended: (({ barber, to }) => `${barber} works here only until ${to}`) as Say<'barber' | 'to'>,
  between: (({ barber, from, to }) => `${barber} works here until ${to} and again from ${from}`) as Say<'barber' | 'from' | 'to'>,
  never: (({ barber }) => `${barber} has no working hours here`) as Say<'barber'>,
  onBreak: (({ barber, when }) => `${barber} has a break ${when}`) as Say<'barber' | 'when'>,
  away: (({ barber, when }) => `${barber} is away ${when}`) as Say<'barber' | 'when'>,
  full: (barber: string, cap: number, count: number, on: string) =>
    `${barber} takes at most ${cap} ${cap === 1 ? 'visit' : 'visits'} a day and already has ${count} ${on}`,
  limit: 'This customer has as many visits as the shop allows',
  taken: (({ barber, when }) => `${barber} is taken ${when}`) as Say<'barber' | 'when'>,
  needs: (({ service, barber, span }) => `, and ${service} needs ${barber} ${span}`) as Say<'service' | 'barber' | 'span'>,
  needsBefore: (({ service, length }) => `, and ${service} needs ${length} free before it`) as Say<'service' | 'length'>,
  needsAfter: (({ service, length }) => `, and ${service} needs ${length} free after it`) as Say<'service' | 'length'>,
  twice: (({ barber }) =>
    `${barber} needs free time before and after each service, and within this visit that would overlap`) as Say<'barber'>,
  nobody: (service: string) => `Nobody is free for ${service} at that time; for instance, `,
};

// One o'clock is singular, and Saturday and Sunday are masculine; names stand without articles, as in messages.
const isOne = (clock: string): boolean => clock.startsWith('01:');
const as = (clock: string): string => `${isOne(clock) ? 'à' : 'às'} ${clock}`;
const isMasculine = (date: string): boolean => /^(sábado|domingo)/.test(date);

const pt: typeof en = {
  locale: 'pt-PT',
  at: as,
  either: (one, other) => `${as(one)} ou ${as(other)}`,
  fromTo: (from, to) => `${isOne(from) ? 'da' : 'das'} ${from} ${as(to)}`,
  nextDay: (clock) => `${clock} do dia seguinte`,
  ofDate: (clock, date) => `${clock} de ${date}`,
  repeated: (clock, offset, isSecond) => `${clock} (UTC${offset}, a ${isSecond ? 'segunda' : 'primeira'} vez nessa noite)`,
  onDate: (date) => `${isMasculine(date) ? 'no' : 'na'} ${date}`,
  onDay: (date) => `no dia ${date}`,
  fromDay: (from, to) => `de ${from} a ${to}`,
  weekly: [
    '',
    'às segundas-feiras',
    'às terças-feiras',
    'às quartas-feiras',
    'às quintas-feiras',
    'às sextas-feiras',
    'aos sábados',
    'aos domingos',
  ],
  every: (minutes) => (minutes === 1 ? 'a cada minuto' : `a cada ${minutes} minutos`),
  by: (service, barber) => `${service} com ${barber}`,
  someService: 'esse serviço',
  someBarber: 'O barbeiro pedido',

  free: ({ barber, service, on, span }) => `${barber} está livre para ${service} ${on}, ${span}`,
  freeParts: ({ on, hours }) => `A visita inteira é possível ${on}: ${hours}`,
  past: 'Essa hora já passou',
  notice: ({ service, length, when }) =>
    `Para ${service} é preciso marcar com pelo menos ${length} de antecedência; o mais cedo possível é ${when}`,
  horizon: ({ service, length, when }) =>
    `Para ${service} pode marcar-se com ${length} de antecedência, no máximo; o mais tarde possível é ${when}`,
  steps: (every) => `As marcações aqui começam ${every}`,
  stepsOf: (service, every) => `${service} começa ${every}`,
  notOffered: ({ barber, service, shop }) => `${barber} não faz ${service} em ${shop}`,
  nobodyGives: ({ service, shop }) => `Ninguém faz ${service} em ${shop}`,
  nobodyGivesAll: ({ service, shop }) => `Nenhum barbeiro faz sozinho ${service} em ${shop}`,
  closed: ({ shop, days, reason }) => `${shop} não abre ${days}${behind(reason)}`,
  shopHours: ({ shop, days, hours, reason }) => `${shop} abre ${days} ${hours}${aside(reason)}`,
  shopShut: ({ shop, days }) => `${shop} não abre ${days}`,
  endsLate: ({ service, ends, clock, on }) => `${service} terminaria ${as(ends)}, depois de a loja fechar ${as(clock)} ${on}`,
  notAt: (clock) => `, não ${as(clock)}`,
  lasts: ({ service, span }) => `, e ${service} duraria ${span}`,
  dayBefore: (clock) => `; o horário da véspera termina ${as(clock)}`,
  dayRuns: ({ days, clock }) => `; o horário de ${days} vai até ${as(clock)}`,
  works: ({ barber, days, hours, reason }) => `${barber} trabalha ${days} ${hours}${aside(reason)}`,
  worksNot: ({ barber, days, reason }) => `${barber} não trabalha aqui ${days}${behind(reason)}`,
  worksUntil: ({ barber, on, clock, reason }) => `${barber} trabalha ${on}, até ${as(clock)}${aside(reason)}`,
  notBegun: ({ barber, from }) => `${barber} só trabalha aqui a partir de ${from}`,
  ended: ({ barber, to }) => `${barber} só trabalha aqui até ${to}`,
  between: ({ barber, from, to }) => `${barber} trabalha aqui até ${to} e de novo a partir de ${from}`,
  never: ({ barber }) => `${barber} não tem horário de trabalho aqui`,
  onBreak: ({ barber, when }) => `${barber} tem uma pausa ${when}`,
  away: ({ barber, when }) => `${barber} está ausente ${when}`,
  full: (barber, cap, count, on) =>
    `${barber} aceita no máximo ${cap} ${cap === 1 ? 'marcação' : 'marcações'} por dia e já tem ${count} ${on}`,
  limit: 'Este cliente já tem tantas marcações quantas a barbearia permite',
  taken: ({ barber, when }) => `${barber} tem o tempo ocupado ${when}`,
  needs: ({ service, barber, span }) => `, e ${service} precisa de ${barber} ${span}`,
  needsBefore: ({ service, length }) => `, e ${service} precisa de ${length} livres antes`,
  needsAfter: ({ service, length }) => `, e ${service} precisa de ${length} livres depois`,
  twice: ({ barber }) => `${barber} precisa de tempo livre antes e depois de cada serviço, e nesta visita esses tempos iriam sobrepor-se`,
  nobody: (service) => `Ninguém está livre para ${service} a essa hora; por exemplo, `,
};

export type Speaker = ReturnType<typeof speakerFor>;

/**
 * The texts of a language (Portuguese, else English), and how it says the times of a zone's wall clock. Instants are epoch milliseconds.
 */
export function speakerFor(locale: string, timeZone: string) {
  const texts = locale.toLowerCase().split(/[-_]/)[0] === 'pt' ? pt : en;
  const dateWith = (dateStyle: 'full' | 'long') => {
    const format = new Intl.DateTimeFormat(texts.locale, { calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC', dateStyle });
    return (date: string): string => format.format(Date.parse(date));
  };
  const [fullDate, longDate] = [dateWith('full'), dateWith('long')];
  const list = (items: string[]): string => new Intl.ListFormat(texts.locale).format(items);
  const dateOf = (instant: number): string => toWall(instant, timeZone).date;
  const isWhole = (instant: number): boolean => instant === startInstant(dateOf(instant), 0, timeZone);

  function repeats(instant: number): number[] {
    const { date, minute } = toWall(instant, timeZone);
    return instantsOf(date, minute, timeZone);
  }

  /** `10:30`, with seconds if there are any; of an hour that the clock shows twice, with which of the two. */
  function clock(instant: number): string {
    const { time, iso } = toWall(instant, timeZone);
    const rest = ((instant % MINUTE) + MINUTE) % MINUTE;
    const shown = rest === 0 ? time : iso.slice(11, 19) + (rest % 1000 ? `.${String(rest % 1000).padStart(3, '0')}` : '');
    const second = repeats(instant)[1];
    return second === undefined ? shown : texts.repeated(shown, iso.slice(-6), instant >= second);
  }

  /** The clock, for a listener who has just heard the date of `base`. The end of that date is 24:00. */
  function clockAfter(base: number, instant: number, isEnd = false): string {
    const [first, date] = [dateOf(base), dateOf(instant)];
    if (date === first) return clock(instant);
    if (date !== addDays(first, 1)) return texts.ofDate(clock(instant), fullDate(date));
    return isEnd && clock(instant) === '00:00' ? '24:00' : texts.nextDay(clock(instant));
  }

  /** A minute of a date's rules; 1560 is 02:00 on the day after. */
  function minuteClock(minute: number): string {
    if (minute > 1440) return texts.nextDay(minuteClock(minute - 1440));
    return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  }

  const on = (instant: number): string => texts.onDate(fullDate(dateOf(instant)));
  const days = (from: string, to: string): string =>
    from === to ? texts.onDay(longDate(from)) : texts.fromDay(longDate(from), longDate(to));
  return {
    texts,
    clock,
    clockAfter,
    minuteClock,
    on,
    days,
    list,
    longDate,
    dateOf,
    isRepeated: (instant: number): boolean => repeats(instant).length > 1,
    moment: (instant: number): string => `${on(instant)}, ${texts.at(clock(instant))}`,
    /** A day that both ends share is said once. */
    span: (base: number, from: number, to: number): string =>
      texts.fromTo(dateOf(from) === dateOf(to) ? clock(from) : clockAfter(base, from), clockAfter(base, to, true)),
    /** Dates where whole days are meant, else date and times. */
    when: (from: number, to: number): string =>
      isWhole(from) && isWhole(to)
        ? days(dateOf(from), addDays(dateOf(to), -1))
        : `${on(from)}, ${texts.fromTo(clock(from), clockAfter(from, to, true))}`,
    hours: (stretches: DayStretch[]): string =>
      list(
        merge(stretches.map(({ fromMinute, toMinute }) => ({ from: fromMinute, to: toMinute }))).map(({ from, to }) =>
          texts.fromTo(minuteClock(from), minuteClock(to)),
        ),
      ),
    length: (minutes: number): string => {
      const units =
        minutes > 0 && minutes % 1440 === 0
          ? [[minutes / 1440, 'day'] as const]
          : [[Math.floor(minutes / 60), 'hour'] as const, [minutes % 60, 'minute'] as const];
      const said = units
        .filter(([count, unit]) => count > 0 || (minutes === 0 && unit === 'minute'))
        .map(([count, unit]) =>
          new Intl.NumberFormat(texts.locale, { style: 'unit', unit, unitDisplay: 'long', useGrouping: false }).format(count),
        );
      return list(said);
    },
  };
}
