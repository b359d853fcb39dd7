/**
 * Prepares the servers: the database's schema, Temporal's namespace and schedule. Run it before the API and workers of a new version start.
 */
import { isGrpcServiceError } from '@temporalio/client';
import { readConfig } from './config.ts';
import { openDeps, type Deps } from './deps.ts';
import { isDatabaseAway } from './db/faults.ts';
import { migrate } from './db/orm.ts';
import { adoptZoneData } from './db/zone-data.ts';
import { zoneDataVersion } from './domain/time.ts';
import { prepareNamespace, scheduleHousekeeping } from './temporal.ts';

/** Repeating is harmless, also from several machines at once. */
export async function prepareServers(deps: Pick<Deps, 'orm' | 'temporal' | 'config' | 'log' | 'policy'>): Promise<void> {
  const { namespace, taskQueue } = deps.config.temporal;
  const ran = await migrate(deps.orm);
  const zoneData = await adoptZoneData(deps.orm.em, zoneDataVersion());
  if (zoneData.before !== null && zoneData.before !== zoneData.now) {
    deps.log.warn({ ...zoneData }, 'zone data has changed: "times check" tells which appointments no longer begin at their promised time');
  }
  await prepareNamespace(deps.temporal.connection, namespace);
  await scheduleHousekeeping(deps.temporal.client, taskQueue, deps.policy);
  deps.log.info({ ran, zoneData: zoneData.now }, 'the database and the namespace are ready');
}

function sentence(error: unknown, address: string): string {
  if (isDatabaseAway(error)) return 'PostgreSQL does not answer at the address in DATABASE_URL.';
  if (isGrpcServiceError(error))
    return `Temporal does not answer as it should at ${address} (TEMPORAL_ADDRESS): ${error.details || error.message}.`;
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  let address = '';
  try {
    const config = readConfig();
    ({ address } = config.temporal);
    const deps = await openDeps(config);
    await prepareServers(deps);
    await deps.close();
  } catch (error) {
    process.stderr.write(`The servers could not be prepared. ${sentence(error, address)}\n`);
    process.exit(1);
  }
}
