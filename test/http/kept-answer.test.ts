/** Goal: a POST that is repeated under its Idempotency-Key happens once. Method: repeat over HTTP, one after the other, at once, and after a death that is written into the row. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createApiKey } from '../../src/db/api-key.ts';
import { deleteOutlived } from '../../src/db/housekeeping.ts';
import { allRoutes } from '../../src/http/app.ts';
import { openApiDocument } from '../../src/http/openapi.ts';
import { appointmentWorkflowId, bookUpdateId } from '../../workflows/messages.ts';
import { book, bookingBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('kept answers', () => {
  let engine: Engine;
  let network: TestNetwork;
  let key: string;

  before(async () => { engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } }); });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { timeZone: 'UTC', hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 })) });
    key = randomUUID();
  });

  const post = (path: string, body?: unknown, headers: object = {}): Promise<Answer> => engine.call(network.apiKey, 'POST', path, body, { 'idempotency-key': key, ...headers });
  const barber = (name = 'Rui') => ({ name, locale: 'pt-PT' });
  const shop = (slug: string) => ({ slug, name: 'A', address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt' });
  const barbers = (): Promise<number> => count(engine.database.orm, 'barber', 'network_id = ?', [network.networkId]);
  const rows = (): Promise<number> => count(engine.database.orm, 'kept_answer', 'network_id = ?', [network.networkId]);
  const alter = (set: string) => engine.database.orm.em.fork().execute(`update kept_answer set ${set} where network_id = ?`, [network.networkId]);
  /** As the row stands when the process dies before it has kept the answer. */
  const die = (ago = '61 seconds') => alter(`status = null, headers = null, body = null, running_since = now() - interval '${ago}'`);
  /** All of an answer that its own request does not number. */
  const shown = ({ status, text, headers }: Answer) => ({ status, text, headers: ['content-type', 'location', 'etag'].map((name) => headers.get(name)) });

  /** Holds every request that adds a barber, until the returned function is called. */
  async function holdBarbers(): Promise<() => Promise<void>> {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => { open = resolve; });
    let isHeld!: () => void;
    const held = new Promise<void>((resolve) => { isHeld = resolve; });
    const ended = engine.database.orm.em.fork().transactional(async (tx) => {
      await tx.execute('lock table barber in exclusive mode');
      isHeld();
      await gate;
    });
    await held;
    return async () => {
      open();
      await ended;
    };
  }
  const waiting = async (): Promise<number> =>
    count(engine.database.orm, 'pg_stat_activity', `datname = current_database() and wait_event_type = 'Lock' and query ilike 'insert into "barber"%'`, []);

  it('a shop, added again with its key, is the same answer to the letter, also after it was changed, and one shop', async () => {
    const first = await post('/v1/shops', shop('kept'));
    expect(first.status, first.text).to.equal(201);
    const changed = await engine.call(network.apiKey, 'PUT', `/v1/shops/${first.body.id}`, { ...shop('kept'), name: 'B' }, { 'if-match': '"1"' });
    expect(changed.status).to.equal(200);
    const { slug, ...others } = shop('kept');
    const again = await post('/v1/shops', { ...others, slug });

    expect(shown(again)).to.deep.equal(shown(first));
    expect(again.headers.get('location')).to.equal(`/v1/shops/${first.body.id}`);
    expect(await count(engine.database.orm, 'shop', 'network_id = ?', [network.networkId])).to.equal(2);
  });

  it('each step of a visit, repeated with its key when the visit has moved on, gets its first answer', async () => {
    const { body: { id } } = await post('/v1/walk-ins', { shopId: network.shopId, serviceId: network.serviceId });
    const [start, complete] = [{ 'idempotency-key': randomUUID() }, { 'idempotency-key': randomUUID() }];
    const started = await post(`/v1/appointments/${id}/start`, undefined, start);
    const completed = await post(`/v1/appointments/${id}/complete`, undefined, complete);

    expect([started.body.status, completed.body.status]).to.deep.equal(['started', 'completed']);
    expect(shown(await post(`/v1/appointments/${id}/start`, undefined, start))).to.deep.equal(shown(started));
    expect(shown(await post(`/v1/appointments/${id}/complete`, undefined, complete))).to.deep.equal(shown(completed));
  });

  it('a cancellation, under the key of its booking, is done; again with another body, it is refused', async () => {
    const { body: { id } } = await book(engine, network, {}, key);
    const cancelled = await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' });

    expect(cancelled.body.status, cancelled.text).to.equal('cancelled');
    expect(shown(await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' }))).to.deep.equal(shown(cancelled));
    expectProblem(await post(`/v1/appointments/${id}/cancel`, { reason: 'emergency' }), 'idempotency_key_reused');
    expectProblem(await post(`/v1/appointments/${id}/cancel`), 'idempotency_key_reused');
    expectProblem(await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' }, { 'if-match': '"1"' }), 'idempotency_key_reused');
  });

  it('a refusal, repeated when it would no longer be one, is the first refusal', async () => {
    const { body: { id } } = await book(engine, network, { startsAt: network.at('10:00', 3) });
    const refused = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:00', -1) });
    expect(refused.status, refused.text).to.equal(409);

    const again = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:00', -1) });
    expect(shown(again)).to.deep.equal(shown(refused));
    await alter(`began_at = now() - interval '7 days 1 second'`);
    expect((await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('11:00', 3) })).status, 'a key of old').to.equal(200);
  });

  it('a key, used at another address, is refused, and nothing is done there', async () => {
    expect((await post('/v1/barbers', barber())).status).to.equal(201);
    expectProblem(await post('/v1/services', { name: 'Cor', durationMinutes: 30, priceCents: 100 }), 'idempotency_key_reused');
    expectProblem(await post(`/v1/shops/${network.shopId}/closures?dryRun=true`, { fromDate: '2027-05-05', toDate: '2027-05-05' }), 'idempotency_key_reused');
    expect(await count(engine.database.orm, 'service', 'network_id = ?', [network.networkId])).to.equal(1);
  });

  it('a key, used by another API client of the network, is another key', async () => {
    const first = await post('/v1/barbers', barber());
    const { apiKey } = await createApiKey(engine.database.orm.em.fork(), { networkId: network.networkId, clientName: 'other', scopes: ['manage'] });
    const theirs = await engine.call(apiKey, 'POST', '/v1/barbers', barber('Eva'), { 'idempotency-key': key });
    expect([theirs.status, theirs.body.id === first.body.id, await barbers()]).to.deep.equal([201, false, 3]);
  });

  it('a malformed key is a fault of the request, and without a key each request is another', async () => {
    for (const malformed of ['', 'a b', 'ä', 'x'.repeat(256)]) expectProblem(await post('/v1/barbers', barber(), { 'idempotency-key': malformed }), 'idempotency_key_missing');
    expect((await post('/v1/barbers', barber(), { 'idempotency-key': 'x'.repeat(255) })).status).to.equal(201);
    for (let time = 0; time < 2; time += 1) expect((await engine.call(network.apiKey, 'POST', '/v1/barbers', barber())).status).to.equal(201);
    expect([await barbers(), await rows()]).to.deep.equal([4, 1]);
  });

  it('a faulty request leaves its key free for the mended one', async () => {
    expectProblem(await post('/v1/shops', { ...shop('main'), name: 7 }), 'invalid_request', ['/name']);
    expectProblem(await post('/v1/shops', shop('main')), 'invalid_request', ['/slug']);
    expect((await post('/v1/shops', shop('mended'))).status).to.equal(201);
  });

  it('five at once with one key: one is done, the others are told to wait or get its answer', async () => {
    const release = await holdBarbers();
    const first = post('/v1/barbers', barber());
    await eventually(waiting, (found) => found === 1);
    const others = await Promise.all(Array.from({ length: 4 }, () => post('/v1/barbers', barber())));
    for (const other of others) {
      expectProblem(other, 'request_running');
      expect(other.headers.get('retry-after')).to.equal('1');
    }
    expectProblem(await post('/v1/barbers', barber('Eva')), 'idempotency_key_reused');
    await release();

    const answer = await first;
    expect(answer.status, answer.text).to.equal(201);
    for (const each of await Promise.all(Array.from({ length: 4 }, () => post('/v1/barbers', barber())))) expect(shown(each)).to.deep.equal(shown(answer));
    expect(await barbers()).to.equal(2);
  });

  it('a request that failed on our side is not kept: again, it is done', async () => {
    const release = await holdBarbers();
    const first = post('/v1/barbers', barber());
    await eventually(waiting, (found) => found === 1);
    await engine.database.orm.em.fork().execute(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    expectProblem(await first, 'database_unavailable');
    await release();

    const second = await post('/v1/barbers', barber());
    expect([second.status, await barbers()]).to.deep.equal([201, 2]);
    expect(shown(await post('/v1/barbers', barber()))).to.deep.equal(shown(second));
  });

  for (const [what, path, body] of [
    ['shop', () => '/v1/shops', shop('dead')],
    ['barber', () => '/v1/barbers', barber()],
    ['service', () => '/v1/services', { name: 'Cor', durationMinutes: 30, priceCents: 100 }],
    ['shop_closure', () => `/v1/shops/${network.shopId}/closures`, { fromDate: '2027-05-05', toDate: '2027-05-06' }],
    ['time_off', () => `/v1/barbers/${network.barberIds[0]}/time-off`, { fromDate: '2027-05-05', toDate: '2027-05-06' }],
  ] as [string, () => string, object][]) {
    it(`a ${what}, whose first request died after or before it was made, is there once`, async () => {
      const first = await post(path(), body);
      expect(first.status, first.text).to.equal(201);
      const made = await count(engine.database.orm, what, 'network_id = ?', [network.networkId]);
      await die('0 seconds');
      expectProblem(await post(path(), body), 'request_running');
      await die();
      expect(shown(await post(path(), body)), 'it was made').to.deep.equal(shown(first));
      await die();
      if (what === 'barber') await engine.database.orm.em.fork().execute('delete from diary where barber_id = ?', [first.body.id]);
      await engine.database.orm.em.fork().execute(`delete from ${what} where id = ?`, [first.body.id]);
      expect(shown(await post(path(), body)), 'it was not made').to.deep.equal(shown(first));

      expect(await count(engine.database.orm, what, 'network_id = ?', [network.networkId])).to.equal(made);
    });
  }

  it('a move, whose first request died after it, is taken over by one of many, and is one move', async () => {
    const { body: { id } } = await book(engine, network);
    const moved = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('12:00') });
    expect(moved.body.version, moved.text).to.equal(2);
    await die();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('12:00') })));

    for (const answer of answers) {
      if (answer.status === 409) expectProblem(answer, 'request_running');
      else expect(shown(answer)).to.deep.equal(shown(moved));
    }
    expect(answers.filter(({ status }) => status === 200)).to.not.have.length(0);
    expect(await count(engine.database.orm, 'appointment_event', 'appointment_id = ?', [id])).to.equal(2);
  });

  it('a cancellation, whose answer came too late for the API, is known to the workflow when it is repeated with its key', async () => {
    const own = await startEngine({ env: { ANSWER_WITHIN_MS: '1000' } });
    try {
      network = await buildNetwork(own.database.orm);
      const { body: { id } } = await book(own, network);
      await eventually(() => own.call(network.apiKey, 'GET', `/v1/appointments/${id}`), ({ body }) => body.status === 'confirmed');
      await own.stopWorkers();
      const cancel = (body: object) => own.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`, body, { 'idempotency-key': key });
      for (let time = 0; time < 2; time += 1) expectProblem(await cancel({}), 'outcome_unknown');
      expectProblem(await cancel({ reason: 'illness' }), 'idempotency_key_reused');
      await own.startWorkers();

      const answer = await eventually(() => cancel({}), ({ status }) => status !== 503);
      expect([answer.status, answer.body.status, answer.body.version], answer.text).to.deep.equal([200, 'cancelled', 2]);
      const { events } = await own.deps.temporal.client.workflow.getHandle(appointmentWorkflowId(id)).fetchHistory();
      const asked = (events ?? []).flatMap((event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.meta?.updateId ?? []);
      expect(asked.filter((updateId) => updateId !== bookUpdateId), 'one update, asked for three times').to.have.length(1);
    } finally {
      await own.stop();
    }
  });

  it('what is kept of a hold that was confirmed, has nothing of the customer and no token', async () => {
    const wanted = { ...bookingBody(network), customer: undefined };
    const { body: { id, token } } = await post('/v1/holds', wanted);
    const who = customer();
    const confirmed = await post(`/v1/holds/${id}/confirm`, { token, customer: who });
    expect(confirmed.status, confirmed.text).to.equal(200);

    const kept = JSON.stringify(await engine.database.orm.em.fork().execute('select * from kept_answer where network_id = ?', [network.networkId]));
    expect(kept).to.include(id);
    for (const secret of [token, who.name, who.email, who.phone]) expect(kept).to.not.include(secret);
    expect(shown(await post(`/v1/holds/${id}/confirm`, { token, customer: who }))).to.deep.equal(shown(confirmed));
  });

  it('a key of more than 7 days ago is a new one, and housekeeping deletes it', async () => {
    const first = await post('/v1/barbers', barber());
    await alter(`began_at = now() - interval '7 days 1 second'`);
    const second = await post('/v1/barbers', barber('Eva'));
    expect([second.status, second.body.name, second.body.id === first.body.id]).to.deep.equal([201, 'Eva', false]);
    expect(shown(await post('/v1/barbers', barber('Eva')))).to.deep.equal(shown(second));

    await alter(`began_at = now() - interval '7 days' + interval '1 hour'`);
    await deleteOutlived(engine.database.orm.em.fork());
    expect(await rows()).to.equal(1);
    await alter(`began_at = now() - interval '7 days 1 second'`);
    await deleteOutlived(engine.database.orm.em.fork());
    expect(await rows()).to.equal(0);
  });

  it('every POST that there is, but those that answer the same anyway, says in the document that it takes a key, and how the key can fail it', () => {
    const routes = allRoutes(engine.deps);
    const { paths } = openApiDocument(routes) as { paths: Record<string, Record<string, { parameters: { name: string; required: boolean }[]; responses: Record<string, { description: string }> }>> };
    expect(routes.filter(({ repeatable }) => repeatable).map(({ path }) => path)).to.deep.equal(['/v1/appointments/:id/links', '/v1/barbers/:id/calendars/find', '/v1/barbers/:id/calendars', '/v1/barbers/:id/feeds', '/v1/shops/:id/feeds']);
    for (const { path, keepsOwnAnswer } of routes.filter(({ method, repeatable }) => method === 'post' && !repeatable)) {
      const { parameters, responses } = paths[path.replaceAll(/:(\w+)/g, '{$1}')]!.post!;
      expect(parameters.filter(({ name }) => name === 'Idempotency-Key').map(({ required }) => required), path).to.deep.equal([keepsOwnAnswer === true]);
      expect(responses[400]!.description, path).to.include('`idempotency_key_missing`');
      expect(responses[422]!.description, path).to.include('`idempotency_key_reused`');
      if (!keepsOwnAnswer) expect(responses[409]!.description, path).to.include('`request_running`');
    }
  });
});
