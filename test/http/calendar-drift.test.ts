/**
 * Goal: what a calendar shows and what it should never part in silence: what is surely ours is put right, what its owner did there is for a
 * person. Method: the whole engine and Radicale; each kind of drift is made by hand.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { calendarMirrorWorkflowId } from '../../workflows/messages.ts';
import { book } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { icsOf } from '../support/ics.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe('a calendar that does not show what it should', () => {
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
    network = await buildNetwork(engine.database.orm, { barbers: 2 });
    url = await radicale.newCalendar();
    const { body, status, text } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars`, {
      provider: 'caldav',
      serverUrl: radicale.url,
      username: radicale.username,
      password: radicale.password,
      calendarId: url,
    });
    expect(status, text).to.equal(201);
    connectionId = body.id;
  });
  afterEach(() => call('DELETE', `/v1/calendars/${connectionId}`));

  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID(), ...headers });
  const sql = <T>(text: string, values: unknown[]) => engine.database.orm.em.fork().execute<T[]>(text, values);
  const names = async () => Object.keys(await radicale.objects(url));
  type Conflict = { id: string; kind: string; appointmentId: string };
  const conflicts = async (): Promise<Conflict[]> => (await call('GET', '/v1/calendar-conflicts')).body.items;
  /** A visit that is there, and was written long enough ago. */
  const shown = async (time = '10:00'): Promise<string> => {
    const { body } = await book(engine, network, { startsAt: network.at(time) });
    await eventually(names, (found) => found.includes(`${body.id}.ics`));
    await eventually(
      () => sql('select 1 from calendar_event where appointment_id = ?', [body.id]),
      (rows) => rows.length === 1,
    );
    await sql(`update calendar_event set written_at = written_at - interval '1 minute' where appointment_id = ?`, [body.id]);
    return body.id as string;
  };
  /** Has all of it read anew, as every day. */
  const readWhole = async () => {
    await sql('update calendar_connection set whole_at = null where id = ?', [connectionId]);
    await eventually(
      () => sql<{ whole: string | null }>('select whole_at as whole from calendar_connection where id = ?', [connectionId]),
      ([row]) => row!.whole !== null,
    );
  };
  const elsewhere = (id: string) => icsOf([`UID:${id}@punctual`, 'DTSTART:20270105T200000Z', 'DTEND:20270105T210000Z', 'SUMMARY:moved']);

  it('an entry that its owner deletes, is told to a person, who has it written again', async () => {
    const id = await shown();
    await radicale.erase(url, `${id}.ics`);
    const [conflict, ...more] = await eventually(conflicts, (found) => found.length > 0);
    expect([conflict!.kind, conflict!.appointmentId, more]).to.deep.equal(['deleted', id, []]);
    expect((await call('POST', `/v1/calendar-conflicts/${conflict!.id}/settle`, { action: 'restore' })).status).to.equal(200);
    await eventually(names, (found) => found.includes(`${id}.ics`));
    expect(await conflicts()).to.deep.equal([]);
    expect((await call('GET', `/v1/appointments/${id}`)).body.status).to.equal('confirmed');
    // Deleted once more, it is told once more.
    await eventually(
      () => sql(`select 1 from delivery where appointment_id = ? and connection_id is not null and state <> 'delivered'`, [id]),
      (rows) => rows.length === 0,
    );
    await sql(`update calendar_event set written_at = written_at - interval '1 minute' where appointment_id = ?`, [id]);
    await radicale.erase(url, `${id}.ics`);
    await eventually(conflicts, (found) => found.length === 1);
  });

  it('an entry that its owner moves, is told to a person, who leaves it, and is not told again', async () => {
    const id = await shown();
    await radicale.enter(url, `${id}.ics`, elsewhere(id));
    const [conflict] = await eventually(conflicts, (found) => found.length > 0);
    expect([conflict!.kind, conflict!.appointmentId]).to.deep.equal(['moved', id]);
    await call('POST', `/v1/calendar-conflicts/${conflict!.id}/settle`, { action: 'leave' });
    await readWhole();
    expect(await conflicts()).to.deep.equal([]);
    expect((await radicale.objects(url))[`${id}.ics`]).to.include('SUMMARY:moved');
  });

  it('an entry that its owner moves and moves back, or whose visit is cancelled, is told no more', async () => {
    const [back, gone] = [await shown('10:00'), await shown('15:00')];
    const before = (await radicale.objects(url))[`${back}.ics`]!;
    for (const id of [back, gone]) await radicale.enter(url, `${id}.ics`, elsewhere(id));
    await eventually(conflicts, (found) => found.length === 2);
    await radicale.enter(url, `${back}.ics`, before);
    await call('POST', `/v1/appointments/${gone}/cancel`, { reason: 'customer_asked' });
    await eventually(conflicts, (found) => found.length === 0);
    await eventually(names, (found) => found.join() === `${back}.ics`);
  });

  it('a visit that was never written, is; an entry of one that is off, is taken away', async () => {
    const [lost, ghost] = [await shown('10:00'), await shown('15:00')];
    const text = (await radicale.objects(url))[`${ghost}.ics`]!;
    await call('POST', `/v1/appointments/${ghost}/cancel`, { reason: 'customer_asked' });
    await eventually(names, (found) => found.join() === `${lost}.ics`);
    await radicale.enter(url, `${ghost}.ics`, text);
    await sql('delete from calendar_event where appointment_id = ?', [lost]);
    await radicale.erase(url, `${lost}.ics`);
    await readWhole();
    await eventually(names, (found) => found.join() === `${lost}.ics`);
    expect(await conflicts()).to.deep.equal([]);
  });

  it('an entry that a program puts under another name, is right where it is, and goes with its visit', async () => {
    const id = await shown();
    const text = (await radicale.objects(url))[`${id}.ics`]!;
    await radicale.erase(url, `${id}.ics`);
    await radicale.enter(url, 'renamed.ics', text);
    await readWhole();
    await readWhole();
    expect(await conflicts()).to.deep.equal([]);
    await call('POST', `/v1/appointments/${id}/cancel`, { reason: 'customer_asked' });
    await eventually(names, (found) => found.length === 0);
  });

  it('one that is only written, is compared once a day, and keeps nobody busy', async () => {
    const id = await shown();
    const {
      body: { privacy, version },
    } = await call('GET', `/v1/calendars/${connectionId}`);
    await call('PUT', `/v1/calendars/${connectionId}`, { privacy, writes: true, reads: false }, { 'if-match': `"${version}"` });
    const {
      deps: { temporal, config, policy },
    } = engine;
    const reader = temporal.client.workflow.getHandle(calendarMirrorWorkflowId(connectionId));
    await reader.result();
    await radicale.erase(url, `${id}.ics`);
    const stamp = (time: string) => new Date(network.at(time)).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    await radicale.enter(url, 'dentist.ics', icsOf([`DTSTART:${stamp('15:00')}`, `DTEND:${stamp('16:00')}`, 'SUMMARY:x']));
    const keep = () =>
      temporal.client.workflow.execute('calendarKeeper', {
        workflowId: `keeper-${randomUUID()}`,
        taskQueue: config.temporal.taskQueue,
        args: [{ policy }],
      });
    await keep();
    await reader.result();
    expect(await conflicts()).to.deep.equal([]);

    await sql(`update calendar_connection set whole_at = now() - interval '25 hours' where id = ?`, [connectionId]);
    await keep();
    await reader.result();
    const [found] = await conflicts();
    expect(found).to.include({ kind: 'deleted', appointmentId: id });
    await call('POST', `/v1/calendar-conflicts/${found!.id}/settle`, { action: 'restore' });
    await eventually(names, (there) => there.includes(`${id}.ics`));
    expect((await book(engine, network, { startsAt: network.at('15:00') })).status).to.equal(201);
  });

  it('one that two barbers share, read for either, keeps the visits of both', async () => {
    const [, other] = network.barberIds;
    const { body } = await call('POST', `/v1/barbers/${other}/calendars`, {
      provider: 'caldav',
      serverUrl: radicale.url,
      username: radicale.username,
      password: radicale.password,
      calendarId: url,
    });
    const [mine, { body: theirs }] = [
      await shown('10:00'),
      await book(engine, network, { startsAt: network.at('15:00'), barberId: other }),
    ];
    await eventually(
      async () => (await names()).sort().join(),
      (found) => found === [`${mine}.ics`, `${theirs.id}.ics`].sort().join(),
    );
    await eventually(
      () =>
        sql(`select 1 from delivery where kind = 'calendar_barber' and state <> 'delivered' and connection_id in (?, ?)`, [
          connectionId,
          body.id,
        ]),
      (rows) => rows.length === 0,
    );
    await sql(`update calendar_event set written_at = written_at - interval '1 minute'`, []);
    const deliveries = () =>
      sql<{ count: number }>('select count(*)::int as count from delivery where connection_id in (?, ?)', [connectionId, body.id]);
    const planned = await deliveries();
    await readWhole();
    await sql('update calendar_connection set whole_at = null where id = ?', [body.id]);
    await eventually(
      () => sql<{ whole: string | null }>('select whole_at as whole from calendar_connection where id = ?', [body.id]),
      ([row]) => row!.whole !== null,
    );
    expect(await deliveries()).to.deep.equal(planned);
    expect(await conflicts()).to.deep.equal([]);
    await call('DELETE', `/v1/calendars/${body.id}`);
  });

  it('one that is right, read again and again, is left alone', async () => {
    const id = await shown();
    const before = (await radicale.objects(url))[`${id}.ics`];
    const deliveries = () => sql<{ count: number }>('select count(*)::int as count from delivery where connection_id = ?', [connectionId]);
    const [planned] = await deliveries();
    await readWhole();
    await readWhole();
    expect(await deliveries()).to.deep.equal([planned]);
    expect((await radicale.objects(url))[`${id}.ics`]).to.equal(before);
    expect(await conflicts()).to.deep.equal([]);
  });
});
