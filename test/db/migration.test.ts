/** Goal: an installation that has bookings goes on after a migration. Method: the first schema with rows in it, then the next ones. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import pg from 'pg';
import { readBookingFacts } from '../../src/db/booking-facts.ts';
import { findAppointment } from '../../src/db/appointment.ts';
import { migrate, openOrm, type Orm } from '../../src/db/orm.ts';
import { visitOf } from '../../src/domain/rules.ts';
import { required } from '../support/database.ts';

describe('migrations', () => {
  const name = `${process.env.TEST_DATABASE_PREFIX ?? 'punctual_test_'}${randomUUID().slice(0, 8)}`;
  const server = new pg.Client({ connectionString: required('TEST_DATABASE_URL') });
  let orm: Orm;
  const ids = {
    network: randomUUID(),
    shop: randomUUID(),
    service: randomUUID(),
    barber: randomUUID(),
    customer: randomUUID(),
    client: randomUUID(),
    appointment: randomUUID(),
  };

  before(async () => {
    await server.connect();
    await server.query(`create database "${name}"`);
    const url = new URL(required('TEST_DATABASE_URL'));
    url.pathname = `/${name}`;
    orm = await openOrm({ databaseUrl: url.href, poolSize: 2 });
  });
  after(async () => {
    await orm.close();
    await server.query(`drop database "${name}" with (force)`);
    await server.end();
  });

  it('a booked visit and its rules, made under the first schema, are the same under the newest', async () => {
    await orm.migrator.up({ to: '001-network-and-appointments' });
    const week = JSON.stringify([{ weekday: 2, fromMinute: 540, toMinute: 1140 }]);
    const em = orm.em.fork();
    for (const [statement, values] of [
      ['insert into network (id, slug, name) values (?, ?, ?)', [ids.network, 'old', 'Old']],
      [
        `insert into shop (id, network_id, slug, name, address, time_zone, locale, opening_hours)
         values (?, ?, 'a', 'A', 'Rua 1', 'Atlantic/Azores', 'pt-PT', ?::jsonb)`,
        [ids.shop, ids.network, week],
      ],
      [
        `insert into service (
           id, network_id, name, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_cents, currency, settings)
         values (?, ?, 'Corte', 40, 0, 10, 1500, 'EUR', '{"slotStepMinutes": 20}')`,
        [ids.service, ids.network],
      ],
      [`insert into barber (id, network_id, name, locale) values (?, ?, 'Rui', 'pt-PT')`, [ids.barber, ids.network]],
      [
        'insert into assignment (id, network_id, barber_id, shop_id, hours) values (?, ?, ?, ?, ?::jsonb)',
        [randomUUID(), ids.network, ids.barber, ids.shop, week],
      ],
      [`insert into api_client (id, network_id, name) values (?, ?, 'desk')`, [ids.client, ids.network]],
      ['insert into customer (id, network_id) values (?, ?)', [ids.customer, ids.network]],
      [
        `insert into appointment (
           id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status,
           starts_at, ends_at, shop_time_zone, customer_time_zone, price_cents, currency)
         values (
           ?, ?, ?, ?, ?, ?, ?, 'confirmed',
           '2027-07-06T10:00Z', '2027-07-06T10:40Z', 'Atlantic/Azores', 'Europe/Lisbon', 1500, 'EUR')`,
        [ids.appointment, ids.network, ids.shop, ids.service, ids.barber, ids.customer, ids.client],
      ],
      [
        `insert into occupancy (id, network_id, barber_id, appointment_id, during)
         values (?, ?, ?, ?, '[2027-07-06T10:00Z,2027-07-06T10:50Z)')`,
        [randomUUID(), ids.network, ids.barber, ids.appointment],
      ],
    ] as [string, unknown[]][])
      await em.execute(statement, values);

    expect(await migrate(orm)).to.not.have.length(0);

    const window = { from: Date.parse('2027-07-05T00:00Z'), to: Date.parse('2027-07-08T00:00Z') };
    const facts = await readBookingFacts(orm.em.fork(), {
      networkId: ids.network,
      shopId: ids.shop,
      visit: visitOf(ids.service, ids.barber),
      window,
    });
    if ('missing' in facts) throw new Error(`missing ${facts.missing}`);
    const [
      {
        barber,
        offers: [offer],
      },
    ] = facts.candidates as [(typeof facts.candidates)[0]];
    expect(offer).to.deep.include({ segments: [{ kind: 'busy', minutes: 40 }], priceCents: 1500 });
    expect(offer!.settings).to.include({ bufferBeforeMinutes: 0, bufferAfterMinutes: 10, slotStepMinutes: 20 });
    expect(barber.periods).to.deep.equal([{ fromDate: null, toDate: null, hours: JSON.parse(week), breaks: [] }]);
    expect(barber.visits).to.deep.equal([Date.parse('2027-07-06T10:00Z')]);
    const found = await findAppointment(orm.em.fork(), ids.network, ids.appointment);
    expect(found!.parts).to.deep.equal([
      {
        serviceId: ids.service,
        barberId: ids.barber,
        startsAt: '2027-07-06T10:00:00.000Z',
        endsAt: '2027-07-06T10:40:00.000Z',
        priceCents: 1500,
        chosen: { rule: 'unknown' },
      },
    ]);
    // The Azores keep summer time in July: UTC itself.
    const promise = await orm.em.fork().execute('select promised_start, promised_offset_minutes from appointment');
    expect(promise).to.deep.equal([{ promised_start: '2027-07-06T10:00', promised_offset_minutes: 0 }]);
  });
});
