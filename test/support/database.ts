/** A migrated database of its own for each test file, on the server that the runner started. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { adoptZoneData } from '../../src/db/zone-data.ts';
import { zoneDataVersion } from '../../src/domain/time.ts';
import { migrate, openOrm, type Orm } from '../../src/db/orm.ts';

/** A setting that the test runner hands to every tier; without it the test was not started by `npm test`. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests with "npm test -- <tier>".`);
  return value;
}

export type TestDatabase = { url: string; orm: Orm; drop: () => Promise<void> };

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: required('TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

export async function createDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const name = `${process.env.TEST_DATABASE_PREFIX ?? 'punctual_test_'}${randomBytes(6).toString('hex')}`;
  await onServer(`create database "${name}"`);
  const url = new URL(required('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  const orm = await openOrm({ databaseUrl: url.href, poolSize: options.poolSize ?? 10 });
  await migrate(orm);
  await adoptZoneData(orm.em, zoneDataVersion());
  return {
    url: url.href,
    orm,
    drop: async () => {
      await orm.close();
      await onServer(`drop database "${name}" with (force)`);
    },
  };
}
