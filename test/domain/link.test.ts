/**
 * Goal: a link works exactly as long as it makes sense, and its page gives nothing away. Method: every purpose in every state, and pages
 * with hostile values.
 */
import { expect } from 'chai';
import { statuses } from '../../src/domain/appointment.ts';
import { isAlive, linkPurposes, type LinkPurpose } from '../../src/domain/link.ts';
import { renderDeadPage, renderPage, type PageVisit } from '../../src/domain/page.ts';
import { pageTextsFor } from '../../src/domain/page-texts.ts';

const hour = 3_600_000;
const visit: PageVisit = {
  startsAt: '2027-05-05T10:00:00.000Z',
  endsAt: '2027-05-05T10:30:00.000Z',
  keptUntil: null,
  chooseBy: null,
  state: 'confirmed',
  shopName: 'Barbearia <Ação> & "Cª"',
  shopAddress: 'Rua 1',
  shopPhone: '+351213000111',
  shopTimeZone: 'Europe/Lisbon',
  services: ['Corte'],
  barbers: ['Tiago'],
  priceCents: 1500,
  currency: 'EUR',
  policy: 'Pode cancelar.',
};

describe('links', () => {
  const grid: Record<LinkPurpose, string[]> = {
    view: ['pending_approval', 'confirmed', 'checked_in', 'started'],
    confirm_attendance: ['confirmed'],
    reschedule: ['pending_approval', 'confirmed'],
    cancel: ['pending_approval', 'confirmed'],
    accept_offer: ['held'],
    decline_offer: ['held'],
  };
  for (const purpose of linkPurposes) {
    it(`to ${purpose}, work in ${grid[purpose].join(', ')}, and in no other state`, () => {
      for (const status of statuses)
        expect(
          isAlive(purpose, { status, startsAt: hour, endsAt: 2 * hour, decideBy: status === 'confirmed' ? null : hour / 2 }, 0),
          status,
        ).to.equal(grid[purpose].includes(status));
    });
  }

  it('end with the visit, its start, or the offer, to the millisecond', () => {
    const at = (purpose: LinkPurpose, status: 'confirmed' | 'held', now: number) =>
      isAlive(purpose, { status, startsAt: hour, endsAt: 2 * hour, decideBy: status === 'held' ? hour / 2 : null }, now);
    expect([at('view', 'confirmed', 2 * hour - 1), at('view', 'confirmed', 2 * hour)]).to.deep.equal([true, false]);
    for (const purpose of ['confirm_attendance', 'reschedule', 'cancel'] as const)
      expect([at(purpose, 'confirmed', hour - 1), at(purpose, 'confirmed', hour)]).to.deep.equal([true, false]);
    expect([at('accept_offer', 'held', hour / 2 - 1), at('accept_offer', 'held', hour / 2)]).to.deep.equal([true, false]);
  });
});

describe('pages behind links', () => {
  it("show the visit in the shop's time and the reader's language, with one button that says what it does", () => {
    const page = renderPage(pageTextsFor('pt-PT', 'en'), { purpose: 'cancel', visit, form: { note: 'Já é tarde.' } });
    expect(page)
      .to.include('<html lang="pt-PT">')
      .and.include('<dd>quarta-feira, 5 de maio de 2027, 11:00–11:30 (Europe/Lisbon, UTC+01:00)</dd>')
      .and.include('Barbearia &lt;Ação&gt; &amp; &quot;Cª&quot;');
    expect(page.match(/<button/g)).to.have.length(1);
    expect(page)
      .to.include('<form method="post"><button type="submit" class="grave">Cancelar a marcação</button></form>')
      .and.not.include('<script');
  });

  it('to move a visit, offer its times as choices, later days and any barber', () => {
    const choice = {
      slots: ['2027-05-06T09:00:00Z'],
      timeZone: 'Europe/Lisbon',
      from: '2027-05-06',
      laterHref: '?from=2027-05-13',
      anyHref: '?from=2027-05-06&any=1',
      any: false,
    };
    const page = renderPage(pageTextsFor('en', 'pt'), { purpose: 'reschedule', visit, form: { choice } });
    expect(page)
      .to.include(
        '<fieldset><legend>Thursday, 6 May 2027 (Europe/Lisbon, UTC+01:00)</legend>' +
          '<label><input type="radio" name="startsAt" value="2027-05-06T09:00:00Z" required> 10:00</label></fieldset>',
      )
      .and.include('href="?from=2027-05-06&amp;any=1"');
    const repeated = renderPage(pageTextsFor('en', 'pt'), {
      purpose: 'reschedule',
      visit,
      form: { choice: { ...choice, slots: ['2027-10-31T00:30:00Z', '2027-10-31T01:30:00Z'] } },
    });
    expect([...repeated.matchAll(/<legend>(.*?)<\/legend>/g)].map(([, day]) => day)).to.deep.equal([
      'Sunday, 31 October 2027 (Europe/Lisbon, UTC+01:00)',
      'Sunday, 31 October 2027 (Europe/Lisbon, UTC+00:00)',
    ]);
    expect(renderPage(pageTextsFor('en', 'pt'), { purpose: 'reschedule', visit, form: { choice: { ...choice, slots: [] } } }))
      .to.include('There is no free time in these days.')
      .and.not.include('type="radio"')
      .and.not.include('method="post"');
  });

  it('of a visit that cannot take place as booked, say so and until when; of an offer that the shop must approve, no more than that', () => {
    const must = renderPage(pageTextsFor('en', 'pt'), { purpose: 'view', visit: { ...visit, state: 'choose', chooseBy: visit.startsAt } });
    expect(must)
      .to.include('It cannot take place as booked. Please choose another time.')
      .and.include('If you choose nothing, it is cancelled on</dt><dd>Wednesday, 5 May 2027, 11:00')
      .and.not.include('Confirmed');
    const asked = renderPage(pageTextsFor('en', 'pt'), {
      purpose: 'accept_offer',
      visit: { ...visit, state: 'pending_approval' },
      done: true,
    });
    expect(asked).to.include('The time is kept for you until the shop answers.').and.not.include('is yours');
  });

  it('of a refusal, say why and whom to call; of a dead link, nothing of what it was', () => {
    expect(renderPage(pageTextsFor('en', 'pt'), { purpose: 'cancel', visit, refusal: 'cancel_too_late' }))
      .to.include('It is too late to cancel here. You can call the shop: +351213000111.')
      .and.not.include('<button');
    expect(renderDeadPage(pageTextsFor('de', 'pt')))
      .to.include('Esta ligação já não funciona')
      .and.not.include('Barbearia');
  });
});
