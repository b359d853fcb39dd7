/**
 * Goal: the person who reads a mail is told the right thing at the right hour, in their language, and no value can break out of its place.
 * Method: each kind in each language against sentences written by hand; wall times against the time module, which shares no code with the
 * texts; hostile values by fast-check.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { MessageKind } from '../../src/domain/effects.ts';
import { renderMessage, type MessageView } from '../../src/domain/message.ts';
import { policyOf } from '../../src/domain/policy.ts';
import { textsFor } from '../../src/domain/message-texts.ts';
import { toWall } from '../../src/domain/time.ts';
import { clocksDiffer, priceText, shortWallText, wallRangeText, wallText } from '../../src/domain/wall-text.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

const view: MessageView = {
  appointmentId: '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10', shopName: 'Barbearia do Chiado', shopAddress: 'Rua Garrett 12, 1200-203 Lisboa',
  shopPhone: '+351213000111', shopTimeZone: 'Europe/Lisbon', shopLocale: 'pt-PT', serviceName: 'Corte e barba', barberName: 'Tiago Nunes',
  customerName: 'Ana Conceição', customerTimeZone: 'Europe/Lisbon', startsAt: '2026-11-27T10:30:00.000Z', endsAt: '2026-11-27T11:15:00.000Z',
  priceCents: 2250, currency: 'EUR',
};
const refused: MessageView = { ...view, reasonCode: 'slot_taken', nearest: ['2026-11-27T11:30:00.000Z', '2026-11-27T12:00:00.000Z', '2026-11-27T14:00:00.000Z', '2026-11-27T15:00:00.000Z'] };
/** Two barbers, one of whom comes twice. */
const several: MessageView = {
  ...view, serviceName: 'Corte + Barba + Lavagem', barberName: null, endsAt: '2026-11-27T11:45:00.000Z', priceCents: 3750,
  parts: [
    { serviceName: 'Corte', barberName: 'Tiago Nunes', startsAt: '2026-11-27T10:30:00.000Z', endsAt: '2026-11-27T11:00:00.000Z' },
    { serviceName: 'Barba', barberName: 'Inês Sá', startsAt: '2026-11-27T11:00:00.000Z', endsAt: '2026-11-27T11:30:00.000Z' },
    { serviceName: 'Lavagem', barberName: 'Tiago Nunes', startsAt: '2026-11-27T11:30:00.000Z', endsAt: '2026-11-27T11:45:00.000Z' },
  ],
};
const [cut, , wash] = several.parts!;

/** What each mail's subject begins with, and its first sentence. */
const expected: Record<'pt-PT' | 'en-GB', Record<MessageKind, [subject: string, lead: string]>> = {
  'pt-PT': {
    confirmation_customer: ['Marcação confirmada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'A sua marcação está confirmada.'],
    confirmation_barber: ['Nova marcação: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba', 'Tem uma nova marcação: Ana Conceição.'],
    reminder_customer: ['Lembrete: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Lembramos a sua marcação. Esperamos por si.'],
    cancellation_customer: ['Marcação cancelada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'A sua marcação foi cancelada.'],
    cancellation_barber: ['Marcação cancelada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba', 'A marcação de Ana Conceição foi cancelada; a hora está livre de novo.'],
    refusal_customer: ['Sem marcação: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Não foi possível fazer a sua marcação; nada ficou reservado. Essa hora foi ocupada por outra pessoa.'],
    rescheduled_customer: ['Marcação alterada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'A sua marcação foi alterada.'],
    rescheduled_barber: ['Marcação alterada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba', 'A marcação de Ana Conceição foi alterada.'],
    approval_customer: ['Pedido recebido: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Recebemos o seu pedido. A hora fica guardada para si até a loja responder.'],
    approval_barber: ['Pedido por aprovar: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Corte e barba', 'Ana Conceição pede uma marcação consigo; alguém da loja tem de a aprovar.'],
    declined_customer: ['Pedido não aprovado: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'O seu pedido não foi aprovado; nada ficou reservado.'],
    offer_customer: ['Ficou livre uma hora: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Ficou livre uma hora pela qual esperava. Fica guardada para si durante algum tempo.'],
    choose_customer: ['Escolha por favor outra hora: 27 de novembro de 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Houve um imprevisto e a sua marcação não pode realizar-se como estava. Escolha por favor outra hora.'],
  },
  'en-GB': {
    confirmation_customer: ['Booked: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Your appointment at Barbearia do Chiado is confirmed.'],
    confirmation_barber: ['New booking: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba', 'Ana Conceição has booked a visit with you.'],
    reminder_customer: ['Reminder: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'This is a reminder of your appointment at Barbearia do Chiado. We look forward to seeing you.'],
    cancellation_customer: ['Cancelled: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Your appointment at Barbearia do Chiado has been cancelled.'],
    cancellation_barber: ['Cancelled: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba', 'The visit of Ana Conceição has been cancelled; the time is free again.'],
    refusal_customer: ['Not booked: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'We could not book your visit at Barbearia do Chiado, and nothing is reserved. That time was taken by somebody else.'],
    rescheduled_customer: ['Moved: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Your appointment at Barbearia do Chiado has been moved.'],
    rescheduled_barber: ['Moved: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba', 'The visit of Ana Conceição has been moved.'],
    approval_customer: ['Request received: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Your request has reached Barbearia do Chiado. The time is kept for you until the shop answers.'],
    approval_barber: ['A request waits for approval: 27 November 2026, 10:30 (Europe/Lisbon), Corte e barba', 'Ana Conceição asks for a visit with you; somebody at the shop must approve it.'],
    declined_customer: ['Not approved: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Your request at Barbearia do Chiado was not approved, and nothing is reserved.'],
    offer_customer: ['A time has come free: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'A time that you are waiting for has come free at Barbearia do Chiado. It is kept for you for a while.'],
    choose_customer: ['Please choose another time: 27 November 2026, 10:30 (Europe/Lisbon), Barbearia do Chiado', 'Something has come up at Barbearia do Chiado, and your appointment cannot take place as booked. Please choose another time.'],
  },
};
const kinds = Object.keys(expected['en-GB']) as MessageKind[];
const whenLine = {
  'pt-PT': 'Quando: sexta-feira, 27 de novembro de 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)',
  'en-GB': 'When: Friday, 27 November 2026, 10:30–11:15 (Europe/Lisbon, UTC+00:00)',
};

/** What HTML must show of a text: "label: value" is two cells there; nothing else may differ. */
const told = (text: string): string[] => text.split('\n')
  .flatMap((line, index) => (line.startsWith('- ') ? [line.slice(2)] : index > 3 ? line.split(/(?<=^[\p{L} ]+):(?: |$)/u) : [line]))
  .filter((line) => line !== '' && !line.startsWith('https://'));

/** The text that a browser would show of the mail's HTML, a line for each paragraph, cell and list entry. */
const shown = (html: string): string[] =>
  html.replace(/<head>.*<\/head>/s, '').replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
    .split('\n').map((line) => line.trim()).filter((line) => line !== '');

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
        expect(html).to.match(new RegExp(`^<!doctype html>\n<html lang="${locale}">`)).and.include(`<title>${expectedSubject}</title>`);
      });
    }
  }

  it('reads like this in Portuguese, to a customer abroad', () => {
    expect(renderMessage('confirmation_customer', { ...view, customerTimeZone: 'America/New_York' }, 'pt-PT').text).to.equal(`Olá Ana Conceição,

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
    const { subject, text, html } = renderMessage('confirmation_barber', { ...several, serviceName: 'Corte + Lavagem', barberName: 'Tiago Nunes', parts: [cut!, wash!] }, 'en-GB');

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
    const parts = several.parts!.map((part) => ({ ...part, barberName: part === wash ? null : part.barberName, startsAt: null, endsAt: null }));
    const { text, html } = renderMessage('refusal_customer', { ...refused, serviceName: several.serviceName, barberName: null, parts }, 'en-GB');

    expect(text).to.include('\nServices:\n- Corte, Tiago Nunes\n- Barba, Inês Sá\n- Lavagem\nWhere: ');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('a visit of one part, rendered, reads as one without parts', () => {
    for (const kind of kinds) {
      const given = kind === 'refusal_customer' ? refused : view;
      const { serviceName, barberName, startsAt, endsAt } = given;
      expect(renderMessage(kind, { ...given, parts: [{ serviceName, barberName, startsAt, endsAt }] }, 'pt')).to.deep.equal(renderMessage(kind, given, 'pt'));
    }
  });

  it('links, told, are named in the reader\'s language, whole in the text and as buttons in the HTML, and nobody is asked to call', () => {
    const links = (['view', 'cancel'] as const).map((purpose) => ({ purpose, url: `https://bookings.example/visit/${purpose}-"><b>` }));
    const { text, html } = renderMessage('confirmation_customer', { ...view, links }, 'pt-PT');

    expect(text).to.include('\n\nVer a marcação\nhttps://bookings.example/visit/view-"><b>\n\nCancelar\nhttps://bookings.example/visit/cancel-"><b>\n\n').and.not.include('ligue');
    expect(html).to.include('<a href="https://bookings.example/visit/view-&quot;&gt;&lt;b&gt;" style=').and.include('>Cancelar</a>');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('a move, told, says when the visit was to be before, and why the shop moved it', () => {
    const { text, html } = renderMessage('rescheduled_customer', { ...view, before: '2026-11-26T15:00:00.000Z', why: 'illness' }, 'en-GB');

    expect(text).to.include('Your appointment at Barbearia do Chiado has been moved. Somebody has fallen ill.\n').and.include('Before: Thursday, 26 November 2026, 15:00 (Europe/Lisbon, UTC+00:00)\n');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('what is kept for a while, told, says until when, and what is agreed by taking it', () => {
    const policy = policyOf({ cancelCutoffMinutes: 1440, lateCancel: 'refuse', noShowGraceMinutes: 15 });
    const { text, html } = renderMessage('offer_customer', { ...view, keptUntil: '2026-11-25T18:30:00.000Z', policy }, 'pt-PT');

    expect(text).to.include('Guardada para si até: quarta-feira, 25 de novembro de 2026, 18:30 (Europe/Lisbon, UTC+00:00)\n')
      .and.include('Pode cancelar até 1 dia antes da visita; depois disso, ligue por favor para a loja.').and.include('Guardamos a sua cadeira durante 15 minutos.');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('gives the free times in both zones to a customer abroad', () => {
    const { text } = renderMessage('refusal_customer', { ...refused, customerTimeZone: 'Asia/Kathmandu', nearest: ['2026-11-27T19:00:00.000Z'] }, 'en');
    expect(text).to.include('- Friday, 27 November 2026, 19:00 (Europe/Lisbon, UTC+00:00) = Saturday, 28 November 2026, 00:45 (Asia/Kathmandu, UTC+05:45)\n');
  });

  it('does not repeat a time that both clocks show alike, whatever the zones are called', () => {
    for (const customerTimeZone of [null, 'Europe/Lisbon', 'Europe/London', 'Atlantic/Madeira', 'Africa/Abidjan'])
      expect(renderMessage('reminder_customer', { ...view, customerTimeZone }, 'en').text, String(customerTimeZone)).not.to.include('In your time zone');
    const summer = { ...view, startsAt: '2027-07-02T09:30:00.000Z', endsAt: '2027-07-02T10:15:00.000Z', customerTimeZone: 'Africa/Abidjan' };
    expect(renderMessage('reminder_customer', summer, 'en').text).to.include('In your time zone: Friday, 2 July 2027, 09:30–10:15 (Africa/Abidjan, UTC+00:00)');
  });

  it('tells a barber who comes, and no way to reach them', () => {
    for (const kind of kinds.filter((one) => one.endsWith('_barber'))) {
      const { text } = renderMessage(kind, { ...view, customerTimeZone: 'Asia/Tokyo' }, 'en');
      expect(text).to.include('Customer: Ana Conceição').and.not.include('Tokyo').and.not.include('+351');
    }
  });

  it('keeps its sentences whole where a fact is missing', () => {
    const bare = { ...view, shopPhone: null, priceCents: null, barberName: null, customerName: '' };
    const lost = renderMessage('confirmation_customer', bare, 'en');
    expect(lost.text).to.match(/^Hello,\n/).and.not.match(/Phone|Price|Barber:|call/);
    expect(renderMessage('confirmation_barber', bare, 'pt').text).to.include('Tem uma nova marcação: Um cliente.');
    expect(renderMessage('refusal_customer', { ...view, reasonCode: 'undecided', nearest: [] }, 'en').text).to.include('Please book again.').and.not.include('Free times');
  });

  it('falls back to the language of the shop, then to English', () => {
    const languages = [['pt-BR', 'en-GB', 'pt-PT'], ['en-AU', 'pt-PT', 'en-GB'], ['de-DE', 'pt-PT', 'pt-PT'], ['de', 'fr', 'en-GB'], ['', '', 'en-GB'], ['constructor', '__proto__', 'en-GB'], ['PT', 'en', 'pt-PT']] as const;
    for (const [reader, shop, found] of languages) expect(textsFor(reader, shop).locale, `${reader}, ${shop}`).to.equal(found);
  });

  it('keeps hostile values in their place', () => {
    const hostile = '</td><script>alert("1 & \'2\'")</script>\r\nBcc: all@example.org\u2028Preço: 0\u202e';
    const { subject, text, html } = renderMessage('confirmation_customer', { ...view, shopName: hostile, serviceName: hostile, customerName: hostile, barberName: hostile, shopAddress: hostile }, 'pt');
    expect(subject).to.equal('Marcação confirmada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), </td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0');
    expect(text).to.include('\nServiço: </td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0\nBarbeiro: ');
    expect(html).not.to.include('<script');
    expect(html).to.include('&lt;/td&gt;&lt;script&gt;alert(&quot;1 &amp; &#39;2&#39;&quot;)&lt;/script&gt; Bcc');
    expect(shown(html)).to.include('</td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0');
  });

  it('has the same lines and tags for any value', () => {
    const shape = (kind: MessageKind, given: MessageView) => {
      const { subject, text, html } = renderMessage(kind, given, 'en');
      return { subjectFaults: /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u.test(subject), lines: text.split(/[\n\r\u0085\u2028\u2029]/).length, tags: html.match(/<[^>]*>/g)?.map((tag) => tag.split(' ')[0]) };
    };
    const plain = new Map(kinds.map((kind) => [kind, shape(kind, view)]));
    const plainList = new Map(kinds.map((kind) => [kind, shape(kind, several)]));
    fc.assert(fc.property(fc.constantFrom(...kinds), fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), { minLength: 5, maxLength: 5 }), (kind, values) => {
      const [shopName = '', shopAddress = '', serviceName = '', barberName = '', customerName = ''] = values.map((value) => `${value}x`);
      expect(shape(kind, { ...view, shopName, shopAddress, serviceName, barberName, customerName })).to.deep.equal(plain.get(kind));
      expect(shape(kind, { ...several, parts: several.parts!.map((part) => ({ ...part, serviceName, barberName })) })).to.deep.equal(plainList.get(kind));
    }), { numRuns: 300 });
    expect(shape('confirmation_customer', { ...view, serviceName: 'a\ud83d' })).to.deep.equal(plain.get('confirmation_customer'));
  });
});

describe('wall texts', () => {
  it('show the time that the time module computes, for any instant and zone', () => {
    const zones = ['Europe/Lisbon', 'Atlantic/Azores', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'Pacific/Kiritimati', 'UTC'];
    fc.assert(fc.property(fc.date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }), fc.constantFrom(...zones), fc.constantFrom('pt-PT', 'en-GB', 'en-US', 'ar-EG', 'th-TH'), (at, zone, locale) => {
      const wall = toWall(at.getTime(), zone);
      const text = wallText(at.getTime(), zone, locale);
      expect(text).to.include(wall.date.slice(0, 4)).and.match(new RegExp(`\\b${Number(wall.date.slice(8))}\\b`));
      expect(text.slice(text.lastIndexOf(', ', text.indexOf(' ('))), text).to.equal(`, ${wall.time} (${zone}, UTC${wall.iso.slice(-6)})`);
      expect(wallText(at.toISOString(), zone, locale)).to.equal(text);
    }));
  });

  it('use a clock of 24 hours, midnight being 00', () => {
    expect(wallText('2026-11-28T00:05:00Z', 'Europe/Lisbon', 'pt-PT')).to.equal('sábado, 28 de novembro de 2026, 00:05 (Europe/Lisbon, UTC+00:00)');
    expect(wallText('2026-11-28T00:05:00Z', 'Atlantic/Azores', 'en-US')).to.equal('Friday, November 27, 2026, 23:05 (Atlantic/Azores, UTC-01:00)');
    expect(shortWallText('2027-06-30T23:30:00Z', 'Europe/Lisbon', 'pt-PT')).to.equal('1 de julho de 2027, 00:30 (Europe/Lisbon)');
  });

  it('tell the two passes of a repeated hour apart, and show both offsets of a visit across the change', () => {
    const zone = 'Europe/Lisbon';
    expect(wallText('2026-10-25T00:30:00Z', zone, 'en-GB')).to.equal('Sunday, 25 October 2026, 01:30 (Europe/Lisbon, UTC+01:00)');
    expect(wallText('2026-10-25T01:30:00Z', zone, 'en-GB')).to.equal('Sunday, 25 October 2026, 01:30 (Europe/Lisbon, UTC+00:00)');
    expect(wallRangeText('2026-10-25T00:45:00Z', '2026-10-25T01:15:00Z', zone, 'en-GB')).to.equal('Sunday, 25 October 2026, 01:45 (UTC+01:00) – 01:15 (UTC+00:00), Europe/Lisbon');
    expect(wallRangeText('2027-03-28T00:45:00Z', '2027-03-28T01:15:00Z', zone, 'pt-PT')).to.equal('domingo, 28 de março de 2027, 00:45 (UTC+00:00) – 02:15 (UTC+01:00), Europe/Lisbon');
  });

  it('compare clocks by day as well as hour', () => {
    expect(clocksDiffer('2026-11-27T10:30:00Z', 'Pacific/Kiritimati', 'Pacific/Honolulu')).to.equal(true);
    expect(clocksDiffer('2026-11-27T10:30:00Z', 'Asia/Calcutta', 'Asia/Kolkata')).to.equal(false);
    expect(clocksDiffer('2026-10-25T00:30:00Z', 'Europe/Lisbon', 'Europe/London')).to.equal(false);
  });

  it('write prices as the reader does', () => {
    expect(priceText(2250, 'EUR', 'pt-PT')).to.equal('22,50\u00a0€');
    expect(priceText(2250, 'EUR', 'en-GB')).to.equal('€22.50');
    expect(priceText(0, 'EUR', 'en-GB')).to.equal('€0.00');
  });
});
