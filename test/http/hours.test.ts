/** Goal: every rule shows at once in what is offered. Method: edit hours and settings, and look at tomorrow's free times. */
import { expect } from 'chai';
import { addDays, toWall, weekdayOf } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const week = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }));
const on = (weekday: number, from: string, to: string) => ({ weekday, from, to });
/** A barber's week without end. */
const always = (hours: unknown, breaks: unknown[] = []) => ({ periods: [{ fromDate: null, toDate: null, hours, breaks }] });
/** Faulty weekly stretches, and where the answer must point to. */
const faulty: Record<string, [stretches: unknown[], paths: string[]]> = {
  'end before they begin': [[on(1, '18:00', '09:00')], ['/0/to']],
  'last no time': [[on(1, '09:00', '09:00')], ['/0/to']],
  'last more than a day': [[on(1, '09:00', '34:00')], ['/0/to']],
  'overlap on a day': [[on(1, '09:00', '13:00'), on(2, '09:00', '13:00'), on(1, '12:59', '18:00')], ['/2']],
  'overlap over midnight': [[on(1, '20:00', '26:00'), on(2, '01:00', '09:00')], ['/1']],
  'overlap over the end of the week': [[on(1, '00:00', '03:00'), on(7, '20:00', '26:00')], ['/1']],
  'lie on no weekday': [
    [on(0, '09:00', '10:00'), on(8, '09:00', '10:00')],
    ['/0/weekday', '/1/weekday'],
  ],
  'begin at no time of a day': [
    [on(1, '24:00', '25:00'), on(2, '9:00', '10:60')],
    ['/0/from', '/1/from', '/1/to'],
  ],
  'have other fields': [[{ ...on(1, '09:00', '10:00'), note: 'x' }], ['/0/note']],
};

describe('hours and offers', () => {
  let engine: Engine;
  let network: TestNetwork;
  let tomorrow: string;

  const call = (method: string, path: string, body?: unknown, version = 1): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, method === 'PUT' || method === 'DELETE' ? { 'if-match': `"${version}"` } : {});
  const shop = () => `/v1/shops/${network.shopId}`;
  const barber = () => `/v1/barbers/${network.barberIds[0]}`;
  const hours = () => `${barber()}/hours/${network.shopId}`;
  const edit = async (method: string, path: string, body?: unknown, version?: number) => {
    const answer = await call(method, path, body, version);
    expect(answer.status, answer.text).to.be.within(200, 204);
    return answer.body;
  };
  const ask = (more = '') =>
    call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${tomorrow}&to=${tomorrow}${more}`);
  /** Tomorrow's free times on the shop's clock. */
  const free = async (): Promise<string[]> =>
    (await ask()).body.slots.map((slot: { startsAtLocal: string }) => slot.startsAtLocal.slice(11, 16));
  const expectFree = async (count: number, first: string, last: string) => {
    const times = await free();
    expect([times.length, times[0], times.at(-1)]).to.deep.equal([count, first, last]);
  };
  const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };

  /** Open 08:00 to 20:00, half an hour each, every 15 minutes. */
  const untouched = [47, '08:00', '19:30'] as const;

  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
    tomorrow = toWall(Date.parse(network.at('12:00')), network.timeZone).date;
  });

  for (const [what, [stretches, paths]] of Object.entries(faulty)) {
    it(`hours, that ${what}, are refused for shop, barber and breaks alike`, async () => {
      expectProblem(
        await call('PUT', `${shop()}/hours`, { openingHours: stretches }),
        'invalid_request',
        paths.map((path) => `/openingHours${path}`),
      );
      expectProblem(
        await call('PUT', hours(), always(stretches)),
        'invalid_request',
        paths.map((path) => `/periods/0/hours${path}`),
      );
      const breaks = await call('PUT', hours(), always(week('00:00', '24:00'), stretches));
      expectProblem(
        breaks,
        'invalid_request',
        paths.map((path) => `/periods/0/breaks${path}`),
      );
      await expectFree(...untouched);
    });
  }

  it("breaks, that lie outside the hours, the barber's own or the shop's that he keeps, are refused by number", async () => {
    const breaks = [on(1, '12:00', '13:00'), on(2, '16:30', '17:30'), on(3, '08:00', '09:00'), on(4, '19:30', '20:30')];
    expectProblem(
      await call('PUT', hours(), always(week('09:00', '17:00'), breaks)),
      'invalid_request',
      [1, 2, 3].map((index) => `/periods/0/breaks/${index}`),
    );
    expectProblem(await call('PUT', hours(), always(null, breaks)), 'invalid_request', ['/periods/0/breaks/3']);
    await expectFree(...untouched);
  });

  it('opening hours, once changed, are read as given and bound what is offered', async () => {
    const openingHours = week('10:00', '12:00');
    expect((await edit('PUT', `${shop()}/hours`, { openingHours })).openingHours).to.deep.equal(openingHours);
    await expectFree(7, '10:00', '11:30');
    const stale = await call('PUT', `${shop()}/hours`, { openingHours: [] });
    expectProblem(stale, 'precondition_failed');
    expect(stale.body.current).to.deep.include({ openingHours, version: 2 });
  });

  it('a night shift, that runs past midnight, is offered until its end on the next day', async () => {
    await edit('PUT', `${shop()}/hours`, { openingHours: week('18:00', '26:00') });
    await edit('PUT', hours(), always(week('18:00', '26:00'), week('01:00', '01:30')));
    expect(await free())
      .to.include.members(['00:30', '01:30', '18:00', '23:45'])
      .and.to.not.include.members(['00:45', '01:00', '01:45', '17:45']);
  });

  it('a barber\'s hours and breaks, once changed, bound what is offered, and If-Match "0" assigns only once', async () => {
    const body = always(week('09:00', '17:00'), week('12:00', '13:00'));
    const record = { barberId: network.barberIds[0], shopId: network.shopId, ...body, version: 2 };
    expect(await edit('PUT', hours(), body)).to.deep.equal({ ...record, ...noHits });
    await expectFree(26, '09:00', '16:30');

    for (const method of ['PUT', 'DELETE']) {
      const stale = await call(method, hours(), method === 'PUT' ? body : undefined, 0);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal(record);
    }
    expect((await call('GET', `${barber()}/hours`)).body.items).to.deep.equal([record]);
    await edit('DELETE', hours(), undefined, 2);
    expect(await free()).to.deep.equal([]);
    expectProblem(await call('DELETE', hours(), undefined, 2), 'not_found');
    expectProblem(await call('PUT', hours(), body, 2), 'precondition_failed');
    expect((await edit('PUT', hours(), body, 0)).version).to.equal(1);
    await expectFree(26, '09:00', '16:30');
  });

  it("a barber's hours, when two edit the same version at once, are set by one of them", async () => {
    const answers = await Promise.all(['09:00', '10:00'].map((from) => call('PUT', hours(), always(week(from, '17:00')))));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
    const [winner, loser] = answers.toSorted((a, b) => a.status - b.status);
    expect(loser!.body.current.periods).to.deep.equal(winner!.body.periods);
  });

  it('periods, each on its own dates, bound what is offered, and between them the barber does not work', async () => {
    const dayAfter = addDays(tomorrow, 1);
    const period = (fromDate: string | null, toDate: string | null, from: string) => ({
      fromDate,
      toDate,
      hours: week(from, '12:00'),
      breaks: [],
    });
    const periods = [period(null, tomorrow, '10:00'), period(addDays(tomorrow, 2), null, '11:00')];
    expect((await edit('PUT', hours(), { periods })).periods).to.deep.equal(periods);
    await expectFree(7, '10:00', '11:30');
    const slots = (
      await call(
        'GET',
        `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${dayAfter}&to=${addDays(tomorrow, 2)}`,
      )
    ).body.slots;
    expect(slots.map(({ startsAtLocal }: { startsAtLocal: string }) => startsAtLocal.slice(0, 16))).to.deep.equal(
      ['11:00', '11:15', '11:30'].map((time) => `${addDays(tomorrow, 2)}T${time}`),
    );
  });

  const badPeriods: Record<string, [periods: unknown, paths: string[]]> = {
    'are none': [[], ['/periods']],
    'end before they begin': [[{ fromDate: '2027-02-02', toDate: '2027-02-01', hours: [] }], ['/periods/0/toDate']],
    overlap: [
      [
        { toDate: '2027-02-02', hours: [] },
        { fromDate: '2027-02-02', hours: [] },
      ],
      ['/periods/1'],
    ],
    'begin on no date': [[{ fromDate: '2027-02-30', hours: [] }], ['/periods/0/fromDate']],
    'have no hours': [[{ fromDate: '2027-02-20' }], ['/periods/0/hours']],
  };
  for (const [what, [periods, paths]] of Object.entries(badPeriods)) {
    it(`periods, that ${what}, are refused and nothing is changed`, async () => {
      expectProblem(await call('PUT', hours(), { periods }), 'invalid_request', paths);
      await expectFree(...untouched);
    });
  }

  it("hours of null, keep the shop's opening hours, whatever becomes of these", async () => {
    await edit('PUT', hours(), always(null, week('12:00', '13:00')));
    await expectFree(42, '08:00', '19:30');
    await edit('PUT', `${shop()}/hours`, { openingHours: week('11:00', '12:00') });
    await expectFree(3, '11:00', '11:30');
  });

  it('a barber of two shops, who works Monday in one and Friday in the other, is offered in each on its day; hours that overlap name the other shop', async () => {
    const second = (
      await call('POST', '/v1/shops', { slug: 'alfama', name: 'Alfama', address: 'Rua 2', timeZone: 'Europe/Lisbon', locale: 'pt' })
    ).body;
    await edit('PUT', `/v1/shops/${second.id}/hours`, { openingHours: week('09:00', '18:00') });
    const there = `${barber()}/hours/${second.id}`;
    const [day, next] = [weekdayOf(tomorrow), weekdayOf(addDays(tomorrow, 1))];

    for (const taken of [always([on(day, '19:00', '21:00')]), always(null)]) {
      const refused = await call('PUT', there, taken, 0);
      expectProblem(refused, 'invalid_request', ['/periods/0']);
      expect(refused.body.faults[0].message).to.include('Barbearia Ação');
    }
    expect((await call('GET', `${barber()}/hours`)).body.items).to.have.length(1);

    await edit('PUT', hours(), always([on(day, '09:00', '12:00')]));
    await edit('PUT', there, always([on(next, '09:00', '12:00')]), 0);
    const offered = async (shopId: string) =>
      (
        await call('GET', `/v1/availability?shopId=${shopId}&serviceId=${network.serviceId}&from=${tomorrow}&to=${addDays(tomorrow, 1)}`)
      ).body.slots.map(({ date }: { date: string }) => date);
    expect(new Set(await offered(network.shopId))).to.deep.equal(new Set([tomorrow]));
    expect(new Set(await offered(second.id))).to.deep.equal(new Set([addDays(tomorrow, 1)]));
    expectProblem(await call('PUT', hours(), always(null), 2), 'invalid_request', ['/periods/0']);
    await edit('DELETE', `/v1/shops/${second.id}`, undefined, 2);
    await edit('PUT', hours(), always(null), 2);
  });

  it("settings and lengths, once changed, count: the barber's before the service's before the shop's", async () => {
    const change = async (path: string, settings: object, more: object = {}) => {
      const { id: _, version, openingHours: __, segments: ___, ...fields } = (await call('GET', path)).body;
      await edit('PUT', path, { ...fields, ...more, settings }, version);
    };
    await change(shop(), { slotStepMinutes: 60 });
    await expectFree(12, '08:00', '19:00');
    await change(`/v1/services/${network.serviceId}`, { slotStepMinutes: 30 }, { durationMinutes: 60 });
    await expectFree(23, '08:00', '19:00');
    await change(barber(), { slotStepMinutes: 120 });
    await expectFree(6, '08:00', '18:00');
    await change(barber(), { minimumNoticeMinutes: 3 * 1440 });
    expect(await free()).to.deep.equal([]);
  });

  it('a barber, a service or a shop, once archived, is not offered any more', async () => {
    await edit('DELETE', barber());
    expect(await free()).to.deep.equal([]);
    expectProblem(await ask(`&barberId=${network.barberIds[0]}`), 'not_found');
    await edit('DELETE', `/v1/services/${network.serviceId}`);
    expectProblem(await ask(), 'not_found');
    await edit('DELETE', shop());
    expectProblem(await ask(), 'not_found');
  });
});
