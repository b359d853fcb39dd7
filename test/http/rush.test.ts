/** Goal: crowds get exactly what is free. Method: parallel requests with one key, for many free slots, and for one slot. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { putAssignment } from '../../src/db/barber.ts';
import { book, bookingBody } from '../support/booking.ts';
import { count, countOverlaps } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { always, real } from '../support/rules.ts';

type Slot = { startsAt: string; endsAt: string; barberId: string };

const tally = (answers: Answer[]) => {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers)
    counts[`${status} ${body.code ?? body.status}`] = (counts[`${status} ${body.code ?? body.status}`] ?? 0) + 1;
  return counts;
};

describe('a rush', () => {
  let engine: Engine;

  const appointments = (network: TestNetwork) => count(engine.database.orm, 'appointment', 'network_id = ?', [network.networkId]);
  const crowd = (size: number, ask: (index: number) => Promise<Answer>) =>
    Promise.all(Array.from({ length: size }, (_, index) => ask(index)));
  async function offered(network: TestNetwork, days: number): Promise<Slot[]> {
    const [from, to] = [network.at('12:00'), network.at('12:00', days)].map((instant) => instant.slice(0, 10));
    const { body } = await engine.call(
      network.apiKey,
      'GET',
      `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${from}&to=${to}`,
    );
    return body.slots;
  }

  // A loaded machine may be slow; how slow is not the question here.
  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  it('20 requests with one key, all at once, make one appointment and get one answer', async () => {
    for (let round = 0; round < 5; round += 1) {
      const network = await buildNetwork(engine.database.orm);
      const [key, body] = [randomUUID(), bookingBody(network)];
      const answers = await crowd(20, () => engine.call(network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key }));

      expect(tally(answers)).to.deep.equal({ '201 confirmed': 20 });
      expect(new Set(answers.map(({ text }) => text)).size).to.equal(1);
      expect(await appointments(network)).to.equal(1);
    }
  });

  it('20 requests with one key, for a time that is closed, get one refusal', async () => {
    const network = await buildNetwork(engine.database.orm);
    const [key, body] = [randomUUID(), bookingBody(network, { startsAt: network.at('03:00') })];
    const answers = await crowd(20, () => engine.call(network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key }));

    expect(tally(answers)).to.deep.equal({ '409 shop_closed': 20 });
    expect(await count(engine.database.orm, 'booking_request', 'network_id = ?', [network.networkId])).to.equal(1);
  });

  it('two bodies with one key, at once, make one appointment, and the other body is told', async () => {
    const network = await buildNetwork(engine.database.orm);
    const key = randomUUID();
    const answers = await crowd(10, (index) => book(engine, network, { startsAt: network.at(index % 2 ? '10:00' : '11:00') }, key));

    expect(answers.filter(({ status }) => status === 201).length).to.be.at.least(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) expectProblem(answer, 'idempotency_key_reused');
    expect(await appointments(network)).to.equal(1);
  });

  it("a request, whose twin with the same key was decided between two of its reads, gets the twin's answer", async () => {
    const network = await buildNetwork(engine.database.orm);
    const [key, body] = [randomUUID(), bookingBody(network, { startsAt: network.at('03:00') })];
    const post = () => engine.call(network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });
    expectProblem(await post(), 'shop_closed');
    const em = engine.database.orm.em.fork();
    const [stored] = await em.execute<{ row: object }[]>('select to_jsonb(r) as row from booking_request r where network_id = ?', [
      network.networkId,
    ]);
    await em.execute('delete from booking_request where network_id = ?', [network.networkId]);

    // The route's second read waits here, while its first one found nothing; meanwhile the twin is decided.
    await em.begin();
    await em.execute('lock table shop_closure in access exclusive mode');
    const waiting = post();
    const blocked = () => count(engine.database.orm, 'pg_stat_activity', `datname = current_database() and wait_event_type = 'Lock'`, []);
    await eventually(blocked, (found) => found > 0);
    const twin = { ...stored!.row, outcome: { ok: false, code: 'time_off', nearest: [] } };
    await em.execute('insert into booking_request select * from jsonb_populate_record(null::booking_request, ?::jsonb)', [
      JSON.stringify(twin),
    ]);
    await em.commit();

    expectProblem(await waiting, 'time_off');
  });

  it("40 customers, for 40 different free times of one barber's day, all get theirs", async () => {
    const network = await buildNetwork(engine.database.orm, { durationMinutes: 15 });
    const free = (await offered(network, 1)).slice(0, 40);
    const answers = await crowd(40, (index) => book(engine, network, free[index] && { startsAt: free[index].startsAt }));

    expect(tally(answers)).to.deep.equal({ '201 confirmed': 40 });
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('100 customers, for one time of one barber, make one winner and 99 clean refusals', async () => {
    const network = await buildNetwork(engine.database.orm);
    const answers = await crowd(100, () => book(engine, network));

    expect(tally(answers)).to.deep.equal({ '201 confirmed': 1, '409 slot_taken': 99 });
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expectProblem(answer, 'slot_taken');
      expect(answer.body.nearest).to.have.length(3);
    }
    expect(await appointments(network)).to.equal(1);
    expect(await count(engine.database.orm, 'contact', 'network_id = ?', [network.networkId]), 'contacts of losers').to.equal(1);
  });

  it('50 customers, for any barber of five at one time, fill all five', async () => {
    const network = await buildNetwork(engine.database.orm, { barbers: 5 });
    const answers = await crowd(50, () => book(engine, network, { barberId: undefined }));

    expect(tally(answers)).to.deep.equal({ '201 confirmed': 5, '409 slot_taken': 45 });
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('every time that is offered, as long as nobody took it, is accepted', async () => {
    const network = await buildNetwork(engine.database.orm, {
      barbers: 2,
      durationMinutes: 40,
      bufferBeforeMinutes: 5,
      bufferAfterMinutes: 10,
    });
    const { networkId, shopId, barberIds } = network;
    await putAssignment(
      engine.database.orm.em.fork(),
      networkId,
      { barberId: barberIds[1]!, shopId },
      1,
      always(everyDay(600, 1000), everyDay(720, 765)),
      real(),
    );
    const slots = await offered(network, 3);
    expect(slots.length).to.be.above(100);
    // Every seventh, so that the sample meets breaks, edges and itself.
    for (let index = 0; index < slots.length; index += 7) {
      const { startsAt, barberId } = slots[index]!;
      const isFree = (await offered(network, 3)).some((slot) => slot.startsAt === startsAt && slot.barberId === barberId);
      const answer = await book(engine, network, { startsAt, barberId });

      expect(answer.body.code ?? answer.body.status, `${startsAt} ${barberId}`).to.equal(isFree ? 'confirmed' : 'slot_taken');
    }
    expect(await countOverlaps(engine.database.orm, networkId)).to.equal(0);
  });
});
