/**
 * Goal: one date can differ from the week, and nobody is booked while away. Method: exceptions and time off through the API, and what is
 * offered then.
 */
import { expect } from 'chai';
import { addDays, toWall } from '../../src/domain/time.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const stretch = (from: string, to: string) => ({ from, to });
const noHits = { dryRun: false, appointmentsHit: [], appointmentsHitTotal: 0 };
const hoursOf = (times: string[]) => [times.length, times[0], times.at(-1)];

describe("a barber's dates", () => {
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
  const barber = () => `/v1/barbers/${network.barberIds[0]}`;
  const exceptions = () => `${barber()}/hours/${network.shopId}/exceptions`;
  const timeOff = () => `${barber()}/time-off`;
  /** The free times of one date on the shop's clock. */
  const free = async (date = tomorrow, shopId = network.shopId): Promise<string[]> =>
    (await call('GET', `/v1/availability?shopId=${shopId}&serviceId=${network.serviceId}&from=${date}`)).body.slots.map(
      ({ startsAtLocal }: { startsAtLocal: string }) => startsAtLocal.slice(11, 16),
    );
  /** Open 08:00 to 20:00, half an hour each, every 15 minutes. */
  const untouched = [47, '08:00', '19:30'];

  it('an exception, from its making to its removal, holds on its date alone', async () => {
    const fields = {
      hours: [stretch('09:00', '12:00'), stretch('18:00', '24:00')],
      breaks: [stretch('10:00', '11:00')],
      reason: 'Formação',
    };
    const made = await edit('PUT', `${exceptions()}/${tomorrow}`, fields, 0);
    const record = { barberId: network.barberIds[0], shopId: network.shopId, date: tomorrow, ...fields, version: 1 };
    expect(made).to.deep.equal({ ...record, ...noHits });
    const read = await call('GET', `${exceptions()}/${tomorrow}`);
    expect([read.body, read.headers.get('etag')]).to.deep.equal([record, '"1"']);
    expect((await call('GET', exceptions())).body).to.deep.equal({ items: [record], nextCursor: null });

    // The shop itself closes at 20:00.
    expect(await free()).to.deep.equal([
      '09:00',
      '09:15',
      '09:30',
      '11:00',
      '11:15',
      '11:30',
      '18:00',
      '18:15',
      '18:30',
      '18:45',
      '19:00',
      '19:15',
      '19:30',
    ]);
    expect(hoursOf(await free(addDays(tomorrow, 1)))).to.deep.equal(untouched);
    expect(await edit('PUT', `${exceptions()}/${tomorrow}`, { hours: [] }, 1)).to.deep.include({
      hours: [],
      breaks: [],
      reason: '',
      version: 2,
    });
    expect(await free()).to.deep.equal([]);

    expect(await edit('DELETE', `${exceptions()}/${tomorrow}`, undefined, 2)).to.deep.equal(noHits);
    expect(hoursOf(await free())).to.deep.equal(untouched);
    for (const method of ['GET', 'DELETE']) expectProblem(await call(method, `${exceptions()}/${tomorrow}`, undefined, 2), 'not_found');
  });

  it('an exception, edited without the version that is there, stays, and a stale caller is shown it', async () => {
    const path = `${exceptions()}/${tomorrow}`;
    expectProblem(await call('PUT', path, { hours: [] }, 1), 'precondition_failed');
    await edit('PUT', path, { hours: [] }, 0);
    for (const [method, body] of [
      ['PUT', { hours: [stretch('09:00', '10:00')] }],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, path, body), 'precondition_required');
      const stale = await call(method, path, body, 0);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal((await call('GET', path)).body);
    }
    const both = await Promise.all(['09:00', '10:00'].map((from) => call('PUT', path, { hours: [stretch(from, '12:00')] }, 1)));
    expect(both.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
  });

  const badExceptions: Record<string, [body: unknown, paths: string[]]> = {
    'have no hours': [{}, ['/hours']],
    'end before they begin': [{ hours: [stretch('12:00', '09:00')] }, ['/hours/0/to']],
    overlap: [{ hours: [stretch('09:00', '12:00'), stretch('11:00', '13:00')] }, ['/hours/1']],
    'have a break outside': [
      { hours: [stretch('09:00', '12:00')], breaks: [stretch('09:30', '10:00'), stretch('11:30', '12:30')] },
      ['/breaks/1'],
    ],
    'name a weekday': [{ hours: [{ weekday: 1, ...stretch('09:00', '12:00') }] }, ['/hours/0/weekday']],
  };
  for (const [what, [body, paths]] of Object.entries(badExceptions)) {
    it(`exceptions, that ${what}, are refused and nothing is changed`, async () => {
      expectProblem(await call('PUT', `${exceptions()}/${tomorrow}`, body, 0), 'invalid_request', paths);
      expect((await call('GET', exceptions())).body.items).to.deep.equal([]);
    });
  }

  it('exceptions, on a date that does not exist, are refused by the name of it', async () => {
    for (const date of ['2027-02-30', '2027-13-01', '1999-12-31', 'tomorrow']) {
      for (const [method, body] of [
        ['PUT', { hours: [] }],
        ['GET', undefined],
        ['DELETE', undefined],
      ] as const) {
        expectProblem(await call(method, `${exceptions()}/${date}`, body, 0), 'invalid_request', ['date']);
      }
    }
  });

  it('exceptions, of a barber who leaves the shop, go with him', async () => {
    await edit('PUT', `${exceptions()}/${tomorrow}`, { hours: [] }, 0);
    const hours = `${barber()}/hours/${network.shopId}`;
    await edit('DELETE', hours, undefined, 1);
    expectProblem(await call('GET', exceptions()), 'not_found');
    expectProblem(await call('PUT', `${exceptions()}/${tomorrow}`, { hours: [] }, 0), 'not_found');
    await edit('PUT', hours, { periods: [{ hours: null }] }, 0);
    expect((await call('GET', exceptions())).body.items).to.deep.equal([]);
    expect(hoursOf(await free())).to.deep.equal(untouched);
  });

  it('some hours off, from their giving over a change to their taking back, are not offered', async () => {
    const hours = { startsAt: network.at('08:00'), endsAt: network.at('18:00') };
    const given = await call('POST', timeOff(), { ...hours, reason: 'Dentista' });
    const { id } = given.body;
    const record = { id, ...hours, fromDate: null, toDate: null, reason: 'Dentista', version: 1 };
    expect([given.status, given.body]).to.deep.equal([201, { ...record, ...noHits }]);
    expect([given.headers.get('location'), given.headers.get('etag')]).to.deep.equal([`${timeOff()}/${id}`, '"1"']);
    expect((await call('GET', `${timeOff()}/${id}`)).body).to.deep.equal(record);
    expect((await call('GET', timeOff())).body).to.deep.equal({ items: [record], nextCursor: null });
    expect(hoursOf(await free())).to.deep.equal([7, '18:00', '19:30']);

    const days = { fromDate: addDays(tomorrow, 1), toDate: addDays(tomorrow, 2) };
    expect(await edit('PUT', `${timeOff()}/${id}`, days, 1)).to.deep.include({
      id,
      startsAt: null,
      endsAt: null,
      ...days,
      reason: '',
      version: 2,
    });
    expect(hoursOf(await free())).to.deep.equal(untouched);
    expect([await free(days.fromDate), await free(days.toDate), hoursOf(await free(addDays(tomorrow, 3)))]).to.deep.equal([
      [],
      [],
      untouched,
    ]);

    for (const [method, body] of [
      ['PUT', days],
      ['DELETE', undefined],
    ] as const) {
      expectProblem(await call(method, `${timeOff()}/${id}`, body), 'precondition_required');
      const stale = await call(method, `${timeOff()}/${id}`, body, 1);
      expectProblem(stale, 'precondition_failed');
      expect(stale.body.current).to.deep.equal((await call('GET', `${timeOff()}/${id}`)).body);
    }
    expect(await edit('DELETE', `${timeOff()}/${id}`, undefined, 2)).to.deep.equal(noHits);
    expect(hoursOf(await free(days.fromDate))).to.deep.equal(untouched);
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', days],
      ['DELETE', undefined],
    ] as const)
      expectProblem(await call(method, `${timeOff()}/${id}`, body, 2), 'not_found');
  });

  it('time off as it was read, when put back, is taken and changes nothing', async () => {
    const {
      id,
      version: _,
      dryRun: __,
      appointmentsHit: ___,
      appointmentsHitTotal: ____,
      ...fields
    } = await edit('POST', timeOff(), { fromDate: tomorrow, toDate: tomorrow });
    expect(await edit('PUT', `${timeOff()}/${id}`, fields, 1)).to.deep.include({ ...fields, version: 1 });
  });

  const instants = { startsAt: '2027-05-05T10:00:00Z', endsAt: '2027-05-05T12:00:00Z' };
  const badTimeOff: Record<string, [body: unknown, paths: string[]]> = {
    'is of neither form': [{ reason: 'x' }, ['/startsAt']],
    'is of both forms': [{ ...instants, fromDate: '2027-05-05', toDate: '2027-05-05' }, ['/fromDate']],
    'is half of each': [{ startsAt: instants.startsAt, toDate: '2027-05-05' }, ['/fromDate']],
    'has no end': [{ startsAt: instants.startsAt }, ['/endsAt']],
    'has no last day': [{ fromDate: '2027-05-05' }, ['/toDate']],
    'ends when it starts': [{ startsAt: instants.startsAt, endsAt: instants.startsAt }, ['/endsAt']],
    'ends on an earlier day': [{ fromDate: '2027-05-05', toDate: '2027-05-04' }, ['/toDate']],
    'is on dates that do not exist': [{ fromDate: '2027-02-29', toDate: '2027-02-30' }, ['/fromDate', '/toDate']],
    'is for ever': [{ startsAt: '0000-01-01T00:00:00Z', endsAt: '9999-12-31T23:59:59Z' }, ['/endsAt', '/startsAt']],
    'is in no zone': [{ startsAt: '2027-05-05T10:00:00', endsAt: '2027-05-05T12:00:00' }, ['/endsAt', '/startsAt']],
  };
  for (const [what, [body, paths]] of Object.entries(badTimeOff)) {
    it(`time off, that ${what}, is refused and nothing is changed`, async () => {
      expectProblem(await call('POST', timeOff(), body), 'invalid_request', paths);
      expect((await call('GET', timeOff())).body.items).to.deep.equal([]);
    });
  }

  it('a day off, of a barber with night shifts, takes the night that begins on it and leaves the one that ends on it', async () => {
    await build({ hours: everyDay(1080, 1560) });
    await edit('POST', timeOff(), { fromDate: tomorrow, toDate: tomorrow });
    expect(await free()).to.deep.equal(['00:00', '00:15', '00:30', '00:45', '01:00', '01:15', '01:30']);
    expect(hoursOf(await free(addDays(tomorrow, 1)))).to.deep.equal([24, '18:00', '23:45']);
  });

  it('a day off, of a barber of two shops, is read by each in its own zone', async () => {
    await build({ timeZone: 'Pacific/Auckland', hours: everyDay(600, 720) });
    const west = (
      await call('POST', '/v1/shops', { slug: 'west', name: 'West', address: 'Rua 2', timeZone: 'Pacific/Honolulu', locale: 'en' })
    ).body;
    await edit(
      'PUT',
      `/v1/shops/${west.id}/hours`,
      { openingHours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, ...stretch('10:00', '11:00') })) },
      1,
    );
    await edit('PUT', `${barber()}/hours/${west.id}`, { periods: [{ hours: null }] }, 0);
    await edit('POST', timeOff(), { fromDate: tomorrow, toDate: tomorrow });

    for (const shopId of [network.shopId, west.id]) {
      expect(await free(tomorrow, shopId)).to.deep.equal([]);
      expect((await free(addDays(tomorrow, 1), shopId))[0]).to.equal('10:00');
    }
  });
});
