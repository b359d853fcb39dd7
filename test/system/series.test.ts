/**
 * Goal: a series whose API dies among its visits is completed, or cancelled, by whoever asks next.
 * Method: kill -9 while a lock holds the second of three visits; another lock holds a
 * cancellation between its look and its work.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, send, type Answer } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { holdDiary, openSite, standInTheWay, type ApiProgram, type Site } from '../support/programs.ts';

describe('a series, whose API is killed inside its second visit', () => {
  let site: Site;
  let network: TestNetwork;
  let other: ApiProgram;
  let ask: { path: string; body: object; key: string };

  beforeEach(async () => {
    site = await openSite({ ANSWER_WITHIN_MS: '20000' });
    network = await buildNetwork(site.database.orm, { barbers: 2 });
    const [first, second] = network.barberIds;
    const visits = [first, second, first].map((barberId, index) => ({ barberId, startsAt: network.at('10:00', (index + 1) * 7) }));
    ask = {
      path: '/v1/series',
      body: { shopId: network.shopId, serviceId: network.serviceId, everyWeeks: 1, customer: customer(), visits },
      key: randomUUID(),
    };
  });
  afterEach(() => site.close());

  const post = (api: ApiProgram, path: string, body?: object, key: string = randomUUID()) =>
    send(api.url, network.apiKey, 'POST', path, body, { 'idempotency-key': key });
  const commit = (api: ApiProgram) => post(api, ask.path, ask.body, ask.key);
  const read = (id: string) => send(other.url, network.apiKey, 'GET', `/v1/series/${id}`);
  const states = ({ body }: Answer): string[] =>
    body.visits.map(({ status, appointment }: { status: string; appointment?: { status: string } }) => appointment?.status ?? status);
  const claimed = () => count(site.database.orm, 'occupancy', 'network_id = ?', [network.networkId]);

  /** Answers the id of the series: its first visit is booked, its second being decided by the worker, of its third nobody has heard. */
  async function die(): Promise<{ id: string; release: () => Promise<void> }> {
    const [api, another] = await Promise.all([site.startApi(), site.startApi(), site.startWorker()]);
    other = another;
    const lock = await holdDiary(site.database, network.barberIds[1]!);
    const broken = commit(api).catch(() => null);
    await lock.blocks();
    await api.end('SIGKILL');
    expect(await broken, 'no answer').to.equal(null);
    const [{ id }] = await site.database.orm.em
      .fork()
      .execute<[{ id: string }]>('select id from series where network_id = ?', [network.networkId]);
    expect(states(await read(id))).to.deep.equal(['confirmed', 'pending', 'open']);
    return { id, release: () => lock.release() };
  }

  it('and is repeated, is completed by another, each visit once, and answers so from then on', async () => {
    const { id, release } = await die();
    await release();

    const done = await eventually(
      () => commit(other),
      ({ status }) => status !== 202,
    );

    expect([done.status, done.body.id, done.body.booked], done.text).to.deep.equal([201, id, 3]);
    expect(states(done)).to.deep.equal(['confirmed', 'confirmed', 'confirmed']);
    expect([await claimed(), await count(site.database.orm, 'appointment', 'network_id = ?', [network.networkId])]).to.deep.equal([3, 3]);
    expect((await commit(other)).text).to.equal(done.text);
  });

  it('and is cancelled, ends without a visit: what was booked meanwhile is given back, and repeating books nothing', async () => {
    const { id, release } = await die();
    const {
      body: {
        visits: [first, second],
      },
    } = await read(id);
    // The cancellation has looked and waits at the first visit, while the second, which was not there at that look, is booked.
    const lock = await standInTheWay(site.database, 'select from appointment where id = $1 for update', [first.id]);
    const cancelling = post(other, `/v1/series/${id}/cancel`);
    await lock.blocks();
    await release();
    await eventually(
      () => count(site.database.orm, 'appointment', 'id = ?', [second.id]),
      (found) => found === 1,
    );
    await lock.release();

    const cancelled = await cancelling;
    expect([cancelled.status, ...states(cancelled)], cancelled.text).to.deep.equal([200, 'cancelled', 'cancelled']);
    expect(states(await read(id))).to.deep.equal(['cancelled', 'cancelled', 'withdrawn']);
    const repeated = await commit(other);
    expect([repeated.status, ...repeated.body.visits.map(({ status }: { status: string }) => status)]).to.deep.equal([
      201,
      'booked',
      'booked',
      'withdrawn',
    ]);
    expect(states(await read(id))).to.deep.equal(['cancelled', 'cancelled', 'withdrawn']);
    expect(await claimed()).to.equal(0);
  });
});
