/** Goal: who runs this can see how it stands, and no key can flood it. Method: ask the probes, in good times and with a server away. */
import { expect } from 'chai';
import { createApiKey } from '../../src/db/api-key.ts';
import { schemaVersion } from '../../src/db/orm.ts';
import { freePorts } from '../../src/dev/ports.ts';
import { book, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { send, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('operations', () => {
  let engine: Engine | undefined;

  const start = async (...options: Parameters<typeof startEngine>): Promise<Engine> => (engine = await startEngine(...options));
  const probe = (path: string): Promise<Answer> => send(engine!.url, '', 'GET', path);

  afterEach(async () => {
    await engine?.stop();
    engine = undefined;
  });

  it('the probes, when all is well, need no key and name each dependency', async () => {
    await start({ workers: false });
    const [health, ready] = [await probe('/healthz'), await probe('/readyz')];

    expect([health.status, health.body]).to.deep.equal([200, { status: 'ok' }]);
    expect([ready.status, ready.body.status, Object.keys(ready.body.checks)]).to.deep.equal([
      200,
      'ready',
      ['database', 'temporal', 'zoneData'],
    ]);
    expect(ready.body.checks.database).to.deep.equal({ ok: true, schemaVersion, expected: schemaVersion });
    for (const { headers } of [health, ready]) {
      expect(headers.has('x-powered-by')).to.equal(false);
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
    }
  });

  it('the probes, while the schema is an older one, say that the API is alive and not ready', async () => {
    const { database } = await start({ workers: false });
    await database.orm.em.fork().execute(`update migration set name = '000-older'`);

    expect((await probe('/healthz')).status).to.equal(200);
    const ready = await probe('/readyz');
    expect([ready.status, ready.body.checks.database.schemaVersion, ready.body.checks.temporal.ok]).to.deep.equal([503, '000-older', true]);
  });

  it('a booking, while Temporal is away, is told so and when to come back, and leaves nothing behind', async () => {
    const [port] = await freePorts(1);
    const own = await start({ workers: false, env: { TEMPORAL_ADDRESS: `127.0.0.1:${port}` } });
    const network = await buildNetwork(own.database.orm);
    const answer = await book(own, network);

    expectProblem(answer, 'temporal_unavailable');
    expect(answer.headers.get('retry-after')).to.equal('5');
    for (const table of ['booking_request', 'contact', 'customer']) expect(await count(own.database.orm, table, 'true', [])).to.equal(0);
    expect((await own.call(network.apiKey, 'GET', '/v1/shops')).status, 'reading goes on').to.equal(200);
    const ready = await probe('/readyz');
    expect([ready.status, ready.body.checks.database.ok, ready.body.checks.temporal.ok]).to.deep.equal([503, true, false]);
  });

  it('any request, while the database is away, is told so and when to come back', async () => {
    const [port] = await freePorts(1);
    const own = await start({ workers: false, env: { DATABASE_URL: `postgresql://nobody:secret@127.0.0.1:${port}/none` } });
    const network = await buildNetwork(own.database.orm);

    for (const answer of [await book(own, network), await own.call(network.apiKey, 'GET', '/v1/shops')]) {
      expectProblem(answer, 'database_unavailable');
      expect(answer.headers.get('retry-after')).to.equal('5');
      expect(answer.text).to.not.include('secret').and.to.not.include(String(port));
    }
    expect([(await probe('/healthz')).status, (await probe('/readyz')).status, (await probe('/metrics')).status]).to.deep.equal([
      200, 503, 200,
    ]);
  });

  it('the metrics, after bookings, count them by outcome, time answers by route, and hold no id and no personal data', async () => {
    const own = await start({ env: { ANSWER_WITHIN_MS: '60000' } });
    const network = await buildNetwork(own.database.orm);
    const { body } = await book(own, network, { customer: customer({ name: 'Marker Planted', email: 'planted@example.com' }) });
    await book(own, network);
    await book(own, network, { startsAt: network.at('03:00') });
    await own.call(network.apiKey, 'GET', `/v1/appointments/${body.id}`);
    const { headers, text } = await probe('/metrics');

    expect(headers.get('content-type')).to.match(/^text\/plain/);
    for (const line of [
      'punctual_bookings_total{outcome="booked"} 1',
      'punctual_bookings_total{outcome="slot_taken"} 1',
      'punctual_bookings_total{outcome="shop_closed"} 1',
      'punctual_http_answer_seconds_count{method="GET",route="/v1/appointments/:id",status="200"} 1',
      'punctual_http_answer_seconds_count{method="POST",route="/v1/appointments",status="409"} 2',
      'punctual_reservation_conflicts_total 0',
      'punctual_parked_deliveries 0',
    ])
      expect(text.split('\n')).to.include(line);
    for (const secret of ['Marker', 'planted', body.id, network.networkId, network.shopId, network.apiKey.slice(3, 35)])
      expect(text).to.not.include(secret);
  });

  it('a key, after as many requests as a minute allows, is told when to come back, while another goes on', async () => {
    const own = await start({ workers: false, env: { RATE_LIMIT_PER_MINUTE: '5' } });
    const network = await buildNetwork(own.database.orm);
    const ask = (apiKey: string) => own.call(apiKey, 'GET', '/v1/shops');
    const { apiKey: another } = await createApiKey(own.database.orm.em.fork(), {
      networkId: network.networkId,
      clientName: 'test',
      scopes: ['book'],
    });
    const within = [];
    for (let index = 0; index < 5; index += 1) within.push(await ask(network.apiKey));

    expect(within.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200, 200]);
    expect(within[0]!.headers.get('ratelimit')).to.match(/r=4/);
    expect(within[0]!.headers.get('ratelimit-policy')).to.match(/q=5; w=60/);
    const beyond = await ask(network.apiKey);
    expectProblem(beyond, 'rate_limited');
    expect(Number(beyond.headers.get('retry-after'))).to.be.within(1, 60);
    expect(beyond.headers.get('ratelimit')).to.match(/r=0/);
    expect((await ask(another)).status).to.equal(200);
    expect((await probe('/healthz')).status).to.equal(200);
  });
});
