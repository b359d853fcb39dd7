/**
 * Goal: the front desk hears when the shop is open and the barber is at work, by the date's own rule and by the wall clock, in both
 * languages. Method: sentences written by hand, for closures, holidays, exceptions and weeks, past midnight and in the hour that comes
 * twice.
 */
import type { DayStretch } from '../../src/domain/rules.ts';
import { friday, says, secret, shutFor, type Told } from '../support/explanation.ts';
import { always, barberOf, busy, colour, offer, weekly } from './shops.ts';

const hours = (fromMinute: number, toMinute: number): DayStretch[] => [{ fromMinute, toMinute }];

describe('explanation, of a closed shop', () => {
  it('a closure, of days, gives them and the reason', () => {
    says(
      friday('10:00'),
      { shop: { closures: [shutFor('2026-11-20', '2026-11-30', 'Obras. ')] } },
      'shop_closed',
      'Chiado is closed from 20 November 2026 to 30 November 2026: Obras.',
      'Chiado não abre de 20 de novembro de 2026 a 30 de novembro de 2026: Obras.',
    );
    says(
      friday('10:00'),
      { shop: { closures: [shutFor('2026-11-27', '2026-11-27', '')] } },
      'shop_closed',
      'Chiado is closed on 27 November 2026.',
      'Chiado não abre no dia 27 de novembro de 2026.',
    );
  });

  it('a holiday, shipped or of the network, is named', () => {
    says(
      '2026-12-25T10:00:00Z',
      { settings: { holidaySets: ['pt'] } },
      'shop_closed',
      'Chiado is closed on 25 December 2026: Natal.',
      'Chiado não abre no dia 25 de dezembro de 2026: Natal.',
    );
    says(
      friday('10:00'),
      { settings: { holidaySets: ['own'] }, shop: { holidaySets: { own: [{ name: 'Aniversário da rede', monthDay: '11-27' }] } } },
      'shop_closed',
      'Chiado is closed on 27 November 2026: Aniversário da rede.',
    );
  });

  it('exceptional hours, of the date, stand before the week', () => {
    const shop = { exceptions: [{ date: '2026-12-24', hours: hours(540, 780), reason: 'Véspera de Natal' }] };
    says(
      '2026-12-24T15:00:00Z',
      { shop },
      'shop_closed',
      'Chiado is open on 24 December 2026 from 09:00 to 13:00 (Véspera de Natal), not at 15:00.',
      'Chiado abre no dia 24 de dezembro de 2026 das 09:00 às 13:00 (Véspera de Natal), não às 15:00.',
    );
    says(
      '2026-12-24T12:45:00Z',
      { shop },
      'shop_closed',
      'Corte would end at 13:15, after the shop closes at 13:00 on Thursday, 24 December 2026. ' +
        'Chiado is open on 24 December 2026 from 09:00 to 13:00 (Véspera de Natal).',
    );
    says(
      '2026-12-24T12:00:00Z',
      { shop: { exceptions: [{ ...shop.exceptions[0]!, hours: [] }] } },
      'shop_closed',
      'Chiado is closed on 24 December 2026: Véspera de Natal.',
    );
  });

  it('the hours of the week, outside them, are told', () => {
    const split = { openingHours: [...weekly(840, 1140), ...weekly(540, 780)] };
    says(
      friday('13:15'),
      { shop: split },
      'shop_closed',
      'Chiado is open on Fridays from 09:00 to 13:00 and from 14:00 to 19:00, not at 13:15.',
      'Chiado abre às sextas-feiras das 09:00 às 13:00 e das 14:00 às 19:00, não às 13:15.',
    );
    says(
      friday('19:00'),
      {},
      'shop_closed',
      'Chiado is open on Fridays from 09:00 to 19:00, and Corte would last from 19:00 to 19:30.',
      'Chiado abre às sextas-feiras das 09:00 às 19:00, e Corte duraria das 19:00 às 19:30.',
    );
    says(
      '2026-11-28T10:00:00Z',
      { shop: { openingHours: weekly(540, 1140, [1]) } },
      'shop_closed',
      'Chiado is not open on Saturdays.',
      'Chiado não abre aos sábados.',
    );
  });

  it('a visit, from inside the hours, may not end after them', () => {
    says(
      friday('18:45'),
      {},
      'shop_closed',
      'Corte would end at 19:15, after the shop closes at 19:00 on Friday, 27 November 2026.',
      'Corte terminaria às 19:15, depois de a loja fechar às 19:00 na sexta-feira, 27 de novembro de 2026.',
    );
    says(
      '2026-12-24T23:45:00Z',
      { shop: { openingHours: weekly(0, 1440) }, settings: { holidaySets: ['pt'] } },
      'shop_closed',
      'Corte would end at 00:15 the next day, after the shop closes at 24:00 on Thursday, 24 December 2026. ' +
        'Chiado is closed on 25 December 2026: Natal.',
    );
    const visit = {
      wishes: [
        { serviceId: 'cut', barberId: 'rui' },
        { serviceId: 'beard', barberId: 'rui' },
      ],
      sameBarber: true,
    };
    says(
      friday('18:30'),
      { visit, candidates: [barberOf('rui', [offer('cut', busy(30)), offer('beard', busy(20))])] },
      'shop_closed',
      'Barba would end at 19:20, after the shop closes at 19:00 on Friday, 27 November 2026.',
    );
  });

  it("Saturday's hours past midnight, on Sunday, belong to Saturday", () => {
    const shop = { openingHours: weekly(1320, 1560, [6]) };
    says(
      '2026-11-29T01:00:00Z',
      { shop },
      'free',
      'Rui is free for Corte on Sunday, 29 November 2026, from 01:00 to 01:30.',
      'Rui está livre para Corte no domingo, 29 de novembro de 2026, da 01:00 à 01:30.',
    );
    says(
      '2026-11-29T03:00:00Z',
      { shop },
      'shop_closed',
      'Chiado is not open on Sundays; the hours of the day before end at 02:00.',
      'Chiado não abre aos domingos; o horário da véspera termina às 02:00.',
    );
    says('2026-11-29T15:00:00Z', { shop }, 'shop_closed', 'Chiado is not open on Sundays.');
    says(
      '2026-11-28T20:00:00Z',
      { shop },
      'shop_closed',
      'Chiado is open on Saturdays from 22:00 to 02:00 the next day, not at 20:00.',
      'Chiado abre aos sábados das 22:00 às 02:00 do dia seguinte, não às 20:00.',
    );
    says(
      '2026-11-29T01:00:00Z',
      { shop: { ...shop, closures: [shutFor('2026-11-28', '2026-11-28', 'Obras')] } },
      'shop_closed',
      'Chiado is closed on 28 November 2026: Obras; the hours of 28 November 2026 run until 02:00 the next day.',
      'Chiado não abre no dia 28 de novembro de 2026: Obras; o horário de 28 de novembro de 2026 vai até às 02:00 do dia seguinte.',
    );
    says(
      '2026-11-29T01:00:00Z',
      {
        shop: { openingHours: [...shop.openingHours, ...weekly(0, 600, [7])], closures: [shutFor('2026-11-28', '2026-11-28', '')] },
        barber: { periods: always(shop.openingHours) },
      },
      'shop_closed',
      'Chiado is closed on 28 November 2026; the hours of 28 November 2026 run until 02:00 the next day.',
    );
  });
});

describe('explanation, of a barber who is not at work', () => {
  const outside = 'outside_working_hours';

  it('weekly hours, outside them, are told', () => {
    const barber = { periods: always(weekly(600, 1080, [5])) };
    says(
      friday('18:15'),
      { barber },
      outside,
      'Rui works on Fridays from 10:00 to 18:00, not at 18:15.',
      'Rui trabalha às sextas-feiras das 10:00 às 18:00, não às 18:15.',
    );
    says(friday('18:00'), { barber }, outside, 'Rui works on Fridays from 10:00 to 18:00, and Corte needs Rui from 18:00 to 18:30.');
    says(
      friday('17:45'),
      { barber },
      outside,
      'Rui works on Friday, 27 November 2026, until 18:00, and Corte needs Rui from 17:45 to 18:15.',
      'Rui trabalha na sexta-feira, 27 de novembro de 2026, até às 18:00, e Corte precisa de Rui das 17:45 às 18:15.',
    );
    says('2026-11-29T12:00:00Z', { barber }, outside, 'Rui does not work here on Sundays.', 'Rui não trabalha aqui aos domingos.');
    says(
      friday('17:00'),
      { barber, segments: colour(30, 45, 15) },
      outside,
      'Rui works on Fridays from 10:00 to 18:00, and Corte needs Rui from 18:15 to 18:30.',
    );
  });

  it('hours past midnight, when they are over, are those of the day before', () =>
    says(
      '2026-11-29T01:30:00Z',
      { shop: { openingHours: weekly(1320, 1560, [6]) }, barber: { periods: always(weekly(1320, 1500, [6])) } },
      outside,
      'Rui does not work here on Sundays; the hours of the day before end at 01:00.',
      'Rui não trabalha aqui aos domingos; o horário da véspera termina à 01:00.',
    ));

  it('exceptional hours, of the date, come with their reason', () => {
    const only = (own: DayStretch[]): Told => ({
      barber: { exceptions: [{ date: '2026-11-27', hours: own, breaks: [], reason: 'Formação' }] },
    });
    says(
      friday('15:00'),
      only(hours(540, 600)),
      outside,
      'Rui works on 27 November 2026 from 09:00 to 10:00 (Formação), not at 15:00.',
      'Rui trabalha no dia 27 de novembro de 2026 das 09:00 às 10:00 (Formação), não às 15:00.',
    );
    says(
      friday('09:45'),
      only(hours(540, 600)),
      outside,
      'Rui works on Friday, 27 November 2026, until 10:00 (Formação), and Corte needs Rui from 09:45 to 10:15.',
    );
    says(
      friday('15:00'),
      only([]),
      outside,
      'Rui does not work here on 27 November 2026: Formação.',
      'Rui não trabalha aqui no dia 27 de novembro de 2026: Formação.',
    );
  });

  it('periods, before, after and between them, are told by date', () => {
    const period = (fromDate: string | null, toDate: string | null) => ({ fromDate, toDate, hours: null, breaks: [] });
    const [old, next] = [period(null, '2026-10-31'), period('2027-01-01', null)];
    says(
      friday('10:00'),
      { barber: { periods: [next] } },
      outside,
      'Rui works here only from 1 January 2027.',
      'Rui só trabalha aqui a partir de 1 de janeiro de 2027.',
    );
    says(
      friday('10:00'),
      { barber: { periods: [old] } },
      outside,
      'Rui works here only until 31 October 2026.',
      'Rui só trabalha aqui até 31 de outubro de 2026.',
    );
    says(
      friday('10:00'),
      { barber: { periods: [next, old] } },
      outside,
      'Rui works here until 31 October 2026 and again from 1 January 2027.',
      'Rui trabalha aqui até 31 de outubro de 2026 e de novo a partir de 1 de janeiro de 2027.',
    );
    says(friday('10:00'), { barber: { periods: [] } }, outside, 'Rui has no working hours here.', 'Rui não tem horário de trabalho aqui.');
  });

  it('days off, of a shift past midnight, reach into the next day', () => {
    const changes = { shop: { openingHours: weekly(1320, 1560, [6]) }, barber: { daysOff: [shutFor('2026-11-28', '2026-11-28', secret)] } };
    says(
      '2026-11-29T01:00:00Z',
      changes,
      'time_off',
      'Rui is away on 28 November 2026; the hours of 28 November 2026 run until 02:00 the next day.',
    );
  });
});

describe('explanation, in an hour that comes twice', () => {
  const allDay = { openingHours: weekly(0, 1440) };
  const [first, second] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'];

  it('both times, being free, are told apart', () => {
    says(
      first,
      { shop: allDay },
      'free',
      'Rui is free for Corte on Sunday, 25 October 2026, from 01:30 (UTC+01:00, the first time that night) ' +
        'to 01:00 (UTC+00:00, the second time that night).',
    );
    says(
      second,
      { shop: allDay },
      'free',
      'Rui is free for Corte on Sunday, 25 October 2026, from 01:30 (UTC+00:00, the second time that night) to 02:00.',
      'Rui está livre para Corte no domingo, 25 de outubro de 2026, da 01:30 (UTC+00:00, a segunda vez nessa noite) às 02:00.',
    );
  });

  it('both times, by a rule of the whole day, are told apart too', () => {
    const changes = { shop: { ...allDay, closures: [shutFor('2026-10-25', '2026-10-25', 'Obras')] } };
    says(
      first,
      changes,
      'shop_closed',
      'At 01:30 (UTC+01:00, the first time that night): Chiado is closed on 25 October 2026: Obras.',
      'À 01:30 (UTC+01:00, a primeira vez nessa noite): Chiado não abre no dia 25 de outubro de 2026: Obras.',
    );
    says(second, changes, 'shop_closed', 'At 01:30 (UTC+00:00, the second time that night): Chiado is closed on 25 October 2026: Obras.');
  });

  it('the neighbours on the step, around the change, are those of the wall clock', () =>
    says(
      '2026-10-25T00:50:00Z',
      { shop: allDay },
      'off_step',
      'Visits here begin every 15 minutes: at 01:45 (UTC+01:00, the first time that night) ' +
        'or 01:00 (UTC+00:00, the second time that night), not at 01:50 (UTC+01:00, the first time that night).',
    ));
});
