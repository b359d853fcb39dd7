/**
 * Goal: holidays close shops by name, and no settings name what is not there. Method: sets through their whole life, and each scope that
 * can name them.
 */
import { expect } from 'chai';
import { shippedHolidaySets } from '../../src/domain/holiday-sets.ts';
import { addDays, toWall } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };
const sets = '/v1/holiday-sets';
const own = `${sets}/own`;
const days = [
  { name: 'Dia bissexto', monthDay: '02-29' },
  { name: 'Segunda-feira de Páscoa', easterOffset: 1 },
  { name: 'Dia da Mãe', month: 5, weekday: 7, nth: 1 },
  { name: 'Depois', month: 11, weekday: 4, nth: -1, plusDays: 1 },
  { name: 'Inauguração', date: '2027-03-10' },
];

describe('holiday sets', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  const call = (method: string, path: string, body?: unknown, version?: number): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, version === undefined ? {} : { 'if-match': `"${version}"` });
  const edit = async (method: string, path: string, body?: unknown, version?: number) => {
    const answer = await call(method, path, body, version);
    expect(answer.status, answer.text).to.be.within(200, 201);
    return answer.body;
  };
  const datesOf = async (path: string) => (await call('GET', path)).body.dates.map(({ date }: { date: string }) => date);

  it('a set, from its making over a change to its removal, is answered, read and listed as it was given', async () => {
    const record = { slug: 'own', name: 'Nossos dias', shipped: false, days, version: 1 };
    expect(await edit('PUT', own, { name: 'Nossos dias', days }, 0)).to.deep.equal({ ...record, ...noHits });
    const read = await call('GET', `${own}?year=2028`);
    expect([read.body, read.headers.get('etag')]).to.deep.equal([
      {
        ...record,
        dates: [
          { date: '2028-02-29', name: 'Dia bissexto' },
          { date: '2028-04-17', name: 'Segunda-feira de Páscoa' },
          { date: '2028-05-07', name: 'Dia da Mãe' },
          { date: '2028-12-01', name: 'Depois' },
        ],
      },
      '"1"',
    ]);
    expect(await datesOf(`${own}?year=2027`)).to.deep.equal(['2027-03-10', '2027-03-29', '2027-05-02', '2027-11-26']);
    expect((await call('GET', sets)).body.items[0]).to.deep.equal(record);

    expect(await edit('PUT', own, { name: 'Menos', days: [] }, 1)).to.deep.equal({
      ...record,
      name: 'Menos',
      days: [],
      version: 2,
      ...noHits,
    });
    expect(await edit('DELETE', own, undefined, 2)).to.deep.equal(noHits);
    for (const method of ['GET', 'DELETE']) expectProblem(await call(method, own, undefined, 2), 'not_found');
    expect((await call('GET', sets)).body.items[0].slug).to.equal('pt');
  });

  it('the shipped sets, are listed, read without a version, and resolved for this year unless another is asked for', async () => {
    const { body } = await call('GET', sets);
    expect([body.items.length, body.nextCursor]).to.deep.equal([shippedHolidaySets.length, null]);
    expect(
      body.items.every(
        (set: { shipped: boolean; version: unknown; dates: unknown }) => set.shipped && set.version === null && set.dates === undefined,
      ),
    ).to.equal(true);
    const { body: inYear } = await call('GET', `${sets}?year=2027`);
    const named = (slug: string) => inYear.items.find((set: { slug: string }) => set.slug === slug).dates;
    expect([named('pt').length, named('pt')[1], named('pt-lisboa')]).to.deep.equal([
      13,
      { date: '2027-03-26', name: 'Sexta-Feira Santa' },
      [{ date: '2027-06-13', name: 'Feriado municipal de Lisboa (Santo António)' }],
    ]);

    const read = await call('GET', `${sets}/pt`);
    expect(read.headers.has('etag')).to.equal(false);
    expect(read.body.dates.at(-1)).to.deep.equal({ date: `${new Date().getUTCFullYear()}-12-25`, name: 'Natal' });
    for (const year of ['1999', '2200', '27', 'x']) {
      expectProblem(await call('GET', `${sets}?year=${year}`), 'invalid_request', ['year']);
      expectProblem(await call('GET', `${sets}/pt?year=${year}`), 'invalid_request', ['year']);
    }
  });

  it('a set, under the slug of a shipped one or what cannot be a slug, is refused by the name of it', async () => {
    for (const slug of ['pt', 'pt-lisboa']) {
      for (const version of [0, 1]) {
        expectProblem(await call('PUT', `${sets}/${slug}`, { name: 'Mine', days: [] }, version), 'invalid_request', ['slug']);
        expectProblem(await call('DELETE', `${sets}/${slug}`, undefined, version), 'invalid_request', ['slug']);
      }
    }
    for (const slug of ['Own', 'own--set', '-', 'a'.repeat(81), '%00', 'a%2Fb']) {
      expectProblem(await call('PUT', `${sets}/${slug}`, { name: 'Mine', days: [] }, 0), 'invalid_request', ['slug']);
      for (const method of ['GET', 'DELETE']) expectProblem(await call(method, `${sets}/${slug}`, undefined, 0), 'not_found');
    }
    expect((await call('GET', sets)).body.items[0].slug).to.equal('pt');
  });

  const bad: Record<string, [body: unknown, paths: string[]]> = {
    nothing: [{}, ['/name', '/days']],
    'other fields': [{ name: 'A', days: [], slug: 'own', shipped: false }, ['/slug', '/shipped']],
    'days that are none': [
      { name: 'A', days: [5, null, {}, { name: 'A' }, [], '02-02'] },
      [0, 1, 2, 3, 4, 5].map((index) => `/days/${index}`),
    ],
    'dates that do not exist': [
      {
        name: 'A',
        days: [
          { name: 'A', monthDay: '02-30' },
          { name: 'A', monthDay: '13-01' },
          { name: 'A', date: '2027-02-29' },
          { name: 'A', date: '1999-01-01' },
          { name: 'A', monthDay: 1 },
        ],
      },
      ['/days/0/monthDay', '/days/1/monthDay', '/days/2/date', '/days/3/date', '/days/4/monthDay'],
    ],
    'weekdays that no month has': [
      {
        name: 'A',
        days: [
          { name: 'A', month: 13, weekday: 0, nth: 6 },
          { name: 'A', month: 1, weekday: 1, nth: 0 },
          { name: 'A', month: 1 },
        ],
      },
      ['/days/0/month', '/days/0/weekday', '/days/0/nth', '/days/1/nth', '/days/2/weekday', '/days/2/nth'],
    ],
    'shifts over half a year': [
      {
        name: 'A',
        days: [
          { name: 'A', easterOffset: 181 },
          { name: 'A', easterOffset: 0.5 },
          { name: 'A', month: 1, weekday: 1, nth: 1, plusDays: -181 },
        ],
      },
      ['/days/0/easterOffset', '/days/1/easterOffset', '/days/2/plusDays'],
    ],
    'two forms in one': [{ name: 'A', days: [{ name: '', monthDay: '01-01', date: '2027-01-01' }] }, ['/days/0/name', '/days/0/date']],
    'more than 100 days': [{ name: 'A', days: Array.from({ length: 101 }, () => days[0]) }, ['/days']],
  };
  for (const [what, [body, paths]] of Object.entries(bad)) {
    it(`a set, with ${what}, is refused by the name of each fault, and nothing is changed`, async () => {
      expectProblem(await call('PUT', own, body, 0), 'invalid_request', paths);
      expectProblem(await call('GET', own), 'not_found');
    });
  }

  it('a set, edited without the version that is there, stays, and a stale caller is shown it; of two at once one wins', async () => {
    const early = await call('PUT', own, { name: 'A', days }, 1);
    expectProblem(early, 'precondition_failed');
    expect(early.body.current).to.equal(null);
    const first = await Promise.all(['One', 'Two'].map((name) => call('PUT', own, { name, days }, 0)));
    expect(first.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
    const { dates: _, ...current } = (await call('GET', own)).body;
    for (const [method, body] of [
      ['PUT', { name: 'A', days }],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, own, body), 'precondition_required');
      const stale = await call(method, own, body, 0);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal(current);
    }
    const second = await Promise.all(['Three', 'Four'].map((name) => call('PUT', own, { name, days }, 1)));
    expect(second.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
  });

  /** Whatever has settings: where it is, a good body, and how to come by it. */
  const scopes: Record<string, (network: TestNetwork) => { path: string; body: object; version: number }> = {
    'the network': () => ({ path: '/v1/network', body: { name: 'N' }, version: 1 }),
    'a shop': (n) => ({
      path: `/v1/shops/${n.shopId}`,
      body: { slug: 'main', name: 'A', address: 'Rua 1', timeZone: n.timeZone, locale: 'pt' },
      version: 1,
    }),
    'a service': (n) => ({
      path: `/v1/services/${n.serviceId}`,
      body: { name: 'Corte', durationMinutes: 30, priceCents: 100 },
      version: 1,
    }),
    'a barber': (n) => ({ path: `/v1/barbers/${n.barberIds[0]}`, body: { name: 'Zé', locale: 'pt' }, version: 1 }),
    "a barber's terms": (n) => ({ path: `/v1/barbers/${n.barberIds[0]}/services/${n.serviceId}`, body: {}, version: 0 }),
  };
  for (const [what, scope] of Object.entries(scopes)) {
    it(`${what}, may name the sets that are known and no others; one that is named shuts the shop and cannot be removed`, async () => {
      const { path, body, version } = scope(network);
      const tomorrow = addDays(toWall(Date.now(), network.timeZone).date, 1);
      const offered = async () =>
        (await call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${tomorrow}`)).body.slots.length;
      const unknown = { ...body, settings: { holidaySets: ['pt', 'own', 'nowhere', 'own'] } };
      expectProblem(
        await call('PUT', path, unknown, version),
        'invalid_request',
        [1, 2, 3].map((index) => `/settings/holidaySets/${index}`),
      );
      expect((await call('PUT', path, unknown, version)).body.faults[0].message).to.equal('is not a known holiday set');

      await edit('PUT', own, { name: 'Own', days: [{ name: 'Dia', date: tomorrow }] }, 0);
      expect(await offered()).to.equal(47);
      const named = await edit('PUT', path, { ...body, settings: { holidaySets: ['pt', 'own'] } }, version);
      expect([named.settings, await offered()]).to.deep.equal([{ holidaySets: ['pt', 'own'] }, 0]);
      const refused = await call('DELETE', own, undefined, 1);
      expectProblem(refused, 'in_use');
      expect(refused.body.detail)
        .to.match(/^The settings of .* name it\.$/)
        .and.include(path.split('/')[3] ?? 'the network');
      expectProblem(await call('DELETE', `${own}?dryRun=true`, undefined, 1), 'in_use');

      await edit('PUT', path, { ...body, settings: { holidaySets: [] } }, named.version);
      expect(await offered()).to.equal(47);
      await edit('DELETE', own, undefined, 1);
    });
  }

  it("a new shop, service or barber, that names an unknown set, is refused, also by the slug of another network's", async () => {
    const other = await buildNetwork(engine.database.orm);
    await engine.call(other.apiKey, 'PUT', own, { name: 'Own', days: [] }, { 'if-match': '"0"' });
    const settings = { holidaySets: ['own'] };
    const bodies = {
      shops: { slug: 'b', name: 'B', address: 'Rua 2', timeZone: 'Europe/Lisbon', locale: 'pt', settings },
      services: { name: 'B', durationMinutes: 30, priceCents: 100, settings },
      barbers: { name: 'B', locale: 'pt', settings },
    };
    for (const [kind, body] of Object.entries(bodies)) {
      expectProblem(await call('POST', `/v1/${kind}`, body), 'invalid_request', ['/settings/holidaySets/0']);
      expect((await call('GET', `/v1/${kind}`)).body.items).to.have.length(1);
    }
    await edit('PUT', own, { name: 'Own', days: [] }, 0);
    for (const [kind, body] of Object.entries(bodies)) await edit('POST', `/v1/${kind}`, body);
    expectProblem(await call('DELETE', own, undefined, 1), 'in_use');
  });

  it('a set, named only by what is archived, can be removed', async () => {
    await edit('PUT', own, { name: 'Own', days: [] }, 0);
    const { id, version } = await edit('POST', '/v1/shops', {
      slug: 'b',
      name: 'B',
      address: 'Rua 2',
      timeZone: 'Europe/Lisbon',
      locale: 'pt',
      settings: { holidaySets: ['own'] },
    });
    await edit('DELETE', `/v1/shops/${id}`, undefined, version);
    await edit('DELETE', own, undefined, 1);
  });

  it('a set, removed while a shop begins to name it, is either kept or refused to the shop', async () => {
    for (let round = 0; round < 8; round += 1) {
      await edit('PUT', own, { name: 'Own', days: [] }, 0);
      const shop = {
        slug: `s-${round}`,
        name: 'S',
        address: 'Rua 2',
        timeZone: 'Europe/Lisbon',
        locale: 'pt',
        settings: { holidaySets: ['own'] },
      };
      const [removed, added] = await Promise.all([call('DELETE', own, undefined, 1), call('POST', '/v1/shops', shop)]);
      expect([removed.status, added.status].sort()).to.be.deep.oneOf([
        [200, 400],
        [201, 409],
      ]);
      if (removed.status === 200) continue;
      await edit('DELETE', `/v1/shops/${added.body.id}`, undefined, 1);
      await edit('DELETE', own, undefined, 1);
    }
  });
});
