/** Goal: no barber and no customer has more visits than the rules allow, at any speed. Method: bookings one by one and at once. */
import { expect } from 'chai';
import { book, customer } from '../support/booking.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('caps', () => {
  let engine: Engine;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());

  it('a barber with as many visits as the day allows, is not offered that day, refused by name, and free again after a cancellation', async () => {
    const network = await buildNetwork(engine.database.orm, { settings: { maxVisitsPerBarberDay: 2 } });
    const [first] = await Promise.all(['10:00', '12:00'].map((time) => book(engine, network, { startsAt: network.at(time) })));
    const day = first!.body.shopTime.startsAt.slice(0, 10);
    const offered = async () =>
      (await engine.call(network.apiKey, 'GET', `/v1/availability?shopId=${network.shopId}&serviceId=${network.serviceId}&from=${day}`))
        .body.slots.length;

    expectProblem(await book(engine, network, { startsAt: network.at('15:00') }), 'barber_day_full');
    expect(await offered()).to.equal(0);
    expect((await book(engine, network, { startsAt: network.at('15:00', 2) })).status, 'another day').to.equal(201);
    await engine.call(network.apiKey, 'POST', `/v1/appointments/${first!.body.id}/cancel`);
    expect(await offered()).to.be.greaterThan(0);
    expect((await book(engine, network, { startsAt: network.at('15:00') })).status).to.equal(201);
  });

  it('twelve bookings at once of one barber, with a cap of three, end in three', async () => {
    const network = await buildNetwork(engine.database.orm, { settings: { maxVisitsPerBarberDay: 3 } });
    const times = ['09', '10', '11', '12', '13', '14', '15', '16', '17'].map((hour) => `${hour}:00`);
    const answers = await Promise.all(times.map((time) => book(engine, network, { startsAt: network.at(time) })));

    expect(answers.filter(({ status }) => status === 201)).to.have.length(3);
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 'barber_day_full');
  });

  for (const [name, settings, days] of [
    ['day', { maxVisitsPerCustomerDay: 1 }, 1],
    ['time to come', { maxUpcomingVisitsPerCustomer: 1 }, 2],
  ] as const) {
    it(`one customer at six barbers at once, with a cap of one for the ${name}, gets one`, async () => {
      const network = await buildNetwork(engine.database.orm, { barbers: 6, settings });
      const who = customer();
      const answers = await Promise.all(
        network.barberIds.map((barberId, index) =>
          book(engine, network, { barberId, startsAt: network.at('10:00', 1 + (index % days)), customer: who }),
        ),
      );

      expect(answers.map(({ status }) => status).toSorted()).to.deep.equal([201, 409, 409, 409, 409, 409]);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expectProblem(answer, 'customer_limit');
        expect(answer.body.nearest, 'no other time would help').to.deep.equal([]);
      }
      expect(
        (await book(engine, network, { barberId: network.barberIds[1], startsAt: network.at('17:00') })).status,
        'another customer',
      ).to.equal(201);
      const won = answers.find(({ status }) => status === 201)!;
      await engine.call(network.apiKey, 'POST', `/v1/appointments/${won.body.id}/cancel`);
      expect((await book(engine, network, { startsAt: network.at('18:00'), customer: who })).status, 'after a cancellation').to.equal(201);
    });
  }

  it('a cap of the network, lifted by a service or lowered by a barber, follows the nearer one', async () => {
    const network = await buildNetwork(engine.database.orm, { barbers: 2, settings: { maxVisitsPerBarberDay: 1 } });
    const { orm } = engine.database;
    await orm.em.fork().execute(`update barber set settings = '{"maxVisitsPerBarberDay": null}' where id = ?`, [network.barberIds[0]]);
    const statuses = async (barberId: string) =>
      (await Promise.all(['10:00', '11:00'].map((time) => book(engine, network, { barberId, startsAt: network.at(time) }))))
        .map(({ status }) => status)
        .toSorted();

    expect(await statuses(network.barberIds[0]!)).to.deep.equal([201, 201]);
    expect(await statuses(network.barberIds[1]!)).to.deep.equal([201, 409]);
  });
});
