import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { Migrator } from '@mikro-orm/migrations';
import {
  Appointment,
  AppointmentEvent,
  AppointmentPart,
  BookingRequest,
  Contact,
  Customer,
  Delivery,
  Occupancy,
} from './entities/appointment.ts';
import { ApiClient, ApiKey } from './entities/api-key.ts';
import { Assignment, AssignmentException, Barber, BarberService, Diary, TimeOff } from './entities/barber.ts';
import { reclaimDeadClients } from './pool.ts';
import { rememberPool } from './prepared.ts';
import { HolidaySetEntity, Network, Service, Shop, ShopClosure, ShopException } from './entities/network.ts';
import { Migration001NetworkAndAppointments } from './migrations/001-network-and-appointments.ts';
import { Migration002Rules } from './migrations/002-rules.ts';
import { Migration003Life } from './migrations/003-life.ts';
import { Migration004Effects } from './migrations/004-effects.ts';
import { Migration005Calendars } from './migrations/005-calendars.ts';
import { Migration006Feeds } from './migrations/006-feeds.ts';
import { Migration007CalendarChannels } from './migrations/007-calendar-channels.ts';
import { Migration008UnseenCalendars } from './migrations/008-unseen-calendars.ts';
import { Migration009Bounced } from './migrations/009-bounced.ts';
import { Migration010SignInBrowser } from './migrations/010-sign-in-browser.ts';
import { Migration011SignedOut } from './migrations/011-signed-out.ts';

export type { EntityManager };
export type Orm = MikroORM;

const entities = [
  Network,
  HolidaySetEntity,
  Shop,
  ShopClosure,
  ShopException,
  Service,
  Barber,
  BarberService,
  Assignment,
  AssignmentException,
  TimeOff,
  Diary,
  ApiClient,
  ApiKey,
  Customer,
  Contact,
  BookingRequest,
  Appointment,
  AppointmentPart,
  Occupancy,
  AppointmentEvent,
  Delivery,
];

const migrations = [
  { name: '001-network-and-appointments', class: Migration001NetworkAndAppointments },
  { name: '002-rules', class: Migration002Rules },
  { name: '003-life', class: Migration003Life },
  { name: '004-effects', class: Migration004Effects },
  { name: '005-calendars', class: Migration005Calendars },
  { name: '006-feeds', class: Migration006Feeds },
  { name: '007-calendar-channels', class: Migration007CalendarChannels },
  { name: '008-unseen-calendars', class: Migration008UnseenCalendars },
  { name: '009-bounced', class: Migration009Bounced },
  { name: '010-sign-in-browser', class: Migration010SignInBrowser },
  { name: '011-signed-out', class: Migration011SignedOut },
];

/** The name of the newest migration that this code knows; `/readyz` compares it with what the database has run. */
export const schemaVersion = migrations.at(-1)?.name ?? 'none';

/** Opens the pool without asking the database anything: a program may start while PostgreSQL is still away, and recover later. */
export async function openOrm(options: { databaseUrl: string; poolSize: number }): Promise<Orm> {
  let pool: Pool | undefined;
  const orm = await MikroORM.init({
    clientUrl: options.databaseUrl,
    entities,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'migration', snapshot: false, silent: true },
    pool: { min: 0, max: options.poolSize, idleTimeoutMillis: 30_000 },
    // One UPDATE per row: MikroORM 7.2.1's batched flush checks versions apart from updating, and loses the race.
    useBatchUpdates: false,
    // Instants are stored as timestamptz, and the process's own zone must not matter.
    forceUtcTimezone: true,
    driverOptions: {
      connectionTimeoutMillis: 3000,
      statement_timeout: 10_000,
      query_timeout: 12_000,
      application_name: 'punctual',
      onPoolCreated: (created: Pool) => {
        pool = created;
        reclaimDeadClients(created);
      },
    },
    debug: false,
  });
  // Made with the first connection only.
  rememberPool(orm.em, () => pool);
  return orm;
}

/** Brings the schema to `schemaVersion` and answers the names that ran. Safe from several processes at once: a lock lets one go first. */
export async function migrate(orm: Orm): Promise<string[]> {
  return orm.em.fork().transactional(async (em) => {
    await em.execute('select pg_advisory_xact_lock(7031965)');
    const ran = await orm.migrator.up({ transaction: em.getTransactionContext() });
    return ran.map((migration) => migration.name);
  });
}

/** The newest migration that the database has run, or null on an empty one. Throws when the database is away. */
export async function databaseSchemaVersion(orm: Orm): Promise<string | null> {
  const em = orm.em.fork();
  const [table] = await em.execute<{ there: boolean }[]>(`select to_regclass('migration') is not null as there`);
  if (!table?.there) return null;
  const [row] = await em.execute<{ name: string }[]>('select name from migration order by id desc limit 1');
  return row?.name ?? null;
}
