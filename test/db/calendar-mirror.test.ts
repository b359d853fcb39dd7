/**
 * Goal: what was read of a calendar is taken over as it was meant, whatever happened between the reading and the taking over. Method: the
 * database alone; readings made by hand.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { listConflicts, settleConflict } from '../../src/db/calendar-conflict.ts';
import { applyChanges, type MirrorChanges } from '../../src/db/calendar-mirror.ts';
import { applyWishes } from '../../src/db/calendar-wishes.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';

describe('what was read of a calendar', () => {
  let database: TestDatabase;
  let network: TestNetwork;
  let ids: { id: string; networkId: string; barberId: string };

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  const stage = async (wishes: NetworkWishes = {}): Promise<void> => {
    network = await buildNetwork(database.orm, wishes);
    ids = { id: randomUUID(), networkId: network.networkId, barberId: network.barberIds[0]! };
    await sql(
      `insert into calendar_connection (id, network_id, barber_id, provider, account, calendar_id, time_zone) values (?, ?, ?, 'caldav', 'rui', ?, 'Europe/Lisbon')`,
      [ids.id, ids.networkId, ids.barberId, ids.id],
    );
  };
  const sql = <T>(text: string, values: unknown[]) => database.orm.em.fork().execute<T[]>(text, values);
  const busy = (remoteId: string, from: string, to: string) => ({
    remoteId,
    etag: '',
    busy: [{ from: Date.parse(network.at(from)), to: Date.parse(network.at(to)) }],
  });
  const apply = (changes: Partial<MirrorChanges>) =>
    applyChanges(database.orm.em.fork(), ids, {
      objects: [],
      gone: [],
      since: null,
      token: 'sync:1',
      isWhole: true,
      tookSeconds: 0,
      ...changes,
    });
  const conflicts = async () => (await listConflicts(database.orm.em.fork(), ids.networkId, {}, { cursor: null, limit: 10 })).items;

  it('took a while to be read, is as old as the question, not as the answer', async () => {
    await stage();
    await apply({ tookSeconds: 90 });
    const [row] = await sql<{ age: number }>(
      'select extract(epoch from now() - synced_at)::float8 as age from calendar_connection where id = ?',
      [ids.id],
    );
    expect(row!.age).to.be.within(90, 120);
  });

  it('lies on top of a visit with a gap in it: a person who has seen to it, is not asked again', async () => {
    await stage({
      segments: [
        { kind: 'busy', minutes: 30 },
        { kind: 'free', minutes: 30 },
        { kind: 'busy', minutes: 30 },
      ],
    });
    const startsAt = network.at('10:00');
    const booked = await request(database.orm, network, startsAt);
    await claim(database.orm, booked, await facts(database.orm, network, startsAt), startsAt);
    const reading = { objects: [busy('dentist', '09:00', '12:00')] };
    expect((await apply(reading)).conflicts).to.equal(1);
    const [found] = await conflicts();
    await settleConflict(database.orm.em.fork(), ids.networkId, found!.id, 'client:1', false, new Date());
    expect((await apply(reading)).conflicts).to.equal(0);
    expect(await conflicts()).to.deep.equal([]);
    expect([found!.startsAt, found!.endsAt].map((at) => Date.parse(at))).to.deep.equal(
      ['10:00', '11:30'].map((time) => Date.parse(network.at(time))),
    );
    // Another entry is another question.
    expect((await apply({ objects: [...reading.objects, busy('school', '11:00', '11:10')] })).conflicts).to.equal(1);
  });

  it('by somebody who began before it was forgotten, is not taken for all there is', async () => {
    await stage();
    const state = async () => {
      const [row] = await sql<{ token: string | null; at: string | null }>(
        'select sync_token as token, synced_at as at from calendar_connection where id = ?',
        [ids.id],
      );
      const rows = await sql<{ id: string }>('select remote_id as id from calendar_busy where connection_id = ? order by 1', [ids.id]);
      return { token: row!.token, isSeen: row!.at !== null, known: rows.map(({ id }) => id) };
    };
    await apply({ objects: [busy('dentist', '10:00', '11:00')] });
    // While its changes are asked for, its owner has it not read any more, and read again.
    const em = database.orm.em.fork();
    for (const reads of [false, true]) await em.transactional((tx) => applyWishes(tx, ids.networkId, ids.id, { reads }, new Date()));
    expect(await state()).to.deep.equal({ token: null, isSeen: false, known: [] });
    await apply({ objects: [busy('school', '12:00', '13:00')], since: 'sync:1', token: 'sync:2', isWhole: false });
    expect(await state()).to.deep.equal({ token: null, isSeen: false, known: [] });
    await apply({ objects: [busy('dentist', '10:00', '11:00'), busy('school', '12:00', '13:00')], token: 'sync:2' });
    expect(await state()).to.deep.equal({ token: 'sync:2', isSeen: true, known: ['dentist', 'school'] });
    // A reader who was thought dead brings what a faster one has taken over, and what was changed since.
    await apply({ gone: ['school'], since: 'sync:2', token: 'sync:3', isWhole: false });
    await apply({ objects: [busy('school', '12:00', '13:00')], since: 'sync:1', token: 'sync:2', isWhole: false });
    expect(await state()).to.deep.equal({ token: 'sync:3', isSeen: true, known: ['dentist'] });
  });

  it('and cannot be understood, keeps its owner busy as far as was known, and is said until all is read anew', async () => {
    await stage();
    const odd = { remoteId: 'dentist', etag: '2', busy: [], isUnreadable: true as const };
    const state = async () => {
      const rows = await sql<{ id: string }>('select remote_id as id from calendar_busy where connection_id = ? order by 1', [ids.id]);
      const [row] = await sql<{ said: string | null }>('select error_class as said from calendar_connection where id = ?', [ids.id]);
      return [...rows.map(({ id }) => id), row!.said];
    };
    await apply({ objects: [busy('dentist', '10:00', '11:00'), busy('school', '12:00', '13:00')] });
    await apply({ objects: [odd], gone: ['school'], since: 'sync:1', token: 'sync:2', isWhole: false });
    expect(await state()).to.deep.equal(['dentist', 'unreadable']);
    await apply({ since: 'sync:2', token: 'sync:3', isWhole: false });
    expect(await state()).to.deep.equal(['dentist', 'unreadable']);
    await apply({ objects: [odd, { ...odd, remoteId: 'never seen' }] });
    expect(await state()).to.deep.equal(['dentist', 'unreadable']);
    await apply({ objects: [busy('dentist', '15:00', '16:00')] });
    expect(await state()).to.deep.equal(['dentist', null]);
    await apply({});
    expect(await state()).to.deep.equal([null]);
  });

  it('lies on top of a visit that goes away while the calendar is not read: nobody is asked about it', async () => {
    await stage({ barbers: 2 });
    const startsAt = network.at('10:00');
    const booked = await request(database.orm, network, startsAt);
    await claim(database.orm, booked, await facts(database.orm, network, startsAt), startsAt);
    const to = (column: string, value: unknown) =>
      sql(`update occupancy set ${column} = ? where appointment_id = ?`, [value, booked.appointmentId]);
    await to('barber_id', ids.barberId);
    await apply({ objects: [busy('dentist', '09:00', '12:00')] });
    expect((await conflicts()).map((each) => each.appointmentId)).to.deep.equal([booked.appointmentId]);
    await sql(`update calendar_connection set state = 'signed_out' where id = ?`, [ids.id]);
    await to('barber_id', network.barberIds[1]);
    expect(await conflicts()).to.deep.equal([]);
    await to('barber_id', ids.barberId);
    expect(await conflicts()).to.have.length(1);
    await to('during', `[${network.at('15:00')},${network.at('15:30')})`);
    expect(await conflicts()).to.deep.equal([]);
  });
});
