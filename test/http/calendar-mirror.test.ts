/**
 * Goal: what a barber enters in his own calendar keeps him busy here, and no longer than there; nothing is ever laid on top of a visit in
 * silence. Method: the whole engine and Radicale; entries are made as the barber's own program makes them.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { applyChanges } from '../../src/db/calendar-mirror.ts';
import { calendarMirrorWorkflowId } from '../../workflows/messages.ts';
import { book, bookingBody } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { icsOf } from '../support/ics.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe("the mirror of a barber's calendar", () => {
  let radicale: TestRadicale;
  let engine: Engine;
  let network: TestNetwork;
  let url: string;
  let connectionId: string;

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
    engine = await startEngine();
  });
  after(async () => {
    await engine?.stop();
    await radicale?.stop();
  });
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
    url = await radicale.newCalendar();
    connectionId = await connect();
  });
  // A connection is read every second: those of earlier tests need not be.
  afterEach(() => call('DELETE', `/v1/calendars/${connectionId}`));

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
  const connect = async (wishes: Record<string, unknown> = {}): Promise<string> => {
    const { body, status, text } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars`, {
      provider: 'caldav',
      serverUrl: radicale.url,
      username: radicale.username,
      password: radicale.password,
      calendarId: url,
      ...wishes,
    });
    expect(status, text).to.equal(201);
    return body.id as string;
  };
  const stamp = (instant: string) => new Date(instant).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const enter = (name: string, from: string, to: string, ...more: string[]) =>
    radicale.enter(
      url,
      `${name}.ics`,
      icsOf([`UID:${name}`, `DTSTART:${stamp(network.at(from))}`, `DTEND:${stamp(network.at(to))}`, 'SUMMARY:Dentista, segredo', ...more]),
    );
  const free = async (): Promise<string[]> => {
    const date = network.at('10:00').slice(0, 10);
    const { body } = await call(
      'GET',
      `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&barberId=${network.barberIds[0]}&from=${date}&to=${date}`,
    );
    return (JSON.stringify(body).match(/"startsAt":"[^"]+"/g) ?? []).map((each) => new Date(each.slice(12, -1)).toISOString());
  };
  const offers = (time: string) => free().then((times) => times.includes(new Date(network.at(time)).toISOString()));
  const conflicts = async (): Promise<{ id: string; appointmentId: string; kind: string }[]> =>
    (await call('GET', '/v1/calendar-conflicts')).body.items;

  it('an entry, made, moved and deleted, takes its time here, and gives it back', async () => {
    expect(await offers('10:00')).to.equal(true);
    await enter('dentist', '10:00', '11:00');
    await eventually(
      () => offers('10:00'),
      (offered) => !offered,
    );
    expectProblem(await book(engine, network, { startsAt: network.at('10:00') }), 'time_off');
    await enter('dentist', '15:00', '16:00');
    await eventually(
      () => offers('10:00'),
      (offered) => offered,
    );
    expect(await offers('15:00')).to.equal(false);
    await radicale.erase(url, 'dentist.ics');
    await eventually(
      () => offers('15:00'),
      (offered) => offered,
    );
  });

  it('our own visits, and free entries, take no time', async () => {
    const { body } = await book(engine, network, { startsAt: network.at('10:00') });
    await enter('holiday', '12:00', '13:00', 'TRANSP:TRANSPARENT');
    await enter('dentist', '15:00', '16:00');
    await eventually(
      () => offers('15:00'),
      (offered) => !offered,
    );
    expect(await offers('12:00')).to.equal(true);
    const rows = await engine.database.orm.em
      .fork()
      .execute<{ remote_id: string }[]>('select remote_id from calendar_busy where connection_id = ?', [connectionId]);
    expect(rows.map(({ remote_id }) => remote_id.split('/').at(-1))).to.deep.equal(['dentist.ics']);
    await call('POST', `/v1/appointments/${body.id}/cancel`, { reason: 'customer_asked' });
    await eventually(
      () => offers('10:00'),
      (offered) => offered,
    );
  });

  it('a copy that its owner makes of a visit, is that visit at its time, and keeps him busy at another', async () => {
    const { body } = await book(engine, network, { startsAt: network.at('10:00') });
    const [, text] = await eventually(
      async () => Object.entries(await radicale.objects(url)).find(([name]) => name === `${body.id}.ics`) ?? [],
      ([name]) => name !== undefined,
    );
    const copy = (name: string) => text!.replace(/UID:[^\r\n]+/, `UID:${name}`);
    await radicale.enter(url, 'same.ics', copy('same'));
    await radicale.enter(url, 'later.ics', copy('later').replaceAll('T10', 'T15'));
    await eventually(
      () => offers('15:00'),
      (offered) => !offered,
    );
    expect(await conflicts()).to.deep.equal([]);
    const known = await engine.database.orm.em
      .fork()
      .execute<{ id: string }[]>('select remote_id as id from calendar_busy where connection_id = ?', [connectionId]);
    expect(known.map(({ id }) => id.split('/').at(-1))).to.deep.equal(['later.ics']);
  });

  it('an entry, made, bumps the diary on which every booking turns; read again as it was, it does not', async () => {
    const state = () =>
      engine.database.orm.em
        .fork()
        .execute<{ version: number }[]>('select version from diary where barber_id = ?', [network.barberIds[0]!]);
    const [before] = await state();
    await enter('dentist', '10:00', '11:00');
    await eventually(
      () => offers('10:00'),
      (offered) => !offered,
    );
    expect((await state())[0]!.version).to.be.above(before!.version);
    // Read again and found as it was, it bumps nothing.
    const [still] = await state();
    await eventually(
      async () => (await call('GET', `/v1/calendars/${connectionId}`)).body.syncedAt as string,
      (first) => Date.parse(first) > Date.now() - 1500,
    );
    expect(await state()).to.deep.equal([still]);
  });

  it('an entry on top of a visit, is told to a person, until one of them is gone or somebody has seen to it', async () => {
    const { body: first } = await book(engine, network, { startsAt: network.at('10:00') });
    const { body: second } = await book(engine, network, { startsAt: network.at('15:00') });
    await enter('dentist', '09:30', '16:00');
    const found = await eventually(conflicts, (items) => items.length === 2);
    expect(found.map(({ appointmentId }) => appointmentId).sort()).to.deep.equal([first.id, second.id].sort());
    expect(JSON.stringify(found)).to.not.include('segredo');
    // The visits stand.
    expect((await call('GET', `/v1/appointments/${first.id}`)).body.status).to.equal('confirmed');
    await call('POST', `/v1/calendar-conflicts/${found.find(({ appointmentId }) => appointmentId === first.id)!.id}/settle`, {
      action: 'leave',
    });
    expect((await conflicts()).map(({ appointmentId }) => appointmentId)).to.deep.equal([second.id]);
    await radicale.erase(url, 'dentist.ics');
    await eventually(conflicts, (items) => items.length === 0);
  });

  it('one that ends while it is read, keeps nobody busy', async () => {
    await call('DELETE', `/v1/calendars/${connectionId}`);
    const [from, to] = ['10:00', '11:00'].map((time) => Date.parse(network.at(time))) as [number, number];
    const late = {
      objects: [{ remoteId: 'dentist', etag: '', busy: [{ from, to }] }],
      gone: [],
      since: null,
      token: 'sync:1',
      isWhole: true,
      tookSeconds: 0,
    };
    await applyChanges(
      engine.database.orm.em.fork(),
      { id: connectionId, networkId: network.networkId, barberId: network.barberIds[0]! },
      late,
    );
    expect(await offers('10:00')).to.equal(true);
    connectionId = await connect({ reads: false });
    await applyChanges(
      engine.database.orm.em.fork(),
      { id: connectionId, networkId: network.networkId, barberId: network.barberIds[0]! },
      late,
    );
    expect(await offers('10:00')).to.equal(true);
  });

  it('an entry on top of a visit that is moved away, and back again, is told to a person again', async () => {
    await book(engine, network, { startsAt: network.at('10:00') });
    for (const [time, count] of [
      ['10:00', 1],
      ['15:00', 0],
      ['10:00', 1],
    ] as const) {
      await enter('dentist', time, time.replace(':00', ':30'));
      await eventually(conflicts, (items) => items.length === count);
    }
  });

  it('a day, entered every week and all day, takes those days', async () => {
    const day = network.at('10:00').slice(0, 10).replaceAll('-', '');
    await radicale.enter(url, 'away.ics', icsOf(['UID:away', `DTSTART;VALUE=DATE:${day}`, 'RRULE:FREQ=WEEKLY', 'SUMMARY:away']));
    await eventually(free, (times) => times.length === 0);
  });

  it('a calendar that cannot be read, shows since when; visits are refused, warned of or allowed, as the shop has chosen', async () => {
    await eventually(
      async () => (await call('GET', `/v1/calendars/${connectionId}`)).body.syncedAt as string | null,
      (at) => at !== null,
    );
    radicale.setUsers({});
    try {
      await eventually(
        async () => (await call('GET', `/v1/calendars/${connectionId}`)).body.state as string,
        (state) => state === 'signed_out',
      );
      await engine.database.orm.em
        .fork()
        .execute(`update calendar_connection set synced_at = now() - interval '2 hours' where id = ?`, [connectionId]);
      expect(await offers('10:00')).to.equal(true);
      await engine.database.orm.em
        .fork()
        .execute('update network set settings = ? where id = ?', [
          JSON.stringify({ blindCalendar: 'block', blindCalendarMinutes: 60 }),
          network.networkId,
        ]);
      const wish = bookingBody(network);
      const post = (key: string) => engine.call(network.apiKey, 'POST', '/v1/appointments', wish, { 'idempotency-key': key });
      expectProblem(await post(randomUUID()), 'time_off');
      await engine.database.orm.em
        .fork()
        .execute('update network set settings = ? where id = ?', [
          JSON.stringify({ blindCalendar: 'warn', blindCalendarMinutes: 60 }),
          network.networkId,
        ]);
      const key = randomUUID();
      const { status, body } = await post(key);
      expect([status, body.warnings]).to.deep.equal([201, [{ code: 'calendar_unseen', barberId: network.barberIds[0] }]]);
      expect((await post(key)).body.warnings).to.deep.equal(body.warnings);
      expect((await conflicts()).map(({ kind, appointmentId }) => [kind, appointmentId])).to.deep.equal([['unseen', body.id]]);
      await call('POST', `/v1/appointments/${body.id}/reschedule`, { startsAt: network.at('16:00') });
      expect(await conflicts()).to.have.length(1);
    } finally {
      radicale.setUsers({ [radicale.username]: radicale.password });
    }
    expect(await connect()).to.equal(connectionId);
    await eventually(
      () => offers('10:00'),
      (offered) => offered,
    );
    await eventually(conflicts, (items) => items.length === 0);
  });

  it('one that nobody reads any more, is read again by the keeper; one that has ended, by nobody', async () => {
    const { deps } = engine;
    const handle = deps.temporal.client.workflow.getHandle(calendarMirrorWorkflowId(connectionId));
    await eventually(
      async () => (await call('GET', `/v1/calendars/${connectionId}`)).body.syncedAt as string | null,
      (at) => at !== null,
    );
    await handle.terminate('test');
    await engine.database.orm.em
      .fork()
      .execute(`update calendar_connection set synced_at = now() - interval '1 hour' where id = ?`, [connectionId]);
    await deps.temporal.client.workflow.execute('calendarKeeper', {
      workflowId: `keeper-${randomUUID()}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ policy: deps.policy }],
    });
    await enter('dentist', '10:00', '11:00');
    await eventually(
      () => offers('10:00'),
      (offered) => !offered,
    );
    await call('DELETE', `/v1/calendars/${connectionId}`);
    expect(await offers('10:00')).to.equal(true);
    await eventually(
      () => handle.describe(),
      ({ status: { name } }) => name === 'COMPLETED',
    );
  });
});
