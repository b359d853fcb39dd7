/** Prepares the servers: the database's schema, and Temporal's namespace. Run it before the API and workers of a new version start. */
import { readConfig } from './config.ts';
import { openDeps, type Deps } from './deps.ts';
import { migrate } from './db/orm.ts';
import { prepareNamespace } from './temporal.ts';

export async function prepareServers(deps: Pick<Deps, 'orm' | 'temporal' | 'config' | 'log'>): Promise<void> {
  const ran = await migrate(deps.orm);
  await prepareNamespace(deps.temporal.connection, deps.config.temporal.namespace);
  deps.log.info({ ran }, 'the database and the namespace are ready');
}

if (import.meta.main) {
  try {
    const deps = await openDeps(readConfig());
    await prepareServers(deps);
    await deps.close();
  } catch (error) {
    process.stderr.write(`The servers could not be prepared: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
