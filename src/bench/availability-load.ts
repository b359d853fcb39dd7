/** Databases for the availability benchmark: the sample network with one large shop more, and so many appointments. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { Assignment, Barber } from '../db/entities/barber.ts';
import { Shop } from '../db/entities/network.ts';
import type { Orm } from '../db/orm.ts';
import { loadSample } from '../dev/load-sample.ts';
import { sampleNetwork } from '../dev/sample-network.ts';

export type Loaded = { networkId: string; bigShopId: string; serviceId: string; shops: { shopId: string; barberId: string }[] };

const week = [1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, fromMinute: 540, toMinute: 1140 }));

/** The network, and a shop of 20 barbers. */
export async function loadShops(orm: Orm): Promise<Loaded> {
  const { networkId } = await loadSample(orm);
  const { barbers, services } = sampleNetwork();
  const bigShopId = randomUUID();
  const staff = Array.from({ length: 20 }, (_, index) => ({
    id: randomUUID(),
    networkId,
    name: `Bench ${index + 1}`,
    email: null,
    locale: 'pt-PT',
    settings: {},
    archivedAt: null,
    version: 1,
  }));
  await orm.em.fork().transactional(async (em) => {
    await em.insert(Shop, {
      id: bigShopId,
      networkId,
      slug: 'bench-20',
      name: 'Twenty chairs',
      address: 'Lisboa',
      phone: null,
      email: null,
      timeZone: 'Europe/Lisbon',
      locale: 'pt-PT',
      settings: {},
      openingHours: week,
      archivedAt: null,
      version: 1,
    });
    await em.insertMany(Barber, staff);
    await em.insertMany(
      Assignment,
      staff.map(({ id }) => ({
        id: randomUUID(),
        networkId,
        barberId: id,
        shopId: bigShopId,
        version: 1,
        periods: [{ fromDate: null, toDate: null, hours: week, breaks: week.map((day) => ({ ...day, fromMinute: 780, toMinute: 840 })) }],
      })),
    );
  });
  return {
    networkId,
    bigShopId,
    serviceId: services[0]!.id,
    shops: barbers.map(({ id, assignments }) => ({ shopId: assignments[0]!.shopId, barberId: id })),
  };
}

/**
 * `count` appointments over all barbers, from two weeks ahead backwards: twelve half hours a day, one each hour. Foreign keys are not
 * checked while loading; the exclusion constraint is. By a client of its own, since a program's own statements have a time limit.
 */
export async function loadAppointments(databaseUrl: string, { networkId, serviceId }: Loaded, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const customer = randomUUID();
  try {
    await client.query(`set session_replication_role = replica`);
    await client.query('insert into customer (id, network_id) values ($1, $2)', [customer, networkId]);
    await client.query(
      `create temporary table load as
       select gen_random_uuid() as id, b.id as barber_id, a.shop_id,
         date_trunc('day', now()) + interval '14 days' - make_interval(days => k / 12) + make_interval(hours => 8 + k % 12) as starts_at
       from barber b
       join lateral (select shop_id from assignment where barber_id = b.id order by shop_id limit 1) a on true,
         generate_series(0, ($1::bigint / (select count(*) from barber))::int) k
       where b.network_id = $2
       order by k, b.id
       limit $1`,
      [count, networkId],
    );
    await client.query(
      `insert into appointment (
         id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at,
         shop_time_zone, customer_time_zone, promised_start, promised_offset_minutes, price_cents, currency)
       select id, $1, shop_id, $2, barber_id, $3, $3, 'confirmed', starts_at, starts_at + interval '30 minutes',
         'Europe/Lisbon', 'Europe/Lisbon',
         to_char(starts_at at time zone 'Europe/Lisbon', 'YYYY-MM-DD"T"HH24:MI'), 0, 1600, 'EUR'
       from load`,
      [networkId, serviceId, customer],
    );
    await client.query(
      `insert into appointment_part (
         id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
       select gen_random_uuid(), $1, id, 0, $2, barber_id, starts_at, starts_at + interval '30 minutes', 1600,
         '[{"kind":"busy","minutes":30}]', '{"rule":"asked"}'
       from load`,
      [networkId, serviceId],
    );
    await client.query(
      `insert into occupancy (id, network_id, barber_id, appointment_id, during, visit_starts_at)
       select gen_random_uuid(), $1, barber_id, id, tstzrange(starts_at, starts_at + interval '30 minutes'), starts_at
       from load
       order by starts_at, barber_id`,
      [networkId],
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}
