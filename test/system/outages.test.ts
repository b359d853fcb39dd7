/**
 * Goal: a server that is away costs a clear answer, never a booking. Method: servers of the test's own, killed, frozen and started again on
 * the same ports and data.
 */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMaildev, type MailServer } from '../../src/dev/mail.ts';
import { freePorts } from '../../src/dev/ports.ts';
import { discardPostgres, startPostgres } from '../../src/dev/postgres.ts';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal.ts';
import { openTemporal, prepareNamespace } from '../../src/temporal.ts';
import { readConfig } from '../../src/config.ts';
import { defaultPolicy } from '../../workflows/messages.ts';
import { migrate, openOrm } from '../../src/db/orm.ts';
import { adoptZoneData } from '../../src/db/zone-data.ts';
import { zoneDataVersion } from '../../src/domain/time.ts';
import { book, bookingBody } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, send, startEngine, type Answer } from '../support/engine.ts';
import { mailsOf, type InboxMail } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { holdDiary, killServer, openSite, serverFolder, type ApiProgram, type Program, type Site } from '../support/programs.ts';

const log = () => {};
const pidIn = (file: string) => Number(readFileSync(file, 'utf8').split('\n')[0]);

describe('outages', () => {
  let own: ReturnType<typeof serverFolder>;
  let site: Site;
  let api: ApiProgram;
  let worker: Program;
  let temporal: TemporalServer;
  let network: TestNetwork;
  let ports: number[];

  const postgresUp = () => startPostgres({ dataDir: join(own.folder, 'postgres'), port: ports[0]!, log });
  const postmasterPid = () => pidIn(join(own.folder, 'postgres/data/postmaster.pid'));
  const temporalUp = async () => {
    temporal = await startTemporal({
      dbFile: join(own.folder, 'temporal.db'),
      port: ports[1]!,
      uiPort: ports[2]!,
      searchAttributes: {},
      runDir: own.folder,
      log,
    });
  };
  const temporalPid = () => pidIn(join(own.folder, 'temporal.pid'));

  before(async () => {
    own = serverFolder();
    ports = await freePorts(3);
    const [{ url }] = await Promise.all([postgresUp(), temporalUp()]);
    const orm = await openOrm({ databaseUrl: url, poolSize: 5 });
    await migrate(orm);
    await adoptZoneData(orm.em, zoneDataVersion());
    site = await openSite({ TEMPORAL_ADDRESS: temporal.address, ANSWER_WITHIN_MS: '1500' }, { url, orm, drop: () => orm.close() });
    const { connection } = openTemporal(readConfig(site.env));
    await prepareNamespace(connection, 'default');
    await connection.close();
    [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);
  });
  beforeEach(async () => {
    network = await buildNetwork(site.database.orm);
    await eventually(ready, ({ status }) => status === 200);
  });
  // The programs live through every outage.
  afterEach(() => expect([api.isRunning(), worker.isRunning()], `${api.output()}${worker.output()}`).to.deep.equal([true, true]));
  after(async () => {
    await site?.close();
    await temporal?.stop();
    await discardPostgres(join(own.folder, 'postgres'));
    own.release();
  });

  const post = (key: string, body: unknown = bookingBody(network)) =>
    send(api.url, network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });
  /** An appointment from before the outage. */
  const bookedBefore = async () => {
    const [key, body] = [randomUUID(), bookingBody(network, { startsAt: network.at('15:00') })];
    return eventually(
      () => post(key, body),
      ({ status }) => status === 201,
    );
  };
  const get = (path: string) => send(api.url, network.apiKey, 'GET', path);
  const ready = async () => {
    const { status, body } = await send(api.url, '', 'GET', '/readyz');
    return { status, database: body.checks.database.ok as boolean, temporal: body.checks.temporal.ok as boolean };
  };
  const expectAway = (answer: Answer, code: string) => {
    expect([answer.status, answer.body.code], answer.text).to.deep.equal([503, code]);
    expect(Number(answer.headers.get('retry-after'))).to.be.greaterThan(0);
    expect(answer.headers.get('content-type')).to.include('application/problem+json');
  };
  /** Repeats until the booking is done, as its invitation to repeat says, and looks for traces of having tried more than once. */
  async function expectOnceAfterRepeating(key: string, body: unknown): Promise<void> {
    const booked = await eventually(
      () => post(key, body),
      ({ status }) => status === 201,
      40_000,
    );
    const { id } = booked.body;
    for (const table of ['occupancy', 'appointment_event'])
      expect(await count(site.database.orm, table, 'appointment_id = ?', [id]), table).to.equal(1);
    for (const table of ['appointment', 'booking_request', 'contact'])
      expect(await count(site.database.orm, table, 'network_id = ?', [network.networkId]), table).to.equal(1);
    await eventually(
      () => count(site.database.orm, 'delivery', `appointment_id = ? and state = 'delivered'`, [id]),
      (found) => found === 2,
      40_000,
    );
    expect((await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']).sort()).to.deep.equal([
      'confirmation_barber',
      'confirmation_customer',
    ]);
    expect(await countOverlaps(site.database.orm, network.networkId)).to.equal(0);
  }

  it('PostgreSQL, killed and started again, is told as away on every request and found again by itself', async () => {
    const before = await bookedBefore();
    const [key, body] = [randomUUID(), bookingBody(network)];

    await killServer(postmasterPid(), ports[0]!);
    expectAway(
      await eventually(
        () => get(`/v1/appointments/${before.body.id}`),
        ({ status }) => status !== 200,
      ),
      'database_unavailable',
    );
    expectAway(await post(key, body), 'database_unavailable');
    expectAway(await send(api.url, network.apiKey, 'POST', `/v1/appointments/${before.body.id}/cancel`), 'database_unavailable');
    expectAway(
      await get(`/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=2030-01-01&to=2030-01-02`),
      'database_unavailable',
    );
    expect(await ready()).to.deep.equal({ status: 503, database: false, temporal: true });
    expect((await send(api.url, '', 'GET', '/healthz')).status).to.equal(200);
    expect((await fetch(`${api.url}/metrics`)).status).to.equal(200);
    await postgresUp();

    expect(
      (
        await eventually(
          () => get(`/v1/appointments/${before.body.id}`),
          ({ status }) => status === 200,
        )
      ).body,
    ).to.deep.equal(before.body);
    await eventually(
      () => post(key, body),
      ({ status }) => status === 201,
    );
    expect(await eventually(ready, ({ status }) => status === 200)).to.deep.equal({ status: 200, database: true, temporal: true });
  });

  it('PostgreSQL, killed with a booking inside, leaves an unknown outcome that the same key resolves', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const held = await holdDiary(site.database, network.barberIds[0]!);
    const inside = post(key, body);
    await held.blocks();

    await killServer(postmasterPid(), ports[0]!);
    expectAway(await inside, 'outcome_unknown');
    await held.release();
    await postgresUp();

    await expectOnceAfterRepeating(key, body);
  });

  it('PostgreSQL, frozen, is told as away once it has kept a request waiting too long, and goes on where it was', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const before = await bookedBefore();
    const postmaster = postmasterPid();
    const family = [
      postmaster,
      ...execFileSync('pgrep', ['-P', String(postmaster)], { encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(Number),
    ];

    for (const pid of family) process.kill(pid, 'SIGSTOP');
    try {
      const [read, booked, state] = await Promise.all([get(`/v1/appointments/${before.body.id}`), post(key, body), ready()]);
      for (const answer of [read, booked]) expectAway(answer, 'database_unavailable');
      expect(state).to.deep.equal({ status: 503, database: false, temporal: true });
    } finally {
      for (const pid of family) process.kill(pid, 'SIGCONT');
    }

    await eventually(ready, ({ status }) => status === 200);
    expect(
      (
        await eventually(
          () => post(key, body),
          ({ status }) => status !== 503,
        )
      ).status,
    ).to.be.oneOf([201, 202]);
    expect((await get(`/v1/appointments/${before.body.id}`)).body).to.deep.equal(before.body);
  });

  it('Temporal, killed before a booking, is told as away, and nothing of the booking is kept', async () => {
    const before = await bookedBefore();
    const fresh = await buildNetwork(site.database.orm);
    const [key, body] = [randomUUID(), bookingBody(fresh)];
    const postFresh = () => send(api.url, fresh.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });

    await killServer(-temporalPid(), ports[1]!);
    await eventually(ready, (state) => !state.temporal);
    const away = await Promise.all([postFresh(), send(api.url, network.apiKey, 'POST', `/v1/appointments/${before.body.id}/cancel`)]);
    for (const answer of away) expectAway(answer, 'temporal_unavailable');
    for (const table of ['booking_request', 'contact', 'customer'])
      expect(await count(site.database.orm, table, 'network_id = ?', [fresh.networkId]), table).to.equal(0);
    // What needs no workflow goes on: reading, and refusing what is taken.
    expect((await get(`/v1/appointments/${before.body.id}`)).body.status).to.equal('confirmed');
    expect((await post(randomUUID(), bookingBody(network, { startsAt: network.at('15:00') }))).body.code).to.equal('slot_taken');
    expect(await ready()).to.deep.equal({ status: 503, database: true, temporal: false });
    await temporalUp();

    network = fresh;
    await expectOnceAfterRepeating(key, body);
    expect(await eventually(ready, ({ status }) => status === 200)).to.deep.equal({ status: 200, database: true, temporal: true });
  });

  it('Temporal, killed with a booking inside, leaves an unknown outcome that the same key resolves', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const held = await holdDiary(site.database, network.barberIds[0]!);
    const inside = post(key, body);
    await held.blocks();

    await killServer(-temporalPid(), ports[1]!);
    const answer = await inside;
    if (answer.status !== 202) expectAway(answer, 'outcome_unknown');
    await held.release();
    await temporalUp();

    await expectOnceAfterRepeating(key, body);
  });

  it('Temporal, frozen as a booking is sent, leaves an unknown outcome that the same key resolves', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];

    process.kill(-temporalPid(), 'SIGSTOP');
    try {
      expectAway(await post(key, body), 'outcome_unknown');
      expect((await ready()).temporal).to.equal(false);
    } finally {
      process.kill(-temporalPid(), 'SIGCONT');
    }

    await expectOnceAfterRepeating(key, body);
  });

  it('the mail server, away, stops no booking, and gets every mail once when it is back', async () => {
    const [smtpPort = 0, webPort = 0] = await freePorts(2);
    const policy = { ...defaultPolicy, retryAfterSeconds: [0.2, 0.2, 0.5], retryEverySeconds: 1 };
    let inbox: MailServer | undefined;
    const engine = await startEngine({ env: { SMTP_URL: `smtp://127.0.0.1:${smtpPort}` }, deps: { policy } });
    try {
      const shop = await buildNetwork(engine.deps.orm, { barbers: 3 });
      const booked = await Promise.all(shop.barberIds.map((barberId) => book(engine, shop, { barberId })));
      expect(booked.map(({ status }) => status)).to.deep.equal([201, 201, 201]);
      const deliveries = async () => {
        const lists = await Promise.all(
          booked.map(({ body }) => engine.call(shop.apiKey, 'GET', `/v1/appointments/${body.id}/deliveries`)),
        );
        return lists
          .flatMap(
            ({ body }) =>
              body.items as { kind: string; state: string; attempts: number; errorClass: string | null; errorText: string | null }[],
          )
          .filter(({ kind }) => kind.startsWith('confirmation'));
      };
      // More tries than the list of waits has, so that the steady wait is used as well.
      const tried = await eventually(deliveries, (found) => found.every(({ attempts }) => attempts >= 5));
      for (const { state, errorClass, errorText } of tried) {
        expect(state).to.be.oneOf(['due', 'in_flight']);
        expect(errorClass).to.equal('transient');
        expect(errorText).to.match(/^SMTP failed: E[A-Z]+/);
      }

      inbox = await startMaildev({ smtpPort, webPort, mailDir: null, runDir: own.folder, log });
      const ended = await eventually(deliveries, (found) => found.every(({ state }) => state === 'delivered'));
      expect(ended).to.have.length(6);
      const mails = (await (await fetch(inbox.apiUrl)).json()) as InboxMail[];
      expect(mails.map(({ headers }) => `${headers['x-punctual-appointment']} ${headers['x-punctual-kind']}`)).to.have.members(
        booked.flatMap(({ body }) => ['confirmation_customer', 'confirmation_barber'].map((kind) => `${body.id} ${kind}`)),
      );
    } finally {
      await engine.stop();
      await inbox?.stop();
    }
  });
});
