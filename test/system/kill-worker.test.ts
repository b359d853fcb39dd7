/**
 * Goal: a program killed in the middle of a booking costs nobody anything. Method: kill -9 while locks hold bookings at known points
 * inside.
 */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { bookingBody } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, send, type Answer } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { holdDiary, openSite, standInTheWay, type Site } from '../support/programs.ts';

describe('kill -9', () => {
  let site: Site;
  let network: TestNetwork;

  beforeEach(async () => {
    site = await openSite({ ANSWER_WITHIN_MS: '1500' });
    network = await buildNetwork(site.database.orm, { barbers: 3 });
  });
  afterEach(() => site.close());

  const book = (url: string, barber: number, key: string, body = bookingBody(network, { barberId: network.barberIds[barber] })) =>
    send(url, network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });
  const rows = (table: string, column: string, id: string) => count(site.database.orm, table, `${column} = ?`, [id]);

  /** The appointment is there once, in every table and in the inbox. */
  async function expectOnce(url: string, { body: { id } }: Answer): Promise<void> {
    const read = await eventually(
      () => send(url, network.apiKey, 'GET', `/v1/appointments/${id}`),
      ({ body }) => body.status !== 'pending',
      40_000,
    );
    expect(read.body.status, read.text).to.equal('confirmed');
    expect(await rows('appointment', 'id', id)).to.equal(1);
    expect(await rows('occupancy', 'appointment_id', id)).to.equal(1);
    expect(await rows('appointment_event', 'appointment_id', id)).to.equal(1);
    await eventually(
      () => count(site.database.orm, 'delivery', `appointment_id = ? and state = 'delivered' and kind like 'confirmation%'`, [id]),
      (found) => found === 2,
    );
    expect((await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']).sort()).to.deep.equal([
      'confirmation_barber',
      'confirmation_customer',
    ]);
  }

  it('of the only worker, inside three bookings at three points, leaves each to be completed once by the next', async () => {
    const { database } = site;
    const [, second] = network.barberIds;
    // At COMMIT the third booking waits for the test: when it goes on, its worker is stopped and never hears of it.
    await database.orm.em.fork().execute(
      `create function wait_at_commit() returns trigger language plpgsql as $$
         begin
           perform pg_advisory_xact_lock_shared(1);
           return null;
         end $$`,
    );
    await database.orm.em.fork()
      .execute(`create constraint trigger waits_at_commit after insert on appointment_event deferrable initially deferred
      for each row execute function wait_at_commit()`);
    const [api, worker] = await Promise.all([site.startApi(), site.startWorker()]);
    const [rivalKey, rivalBody] = [randomUUID(), bookingBody(network, { barberId: second, startsAt: network.at('15:00') })];
    const rival = await eventually(
      () => book(api.url, 1, rivalKey, rivalBody),
      ({ status }) => status === 201,
    );
    const keys = [randomUUID(), randomUUID(), randomUUID()];
    const bodies = keys.map((_, barber) => bookingBody(network, { barberId: network.barberIds[barber] }));

    const beforeWriting = await holdDiary(database, network.barberIds[0]!);
    const betweenWrites = await standInTheWay(
      database,
      `insert into occupancy (id, network_id, barber_id, appointment_id, during)
       select $1, network_id, barber_id, id, tstzrange($2, $2::timestamptz + interval '5 minutes')
       from appointment
       where id = $3`,
      [randomUUID(), network.at('10:00'), rival.body.id],
    );
    const atCommit = await standInTheWay(database, 'select pg_advisory_xact_lock(1)');
    const asked = keys.map((key, barber) => book(api.url, barber, key, bodies[barber]));
    await Promise.all([beforeWriting.blocks(), betweenWrites.blocks(), atCommit.blocks()]);

    process.kill(worker.pid, 'SIGSTOP');
    await atCommit.release();
    await eventually(
      () => count(database.orm, 'appointment', 'barber_id = ?', [network.barberIds[2]]),
      (found) => found === 1,
    );
    expect(await worker.end('SIGKILL')).to.equal('SIGKILL');
    await Promise.all([beforeWriting.release(), betweenWrites.release()]);
    const answers = await Promise.all(asked);
    // The worker's last transactions end with its connections: nothing of them may be seen.
    expect(
      await count(database.orm, 'appointment', 'barber_id in (?, ?) and id <> ?', [network.barberIds[0], second, rival.body.id]),
    ).to.equal(0);
    await site.startWorker();

    for (const answer of answers) expect(answer.status, answer.text).to.be.oneOf([201, 202]);
    for (const answer of answers) await expectOnce(api.url, answer);
    for (const [barber, key] of keys.entries()) {
      const again = await book(api.url, barber, key, bodies[barber]);
      expect(again.status).to.equal(201);
      expect(again.body.id).to.equal(answers[barber]!.body.id);
    }
    expect(await countOverlaps(database.orm, network.networkId)).to.equal(0);
  });

  it('of an API, inside bookings that were sent, lets the same keys find them at another API', async () => {
    const { database } = site;
    const [api, other] = await Promise.all([site.startApi(), site.startApi(), site.startWorker()]);
    const keys = network.barberIds.map(() => randomUUID());
    const bodies = keys.map((_, barber) => bookingBody(network, { barberId: network.barberIds[barber] }));
    const held = await Promise.all(network.barberIds.map((barberId) => holdDiary(database, barberId)));

    const asked = Promise.allSettled(keys.map((key, barber) => book(api.url, barber, key, bodies[barber])));
    await Promise.all(held.map((lock) => lock.blocks()));
    await api.end('SIGKILL');
    expect((await asked).map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    await held[0]!.release();
    const repeated = Promise.all(keys.map((key, barber) => book(other.url, barber, key, bodies[barber])));
    await Promise.all(held.map((lock) => lock.release()));

    for (const answer of await repeated) {
      expect(answer.status, answer.text).to.be.oneOf([201, 202]);
      await expectOnce(other.url, answer);
    }
  });
});
