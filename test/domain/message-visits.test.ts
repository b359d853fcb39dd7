/**
 * Goal: a mail tells of the whole visit: each service with its barber, each time in the zone of the shop and in the reader's own.
 * Method: whole mails against texts written by hand, for visits of one service and of several.
 */
import { expect } from 'chai';
import { renderMessage } from '../../src/domain/message.ts';
import { refused, several, shown, told, view } from '../support/message-view.ts';

const [cut, , wash] = several.parts!;

describe('messages', () => {
  it('reads like this in Portuguese, to a customer abroad', () => {
    expect(renderMessage('confirmation_customer', { ...view, customerTimeZone: 'America/New_York' }, 'pt-PT').text).to
      .equal(`Olá Ana Conceição,

A sua marcação está confirmada.

Quando: sexta-feira, 27 de novembro de 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)
No seu fuso horário: sexta-feira, 27 de novembro de 2026, 05:30–06:15 (America/New_York, UTC-05:00)
Serviço: Corte e barba
Barbeiro: Tiago Nunes
Onde: Barbearia do Chiado, Rua Garrett 12, 1200-203 Lisboa
Telefone: +351213000111
Preço: 22,50\u00a0€
Referência: 7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10

Para alterar ou cancelar, ligue por favor para +351213000111.

Barbearia do Chiado
`);
  });

  it('reads like this in English, to a customer who was told "pending" and then lost the slot', () => {
    expect(renderMessage('refusal_customer', refused, 'en-GB').text).to.equal(`Hello Ana Conceição,

We could not book your visit at Barbearia do Chiado, and nothing is reserved. That time was taken by somebody else.

When: Friday, 27 November 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)
Service: Corte e barba
Barber: Tiago Nunes
Where: Barbearia do Chiado, Rua Garrett 12, 1200-203 Lisboa
Phone: +351213000111
Price: €22.50
Reference: 7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10
Free times near it:
- Friday, 27 November 2026, 11:30 (Europe/Lisbon, UTC+00:00)
- Friday, 27 November 2026, 12:00 (Europe/Lisbon, UTC+00:00)
- Friday, 27 November 2026, 14:00 (Europe/Lisbon, UTC+00:00)

Barbearia do Chiado
`);
  });

  it('a visit of several services, told to a customer abroad in Portuguese, lists each with its time and barber', () => {
    const { text, html } = renderMessage('confirmation_customer', { ...several, customerTimeZone: 'America/New_York' }, 'pt-PT');

    expect(text).to.equal(`Olá Ana Conceição,

A sua marcação está confirmada.

Quando: sexta-feira, 27 de novembro de 2026, 10:30–11:45 (Europe/Lisbon, UTC+00:00)
No seu fuso horário: sexta-feira, 27 de novembro de 2026, 05:30–06:45 (America/New_York, UTC-05:00)
Serviços:
- sexta-feira, 27 de novembro de 2026, 10:30–11:00 (Europe/Lisbon, UTC+00:00): Corte, Tiago Nunes
- sexta-feira, 27 de novembro de 2026, 11:00–11:30 (Europe/Lisbon, UTC+00:00): Barba, Inês Sá
- sexta-feira, 27 de novembro de 2026, 11:30–11:45 (Europe/Lisbon, UTC+00:00): Lavagem, Tiago Nunes
Onde: Barbearia do Chiado, Rua Garrett 12, 1200-203 Lisboa
Telefone: +351213000111
Preço: 37,50\u00a0€
Referência: 7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10

Para alterar ou cancelar, ligue por favor para +351213000111.

Barbearia do Chiado
`);
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('a visit of several services, told to one of its barbers in English, lists his own', () => {
    const { subject, text, html } = renderMessage(
      'confirmation_barber',
      { ...several, serviceName: 'Corte + Lavagem', barberName: 'Tiago Nunes', parts: [cut!, wash!] },
      'en-GB',
    );

    expect(subject).to.equal('New booking: 27 November 2026, 10:30 (Europe/Lisbon), Corte + Lavagem');
    expect(text).to.equal(`Hello Tiago Nunes,

Ana Conceição has booked a visit with you.

When: Friday, 27 November 2026, 10:30–11:45 (Europe/Lisbon, UTC+00:00)
Customer: Ana Conceição
Services:
- Friday, 27 November 2026, 10:30–11:00 (Europe/Lisbon, UTC+00:00): Corte
- Friday, 27 November 2026, 11:30–11:45 (Europe/Lisbon, UTC+00:00): Lavagem
Where: Barbearia do Chiado
Reference: 7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10

Barbearia do Chiado
`);
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('a refusal of several services, told, names them and who was wished, without times', () => {
    const parts = several.parts!.map((part) => ({
      ...part,
      barberName: part === wash ? null : part.barberName,
      startsAt: null,
      endsAt: null,
    }));
    const { text, html } = renderMessage(
      'refusal_customer',
      { ...refused, serviceName: several.serviceName, barberName: null, parts },
      'en-GB',
    );

    expect(text).to.include('\nServices:\n- Corte, Tiago Nunes\n- Barba, Inês Sá\n- Lavagem\nWhere: ');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('gives the free times in both zones to a customer abroad', () => {
    const { text } = renderMessage(
      'refusal_customer',
      { ...refused, customerTimeZone: 'Asia/Kathmandu', nearest: ['2026-11-27T19:00:00.000Z'] },
      'en',
    );
    expect(text).to.include(
      '- Friday, 27 November 2026, 19:00 (Europe/Lisbon, UTC+00:00) = Saturday, 28 November 2026, 00:45 (Asia/Kathmandu, UTC+05:45)\n',
    );
  });

  it('gives what else has a time (what was before, until when it is kept, by when to choose) in both zones to a customer abroad', () => {
    const [at, told] = [
      '2026-11-27T19:00:00.000Z',
      'Friday, 27 November 2026, 19:00 (Europe/Lisbon, UTC+00:00) = Saturday, 28 November 2026, 00:45 (Asia/Kathmandu, UTC+05:45)\n',
    ];
    const abroad = { ...view, customerTimeZone: 'Asia/Kathmandu' };
    expect(renderMessage('rescheduled_customer', { ...abroad, before: at }, 'en').text).to.include(`Before: ${told}`);
    expect(renderMessage('offer_customer', { ...abroad, keptUntil: at }, 'en').text).to.include(`Kept for you until: ${told}`);
    expect(renderMessage('choose_customer', { ...abroad, chooseBy: at }, 'en').text).to.include(`cancelled on: ${told}`);
    expect(renderMessage('rescheduled_barber', { ...abroad, before: at }, 'en').text).not.to.include('Kathmandu');
  });

  it('does not repeat a time that both clocks show alike, whatever the zones are called', () => {
    for (const customerTimeZone of [null, 'Europe/Lisbon', 'Europe/London', 'Atlantic/Madeira', 'Africa/Abidjan'])
      expect(renderMessage('reminder_customer', { ...view, customerTimeZone }, 'en').text, String(customerTimeZone)).not.to.include(
        'In your time zone',
      );
    const summer = {
      ...view,
      startsAt: '2027-07-02T09:30:00.000Z',
      endsAt: '2027-07-02T10:15:00.000Z',
      customerTimeZone: 'Africa/Abidjan',
    };
    expect(renderMessage('reminder_customer', summer, 'en').text).to.include(
      'In your time zone: Friday, 2 July 2027, 09:30–10:15 (Africa/Abidjan, UTC+00:00)',
    );
  });
});
