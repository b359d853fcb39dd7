/**
 * Goal: time is given away once, whatever races. Method: rivals on real PostgreSQL, each guard taken away in turn, and an oracle in SQL.
 */
import { OptimisticLockError } from '@mikro-orm/core';
import { expect } from 'chai';
import { lostRace } from '../../src/db/faults.ts';
import { plainEntry } from '../../src/domain/change.ts';
import { judgeVisit } from '../../src/domain/choice.ts';
import { visitOf } from '../../src/domain/rules.ts';
import { claimSlot, refuseRequest } from '../../src/db/reservation.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { claim, count, countOverlaps, facts, request } from '../support/claiming.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

const rivals = 8;

describe('reservation', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  const now = () => new Date();

  beforeEach(async () => {
    database = await createDatabase({ poolSize: rivals + 2 });
    network = await buildNetwork(database.orm, { settings: { slotStepMinutes: 5 } });
  });
  afterEach(() => database.drop());

  /** Rounds of rivals who read the same facts and then claim at once; a new time each round. */
  async function race(rounds: number, overruleVersion: boolean): Promise<{ winners: number[]; losses: unknown[] }> {
    const winners: number[] = [];
    const losses: unknown[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startsAt = network.at('10:00', 1 + round);
      const ids = await Promise.all(Array.from({ length: rivals }, () => request(database.orm, network, startsAt)));
      const known = await facts(database.orm, network, startsAt);
      const ends = await Promise.allSettled(ids.map((id) => claim(database.orm, id, known, startsAt, overruleVersion)));
      winners.push(ends.filter((end) => end.status === 'fulfilled').length);
      losses.push(...ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : [])));
    }
    return { winners, losses };
  }

  it('rivals for one time, under the version, have one winner and clean optimistic conflicts', async () => {
    const { winners, losses } = await race(20, false);

    expect(winners).to.deep.equal(Array(20).fill(1));
    expect(losses.every((loss) => loss instanceof OptimisticLockError)).to.equal(true);
    expect(await countOverlaps(database.orm, network.networkId)).to.equal(0);
  });

  it('rivals for one time, with the version check off, are held apart by the constraint', async () => {
    const { winners, losses } = await race(20, true);

    expect(winners).to.deep.equal(Array(20).fill(1));
    expect(losses.every(lostRace)).to.equal(true);
    expect(losses.some((loss) => loss instanceof OptimisticLockError)).to.equal(false);
    expect(await countOverlaps(database.orm, network.networkId)).to.equal(0);
  });

  it('rivals for one time, with version check and constraint off, are seen to double book', async () => {
    await database.orm.em.fork().execute('alter table occupancy drop constraint nobody_is_double_booked');

    const { winners } = await race(5, true);

    expect(Math.max(...winners)).to.be.greaterThan(1);
    expect(await countOverlaps(database.orm, network.networkId)).to.be.greaterThan(0);
  });

  it('a claim that overlaps by its buffer only, with the version check off, is refused by the constraint', async () => {
    const wide = await buildNetwork(database.orm, { bufferAfterMinutes: 15, settings: { slotStepMinutes: 5 } });
    const first = await request(database.orm, wide, wide.at('10:00'));
    const second = await request(database.orm, wide, wide.at('10:40'));
    const known = await facts(database.orm, wide, wide.at('10:00'));
    await claim(database.orm, first, known, wide.at('10:00'));

    const error: unknown = await claim(database.orm, second, known, wide.at('10:40'), true).catch((caught: unknown) => caught);

    expect(lostRace(error)).to.equal(true);
  });

  it('a claim made twice, with one id, finds the first one', async () => {
    const startsAt = network.at('10:00');
    const id = await request(database.orm, network, startsAt);
    const known = await facts(database.orm, network, startsAt);
    const first = await claim(database.orm, id, known, startsAt);

    const again = await claim(database.orm, id, await facts(database.orm, network, network.at('15:00')), network.at('15:00'));

    expect(again.outcome).to.deep.equal(first.outcome);
    expect(again.deliveries.map((delivery) => delivery.id)).to.have.members(first.deliveries.map((delivery) => delivery.id));
    expect(await count(database.orm, 'occupancy', 'appointment_id = ?', [id.appointmentId])).to.equal(1);
    expect(await count(database.orm, 'appointment_event', 'appointment_id = ?', [id.appointmentId])).to.equal(1);
  });

  it('a claim and a refusal of one request, at the same moment, end in one decision that both answer', async () => {
    for (let round = 0; round < 20; round += 1) {
      const startsAt = network.at('10:00', 1 + round);
      const id = await request(database.orm, network, startsAt);
      const known = await facts(database.orm, network, startsAt);

      const [claimed, refused] = await Promise.all([
        claim(database.orm, id, known, startsAt),
        refuseRequest(database.orm.em.fork(), id, { ok: false, code: 'undecided', nearest: [] }, now(), now(), 86_400),
      ]);

      expect(claimed.outcome).to.deep.equal(refused.outcome);
      const rows = await count(database.orm, 'appointment', 'id = ?', [id.appointmentId]);
      expect(rows).to.equal(claimed.outcome.ok ? 1 : 0);
      expect(await count(database.orm, 'occupancy', 'appointment_id = ?', [id.appointmentId])).to.equal(rows);
    }
  });

  it('a claim for a request that was forgotten, leaves nothing behind', async () => {
    const startsAt = network.at('10:00');
    const known = await facts(database.orm, network, startsAt);
    const { barberIds: _, ...ids } = { ...network, appointmentId: crypto.randomUUID() };
    const [possible] = judgeVisit(known, visitOf(network.serviceId, network.barberIds[0]!), Date.parse(startsAt), Date.now()).possible;

    const decided = await claimSlot(database.orm.em.fork(), ids, known, possible!, {
      now: now(),
      closeAfterSeconds: 86_400,
      entry: plainEntry,
    });

    expect(decided.outcome).to.deep.equal({ ok: false, code: 'undecided', nearest: [] });
    expect(await count(database.orm, 'occupancy', 'network_id = ?', [network.networkId])).to.equal(0);
  });
});
