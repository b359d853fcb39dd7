/**
 * Goal: no edit of a shop, the network or its holidays hits a booked visit in silence. Method: book, try each edit as a dry run, then make
 * it.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { book } from '../support/booking.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';

type Edit = { method: string; path: string; body?: unknown; version?: number };

const date = (network: TestNetwork, days = 1) => addDays(toWall(Date.now(), network.timeZone).date, days);
const weekly = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }));
const shop = (network: TestNetwork) => `/v1/shops/${network.shopId}`;
const fields = { slug: 'main', name: 'Ação', address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt-PT' };
const own = '/v1/holiday-sets/own';
const onDay = (network: TestNetwork) => ({ name: 'Own', days: [{ name: 'Dia', date: date(network) }] });
const closing = (network: TestNetwork, days = 1): Edit => ({
  method: 'POST',
  path: `${shop(network)}/closures`,
  body: { fromDate: date(network), toDate: date(network, days) },
});

type Case = {
  /** What must be there before, in this order. */
  given?: (network: TestNetwork) => Edit[];
  edit: (network: TestNetwork) => Edit;
  /** What shows the old state until the edit is made. */
  shows: (network: TestNetwork) => string;
};

/** Edits that hit tomorrow's visits from 10:00 to 11:00. */
const edits: Record<string, Case> = {
  'shorter opening hours': {
    edit: (n) => ({ method: 'PUT', path: `${shop(n)}/hours`, body: { openingHours: weekly('12:00', '20:00') }, version: 1 }),
    shows: shop,
  },
  'another time zone': {
    edit: (n) => ({ method: 'PUT', path: shop(n), body: { ...fields, timeZone: 'Pacific/Auckland' }, version: 1 }),
    shows: shop,
  },
  'archiving the shop': { edit: (n) => ({ method: 'DELETE', path: shop(n), version: 1 }), shows: shop },
  'a closure': { edit: (n) => closing(n), shows: (n) => `${shop(n)}/closures` },
  'a closure that is moved': {
    given: (n) => [{ method: 'POST', path: `${shop(n)}/closures`, body: { fromDate: date(n, 3), toDate: date(n, 3) } }],
    edit: (n) => ({ ...closing(n), method: 'PUT', path: `${shop(n)}/closures/:last`, version: 1 }),
    shows: (n) => `${shop(n)}/closures`,
  },
  'other hours on the date': {
    edit: (n) => ({
      method: 'PUT',
      path: `${shop(n)}/exceptions/${date(n)}`,
      body: { hours: [{ from: '12:00', to: '20:00' }] },
      version: 0,
    }),
    shows: (n) => `${shop(n)}/exceptions`,
  },
  "the one date's hours taken back": {
    given: (n) => [
      { method: 'PUT', path: `${shop(n)}/exceptions/${date(n)}`, body: { hours: [{ from: '08:00', to: '20:00' }] }, version: 0 },
      { method: 'PUT', path: `${shop(n)}/hours`, body: { openingHours: weekly('12:00', '20:00') }, version: 1 },
    ],
    edit: (n) => ({ method: 'DELETE', path: `${shop(n)}/exceptions/${date(n)}`, version: 1 }),
    shows: (n) => `${shop(n)}/exceptions/${date(n)}`,
  },
  "the shop's holidays": {
    given: (n) => [{ method: 'PUT', path: own, body: onDay(n), version: 0 }],
    edit: (n) => ({ method: 'PUT', path: shop(n), body: { ...fields, settings: { holidaySets: ['own'] } }, version: 1 }),
    shows: shop,
  },
  "the network's holidays": {
    given: (n) => [{ method: 'PUT', path: own, body: onDay(n), version: 0 }],
    edit: () => ({ method: 'PUT', path: '/v1/network', body: { name: 'N', settings: { holidaySets: ['own'] } }, version: 1 }),
    shows: () => '/v1/network',
  },
  'one more holiday': {
    given: () => [
      { method: 'PUT', path: own, body: { name: 'Own', days: [] }, version: 0 },
      { method: 'PUT', path: '/v1/network', body: { name: 'N', settings: { holidaySets: ['own'] } }, version: 1 },
    ],
    edit: (n) => ({ method: 'PUT', path: own, body: onDay(n), version: 1 }),
    shows: () => own,
  },
};

describe('appointments hit by an edit of the shop', () => {
  let engine: Engine;
  let network: TestNetwork;
  let last: string;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
  });

  const call = ({ method, path, body, version }: Edit, query = ''): Promise<Answer> =>
    engine.call(
      network.apiKey,
      method,
      `${path.replace(':last', last)}${query}`,
      body,
      version === undefined ? {} : { 'if-match': `"${version}"` },
    );
  const make = async (edit: Edit, query = ''): Promise<Answer> => {
    const answer = await call(edit, query);
    expect(answer.status, answer.text).to.be.within(200, 201);
    last = answer.body.id ?? last;
    return answer;
  };
  const read = async (path: string) => {
    const { status, body, headers } = await call({ method: 'GET', path });
    return { status, body, etag: headers.get('etag') };
  };
  const offer = async () =>
    (
      await call({ method: 'GET', path: `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${date(network)}` })
    ).headers.get('etag');
  const hitOf = ({ body }: Answer, code = 'shop_closed') => ({
    appointmentId: body.id,
    shopId: network.shopId,
    serviceId: network.serviceId,
    barberId: body.barberId,
    startsAt: body.startsAt,
    endsAt: body.endsAt,
    code,
  });

  for (const [what, { given, edit, shows }] of Object.entries(edits)) {
    it(`${what}, tried, lists the visits and changes nothing; made, lists them again, and leaves them as they are`, async () => {
      for (const each of given?.(network) ?? []) expect((await make(each)).body.appointmentsHit).to.deep.equal([]);
      const first = await book(engine, network);
      await book(engine, network, { startsAt: network.at('14:00', 8) });
      const before = [await read(shows(network)), await offer()];
      const far = what === 'another time zone' || what === 'archiving the shop' ? 1 : 0;

      const tried = await make(edit(network), '?dryRun=true');
      expect([tried.status, tried.body.dryRun, tried.body.appointmentsHitTotal, tried.headers.get('etag')]).to.deep.equal([
        200,
        true,
        1 + far,
        null,
      ]);
      expect(tried.body.appointmentsHit[0]).to.deep.equal(hitOf(first));
      expect([await read(shows(network)), await offer()], 'what is there').to.deep.equal(before);

      const second = await book(engine, network, { barberId: network.barberIds[1], startsAt: network.at('10:30') });
      expect(second.status, second.text).to.equal(201);
      const again = await make(edit(network), '?dryRun=true');
      expect(again.body.appointmentsHit.slice(0, 2)).to.deep.equal([hitOf(first), hitOf(second)]);

      const made = await make(edit(network));
      expect([made.status, made.body.dryRun, made.body.appointmentsHitTotal]).to.deep.equal([
        edit(network).method === 'POST' ? 201 : 200,
        false,
        2 + far,
      ]);
      expect(made.body.appointmentsHit).to.deep.equal(again.body.appointmentsHit);
      expect([await read(shows(network)), await offer()]).to.not.deep.equal(before);
      const kept = await call({ method: 'GET', path: `/v1/appointments/${first.body.id}` });
      expect(kept.body).to.include({ status: 'confirmed', version: 1 });
    });
  }

  it('a second edit, that hits nothing new, lists nothing, and nor does what is taken back; what comes up again is listed again', async () => {
    await book(engine, network);
    expect((await make(closing(network))).body.appointmentsHitTotal).to.equal(1);
    const closure = last;

    const more: Edit[] = [
      closing(network, 9),
      { method: 'PUT', path: `${shop(network)}/hours`, body: { openingHours: [] }, version: 1 },
      { method: 'PUT', path: `${shop(network)}/hours`, body: { openingHours: weekly('08:00', '20:00') }, version: 2 },
    ];
    for (const each of more) expect((await make(each)).body, each.path).to.include({ appointmentsHitTotal: 0 });
    last = closure;
    const back: Edit = { method: 'DELETE', path: `${shop(network)}/closures/:last`, version: 1 };
    expect((await make(back)).body).to.deep.equal({ dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 });
    const [longer] = (await call({ method: 'GET', path: `${shop(network)}/closures` })).body.items;
    last = longer.id;
    await make(back);
    expect((await make(closing(network))).body.appointmentsHitTotal).to.equal(1);
  });

  it('a name, an address or settings that only new visits meet, hit nothing', async () => {
    await book(engine, network);
    const settings = {
      slotStepMinutes: 240,
      minimumNoticeMinutes: 43_200,
      bookingHorizonDays: 1,
      bufferBeforeMinutes: 240,
      maxVisitsPerBarberDay: 1,
      maxUpcomingVisitsPerCustomer: 1,
      reminderLeadMinutes: [],
    };
    for (const each of [
      { method: 'PUT', path: shop(network), body: { ...fields, settings }, version: 1 },
      { method: 'PUT', path: '/v1/network', body: { name: 'N', settings }, version: 1 },
    ]) {
      expect((await make(each)).body.appointmentsHit).to.deep.equal([]);
    }
  });

  it('visits of another shop, of another network, cancelled or over, are not hit', async () => {
    const other = (await make({ method: 'POST', path: '/v1/shops', body: { ...fields, slug: 'other' } })).body.id;
    const {
      body: { id },
    } = await book(engine, network);
    await call({ method: 'POST', path: `/v1/appointments/${id}/cancel` });
    const stranger = await buildNetwork(engine.database.orm);
    await book(engine, stranger);
    await insertVisits(1, -3);

    for (const each of [
      closing(network, 90),
      { method: 'DELETE', path: shop(network), version: 1 },
      { method: 'DELETE', path: `/v1/shops/${other}`, version: 1 },
    ]) {
      expect((await make(each)).body.appointmentsHit, each.path).to.deep.equal([]);
    }
  });

  /**
   * Confirmed visits one after the other, the first at 00:00 so many days from today: rows alone, for what a workflow each would make slow.
   */
  async function insertVisits(count: number, days: number): Promise<void> {
    const em = engine.database.orm.em.fork();
    const {
      networkId,
      shopId,
      serviceId,
      barberIds: [barberId],
      apiClientId,
      timeZone,
    } = network;
    const customerId = randomUUID();
    await em.execute('insert into customer (id, network_id) values (?, ?)', [customerId, networkId]);
    await em.execute(
      `with made as (
         insert into appointment (
           id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at,
           shop_time_zone, customer_time_zone, promised_start, promised_offset_minutes, price_cents, currency)
         select gen_random_uuid(), ?, ?, ?, ?, ?, ?, 'confirmed', at, at + interval '1 minute',
           ?, ?, '2026-01-01T00:00', 0, 0, 'EUR'
         from generate_series(0, ?) nth, lateral (select ?::timestamptz + nth * interval '1 minute' as at) t
         returning *)
       insert into appointment_part (
         id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
       select gen_random_uuid(), network_id, id, 0, service_id, barber_id, starts_at, ends_at, 0,
         '[{"kind": "busy", "minutes": 1}]', '{"rule": "asked"}'
       from made`,
      [networkId, shopId, serviceId, barberId, customerId, apiClientId, timeZone, timeZone, count - 1, network.at('00:00', days)],
    );
  }

  it('more visits than are listed, are all counted, and the first ones are named', async () => {
    network = await buildNetwork(engine.database.orm, { hours: everyDay(0, 1440) });
    await insertVisits(1030, 1);
    const { body } = await make(closing(network), '?dryRun=true');
    expect([body.appointmentsHitTotal, body.appointmentsHit.length]).to.deep.equal([1030, 1000]);
    const starts = body.appointmentsHit.map(({ startsAt }: { startsAt: string }) => startsAt);
    expect(starts).to.deep.equal([...starts].sort());
    expect([starts[0], starts.at(-1)]).to.deep.equal([network.at('00:00'), network.at('16:39')]);
  });
});
