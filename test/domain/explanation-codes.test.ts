/**
 * Goal: the front desk hears why a visit can or cannot begin at a time, in words that are true and whole, in both languages.
 * Method: sentences written by hand for each code and for the edges; those about hours are in `explanation-hours`.
 */
import { expect } from 'chai';
import { visitOf, type Visit } from '../../src/domain/rules.ts';
import { friday, says, secret, shutFor, told, type Told } from '../support/explanation.ts';
import { always, barberOf, busy, colour, instant, offer, span, weekly } from './shops.ts';

const fridaySpan = (from: string, to: string) => span(friday(from), friday(to));

describe('explanation, in both languages', () => {
  it('a free time, of one service, names who, what and when', () =>
    says(
      friday('10:00'),
      {},
      'free',
      'Rui is free for Corte on Friday, 27 November 2026, from 10:00 to 10:30.',
      'Rui está livre para Corte na sexta-feira, 27 de novembro de 2026, das 10:00 às 10:30.',
    ));

  it('a free time, of several services, tells who does what when', () => {
    const candidates = [barberOf('rui', [offer('cut', busy(30))]), barberOf('ana', [offer('beard', busy(20))])];
    const visit = {
      wishes: [
        { serviceId: 'cut', barberId: null },
        { serviceId: 'beard', barberId: null },
      ],
      sameBarber: false,
    };
    says(
      friday('10:00'),
      { candidates, visit },
      'free',
      'The whole visit is free on Friday, 27 November 2026: Corte with Rui from 10:00 to 10:30 and Barba with Ana from 10:30 to 10:50.',
      'A visita inteira é possível na sexta-feira, 27 de novembro de 2026: ' +
        'Corte com Rui das 10:00 às 10:30 e Barba com Ana das 10:30 às 10:50.',
    );
  });

  it('too soon, of the past, says so', () =>
    says(friday('10:00'), { now: friday('10:01') }, 'too_soon', 'That time is past.', 'Essa hora já passou.'));

  it('too soon, by the notice, gives the earliest start on the step', () =>
    says(
      friday('12:00'),
      { now: friday('10:37'), settings: { minimumNoticeMinutes: 90 } },
      'too_soon',
      'Corte with Rui must be booked at least 1 hour and 30 minutes ahead; the earliest start is on Friday, 27 November 2026, at 12:15.',
      'Para Corte com Rui é preciso marcar com pelo menos 1 hora e 30 minutos de antecedência; ' +
        'o mais cedo possível é na sexta-feira, 27 de novembro de 2026, às 12:15.',
    ));

  it('too soon, with every barber, gives the shortest notice of them', () => {
    const candidates = [
      ['rui', 600],
      ['ana', 240],
    ].map(([id, minimumNoticeMinutes]) =>
      barberOf(String(id), [offer('cut', busy(30), { minimumNoticeMinutes: Number(minimumNoticeMinutes) })]),
    );
    says(
      friday('12:00'),
      { candidates, visit: visitOf('cut', null), now: friday('10:00') },
      'too_soon',
      'Corte with Ana must be booked at least 4 hours ahead; the earliest start is on Friday, 27 November 2026, at 14:00.',
    );
  });

  it('too far ahead, gives the days and the latest start', () =>
    says(
      friday('12:00'),
      { now: '2026-11-12T12:07:00Z', settings: { bookingHorizonDays: 14 } },
      'too_far_ahead',
      'Corte with Rui can be booked at most 14 days ahead; the latest start is on Thursday, 26 November 2026, at 12:00.',
      'Para Corte com Rui pode marcar-se com 14 dias de antecedência, no máximo; ' +
        'o mais tarde possível é na quinta-feira, 26 de novembro de 2026, às 12:00.',
    ));

  it('off the step, names the neighbours', () => {
    says(
      friday('10:07'),
      {},
      'off_step',
      'Visits here begin every 15 minutes: at 10:00 or 10:15, not at 10:07.',
      'As marcações aqui começam a cada 15 minutos: às 10:00 ou às 10:15, não às 10:07.',
    );
    says(
      '2026-11-27T13:00:30Z',
      {},
      'off_step',
      'Visits here begin every 15 minutes: at 13:00 or 13:15, not at 13:00:30.',
      'As marcações aqui começam a cada 15 minutos: às 13:00 ou às 13:15, não às 13:00:30.',
    );
    says(
      friday('23:50'),
      { settings: { slotStepMinutes: 50 } },
      'off_step',
      'Visits here begin every 50 minutes: at 23:20 or 00:00 the next day, not at 23:50.',
    );
  });

  it('a service that is not offered, by him or by anybody, is named', () => {
    says(
      friday('10:00'),
      { visit: visitOf('beard', 'rui') },
      'service_not_offered',
      'Rui does not give Barba at Chiado.',
      'Rui não faz Barba em Chiado.',
    );
    says(
      friday('10:00'),
      { visit: visitOf('beard', null) },
      'service_not_offered',
      'Nobody at Chiado gives Barba.',
      'Ninguém faz Barba em Chiado.',
    );
    says(
      friday('10:00'),
      { visit: visitOf('beard', 'gone') },
      'service_not_offered',
      'The barber asked for does not give Barba at Chiado.',
    );
    const candidates = [barberOf('rui', [offer('cut', busy(30))]), barberOf('ana', [offer('beard', busy(20))])];
    const both = (barberId: string | null): Visit => ({
      wishes: [
        { serviceId: 'cut', barberId },
        { serviceId: 'beard', barberId: null },
      ],
      sameBarber: true,
    });
    says(
      friday('10:00'),
      { candidates, visit: both(null) },
      'service_not_offered',
      'No single barber at Chiado gives all of Corte and Barba.',
      'Nenhum barbeiro faz sozinho Corte e Barba em Chiado.',
    );
    says(friday('10:00'), { candidates, visit: both('rui') }, 'service_not_offered', 'Rui does not give Barba at Chiado.');
  });

  it('a break, gives its times, and the need that meets it', () => {
    const barber = { periods: always(null, weekly(780, 840)) };
    says(
      friday('13:15'),
      { barber },
      'on_break',
      'Rui has a break on Friday, 27 November 2026, from 13:00 to 14:00.',
      'Rui tem uma pausa na sexta-feira, 27 de novembro de 2026, das 13:00 às 14:00.',
    );
    says(
      friday('12:15'),
      { barber, segments: colour(30, 15, 30) },
      'on_break',
      'Rui has a break on Friday, 27 November 2026, from 13:00 to 14:00, and Corte needs Rui from 13:00 to 13:30.',
    );
  });

  it('time off, in hours or days, says until when and never why', () => {
    const off = (from: string, to: string): Told => ({ barber: { timeOff: [{ ...span(from, to), reason: secret }] } });
    says(
      friday('10:00'),
      off(friday('09:00'), friday('12:00')),
      'time_off',
      'Rui is away on Friday, 27 November 2026, from 09:00 to 12:00.',
      'Rui está ausente na sexta-feira, 27 de novembro de 2026, das 09:00 às 12:00.',
    );
    says(
      friday('10:00'),
      off(friday('09:00'), '2026-11-30T12:00:00Z'),
      'time_off',
      'Rui is away on Friday, 27 November 2026, from 09:00 to 12:00 on Monday, 30 November 2026.',
    );
    says(
      friday('10:00'),
      off(friday('00:00'), '2026-11-30T00:00:00Z'),
      'time_off',
      'Rui is away from 27 November 2026 to 29 November 2026.',
      'Rui está ausente de 27 de novembro de 2026 a 29 de novembro de 2026.',
    );
    const daysOff = [shutFor('2026-11-23', '2026-11-29', secret), shutFor('2026-11-30', '2026-12-02', secret)];
    says(friday('10:00'), { barber: { daysOff } }, 'time_off', 'Rui is away from 23 November 2026 to 2 December 2026.');
  });

  it('a full day, gives the cap and the count', () =>
    says(
      friday('12:00'),
      { barber: { visits: [instant(friday('09:00')), instant(friday('10:00'))] }, settings: { maxVisitsPerBarberDay: 1 } },
      'barber_day_full',
      'Rui takes at most 1 visit a day and already has 2 on Friday, 27 November 2026.',
      'Rui aceita no máximo 1 marcação por dia e já tem 2 na sexta-feira, 27 de novembro de 2026.',
    ));

  it('claimed time, merges neighbours, and tells what needs it', () => {
    const barber = { claimed: [fridaySpan('12:30', '13:00'), fridaySpan('12:00', '12:30')] };
    says(
      friday('12:15'),
      { barber },
      'slot_taken',
      'Rui is taken on Friday, 27 November 2026, from 12:00 to 13:00.',
      'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 12:00 às 13:00.',
    );
    says(
      friday('11:45'),
      { barber },
      'slot_taken',
      'Rui is taken on Friday, 27 November 2026, from 12:00 to 13:00, and Corte needs Rui from 11:45 to 12:15.',
      'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 12:00 às 13:00, e Corte precisa de Rui das 11:45 às 12:15.',
    );
  });

  it('claimed time, met by a buffer alone, tells the minutes before or after', () => {
    const settings = { bufferBeforeMinutes: 5, bufferAfterMinutes: 10 };
    says(
      friday('12:00'),
      { settings, barber: { claimed: [fridaySpan('11:30', '12:00')] } },
      'slot_taken',
      'Rui is taken on Friday, 27 November 2026, from 11:30 to 12:00, and Corte needs 5 minutes free before it.',
      'Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 11:30 às 12:00, e Corte precisa de 5 minutos livres antes.',
    );
    says(
      friday('12:00'),
      { settings, barber: { claimed: [fridaySpan('12:30', '13:00')] } },
      'slot_taken',
      'Rui is taken on Friday, 27 November 2026, from 12:30 to 13:00, and Corte needs 10 minutes free after it.',
    );
  });

  it('a barber who comes twice in one visit, with buffers that meet, is in his own way', () => {
    const settings = { bufferAfterMinutes: 30 };
    const candidates = [
      barberOf('rui', [offer('cut', busy(30), settings), offer('colour', busy(30), settings)]),
      barberOf('ana', [offer('beard', busy(20))]),
    ];
    const visit = {
      wishes: [
        { serviceId: 'cut', barberId: 'rui' },
        { serviceId: 'beard', barberId: 'ana' },
        { serviceId: 'colour', barberId: 'rui' },
      ],
      sameBarber: false,
    };
    says(
      friday('10:00'),
      { candidates, visit },
      'slot_taken',
      'Rui needs free time before and after each service, and within this visit that would overlap.',
      'Rui precisa de tempo livre antes e depois de cada serviço, e nesta visita esses tempos iriam sobrepor-se.',
    );
  });

  it('any barber, none being free, gives one as an example', () => {
    const candidates = [
      barberOf('rui', [offer('cut', busy(30))], { claimed: [fridaySpan('10:00', '11:00')] }),
      barberOf('ana', [offer('cut', busy(30))], { periods: always([]) }),
    ];
    says(
      friday('10:00'),
      { candidates, visit: visitOf('cut', null) },
      'slot_taken',
      'Nobody is free for Corte at that time; for instance, Rui is taken on Friday, 27 November 2026, from 10:00 to 11:00.',
      'Ninguém está livre para Corte a essa hora; ' +
        'por exemplo, Rui tem o tempo ocupado na sexta-feira, 27 de novembro de 2026, das 10:00 às 11:00.',
    );
  });

  it('the language, of any tag, is Portuguese or else English', () => {
    const first = (locale: string): string => told(friday('10:00'), locale, {})[1]!.slice(0, 8);
    expect(['pt', 'PT-br', 'pt_PT', 'en', 'de-DE', 'ptx', ''].map(first)).to.deep.equal([
      'Rui está',
      'Rui está',
      'Rui está',
      'Rui is f',
      'Rui is f',
      'Rui is f',
      'Rui is f',
    ]);
  });
});
