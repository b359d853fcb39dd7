/**
 * Goal: an Idempotency-Key stands for one request of one client, and the document says who takes one. Method: keys that are malformed, used
 * elsewhere, or of a faulty request, over HTTP.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createApiKey } from '../../src/db/api-key.ts';
import { allRoutes } from '../../src/http/app.ts';
import { openApiDocument } from '../../src/http/openapi.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { barber, keptAnswers, shop } from '../support/kept-answer.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('kept answers', () => {
  let engine: Engine;
  let network: TestNetwork;
  let key: string;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, {
      timeZone: 'UTC',
      hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 })),
    });
    key = randomUUID();
  });

  const { post, barbers, rows } = keptAnswers(
    () => engine,
    () => network,
    () => key,
  );

  it('a key, used at another address, is refused, and nothing is done there', async () => {
    expect((await post('/v1/barbers', barber())).status).to.equal(201);
    expectProblem(await post('/v1/services', { name: 'Cor', durationMinutes: 30, priceCents: 100 }), 'idempotency_key_reused');
    expectProblem(
      await post(`/v1/shops/${network.shopId}/closures?dryRun=true`, { fromDate: '2027-05-05', toDate: '2027-05-05' }),
      'idempotency_key_reused',
    );
    expect(await count(engine.database.orm, 'service', 'network_id = ?', [network.networkId])).to.equal(1);
  });

  it('a key, used by another API client of the network, is another key', async () => {
    const first = await post('/v1/barbers', barber());
    const { apiKey } = await createApiKey(engine.database.orm.em.fork(), {
      networkId: network.networkId,
      clientName: 'other',
      scopes: ['manage'],
    });
    const theirs = await engine.call(apiKey, 'POST', '/v1/barbers', barber('Eva'), { 'idempotency-key': key });
    expect([theirs.status, theirs.body.id === first.body.id, await barbers()]).to.deep.equal([201, false, 3]);
  });

  it('a malformed key is a fault of the request, and without a key each request is another', async () => {
    for (const malformed of ['', 'a b', 'ä', 'x'.repeat(256)])
      expectProblem(await post('/v1/barbers', barber(), { 'idempotency-key': malformed }), 'idempotency_key_missing');
    expect((await post('/v1/barbers', barber(), { 'idempotency-key': 'x'.repeat(255) })).status).to.equal(201);
    for (let time = 0; time < 2; time += 1)
      expect((await engine.call(network.apiKey, 'POST', '/v1/barbers', barber())).status).to.equal(201);
    expect([await barbers(), await rows()]).to.deep.equal([4, 1]);
  });

  it('a faulty request leaves its key free for the mended one', async () => {
    expectProblem(await post('/v1/shops', { ...shop('main'), name: 7 }), 'invalid_request', ['/name']);
    expectProblem(await post('/v1/shops', shop('main')), 'invalid_request', ['/slug']);
    expect((await post('/v1/shops', shop('mended'))).status).to.equal(201);
  });

  it('every POST that there is, but those that answer the same anyway, says in the document that it takes a key, and how the key can fail it', () => {
    const routes = allRoutes(engine.deps);
    const { paths } = openApiDocument(routes) as {
      paths: Record<
        string,
        Record<string, { parameters: { name: string; required: boolean }[]; responses: Record<string, { description: string }> }>
      >;
    };
    expect(routes.filter(({ repeatable }) => repeatable).map(({ path }) => path)).to.deep.equal([
      '/v1/appointments/:id/links',
      '/v1/barbers/:id/calendars/find',
      '/v1/barbers/:id/calendars',
      '/v1/barbers/:id/calendars/sign-in',
      '/v1/barbers/:id/feeds',
      '/v1/shops/:id/feeds',
    ]);
    for (const { path, keepsOwnAnswer } of routes.filter(({ method, repeatable }) => method === 'post' && !repeatable)) {
      const { parameters, responses } = paths[path.replaceAll(/:(\w+)/g, '{$1}')]!.post!;
      expect(
        parameters.filter(({ name }) => name === 'Idempotency-Key').map(({ required }) => required),
        path,
      ).to.deep.equal([keepsOwnAnswer === true]);
      expect(responses[400]!.description, path).to.include('`idempotency_key_missing`');
      expect(responses[422]!.description, path).to.include('`idempotency_key_reused`');
      if (!keepsOwnAnswer) expect(responses[409]!.description, path).to.include('`request_running`');
    }
  });
});
