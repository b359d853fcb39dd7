/** Goal: the database refuses what must never be false, whatever the code does. Method: plain SQL against a migrated database. */
import { expect } from 'chai';
import { databaseSchemaVersion, migrate, schemaVersion } from '../../src/db/orm.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';

describe('the schema', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let appointmentId: string;

  before(async () => {
    database = await createDatabase();
    network = await buildNetwork(database.orm);
    const startsAt = network.at('10:00');
    const id = await request(database.orm, network, startsAt);
    await claim(database.orm, id, await facts(database.orm, network, startsAt), startsAt);
    ({ appointmentId } = id);
  });
  after(() => database.drop());

  const refused = async (statement: string, values: unknown[]): Promise<string> => {
    const error: unknown = await database.orm.em
      .fork()
      .execute(statement, values)
      .catch((caught: unknown) => caught);
    expect(error, statement).to.be.instanceOf(Error);
    return (error as Error).message;
  };

  it('migrating twice at once, on a migrated database, changes nothing', async () => {
    expect(await Promise.all([migrate(database.orm), migrate(database.orm)])).to.deep.equal([[], []]);
    expect(await databaseSchemaVersion(database.orm)).to.equal(schemaVersion);
  });

  it('an event, once written, can be neither changed nor deleted', async () => {
    expect(await refused('update appointment_event set actor = ? where appointment_id = ?', ['x', appointmentId])).to.include(
      'append-only',
    );
    expect(await refused('delete from appointment_event where appointment_id = ?', [appointmentId])).to.include('append-only');
  });

  it('an appointment, with an unknown status or a reversed time, is refused', async () => {
    expect(await refused('update appointment set status = ? where id = ?', ['maybe', appointmentId])).to.include('status_is_legal');
    expect(await refused('update appointment set ends_at = starts_at where id = ?', [appointmentId])).to.include(
      'appointment_ends_after_it_starts',
    );
  });

  it("an appointment, pointed at another network's barber, is refused", async () => {
    const other = await buildNetwork(database.orm);
    expect(await refused('update appointment set barber_id = ? where id = ?', [other.barberIds[0], appointmentId])).to.include(
      'foreign key',
    );
  });

  it("a feed, of nobody, of two, of another network's barber or read at no time, is refused", async () => {
    const other = await buildNetwork(database.orm);
    const insert = (columns: string, values: unknown[]) =>
      refused(
        `insert into feed (id, network_id, privacy, token_hash, ${columns})
         values (gen_random_uuid(), ?, 'busy', 'x', ${values.map(() => '?').join(', ')})`,
        [network.networkId, ...values],
      );
    const [barberId] = network.barberIds;
    expect(await insert('barber_id, shop_id', [null, null])).to.include('feed_is_of_a_barber_or_a_shop');
    expect(await insert('barber_id, shop_id', [barberId, network.shopId])).to.include('feed_is_of_a_barber_or_a_shop');
    expect(await insert('barber_id', [other.barberIds[0]])).to.include('foreign key');
    expect(await insert('shop_id', [other.shopId])).to.include('foreign key');
    expect(await insert('shop_id, reads', [network.shopId, 1])).to.include('feed_read_has_an_instant');
  });

  it('claimed time, without an end or empty, is refused', async () => {
    expect(await refused(`update occupancy set during = tstzrange(now(), null) where appointment_id = ?`, [appointmentId])).to.include(
      'occupancy_is_bounded',
    );
    expect(await refused(`update occupancy set during = 'empty' where appointment_id = ?`, [appointmentId])).to.include(
      'occupancy_is_bounded',
    );
  });

  it('a barber, however made, has a diary', async () => {
    const [row] = await database.orm.em
      .fork()
      .execute<{ count: number }[]>(
        'select count(*)::int as count from barber b left join diary d on d.barber_id = b.id where d.barber_id is null',
      );
    expect(row!.count).to.equal(0);
  });
});
