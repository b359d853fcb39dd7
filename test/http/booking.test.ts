/** Goal: a booking is answered in full, once and for all. Method: book over HTTP, repeat in every state, and read wall times with Intl. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createApiKey } from '../../src/db/api-key.ts';
import { appointmentWorkflowId } from '../../workflows/messages.ts';
import { book, bookingBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { clockChanges } from '../support/clock-changes.ts';
import { expectProblem } from '../support/problem.ts';

/** The wall clock by Intl, independent of src/domain/time.ts: `2026-11-27T10:00:00`. */
const wall = (instant: string, timeZone: string) => new Date(instant).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T');
const backwards = (value: unknown): unknown =>
  value && typeof value === 'object'
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, part]) => [name, backwards(part)]),
      )
    : value;

describe('booking', () => {
  let engine: Engine;
  let network: TestNetwork;

  const post = (body: unknown, key: string, apiKey = network.apiKey) =>
    engine.call(apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  it('a booking, by a customer abroad, is answered with every field and with both wall times, and can be read at its Location', async () => {
    const [barberId] = network.barberIds;
    const startsAt = network.at('10:00');
    const endsAt = new Date(Date.parse(startsAt) + 30 * 60_000).toISOString().replace('.000', '');
    const answer = await book(engine, network, { customer: customer({ timeZone: 'America/New_York' }) });

    expect(answer.status, answer.text).to.equal(201);
    const { id, shopTime, customerTime, ...rest } = answer.body;
    expect(rest).to.deep.equal({
      status: 'confirmed',
      version: 1,
      shopId: network.shopId,
      serviceId: network.serviceId,
      barberId,
      startsAt,
      endsAt,
      parts: [{ serviceId: network.serviceId, barberId, startsAt, endsAt, priceCents: 1500, chosen: { rule: 'asked' } }],
      priceCents: 1500,
      currency: 'EUR',
      workflowId: appointmentWorkflowId(id),
      decideBy: null,
      ended: null,
      policy: {
        cancelUntil: startsAt,
        lateCancel: 'count',
        rescheduleUntil: startsAt,
        noShowGraceMinutes: null,
        text: {
          en: 'You can cancel until the visit begins. You can move the visit until it begins.',
          pt: 'Pode cancelar até ao início da visita. Pode mudar a hora até ao início da visita.',
        },
      },
    });
    for (const [time, zone] of [
      [shopTime, 'Europe/Lisbon'],
      [customerTime, 'America/New_York'],
    ]) {
      expect(time.timeZone).to.equal(zone);
      expect([time.startsAt.slice(0, 19), time.endsAt.slice(0, 19)]).to.deep.equal([wall(startsAt, zone), wall(endsAt, zone)]);
      expect([Date.parse(time.startsAt), Date.parse(time.endsAt)]).to.deep.equal([Date.parse(startsAt), Date.parse(endsAt)]);
    }
    expect(answer.headers.get('location')).to.equal(`/v1/appointments/${id}`);
    const read = await engine.call(network.apiKey, 'GET', answer.headers.get('location')!);
    expect(read.text).to.equal(answer.text);
    expect(read.headers.get('etag')).to.equal('"1"');
  });

  it("a booking, by a customer who names no zone, no phone and no locale, is made and shown in the shop's zone", async () => {
    const answer = await book(engine, network, { customer: { name: 'Rui', email: 'rui@example.com' } });

    expect(answer.status, answer.text).to.equal(201);
    expect(answer.body.customerTime).to.deep.equal(answer.body.shopTime);
  });

  it('the same key again, after a price change, the cancellation and the end of the workflow, gives the first answer byte for byte', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const first = await post(body, key);
    expect(first.status, first.text).to.equal(201);
    const expectSame = async () => {
      const again = await post(body, key);
      expect([again.status, again.text, again.headers.get('location')]).to.deep.equal([201, first.text, first.headers.get('location')]);
    };

    await expectSame();
    await engine.database.orm.em.fork().execute('update service set price_cents = 9900 where id = ?', [network.serviceId]);
    await expectSame();
    expect((await engine.call(network.apiKey, 'POST', `/v1/appointments/${first.body.id}/cancel`)).status).to.equal(200);
    await expectSame();
    const handle = engine.deps.temporal.client.workflow.getHandle(first.body.workflowId);
    await eventually(
      () => handle.describe(),
      ({ status }) => status.name === 'COMPLETED',
    );
    await expectSame();
    expect(await count(engine.database.orm, 'appointment', 'network_id = ?', [network.networkId])).to.equal(1);
  });

  it('the same key, with the fields in another order, is the same booking; with another body, it is refused', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const first = await post(body, key);

    expect((await post(backwards(body), key)).text).to.equal(first.text);
    expectProblem(await post({ ...body, startsAt: network.at('11:00') }, key), 'idempotency_key_reused');
    expectProblem(await post({ ...body, customer: { ...body.customer, name: 'Eva' } }, key), 'idempotency_key_reused');
  });

  it('the same key, used by another API client, is another booking', async () => {
    const key = randomUUID();
    const { apiKey } = await createApiKey(engine.database.orm.em.fork(), {
      networkId: network.networkId,
      clientName: 'another',
      scopes: ['book'],
    });
    const [one, two] = [
      await post(bookingBody(network), key),
      await post(bookingBody(network, { startsAt: network.at('11:00') }), key, apiKey),
    ];

    expect([one.status, two.status]).to.deep.equal([201, 201]);
    expect(one.body.id).to.not.equal(two.body.id);
  });

  it('a key, whose first use was more than 7 days ago, is refused rather than booked again', async () => {
    const [key, body] = [randomUUID(), bookingBody(network)];
    const {
      body: { id },
    } = await post(body, key);
    const em = engine.database.orm.em.fork();

    await em.execute(`update booking_request set created_at = now() - interval '8 days' where id = ?`, [id]);
    expectProblem(await post(body, key), 'idempotency_key_expired');
    await em.execute('delete from booking_request where id = ?', [id]);
    expectProblem(await post(body, key), 'idempotency_key_expired');
  });

  it('any barber, when two work, means each of them once, and then nobody', async () => {
    const two = await buildNetwork(engine.database.orm, { barbers: 2 });
    const answers = [];
    for (let index = 0; index < 3; index += 1) answers.push(await book(engine, two, { barberId: undefined }));

    expect(
      answers
        .slice(0, 2)
        .map(({ body }) => body.barberId)
        .sort(),
    ).to.deep.equal([...two.barberIds].sort());
    expectProblem(answers[2]!, 'slot_taken');
    expect(answers[2]!.body.nearest.map((slot: { barberId: string }) => slot.barberId)).to.include.members(two.barberIds);
  });

  describe('by local time', () => {
    const { skipped, repeated } = clockChanges('Europe/Lisbon');
    beforeEach(async () => {
      network = await buildNetwork(engine.database.orm, { hours: everyDay(0, 1440), settings: { bookingHorizonDays: 730 } });
    });

    it("a local start, that exists once, is booked at that time of the shop's clock, wherever the customer is", async () => {
      const localStart = wall(network.at('10:00'), network.timeZone).slice(0, 16);
      const answer = await book(engine, network, { startsAt: undefined, localStart, customer: customer({ timeZone: 'Asia/Tokyo' }) });

      expect(answer.status, answer.text).to.equal(201);
      expect(answer.body.startsAt).to.equal(network.at('10:00'));
    });

    it('a local start, that the clocks skip, is refused as a fault of the field', async () => {
      expectProblem(await book(engine, network, { startsAt: undefined, localStart: skipped }), 'skipped_local_time', ['/localStart']);
    });

    it('a local start, that happens twice, is answered with both instants, and both can be booked', async () => {
      const key = randomUUID();
      const answer = await book(engine, network, { startsAt: undefined, localStart: repeated }, key);
      expectProblem(answer, 'ambiguous_local_time');
      expect(answer.body).to.deep.include({ timeZone: 'Europe/Lisbon' });
      expect(answer.body.instants).to.have.length(2);

      // A question sent back is no decision: the key is still free.
      const booked = [
        await book(engine, network, { startsAt: answer.body.instants[0] }, key),
        await book(engine, network, { startsAt: answer.body.instants[1] }),
      ];
      expect(booked.map(({ status }) => status)).to.deep.equal([201, 201]);
      expect(booked.map(({ body }) => body.shopTime.startsAt)).to.deep.equal([`${repeated}:00+01:00`, `${repeated}:00+00:00`]);
    });
  });
});
