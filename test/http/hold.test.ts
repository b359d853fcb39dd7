/** Goal: a time is kept for whoever types, and for nobody longer than was said. Method: hold, confirm, let go and wait, over HTTP. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Service } from '../../src/db/entities/network.ts';
import { book, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('holds', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(() => open());

  const open = async (wishes: NetworkWishes = {}) => {
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const post = (path: string, body: unknown, key = randomUUID()): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', path, body, { 'idempotency-key': key });
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const wanted = () => ({
    shopId: network.shopId,
    serviceId: network.serviceId,
    barberId: network.barberIds[0],
    startsAt: network.at('10:00'),
  });
  const confirm = ({ id, token }: { id: string; token: string }, who: object = customer()) =>
    post(`/v1/holds/${id}/confirm`, { token, customer: who });
  async function hold(wishes: object = {}): Promise<{ id: string; token: string; decideBy: string }> {
    const { status, body, text } = await post('/v1/holds', { ...wanted(), ...wishes });
    expect(status, text).to.equal(201);
    return body;
  }

  it("a time, held, is nobody else's; the hold says until when and has a token", async () => {
    const held = await hold({ holdSeconds: 60 });

    expect(held).to.deep.include({ status: 'held', version: 1 });
    expect(held.token).to.match(/^[\w-]{43}$/);
    expect(Date.parse(held.decideBy) - Date.now()).to.be.within(50_000, 60_000);
    expectProblem(await book(engine, network), 'slot_taken');
    expectProblem(await post('/v1/holds', wanted()), 'slot_taken');
  });

  it('a hold, asked for longer than the shop allows, is as long as it allows', async () => {
    await open({ settings: { holdSeconds: 120 } });
    expect(Date.parse((await hold({ holdSeconds: 3600 })).decideBy) - Date.now()).to.be.within(100_000, 120_000);
  });

  it('a hold, repeated with its key, is the same hold with the same token; with another body, it is refused', async () => {
    const key = randomUUID();
    const [first, second] = [await post('/v1/holds', wanted(), key), await post('/v1/holds', wanted(), key)];

    expect(second.text).to.equal(first.text);
    expectProblem(await post('/v1/holds', { ...wanted(), holdSeconds: 30 }, key), 'idempotency_key_reused');
  });

  it('a hold, confirmed, is a booking like any other: its customer is told, and repeating it answers the same', async () => {
    const held = await hold();
    const who = customer();
    const [first, again] = [await confirm(held, who), await confirm(held, who)];

    expect(first.body, first.text).to.deep.include({ id: held.id, status: 'confirmed', version: 2, decideBy: null });
    expect(again.text).to.equal(first.text);
    const mails = await eventually(
      () => mailsOf(held.id),
      (found) => found.length >= 2,
    );
    expect(mails.map(({ envelope }) => envelope.to[0]!.address)).to.include(who.email);
    const { body } = await engine.call(network.apiKey, 'GET', `/v1/appointments/${held.id}/events`);
    expect(body.items.map(({ kind, fromStatus, toStatus }: Record<string, string>) => [kind, fromStatus, toStatus])).to.deep.equal([
      ['held', null, 'held'],
      ['confirmed', 'held', 'confirmed'],
    ]);
  });

  it("a hold, confirmed by two people at once, is one's, and the other is told so", async () => {
    const held = await hold();
    const answers = await Promise.all([confirm(held), confirm(held)]);
    const late = await confirm(held);

    expect(answers.map(({ status }) => status).sort(), answers.map(({ text }) => text).join()).to.deep.equal([200, 409]);
    expectProblem(
      answers.find(({ status }) => status === 409)!,
      'not_allowed',
    );
    expectProblem(late, 'not_allowed');
    expect(await count(engine.database.orm, 'contact', 'id = ?', [held.id])).to.equal(1);
  });

  it('a hold, without its token, can be neither confirmed nor let go', async () => {
    const held = await hold();
    const other = await hold({ startsAt: network.at('11:00') });

    expectProblem(await confirm({ ...held, token: other.token }), 'wrong_token');
    expectProblem(await post(`/v1/holds/${held.id}/release`, { token: other.token }), 'wrong_token');
    expectProblem(await confirm({ ...held, token: 'x' }), 'invalid_request', ['/token']);
    expectProblem(await confirm({ ...held, id: randomUUID() }), 'not_found');
    expect(await read(held.id)).to.include({ status: 'held', version: 1 });
  });

  it('a hold, let go, frees its time at once and tells nobody', async () => {
    const held = await hold();
    const answers = [
      await post(`/v1/holds/${held.id}/release`, { token: held.token }),
      await post(`/v1/holds/${held.id}/release`, { token: held.token }),
    ];

    expect(answers.map(({ body }) => body.status)).to.deep.equal(['cancelled', 'cancelled']);
    expect((await book(engine, network)).status).to.equal(201);
    expect(await count(engine.database.orm, 'delivery', 'appointment_id = ?', [held.id])).to.equal(0);
    expectProblem(await confirm(held), 'not_allowed');
  });

  it('a hold, of which nobody hears, ends by itself: its time is free, nobody is told, and nothing is kept of whom', async () => {
    await open({ settings: { holdSeconds: 1 } });
    const held = await hold();
    await eventually(
      () => read(held.id),
      ({ status }) => status === 'expired',
    );

    expect((await book(engine, network)).status).to.equal(201);
    expectProblem(await confirm(held), 'hold_expired');
    expect(await count(engine.database.orm, 'delivery', 'appointment_id = ?', [held.id])).to.equal(0);
    expect(await count(engine.database.orm, 'contact', 'id = ?', [held.id])).to.equal(0);
  });

  it('holds, confirmed at the very moment when they expire, are each booked or free, as the answer says', async () => {
    await open({ settings: { holdSeconds: 1 } });
    const hours = ['09:00', '10:00', '11:00', '12:00', '13:00', '14:00'];
    const ends = await Promise.all(
      hours.map(async (hour, index) => {
        const held = await hold({ startsAt: network.at(hour) });
        const left = Date.parse(held.decideBy) - Date.now();
        await new Promise((resolve) => setTimeout(resolve, left - 60 + index * 20));
        return { held, answer: await confirm(held) };
      }),
    );

    for (const { held, answer } of ends) {
      const { status } = await eventually(
        () => read(held.id),
        (found) => found.status !== 'held',
      );
      if (answer.status === 200) expect(status).to.equal('confirmed');
      else expectProblem(answer, 'hold_expired');
      expect(status).to.equal(answer.status === 200 ? 'confirmed' : 'expired');
      expect(await count(engine.database.orm, 'occupancy', 'appointment_id = ?', [held.id])).to.equal(answer.status === 200 ? 1 : 0);
    }
  });

  it('a hold, confirmed where the shop approves bookings, waits for the approval, and keeps its time', async () => {
    await engine.database.orm.em.fork().nativeUpdate(Service, { id: network.serviceId }, { settings: { approvalRequired: true } });
    const held = await hold();
    const who = customer();
    const [first, again] = [await confirm(held, who), await confirm(held, who)];

    expect(first.body).to.include({ status: 'pending_approval', version: 2 });
    expect(again.text).to.equal(first.text);
    expectProblem(await book(engine, network), 'slot_taken');
  });

  it('a hold, refused to a customer who has enough visits, is still there for another', async () => {
    await open({ settings: { maxUpcomingVisitsPerCustomer: 1 } });
    const who = customer();
    expect((await book(engine, network, { startsAt: network.at('15:00'), customer: who })).status).to.equal(201);
    const held = await hold();

    expectProblem(await confirm(held, who), 'customer_limit');
    expect((await confirm(held)).body.status).to.equal('confirmed');
  });
});
