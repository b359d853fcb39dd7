/**
 * Goal: what a mail may tell besides is told whole (links, the time before, what is kept, why), what is missing leaves no gap, and no value
 * breaks out of its place. Method: sentences written by hand; hostile values by hand and by fast-check.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { messageKinds as kinds, type MessageKind } from '../../src/domain/effects.ts';
import { renderMessage, type MessageView } from '../../src/domain/message.ts';
import { policyOf } from '../../src/domain/policy.ts';
import { several, shown, told, view } from '../support/message-view.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

describe('messages', () => {
  it("links, told, are named in the reader's language, whole in the text and as buttons in the HTML, and nobody is asked to call", () => {
    const links = (['view', 'cancel'] as const).map((purpose) => ({ purpose, url: `https://bookings.example/visit/${purpose}-"><b>` }));
    const { text, html } = renderMessage('confirmation_customer', { ...view, links }, 'pt-PT');

    expect(text)
      .to.include(
        '\n\nVer a marcação\nhttps://bookings.example/visit/view-"><b>\n\nCancelar\nhttps://bookings.example/visit/cancel-"><b>\n\n',
      )
      .and.not.include('ligue');
    expect(html).to.include('<a href="https://bookings.example/visit/view-&quot;&gt;&lt;b&gt;" style=').and.include('>Cancelar</a>');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('a move, told, says when the visit was to be before, and why the shop moved it', () => {
    const { text, html } = renderMessage('rescheduled_customer', { ...view, before: '2026-11-26T15:00:00.000Z', why: 'illness' }, 'en-GB');

    expect(text)
      .to.include('Your appointment at Barbearia do Chiado has been moved. Somebody has fallen ill.\n')
      .and.include('Before: Thursday, 26 November 2026, 15:00 (Europe/Lisbon, UTC+00:00)\n');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('what is kept for a while, told, says until when, and what is agreed by taking it', () => {
    const policy = policyOf({ cancelCutoffMinutes: 1440, lateCancel: 'refuse', noShowGraceMinutes: 15 });
    const { text, html } = renderMessage('offer_customer', { ...view, keptUntil: '2026-11-25T18:30:00.000Z', policy }, 'pt-PT');

    expect(text)
      .to.include('Guardada para si até: quarta-feira, 25 de novembro de 2026, 18:30 (Europe/Lisbon, UTC+00:00)\n')
      .and.include('Pode cancelar até 1 dia antes da visita; depois disso, ligue por favor para a loja.')
      .and.include('Guardamos a sua cadeira durante 15 minutos.');
    expect(shown(html)).to.deep.equal(told(text));
  });

  it('keeps its sentences whole where a fact is missing', () => {
    const bare = { ...view, shopPhone: null, priceCents: null, barberName: null, customerName: '' };
    const lost = renderMessage('confirmation_customer', bare, 'en');
    expect(lost.text)
      .to.match(/^Hello,\n/)
      .and.not.match(/Phone|Price|Barber:|call/);
    expect(renderMessage('confirmation_barber', bare, 'pt').text).to.include('Tem uma nova marcação: Um cliente.');
    expect(renderMessage('refusal_customer', { ...view, reasonCode: 'undecided', nearest: [] }, 'en').text)
      .to.include('Please book again.')
      .and.not.include('Free times');
  });

  it('keeps hostile values in their place', () => {
    const hostile = '</td><script>alert("1 & \'2\'")</script>\r\nBcc: all@example.org\u2028Preço: 0\u202e';
    const { subject, text, html } = renderMessage(
      'confirmation_customer',
      { ...view, shopName: hostile, serviceName: hostile, customerName: hostile, barberName: hostile, shopAddress: hostile },
      'pt',
    );
    expect(subject).to.equal(
      'Marcação confirmada: 27 de novembro de 2026, 10:30 (Europe/Lisbon), </td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0',
    );
    expect(text).to.include('\nServiço: </td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0\nBarbeiro: ');
    expect(html).not.to.include('<script');
    expect(html).to.include('&lt;/td&gt;&lt;script&gt;alert(&quot;1 &amp; &#39;2&#39;&quot;)&lt;/script&gt; Bcc');
    expect(shown(html)).to.include('</td><script>alert("1 & \'2\'")</script> Bcc: all@example.org Preço: 0');
  });

  it('has the same lines and tags for any value', () => {
    const shape = (kind: MessageKind, given: MessageView) => {
      const { subject, text, html } = renderMessage(kind, given, 'en');
      return {
        subjectFaults: /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u.test(subject),
        lines: text.split(/[\n\r\u0085\u2028\u2029]/).length,
        tags: html.match(/<[^>]*>/g)?.map((tag) => tag.split(' ')[0]),
      };
    };
    const plain = new Map(kinds.map((kind) => [kind, shape(kind, view)]));
    const plainList = new Map(kinds.map((kind) => [kind, shape(kind, several)]));
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), { minLength: 5, maxLength: 5 }),
        (kind, values) => {
          const [shopName = '', shopAddress = '', serviceName = '', barberName = '', customerName = ''] = values.map(
            (value) => `${value}x`,
          );
          expect(shape(kind, { ...view, shopName, shopAddress, serviceName, barberName, customerName })).to.deep.equal(plain.get(kind));
          expect(shape(kind, { ...several, parts: several.parts!.map((part) => ({ ...part, serviceName, barberName })) })).to.deep.equal(
            plainList.get(kind),
          );
        },
      ),
      { numRuns: 300 },
    );
    expect(shape('confirmation_customer', { ...view, serviceName: 'a\ud83d' })).to.deep.equal(plain.get('confirmation_customer'));
  });
});
