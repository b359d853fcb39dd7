/**
 * Goal: a text costs what we say it costs, reads well in 7 bits, and never loses its link. Method: the limits of 3GPP TS 23.038 by hand;
 * texts from the very templates.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { messageKinds } from '../../src/domain/effects.ts';
import { renderMessage } from '../../src/domain/message.ts';
import { countSegments, smsText } from '../../src/domain/sms-text.ts';
import { sampleView } from '../../src/dev/sample-view.ts';

if (process.env.FC_SEED) fc.configureGlobal({ seed: Number(process.env.FC_SEED) });

const link = (name: string) => ({ name, url: `https://bookings.example/visit/${name.padEnd(43, 'x')}` });
const fold = (text: string): string => smsText(text, '', [], 'confirmation_customer');

describe('sms text', () => {
  it('of plain letters, counts 160 alone and 153 in each of several', () => {
    for (const [length, segments] of [
      [0, 1],
      [160, 1],
      [161, 2],
      [306, 2],
      [307, 3],
      [459, 3],
      [460, 4],
    ] as const)
      expect(countSegments('a'.repeat(length)), `${length}`).to.equal(segments);
    expect(countSegments('£Çéàñ\n@Ω'.repeat(20))).to.equal(1);
  });

  it('never divides what takes two places between two SMS', () => {
    expect(countSegments(`${'a'.repeat(152)}€${'a'.repeat(152)}`)).to.equal(3);
    expect(countSegments(`${'ã'.repeat(66)}💈${'ã'.repeat(66)}`)).to.equal(3);
  });

  it('with characters of the extension table, counts each of them twice', () => {
    for (const each of '^{}\\[~]|€') {
      expect(countSegments(each.repeat(80)), each).to.equal(1);
      expect(countSegments(each.repeat(81)), each).to.equal(2);
    }
    expect(countSegments(`${'a'.repeat(158)}€`)).to.equal(1);
    expect(countSegments(`${'a'.repeat(159)}€`)).to.equal(2);
  });

  it('with one character that 7 bits cannot carry, counts 70 alone and 67 in each of several', () => {
    for (const [length, segments] of [
      [69, 1],
      [70, 2],
      [133, 2],
      [134, 3],
    ] as const)
      expect(countSegments(`ã${'a'.repeat(length)}`), `${length}`).to.equal(segments);
    expect(countSegments('漢'.repeat(70))).to.equal(1);
    expect(countSegments('漢'.repeat(71))).to.equal(2);
  });

  it('with surrogate pairs, counts both halves', () => {
    expect(countSegments('😀'.repeat(35))).to.equal(1);
    expect(countSegments('😀'.repeat(36))).to.equal(2);
    expect(countSegments(`${'a'.repeat(68)}😀`)).to.equal(1);
    expect(countSegments(`${'a'.repeat(69)}😀`)).to.equal(2);
  });

  it('in Portuguese, loses the accents that cost and keeps those that do not', () => {
    expect(fold('Marcação às 10h, não há vaga: João, Açores, É já, Ílhavo, Vêm, põe, único')).to.equal(
      'Marcacao às 10h, nao ha vaga: Joao, Acores, É ja, Ilhavo, Vem, poe, unico',
    );
    expect(fold('Conceição – “Corte”, 1.º andar, 15,00\u00a0€…')).to.equal('Conceicao - "Corte", 1.o andar, 15,00 €...');
    expect(countSegments(fold('Marcação confirmada: '.repeat(7)))).to.equal(1);
  });

  it('in another script, stays as it is', () => {
    expect(fold('Иван, 漢字, 😀')).to.equal('Иван, 漢字, 😀');
  });

  it('of every kind, as the templates make it, fits three segments and has its links whole', () => {
    for (const kind of messageKinds) {
      for (const locale of ['pt-PT', 'en-GB']) {
        const view = sampleView(kind, 'https://bookings.example');
        const { sms } = renderMessage(kind, view, locale);
        expect(countSegments(sms), sms).to.be.at.most(3);
        for (const { url } of (view.links ?? []).slice(0, kind === 'offer_customer' ? 2 : 1)) expect(sms.split(/\s/), kind).to.include(url);
      }
    }
  });

  it('of an offer, keeps both links; of others, the first alone', () => {
    const links = [link('take'), link('leave'), link('other')];
    const [take, leave] = links.map(({ url }) => url);
    expect(smsText('A time has come free', '', links, 'offer_customer').split('\n')).to.deep.equal([
      'A time has come free',
      `take: ${take}`,
      `leave: ${leave}`,
    ]);
    expect(smsText('Booked', '', links, 'confirmation_customer').split('\n')).to.deep.equal(['Booked', `take: ${take}`]);
  });

  it('with a reason that makes it too long, drops the reason and the names of the links first', () => {
    expect(smsText('Moved', 'because '.repeat(60), [link('see')], 'rescheduled_customer').split('\n')).to.deep.equal([
      'Moved',
      link('see').url,
    ]);
  });

  it('of a shop with a very long name, is cut, and keeps every link whole', () => {
    const links = [link('take'), link('leave')];
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 0, maxLength: 900 }),
        fc.constantFrom('offer_customer', 'reminder_customer'),
        (name, kind) => {
          const text = smsText(`Reminder: ${name}`, '', links, kind);
          expect(countSegments(text)).to.be.at.most(3);
          for (const { url } of links.slice(0, kind === 'offer_customer' ? 2 : 1))
            expect(text.split('\n').some((line) => line.endsWith(url))).to.equal(true);
        },
      ),
    );
    expect(smsText('N'.repeat(800), '', links, 'offer_customer').split('\n'))
      .to.have.lengthOf(3)
      .and.include(links[0]!.url)
      .and.include(links[1]!.url);
  });

  it('names the zone only to a reader whose clock differs', () => {
    const text = (customerTimeZone: string) =>
      renderMessage(
        'confirmation_customer',
        { ...sampleView('confirmation_customer', 'https://bookings.example'), shopTimeZone: 'Europe/Lisbon', customerTimeZone },
        'pt-PT',
      ).sms;
    expect(text('Europe/Lisbon')).to.not.include('Europe/Lisbon');
    expect(text('America/New_York')).to.include('(Europe/Lisbon)');
  });

  it('of a time that the clock shows twice, tells which of the two', () => {
    const at = (startsAt: string, customerTimeZone = 'Europe/Lisbon') => {
      const view = { ...sampleView('reminder_customer', 'https://bookings.example'), shopTimeZone: 'Europe/Lisbon', customerTimeZone };
      const { sms, subject } = renderMessage('reminder_customer', { ...view, startsAt }, 'en-GB');
      return [sms, subject].map((text) => /2026, (.*?\))?/.exec(text)![1]);
    };
    expect(at('2026-10-25T00:30:00Z')).to.deep.equal(['01:30 (UTC+01:00)', '01:30 (Europe/Lisbon, UTC+01:00)']);
    expect(at('2026-10-25T01:30:00Z')).to.deep.equal(['01:30 (UTC+00:00)', '01:30 (Europe/Lisbon, UTC+00:00)']);
    expect(at('2026-10-25T01:30:00Z', 'Asia/Tokyo')[0]).to.equal('01:30 (Europe/Lisbon, UTC+00:00)');
    expect(at('2026-10-25T02:00:00Z')).to.deep.equal([undefined, '02:00 (Europe/Lisbon)']);
  });
});
