/**
 * Goal: customers see to their appointment by the links in their mails, and nobody else can. Method: read real mails, follow their links as
 * a browser does.
 */
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

type PageAnswer = { status: number; text: string; headers: Headers };

describe('self-service', () => {
  let engine: Engine;
  let network: TestNetwork;
  let aheadMs = 0;

  before(async () => {
    engine = await startEngine({
      env: { ANSWER_WITHIN_MS: '60000', PUBLIC_URL: 'https://bookings.example/' },
      deps: { now: () => new Date(Date.now() + aheadMs) },
    });
  });
  after(() => engine.stop());
  beforeEach(() => open());

  const open = async (wishes: NetworkWishes = {}) => {
    aheadMs = 0;
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const post = (path: string, body?: unknown): Promise<Answer> => engine.call(network.apiKey, 'POST', path, body);
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const booked = async (wishes: object = {}): Promise<string> => {
    const answer = await book(engine, network, { ...wishes });
    expect(answer.status, answer.text).to.equal(201);
    return answer.body.id;
  };
  /** The links of a mail, by what they are called there. */
  async function linksOf(id: string, kind: string): Promise<Record<string, string>> {
    const mails = await eventually(
      () => mailsOf(id),
      (found) => found.some(({ headers }) => headers['x-punctual-kind'] === kind),
    );
    const { text } = mails.findLast(({ headers }) => headers['x-punctual-kind'] === kind)!;
    return Object.fromEntries(
      [...text.matchAll(/^(.+)\n(https:\/\/bookings\.example\/visit\/[\w-]{43})$/gm)].map(([, name, url]) => [
        name!,
        new URL(url!).pathname,
      ]),
    );
  }
  async function visit(path: string, form?: Record<string, string>): Promise<PageAnswer> {
    const response = await fetch(`${engine.url}${path}`, form && { method: 'POST', body: new URLSearchParams(form) });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }
  const slotsOf = ({ text }: PageAnswer): string[] => [...text.matchAll(/name="startsAt" value="([^"]+)"/g)].map(([, at]) => at!);

  it('a mail of confirmation, has links to see, move and cancel; looking at them changes nothing and needs no account', async () => {
    const id = await booked();
    const links = await linksOf(id, 'confirmation_customer');
    expect(Object.keys(links)).to.deep.equal(['Ver a marcação', 'Mudar a hora', 'Cancelar']);

    for (const path of Object.values(links)) {
      const page = await visit(path);
      expect(page.status).to.equal(200);
      expect(page.headers.get('cache-control')).to.equal('no-store');
      expect(page.headers.get('referrer-policy')).to.equal('no-referrer');
      expect(page.headers.get('content-security-policy')).to.include("default-src 'none'");
      expect(page.text).to.include('Barbearia Ação').and.not.include('Söderberg').and.not.include('ana.');
      expect((await fetch(`${engine.url}${path}`, { method: 'HEAD' })).status).to.equal(200);
    }
    expect((await read(id)).version).to.equal(1);
    expect((await visit(links['Ver a marcação']!, {})).status, 'a link to look at does nothing').to.equal(200);
    expect((await read(id)).version).to.equal(1);
  });

  it('a customer, cancelling by the link, has cancelled; the event says by which way, the links die, the time is free', async () => {
    const id = await booked();
    const links = await linksOf(id, 'confirmation_customer');
    const page = await visit(links.Cancelar!, {});

    expect([page.status, page.text.includes('A sua marcação foi cancelada.')]).to.deep.equal([200, true]);
    expect(await read(id)).to.deep.include({ status: 'cancelled', ended: { by: 'customer', reason: 'customer_asked', late: false } });
    const events = (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/events`)).body.items;
    expect(events.at(-1)).to.include({ kind: 'cancelled', source: 'link', actor: 'customer' });
    for (const path of Object.values(links)) {
      for (const form of [undefined, {}]) {
        const dead = await visit(path, form);
        expect([dead.status, dead.text.includes('Barbearia')]).to.deep.equal([410, false]);
      }
    }
    await booked();
  });

  it('a customer, moving by the link, chooses a free time with the same barber, hears of it, and the links go on working for the new time', async () => {
    const id = await booked();
    const { 'Mudar a hora': path } = await linksOf(id, 'confirmation_customer');
    const slots = slotsOf(await visit(path!));
    expect(slots.length).to.be.within(40, 80);
    expect(slots).to.not.include(network.at('10:00'));
    const wanted = network.at('16:00', 2);
    const later = await visit(`${path}?from=${addDays(toWall(Date.now(), network.timeZone).date, 2)}`);
    expect(slotsOf(later)).to.include(wanted);

    const page = await visit(path!, { startsAt: wanted });
    expect([page.status, page.text.includes('A sua marcação foi alterada.')]).to.deep.equal([200, true]);
    expect(await read(id)).to.include({ startsAt: wanted, version: 2, barberId: network.barberIds[0] });
    const again = await linksOf(id, 'rescheduled_customer');
    expect(again['Mudar a hora']).to.equal(path);
    aheadMs = Date.parse(network.at('10:00')) - Date.now() + 60_000;
    expect((await visit(path!)).status, 'after the old time').to.equal(200);
  });

  it('a time that was taken meanwhile, chosen, moves nothing and shows the others; one that is no time at all asks to choose', async () => {
    const id = await booked();
    const { 'Mudar a hora': path } = await linksOf(id, 'confirmation_customer');
    await booked({ startsAt: network.at('16:00') });

    const taken = await visit(path!, { startsAt: network.at('16:00') });
    expect([taken.status, taken.text.includes('acabou de ser ocupada')]).to.deep.equal([409, true]);
    expect(slotsOf(taken)).to.include(network.at('17:00')).and.not.include(network.at('16:00'));
    for (const form of [{}, { startsAt: 'tomorrow' }] as Record<string, string>[]) expect((await visit(path!, form)).status).to.equal(400);
    expect((await visit(path!, { startsAt: network.at('03:00') })).status).to.equal(409);
    expect((await read(id)).version).to.equal(1);
  });

  it('a customer who widens the choice, may get another barber', async () => {
    await open({ barbers: 2 });
    const id = await booked();
    const { 'Mudar a hora': path } = await linksOf(id, 'confirmation_customer');
    await booked({ startsAt: network.at('16:00') });
    expect(slotsOf(await visit(`${path}?any=1&from=${network.at('10:00').slice(0, 10)}`))).to.include(network.at('16:00'));
    expect((await visit(path!, { startsAt: network.at('16:00'), any: '1' })).status).to.equal(200);
    expect(await read(id)).to.include({ startsAt: network.at('16:00'), barberId: network.barberIds[1] });
  });

  it('a long day, of which a page has many times, shows them all, and any day can be gone to', async () => {
    await open({ hours: everyDay(480, 1320), settings: { slotStepMinutes: 5 } });
    const id = await booked();
    const { 'Mudar a hora': move } = await linksOf(id, 'confirmation_customer');
    const day = toWall(Date.parse(network.at('10:00', 5)), network.timeZone).date;
    const page = await visit(`${move}?from=${day}`);
    const times = slotsOf(page);
    expect(times).to.have.length(163);
    expect([times[0], times.at(-1)]).to.deep.equal([network.at('08:00', 5), network.at('21:30', 5)]);
    const next = /href="(\?from=[^"]+)"/.exec(page.text)![1]!;
    expect(slotsOf(await visit(`${move}${next}`))[0]).to.equal(network.at('08:00', 6));
    expect(page.text).to.include(`<input type="date" name="from" value="${day}"`);
  });

  it('what cannot be done any more, is said before the button, which is not there', async () => {
    await open({ settings: { cancelCutoffMinutes: 120, lateCancel: 'refuse', rescheduleCutoffMinutes: 120 } });
    const id = await booked();
    const { 'Mudar a hora': move, Cancelar: cancel } = await linksOf(id, 'confirmation_customer');
    aheadMs = Date.parse(network.at('10:00')) - 60 * 60_000 - Date.now();
    for (const [path, said] of [
      [move, 'Já é tarde para mudar a hora aqui.'],
      [cancel, 'Já é tarde para cancelar aqui.'],
    ]) {
      const page = await visit(path!);
      expect(page.text).to.include(said).and.include('+351500000001').and.not.include('<button');
    }
  });

  it('a visit that cannot take place as booked, is shown as that, and nobody is asked whether they come', async () => {
    const id = await booked();
    const { 'Ver a marcação': view } = await linksOf(id, 'confirmation_customer');
    const hand = await post(`/v1/appointments/${id}/links`, { purpose: 'confirm_attendance' });
    const date = toWall(Date.parse(network.at('10:00')), network.timeZone).date;
    expect((await post('/v1/relocations', { shopId: network.shopId, date, mode: 'offer', reason: 'shop_closed' })).status).to.be.within(
      200,
      202,
    );
    await eventually(
      () => mailsOf(id),
      (found) => found.some(({ headers }) => headers['x-punctual-kind'] === 'choose_customer'),
    );
    expect((await visit(view!)).text)
      .to.include('Não pode realizar-se como estava marcada')
      .and.not.include('Confirmada');
    expect((await visit(new URL(hand.body.url).pathname)).status).to.equal(410);
    const mail = (await mailsOf(id)).find(({ headers }) => headers['x-punctual-kind'] === 'choose_customer')!;
    expect(mail.text).to.include('Se nada escolher, é cancelada a: ');
  });

  it('a link, used for what it is not, or made up, does nothing', async () => {
    const id = await booked();
    const links = await linksOf(id, 'confirmation_customer');
    await visit(links['Ver a marcação']!, { startsAt: network.at('16:00'), purpose: 'cancel', action: 'cancel' });
    await visit(
      links.Cancelar!.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      {},
    );
    for (const path of ['/visit/x', `/visit/${'x'.repeat(43)}`, `/visit/${id}`]) expect((await visit(path, {})).status).to.equal(410);
    expect(await read(id)).to.include({ status: 'confirmed', version: 1 });
    expect((await fetch(`${engine.url}${links.Cancelar}`, { method: 'DELETE' })).status).to.equal(404);
  });

  it('policies, bind the customer here as elsewhere, and the page says whom to call', async () => {
    await open({ settings: { cancelCutoffMinutes: 120, lateCancel: 'refuse', rescheduleCutoffMinutes: 120 } });
    const id = await booked();
    const links = await linksOf(id, 'confirmation_customer');
    aheadMs = Date.parse(network.at('10:00')) - Date.now() - 60 * 60_000;

    const [cancel, move] = [await visit(links.Cancelar!, {}), await visit(links['Mudar a hora']!, { startsAt: network.at('16:00') })];
    expect([cancel.status, cancel.text.includes('tarde para cancelar'), cancel.text.includes('+351500000001')]).to.deep.equal([
      409,
      true,
      true,
    ]);
    expect([move.status, move.text.includes('tarde para mudar')]).to.deep.equal([409, true]);
    expect((await read(id)).version).to.equal(1);
  });

  it('a late cancellation, where it counts, is announced before the button', async () => {
    await open({ settings: { cancelCutoffMinutes: 10_000, lateCancel: 'count' } });
    const { Cancelar: path } = await linksOf(await booked(), 'confirmation_customer');
    expect((await visit(path!)).text).to.include('conta como cancelamento tardio');
  });

  it('a reminder, asks whether the customer comes; the answer is noted once', async () => {
    await open({ settings: { reminderLeadMinutes: [7 * 1440] } });
    const id = await booked({ startsAt: network.at('10:00', 7), customer: customer({ locale: 'en-GB' }) });
    await engine.database.orm.em
      .fork()
      .execute(`update delivery set due_at = now() where appointment_id = ? and kind = 'reminder_customer'`, [id]);
    const issued = await post(`/v1/appointments/${id}/links`, { purpose: 'confirm_attendance' });
    const path = new URL(issued.body.url).pathname;

    expect((await visit(path)).text).to.include('Will you come?');
    for (const _ of [1, 2]) expect((await visit(path, {})).text).to.include('We look forward to seeing you.');
    const events = (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/events`)).body.items;
    expect(events.filter(({ kind }: { kind: string }) => kind === 'attendance_confirmed')).to.have.length(1);
  });

  it('an offer from the waitlist, is taken or declined by the links of its mail', async () => {
    await open({ hours: everyDay(600, 630) });
    const taken = await booked();
    const days = {
      fromDate: toWall(Date.parse(network.at('10:00')), network.timeZone).date,
      toDate: toWall(Date.parse(network.at('10:00')), network.timeZone).date,
    };
    const entries = [];
    for (let index = 0; index < 2; index += 1)
      entries.push(
        (await post('/v1/waitlist', { shopId: network.shopId, serviceId: network.serviceId, ...days, customer: customer() })).body
          .id as string,
      );
    await post(`/v1/appointments/${taken}/cancel`);
    const offered = async (entry: string) =>
      (
        await eventually(
          () => engine.call(network.apiKey, 'GET', `/v1/waitlist/${entry}`),
          ({ body }) => body.status === 'offered',
        )
      ).body.appointmentId as string;

    const first = await linksOf(await offered(entries[0]!), 'offer_customer');
    expect(Object.keys(first)).to.deep.equal(['Ficar com esta hora', 'Não, obrigado']);
    expect((await visit(first['Não, obrigado']!, {})).text).to.include('Continua à espera');
    expect((await visit(first['Ficar com esta hora']!, {})).status).to.equal(410);
    const next = await offered(entries[1]!);
    const second = await linksOf(next, 'offer_customer');
    expect((await visit(second['Ficar com esta hora']!)).text).to.include('Guardada para si até');
    expect((await visit(second['Ficar com esta hora']!, {})).text).to.include('A hora é sua.');
    expect((await read(next)).status).to.equal('confirmed');
  });

  it('links, handed out again, are those of the mail; revoked, they die, and the next ones are others', async () => {
    const id = await booked();
    const { Cancelar: path } = await linksOf(id, 'confirmation_customer');
    const hand = async () => new URL((await post(`/v1/appointments/${id}/links`, { purpose: 'cancel' })).body.url).pathname;
    expect(await hand()).to.equal(path);
    expect((await post(`/v1/appointments/${id}/links/revoke`)).body).to.deep.equal({ revoked: 3 });
    expect((await post(`/v1/appointments/${id}/links/revoke`)).body).to.deep.equal({ revoked: 0 });

    expect((await visit(path!, {})).status).to.equal(410);
    const next = await hand();
    expect(next).to.not.equal(path);
    expect((await visit(next)).status).to.equal(200);
    expectProblem(await post(`/v1/appointments/${id}/links`, { purpose: 'accept_offer' }), 'not_allowed');
    expectProblem(await post(`/v1/appointments/${id}/links`, { purpose: 'steal' }), 'invalid_request', ['/purpose']);
  });

  it('no table, has a token of any link', async () => {
    const id = await booked();
    const tokens = Object.values(await linksOf(id, 'confirmation_customer')).map((path) => path.split('/').at(-1)!);
    await post(`/v1/appointments/${id}/links`, { purpose: 'view' });
    const em = engine.database.orm.em.fork();
    const tables = await em.execute<{ name: string }[]>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables) {
      for (const token of tokens)
        expect(await em.execute(`select 1 from ${name} t where t::text like ?`, [`%${token}%`]), name).to.deep.equal([]);
    }
  });

  it('a flood of guesses from one address, is stopped', async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => visit(`/visit/${'y'.repeat(43)}`)));
    expect(answers.filter(({ status }) => status === 429).length).to.be.above(0);
  });
});
