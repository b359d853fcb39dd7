/** Goal: what a network sets holds wherever nothing nearer speaks. Method: change the network, and look at what is offered. */
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };

describe('the network', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  const call = (method: string, body?: unknown, version?: number, path = '/v1/network'): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, version === undefined ? {} : { 'if-match': `"${version}"` });
  const offered = async (): Promise<number> => {
    const tomorrow = addDays(toWall(Date.now(), network.timeZone).date, 1);
    return (
      await call('GET', undefined, undefined, `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${tomorrow}`)
    ).body.slots.length;
  };

  it('the network, when changed, is answered and read as it was given, and one that says less inherits the defaults again', async () => {
    const record = {
      id: network.networkId,
      slug: network.networkId,
      name: 'Test network',
      settings: { reminderJitterSeconds: 0, quietHours: null },
      version: 1,
    };
    const read = await call('GET');
    expect([read.status, read.body, read.headers.get('etag')]).to.deep.equal([200, record, '"1"']);

    const settings = {
      slotStepMinutes: 30,
      minimumNoticeMinutes: 30,
      bookingHorizonDays: 60,
      bufferAfterMinutes: 5,
      holidaySets: ['pt', 'pt-lisboa'],
      maxVisitsPerBarberDay: null,
      reminderLeadMinutes: [60],
    };
    const changed = await call('PUT', { name: 'Navalha', settings }, 1);
    expect([changed.status, changed.body, changed.headers.get('etag')]).to.deep.equal([
      200,
      { ...record, name: 'Navalha', settings, version: 2, ...noHits },
      '"2"',
    ]);
    expect({ ...(await call('GET')).body, ...noHits }).to.deep.equal(changed.body);
    expect((await call('PUT', { name: 'Navalha' }, 2)).body).to.deep.equal({
      ...record,
      name: 'Navalha',
      settings: {},
      version: 3,
      ...noHits,
    });
  });

  it("the network's settings, hold where the shop has none of its own", async () => {
    expect(await offered()).to.equal(47);
    await call('PUT', { name: 'N', settings: { slotStepMinutes: 60 } }, 1);
    expect(await offered()).to.equal(12);
    const shop = { slug: 'main', name: 'A', address: 'Rua 1', timeZone: network.timeZone, locale: 'pt', settings: { slotStepMinutes: 30 } };
    await call('PUT', shop, 1, `/v1/shops/${network.shopId}`);
    expect(await offered()).to.equal(24);
  });

  it('the network, changed without the version that is there, stays, and a stale caller is shown it; of two at once one wins', async () => {
    const { body } = await call('GET');
    expectProblem(await call('PUT', { name: 'N' }), 'precondition_required');
    const stale = await call('PUT', { name: 'N' }, 7);
    expectProblem(stale, 'precondition_failed');
    expect(stale.body.current).to.deep.equal(body);
    expect((await call('GET')).body).to.deep.equal(body);

    const both = await Promise.all(['One', 'Two'].map((name) => call('PUT', { name }, 1)));
    const [winner, loser] = both.toSorted((a, b) => a.status - b.status);
    expect([winner!.status, loser!.status, loser!.body.current?.name]).to.deep.equal([200, 412, winner!.body.name]);
  });

  it('the network, when only tried, stays as it is', async () => {
    const { body } = await call('GET');
    const tried = await call('PUT', { name: 'N', settings: { slotStepMinutes: 60 } }, 1, '/v1/network?dryRun=true');
    expect([tried.status, tried.body.name, tried.body.dryRun, tried.headers.get('etag')]).to.deep.equal([200, 'N', true, null]);
    expect([(await call('GET')).body, await offered()]).to.deep.equal([body, 47]);
  });

  it('the network, with faulty fields, is refused by the name of each, and nothing is changed', async () => {
    const { body } = await call('GET');
    const faulty = {
      name: ' ',
      slug: 'x',
      settings: { slotStepMinutes: 4, holidaySets: ['PT'], bufferBeforeMinutes: 241, maxVisitsPerCustomerDay: 0, other: 1 },
    };
    expectProblem(await call('PUT', faulty, 1), 'invalid_request', [
      '/name',
      '/slug',
      '/settings/slotStepMinutes',
      '/settings/holidaySets/0',
      '/settings/bufferBeforeMinutes',
      '/settings/maxVisitsPerCustomerDay',
      '/settings/other',
    ]);
    expect((await call('GET')).body).to.deep.equal(body);
  });
});
