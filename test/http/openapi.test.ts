/**
 * Goal: the document says what the API does. Method: compare it with the mounted routes, resolve its references, and hold real answers
 * against it.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { allRoutes } from '../../src/http/app.ts';
import { problemCodes } from '../../src/http/problem.ts';
import type { Route } from '../../src/http/route.ts';
import { bookingBody } from '../support/booking.ts';
import { send, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- a JSON document
type Json = any;

/** Every value under this key, anywhere. */
function all(value: Json, key: string): Json[] {
  if (!value || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, part]) => (name === key ? [part, ...all(part, key)] : all(part, key)));
}

describe('the OpenAPI document', () => {
  let engine: Engine;
  let routes: Route[];
  let document: Json;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
    routes = allRoutes(engine.deps);
    network = await buildNetwork(engine.database.orm);
    document = (await send(engine.url, '', 'GET', '/openapi.json')).body;
  });
  after(() => engine.stop());

  const template = (path: string) => path.replaceAll(/:(\w+)/g, '{$1}');
  const operationOf = ({ method, path }: Route) => document.paths[template(path)]?.[method];

  it('the document, as it is served, has the shape of OpenAPI 3.1', () => {
    expect(document.openapi).to.match(/^3\.1\.\d+$/);
    expect(document.info).to.include.all.keys('title', 'version');
    const operations = Object.values<Json>(document.paths).flatMap((item) => Object.values<Json>(item));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const [path, item] of Object.entries<Json>(document.paths)) {
      expect(path).to.match(/^\/v1(\/([a-z-]+|\{\w+\}))+$/);
      for (const operation of Object.values<Json>(item)) {
        const inPath = operation.parameters.filter((parameter: Json) => parameter.in === 'path');
        expect(inPath.map(({ name }: Json) => `{${name}}`)).to.deep.equal(path.match(/\{\w+\}/g) ?? []);
        for (const parameter of operation.parameters) {
          expect(parameter).to.include.all.keys('name', 'in', 'required', 'schema');
          expect(parameter.schema, `${path} ${parameter.name}`).to.have.property('type');
        }
        for (const [status, response] of Object.entries<Json>(operation.responses)) {
          expect(status).to.match(/^[1-5]\d\d$/);
          expect(response.description).to.be.a('string').that.is.not.empty;
        }
        expect(Object.keys(operation.responses).filter((status) => status.startsWith('2'))).to.not.be.empty;
      }
    }
  });

  it('every reference, wherever it stands, leads to something in the document', () => {
    const references: string[] = all(document, '$ref');
    expect(references).to.not.be.empty;
    for (const reference of references) {
      const found = reference
        .split('/')
        .slice(1)
        .reduce((at, name) => at?.[name], document);
      expect(reference.startsWith('#/') && found, reference).to.be.an('object');
    }
  });

  it('every mounted route, with its scope, body and problems, is in the document, and nothing else is', () => {
    const declared = Object.entries<Json>(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`));
    expect(declared.sort()).to.deep.equal(routes.map(({ method, path }) => `${method} ${template(path)}`).sort());
    for (const route of routes) {
      const operation = operationOf(route);
      expect(operation['x-scope']).to.equal(route.scope);
      expect(operation.security).to.deep.equal([{ apiKey: [] }]);
      expect(operation.requestBody !== undefined).to.equal(route.body !== undefined);
      expect(operation.responses).to.include.all.keys('401', '403', '429', '500', '503');
    }
    expect(document.components.schemas.Problem.properties.code.enum).to.deep.equal(problemCodes);
  });

  /** The status is declared, and the body has exactly the declared fields; a problem's code is named under its status. */
  function expectDeclared(route: Route, answer: Answer): void {
    const response = operationOf(route).responses[answer.status];
    expect(response, `${route.method} ${route.path} ${answer.status} ${answer.text}`).to.be.an('object');
    const type = answer.headers.get('content-type')?.split(';')[0];
    expect(type && Object.keys(response.content ?? {})).to.satisfy((types: string[] | undefined) => !type || types?.includes(type));
    if (type === 'application/problem+json') expect(response.description).to.include(`\`${answer.body.code}\``);
    else if (answer.text !== '') expect(route.answers[answer.status]!.body!.parse(answer.body)).to.deep.equal(answer.body);
    const isWithoutVersion = answer.body.version === undefined || answer.body.version === null;
    for (const header of Object.keys(response.headers ?? {})) {
      expect(answer.headers.has(header) || (header === 'ETag' && isWithoutVersion), `${route.method} ${route.path} ${header}`).to.equal(
        true,
      );
    }
  }

  it('real answers, good and bad, are what the document declares', async () => {
    const {
      shopId,
      serviceId,
      barberIds: [barberId = ''],
    } = network;
    const shop = { slug: 'a', name: 'A', address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt' };
    const ask = async (method: Route['method'], path: string, address: string, body?: unknown, ifMatch?: number): Promise<Answer> => {
      const headers = { 'idempotency-key': randomUUID(), ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }) };
      const answer = await engine.call(network.apiKey, method.toUpperCase(), address, body, headers);
      expectDeclared(
        routes.find((route) => route.method === method && route.path === path)!,
        answer,
      );
      return answer;
    };
    const booked = await ask('post', '/v1/appointments', '/v1/appointments', bookingBody(network));
    const refusedAt = bookingBody(network, { startsAt: network.at('03:00') });
    const past = bookingBody(network, { startsAt: network.at('10:00', -1) });
    for (const body of [bookingBody(network), refusedAt, past, bookingBody(network, { shopId: randomUUID() }), {}]) {
      await ask('post', '/v1/appointments', '/v1/appointments', body);
    }
    const rows = await engine.database.orm.em
      .fork()
      .execute<{ id: string }[]>('select id from booking_request where network_id = ?', [network.networkId]);
    for (const { id } of rows)
      await ask('get', '/v1/appointments/:id', `/v1/appointments/${id}`).then(({ status }) => expect(status).to.equal(200));
    await ask('get', '/v1/appointments', '/v1/appointments?limit=1');
    await ask('get', '/v1/availability', `/v1/availability?shopId=${shopId}&serviceId=${serviceId}&from=2027-01-04&to=2027-01-05`);
    await ask('get', '/v1/appointments/:id/deliveries', `/v1/appointments/${booked.body.id}/deliveries`);
    await ask('post', '/v1/appointments/:id/cancel', `/v1/appointments/${booked.body.id}/cancel`);
    await ask('post', '/v1/appointments/:id/cancel', `/v1/appointments/${randomUUID()}/cancel`);

    const wanted = { shopId, serviceId, everyWeeks: 1 };
    const {
      body: { visits },
    } = await ask('post', '/v1/series/preview', '/v1/series/preview', {
      ...wanted,
      localStart: `${network.at('10:00', 7).slice(0, 10)}T10:00`,
      times: 2,
    });
    await ask('post', '/v1/series/preview', '/v1/series/preview', { ...wanted, localStart: '2027-03-28T01:30', times: 2 });
    const accepted = [{ startsAt: visits[0].startsAt }, { startsAt: network.at('03:00', 15) }];
    const ordered = { ...wanted, customer: bookingBody(network).customer, visits: accepted };
    const {
      body: { id: seriesId },
    } = await ask('post', '/v1/series', '/v1/series', ordered);
    await ask('post', '/v1/series', '/v1/series', { ...ordered, visits: [{ localStart: '2027-03-28T01:30' }] });
    await ask('get', '/v1/series/:id', `/v1/series/${seriesId}`);
    await ask('post', '/v1/series/:id/cancel', `/v1/series/${seriesId}/cancel`);
    await ask('get', '/v1/series/:id', `/v1/series/${randomUUID()}`);

    for (const kind of ['shops', 'barbers', 'services'] as const) {
      await ask('get', `/v1/${kind}`, `/v1/${kind}`);
      await ask('get', `/v1/${kind}/:id`, `/v1/${kind}/${{ shops: shopId, barbers: barberId, services: serviceId }[kind]}`);
    }
    const {
      body: { id },
    } = await ask('post', '/v1/shops', '/v1/shops', shop);
    await ask('put', '/v1/shops/:id', `/v1/shops/${id}`, shop);
    await ask('put', '/v1/shops/:id', `/v1/shops/${id}`, shop, 9);
    await ask('put', '/v1/shops/:id/hours', `/v1/shops/${id}/hours`, { openingHours: [{ weekday: 6, from: '18:00', to: '26:00' }] }, 1);
    await ask('put', '/v1/barbers/:id/hours/:shopId', `/v1/barbers/${barberId}/hours/${id}`, { periods: [{ hours: [] }] }, 0);
    const exception = `/v1/barbers/${barberId}/hours/${shopId}/exceptions/2027-05-05`;
    await ask('put', '/v1/barbers/:id/hours/:shopId/exceptions/:date', exception, { hours: [{ from: '10:00', to: '12:00' }] }, 0);
    await ask('put', '/v1/barbers/:id/hours/:shopId/exceptions/:date', exception, { hours: [] }, 0);
    await ask('get', '/v1/barbers/:id/hours/:shopId/exceptions/:date', exception);
    await ask('get', '/v1/barbers/:id/hours/:shopId/exceptions/:date', exception.replace('05-05', '02-30'));
    await ask('get', '/v1/barbers/:id/hours/:shopId/exceptions', `/v1/barbers/${barberId}/hours/${shopId}/exceptions`);
    await ask('delete', '/v1/barbers/:id/hours/:shopId/exceptions/:date', exception, undefined, 1);
    const terms = `/v1/barbers/${barberId}/services/${serviceId}`;
    await ask('put', '/v1/barbers/:id/services/:serviceId', terms, { durationMinutes: 40, settings: { maxVisitsPerBarberDay: null } }, 0);
    await ask('get', '/v1/barbers/:id/services/:serviceId', terms);
    await ask('get', '/v1/barbers/:id/services', `/v1/barbers/${barberId}/services`);
    await ask('delete', '/v1/barbers/:id/services/:serviceId', terms, undefined, 1);
    await ask('get', '/v1/barbers/:id/hours', `/v1/barbers/${barberId}/hours`);
    await ask('get', '/v1/shops/:id/closures', `/v1/shops/${id}/closures`);
    const closure = await ask('post', '/v1/shops/:id/closures', `/v1/shops/${id}/closures`, {
      fromDate: '2027-01-04',
      toDate: '2027-01-05',
    });
    const closed = `/v1/shops/${id}/closures/${closure.body.id}`;
    await ask('get', '/v1/shops/:id/closures/:closureId', closed);
    await ask('put', '/v1/shops/:id/closures/:closureId', closed, { fromDate: '2027-01-04', toDate: '2027-01-04' }, 1);
    await ask('put', '/v1/shops/:id/closures/:closureId', closed, { fromDate: '2027-01-04', toDate: '2027-01-04' }, 1);
    await ask('delete', '/v1/shops/:id/closures/:closureId', closed, undefined, 2);
    const open = `/v1/shops/${id}/exceptions/2027-05-05`;
    await ask('put', '/v1/shops/:id/exceptions/:date', open, { hours: [{ from: '10:00', to: '12:00' }], reason: 'Feira' }, 0);
    await ask('put', '/v1/shops/:id/exceptions/:date', open, { hours: [] }, 0);
    await ask('get', '/v1/shops/:id/exceptions/:date', open);
    await ask('get', '/v1/shops/:id/exceptions', `/v1/shops/${id}/exceptions?from=2027-01-01&to=2027-12-31`);
    await ask('delete', '/v1/shops/:id/exceptions/:date', open, undefined, 1);
    await ask(
      'put',
      '/v1/holiday-sets/:slug',
      '/v1/holiday-sets/own',
      {
        name: 'Own',
        days: [
          { name: 'A', month: 5, weekday: 7, nth: -1 },
          { name: 'B', date: '2027-03-10' },
        ],
      },
      0,
    );
    await ask('put', '/v1/holiday-sets/:slug', '/v1/holiday-sets/own', { name: 'Own', days: [{ name: 'A', monthDay: '02-30' }] }, 0);
    await ask('get', '/v1/network', '/v1/network');
    await ask('put', '/v1/network', '/v1/network', { name: 'N', settings: { holidaySets: ['own', 'pt'] } }, 1);
    for (const set of ['own', 'pt', 'none']) await ask('get', '/v1/holiday-sets/:slug', `/v1/holiday-sets/${set}?year=2027`);
    for (const year of ['', '?year=2027', '?year=0']) await ask('get', '/v1/holiday-sets', `/v1/holiday-sets${year}`);
    await ask('delete', '/v1/holiday-sets/:slug', '/v1/holiday-sets/own', undefined, 1).then(({ status }) => expect(status).to.equal(409));
    await ask('put', '/v1/network', '/v1/network', { name: 'N' }, 2);
    await ask('delete', '/v1/holiday-sets/:slug', '/v1/holiday-sets/own', undefined, 1);
    const dayOff = await ask('post', '/v1/barbers/:id/time-off', `/v1/barbers/${barberId}/time-off`, {
      fromDate: '2027-05-05',
      toDate: '2027-05-06',
    });
    await ask(
      'put',
      '/v1/barbers/:id/time-off/:timeOffId',
      `/v1/barbers/${barberId}/time-off/${dayOff.body.id}`,
      { fromDate: '2027-05-05', toDate: '2027-05-05' },
      1,
    );
    await ask('get', '/v1/barbers/:id/time-off/:timeOffId', `/v1/barbers/${barberId}/time-off/${dayOff.body.id}`);
    await ask('delete', '/v1/barbers/:id/time-off/:timeOffId', `/v1/barbers/${barberId}/time-off/${dayOff.body.id}`, undefined, 2);
    await ask('post', '/v1/barbers/:id/time-off', `/v1/barbers/${barberId}/time-off`, {
      startsAt: network.at('10:00', 5),
      endsAt: network.at('12:00', 5),
    });
    await ask('get', '/v1/barbers/:id/time-off', `/v1/barbers/${barberId}/time-off`);
    for (const [kind, owner] of [
      ['shops', id],
      ['barbers', barberId],
    ] as const) {
      const feed = await ask('post', `/v1/${kind}/:id/feeds`, `/v1/${kind}/${owner}/feeds`, { privacy: 'full', name: 'A' });
      await ask('post', `/v1/${kind}/:id/feeds`, `/v1/${kind}/${owner}/feeds`, {});
      await ask('get', `/v1/${kind}/:id/feeds`, `/v1/${kind}/${owner}/feeds`);
      await ask('delete', '/v1/feeds/:id', `/v1/feeds/${feed.body.id}`);
      await ask('delete', '/v1/feeds/:id', `/v1/feeds/${randomUUID()}`);
    }
    await ask('delete', '/v1/shops/:id', `/v1/shops/${id}`, undefined, 2);
    await ask('put', '/v1/services/:id', `/v1/services/${serviceId}`, { name: 'Cor', durationMinutes: 30, priceCents: 100 }, 1);
    await ask('delete', '/v1/services/:id', `/v1/services/${serviceId}`, undefined, 2);
    await ask('put', '/v1/barbers/:id', `/v1/barbers/${barberId}`, { name: 'Zé', locale: 'pt' }, 1);
    await ask('delete', '/v1/barbers/:id', `/v1/barbers/${barberId}`, undefined, 2);
  });

  it('the page of documents, with all that it loads, comes from this server alone', async () => {
    const page = await fetch(`${engine.url}/docs`);
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => new URL(link!, page.url));
    expect([page.status, links.length > 3]).to.deep.equal([200, true]);
    expect(page.headers.get('content-security-policy'))
      .to.match(/default-src 'self'/)
      .and.match(/script-src 'self'/);
    for (const link of links) {
      expect(link.origin).to.equal(engine.url);
      const { status, headers } = await fetch(link);
      expect([status, headers.get('content-type')?.startsWith('text/html')], link.href).to.deep.equal([200, false]);
    }
    expect(html.replaceAll('http://www.w3.org/', '')).to.not.match(/https?:\/\//);
  });
});
