/**
 * Goal: a series, looked at before it is booked, shows what booking would say of each visit, and writes nothing. Method: previews over HTTP
 * beside real bookings.
 */
import { expect } from 'chai';
import { addDays } from '../../src/domain/time.ts';
import { book } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { clockChanges } from '../support/clock-changes.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { seriesCalls } from '../support/series.ts';

describe('a series of visits', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => {
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const { localStart, preview, appointments } = seriesCalls(
    () => engine,
    () => network,
  );

  it('looked at before, shows each visit, free or with its conflict and free times near it, and writes nothing', async () => {
    await build();
    expect((await book(engine, network, { startsAt: network.at('10:00', 14) })).status).to.equal(201);
    const [before, requests] = [await appointments(), await count(engine.database.orm, 'booking_request', 'true', [])];

    const { status, body } = await preview();

    expect(status).to.equal(200);
    expect(body).to.deep.include({ timeZone: 'Europe/Lisbon', currency: 'EUR', free: 2 });
    expect(body.visits.map(({ code }: { code: string | null }) => code)).to.deep.equal([null, 'slot_taken', null]);
    expect(body.visits[0]).to.deep.include({
      startsAt: network.at('10:00', 7),
      localStart: localStart('10:00', 7),
      repeated: false,
      nearest: [],
    });
    expect(body.visits[0].slot).to.deep.include({ barberId: network.barberIds[0], priceCents: 1500, startsAt: network.at('10:00', 7) });
    expect(body.visits[1].slot).to.equal(null);
    expect(body.visits[1].nearest.map(({ startsAt }: { startsAt: string }) => startsAt)).to.deep.equal(
      ['09:30', '10:30', '09:15'].map((time) => network.at(time, 14)),
    );
    expect([await appointments(), await count(engine.database.orm, 'booking_request', 'true', [])]).to.deep.equal([before, requests]);
  });

  it('looked at before, beyond the horizon or at a skipped time, names the conflict as any booking would', async () => {
    await build({ settings: { bookingHorizonDays: 10 } });
    const far = (await preview()).body.visits;
    expect(far.map(({ code }: { code: string | null }) => code)).to.deep.equal([null, 'too_far_ahead', 'too_far_ahead']);

    await build({
      settings: { bookingHorizonDays: 730 },
      hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 })),
    });
    const changes = clockChanges(network.timeZone);
    const shifted = (local: string, days: number) => `${addDays(local.slice(0, 10), days)}${local.slice(10)}`;
    const [, skipped, after] = (await preview({ localStart: shifted(changes.skipped, -7) })).body.visits;
    expect(skipped).to.deep.include({
      localStart: changes.skipped,
      startsAt: null,
      startsAtLocal: null,
      slot: null,
      code: 'skipped_local_time',
    });
    expect(skipped.nearest[0].startsAt, 'where the gap ends').to.equal(`${changes.skipped.slice(0, 10)}T01:00:00Z`);
    expect(after).to.deep.include({
      localStart: shifted(changes.skipped, 7),
      startsAtLocal: `${shifted(changes.skipped, 7)}:00+01:00`,
      code: null,
    });
    const [, repeated] = (await preview({ localStart: shifted(changes.repeated, -7), times: 2 })).body.visits;
    expect(repeated, 'the first of the two').to.deep.include({ startsAtLocal: `${changes.repeated}:00+01:00`, repeated: true, code: null });
  });

  it('looked at before, by any barber, keeps the first one where he is free', async () => {
    await build({ barbers: 2 });
    const [first] = (await preview({ barberId: undefined })).body.visits;
    const kept = first.slot.barberId;
    // As he is busier in the second week, another would be fairer.
    expect((await book(engine, network, { barberId: kept, startsAt: network.at('15:00', 14) })).status).to.equal(201);
    expect((await book(engine, network, { barberId: kept, startsAt: network.at('10:00', 21) })).status).to.equal(201);

    const barbers = (await preview({ barberId: undefined })).body.visits.map(({ slot }: { slot: { barberId: string } }) => slot.barberId);
    expect(barbers).to.deep.equal([kept, kept, network.barberIds.find((id) => id !== kept)]);
  });
});
