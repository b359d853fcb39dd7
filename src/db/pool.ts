import type { Pool, PoolClient } from 'pg';

/** Whoever holds the client learns of its end first, and may give it back properly. */
const graceMs = 1000;

/**
 * Gives back connections that died in somebody's hands. Kysely 0.29's controlled transaction, which MikroORM uses, gives its connection
 * back only after COMMIT or ROLLBACK succeeded; on a dead connection neither does, so each crash of PostgreSQL would cost the pool a place
 * for good.
 */
export function reclaimDeadClients(pool: Pool): void {
  const held = new Set<PoolClient>();
  pool.on('acquire', (client) => held.add(client));
  pool.on('release', (_error, client) => held.delete(client));
  pool.on('connect', (client) => {
    client.once('end', () =>
      setTimeout(() => {
        if (held.has(client)) client.release(true);
      }, graceMs).unref(),
    );
  });
}
