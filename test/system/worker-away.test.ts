/**
 * Goal: a booking that nobody decides yet is neither lost nor denied. Method: the API program without a worker, which then starts on time,
 * or too late.
 */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { freePorts } from '../../src/dev/ports.ts';
import { bookingBody, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, send } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { openSite, type ApiProgram, type Site } from '../support/programs.ts';

const answerWithinMs = 500;

describe('without a worker', () => {
  let site: Site;
  let network: TestNetwork;
  let patient: ApiProgram;
  let hasty: ApiProgram;

  before(async () => {
    site = await openSite({ ANSWER_WITHIN_MS: String(answerWithinMs) });
    network = await buildNetwork(site.database.orm, { barbers: 3 });
    [patient, hasty] = await Promise.all([site.startApi(), site.startApi({ RESERVE_WITHIN_SECONDS: '1' })]);
  });
  after(() => site.close());

  const call = (api: ApiProgram, method: string, path: string, body?: unknown, key?: string) =>
    send(api.url, network.apiKey, method, path, body, key ? { 'idempotency-key': key } : {});
  const rows = (table: string, where: string, ...ids: string[]) => count(site.database.orm, table, where, ids);

  it('a pending booking, cancelled, is free again once a worker starts', async () => {
    const body = bookingBody(network, { barberId: network.barberIds[2] });
    const booked = await call(patient, 'POST', '/v1/appointments', body, randomUUID());
    expect(booked.status).to.equal(202);
    const cancel = () => call(patient, 'POST', `${booked.headers.get('location')}/cancel`);

    const unknown = await cancel();
    expect(unknown.status).to.equal(503);
    expect(unknown.body.code).to.equal('outcome_unknown');
    expect(Number(unknown.headers.get('retry-after'))).to.be.greaterThan(0);
    const worker = await site.startWorker();
    const cancelled = await eventually(cancel, ({ status }) => status === 200);

    expect(cancelled.body).to.include({ id: booked.body.id, status: 'cancelled', version: 2 });
    expect((await cancel()).body).to.deep.equal(cancelled.body);
    expect(await rows('appointment_event', 'appointment_id = ?', booked.body.id)).to.equal(2);
    expect(await rows('occupancy', 'appointment_id = ?', booked.body.id)).to.equal(0);
    const kinds = async () =>
      (await mailsOf(booked.body.id))
        .map(({ headers }) => headers['x-punctual-kind'])
        .filter((kind) => kind!.startsWith('cancellation'))
        .sort();
    expect(await eventually(kinds, (found) => found.length >= 2)).to.deep.equal(['cancellation_barber', 'cancellation_customer']);
    expect(await worker.end('SIGTERM')).to.equal(0);
  });

  it('a worker, started while Temporal is away, waits for it and ends at one signal', async () => {
    const [port] = await freePorts(1);

    const worker = await site.startWorker({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` }, 'Temporal does not answer; trying again');

    expect(await worker.end('SIGTERM')).to.equal(130);
  });

  it('bookings are pending, and a worker that starts ends each: confirmed in time, refused and mailed after the deadline', async () => {
    const wanted = { key: randomUUID(), body: bookingBody(network, { barberId: network.barberIds[0] }) };
    const late = { key: randomUUID(), body: bookingBody(network, { barberId: network.barberIds[1], customer: customer() }) };

    const [first, second] = await Promise.all([
      call(patient, 'POST', '/v1/appointments', wanted.body, wanted.key),
      call(hasty, 'POST', '/v1/appointments', late.body, late.key),
    ]);

    for (const answer of [first, second]) {
      expect(answer.status, answer.text).to.equal(202);
      expect(answer.body.status).to.equal('pending');
      expect(answer.headers.get('location')).to.equal(`/v1/appointments/${answer.body.id}`);
      expect(Number(answer.headers.get('retry-after'))).to.be.greaterThan(0);
      const read = await call(patient, 'GET', answer.headers.get('location')!);
      expect(read.status).to.equal(200);
      expect(read.body).to.deep.equal(answer.body);
    }
    // The same key joins what is under way; another body under it is no way in.
    expect((await call(patient, 'POST', '/v1/appointments', wanted.body, wanted.key)).body).to.deep.equal(first.body);
    expect(
      (await call(patient, 'POST', '/v1/appointments', { ...wanted.body, startsAt: network.at('11:00') }, wanted.key)).body.code,
    ).to.equal('idempotency_key_reused');
    expect(await rows('contact', 'id in (?, ?)', first.body.id, second.body.id)).to.equal(2);
    // The header is cut to the second, the deadline is one second.
    await eventually(
      async () => Date.now(),
      (now) => now > Date.parse(second.headers.get('date')!) + 2000,
    );

    await site.startWorker();

    const confirmed = await eventually(
      () => call(patient, 'GET', first.headers.get('location')!),
      ({ body }) => body.status !== 'pending',
    );
    expect(confirmed.body).to.include({ status: 'confirmed', id: first.body.id });
    const refused = await eventually(
      () => call(patient, 'GET', second.headers.get('location')!),
      ({ body }) => body.status !== 'pending',
    );
    expect(refused.status).to.equal(200);
    expect(refused.body).to.include({ status: 'refused', code: 'undecided' });

    const kinds = async (id: string) => (await mailsOf(id)).map(({ headers }) => headers['x-punctual-kind']).sort();
    expect(
      await eventually(
        () => kinds(first.body.id),
        (found) => found.length >= 2,
      ),
    ).to.deep.equal(['confirmation_barber', 'confirmation_customer']);
    expect(
      await eventually(
        () => kinds(second.body.id),
        (found) => found.length >= 1,
      ),
    ).to.deep.equal(['refusal_customer']);
    const [mail] = await mailsOf(second.body.id);
    expect(mail!.envelope.to.map(({ address }) => address)).to.deep.equal([late.body.customer.email]);

    await eventually(
      () => rows('contact', 'id = ?', second.body.id),
      (found) => found === 0,
    );
    expect(await rows('contact', 'id = ?', first.body.id)).to.equal(1);
    expect(await rows('customer', 'network_id = ? and id not in (select customer_id from contact)', network.networkId)).to.equal(0);
    expect(await rows('occupancy', 'network_id = ?', network.networkId)).to.equal(1);
    expect(await rows('appointment', 'id = ?', second.body.id)).to.equal(0);

    // The same keys again: the stored answers, the one time free for others, the other not.
    for (const api of [patient, hasty]) {
      const again = await call(api, 'POST', '/v1/appointments', late.body, late.key);
      expect(again.status).to.equal(409);
      expect(again.body).to.include({ code: 'undecided' });
      const won = await call(api, 'POST', '/v1/appointments', wanted.body, wanted.key);
      expect(won.status).to.equal(201);
      expect(won.body).to.deep.equal(confirmed.body);
    }
    expect(
      (await call(patient, 'POST', '/v1/appointments', bookingBody(network, { barberId: network.barberIds[1] }), randomUUID())).status,
    ).to.be.oneOf([201, 202]);
    expect(
      (await call(patient, 'POST', '/v1/appointments', bookingBody(network, { barberId: network.barberIds[0] }), randomUUID())).body.code,
    ).to.equal('slot_taken');
  });
});
