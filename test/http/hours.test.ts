/** Goal: every rule shows at once in what is offered. Method: edit hours, closures, time off and settings, and look at tomorrow's free times. */
import { expect } from 'chai';
import { toWall } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const week = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }));
const on = (weekday: number, from: string, to: string) => ({ weekday, from, to });
/** Faulty weekly stretches, and where the answer must point to. */
const faulty: Record<string, [stretches: unknown[], paths: string[]]> = {
  'end before they begin': [[on(1, '18:00', '09:00')], ['/0/to']],
  'last no time': [[on(1, '09:00', '09:00')], ['/0/to']],
  'last more than a day': [[on(1, '09:00', '34:00')], ['/0/to']],
  'overlap on a day': [[on(1, '09:00', '13:00'), on(2, '09:00', '13:00'), on(1, '12:59', '18:00')], ['/2']],
  'overlap over midnight': [[on(1, '20:00', '26:00'), on(2, '01:00', '09:00')], ['/1']],
  'overlap over the end of the week': [[on(1, '00:00', '03:00'), on(7, '20:00', '26:00')], ['/1']],
  'lie on no weekday': [[on(0, '09:00', '10:00'), on(8, '09:00', '10:00')], ['/0/weekday', '/1/weekday']],
  'begin at no time of a day': [[on(1, '24:00', '25:00'), on(2, '9:00', '10:60')], ['/0/from', '/1/from', '/1/to']],
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
  const ask = (more = '') => call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${tomorrow}&to=${tomorrow}${more}`);
  /** Tomorrow's free times on the shop's clock. */
  const free = async (): Promise<string[]> => (await ask()).body.slots.map((slot: { startsAtLocal: string }) => slot.startsAtLocal.slice(11, 16));
  const expectFree = async (count: number, first: string, last: string) => {
    const times = await free();
    expect([times.length, times[0], times.at(-1)]).to.deep.equal([count, first, last]);
  };
  const away = (from: string, to: string) => ({ startsAt: network.at(from), endsAt: network.at(to) });

  /** Open 08:00 to 20:00, half an hour each, every 15 minutes. */
  const untouched = [47, '08:00', '19:30'] as const;

  before(async () => { engine = await startEngine({ workers: false }); });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
    tomorrow = toWall(Date.parse(network.at('12:00')), network.timeZone).date;
  });

  for (const [what, [stretches, paths]] of Object.entries(faulty)) {
    it(`hours, that ${what}, are refused for shop, barber and breaks alike`, async () => {
      expectProblem(await call('PUT', `${shop()}/hours`, { openingHours: stretches }), 'invalid_request', paths.map((path) => `/openingHours${path}`));
      expectProblem(await call('PUT', hours(), { hours: stretches }), 'invalid_request', paths.map((path) => `/hours${path}`));
      const breaks = await call('PUT', hours(), { hours: week('00:00', '24:00'), breaks: stretches });
      expectProblem(breaks, 'invalid_request', paths.map((path) => `/breaks${path}`));
      await expectFree(...untouched);
    });
  }

  it('breaks, that lie outside the hours, are refused by number', async () => {
    const breaks = [on(1, '12:00', '13:00'), on(2, '16:30', '17:30'), on(3, '08:00', '09:00')];
    expectProblem(await call('PUT', hours(), { hours: week('09:00', '17:00'), breaks }), 'invalid_request', ['/breaks/1', '/breaks/2']);
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
    await edit('PUT', hours(), { hours: week('18:00', '26:00'), breaks: week('01:00', '01:30') });
    expect(await free()).to.include.members(['00:30', '01:30', '18:00', '23:45']).and.to.not.include.members(['00:45', '01:00', '01:45', '17:45']);
  });

  it('a barber\'s hours and breaks, once changed, bound what is offered, and If-Match "0" assigns only once', async () => {
    const body = { hours: week('09:00', '17:00'), breaks: week('12:00', '13:00') };
    expect(await edit('PUT', hours(), body)).to.deep.equal({ barberId: network.barberIds[0], shopId: network.shopId, ...body, version: 2 });
    await expectFree(26, '09:00', '16:30');

    expectProblem(await call('PUT', hours(), body, 0), 'precondition_failed');
    expect((await call('GET', `${barber()}/hours`)).body.items.map((item: { version: number }) => item.version)).to.deep.equal([2]);
    await edit('DELETE', hours());
    expect(await free()).to.deep.equal([]);
    expectProblem(await call('DELETE', hours()), 'not_found');
    expectProblem(await call('PUT', hours(), body, 2), 'precondition_failed');
    expect((await edit('PUT', hours(), body, 0)).version).to.equal(1);
    await expectFree(26, '09:00', '16:30');
  });

  it('a closure, from its making to its removal, empties its days', async () => {
    const closure = await edit('POST', `${shop()}/closures`, { fromDate: tomorrow, toDate: tomorrow, reason: 'Feriado' });
    expect((await call('GET', `${shop()}/closures`)).body).to.deep.equal({ items: [closure], nextCursor: null });
    expect(await free()).to.deep.equal([]);

    await edit('DELETE', `${shop()}/closures/${closure.id}`);
    await expectFree(...untouched);
    expectProblem(await call('DELETE', `${shop()}/closures/${closure.id}`), 'not_found');
    expectProblem(await call('POST', `${shop()}/closures`, { fromDate: '2027-05-06', toDate: '2027-05-05' }), 'invalid_request', ['/toDate']);
    expectProblem(await call('POST', `${shop()}/closures`, { fromDate: '0000-01-01', toDate: '9999-12-31' }), 'invalid_request', ['/fromDate', '/toDate']);
  });

  it('time off, from its giving to its taking back, is not offered', async () => {
    const given = await edit('POST', `${barber()}/time-off`, away('08:00', '18:00'));
    expect((await call('GET', `${barber()}/time-off`)).body).to.deep.equal({ items: [given], nextCursor: null });
    await expectFree(7, '18:00', '19:30');

    await edit('DELETE', `${barber()}/time-off/${given.id}`);
    await expectFree(...untouched);
    expectProblem(await call('DELETE', `${barber()}/time-off/${given.id}`), 'not_found');
    expectProblem(await call('POST', `${barber()}/time-off`, away('18:00', '08:00')), 'invalid_request', ['/endsAt']);
    const ever = { startsAt: '0000-01-01T00:00:00Z', endsAt: '9999-12-31T23:59:59Z' };
    expectProblem(await call('POST', `${barber()}/time-off`, ever), 'invalid_request', ['/endsAt', '/startsAt']);
  });

  it('settings and lengths, once changed, count: the barber\'s before the service\'s before the shop\'s', async () => {
    const change = async (path: string, settings: object, more: object = {}) => {
      const { id: _, version, openingHours: __, ...fields } = (await call('GET', path)).body;
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
