/**
 * Goal: no rule edit hits a booked visit in silence. Method: book, try each edit as a dry run, then make it: the same visits are listed,
 * once.
 */
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book } from '../support/booking.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

type Edit = { method: string; path: string; body?: unknown; version?: number };

const weekly = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }));
const date = (network: TestNetwork, days = 1) => addDays(toWall(Date.now(), network.timeZone).date, days);
const barber = (network: TestNetwork) => `/v1/barbers/${network.barberIds[0]}`;
const hours = (network: TestNetwork) => `${barber(network)}/hours/${network.shopId}`;

/** Edits that hit the first barber's visit tomorrow at 10:00, and the rule that refuses it then. */
const edits: Record<string, [code: string, edit: (network: TestNetwork) => Edit]> = {
  'a shorter shift': [
    'outside_working_hours',
    (n) => ({ method: 'PUT', path: hours(n), body: { periods: [{ hours: weekly('12:00', '20:00') }] }, version: 1 }),
  ],
  'a break': [
    'on_break',
    (n) => ({
      method: 'PUT',
      path: hours(n),
      body: { periods: [{ hours: weekly('08:00', '20:00'), breaks: weekly('10:15', '11:00') }] },
      version: 1,
    }),
  ],
  'a period that ends today': [
    'outside_working_hours',
    (n) => ({ method: 'PUT', path: hours(n), body: { periods: [{ toDate: date(n, 0), hours: null }] }, version: 1 }),
  ],
  'leaving the shop': ['outside_working_hours', (n) => ({ method: 'DELETE', path: hours(n), version: 1 })],
  'other hours on the date': [
    'outside_working_hours',
    (n) => ({ method: 'PUT', path: `${hours(n)}/exceptions/${date(n)}`, body: { hours: [{ from: '10:15', to: '20:00' }] }, version: 0 }),
  ],
  'a sick day': [
    'time_off',
    (n) => ({ method: 'POST', path: `${barber(n)}/time-off`, body: { fromDate: date(n), toDate: date(n), reason: 'Doente' } }),
  ],
  'an hour off': [
    'time_off',
    (n) => ({ method: 'POST', path: `${barber(n)}/time-off`, body: { startsAt: n.at('09:15'), endsAt: n.at('10:15') } }),
  ],
  'archiving the barber': ['outside_working_hours', (n) => ({ method: 'DELETE', path: barber(n), version: 1 })],
  'not giving the service': [
    'service_not_offered',
    (n) => ({ method: 'PUT', path: `${barber(n)}/services/${n.serviceId}`, body: { offered: false }, version: 0 }),
  ],
};

describe('appointments hit by an edit', () => {
  let engine: Engine;
  let network: TestNetwork;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
  });

  const call = ({ method, path, body, version }: Edit, query = ''): Promise<Answer> =>
    engine.call(network.apiKey, method, `${path}${query}`, body, version === undefined ? {} : { 'if-match': `"${version}"` });
  const offer = async () =>
    (
      await call({ method: 'GET', path: `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${date(network)}` })
    ).headers.get('etag');
  const hitOf = ({ body }: Answer, code: string) => ({
    appointmentId: body.id,
    shopId: network.shopId,
    serviceId: network.serviceId,
    barberId: body.barberId,
    startsAt: body.startsAt,
    endsAt: body.endsAt,
    code,
  });

  for (const [what, [code, edit]] of Object.entries(edits)) {
    it(`${what}, tried, lists the visit and changes nothing; made, lists it again, and leaves it as it is`, async () => {
      const booked = await book(engine, network);
      await book(engine, network, { startsAt: network.at('14:00') });
      await book(engine, network, { barberId: network.barberIds[1] });
      const gone = [
        'archiving the barber',
        'leaving the shop',
        'a period that ends today',
        'a sick day',
        'not giving the service',
      ].includes(what);
      const offered = await offer();

      const tried = await call(edit(network), '?dryRun=true');
      expect(tried.status, tried.text).to.equal(200);
      expect(tried.body.appointmentsHit[0]).to.deep.equal(hitOf(booked, code));
      expect([
        tried.body.dryRun,
        tried.body.appointmentsHitTotal,
        tried.body.appointmentsHit.length,
        tried.headers.get('etag'),
      ]).to.deep.equal([true, gone ? 2 : 1, gone ? 2 : 1, null]);
      expect(await offer(), 'what is offered').to.equal(offered);

      const made = await call(edit(network));
      expect([made.status, made.body.dryRun], made.text).to.deep.equal([edit(network).method === 'POST' ? 201 : 200, false]);
      expect(made.body.appointmentsHit).to.deep.equal(tried.body.appointmentsHit);
      expect(await offer()).to.not.equal(offered);
      const kept = await call({ method: 'GET', path: `/v1/appointments/${booked.body.id}` });
      expect(kept.body).to.include({ status: 'confirmed', version: 1 });
    });
  }

  it('archiving the service, hits the visits of every barber', async () => {
    const booked = [
      await book(engine, network),
      await book(engine, network, { barberId: network.barberIds[1], startsAt: network.at('11:00') }),
    ];
    const archived = await call({ method: 'DELETE', path: `/v1/services/${network.serviceId}`, version: 1 });
    expect(archived.body, archived.text).to.deep.equal({
      dryRun: false,
      appointmentsHit: booked.map((each) => hitOf(each, 'service_not_offered')),
      appointmentsHitTotal: 2,
    });
  });

  it('a second edit, lists what it refuses for another reason than before, and nothing else; one that is taken back lists nothing', async () => {
    const booked = await book(engine, network);
    const sick = await call({
      method: 'POST',
      path: `${barber(network)}/time-off`,
      body: { fromDate: date(network), toDate: date(network) },
    });
    expect(sick.body.appointmentsHitTotal).to.equal(1);

    const longer = await call({
      method: 'PUT',
      path: `${barber(network)}/time-off/${sick.body.id}`,
      body: { fromDate: date(network), toDate: date(network, 9) },
      version: 1,
    });
    expect([longer.status, longer.body.appointmentsHit]).to.deep.equal([200, []]);
    const shorter = await call({
      method: 'PUT',
      path: hours(network),
      body: { periods: [{ hours: weekly('12:00', '20:00') }] },
      version: 1,
    });
    expect([shorter.status, shorter.body.appointmentsHit]).to.deep.equal([200, [hitOf(booked, 'outside_working_hours')]]);
    expect(
      (await call({ method: 'DELETE', path: `${barber(network)}/time-off/${sick.body.id}`, version: 2 })).body.appointmentsHit,
    ).to.deep.equal([]);
  });

  it('a new length, price, buffer or cap, hits nothing: what is booked keeps its terms', async () => {
    await book(engine, network);
    const service = { name: 'Corte', durationMinutes: 720, priceCents: 9000, settings: { bufferBeforeMinutes: 240 } };
    expect(
      (await call({ method: 'PUT', path: `/v1/services/${network.serviceId}`, body: service, version: 1 })).body.appointmentsHit,
    ).to.deep.equal([]);
    const caps = { name: 'Zé', locale: 'pt', settings: { maxVisitsPerBarberDay: 1, minimumNoticeMinutes: 43_200 } };
    expect((await call({ method: 'PUT', path: barber(network), body: caps, version: 1 })).body.appointmentsHit).to.deep.equal([]);
  });

  it('visits that were cancelled, or are over, are not hit', async () => {
    const {
      body: { id },
    } = await book(engine, network);
    await call({ method: 'POST', path: `/v1/appointments/${id}/cancel` });
    expect((await call({ method: 'DELETE', path: barber(network), version: 1 })).body.appointmentsHit).to.deep.equal([]);
  });

  it('a dry run of what is refused, is refused alike, and any other word than true or false is a fault', async () => {
    const { method, path } = edits['leaving the shop']![1](network);
    expectProblem(await call({ method, path, version: 7 }, '?dryRun=true'), 'precondition_failed');
    expectProblem(await call({ method, path, version: 1 }, '?dryRun=yes'), 'invalid_request', ['dryRun']);
    expectProblem(await call({ method: 'POST', path: `${barber(network)}/time-off`, body: {} }, '?dryRun=true'), 'invalid_request', [
      '/startsAt',
    ]);
  });
});
