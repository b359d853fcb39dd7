/**
 * Goal: a barber may give a service on terms of his own, or not at all. Method: terms through the API, and what is offered, booked and hit
 * by them.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book } from '../support/booking.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };
const colour = [
  { kind: 'busy', minutes: 20 },
  { kind: 'free', minutes: 20 },
  { kind: 'busy', minutes: 5 },
];

describe("a barber's own terms", () => {
  let engine: Engine;
  let network: TestNetwork;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
  });

  const call = (method: string, path: string, body?: unknown, version?: number): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, version === undefined ? {} : { 'if-match': `"${version}"` });
  const services = () => `/v1/barbers/${network.barberIds[0]}/services`;
  const terms = () => `${services()}/${network.serviceId}`;
  const ids = () => ({ barberId: network.barberIds[0], serviceId: network.serviceId });
  const put = async (body: unknown, version = 0) => {
    const answer = await call('PUT', terms(), body, version);
    expect(answer.status, answer.text).to.equal(200);
    return answer.body;
  };
  type Slot = { barberId: string; startsAt: string; endsAt: string; priceCents: number };
  const offered = async (barberId: string): Promise<Slot[]> =>
    (
      await call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${network.at('10:00').slice(0, 10)}`)
    ).body.slots.filter((slot: Slot) => slot.barberId === barberId);
  const minutesOf = ({ startsAt, endsAt }: { startsAt: string; endsAt: string }) => (Date.parse(endsAt) - Date.parse(startsAt)) / 60_000;

  it('terms, from their setting to their taking back, are read and listed as they were given', async () => {
    expectProblem(await call('GET', terms()), 'not_found');
    expect((await call('GET', services())).body).to.deep.equal({ items: [], nextCursor: null });
    const record = {
      ...ids(),
      offered: true,
      durationMinutes: 45,
      segments: colour,
      priceCents: 2200,
      settings: { bufferAfterMinutes: 5 },
      version: 1,
    };
    expect(await put({ segments: colour, priceCents: 2200, settings: { bufferAfterMinutes: 5 } })).to.deep.equal({ ...record, ...noHits });
    const read = await call('GET', terms());
    expect([read.body, read.headers.get('etag')]).to.deep.equal([record, '"1"']);
    expect((await call('GET', services())).body.items).to.deep.equal([record]);

    const bare = { ...ids(), offered: true, durationMinutes: null, segments: null, priceCents: null, settings: {}, version: 2 };
    expect(await put({}, 1)).to.deep.equal({ ...bare, ...noHits });
    const { version: _, ...asRead } = bare;
    const { barberId: __, serviceId: ___, ...fields } = asRead;
    expect(await put(fields, 2), 'as it was read').to.deep.include({ version: 2 });
    const gone = await call('DELETE', terms(), undefined, 2);
    expect([gone.status, gone.body]).to.deep.equal([200, noHits]);
    for (const method of ['GET', 'DELETE']) expectProblem(await call(method, terms(), undefined, 2), 'not_found');
  });

  it('terms, edited without the version that is there, stay, and a stale caller is shown them', async () => {
    expectProblem(await call('PUT', terms(), {}, 1), 'precondition_failed');
    await put({ durationMinutes: 40 });
    for (const [method, body] of [
      ['PUT', {}],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, terms(), body), 'precondition_required');
      const stale = await call(method, terms(), body, 0);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal((await call('GET', terms())).body);
    }
    const both = await Promise.all([10, 20].map((durationMinutes) => call('PUT', terms(), { durationMinutes }, 1)));
    expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
  });

  const bad: Record<string, [body: unknown, paths: string[]]> = {
    'a length of zero': [{ durationMinutes: 0 }, ['/durationMinutes']],
    'a length beyond a day': [{ durationMinutes: 1441 }, ['/durationMinutes']],
    'segments beyond a day': [
      {
        segments: [
          { kind: 'busy', minutes: 800 },
          { kind: 'free', minutes: 600 },
          { kind: 'busy', minutes: 41 },
        ],
      },
      ['/segments'],
    ],
    'segments that begin free': [{ segments: colour.slice(1) }, ['/segments']],
    'segments that end free': [{ segments: colour.slice(0, 2) }, ['/segments']],
    'segments of one kind in a row': [{ segments: [colour[0], colour[2]] }, ['/segments']],
    'a segment of zero minutes': [{ segments: [{ kind: 'busy', minutes: 0 }] }, ['/segments/0/minutes']],
    'no segments': [{ segments: [] }, ['/segments', '/segments']],
    "a length that is not the segments' sum": [{ durationMinutes: 44, segments: colour }, ['/durationMinutes']],
    'a price below zero': [{ priceCents: -1 }, ['/priceCents']],
    'a currency': [{ currency: 'EUR' }, ['/currency']],
    'no truth': [{ offered: 'no' }, ['/offered']],
    'an unknown holiday set': [{ settings: { holidaySets: ['pt', 'atlantis'] } }, ['/settings/holidaySets/1']],
  };
  for (const [what, [body, paths]] of Object.entries(bad)) {
    it(`terms, with ${what}, are refused and nothing is changed`, async () => {
      expectProblem(await call('PUT', terms(), body, 0), 'invalid_request', paths);
      expectProblem(await call('GET', terms()), 'not_found');
    });
  }

  it('terms, of a service or barber that is not there or was archived, are not found', async () => {
    await put({});
    expectProblem(await call('PUT', `${services()}/${randomUUID()}`, {}, 0), 'not_found');
    expectProblem(await call('GET', `/v1/barbers/${randomUUID()}/services`), 'not_found');
    await call('DELETE', `/v1/services/${network.serviceId}`, undefined, 1);
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', {}],
    ] as const)
      expectProblem(await call(method, terms(), body, 1), 'not_found');
    expect((await call('GET', services())).body.items).to.deep.equal([]);
  });

  it('a length and a price of his own, once set, are what is offered and what is booked, with him alone', async () => {
    await put({ durationMinutes: 50, priceCents: 2400 });
    const [own, other] = network.barberIds as [string, string];
    expect(new Set((await offered(own)).map((slot) => `${minutesOf(slot)} ${slot.priceCents}`))).to.deep.equal(new Set(['50 2400']));
    expect(new Set((await offered(other)).map((slot) => `${minutesOf(slot)} ${slot.priceCents}`))).to.deep.equal(new Set(['30 1500']));

    const booked = await Promise.all([own, other].map((barberId) => book(engine, network, { barberId })));
    expect(booked.map(({ body }) => [minutesOf(body), body.priceCents, body.parts[0].priceCents])).to.deep.equal([
      [50, 2400, 2400],
      [30, 1500, 1500],
    ]);
  });

  it('a service, that he does not give, is not offered with him, and refused by that rule', async () => {
    await put({ offered: false });
    const [own, other] = network.barberIds as [string, string];
    expect([(await offered(own)).length, (await offered(other)).length]).to.deep.equal([0, 47]);
    expectProblem(await book(engine, network, { barberId: own }), 'service_not_offered');
    expect((await book(engine, network, { barberId: undefined })).body.barberId).to.equal(other);
  });

  it('a service that became longer, dearer or segmented, is offered and booked so, while what was booked before stays', async () => {
    const before = await book(engine, network);
    const path = `/v1/services/${network.serviceId}`;
    const changed = await call('PUT', path, { name: 'Cor', segments: colour, priceCents: 4000 }, 1);
    expect(changed.body, changed.text).to.deep.include({
      durationMinutes: 45,
      segments: colour,
      priceCents: 4000,
      currency: 'EUR',
      version: 2,
      appointmentsHit: [],
    });

    const after = await book(engine, network, { startsAt: network.at('12:00') });
    expect([minutesOf(after.body), after.body.priceCents]).to.deep.equal([45, 4000]);
    const kept = (await call('GET', `/v1/appointments/${before.body.id}`)).body;
    expect([minutesOf(kept), kept.priceCents]).to.deep.equal([30, 1500]);
  });

  const badServices: Record<string, [body: Record<string, unknown>, paths: string[]]> = {
    'no length': [{}, ['/durationMinutes']],
    'lengths that disagree': [{ durationMinutes: 30, segments: colour }, ['/durationMinutes']],
    'segments that end free': [{ segments: colour.slice(0, 2) }, ['/segments']],
    'a length beyond a day': [{ durationMinutes: 1441 }, ['/durationMinutes']],
    'buffers of old': [{ durationMinutes: 30, bufferBeforeMinutes: 5 }, ['/bufferBeforeMinutes']],
    'a buffer below zero': [{ durationMinutes: 30, settings: { bufferAfterMinutes: -1 } }, ['/settings/bufferAfterMinutes']],
    'a currency that is none': [{ durationMinutes: 30, currency: 'EUX' }, ['/currency']],
    'an unknown holiday set': [{ durationMinutes: 30, settings: { holidaySets: ['atlantis'] } }, ['/settings/holidaySets/0']],
  };
  for (const [what, [body, paths]] of Object.entries(badServices)) {
    it(`a service, with ${what}, is refused, added or changed, and nothing is changed`, async () => {
      const path = `/v1/services/${network.serviceId}`;
      const before = (await call('GET', '/v1/services')).body;
      expectProblem(await call('POST', '/v1/services', { name: 'Cor', priceCents: 100, ...body }), 'invalid_request', paths);
      expectProblem(await call('PUT', path, { name: 'Cor', priceCents: 100, ...body }, 1), 'invalid_request', paths);
      expect((await call('GET', '/v1/services')).body).to.deep.equal(before);
    });
  }

  it('a barber, with an unknown holiday set, is refused, added or changed', async () => {
    const body = { name: 'Zé', locale: 'pt', settings: { holidaySets: ['atlantis'] } };
    expectProblem(await call('POST', '/v1/barbers', body), 'invalid_request', ['/settings/holidaySets/0']);
    expectProblem(await call('PUT', `/v1/barbers/${network.barberIds[0]}`, body, 1), 'invalid_request', ['/settings/holidaySets/0']);
  });
});
