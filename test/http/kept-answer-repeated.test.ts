/**
 * Goal: a POST that is repeated under its Idempotency-Key is answered as at first, whatever happened since, and keeps no secret. Method:
 * repeat over HTTP, one after the other.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { deleteOutlived } from '../../src/db/housekeeping.ts';
import { book, bookingBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { barber, keptAnswers, shop, shown } from '../support/kept-answer.ts';
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

  const { post, rows, alter } = keptAnswers(
    () => engine,
    () => network,
    () => key,
  );

  it('a shop, added again with its key, is the same answer to the letter, also after it was changed, and one shop', async () => {
    const first = await post('/v1/shops', shop('kept'));
    expect(first.status, first.text).to.equal(201);
    const changed = await engine.call(
      network.apiKey,
      'PUT',
      `/v1/shops/${first.body.id}`,
      { ...shop('kept'), name: 'B' },
      { 'if-match': '"1"' },
    );
    expect(changed.status).to.equal(200);
    const { slug, ...others } = shop('kept');
    const again = await post('/v1/shops', { ...others, slug });

    expect(shown(again)).to.deep.equal(shown(first));
    expect(again.headers.get('location')).to.equal(`/v1/shops/${first.body.id}`);
    expect(await count(engine.database.orm, 'shop', 'network_id = ?', [network.networkId])).to.equal(2);
  });

  it('each step of a visit, repeated with its key when the visit has moved on, gets its first answer', async () => {
    const {
      body: { id },
    } = await post('/v1/walk-ins', { shopId: network.shopId, serviceId: network.serviceId });
    const [start, complete] = [{ 'idempotency-key': randomUUID() }, { 'idempotency-key': randomUUID() }];
    const started = await post(`/v1/appointments/${id}/start`, undefined, start);
    const completed = await post(`/v1/appointments/${id}/complete`, undefined, complete);

    expect([started.body.status, completed.body.status]).to.deep.equal(['started', 'completed']);
    expect(shown(await post(`/v1/appointments/${id}/start`, undefined, start))).to.deep.equal(shown(started));
    expect(shown(await post(`/v1/appointments/${id}/complete`, undefined, complete))).to.deep.equal(shown(completed));
  });

  it('a cancellation, under the key of its booking, is done; again with another body, it is refused', async () => {
    const {
      body: { id },
    } = await book(engine, network, {}, key);
    const cancelled = await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' });

    expect(cancelled.body.status, cancelled.text).to.equal('cancelled');
    expect(shown(await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' }))).to.deep.equal(shown(cancelled));
    expectProblem(await post(`/v1/appointments/${id}/cancel`, { reason: 'emergency' }), 'idempotency_key_reused');
    expectProblem(await post(`/v1/appointments/${id}/cancel`), 'idempotency_key_reused');
    expectProblem(await post(`/v1/appointments/${id}/cancel`, { reason: 'illness' }, { 'if-match': '"1"' }), 'idempotency_key_reused');
  });

  it('a refusal, repeated when it would no longer be one, is the first refusal', async () => {
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at('10:00', 3) });
    const refused = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:00', -1) });
    expect(refused.status, refused.text).to.equal(409);

    const again = await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:00', -1) });
    expect(shown(again)).to.deep.equal(shown(refused));
    await alter(`began_at = now() - interval '7 days 1 second'`);
    expect((await post(`/v1/appointments/${id}/reschedule`, { startsAt: network.at('11:00', 3) })).status, 'a key of old').to.equal(200);
  });

  it('what is kept of a hold that was confirmed, has nothing of the customer and no token', async () => {
    const wanted = { ...bookingBody(network), customer: undefined };
    const {
      body: { id, token },
    } = await post('/v1/holds', wanted);
    const who = customer();
    const confirmed = await post(`/v1/holds/${id}/confirm`, { token, customer: who });
    expect(confirmed.status, confirmed.text).to.equal(200);

    const kept = JSON.stringify(
      await engine.database.orm.em.fork().execute('select * from kept_answer where network_id = ?', [network.networkId]),
    );
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
});
