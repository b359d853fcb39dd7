/**
 * Goal: visits appear in a barber's own calendar, move and vanish with the booking, each once, and a dead sign-in loses none. Method: the
 * whole engine and Radicale, with a line between that breaks.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import ICAL from 'ical.js';
import { saveConnection } from '../../src/db/calendar-connection.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe("barbers' calendars", () => {
  let radicale: TestRadicale;
  let engine: Engine;
  let network: TestNetwork;
  let line: Awaited<ReturnType<typeof startScripted>>;
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
    line = await startScripted(radicale.url);
    url = await radicale.newCalendar();
  });
  afterEach(() => {
    line.stop();
    radicale.setUsers({ [radicale.username]: radicale.password });
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
  const account = () => ({ serverUrl: line.url, username: radicale.username, password: radicale.password });
  const viaLine = (calendarUrl: string) => calendarUrl.replace(radicale.url, line.url);
  const connect = (barber = 0, wishes: Record<string, unknown> = {}) =>
    call('POST', `/v1/barbers/${network.barberIds[barber]}/calendars`, {
      provider: 'caldav',
      ...account(),
      calendarId: viaLine(url),
      ...wishes,
    });
  const shown = async (calendarUrl = url) =>
    Object.values(await radicale.objects(calendarUrl)).map((text) => {
      const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')!;
      return {
        uid: String(event.getFirstPropertyValue('uid')),
        start: String(event.getFirstPropertyValue('dtstart')),
        summary: String(event.getFirstPropertyValue('summary')),
        status: event.getFirstPropertyValue('status'),
      };
    });
  const entries = (count: number, calendarUrl = url) =>
    eventually(
      () => shown(calendarUrl),
      (found) => found.length === count,
    );
  const deliveries = async (id: string): Promise<{ kind: string; state: string; channel: string; errorClass: string | null }[]> =>
    (
      (await call('GET', `/v1/appointments/${id}/deliveries`)).body.items as {
        kind: string;
        state: string;
        channel: string;
        errorClass: string | null;
      }[]
    ).filter(({ kind }) => kind === 'calendar_barber');
  const settled = (id: string, states: string[]) =>
    eventually(
      () => deliveries(id),
      (found) =>
        found
          .map(({ state }) => state)
          .sort()
          .join() === states.sort().join(),
    );

  const secretsAfterHousekeeping = async (id: string): Promise<string | null> => {
    const {
      deps: { temporal, config },
    } = engine;
    await temporal.client.workflow.execute('housekeeping', {
      workflowId: `housekeeping-${randomUUID()}`,
      taskQueue: config.temporal.taskQueue,
      args: [],
    });
    const [row] = await engine.database.orm.em
      .fork()
      .execute<{ secrets: string | null }[]>('select secrets from calendar_connection where id = ?', [id]);
    return row!.secrets;
  };

  it('a calendar that is connected by several requests at once, is one', async () => {
    for (let round = 0; round < 5; round += 1) {
      const given = {
        barberId: network.barberIds[0]!,
        provider: 'caldav',
        account: 'rui',
        calendarId: `${viaLine(url)}${round}`,
        calendarName: 'Work',
      } as const;
      const saved = await Promise.all(
        Array.from({ length: 6 }, () =>
          saveConnection(engine.database.orm.em.fork(), network.networkId, given, async () => 'sealed', new Date()),
        ),
      );
      expect(new Set(saved.map(({ id }) => id)).size).to.equal(1);
    }
  });

  it('an entry that was let go once, of a sign-in that has died again, asks the server no more, but where a person says so', async () => {
    const { body: calendar } = await connect(0, { reads: false });
    radicale.setUsers({});
    const { body } = await book(engine, network);
    await settled(body.id, ['parked']);
    const em = engine.database.orm.em.fork();
    const [parked] = await em.execute<{ id: string }[]>('select id from delivery where connection_id = ?', [calendar.id]);
    const asked = () => line.seen.length;
    const before = asked();
    // As by the sign-in before: retried once, and then it died again.
    await em.execute(
      `update delivery set state = 'due', retries = retries + 1, finished_at = null, attempt_by = null, handover_since = now() where id = ?`,
      [parked!.id],
    );
    const { deps } = engine;
    await deps.temporal.client.workflow.execute('handover', {
      workflowId: `handover-${randomUUID()}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ sweep: false, policy: deps.policy }],
    });
    await settled(body.id, ['parked']);
    expect(asked()).to.equal(before);
    expect((await call('POST', `/v1/dead-letters/${parked!.id}/retry`)).status).to.be.oneOf([200, 202]);
    await eventually(
      async () => asked(),
      (count) => count > before,
    );
    await settled(body.id, ['parked']);
  });

  it('who was invited to a visit by mail before his calendar was connected, has that taken back by mail too', async () => {
    const barberMail = `rui.${randomUUID().slice(0, 8)}@example.com`;
    await engine.database.orm.em.fork().execute('update barber set email = ? where id = ?', [barberMail, network.barberIds[0]]);
    const methods = async (id: string) =>
      (await mailsOf(id))
        .filter(({ headers }) => String(headers['x-punctual-kind']).endsWith('_barber'))
        .map(({ attachments }) => ((attachments ?? []).length > 0 ? 1 : 0))
        .sort();
    const told = (id: string, each: number[]) =>
      eventually(
        () => methods(id),
        (found) => found.join() === each.join(),
      );
    const { body: early } = await book(engine, network);
    await told(early.id, [1]);
    await connect();
    const { body: late } = await book(engine, network, { startsAt: network.at('15:00') });
    await told(late.id, [0]);
    for (const { id } of [early, late]) await call('POST', `/v1/appointments/${id}/cancel`, { reason: 'customer_asked' });
    await told(early.id, [1, 1]);
    await told(late.id, [0, 0]);
  });

  it('a barber whose calendar waits for a sign-in, gets no invitation beside it', async () => {
    const barberMail = `rui.${randomUUID().slice(0, 8)}@example.com`;
    await engine.database.orm.em.fork().execute('update barber set email = ? where id = ?', [barberMail, network.barberIds[0]]);
    await connect();
    radicale.setUsers({});
    const { body: first } = await book(engine, network);
    await settled(first.id, ['parked']);
    const { body } = await book(engine, network, { startsAt: network.at('15:00') });
    const [mail] = await eventually(
      async () => (await mailsOf(body.id)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_barber'),
      (found) => found.length === 1,
    );
    expect(mail!.attachments ?? []).to.deep.equal([]);
  });

  it('a connection whose end is broken off, ended again, takes the entries away', async () => {
    const { body: calendar } = await connect();
    await book(engine, network);
    await entries(1);
    const em = engine.database.orm.em.fork();
    const guard = `break_${randomUUID().replaceAll('-', '')}`;
    // The database fails in the middle of it.
    await em.execute(
      `create function ${guard}() returns trigger language plpgsql as $$ begin if new.connection_id = '${calendar.id}' then raise exception 'away'; end if; return new; end $$`,
    );
    await em.execute(`create trigger ${guard} before insert on delivery for each row execute function ${guard}()`);
    expect((await call('DELETE', `/v1/calendars/${calendar.id}`)).status).to.equal(500);
    await em.execute(`drop trigger ${guard} on delivery`);
    expect((await call('DELETE', `/v1/calendars/${calendar.id}`)).status).to.equal(200);
    await entries(0);
  });

  it('one, found and connected, says how it is, and never what it is opened with', async () => {
    const found = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars/find`, account());
    expect(found.body.items).to.deep.include({ calendarId: viaLine(url), name: 'Work' });
    const { status, body, text } = await connect();
    expect(status).to.equal(201);
    expect(body).to.include({
      barberId: network.barberIds[0],
      provider: 'caldav',
      state: 'connected',
      account: radicale.username,
      calendarName: 'Work',
      privacy: 'full',
    });
    expect(text).to.not.include(radicale.password);
    expect((await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items).to.have.length(1);
    const [row] = await engine.database.orm.em
      .fork()
      .execute<{ secrets: string }[]>('select secrets from calendar_connection where id = ?', [body.id]);
    expect(row!.secrets).to.not.include(radicale.password);
    expect(JSON.parse(Buffer.from(row!.secrets.split('.')[0]!, 'base64url').toString())).to.include({
      kid: 'test',
      enc: 'A256GCM',
      sub: body.id,
    });
  });

  it('one that cannot be connected, says why', async () => {
    expectProblem(await connect(0, { password: 'wrong' }), 'calendar_sign_in');
    expectProblem(await connect(0, { calendarId: `${line.url}/rui/nowhere/` }), 'calendar_not_found');
    expectProblem(await connect(0, { serverUrl: 'http://127.0.0.1:9/' }), 'calendar_unavailable');
    for (const serverUrl of ['https://10.0.0.1/', 'https://169.254.169.254/', 'http://calendar.example/', 'https://[fd00::1]/']) {
      const refused = await connect(0, { serverUrl });
      expectProblem(refused, 'invalid_request', ['/serverUrl']);
    }
    expectProblem(await call('POST', `/v1/barbers/${randomUUID()}/calendars`, { provider: 'caldav', ...account() }), 'not_found');
    const other = await buildNetwork(engine.database.orm);
    const { body } = await connect();
    expect((await engine.call(other.apiKey, 'GET', `/v1/calendars/${body.id}`)).status).to.equal(404);
    expect((await engine.call(other.apiKey, 'DELETE', `/v1/calendars/${body.id}`)).status).to.equal(404);
  });

  it('a visit, booked, moved and cancelled, appears there, moves and vanishes, under the UID of its mails', async () => {
    await connect();
    const { body } = await book(engine, network, { customer: customer({ name: 'Ana Söderberg' }) });
    const [first] = await entries(1);
    expect(first).to.include({ uid: `${body.id}@punctual`, status: 'CONFIRMED' });
    expect(first!.summary).to.match(/, Ana Söderberg$/);
    expect(first!.start).to.match(/T10:00:00$/);

    await call('POST', `/v1/appointments/${body.id}/reschedule`, { startsAt: network.at('15:00') });
    await eventually(shown, ([event]) => event?.start.endsWith('T15:00:00') ?? false);
    expect(await shown()).to.have.length(1);

    await call('POST', `/v1/appointments/${body.id}/cancel`, { reason: 'customer_asked' });
    await entries(0);
    await settled(body.id, ['delivered', 'undone', 'undone']);
  });

  it("a visit that goes to another barber, moves from one's calendar to the other's", async () => {
    await connect(0);
    const mine = url;
    url = await radicale.newCalendar();
    await connect(1);
    const { body } = await book(engine, network);
    await entries(1, mine);
    await call('POST', `/v1/appointments/${body.id}/reschedule`, { startsAt: network.at('15:00'), barberId: network.barberIds[1] });
    await entries(0, mine);
    expect((await entries(1)).map(({ start }) => start.slice(-8))).to.deep.equal(['15:00:00']);
  });

  it('a hold, is not shown; a request, is tentative until it is approved', async () => {
    await engine.database.orm.em
      .fork()
      .execute('update network set settings = ? where id = ?', [JSON.stringify({ approvalRequired: true }), network.networkId]);
    await connect();
    const hold = await call('POST', '/v1/holds', {
      shopId: network.shopId,
      serviceId: network.serviceId,
      barberId: network.barberIds[0],
      startsAt: network.at('12:00'),
    });
    expect(hold.status).to.equal(201);
    const { body } = await book(engine, network);
    const [asked] = await entries(1);
    expect([asked!.uid, asked!.status]).to.deep.equal([`${body.id}@punctual`, 'TENTATIVE']);
    await call('POST', `/v1/appointments/${body.id}/approve`);
    await eventually(shown, ([event]) => event?.status === 'CONFIRMED');
    expect(await shown()).to.have.length(1);
  });

  it('one that tells less, says only what is wanted', async () => {
    await connect(0, { privacy: 'busy' });
    const other = url;
    url = await radicale.newCalendar();
    await connect(0, { privacy: 'service' });
    await book(engine, network, { customer: customer({ name: 'Ana Söderberg' }) });
    await entries(1);
    await entries(1, other);
    const [[busy], [service]] = (await Promise.all([other, url].map(async (each) => Object.values(await radicale.objects(each))))) as [
      [string],
      [string],
    ];
    for (const word of ['Ana', '+351', 'Rua']) expect(busy, word).to.not.include(word);
    for (const word of ['Ana', '+351']) expect(service, word).to.not.include(word);
    expect(service).to.match(/LOCATION:/);
  });

  it('one that is connected later, gets all visits to come; ended, loses them; and its sign-in is forgotten', async () => {
    const ids = await Promise.all(
      ['10:00', '11:00'].map(async (time) => (await book(engine, network, { startsAt: network.at(time) })).body.id as string),
    );
    const { body } = await connect();
    expect((await entries(2)).map(({ uid }) => uid).sort()).to.deep.equal(ids.map((id) => `${id}@punctual`).sort());
    const ended = await call('DELETE', `/v1/calendars/${body.id}`);
    expect(ended.body.state).to.equal('ended');
    await entries(0);
    await book(engine, network, { startsAt: network.at('12:00') });
    await eventually(
      () => secretsAfterHousekeeping(body.id),
      (secrets) => secrets === null,
    );
    expect(await shown()).to.deep.equal([]);
  });

  it('one that is ended, and does not let an entry be taken away, keeps its sign-in until a person has had that done', async () => {
    const { body } = await connect(0, { reads: false });
    const { body: visit } = await book(engine, network);
    await settled(visit.id, ['delivered']);
    line.script.push({ status: 403 });
    await call('DELETE', `/v1/calendars/${body.id}`);
    await settled(visit.id, ['delivered', 'parked']);
    expect(await secretsAfterHousekeeping(body.id)).to.be.a('string');
    const {
      body: {
        items: [letter],
      },
    } = await call('GET', '/v1/dead-letters');
    await call('POST', `/v1/dead-letters/${letter.id}/retry`);
    await entries(0);
    await eventually(
      () => secretsAfterHousekeeping(body.id),
      (secrets) => secrets === null,
    );
  });

  it('one that is ended while a visit is being written into it, holds nothing afterwards', async () => {
    const { body } = await connect(0, { reads: false });
    let ended: Answer | undefined;
    line.script.push('pass', {
      before: async () => {
        ended = await call('DELETE', `/v1/calendars/${body.id}`);
      },
    });
    const { body: visit } = await book(engine, network);
    await eventually(
      () => deliveries(visit.id),
      (found) => found.length === 2 && !found.some(({ state }) => ['due', 'in_flight'].includes(state)),
    );
    expect(ended!.body.state).to.equal('ended');
    expect(await shown()).to.deep.equal([]);
  });

  it('one whose sign-in has died, parks what is to be written; connected again, gets it all, once', async () => {
    const { body: connection } = await connect();
    const { body: kept } = await book(engine, network, { startsAt: network.at('09:00') });
    await entries(1);
    radicale.setUsers({});
    const ids = await Promise.all(
      ['10:00', '11:00', '12:00'].map(async (time) => (await book(engine, network, { startsAt: network.at(time) })).body.id as string),
    );
    await call('POST', `/v1/appointments/${kept.id}/cancel`, { reason: 'customer_asked' });
    for (const id of ids) expect((await settled(id, ['parked']))[0]).to.include({ errorClass: 'sign_in', channel: 'caldav' });
    await settled(kept.id, ['delivered', 'parked']);
    expect((await call('GET', `/v1/calendars/${connection.id}`)).body).to.include({ state: 'signed_out', errorClass: 'sign_in' });
    // Their mails were not held up by that.
    for (const id of ids)
      await eventually(
        () => mailsOf(id),
        (mails) => mails.length === 2,
      );

    radicale.setUsers({ [radicale.username]: radicale.password });
    expect(await shown()).to.have.length(1);
    const again = await connect();
    expect(again.body).to.include({ id: connection.id, state: 'connected' });
    expect(
      (await eventually(shown, (found) => found.length === 3 && !found.some(({ uid }) => uid.startsWith(kept.id))))
        .map(({ uid }) => uid)
        .sort(),
    ).to.deep.equal(ids.map((id) => `${id}@punctual`).sort());
    await settled(kept.id, ['delivered', 'undone']);
  });

  it('one whose owner signs in again while the old sign-in is being refused, stays connected, and gets what that held up', async () => {
    const { body: connection } = await connect(0, { reads: false });
    line.script.push({
      before: async () => {
        radicale.setUsers({ [radicale.username]: 'another' });
        expect((await connect(0, { reads: false, password: 'another' })).status).to.equal(201);
      },
    });
    const { body } = await book(engine, network);
    await settled(body.id, ['delivered']).finally(() => {
      radicale.setUsers({ [radicale.username]: radicale.password });
    });
    expect(await shown()).to.have.length(1);
    expect((await call('GET', `/v1/calendars/${connection.id}`)).body.state).to.equal('connected');
  });

  it('one whose server fails for a while, is right in the end, and holds up nothing else', async () => {
    await connect();
    line.script.push('drop', 'pass', 'pass, then drop');
    const { body } = await book(engine, network);
    await eventually(
      () => mailsOf(body.id),
      (mails) => mails.length === 2,
    );
    await entries(1);
    await settled(body.id, ['delivered']);
    expect(line.script).to.deep.equal([]);
    expect(await shown()).to.have.length(1);
  });
});
