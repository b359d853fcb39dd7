/** Goal: nobody is told the wrong hour, and no text can break out of its place. Method: rendered messages, read as a person would. */
import { expect } from 'chai';
import type { DeliveryKind } from '../../src/domain/appointment.ts';
import { renderMessage, type MessageView } from '../../src/domain/message.ts';

const view: MessageView = {
  appointmentId: '0a830359-6bd6-5deb-9e67-2f23ca4814d3', shopName: 'Navalha Chiado', shopAddress: 'Rua Garrett 1, Lisboa', shopPhone: '+351500000001',
  shopTimeZone: 'Europe/Lisbon', shopLocale: 'pt-PT', serviceName: 'Corte', barberName: 'Rui Matos', customerName: 'Ana Lopes', customerTimeZone: 'Europe/Lisbon',
  startsAt: '2026-11-27T10:30:00Z', endsAt: '2026-11-27T11:00:00Z', priceCents: 1500, currency: 'EUR',
};
const kinds: DeliveryKind[] = ['confirmation_customer', 'confirmation_barber', 'reminder_customer', 'cancellation_customer', 'cancellation_barber', 'refusal_customer'];

describe('messages', () => {
  it('a confirmation, in English, reads so', () => {
    expect(renderMessage('confirmation_customer', view, 'en-GB').text).to.equal([
      'Hello Ana Lopes,', '', 'Your appointment at Navalha Chiado is confirmed.', '',
      'When: Friday 27 November 2026, 10:30–11:00 (Europe/Lisbon, UTC+00:00)', 'Service: Corte', 'Barber: Rui Matos', 'Where: Navalha Chiado, Rua Garrett 1, Lisboa',
      'Phone: +351500000001', 'Price: €15.00', 'Reference: 0a830359-6bd6-5deb-9e67-2f23ca4814d3', '',
    ].join('\n'));
  });

  it('a cancellation, in Portuguese, reads so', () => {
    expect(renderMessage('cancellation_customer', view, 'pt-PT').text).to.equal([
      'Olá Ana Lopes,', '', 'A sua marcação na Navalha Chiado foi cancelada.', '',
      'Quando: sexta-feira, 27 de novembro de 2026, 10:30–11:00 (Europe/Lisbon, UTC+00:00)', 'Serviço: Corte', 'Barbeiro: Rui Matos', 'Onde: Navalha Chiado, Rua Garrett 1, Lisboa',
      'Telefone: +351500000001', 'Preço: 15,00 €', 'Referência: 0a830359-6bd6-5deb-9e67-2f23ca4814d3', '',
    ].join('\n'));
  });

  for (const kind of kinds) {
    it(`a ${kind}, in both languages, names service, hour and zone`, () => {
      const [en, pt] = ['en-US', 'pt-BR'].map((locale) => renderMessage(kind, { ...view, ...(kind === 'refusal_customer' && { reasonCode: 'slot_taken', nearest: [view.endsAt] }) }, locale));

      for (const message of [en!, pt!]) {
        for (const part of [message.text, message.html]) expect(part).to.include('10:30').and.to.include('Europe/Lisbon').and.to.include('Corte');
        expect(`${message.subject}${message.text}`).not.to.match(/undefined|null|\[object/);
      }
      expect(en!.subject).not.to.equal(pt!.subject);
    });
  }

  it('a customer abroad, gets the shop\'s time first and their own second', () => {
    const { text } = renderMessage('reminder_customer', { ...view, customerTimeZone: 'America/New_York' }, 'en-GB');

    expect(text.indexOf('10:30')).to.be.lessThan(text.indexOf('05:30'));
    expect(text).to.include('In your time zone: Friday 27 November 2026, 05:30 (America/New_York, UTC-05:00)');
  });

  it('a customer in another zone with the same clock, is not told the time twice', () => {
    expect(renderMessage('reminder_customer', { ...view, customerTimeZone: 'Europe/London' }, 'en-GB').text).not.to.include('In your time zone');
  });

  it('a visit in the repeated hour, has its offset beside the hour', () => {
    const at = (startsAt: string) => renderMessage('reminder_customer', { ...view, startsAt }, 'en-GB').text;

    expect(at('2026-10-25T00:30:00Z')).to.include('01:30').and.to.include('UTC+01:00');
    expect(at('2026-10-25T01:30:00Z')).to.include('01:30').and.to.include('UTC+00:00');
  });

  it('an unknown language, falls back to the shop\'s, then to English', () => {
    expect(renderMessage('reminder_customer', view, 'fr-FR').text).to.include('Olá');
    expect(renderMessage('reminder_customer', { ...view, shopLocale: 'fr-FR' }, 'de').text).to.include('Hello');
  });

  it('names with markup and line breaks, stay names', () => {
    const hostile = { ...view, customerName: '<b>x</b> & "y"', shopName: 'Shop\r\nBcc: evil@example.com' };
    const { html, subject } = renderMessage('confirmation_customer', hostile, 'en-GB');

    expect(html).to.include('&lt;b&gt;x&lt;/b&gt; &amp; &quot;y&quot;').and.not.to.include('<b>x');
    expect(subject).not.to.match(/[\r\n]/);
  });

  it('a barber, learns the customer\'s name but neither mail nor phone nor price', () => {
    const { text } = renderMessage('confirmation_barber', view, 'en-GB');

    expect(text).to.include('Ana Lopes').and.not.to.include('+351').and.not.to.include('€');
  });
});
