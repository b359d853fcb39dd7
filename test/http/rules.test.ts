/** Goal: shops, barbers and services are kept as they are given, one edit at a time. Method: each kind of record through its whole life. */
import { expect } from 'chai';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const settings = { slotStepMinutes: 20, minimumNoticeMinutes: 30, bookingHorizonDays: 60, reminderLeadMinutes: [60] };

/** For each kind: a full record, one with only what must be given, what is then filled in, and faulty values by field. */
const kinds: Record<
  string,
  { full: Record<string, unknown>; bare: Record<string, unknown>; filled: Record<string, unknown>; faulty: Record<string, unknown> }
> = {
  shops: {
    full: {
      slug: 'rua-augusta',
      name: 'Augusta "O\'Neill" <b>',
      address: 'Rua Augusta 1',
      phone: '+351210000000',
      email: 'a@example.com',
      timeZone: 'Europe/Lisbon',
      locale: 'pt-PT',
      settings,
    },
    bare: { slug: 'funchal', name: 'Funchal', address: 'Rua 2', timeZone: 'Atlantic/Madeira', locale: 'pt' },
    filled: { phone: null, email: null, settings: {}, openingHours: [] },
    faulty: {
      slug: 'Rua Augusta',
      name: '',
      address: 'a\nb',
      phone: '210000000',
      email: 'a@b',
      timeZone: 'Lisbon',
      locale: '',
      settings: [],
    },
  },
  barbers: {
    full: { name: 'Zé', email: 'ze@example.com', locale: 'pt-PT', settings },
    bare: { name: 'João', locale: 'pt' },
    filled: { email: null, settings: {} },
    faulty: { name: ' ', email: 'zé', locale: 'portuguese!', settings: 'none' },
  },
  services: {
    full: {
      name: 'Corte e barba',
      durationMinutes: 45,
      segments: [{ kind: 'busy', minutes: 45 }],
      priceCents: 2500,
      currency: 'EUR',
      settings: { ...settings, bufferBeforeMinutes: 5, bufferAfterMinutes: 10 },
    },
    bare: { name: 'Corte', durationMinutes: 30, priceCents: 0 },
    filled: { segments: [{ kind: 'busy', minutes: 30 }], currency: 'EUR', settings: {} },
    faulty: { name: 5, durationMinutes: 0, segments: 'none', priceCents: 1e12, currency: 'EUX', settings: null },
  },
};

const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };

describe('records', () => {
  let engine: Engine;
  let network: TestNetwork;

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    engine.call(network.apiKey, method, path, body, headers);
  const seen = (version: number) => ({ 'if-match': `"${version}"` });

  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  for (const [kind, { full, bare, filled, faulty }] of Object.entries(kinds)) {
    it(`one of the ${kind}, when added, is answered, read and listed as it was given`, async () => {
      const before = new Set((await call('GET', `/v1/${kind}`)).body.items.map(({ id }: { id: string }) => id));
      const added = await call('POST', `/v1/${kind}`, full);
      expect(added.status, added.text).to.equal(201);
      const { id } = added.body;

      expect(added.body).to.deep.include({ ...full, version: 1 });
      expect([added.headers.get('location'), added.headers.get('etag')]).to.deep.equal([`/v1/${kind}/${id}`, '"1"']);
      const read = await call('GET', `/v1/${kind}/${id}`);
      expect([read.body, read.headers.get('etag')]).to.deep.equal([added.body, '"1"']);
      const listed = (await call('GET', `/v1/${kind}`)).body.items.filter((item: { id: string }) => !before.has(item.id));
      expect(listed).to.deep.equal([added.body]);
    });

    it(`one of the ${kind}, when changed to less, keeps nothing of what was left out, and counts its version`, async () => {
      const {
        body: { id },
      } = await call('POST', `/v1/${kind}`, full);
      const changed = await call('PUT', `/v1/${kind}/${id}`, bare, seen(1));

      expect(changed.status, changed.text).to.equal(200);
      expect(changed.body).to.deep.equal({ id, ...bare, ...filled, version: 2, ...noHits });
      expect(changed.headers.get('etag')).to.equal('"2"');
      expect({ ...(await call('GET', `/v1/${kind}/${id}`)).body, ...noHits }).to.deep.equal(changed.body);
    });

    it(`one of the ${kind}, when changed or archived without the version that is there, stays, and a stale caller is shown it`, async () => {
      const { body } = await call('POST', `/v1/${kind}`, full);
      const path = `/v1/${kind}/${body.id}`;
      for (const [method, change] of [
        ['PUT', bare],
        ['DELETE', undefined],
      ] as const) {
        expectProblem(await call(method, path, change), 'precondition_required');
        expectProblem(await call(method, path, change, { 'if-match': '*' }), 'invalid_request', ['If-Match']);
        const stale = await call(method, path, change, seen(7));
        expectProblem(stale, 'precondition_failed');
        expect(stale.body.current).to.deep.equal(body);
      }
      expect((await call('GET', path)).body).to.deep.equal(body);
    });

    it(`one of the ${kind}, when two change the same version at once, is changed by one of them`, async () => {
      const {
        body: { id },
      } = await call('POST', `/v1/${kind}`, full);
      const answers = await Promise.all(['One', 'Two'].map((name) => call('PUT', `/v1/${kind}/${id}`, { ...full, name }, seen(1))));

      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
      const winner = answers.find(({ status }) => status === 200)!;
      expect({ ...answers.find(({ status }) => status === 412)!.body.current, ...noHits }).to.deep.equal(winner.body);
    });

    it(`one of the ${kind}, once archived, is gone`, async () => {
      const {
        body: { id },
      } = await call('POST', `/v1/${kind}`, full);
      const archived = await call('DELETE', `/v1/${kind}/${id}`, undefined, seen(1));
      expect([archived.status, archived.body]).to.deep.equal([200, noHits]);

      for (const [method, body] of [
        ['GET', undefined],
        ['PUT', full],
        ['DELETE', undefined],
      ] as const) {
        expectProblem(await call(method, `/v1/${kind}/${id}`, body, method === 'GET' ? {} : seen(2)), 'not_found');
      }
      expect((await call('GET', `/v1/${kind}`)).body.items.map((item: { id: string }) => item.id)).to.not.include(id);
    });

    it(`one of the ${kind}, with a fault in every field, is refused by the name of each, and so is what only the database may set`, async () => {
      expectProblem(
        await call('POST', `/v1/${kind}`, faulty),
        'invalid_request',
        Object.keys(faulty).map((field) => `/${field}`),
      );
      const columns = { id: 1, networkId: 1, version: 1, archivedAt: null, openingHours: [] };
      expectProblem(
        await call('POST', `/v1/${kind}`, { ...bare, ...columns }),
        'invalid_request',
        Object.keys(columns).map((field) => `/${field}`),
      );
      const wrong = { slotStepMinutes: 0, minimumNoticeMinutes: '5', bookingHorizonDays: 731, reminderLeadMinutes: [60, null], other: 1 };
      expectProblem(await call('POST', `/v1/${kind}`, { ...bare, settings: wrong }), 'invalid_request', [
        '/settings/slotStepMinutes',
        '/settings/minimumNoticeMinutes',
        '/settings/bookingHorizonDays',
        '/settings/reminderLeadMinutes/1',
        '/settings/other',
      ]);
    });
  }

  it("a shop's slug, when it is used already, is refused in the same network, added or changed, and free in another", async () => {
    const { full, bare } = kinds.shops!;
    await call('POST', '/v1/shops', full);
    const {
      body: { id },
    } = await call('POST', '/v1/shops', bare);
    expectProblem(await call('POST', '/v1/shops', full), 'invalid_request', ['/slug']);
    expectProblem(await call('PUT', `/v1/shops/${id}`, full, seen(1)), 'invalid_request', ['/slug']);

    const other = await buildNetwork(engine.database.orm);
    expect((await engine.call(other.apiKey, 'POST', '/v1/shops', full)).status).to.equal(201);
  });

  it("a shop's slug, once the shop is archived, is free again", async () => {
    const { full, bare } = kinds.shops!;
    const {
      body: { id },
    } = await call('POST', '/v1/shops', full);
    const { body: second } = await call('POST', '/v1/shops', bare);
    expectProblem(await call('PUT', `/v1/shops/${second.id}?dryRun=true`, full, seen(1)), 'invalid_request', ['/slug']);
    await call('DELETE', `/v1/shops/${id}`, undefined, seen(1));
    expect((await call('PUT', `/v1/shops/${second.id}`, full, seen(1))).status).to.equal(200);
    await call('DELETE', `/v1/shops/${second.id}`, undefined, seen(2));
    expect((await call('POST', '/v1/shops', full)).status).to.equal(201);
  });
});
