/** Goal: strangers and malformed addresses get nowhere. Method: wrong keys, queries, cursors, paths and methods; a clean 4xx each. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createApiKey, revokeApiKey } from '../../src/db/api-key.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const cursor = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const someId = '00000000-0000-4000-8000-000000000000';

/** Cursors that nobody was given: each would be a database error if it were believed. */
const forged: Record<string, string> = {
  garbage: 'garbage',
  'JSON of another shape': cursor('a'),
  'an id of hyphens': cursor('a', '-'.repeat(36)),
  'a NUL': cursor('\u0000', someId),
  'a lone surrogate': cursor('\ud800', someId),
};
const forgedTimes: Record<string, string> = {
  'no time': cursor('soon', someId),
  'a time before all calendars': cursor('-271821-04-20T00:00:00.000Z', someId),
};

describe('bad requests', () => {
  let engine: Engine;
  let network: TestNetwork;

  const get = (path: string): Promise<Answer> => engine.call(network.apiKey, 'GET', path);
  const slots = (wishes: Record<string, string>) =>
    get(
      `/v1/availability?${new URLSearchParams({
        shopId: network.shopId,
        serviceId: network.serviceId,
        from: '2027-05-05',
        to: '2027-05-06',
        ...wishes,
      }).toString()}`,
    );

  before(async () => {
    engine = await startEngine({ workers: false });
    network = await buildNetwork(engine.database.orm);
  });
  after(() => engine.stop());

  const queries: Record<string, [path: string, paths: string[]]> = {
    'an unknown parameter': ['/v1/shops?nam=x', ['nam']],
    'a parameter named __proto__': ['/v1/shops?__proto__=x', ['__proto__']],
    'a parameter where none is known': [`/v1/shops/${someId}?expand=all`, ['expand']],
    'a limit given twice': ['/v1/shops?limit=5&limit=6', ['limit']],
    'an id given twice': [`/v1/appointments?shopId=${someId}&shopId=${someId}`, ['shopId']],
    'a limit of 0': ['/v1/shops?limit=0', ['limit']],
    'a limit of 101': ['/v1/services?limit=101', ['limit']],
    'a limit that is no whole number': ['/v1/barbers?limit=1.5', ['limit']],
    'a limit in hexadecimal': ['/v1/barbers?limit=0x10', ['limit']],
    'an empty limit': ['/v1/appointments?limit=', ['limit']],
    'a malformed id': ['/v1/barbers?shopId=1', ['shopId']],
    'an unknown status': ['/v1/appointments?status=lost', ['status']],
    'an impossible day': [`/v1/appointments?shopId=${someId}&date=2026-02-30`, ['date']],
    'a day without a shop': ['/v1/appointments?date=2027-05-05', ['date']],
    'nothing that availability needs': ['/v1/availability', ['from', 'shopId']],
    'no service, for availability': [`/v1/availability?shopId=${someId}&from=2027-05-05`, ['serviceId']],
  };
  for (const [what, [path, paths]] of Object.entries(queries)) {
    it(`a query, with ${what}, is refused by the name of the parameter`, async () => {
      expectProblem(await get(path), 'invalid_request', paths);
    });
  }

  for (const [what, [wishes, paths]] of Object.entries({
    'more than 60 days': [{ to: '2027-07-04' }, ['to']],
    'an end before its start': [{ to: '2027-05-04' }, ['to']],
    'the year 0': [{ from: '0000-01-01', to: '0000-01-02' }, ['from', 'to']],
    'the end of the year 9999': [{ from: '9999-12-31', to: '9999-12-31' }, ['from', 'to']],
  } satisfies Record<string, [Record<string, string>, string[]]>)) {
    it(`a question for free times, over ${what}, is refused`, async () => {
      expectProblem(await slots(wishes), 'invalid_request', paths);
    });
  }

  it('a question for free times, over exactly 60 days, is answered', async () => {
    expect((await slots({ to: '2027-07-03' })).status).to.equal(200);
  });

  for (const path of ['/v1/shops', '/v1/barbers', '/v1/services', '/v1/appointments']) {
    for (const [what, text] of Object.entries(path === '/v1/appointments' ? { ...forged, ...forgedTimes } : forged)) {
      it(`a page of ${path}, after a forged cursor with ${what}, is refused`, async () => {
        expectProblem(await get(`${path}?cursor=${text}`), 'invalid_request', ['cursor']);
      });
    }
  }

  for (const path of [
    '/v1/shops/1',
    `/v1/shops/${someId}%00`,
    '/v1/shops/%E0%A4%A',
    '/v1/nothing',
    '/v1',
    '/nothing',
    '/v1/shops/../../etc/passwd',
    '//v1/shops',
  ]) {
    it(`the address ${path}, which leads nowhere, answers 404`, async () => {
      expectProblem(await get(path), 'not_found');
    });
  }

  it('an address, with a method that it does not offer, answers 405 with those that it does', async () => {
    const offers = [
      ['PATCH', '/v1/shops', 'GET, POST'],
      ['DELETE', '/v1/appointments', 'POST, GET'],
      ['PUT', `/v1/appointments/${someId}/cancel`, 'POST'],
    ] as const;
    for (const [method, path, allow] of offers) {
      const answer = await engine.call(network.apiKey, method, path);

      expectProblem(answer, 'method_not_allowed');
      expect(answer.headers.get('allow')).to.equal(allow);
    }
  });

  it('an API key, when it is missing, malformed, unknown, of another secret, expired or revoked, is not let in', async () => {
    const em = engine.database.orm.em.fork();
    const make = async (more: { expiresAt?: Date } = {}) =>
      (await createApiKey(em, { networkId: network.networkId, clientName: 'test', scopes: ['book'], ...more })).apiKey;
    const [expired, revoked] = [await make({ expiresAt: new Date(Date.now() - 1000) }), await make()];
    const id = revoked.slice(3, 35).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    expect(await revokeApiKey(em, network.networkId, id)).to.equal(true);
    const [, known] = network.apiKey.split('_');
    const headers = [
      '',
      'Bearer',
      `Basic ${network.apiKey}`,
      'Bearer x',
      `Bearer pk_${'0'.repeat(32)}_${'A'.repeat(43)}`,
      `Bearer pk_${known}_${'A'.repeat(43)}`,
      `Bearer ${network.apiKey}x`,
      `Bearer ${expired}`,
      `Bearer ${revoked}`,
    ];

    for (const authorization of headers) {
      for (const path of ['/v1/appointments', '/V1/Appointments/', '/v1/nothing']) {
        const answer = await engine.call('', 'POST', path, '{broken', { authorization });

        expectProblem(answer, 'unauthenticated');
        expect(answer.headers.get('www-authenticate')).to.equal('Bearer');
      }
    }
    expect(
      (await engine.call('', 'GET', '/v1/shops', undefined, { authorization: `bearer ${network.apiKey}` })).status,
      'the scheme has no case',
    ).to.equal(200);
  });

  it('an unknown id, read in any list of its own, is not told from one that does not exist', async () => {
    for (const path of [
      `/v1/appointments/${randomUUID()}`,
      `/v1/appointments/${randomUUID()}/deliveries`,
      `/v1/barbers/${randomUUID()}/hours`,
    ]) {
      expectProblem(await get(path), 'not_found');
    }
  });
});
