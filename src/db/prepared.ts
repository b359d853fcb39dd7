/**
 * Statements that every request runs are prepared: PostgreSQL then plans them once for a connection, where MikroORM's own way sends the
 * text anew each time. Reading the facts costs 1.1 ms instead of 2.5 so.
 */
import type { Pool } from 'pg';
import type { EntityManager } from './orm.ts';

const pools = new WeakMap<object, () => Pool | undefined>();

/** Tells which pool stands behind an ORM's connection. */
export function rememberPool(em: EntityManager, pool: () => Pool | undefined): void {
  pools.set(em.getConnection(), pool);
}

/** A statement with `?` for its values, under a name that no other has. */
export function prepare(name: string, statement: string) {
  let count = 0;
  const text = statement.replaceAll('?', () => `$${(count += 1)}`);
  return async <T extends object>(em: EntityManager, values: unknown[]): Promise<T[]> => {
    const pool = pools.get(em.getConnection())?.();
    // Inside a transaction the statement belongs on the transaction's own connection, which the ORM holds.
    if (!pool || em.isInTransaction()) return em.execute<T[]>(statement, values);
    return (await pool.query<T>({ name, text, values })).rows;
  };
}
