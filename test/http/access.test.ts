/**
 * Goal: no key reaches beyond its network and scopes. Method: every mounted route, with ids of another network and with each scope missing.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createApiKey } from '../../src/db/api-key.ts';
import { addTimeOff, putException } from '../../src/db/barber-dates.ts';
import { putTerms } from '../../src/db/barber-service.ts';
import { createFeeds } from '../../src/db/feed.ts';
import { putHolidaySet } from '../../src/db/holiday-set.ts';
import { beginRelocation } from '../../src/db/relocation.ts';
import { storeSeries } from '../../src/db/series.ts';
import { saveConnection } from '../../src/db/calendar-connection.ts';
import { addEntry } from '../../src/db/waitlist.ts';
import { addClosure, putShopException } from '../../src/db/shop-dates.ts';
import { allRoutes } from '../../src/http/app.ts';
import type { Scope } from '../../src/http/caller.ts';
import type { Route } from '../../src/http/route.ts';
import { bookingBody } from '../support/booking.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { real } from '../support/rules.ts';

/** A network with one record of each kind, by the name of the path parameter or the collection that holds it. */
type Furnished = TestNetwork & { ids: Record<string, string> };

const shop = { slug: 'new', name: 'New', address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt-PT' };
const barber = { name: 'New', locale: 'pt-PT' };
const service = { name: 'New', durationMinutes: 30, priceCents: 100 };
/** A good body for each route that takes one; a new route must be taught here. */
/** Nobody listens there. */
const calendarAccount = { serverUrl: 'http://127.0.0.1:9/', username: 'rui', password: 'no' };
const bodies: Record<string, (network: TestNetwork) => unknown> = {
  'post /v1/appointments': (network) => bookingBody(network, { startsAt: network.at('03:00') }),
  'put /v1/network': () => ({ name: 'New' }),
  'put /v1/holiday-sets/:slug': () => ({ name: 'New', days: [] }),
  'post /v1/appointments/:id/cancel': () => ({}),
  'post /v1/appointments/:id/confirm-attendance': () => ({}),
  'post /v1/appointments/:id/forgive': () => ({ staff: { reason: 'goodwill' } }),
  'post /v1/appointments/:id/links': () => ({ purpose: 'view' }),
  'post /v1/barbers/:id/calendars/sign-in': () => ({ provider: 'google' }),
  'put /v1/calendars/:id': () => ({ privacy: 'busy', writes: true, reads: true }),
  'post /v1/calendar-conflicts/:id/settle': () => ({ action: 'leave' }),
  'post /v1/barbers/:id/calendars/find': () => calendarAccount,
  'post /v1/barbers/:id/calendars': () => ({ provider: 'caldav', ...calendarAccount }),
  'post /v1/appointments/:id/reschedule': () => ({ startsAt: '2027-05-05T10:00:00Z' }),
  'post /v1/holds': ({ shopId, serviceId }) => ({ shopId, serviceId, startsAt: '2027-05-05T10:00:00Z' }),
  'post /v1/holds/:id/confirm': () => ({ token, customer: { name: 'Rui', email: 'rui@example.com' } }),
  'post /v1/holds/:id/release': () => ({ token }),
  'post /v1/relocations': ({ barberIds, at }) => ({
    barberId: barberIds[0],
    date: at('12:00').slice(0, 10),
    mode: 'offer',
    reason: 'illness',
  }),
  'post /v1/series': ({ shopId, serviceId, at }) => ({
    shopId,
    serviceId,
    everyWeeks: 1,
    customer: { name: 'Rui', email: 'rui@example.com' },
    visits: [{ startsAt: at('03:00') }],
  }),
  'post /v1/series/preview': ({ shopId, serviceId }) => ({ shopId, serviceId, everyWeeks: 1, times: 2, localStart: '2027-05-05T10:00' }),
  'post /v1/series/:id/cancel': () => ({}),
  'post /v1/waitlist': ({ shopId, serviceId, at }) => ({
    shopId,
    serviceId,
    fromDate: at('12:00').slice(0, 10),
    toDate: at('12:00').slice(0, 10),
    customer: { name: 'Rui', email: 'rui@example.com' },
  }),
  'post /v1/waitlist/:id/accept': () => ({}),
  'post /v1/waitlist/:id/decline': () => ({}),
  'post /v1/walk-ins': ({ shopId, serviceId }) => ({ shopId, serviceId }),
  'post /v1/shops': () => shop,
  'put /v1/shops/:id': () => shop,
  'put /v1/shops/:id/hours': () => ({ openingHours: [] }),
  'post /v1/shops/:id/closures': () => ({ fromDate: '2027-05-05', toDate: '2027-05-06' }),
  'put /v1/shops/:id/closures/:closureId': () => ({ fromDate: '2027-05-05', toDate: '2027-05-06' }),
  'put /v1/shops/:id/exceptions/:date': () => ({ hours: [] }),
  'post /v1/barbers': () => barber,
  'put /v1/barbers/:id': () => barber,
  'put /v1/barbers/:id/hours/:shopId': () => ({ periods: [{ hours: null }] }),
  'put /v1/barbers/:id/hours/:shopId/exceptions/:date': () => ({ hours: [] }),
  'put /v1/barbers/:id/services/:serviceId': () => ({}),
  'post /v1/barbers/:id/time-off': () => ({ startsAt: '2027-05-05T10:00:00Z', endsAt: '2027-05-05T12:00:00Z' }),
  'put /v1/barbers/:id/time-off/:timeOffId': () => ({ fromDate: '2027-05-05', toDate: '2027-05-05' }),
  'post /v1/dead-letters/retry': () => ({}),
  'post /v1/dead-letters/skip': () => ({ reason: 'other' }),
  'post /v1/dead-letters/:id/skip': () => ({ reason: 'other' }),
  'post /v1/barbers/:id/feeds': () => ({ privacy: 'full' }),
  'post /v1/shops/:id/feeds': () => ({ privacy: 'full' }),
  'post /v1/services': () => service,
  'put /v1/services/:id': () => service,
};
const queries: Record<string, (network: TestNetwork) => string> = {
  'get /v1/availability': ({ shopId, serviceId }) => `?shopId=${shopId}&serviceId=${serviceId}&from=2027-05-05&to=2027-05-05`,
  'get /v1/availability/nearest': ({ shopId, serviceId }) => `?shopId=${shopId}&serviceId=${serviceId}`,
  'get /v1/availability/explain': ({ shopId, serviceId }) => `?shopId=${shopId}&serviceId=${serviceId}&startsAt=2027-05-05T10:00:00Z`,
};
const token = 'x'.repeat(43);
/** These stand in paths and are no ids: every network has them. */
const [date, slug] = ['2027-05-07', 'own'];
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const paramsOf = ({ path }: Route): string[] => [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
const collectionOf = ({ path }: Route): string => path.split('/')[2]!;

describe('access', () => {
  let engine: Engine;
  let routes: Route[];

  // Without workers: the appointment is made straight in the database.
  before(async () => {
    engine = await startEngine({ workers: false });
    routes = allRoutes(engine.deps);
  });
  after(() => engine.stop());

  async function furnish(): Promise<Furnished> {
    const { orm } = engine.database;
    const network = await buildNetwork(orm);
    const {
      networkId,
      shopId,
      serviceId,
      barberIds: [barberId = ''],
    } = network;
    const startsAt = network.at('10:00');
    const ids = await request(orm, network, startsAt);
    await claim(orm, ids, await facts(orm, network, startsAt), startsAt);
    const closure = await addClosure(
      orm.em.fork(),
      networkId,
      shopId,
      { fromDate: '2027-06-01', toDate: '2027-06-01', reason: '' },
      real(),
    );
    await putShopException(orm.em.fork(), networkId, { shopId, date }, 0, { hours: [], reason: '' }, real());
    await putHolidaySet(orm.em.fork(), networkId, slug, 0, { name: 'Own', days: [] }, real());
    const [from, to] = [new Date(network.at('09:00', 9)), new Date(network.at('10:00', 9))];
    const away = await addTimeOff(
      orm.em.fork(),
      networkId,
      barberId,
      { startsAt: from, endsAt: to, fromDate: null, toDate: null, reason: '' },
      real(),
    );
    await putException(orm.em.fork(), networkId, { barberId, shopId, date }, 0, { hours: [], breaks: [], reason: '' }, real());
    await putTerms(
      orm.em.fork(),
      networkId,
      { barberId, serviceId },
      0,
      { offered: true, segments: null, priceCents: null, settings: {} },
      real(),
    );
    const relocationId = await beginRelocation(
      orm.em.fork(),
      networkId,
      {
        barberId,
        shopId: null,
        toShopId: null,
        date: '2027-06-02',
        mode: 'offer',
        reason: 'illness',
        withinMinutes: 60,
        createdBy: 'test',
      },
      new Date(),
      randomUUID(),
    );
    const seriesId = randomUUID();
    await storeSeries(orm.em.fork(), {
      id: seriesId,
      networkId,
      apiClientId: network.apiClientId,
      shopId,
      fingerprint: 'f',
      everyWeeks: 1,
      visits: [{ id: ids.appointmentId, startsAt: new Date(startsAt).toISOString() }],
    });
    const waitlist = randomUUID();
    const days = { fromDate: '2027-06-03', toDate: '2027-06-03', fromMinute: 0, toMinute: 1440 };
    await addEntry(
      orm.em.fork(),
      { id: waitlist, networkId, apiClientId: network.apiClientId },
      { shopId, serviceId, barberId: null, ...days },
      { name: 'Rui', email: 'r@example.com', phone: null, timeZone: 'UTC', locale: 'pt' },
      randomUUID(),
      5,
    );
    const feed = await createFeeds(engine.deps.config).issue(
      orm.em.fork(),
      { networkId, barberId, shopId: null },
      { id: randomUUID(), privacy: 'full', name: 'furnished' },
    );
    const [parked] = await orm.em.fork().execute<[{ id: string }]>(
      `update delivery
         set state = 'parked', error_class = 'permanent', finished_at = now()
         where network_id = ? and kind = 'confirmation_customer'
         returning id`,
      [networkId],
    );
    const calendar = await saveConnection(
      orm.em.fork(),
      networkId,
      {
        barberId,
        provider: 'caldav',
        account: 'rui',
        calendarId: 'https://calendar.example/rui/',
        calendarName: '',
        privacy: 'full',
        writes: true,
        reads: true,
      },
      async () => 'sealed',
      new Date(),
    );
    const conflictId = randomUUID();
    await orm.em.fork().execute(
      `insert into calendar_conflict (id, network_id, barber_id, connection_id, appointment_id, kind, remote_id, during)
         values (?, ?, ?, ?, ?, 'overlap', 'dentist', '[2027-05-05,2027-05-06)')`,
      [conflictId, networkId, barberId, calendar.id, ids.appointmentId],
    );
    const found = {
      'dead-letters': parked.id,
      feeds: feed.id,
      calendars: calendar.id,
      'calendar-conflicts': conflictId,
      waitlist,
      series: seriesId,
      relocations: relocationId,
      appointments: ids.appointmentId,
      holds: ids.appointmentId,
      shops: shopId,
      shopId,
      barbers: barberId,
      services: serviceId,
      serviceId,
      date,
      slug,
      closureId: closure.record.id,
      timeOffId: away.record.id,
    };
    return { ...network, ids: found };
  }

  function ask(route: Route, apiKey: string, network: Furnished, ids: string[]): Promise<Answer> {
    const path = paramsOf(route).reduce((filled, name, index) => filled.replace(`:${name}`, ids[index]!), route.path);
    const body = bodies[nameOf(route)];
    expect(body !== undefined, `a body for ${nameOf(route)} in this test`).to.equal(route.body !== undefined);
    const headers = { 'idempotency-key': randomUUID(), 'if-match': '"1"' };
    return engine.call(apiKey, route.method.toUpperCase(), `${path}${queries[nameOf(route)]?.(network) ?? ''}`, body?.(network), headers);
  }

  const idsOf = (route: Route, { ids }: Furnished): string[] =>
    paramsOf(route).map((name) => {
      const id = name === 'id' ? ids[collectionOf(route)] : ids[name];
      if (!id) throw new Error(`teach this test an id for ${name} of ${nameOf(route)}`);
      return id;
    });

  /** Everything that a network owns, as one text. */
  async function stateOf({ networkId }: TestNetwork): Promise<string> {
    const tables = [
      'shop',
      'shop_closure',
      'shop_exception',
      'holiday_set',
      'service',
      'barber',
      'assignment',
      'assignment_exception',
      'barber_service',
      'time_off',
      'appointment',
      'occupancy',
      'booking_request',
      'relocation',
      'relocation_visit',
      'series',
      'waitlist_entry',
      'contact',
      'delivery',
      'delivery_event',
      'calendar_connection',
      'calendar_event',
      'calendar_busy',
      'calendar_conflict',
      'feed',
    ];
    const union = tables.map((table) => `select to_jsonb(t) as row from ${table} t where network_id = '${networkId}'`).join(' union all ');
    return JSON.stringify(await engine.database.orm.em.fork().execute(`select row from (${union}) r order by row::text`));
  }

  it('every route with an id, when any of its ids is of another network, answers as if there were nothing, and changes nothing', async () => {
    const withIds = routes.filter((route) => paramsOf(route).length > 0);
    expect(withIds).to.have.length.above(15);
    for (const route of withIds) {
      const [mine, theirs] = [await furnish(), await furnish()];
      const before = await stateOf(theirs);
      const [own, foreign] = [idsOf(route, mine), idsOf(route, theirs)];
      for (let strange = 1; strange < 2 ** own.length; strange += 1) {
        const isStrange = (index: number) => (strange & (1 << index)) > 0;
        if (paramsOf(route).some((name, index) => ['date', 'slug'].includes(name) && isStrange(index))) continue;
        const answer = await ask(
          route,
          mine.apiKey,
          mine,
          own.map((id, index) => (isStrange(index) ? foreign[index]! : id)),
        );
        const absent = await ask(
          route,
          mine.apiKey,
          mine,
          own.map((id, index) => (isStrange(index) ? randomUUID() : id)),
        );

        expectProblem(answer, 'not_found');
        expect({ ...answer.body, instance: '' }, nameOf(route)).to.deep.equal({ ...absent.body, instance: '' });
      }
      expect(await stateOf(theirs), nameOf(route)).to.equal(before);
      expect((await ask(route, mine.apiKey, mine, own)).status, `${nameOf(route)} with ids of its own`).to.not.equal(404);
    }
  });

  it('a question with ids in its query, when one is of another network, finds nothing', async () => {
    const [mine, theirs] = [await furnish(), await furnish()];
    const get = (path: string) => engine.call(mine.apiKey, 'GET', path);
    const days = 'from=2027-05-05&to=2027-05-05';

    for (const ids of [
      `shopId=${theirs.shopId}&serviceId=${mine.serviceId}`,
      `shopId=${mine.shopId}&serviceId=${theirs.serviceId}`,
      `shopId=${mine.shopId}&serviceId=${mine.serviceId}&barberId=${theirs.barberIds[0]}`,
    ]) {
      expectProblem(await get(`/v1/availability?${ids}&${days}`), 'not_found');
    }
    expectProblem(await get(`/v1/appointments?shopId=${theirs.shopId}&date=2027-05-05`), 'not_found');
    for (const path of [
      `/v1/appointments?shopId=${theirs.shopId}`,
      `/v1/appointments?barberId=${theirs.barberIds[0]}`,
      `/v1/barbers?shopId=${theirs.shopId}`,
    ]) {
      expect((await get(path)).body, path).to.deep.equal({ items: [], nextCursor: null });
    }
  });

  it('every route, with a key that has all scopes but its own, is forbidden; with that scope alone, it is not; without a key, nobody gets in', async () => {
    const em = engine.database.orm.em.fork();
    const scopes: Scope[] = ['book', 'manage', 'ops'];
    const network = await furnish();
    const keyOf = async (granted: Scope[]) =>
      (await createApiKey(em, { networkId: network.networkId, clientName: 'test', scopes: granted })).apiKey;
    for (const route of routes) {
      const answer = await ask(route, await keyOf(scopes.filter((scope) => scope !== route.scope)), network, idsOf(route, network));

      expectProblem(answer, 'forbidden');
      expectProblem(await ask(route, '', network, idsOf(route, network)), 'unauthenticated');
    }
    for (const route of routes) {
      const own = await furnish();
      const { apiKey } = await createApiKey(em, { networkId: own.networkId, clientName: 'test', scopes: [route.scope] });
      const { status, body } = await ask(route, apiKey, own, idsOf(route, own));
      // That one is about the hold, not about the key.
      if (body.code !== 'wrong_token') expect(status, nameOf(route)).to.not.be.oneOf([400, 401, 403, 404, 500]);
    }
  });
});
