/** Goal: a flood of bookings ends, and the refusal tells nothing. Method: book until a limit is met, by contact, address and key. */
import { expect } from 'chai';
import { book, customer } from '../support/booking.ts';
import { startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('booking limits', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const open = async (settings: NetworkWishes['settings']) => {
    network = await buildNetwork(engine.database.orm, { settings: { ...settings } });
  };
  const hour = (index: number) => network.at(`${String(9 + index).padStart(2, '0')}:00`);
  const bookAs = (index: number, who: object): Promise<Answer> =>
    book(engine, network, { startsAt: hour(index), customer: customer({ ...who }) });

  for (const [name, who] of [
    ['phone', { phone: '+351912345678' }],
    ['e-mail', { email: 'Rui@Example.com' }],
  ] as const) {
    it(`bookings with one ${name}, beyond the hourly limit, are refused; with another, they are not`, async () => {
      await open({ maxHourlyBookingsPerContact: 2 });
      for (const index of [0, 1]) expect((await bookAs(index, who)).status).to.equal(201);

      const refused = await bookAs(2, name === 'e-mail' ? { email: 'rui@example.com' } : who);
      expectProblem(refused, 'booking_limit');
      expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
      expect((await bookAs(2, {})).status).to.equal(201);
    });
  }

  for (const [name, settings] of [
    ['address', { maxHourlyBookingsPerAddress: 2 }],
    ['key', { maxHourlyBookingsPerKey: 2 }],
  ] as const) {
    it(`bookings from one ${name}, beyond the hourly limit, are refused with the answer that a known customer would get`, async () => {
      await open({ ...settings });
      const known = { email: 'known@example.com', phone: '+351912345679' };
      for (const index of [0, 1]) expect((await bookAs(index, index === 0 ? known : {})).status).to.equal(201);

      const [stranger, regular] = [await bookAs(2, {}), await bookAs(2, known)];
      for (const refused of [stranger, regular]) expectProblem(refused, 'booking_limit');
      expect({ ...stranger.body, instance: '' }).to.deep.equal({ ...regular.body, instance: '' });
    });
  }

  for (const [name, settings, who] of [
    ['phone', { maxHourlyBookingsPerContact: 2 }, { phone: '+351912345677' }],
    ['address', { maxHourlyBookingsPerAddress: 2 }, {}],
    ['key', { maxHourlyBookingsPerKey: 2 }, {}],
  ] as const) {
    it(`waits with one ${name}, which hold time when it comes free, count as bookings and are refused beyond the limit`, async () => {
      await open(settings);
      const { apiKey, shopId, serviceId } = network;
      const day = network.at('10:00', 3).slice(0, 10);
      const wait = () =>
        engine.call(
          apiKey,
          'POST',
          '/v1/waitlist',
          { shopId, serviceId, fromDate: day, toDate: day, fromTime: '00:00', toTime: '01:00', customer: customer({ ...who }) },
          { 'idempotency-key': crypto.randomUUID() },
        );
      expect((await wait()).status).to.equal(201);
      expect((await bookAs(0, who)).status).to.equal(201);

      const refused = await wait();
      expectProblem(refused, 'booking_limit');
      expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
      expectProblem(await bookAs(1, who), 'booking_limit');
    });
  }

  it('bookings by staff, beyond the limits, are made: somebody at the desk knows whom they book', async () => {
    await open({ maxHourlyBookingsPerContact: 1, maxHourlyBookingsPerKey: 1 });
    const who = customer();
    for (const index of [0, 1, 2]) {
      const answer = await book(engine, network, { startsAt: hour(index), customer: who, staff: { reason: 'customer_asked' } });
      expect(answer.status, answer.text).to.equal(201);
    }
  });

  it('an address, counted, is stored as a hash and nowhere else', async () => {
    await open({ maxHourlyBookingsPerAddress: 5 });
    const { body } = await bookAs(0, {});
    const [row] = await engine.database.orm.em
      .fork()
      .execute<{ row: string; hash: string }[]>(
        'select to_jsonb(r)::text as row, address_hash as hash from booking_request r where id = ?',
        [body.id],
      );
    expect(row!.hash).to.match(/^[\w-]{43}$/);
    expect(row!.row).to.not.include('127.0.0.1');
  });
});
