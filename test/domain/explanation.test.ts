/**
 * Goal: the front desk hears the very rule that booking applies, in words that are true and whole, in both languages.
 * Method: sentences written by hand for each code and for the edges; for any shop, day and visit, fast-check compares with `judgeVisit` and
 * looks for what must never be said.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { judgeVisit } from '../../src/domain/choice.ts';
import { explain } from '../../src/domain/explanation.ts';
import { visitOf, type BarberRules, type Candidate, type DayStretch, type Segment, type Settings, type ShopRules, type Visit, type Wish } from '../../src/domain/rules.ts';
import { addDays, MINUTE, startInstant } from '../../src/domain/time.ts';
import { always, barberOf, busy, colour, instant, offer, settingsOf, shopOf, span, weekly } from './shops.ts';

const names: Record<string, string> = { rui: 'Rui', ana: 'Ana', ze: 'Zé' };
const services = [{ id: 'cut', name: 'Corte' }, { id: 'beard', name: 'Barba' }, { id: 'colour', name: 'Coloração' }];

type Told = {
  shop?: Partial<ShopRules>; barber?: Partial<BarberRules>; settings?: Partial<Settings>; segments?: Segment[];
  candidates?: Candidate[]; visit?: Visit; now?: string;
};

/** The code and the sentence for Corte with Rui, who keeps the shop's hours of 09:00 to 19:00, but for the changes given. */
function told(at: string, locale: string, { shop, barber, settings, segments = busy(30), candidates, visit = visitOf('cut', 'rui'), now = '2026-10-01T12:00:00Z' }: Told): string[] {
  const staff = candidates ?? [barberOf('rui', [offer('cut', segments, { slotStepMinutes: 15, ...settings })], barber)];
  const { code, sentence, free } = explain({
    shop: { ...shopOf({ openingHours: weekly(540, 1140), ...shop }), name: 'Chiado' }, candidates: staff.map((each) => ({ ...each, name: names[each.barber.barberId]! })),
    services, visit, startsAt: instant(at), now: instant(now), locale,
  });
  expect(free).to.equal(code === null);
  return [code ?? 'free', sentence];
}

const says = (at: string, changes: Told, code: string, en: string, pt?: string): void => {
  expect(told(at, 'en-GB', changes)).to.deep.equal([code, en]);
  if (pt) expect(told(at, 'pt-PT', changes)).to.deep.equal([code, pt]);
};

/** A clock time of Friday, 27 November 2026, in Lisbon. */
const friday = (time: string): string => `2026-11-27T${time}:00Z`;
const fridaySpan = (from: string, to: string) => span(friday(from), friday(to));
const hours = (fromMinute: number, toMinute: number): DayStretch[] => [{ fromMinute, toMinute }];
const shutFor = (fromDate: string, toDate: string, reason: string) => ({ fromDate, toDate, reason });
const secret = 'Quimioterapia';

describe('explanation, in both languages', () => {
  it('a free time, of one service, names who, what and when', () =>
    says(friday('10:00'), {}, 'free', 'Rui is free for Corte on Friday, 27 November 2026, from 10:00 to 10:30.', 'Rui está livre para Corte na sexta-feira, 27 de novembro de 2026, das 10:00 às 10:30.'));

  it('a free time, of several services, tells who does what when', () => {
    const candidates = [barberOf('rui', [offer('cut', busy(30))]), barberOf('ana', [offer('beard', busy(20))])];
    const visit = { wishes: [{ serviceId: 'cut', barberId: null }, { serviceId: 'beard', barberId: null }], sameBarber: false };
    says(friday('10:00'), { candidates, visit }, 'free', 'The whole visit is free on Friday, 27 November 2026: Corte with Rui from 10:00 to 10:30 and Barba with Ana from 10:30 to 10:50.',
      'A visita inteira é possível na sexta-feira, 27 de novembro de 2026: Corte com Rui das 10:00 às 10:30 e Barba com Ana das 10:30 às 10:50.');
  });

  it('too soon, of the past, says so', () => says(friday('10:00'), { now: friday('10:01') }, 'too_soon', 'That time is past.', 'Essa hora já passou.'));

  it('too soon, by the notice, gives the earliest start on the step', () =>
    says(friday('12:00'), { now: friday('10:37'), settings: { minimumNoticeMinutes: 90 } }, 'too_soon',
      'Corte with Rui must be booked at least 1 hour and 30 minutes ahead; the earliest start is on Friday, 27 November 2026, at 12:15.',
      'Para Corte com Rui é preciso marcar com pelo menos 1 hora e 30 minutos de antecedência; o mais cedo possível é na sexta-feira, 27 de novembro de 2026, às 12:15.'));

  it('too soon, with every barber, gives the shortest notice of them', () => {
    const candidates = [['rui', 600], ['ana', 240]].map(([id, minimumNoticeMinutes]) => barberOf(String(id), [offer('cut', busy(30), { minimumNoticeMinutes: Number(minimumNoticeMinutes) })]));
    says(friday('12:00'), { candidates, visit: visitOf('cut', null), now: friday('10:00') }, 'too_soon',
      'Corte with Ana must be booked at least 4 hours ahead; the earliest start is on Friday, 27 November 2026, at 14:00.');
  });

  it('too far ahead, gives the days and the latest start', () =>
    says(friday('12:00'), { now: '2026-11-12T12:07:00Z', settings: { bookingHorizonDays: 14 } }, 'too_far_ahead',
      'Corte with Rui can be booked at most 14 days ahead; the latest start is on Thursday, 26 November 2026, at 12:00.',
      'Para Corte com Rui pode marcar-se com 14 dias de antecedência, no máximo; o mais tarde possível é na quinta-feira, 26 de novembro de 2026, às 12:00.'));

  it('off the step, names the neighbours', () => {
    says(friday('10:07'), {}, 'off_step', 'Visits here begin every 15 minutes: at 10:00 or 10:15, not at 10:07.', 'As marcações aqui começam a cada 15 minutos: às 10:00 ou às 10:15, não às 10:07.');
    says('2026-11-27T13:00:30Z', {}, 'off_step', 'Visits here begin every 15 minutes: at 13:00 or 13:15, not at 13:00:30.', 'As marcações aqui começam a cada 15 minutos: às 13:00 ou às 13:15, não às 13:00:30.');
    says(friday('23:50'), { settings: { slotStepMinutes: 50 } }, 'off_step', 'Visits here begin every 50 minutes: at 23:20 or 00:00 the next day, not at 23:50.');
  });

  it('a service that is not offered, by him or by anybody, is named', () => {
    says(friday('10:00'), { visit: visitOf('beard', 'rui') }, 'service_not_offered', 'Rui does not give Barba at Chiado.', 'Rui não faz Barba em Chiado.');
    says(friday('10:00'), { visit: visitOf('beard', null) }, 'service_not_offered', 'Nobody at Chiado gives Barba.', 'Ninguém faz Barba em Chiado.');
    says(friday('10:00'), { visit: visitOf('beard', 'gone') }, 'service_not_offered', 'The barber asked for does not give Barba at Chiado.');
    const candidates = [barberOf('rui', [offer('cut', busy(30))]), barberOf('ana', [offer('beard', busy(20))])];
    const both = (barberId: string | null): Visit => ({ wishes: [{ serviceId: 'cut', barberId }, { serviceId: 'beard', barberId: null }], sameBarber: true });
    says(friday('10:00'), { candidates, visit: both(null) }, 'service_not_offered', 'No single barber at Chiado gives all of Corte and Barba.', 'Nenhum barbeiro faz sozinho Corte e Barba em Chiado.');
    says(friday('10:00'), { candidates, visit: both('rui') }, 'service_not_offered', 'Rui does not give Barba at Chiado.');
  });

  it('a break, gives its times, and the need that meets it', () => {
    const barber = { periods: always(null, weekly(780, 840)) };
    says(friday('13:15'), { barber }, 'on_break', 'Rui has a break on Friday, 27 November 2026, from 13:00 to 14:00.', 'Rui tem uma pausa na sexta-feira, 27 de novembro de 2026, das 13:00 às 14:00.');
    says(friday('12:15'), { barber, segments: colour(30, 15, 30) }, 'on_break', 'Rui has a break on Friday, 27 November 2026, from 13:00 to 14:00, and Corte needs Rui from 13:00 to 13:30.');
  });

  it('time off, in hours or days, says until when and never why', () => {
    const off = (from: string, to: string): Told => ({ barber: { timeOff: [{ ...span(from, to), reason: secret }] } });
    says(friday('10:00'), off(friday('09:00'), friday('12:00')), 'time_off', 'Rui is away on Friday, 27 November 2026, from 09:00 to 12:00.', 'Rui está ausente na sexta-feira, 27 de novembro de 2026, das 09:00 às 12:00.');
    says(friday('10:00'), off(friday('09:00'), '2026-11-30T12:00:00Z'), 'time_off', 'Rui is away on Friday, 27 November 2026, from 09:00 to 12:00 on Monday, 30 November 2026.');
    says(friday('10:00'), off(friday('00:00'), '2026-11-30T00:00:00Z'), 'time_off', 'Rui is away from 27 November 2026 to 29 November 2026.', 'Rui está ausente de 27 de novembro de 2026 a 29 de novembro de 2026.');
    const daysOff = [shutFor('2026-11-23', '2026-11-29', secret), shutFor('2026-11-30', '2026-12-02', secret)];
    says(friday('10:00'), { barber: { daysOff } }, 'time_off', 'Rui is away from 23 November 2026 to 2 December 2026.');
  });

  it('a full day, gives the cap and the count', () =>
    says(friday('12:00'), { barber: { visits: [instant(friday('09:00')), instant(friday('10:00'))] }, settings: { maxVisitsPerBarberDay: 1 } }, 'barber_day_full',
      'Rui takes at most 1 visit a day and already has 2 on Friday, 27 November 2026.', 'Rui aceita no máximo 1 marcação por dia e já tem 2 na sexta-feira, 27 de novembro de 2026.'));

  it('claimed time, merges neighbours, and tells what needs it', () => {
    const barber = { claimed: [fridaySpan('12:30', '13:00'), fridaySpan('12:00', '12:30')] };
    says(friday('12:15'), { barber }, 'slot_taken', 'Rui is taken on Friday, 27 November 2026, from 12:00 to 13:00.', 'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 12:00 às 13:00.');
    says(friday('11:45'), { barber }, 'slot_taken', 'Rui is taken on Friday, 27 November 2026, from 12:00 to 13:00, and Corte needs Rui from 11:45 to 12:15.',
      'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 12:00 às 13:00, e Corte precisa de Rui das 11:45 às 12:15.');
  });

  it('claimed time, met by a buffer alone, tells the minutes before or after', () => {
    const settings = { bufferBeforeMinutes: 5, bufferAfterMinutes: 10 };
    says(friday('12:00'), { settings, barber: { claimed: [fridaySpan('11:30', '12:00')] } }, 'slot_taken', 'Rui is taken on Friday, 27 November 2026, from 11:30 to 12:00, and Corte needs 5 minutes free before it.',
      'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 11:30 às 12:00, e Corte precisa de 5 minutos livres antes.');
    says(friday('12:00'), { settings, barber: { claimed: [fridaySpan('12:30', '13:00')] } }, 'slot_taken', 'Rui is taken on Friday, 27 November 2026, from 12:30 to 13:00, and Corte needs 10 minutes free after it.');
  });

  it('a barber who comes twice in one visit, with buffers that meet, is in his own way', () => {
    const settings = { bufferAfterMinutes: 30 };
    const candidates = [barberOf('rui', [offer('cut', busy(30), settings), offer('colour', busy(30), settings)]), barberOf('ana', [offer('beard', busy(20))])];
    const visit = { wishes: [{ serviceId: 'cut', barberId: 'rui' }, { serviceId: 'beard', barberId: 'ana' }, { serviceId: 'colour', barberId: 'rui' }], sameBarber: false };
    says(friday('10:00'), { candidates, visit }, 'slot_taken', 'Rui needs free time before and after each service, and within this visit that would overlap.',
      'Rui precisa de tempo livre antes e depois de cada serviço, e nesta visita esses tempos iriam sobrepor-se.');
  });

  it('any barber, none being free, gives one as an example', () => {
    const candidates = [barberOf('rui', [offer('cut', busy(30))], { claimed: [fridaySpan('10:00', '11:00')] }), barberOf('ana', [offer('cut', busy(30))], { periods: always([]) })];
    says(friday('10:00'), { candidates, visit: visitOf('cut', null) }, 'slot_taken', 'Nobody is free for Corte at that time; for instance, Rui is taken on Friday, 27 November 2026, from 10:00 to 11:00.',
      'Ninguém está livre para Corte a essa hora; por exemplo, Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 10:00 às 11:00.');
  });

  it('the language, of any tag, is Portuguese or else English', () => {
    const first = (locale: string): string => told(friday('10:00'), locale, {})[1]!.slice(0, 8);
    expect(['pt', 'PT-br', 'pt_PT', 'en', 'de-DE', 'ptx', ''].map(first)).to.deep.equal(['Rui está', 'Rui está', 'Rui está', 'Rui is f', 'Rui is f', 'Rui is f', 'Rui is f']);
  });
});

describe('explanation, of a closed shop', () => {
  it('a closure, of days, gives them and the reason', () => {
    says(friday('10:00'), { shop: { closures: [shutFor('2026-11-20', '2026-11-30', 'Obras. ')] } }, 'shop_closed', 'Chiado is closed from 20 November 2026 to 30 November 2026: Obras.',
      'Chiado não abre de 20 de novembro de 2026 a 30 de novembro de 2026: Obras.');
    says(friday('10:00'), { shop: { closures: [shutFor('2026-11-27', '2026-11-27', '')] } }, 'shop_closed', 'Chiado is closed on 27 November 2026.', 'Chiado não abre no dia 27 de novembro de 2026.');
  });

  it('a holiday, shipped or of the network, is named', () => {
    says('2026-12-25T10:00:00Z', { settings: { holidaySets: ['pt'] } }, 'shop_closed', 'Chiado is closed on 25 December 2026: Natal.', 'Chiado não abre no dia 25 de dezembro de 2026: Natal.');
    says(friday('10:00'), { settings: { holidaySets: ['own'] }, shop: { holidaySets: { own: [{ name: 'Aniversário da rede', monthDay: '11-27' }] } } }, 'shop_closed', 'Chiado is closed on 27 November 2026: Aniversário da rede.');
  });

  it('exceptional hours, of the date, stand before the week', () => {
    const shop = { exceptions: [{ date: '2026-12-24', hours: hours(540, 780), reason: 'Véspera de Natal' }] };
    says('2026-12-24T15:00:00Z', { shop }, 'shop_closed', 'Chiado is open on 24 December 2026 from 09:00 to 13:00 (Véspera de Natal), not at 15:00.', 'Chiado abre no dia 24 de dezembro de 2026 das 09:00 às 13:00 (Véspera de Natal), não às 15:00.');
    says('2026-12-24T12:45:00Z', { shop }, 'shop_closed', 'Corte would end at 13:15, after the shop closes at 13:00 on Thursday, 24 December 2026. Chiado is open on 24 December 2026 from 09:00 to 13:00 (Véspera de Natal).');
    says('2026-12-24T12:00:00Z', { shop: { exceptions: [{ ...shop.exceptions[0]!, hours: [] }] } }, 'shop_closed', 'Chiado is closed on 24 December 2026: Véspera de Natal.');
  });

  it('the hours of the week, outside them, are told', () => {
    const split = { openingHours: [...weekly(840, 1140), ...weekly(540, 780)] };
    says(friday('13:15'), { shop: split }, 'shop_closed', 'Chiado is open on Fridays from 09:00 to 13:00 and from 14:00 to 19:00, not at 13:15.', 'Chiado abre às sextas-feiras das 09:00 às 13:00 e das 14:00 às 19:00, não às 13:15.');
    says(friday('19:00'), {}, 'shop_closed', 'Chiado is open on Fridays from 09:00 to 19:00, and Corte would last from 19:00 to 19:30.', 'Chiado abre às sextas-feiras das 09:00 às 19:00, e Corte duraria das 19:00 às 19:30.');
    says('2026-11-28T10:00:00Z', { shop: { openingHours: weekly(540, 1140, [1]) } }, 'shop_closed', 'Chiado is not open on Saturdays.', 'Chiado não abre aos sábados.');
  });

  it('a visit, from inside the hours, may not end after them', () => {
    says(friday('18:45'), {}, 'shop_closed', 'Corte would end at 19:15, after the shop closes at 19:00 on Friday, 27 November 2026.', 'Corte terminaria às 19:15, depois de a loja fechar às 19:00 na sexta-feira, 27 de novembro de 2026.');
    says('2026-12-24T23:45:00Z', { shop: { openingHours: weekly(0, 1440) }, settings: { holidaySets: ['pt'] } }, 'shop_closed',
      'Corte would end at 00:15 the next day, after the shop closes at 24:00 on Thursday, 24 December 2026. Chiado is closed on 25 December 2026: Natal.');
    const visit = { wishes: [{ serviceId: 'cut', barberId: 'rui' }, { serviceId: 'beard', barberId: 'rui' }], sameBarber: true };
    says(friday('18:30'), { visit, candidates: [barberOf('rui', [offer('cut', busy(30)), offer('beard', busy(20))])] }, 'shop_closed', 'Barba would end at 19:20, after the shop closes at 19:00 on Friday, 27 November 2026.');
  });

  it("Saturday's hours past midnight, on Sunday, belong to Saturday", () => {
    const shop = { openingHours: weekly(1320, 1560, [6]) };
    says('2026-11-29T01:00:00Z', { shop }, 'free', 'Rui is free for Corte on Sunday, 29 November 2026, from 01:00 to 01:30.', 'Rui está livre para Corte no domingo, 29 de novembro de 2026, da 01:00 à 01:30.');
    says('2026-11-29T03:00:00Z', { shop }, 'shop_closed', 'Chiado is not open on Sundays; the hours of the day before end at 02:00.', 'Chiado não abre aos domingos; o horário da véspera termina às 02:00.');
    says('2026-11-29T15:00:00Z', { shop }, 'shop_closed', 'Chiado is not open on Sundays.');
    says('2026-11-28T20:00:00Z', { shop }, 'shop_closed', 'Chiado is open on Saturdays from 22:00 to 02:00 the next day, not at 20:00.', 'Chiado abre aos sábados das 22:00 às 02:00 do dia seguinte, não às 20:00.');
    says('2026-11-29T01:00:00Z', { shop: { ...shop, closures: [shutFor('2026-11-28', '2026-11-28', 'Obras')] } }, 'shop_closed',
      'Chiado is closed on 28 November 2026: Obras; the hours of 28 November 2026 run until 02:00 the next day.', 'Chiado não abre no dia 28 de novembro de 2026: Obras; o horário de 28 de novembro de 2026 vai até às 02:00 do dia seguinte.');
    says('2026-11-29T01:00:00Z', { shop: { openingHours: [...shop.openingHours, ...weekly(0, 600, [7])], closures: [shutFor('2026-11-28', '2026-11-28', '')] }, barber: { periods: always(shop.openingHours) } }, 'shop_closed',
      'Chiado is closed on 28 November 2026; the hours of 28 November 2026 run until 02:00 the next day.');
  });
});

describe('explanation, of a barber who is not at work', () => {
  const outside = 'outside_working_hours';

  it('weekly hours, outside them, are told', () => {
    const barber = { periods: always(weekly(600, 1080, [5])) };
    says(friday('18:15'), { barber }, outside, 'Rui works on Fridays from 10:00 to 18:00, not at 18:15.', 'Rui trabalha às sextas-feiras das 10:00 às 18:00, não às 18:15.');
    says(friday('18:00'), { barber }, outside, 'Rui works on Fridays from 10:00 to 18:00, and Corte needs Rui from 18:00 to 18:30.');
    says(friday('17:45'), { barber }, outside, 'Rui works on Friday, 27 November 2026, until 18:00, and Corte needs Rui from 17:45 to 18:15.', 'Rui trabalha na sexta-feira, 27 de novembro de 2026, até às 18:00, e Corte precisa de Rui das 17:45 às 18:15.');
    says('2026-11-29T12:00:00Z', { barber }, outside, 'Rui does not work here on Sundays.', 'Rui não trabalha aqui aos domingos.');
    says(friday('17:00'), { barber, segments: colour(30, 45, 15) }, outside, 'Rui works on Fridays from 10:00 to 18:00, and Corte needs Rui from 18:15 to 18:30.');
  });

  it('hours past midnight, when they are over, are those of the day before', () =>
    says('2026-11-29T01:30:00Z', { shop: { openingHours: weekly(1320, 1560, [6]) }, barber: { periods: always(weekly(1320, 1500, [6])) } }, outside,
      'Rui does not work here on Sundays; the hours of the day before end at 01:00.', 'Rui não trabalha aqui aos domingos; o horário da véspera termina à 01:00.'));

  it('exceptional hours, of the date, come with their reason', () => {
    const only = (own: DayStretch[]): Told => ({ barber: { exceptions: [{ date: '2026-11-27', hours: own, breaks: [], reason: 'Formação' }] } });
    says(friday('15:00'), only(hours(540, 600)), outside, 'Rui works on 27 November 2026 from 09:00 to 10:00 (Formação), not at 15:00.', 'Rui trabalha no dia 27 de novembro de 2026 das 09:00 às 10:00 (Formação), não às 15:00.');
    says(friday('09:45'), only(hours(540, 600)), outside, 'Rui works on Friday, 27 November 2026, until 10:00 (Formação), and Corte needs Rui from 09:45 to 10:15.');
    says(friday('15:00'), only([]), outside, 'Rui does not work here on 27 November 2026: Formação.', 'Rui não trabalha aqui no dia 27 de novembro de 2026: Formação.');
  });

  it('periods, before, after and between them, are told by date', () => {
    const period = (fromDate: string | null, toDate: string | null) => ({ fromDate, toDate, hours: null, breaks: [] });
    const [old, next] = [period(null, '2026-10-31'), period('2027-01-01', null)];
    says(friday('10:00'), { barber: { periods: [next] } }, outside, 'Rui works here only from 1 January 2027.', 'Rui só trabalha aqui a partir de 1 de janeiro de 2027.');
    says(friday('10:00'), { barber: { periods: [old] } }, outside, 'Rui works here only until 31 October 2026.', 'Rui só trabalha aqui até 31 de outubro de 2026.');
    says(friday('10:00'), { barber: { periods: [next, old] } }, outside, 'Rui works here until 31 October 2026 and again from 1 January 2027.', 'Rui trabalha aqui até 31 de outubro de 2026 e de novo a partir de 1 de janeiro de 2027.');
    says(friday('10:00'), { barber: { periods: [] } }, outside, 'Rui has no working hours here.', 'Rui não tem horário de trabalho aqui.');
  });

  it('days off, of a shift past midnight, reach into the next day', () => {
    const changes = { shop: { openingHours: weekly(1320, 1560, [6]) }, barber: { daysOff: [shutFor('2026-11-28', '2026-11-28', secret)] } };
    says('2026-11-29T01:00:00Z', changes, 'time_off', 'Rui is away on 28 November 2026; the hours of 28 November 2026 run until 02:00 the next day.');
  });
});

describe('explanation, in an hour that comes twice', () => {
  const allDay = { openingHours: weekly(0, 1440) };
  const [first, second] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'];

  it('both times, being free, are told apart', () => {
    says(first, { shop: allDay }, 'free', 'Rui is free for Corte on Sunday, 25 October 2026, from 01:30 (UTC+01:00, the first time that night) to 01:00 (UTC+00:00, the second time that night).');
    says(second, { shop: allDay }, 'free', 'Rui is free for Corte on Sunday, 25 October 2026, from 01:30 (UTC+00:00, the second time that night) to 02:00.',
      'Rui está livre para Corte no domingo, 25 de outubro de 2026, da 01:30 (UTC+00:00, a segunda vez nessa noite) às 02:00.');
  });

  it('both times, by a rule of the whole day, are told apart too', () => {
    const changes = { shop: { ...allDay, closures: [shutFor('2026-10-25', '2026-10-25', 'Obras')] } };
    says(first, changes, 'shop_closed', 'At 01:30 (UTC+01:00, the first time that night): Chiado is closed on 25 October 2026: Obras.', 'À 01:30 (UTC+01:00, a primeira vez nessa noite): Chiado não abre no dia 25 de outubro de 2026: Obras.');
    says(second, changes, 'shop_closed', 'At 01:30 (UTC+00:00, the second time that night): Chiado is closed on 25 October 2026: Obras.');
  });

  it('the neighbours on the step, around the change, are those of the wall clock', () =>
    says('2026-10-25T00:50:00Z', { shop: allDay }, 'off_step',
      'Visits here begin every 15 minutes: at 01:45 (UTC+01:00, the first time that night) or 01:00 (UTC+00:00, the second time that night), not at 01:50 (UTC+01:00, the first time that night).'));
});

describe('explanation, for any shop, day and visit', () => {
  const day = '2026-10-24';
  const zones = fc.constantFrom('Europe/Lisbon', 'Atlantic/Azores', 'Australia/Lord_Howe', 'America/St_Johns');
  const minutes = (min: number, max: number) => fc.integer({ min: min / 15, max: max / 15 }).map((quarters) => quarters * 15);
  const stretch = fc.tuple(minutes(0, 1425), minutes(15, 1200)).map(([fromMinute, length]) => ({ fromMinute, toMinute: Math.min(fromMinute + length, 2880) }));
  const week = fc.array(fc.tuple(stretch, fc.integer({ min: 1, max: 7 })).map(([each, weekday]) => ({ ...each, weekday })), { maxLength: 12 });
  const wide = fc.constant(weekly(0, 1440));
  const dates = fc.integer({ min: -2, max: 3 }).map((days) => addDays(day, days));
  const closing = (reason: string) => fc.tuple(dates, fc.integer({ min: 0, max: 2 })).map(([fromDate, days]) => shutFor(fromDate, addDays(fromDate, days), reason));
  const few = <T>(one: fc.Arbitrary<T>, maxLength = 1) => fc.oneof({ arbitrary: fc.constant<T[]>([]), weight: 2 }, fc.array(one, { minLength: 1, maxLength }));
  const exception = fc.record({ date: dates, hours: fc.array(stretch, { maxLength: 2 }), reason: fc.constantFrom('', 'Festa') });
  const instants = fc.tuple(fc.integer({ min: -288, max: 2 * 288 }), fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 7_500)).map(([fives, extra]) => startInstant(day, 0, 'UTC') + fives * 5 * MINUTE + extra);
  const spans = fc.tuple(instants, minutes(15, 600)).map(([from, length]) => ({ from, to: from + length * MINUTE }));
  const settings = fc.record({
    slotStepMinutes: fc.constantFrom(1, 5, 5, 5, 5, 60), minimumNoticeMinutes: fc.constantFrom(0, 0, 0, 0, 0, 4320), bookingHorizonDays: fc.constantFrom(1, 90, 90, 90, 90, 90), bufferBeforeMinutes: fc.constantFrom(0, 10),
    bufferAfterMinutes: fc.constantFrom(0, 15), holidaySets: fc.constantFrom<string[]>([], ['own'], ['unknown']), maxVisitsPerBarberDay: fc.constantFrom(null, 1, 3),
  }).map((given) => settingsOf(given));
  const segments = fc.constantFrom(busy(30), busy(60), colour(30, 45, 15));
  const shops: fc.Arbitrary<ShopRules> = fc.record({
    timeZone: zones, openingHours: fc.oneof(wide, wide, wide, week), closures: few(closing('Obras')), exceptions: few(exception).map((each) => each.slice(0, 1)),
    holidaySets: fc.constantFrom({}, { own: [{ name: 'Feriado', date: '2026-10-25' }] }),
  });
  const period = fc.record({ fromDate: fc.oneof(fc.constant(null), dates), toDate: fc.oneof(fc.constant(null), dates), hours: fc.oneof(fc.constant(null), wide, week), breaks: few(fc.tuple(stretch, fc.constant(7)).map(([each, weekday]) => ({ ...each, weekday }))) });
  const offered = (serviceId: string) => fc.tuple(segments, settings).map(([own, given]) => offer(serviceId, own, given));
  const barbers = (barberId: string): fc.Arbitrary<Candidate> => fc.record({
    periods: fc.oneof(fc.constant(always(null)), fc.array(period, { maxLength: 1 })), exceptions: few(fc.tuple(exception, fc.array(stretch, { maxLength: 1 })).map(([own, breaks]) => ({ ...own, breaks }))),
    timeOff: few(spans.map((each) => ({ ...each, reason: secret }))), daysOff: few(closing(secret), 2), claimed: fc.array(spans, { maxLength: 8 }), visits: few(instants, 4), offers: fc.tuple(offered('cut'), offered('beard'), fc.boolean()),
  }).map(({ offers: [cut, beard, both], ...changes }) => barberOf(barberId, both ? [cut, beard] : [cut], changes));
  const wish: fc.Arbitrary<Wish> = fc.record({ serviceId: fc.constantFrom('cut', 'cut', 'cut', 'beard'), barberId: fc.constantFrom(null, 'rui', 'ana') });
  const visits: fc.Arbitrary<Visit> = fc.record({ wishes: fc.oneof(fc.array(wish, { minLength: 1, maxLength: 1 }), fc.array(wish, { minLength: 1, maxLength: 3 })), sameBarber: fc.boolean() });

  it('the code, of every answer, is that of the booking, and the sentence is whole and discreet', () => {
    const nows = fc.constantFrom(startInstant(addDays(day, -2), 0, 'UTC'), startInstant(addDays(day, -2), 0, 'UTC'), startInstant(day, 700, 'UTC'));
    fc.assert(fc.property(shops, fc.tuple(barbers('rui'), barbers('ana'), barbers('ze')), visits, instants, nows, fc.constantFrom('pt-PT', 'en-GB'), (rules, candidates, visit, startsAt, now, locale) => {
      const { possible, refusal } = judgeVisit({ shop: rules, candidates }, visit, startsAt, now);
      const named = candidates.map((each) => ({ ...each, name: names[each.barber.barberId]! }));
      const { free, code, sentence } = explain({ shop: { ...rules, name: 'Chiado' }, candidates: named, services, visit, startsAt, now, locale });
      expect({ free, code }).to.deep.equal(possible.length > 0 ? { free: true, code: null } : { free: false, code: refusal.code });
      expect(sentence).to.match(/^\p{Lu}.{8,}[^. ,;:]\.$/u);
      expect(sentence).not.to.match(/undefined|NaN|null|Invalid|\[object|\d{4}-\d\d-\d\d|\d\dT\d\d|\(\)| {2}| ,|: ;/);
      expect(sentence).not.to.include(secret);
      expect(sentence.split(/[^.]\. /).length, sentence).to.be.at.most(2);
    }), { numRuns: 2000 });
  });
});
