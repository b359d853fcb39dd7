/**
 * Goal: while a colour sets, the barber serves somebody else. Method: book a service of segments, then what is offered and booked in its
 * gap.
 */
import { expect } from 'chai';
import type { Segment } from '../../src/domain/rules.ts';
import { book } from '../support/booking.ts';
import { countOverlaps } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const colour: Segment[] = [
  { kind: 'busy', minutes: 30 },
  { kind: 'free', minutes: 30 },
  { kind: 'busy', minutes: 30 },
];

describe('segments', () => {
  let engine: Engine;
  let network: TestNetwork;
  let cut: string;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { segments: colour });
    cut = await addService({ name: 'Corte', durationMinutes: 30 });
  });

  async function addService(fields: Record<string, unknown>): Promise<string> {
    const added = await engine.call(network.apiKey, 'POST', '/v1/services', { priceCents: 1500, ...fields });
    expect(added.status, added.text).to.equal(201);
    return added.body.id;
  }
  /** Tomorrow's free times for a service from 09:00 to 12:00. */
  const free = async (serviceId: string): Promise<string[]> =>
    (
      await engine.call(
        network.apiKey,
        'GET',
        `/v1/availability?shopId=${network.shopId}&serviceId=${serviceId}&from=${network.at('10:00').slice(0, 10)}`,
      )
    ).body.slots
      .map(({ startsAtLocal }: { startsAtLocal: string }) => startsAtLocal.slice(11, 16))
      .filter((time: string) => time >= '09:00' && time < '12:00');

  it('a colour, while it sets, leaves a gap that is offered and booked by another customer, and then is gone', async () => {
    expect((await book(engine, network)).body).to.include({ startsAt: network.at('10:00'), endsAt: network.at('11:30') });
    expect(await free(cut)).to.deep.equal(['09:00', '09:15', '09:30', '10:30', '11:30', '11:45']);
    for (const time of ['10:15', '10:45', '11:00'])
      expectProblem(await book(engine, network, { serviceId: cut, startsAt: network.at(time) }), 'slot_taken');

    const inGap = await book(engine, network, { serviceId: cut, startsAt: network.at('10:30') });
    expect(inGap.status, inGap.text).to.equal(201);
    expect(await free(cut)).to.deep.equal(['09:00', '09:15', '09:30', '11:30', '11:45']);
    expect(await countOverlaps(engine.database.orm, network.networkId)).to.equal(0);
  });

  it('two colours, that interleave, are both booked; a third is not', async () => {
    await book(engine, network);
    expect(await free(network.serviceId)).to.deep.equal(['09:30', '10:30', '11:30', '11:45']);
    expect((await book(engine, network, { startsAt: network.at('10:30') })).status).to.equal(201);
    // The barber is busy from 10:00 to 12:00 without a pause.
    expect([await free(network.serviceId), await free(cut)]).to.deep.equal([[], ['09:00', '09:15', '09:30']]);
  });

  it('a gap, wanted by two at once, is given to one', async () => {
    await book(engine, network);
    const answers = await Promise.all([1, 2, 3].map(() => book(engine, network, { serviceId: cut, startsAt: network.at('10:30') })));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409]);
  });

  it("buffers of the service in the gap, count there; the colour's own surround the whole of it", async () => {
    const cleaned = await addService({ name: 'Barba', durationMinutes: 20, settings: { bufferAfterMinutes: 10 } });
    const scrubbed = await addService({ name: 'Máscara', durationMinutes: 25, settings: { bufferAfterMinutes: 10 } });
    const buffered = await addService({
      name: 'Madeixas',
      segments: colour,
      settings: { bufferBeforeMinutes: 15, bufferAfterMinutes: 15 },
    });
    await book(engine, network, { serviceId: buffered });

    expect(await free(cleaned)).to.deep.equal(['09:00', '09:15', '10:30', '11:45']);
    expect(await free(scrubbed)).to.deep.equal(['09:00', '11:45']);
  });

  it('a break, may lie in the gap but not in a busy stretch', async () => {
    const weekly = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }));
    const hours = { periods: [{ hours: weekly('08:00', '20:00'), breaks: weekly('10:30', '11:00') }] };
    await engine.call(network.apiKey, 'PUT', `/v1/barbers/${network.barberIds[0]}/hours/${network.shopId}`, hours, { 'if-match': '"1"' });

    expect(await free(network.serviceId)).to.deep.equal(['09:00', '10:00', '11:00', '11:15', '11:30', '11:45']);
    expectProblem(await book(engine, network, { startsAt: network.at('10:15') }), 'on_break');
    expect((await book(engine, network)).status).to.equal(201);
  });

  it('a colour, when cancelled, gives all of its time back, and the visit in its gap stays', async () => {
    const {
      body: { id },
    } = await book(engine, network);
    await book(engine, network, { serviceId: cut, startsAt: network.at('10:30') });
    expect((await engine.call(network.apiKey, 'POST', `/v1/appointments/${id}/cancel`)).status).to.equal(200);
    expect(await free(cut)).to.deep.equal(['09:00', '09:15', '09:30', '09:45', '10:00', '11:00', '11:15', '11:30', '11:45']);
  });
});
