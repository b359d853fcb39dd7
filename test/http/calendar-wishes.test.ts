/**
 * Goal: what a calendar is for can be changed while it is connected, and what it holds follows; what several connections or networks have
 * put into one calendar is told apart. Method: the whole engine and Radicale.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';
import { icsOf } from '../support/ics.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe("what a barber's calendar is for", () => {
  let radicale: TestRadicale;
  let engine: Engine;
  let network: TestNetwork;
  let url: string;

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
    engine = await startEngine();
  });
  after(async () => {
    await engine?.stop();
    await radicale?.stop();
  });
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
    url = await radicale.newCalendar();
  });

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID(), ...headers });
  const connect = async (wishes: Record<string, unknown> = {}, barber = 0): Promise<{ id: string; version: number }> => {
    const account = {
      provider: 'caldav',
      serverUrl: radicale.url,
      username: radicale.username,
      password: radicale.password,
      calendarId: url,
    };
    const { body, status, text } = await call('POST', `/v1/barbers/${network.barberIds[barber]}/calendars`, { ...account, ...wishes });
    expect(status, text).to.equal(201);
    return body;
  };
  const put = async (id: string, wishes: Record<string, unknown>, version?: number): Promise<Answer> => {
    const { body } = await call('GET', `/v1/calendars/${id}`);
    return call(
      'PUT',
      `/v1/calendars/${id}`,
      { privacy: body.privacy, writes: body.writes, reads: body.reads, ...wishes },
      { 'if-match': `"${version ?? body.version}"` },
    );
  };
  const texts = async (): Promise<string[]> => Object.values(await radicale.objects(url));
  const shows = (isRight: (found: string[]) => boolean) => eventually(texts, isRight);
  const written = async (id: string): Promise<string[]> =>
    ((await call('GET', `/v1/appointments/${id}/deliveries`)).body.items as { kind: string; state: string }[])
      .filter(({ kind }) => kind === 'calendar_barber')
      .map(({ state }) => state);
  const ana = () => book(engine, network, { customer: customer({ name: 'Ana Söderberg' }) });
  const offers = async (time: string, barber = 0): Promise<boolean> => {
    const date = network.at('10:00').slice(0, 10);
    const { text } = await call(
      'GET',
      `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}` +
        `&barberId=${network.barberIds[barber]}&from=${date}&to=${date}`,
    );
    return (text.match(/"startsAt":"[^"]+"/g) ?? []).some((each) => Date.parse(each.slice(12, -1)) === Date.parse(network.at(time)));
  };
  const enter = (name: string, uid: string, from: string, to: string) => {
    const stamp = (time: string) => new Date(network.at(time)).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    return radicale.enter(url, `${name}.ics`, icsOf([`UID:${uid}`, `DTSTART:${stamp(from)}`, `DTEND:${stamp(to)}`, 'SUMMARY:x']));
  };

  it('that of a barber who is archived, is written to and read until his last visit is over, then ended, and its sign-in forgotten', async () => {
    const { id } = await connect();
    const { body: visit } = await book(engine, network);
    await shows((found) => found.length === 1);
    const { body: barber } = await call('GET', `/v1/barbers/${network.barberIds[0]}`);
    const archived = await call('DELETE', `/v1/barbers/${network.barberIds[0]}`, undefined, { 'if-match': `"${barber.version}"` });
    expect(archived.status, archived.text).to.equal(200);
    const keepHouse = () => {
      const { temporal, config } = engine.deps;
      return temporal.client.workflow.execute('housekeeping', {
        workflowId: `housekeeping-${randomUUID()}`,
        taskQueue: config.temporal.taskQueue,
      });
    };
    const stateOf = async (): Promise<string> => (await call('GET', `/v1/calendars/${id}`)).body.state;
    await keepHouse();
    expect(await stateOf()).to.equal('connected');
    expect((await call('POST', `/v1/appointments/${visit.id}/cancel`, { reason: 'customer_asked' })).status).to.equal(200);
    await shows((found) => found.length === 0);
    await keepHouse();
    expect(await stateOf()).to.equal('ended');
    await keepHouse();
    const [kept] = await engine.database.orm.em.fork().execute('select secrets from calendar_connection where id = ?', [id]);
    expect(kept).to.deep.equal({ secrets: null });
  });

  it('connected again, stays as it was, but for what is wished otherwise; entries follow', async () => {
    const { id } = await connect({ privacy: 'service', reads: false });
    await ana();
    await shows(([text]) => text !== undefined && !text.includes('Ana'));
    expect(await connect()).to.include({ id, privacy: 'service', writes: true, reads: false });
    expect(await connect({ privacy: 'busy', reads: true })).to.include({ id, privacy: 'busy', writes: true, reads: true });
    await shows(([text]) => text?.includes('SUMMARY:Ocupado') ?? false);
    expect(await texts()).to.have.length(1);
  });

  it('changed, has its entries rewritten, taken away, and put there again', async () => {
    const { id } = await connect();
    await ana();
    await shows(([text]) => text?.includes('Ana') ?? false);
    const { body, status, headers } = await put(id, { privacy: 'service' });
    expect([status, body.privacy, headers.get('etag')]).to.deep.equal([200, 'service', `"${body.version}"`]);
    await shows(([text]) => text !== undefined && !text.includes('Ana'));
    expect((await put(id, { writes: false })).body.writes).to.equal(false);
    await shows((found) => found.length === 0);
    const { body: later } = await book(engine, network, { startsAt: network.at('12:00') });
    expect(await written(later.id)).to.deep.equal([]);
    await put(id, { writes: true });
    await shows((found) => found.length === 2);
  });

  it('not read any more, keeps nobody busy; read again, does', async () => {
    const { id } = await connect();
    await enter('dentist', 'dentist', '10:00', '11:00');
    await eventually(
      () => offers('10:00'),
      (offered) => !offered,
    );
    await put(id, { reads: false });
    expect(await offers('10:00')).to.equal(true);
    await put(id, { reads: true });
    await eventually(
      () => offers('10:00'),
      (offered) => !offered,
    );
  });

  it('changed by somebody else meanwhile, ended, or not said in whole, is refused', async () => {
    const { id, version } = await connect();
    await put(id, { privacy: 'busy' });
    const late = await put(id, { privacy: 'service' }, version);
    expectProblem(late, 'precondition_failed');
    expect(late.body.current).to.include({ id, privacy: 'busy' });
    expectProblem(await call('PUT', `/v1/calendars/${id}`, { privacy: 'busy' }, { 'if-match': '"1"' }), 'invalid_request', [
      '/writes',
      '/reads',
    ]);
    expectProblem(await call('PUT', `/v1/calendars/${id}`, { privacy: 'busy', writes: true, reads: true }), 'precondition_required');
    await call('DELETE', `/v1/calendars/${id}`);
    expectProblem(await put(id, { privacy: 'full' }), 'not_found');
  });

  it('a calendar that two barbers share, shows a visit once, whichever of them has it, and whoever of them is written last', async () => {
    const ids = [(await connect({}, 0)).id, (await connect({}, 1)).id];
    const { body } = await ana();
    await shows((found) => found.length === 1);
    for (const [from, to] of [
      [0, 1],
      [1, 0],
    ] as const) {
      // He who loses it is written when the other has been.
      await engine.database.orm.em
        .fork()
        .execute(`update calendar_connection set state = 'signed_out', signed_out_at = now() where id = ?`, [ids[from]!]);
      await call('POST', `/v1/appointments/${body.id}/reschedule`, { startsAt: network.at('15:00'), barberId: network.barberIds[to] });
      await eventually(
        () => written(body.id),
        (states) => states.includes('parked') && !states.includes('due') && !states.includes('in_flight'),
      );
      await connect({}, from);
      await eventually(
        () => written(body.id),
        (states) => !['parked', 'due', 'in_flight'].some((state) => states.includes(state)),
      );
      const found = await texts();
      expect([found.length, found[0]?.includes(`UID:${body.id}@punctual`), found[0]?.includes('T150000')]).to.deep.equal([1, true, true]);
    }
  });

  it('not written any more, or ended, while its server is away, loses also the visit that is cancelled meanwhile', async () => {
    const line = await startScripted(radicale.url);
    try {
      for (const end of [(id: string) => put(id, { writes: false }), (id: string) => call('DELETE', `/v1/calendars/${id}`)]) {
        url = await radicale.newCalendar();
        const { id } = await connect({ serverUrl: line.url, calendarId: url.replace(radicale.url, line.url), reads: false });
        const { body } = await ana();
        await shows((found) => found.length === 1);
        line.script.push('drop');
        await end(id);
        await call('POST', `/v1/appointments/${body.id}/cancel`, { reason: 'customer_asked' });
        await shows((found) => found.length === 0);
      }
    } finally {
      line.stop();
    }
  });

  it('a calendar that a colleague knows by another address, keeps nobody busy with the visits of the other', async () => {
    const line = await startScripted(radicale.url);
    try {
      const { id } = await connect();
      await connect({ serverUrl: line.url, calendarId: url.replace(radicale.url, line.url) }, 1);
      const { body } = await book(engine, network, { barberId: network.barberIds[1] });
      await shows((found) => found.length === 1);
      await enter('dentist', 'dentist', '15:00', '16:00');
      // What comes after it has been read, and so it has.
      await eventually(
        () => offers('15:00'),
        (offered) => !offered,
      );
      expect(await offers('10:00')).to.equal(true);
      expect(await written(body.id)).to.deep.equal(['delivered']);
      await call('DELETE', `/v1/calendars/${id}`);
    } finally {
      line.stop();
    }
  });

  it('ended and connected again at once, holds what it should', async () => {
    const { id } = await connect();
    const { body } = await ana();
    await shows((found) => found.length === 1);
    await call('DELETE', `/v1/calendars/${id}`);
    await connect();
    await eventually(
      () => written(body.id),
      (states) => !states.includes('due') && !states.includes('in_flight'),
    );
    await shows((found) => found.length === 1);
  });

  it('invitations to visits of others, here and in another network, keep the barber busy, and stay', async () => {
    await connect();
    const { body: colleagues } = await book(engine, network, { barberId: network.barberIds[1] });
    await enter('colleague', `${colleagues.id}@punctual`, '10:00', '10:30');
    await enter('elsewhere', `${randomUUID()}@punctual`, '15:00', '16:00');
    await eventually(
      async () => [await offers('10:00'), await offers('15:00')],
      (offered) => !offered.includes(true),
    );
    await call('POST', `/v1/appointments/${colleagues.id}/cancel`, { reason: 'customer_asked' });
    await eventually(
      () => offers('10:00', 1),
      (offered) => offered,
    );
    expect(await texts()).to.have.length(2);
  });
});
