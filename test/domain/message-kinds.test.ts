/**
 * Goal: each kind of mail says what it is for, in the reader's language, to the customer as to the barber.
 * Method: each kind in each language against sentences written by hand.
 */
import { expect } from 'chai';
import type { MessageKind } from '../../src/domain/effects.ts';
import { renderMessage } from '../../src/domain/message.ts';
import { textsFor } from '../../src/domain/message-texts.ts';
import { refused, shown, told, view } from '../support/message-view.ts';

/** What each mail's subject begins with, and its first sentence. */
const expected: Record<'pt-PT' | 'en-GB', Record<MessageKind, [subject: string, lead: string]>> = {
  'pt-PT': {
    confirmation_customer: [
      'Marcação confirmada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'A sua marcação está confirmada.',
    ],
    confirmation_barber: [
      'Nova marcação: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'Tem uma nova marcação: Ana Conceição.',
    ],
    reminder_customer: [
      'Lembrete: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Lembramos a sua marcação. Esperamos por si.',
    ],
    cancellation_customer: [
      'Marcação cancelada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'A sua marcação foi cancelada.',
    ],
    cancellation_barber: [
      'Marcação cancelada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'A marcação de Ana Conceição foi cancelada; a hora está livre de novo.',
    ],
    refusal_customer: [
      'Sem marcação: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Não foi possível fazer a sua marcação; nada ficou reservado. Essa hora foi ocupada por outra pessoa.',
    ],
    rescheduled_customer: [
      'Marcação alterada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'A sua marcação foi alterada.',
    ],
    rescheduled_barber: [
      'Marcação alterada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'A marcação de Ana Conceição foi alterada.',
    ],
    approval_customer: [
      'Pedido recebido: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Recebemos o seu pedido. A hora fica guardada para si até a loja responder.',
    ],
    approval_barber: [
      'Pedido por aprovar: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'Ana Conceição pede uma marcação consigo; alguém da loja tem de a aprovar.',
    ],
    declined_customer: [
      'Pedido não aprovado: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'O seu pedido não foi aprovado; nada ficou reservado.',
    ],
    offer_customer: [
      'Ficou livre uma hora: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Ficou livre uma hora pela qual esperava. Fica guardada para si durante algum tempo.',
    ],
    choose_customer: [
      'Escolha por favor outra hora: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Houve um imprevisto e a sua marcação não pode realizar-se como estava. Escolha por favor outra hora.',
    ],
  },
  'en-GB': {
    confirmation_customer: [
      'Booked: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Your appointment at Barbearia do Chiado is confirmed.',
    ],
    confirmation_barber: [
      'New booking: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'Ana Conceição has booked a visit with you.',
    ],
    reminder_customer: [
      'Reminder: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'This is a reminder of your appointment at Barbearia do Chiado. We look forward to seeing you.',
    ],
    cancellation_customer: [
      'Cancelled: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Your appointment at Barbearia do Chiado has been cancelled.',
    ],
    cancellation_barber: [
      'Cancelled: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'The visit of Ana Conceição has been cancelled; the time is free again.',
    ],
    refusal_customer: [
      'Not booked: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'We could not book your visit at Barbearia do Chiado, and nothing is reserved. That time was taken by somebody else.',
    ],
    rescheduled_customer: [
      'Moved: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Your appointment at Barbearia do Chiado has been moved.',
    ],
    rescheduled_barber: ['Moved: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba', 'The visit of Ana Conceição has been moved.'],
    approval_customer: [
      'Request received: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Your request has reached Barbearia do Chiado. The time is kept for you until the shop answers.',
    ],
    approval_barber: [
      'A request waits for approval: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba',
      'Ana Conceição asks for a visit with you; somebody at the shop must approve it.',
    ],
    declined_customer: [
      'Not approved: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Your request at Barbearia do Chiado was not approved, and nothing is reserved.',
    ],
    offer_customer: [
      'A time has come free: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'A time that you are waiting for has come free at Barbearia do Chiado. It is kept for you for a while.',
    ],
    choose_customer: [
      'Please choose another time: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado',
      'Something has come up at Barbearia do Chiado, and your appointment cannot take place as booked. Please choose another time.',
    ],
  },
};
const kinds = Object.keys(expected['en-GB']) as MessageKind[];
const whenLine = {
  'pt-PT': 'Quando: sexta-feira, 27 de novembro de 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)',
  'en-GB': 'When: Friday, 27 November 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)',
};

describe('messages', () => {
  for (const locale of ['pt-PT', 'en-GB'] as const) {
    for (const kind of kinds) {
      it(`says in ${locale} what ${kind} is for, the same as text and as HTML`, () => {
        const { subject, text, html } = renderMessage(kind, kind === 'refusal_customer' ? refused : view, locale);
        const [expectedSubject, lead] = expected[locale][kind];
        expect(subject).to.equal(expectedSubject);
        const lines = text.split('\n');
        expect(lines[0]).to.equal(`${locale === 'pt-PT' ? 'Olá' : 'Hello'} ${kind.endsWith('_barber') ? 'Tiago Nunes' : 'Ana Conceição'},`);
        expect(lines[2]).to.equal(lead);
        expect(lines[4]).to.equal(whenLine[locale]);
        expect(shown(html)).to.deep.equal(told(text));
        expect(html)
          .to.match(new RegExp(`^<!doctype html>\n<html lang="${locale}">`))
          .and.include(`<title>${expectedSubject}</title>`);
      });
    }
  }

  it('a visit of one part, rendered, reads as one without parts', () => {
    for (const kind of kinds) {
      const given = kind === 'refusal_customer' ? refused : view;
      const { serviceName, barberName, startsAt, endsAt } = given;
      expect(renderMessage(kind, { ...given, parts: [{ serviceName, barberName, startsAt, endsAt }] }, 'pt')).to.deep.equal(
        renderMessage(kind, given, 'pt'),
      );
    }
  });

  it('tells a barber who comes, and no way to reach them', () => {
    for (const kind of kinds.filter((one) => one.endsWith('_barber'))) {
      const { text } = renderMessage(kind, { ...view, customerTimeZone: 'Asia/Tokyo' }, 'en');
      expect(text).to.include('Customer: Ana Conceição').and.not.include('Tokyo').and.not.include('+351');
    }
  });

  it('tells the customer of a request until when it is kept, the barber by when to answer it, and others neither', () => {
    const at = { ...view, keptUntil: '2026-11-26T18:00:00.000Z' };
    const of = (kind: MessageKind, locale: string, more = {}) => renderMessage(kind, { ...at, ...more }, locale).text;
    const [en, pt] = ['Thursday, 26 November 2026, 18:00 (Europe', 'quinta-feira, 26 de novembro de 2026, 18:00 (Europe'];
    expect(of('approval_customer', 'en')).to.include(`Kept for you until: ${en}`);
    expect(of('approval_barber', 'en')).to.include(`To be answered by: ${en}`).and.not.include('Kept');
    expect(of('approval_barber', 'pt')).to.include(`A responder até: ${pt}`).and.not.include('Guardada');
    // A request that was moved to another barber, and one that cannot take place.
    expect(of('cancellation_barber', 'en', { isLost: true })).not.to.include('26 November');
    expect(of('choose_customer', 'en')).not.to.include('26 November');
  });

  it('falls back to the language of the shop, then to English', () => {
    const languages = [
      ['pt-BR', 'en-GB', 'pt-PT'],
      ['en-AU', 'pt-PT', 'en-GB'],
      ['de-DE', 'pt-PT', 'pt-PT'],
      ['de', 'fr', 'en-GB'],
      ['', '', 'en-GB'],
      ['constructor', '__proto__', 'en-GB'],
      ['PT', 'en', 'pt-PT'],
    ] as const;
    for (const [reader, shop, found] of languages) expect(textsFor(reader, shop).locale, `${reader}, ${shop}`).to.equal(found);
  });
});
