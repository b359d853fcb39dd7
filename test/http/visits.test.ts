/** Goal: several services are one visit, all or none, by one barber or a chain. Method: whole bookings with mails, and their rows. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { BarberService } from '../../src/db/entities/barber.ts';
import { Service } from '../../src/db/entities/network.ts';
import type { Segment } from '../../src/domain/rules.ts';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

type Part = {
  serviceId: string;
  barberId: string;
  startsAt: string;
  endsAt: string;
  priceCents: number;
  chosen: { rule: string; bookedMinutes?: number; among?: number };
};

describe('visits of several services', () => {
  let engine: Engine;
  let network: TestNetwork;
  let beard: string;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2, bufferAfterMinutes: 10, settings: { slotStepMinutes: 5 } });
    beard = await addService({});
  });

  async function addService(wishes: { currency?: string; durationMinutes?: number; segments?: Segment[] }): Promise<string> {
    const id = randomUUID();
    await engine.database.orm.em.fork().insert(Service, {
      id,
      networkId: network.networkId,
      name: 'Barba',
      durationMinutes: 20,
      segments: [{ kind: 'busy', minutes: 20 }],
      priceCents: 1000,
      currency: 'EUR',
      settings: {},
      archivedAt: null,
      version: 1,
      ...wishes,
    });
    return id;
  }
  const refuses = (barberId: string, serviceId: string) =>
    engine.database.orm.em.fork().insert(BarberService, {
      id: randomUUID(),
      networkId: network.networkId,
      barberId,
      serviceId,
      offered: false,
      segments: null,
      priceCents: null,
      settings: {},
      version: 1,
    });
  const visit = (services: { serviceId: string; barberId?: string }[], more: Record<string, unknown> = {}) =>
    book(engine, network, { serviceId: undefined, barberId: undefined, services, ...more });
  const both = () => [{ serviceId: network.serviceId }, { serviceId: beard }];
  const parts = ({ body }: { body: { parts: Part[] } }) => body.parts;
  const claims = (id: string) =>
    engine.database.orm.em.fork().execute<{ barber_id: string; minutes: number; visit_starts_at: Date | null }[]>(
      `select barber_id, (extract(epoch from upper(during) - lower(during)) / 60)::int as minutes, visit_starts_at
         from occupancy
         where appointment_id = ?
         order by lower(during)`,
      [id],
    );

  it('two services, by one barber, follow each other without a gap and are one claim, with one buffer at the end', async () => {
    const answer = await visit(both());

    expect(answer.status, answer.text).to.equal(201);
    const [cut, shave] = parts(answer);
    expect([cut!.startsAt, cut!.endsAt, shave!.startsAt, shave!.endsAt]).to.deep.equal([
      network.at('10:00'),
      network.at('10:30'),
      network.at('10:30'),
      network.at('10:50'),
    ]);
    expect(answer.body).to.include({
      priceCents: 2500,
      serviceId: network.serviceId,
      barberId: cut!.barberId,
      startsAt: network.at('10:00'),
      endsAt: network.at('10:50'),
    });
    expect(shave!.barberId).to.equal(cut!.barberId);
    expect([cut!.chosen, shave!.chosen]).to.deep.equal([{ rule: 'least_booked', bookedMinutes: 0, among: 2 }, { rule: 'same_barber' }]);
    // The beard has no buffer of its own, and the cut's is not at the end of the run.
    expect((await claims(answer.body.id)).map(({ minutes }) => minutes)).to.deep.equal([50]);
    expect(parts(await engine.call(network.apiKey, 'GET', `/v1/appointments/${answer.body.id}`))).to.deep.equal(parts(answer));
  });

  it('two services that no one barber gives, with a chain allowed, go from one to the other, and each is mailed his own part', async () => {
    await refuses(network.barberIds[0]!, beard);
    await refuses(network.barberIds[1]!, network.serviceId);
    expectProblem(await visit(both()), 'service_not_offered');

    const answer = await visit(both(), { sameBarber: false });

    expect(answer.status, answer.text).to.equal(201);
    expect(parts(answer).map(({ barberId }) => barberId)).to.deep.equal(network.barberIds);
    expect((await claims(answer.body.id)).map(({ barber_id, minutes }) => [barber_id, minutes])).to.deep.equal([
      [network.barberIds[0], 40],
      [network.barberIds[1], 20],
    ]);
    const mails = await eventually(
      () => mailsOf(answer.body.id),
      (found) => found.length === 3,
    );
    expect(
      mails
        .map(({ envelope }) => envelope.to[0]!.address)
        .filter((address) => address.endsWith('@barbers.example'))
        .toSorted(),
    ).to.deep.equal(network.barberIds.map((id) => `${id}@barbers.example`).toSorted());
    for (const barberId of network.barberIds) {
      const listed = await engine.call(network.apiKey, 'GET', `/v1/appointments?barberId=${barberId}`);
      expect(listed.body.items.map((item: { id: string }) => item.id)).to.deep.equal([answer.body.id]);
    }

    const cancelled = await engine.call(network.apiKey, 'POST', `/v1/appointments/${answer.body.id}/cancel`);
    expect(cancelled.status, cancelled.text).to.equal(200);
    expect(await claims(answer.body.id)).to.deep.equal([]);
    await eventually(
      () => mailsOf(answer.body.id),
      (found) => found.length === 6,
    );
  });

  it('a chain whose second barber is taken, asked for by name, is refused whole and leaves nothing behind', async () => {
    const [first, second] = network.barberIds;
    await book(engine, network, { barberId: second, startsAt: network.at('10:30') });
    const before = await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId]);

    const answer = await visit(
      [
        { serviceId: network.serviceId, barberId: first! },
        { serviceId: beard, barberId: second! },
      ],
      { sameBarber: false },
    );

    expectProblem(answer, 'slot_taken');
    expect(answer.body.nearest).to.not.have.length(0);
    expect(await count(engine.database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(before);
  });

  it('offered visits, by one barber or a chain, can be booked as they are offered', async () => {
    await refuses(network.barberIds[0]!, beard);
    for (const sameBarber of ['true', 'false']) {
      const query = new URLSearchParams({
        shopId: network.shopId,
        services: `${network.serviceId},${beard}`,
        sameBarber,
        from: network.at('00:00', 2).slice(0, 10),
      });
      const { body, status, text } = await engine.call(network.apiKey, 'GET', `/v1/availability?${query.toString()}`);
      expect(status, text).to.equal(200);
      const slot = body.slots[sameBarber === 'true' ? 7 : 3];
      const answer = await visit(both(), { sameBarber: sameBarber === 'true', startsAt: slot.startsAt });
      expect(answer.status, answer.text).to.equal(201);
      expect(parts(answer).map(({ chosen: _, ...part }) => part)).to.deep.equal(slot.parts);
    }
  });

  it('twenty visits by a chain, at the same moment for one time, end in as many bookings as there are pairs, and no overlap', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => visit(both(), { sameBarber: false })));

    expect(answers.map(({ status }) => status).filter((status) => status === 201)).to.have.length(2);
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 'slot_taken');
  });

  it('the same key and body, repeated, gives the same visit; another body is refused', async () => {
    const key = randomUUID();
    const body = { serviceId: undefined, barberId: undefined, services: both(), customer: { name: 'Rui', email: 'rui@example.com' } };
    const first = await book(engine, network, body, key);
    const again = await book(engine, network, body, key);

    expect(again.body).to.deep.equal(first.body);
    expectProblem(await book(engine, network, { ...body, sameBarber: false }, key), 'idempotency_key_reused');
  });

  it('faulty visits, of whatever kind, are faults of their fields', async () => {
    const [first, second] = network.barberIds;
    expectProblem(await visit([]), 'invalid_request', ['/services']);
    expectProblem(await visit(both(), { serviceId: beard }), 'invalid_request', ['/serviceId']);
    expectProblem(await visit(both(), { barberId: first }), 'invalid_request', ['/barberId']);
    expectProblem(await book(engine, network, { sameBarber: true }), 'invalid_request', ['/sameBarber']);
    expectProblem(
      await visit([
        { serviceId: beard, barberId: first! },
        { serviceId: beard, barberId: second! },
      ]),
      'invalid_request',
      ['/services'],
    );
    expectProblem(await visit(Array.from({ length: 7 }, () => ({ serviceId: beard }))), 'invalid_request', ['/services']);
    expectProblem(await visit([...both(), { serviceId: randomUUID() }]), 'not_found', ['/services/2/serviceId']);
    const foreign = await addService({ currency: 'USD' });
    expectProblem(await visit([...both(), { serviceId: foreign }]), 'invalid_request', ['/services']);
    const long = await addService({ durationMinutes: 700, segments: [{ kind: 'busy', minutes: 700 }] });
    expectProblem(await visit([{ serviceId: long }, { serviceId: long }, ...both()]), 'invalid_request', ['/services']);
  });
});
