/**
 * Goal: a shop can differ from its week on any date, and closures go before all. Method: closures and exceptions through the API, and what
 * is offered then.
 */
import { expect } from 'chai';
import { addDays, toWall, weekdayOf } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const stretch = (from: string, to: string) => ({ from, to });
const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };
const ends = (times: string[]) => [times.length, times[0], times.at(-1)];
/** Open 08:00 to 20:00, half an hour each, every 15 minutes. */
const untouched = [47, '08:00', '19:30'];

describe("a shop's dates", () => {
  let engine: Engine;
  let network: TestNetwork;
  let tomorrow: string;

  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());
  beforeEach(() => build());

  async function build(wishes: NetworkWishes = {}): Promise<void> {
    network = await buildNetwork(engine.database.orm, wishes);
    tomorrow = addDays(toWall(Date.now(), network.timeZone).date, 1);
  }
  const call = (method: string, path: string, body?: unknown, version?: number): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, version === undefined ? {} : { 'if-match': `"${version}"` });
  const edit = async (method: string, path: string, body?: unknown, version?: number) => {
    const answer = await call(method, path, body, version);
    expect(answer.status, answer.text).to.be.within(200, 201);
    return answer.body;
  };
  const shop = () => `/v1/shops/${network.shopId}`;
  const closures = () => `${shop()}/closures`;
  const exceptions = () => `${shop()}/exceptions`;
  const itemsOf = async (path: string) => (await call('GET', path)).body.items;
  const free = async (date = tomorrow): Promise<string[]> =>
    (await call('GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${date}`)).body.slots.map(
      ({ startsAtLocal }: { startsAtLocal: string }) => startsAtLocal.slice(11, 16),
    );

  it('a closure, from its making over a change to its removal, empties its days', async () => {
    const fields = { fromDate: tomorrow, toDate: tomorrow, reason: 'Obras' };
    const made = await call('POST', closures(), fields);
    const { id } = made.body;
    const path = `${closures()}/${id}`;
    expect([made.status, made.body, made.headers.get('etag'), made.headers.get('location')]).to.deep.equal([
      201,
      { id, ...fields, version: 1, ...noHits },
      '"1"',
      path,
    ]);
    const read = await call('GET', path);
    expect([read.body, read.headers.get('etag')]).to.deep.equal([{ id, ...fields, version: 1 }, '"1"']);
    expect((await call('GET', closures())).body).to.deep.equal({ items: [read.body], nextCursor: null });
    expect(await free()).to.deep.equal([]);

    const later = { fromDate: addDays(tomorrow, 1), toDate: addDays(tomorrow, 2), reason: '' };
    expect(await edit('PUT', path, later, 1)).to.deep.equal({ id, ...later, version: 2, ...noHits });
    expect([
      ends(await free()),
      await free(addDays(tomorrow, 1)),
      await free(addDays(tomorrow, 2)),
      ends(await free(addDays(tomorrow, 3))),
    ]).to.deep.equal([untouched, [], [], untouched]);

    expect(await edit('DELETE', path, undefined, 2)).to.deep.equal(noHits);
    expect(ends(await free(addDays(tomorrow, 1)))).to.deep.equal(untouched);
    for (const method of ['GET', 'PUT', 'DELETE'])
      expectProblem(await call(method, path, method === 'PUT' ? later : undefined, 2), 'not_found');
  });

  it('a closure, edited without the version that is there, stays, and a stale caller is shown it', async () => {
    const { id } = await edit('POST', closures(), { fromDate: tomorrow, toDate: tomorrow });
    const path = `${closures()}/${id}`;
    for (const [method, body] of [
      ['PUT', { fromDate: tomorrow, toDate: addDays(tomorrow, 1) }],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, path, body), 'precondition_required');
      const stale = await call(method, path, body, 7);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal((await call('GET', path)).body);
    }
    const both = await Promise.all([1, 2].map((days) => call('PUT', path, { fromDate: tomorrow, toDate: addDays(tomorrow, days) }, 1)));
    expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
    expect((await call('GET', path)).body.version).to.equal(2);
  });

  const badClosures: Record<string, [body: unknown, paths: string[]]> = {
    'end before they begin': [{ fromDate: '2027-05-06', toDate: '2027-05-05' }, ['/toDate']],
    'lie beyond the calendar': [{ fromDate: '0000-01-01', toDate: '9999-12-31' }, ['/fromDate', '/toDate']],
    'are on no date': [{ fromDate: '2027-02-30', toDate: '2027-03-01' }, ['/fromDate']],
    'have no end': [{ fromDate: '2027-02-20' }, ['/toDate']],
  };
  for (const [what, [body, paths]] of Object.entries(badClosures)) {
    it(`closures, that ${what}, are refused and nothing is changed`, async () => {
      expectProblem(await call('POST', closures(), body), 'invalid_request', paths);
      expectProblem(await call('POST', `${closures()}?dryRun=true`, body), 'invalid_request', paths);
      expect(await itemsOf(closures())).to.deep.equal([]);
    });
  }

  it('an exception, from its making to its removal, holds on its date alone', async () => {
    const fields = { hours: [stretch('09:00', '10:00'), stretch('18:00', '24:00')], reason: 'Feira' };
    const path = `${exceptions()}/${tomorrow}`;
    const record = { shopId: network.shopId, date: tomorrow, ...fields, version: 1 };
    expect(await edit('PUT', path, fields, 0)).to.deep.equal({ ...record, ...noHits });
    const read = await call('GET', path);
    expect([read.body, read.headers.get('etag')]).to.deep.equal([record, '"1"']);

    // The barber's own hours end at 20:00.
    expect(await free()).to.deep.equal(['09:00', '09:15', '09:30', '18:00', '18:15', '18:30', '18:45', '19:00', '19:15', '19:30']);
    expect(ends(await free(addDays(tomorrow, 1)))).to.deep.equal(untouched);
    expect(await edit('PUT', path, { hours: [] }, 1)).to.deep.include({ hours: [], reason: '', version: 2 });
    expect(await free()).to.deep.equal([]);

    expect(await edit('DELETE', path, undefined, 2)).to.deep.equal(noHits);
    expect(ends(await free())).to.deep.equal(untouched);
    for (const method of ['GET', 'DELETE']) expectProblem(await call(method, path, undefined, 2), 'not_found');
  });

  it("an exception, for barbers who keep the shop's hours, is theirs too, also where the shop is shut all week", async () => {
    await edit('PUT', `/v1/barbers/${network.barberIds[0]}/hours/${network.shopId}`, { periods: [{ hours: null }] }, 1);
    await edit('PUT', `${shop()}/hours`, { openingHours: [] }, 1);
    await edit('PUT', `${exceptions()}/${tomorrow}`, { hours: [stretch('23:00', '25:00')] }, 0);
    expect(await free()).to.deep.equal(['23:00', '23:15', '23:30', '23:45']);
    expect(await free(addDays(tomorrow, 1))).to.deep.equal(['00:00', '00:15', '00:30']);
  });

  it('of a date that has several, a closure holds before the exception, the exception before the holiday, and that before the week', async () => {
    await edit('PUT', '/v1/holiday-sets/own', { name: 'Own', days: [{ name: 'Dia', date: tomorrow }] }, 0);
    await edit('PUT', '/v1/network', { name: 'N', settings: { holidaySets: ['own'] } }, 1);
    expect(await free(), 'holiday').to.deep.equal([]);
    await edit('PUT', `${exceptions()}/${tomorrow}`, { hours: [stretch('10:00', '11:00')] }, 0);
    expect(await free(), 'exception').to.deep.equal(['10:00', '10:15', '10:30']);
    const { id } = await edit('POST', closures(), { fromDate: tomorrow, toDate: tomorrow });
    expect(await free(), 'closure').to.deep.equal([]);

    await edit('DELETE', `${closures()}/${id}`, undefined, 1);
    await edit('DELETE', `${exceptions()}/${tomorrow}`, undefined, 1);
    expect(await free(), 'holiday again').to.deep.equal([]);
    await edit('PUT', '/v1/holiday-sets/own', { name: 'Own', days: [] }, 1);
    expect(ends(await free())).to.deep.equal(untouched);
  });

  it("exceptions, listed, begin today on the shop's clock unless other dates are asked for", async () => {
    await build({ timeZone: 'Pacific/Kiritimati' });
    const today = addDays(tomorrow, -1);
    const dates = [-40, -1, 0, 1, 400].map((days) => addDays(today, days));
    for (const date of [...dates].reverse()) await edit('PUT', `${exceptions()}/${date}`, { hours: [] }, 0);
    const listed = async (query: string) => (await itemsOf(`${exceptions()}${query}`)).map(({ date }: { date: string }) => date);

    expect(await listed('')).to.deep.equal(dates.slice(2));
    expect(await listed(`?to=${tomorrow}`)).to.deep.equal([today, tomorrow]);
    expect(await listed(`?from=${dates[0]}`)).to.deep.equal(dates);
    expect(await listed(`?from=${dates[1]}&to=${today}`)).to.deep.equal([dates[1], today]);
    expectProblem(await call('GET', `${exceptions()}?from=${tomorrow}&to=${today}`), 'invalid_request', ['to']);
    expectProblem(await call('GET', `${exceptions()}?from=2027-02-30&until=x`), 'invalid_request', ['from', 'until']);
  });

  it('an exception, edited without the version that is there, stays, and a stale caller is shown it', async () => {
    const path = `${exceptions()}/${tomorrow}`;
    const early = await call('PUT', path, { hours: [] }, 1);
    expectProblem(early, 'precondition_failed');
    expect(early.body.current).to.equal(null);
    await edit('PUT', path, { hours: [stretch('09:00', '10:00')] }, 0);
    for (const [method, body] of [
      ['PUT', { hours: [] }],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, path, body), 'precondition_required');
      const stale = await call(method, path, body, 0);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal((await call('GET', path)).body);
    }
    const both = await Promise.all(
      ['09:00', '10:00'].map((from) => call('PUT', `${exceptions()}/${addDays(tomorrow, 1)}`, { hours: [stretch(from, '12:00')] }, 0)),
    );
    expect(both.map(({ status }) => status).sort(), 'both make it').to.deep.equal([200, 412]);
  });

  const badExceptions: Record<string, [body: unknown, paths: string[]]> = {
    'have no hours': [{}, ['/hours']],
    'end before they begin': [{ hours: [stretch('12:00', '09:00')] }, ['/hours/0/to']],
    'last more than a day': [{ hours: [stretch('09:00', '33:01')] }, ['/hours/0/to']],
    overlap: [{ hours: [stretch('09:00', '12:00'), stretch('11:00', '13:00')] }, ['/hours/1']],
    'name a weekday': [{ hours: [{ weekday: weekdayOf('2027-01-01'), ...stretch('09:00', '12:00') }] }, ['/hours/0/weekday']],
  };
  for (const [what, [body, paths]] of Object.entries(badExceptions)) {
    it(`a shop's exceptions, that ${what}, are refused and nothing is changed`, async () => {
      expectProblem(await call('PUT', `${exceptions()}/${tomorrow}`, body, 0), 'invalid_request', paths);
      expect(await itemsOf(exceptions())).to.deep.equal([]);
    });
  }

  it("a shop's exceptions, on a date that does not exist, are refused by the name of it", async () => {
    for (const date of ['2027-02-30', '2027-13-01', '1999-12-31', 'tomorrow', '%00']) {
      for (const [method, body] of [
        ['PUT', { hours: [] }],
        ['GET', undefined],
        ['DELETE', undefined],
      ] as const) {
        expectProblem(await call(method, `${exceptions()}/${date}`, body, 0), 'invalid_request', ['date']);
      }
    }
  });

  it('dates, of a shop that is archived, are not found any more', async () => {
    const { id } = await edit('POST', closures(), { fromDate: tomorrow, toDate: tomorrow });
    await edit('PUT', `${exceptions()}/${tomorrow}`, { hours: [] }, 0);
    await edit('DELETE', shop(), undefined, 1);
    for (const path of [closures(), `${closures()}/${id}`, exceptions(), `${exceptions()}/${tomorrow}`])
      expectProblem(await call('GET', path), 'not_found');
    expectProblem(await call('DELETE', `${closures()}/${id}`, undefined, 1), 'not_found');
    expectProblem(await call('PUT', `${exceptions()}/${tomorrow}`, { hours: [] }, 1), 'not_found');
  });
});
