/** The release of zone data that the installation has adopted. Two processes with different ones could tell a customer two hours. */
import type { EntityManager } from './orm.ts';

/**
 * Adopts a release unless a newer one is adopted already; releases sort by name (`2026a` < `2026b`). With `force`, an older one too.
 * @returns what was adopted before (null: nothing), and what is now.
 */
export async function adoptZoneData(em: EntityManager, version: string, force = false): Promise<{ before: string | null; now: string }> {
  return em.fork().transactional(async (tx) => {
    const before = await readZoneData(tx, true);
    if (before !== null && before >= version && !(force && before !== version)) return { before, now: before };
    await tx.execute(
      'insert into zone_data (version) values (?) on conflict (only_row) do update set version = excluded.version, adopted_at = now()',
      [version],
    );
    return { before, now: version };
  });
}

/** The adopted release, or null when none was. */
export async function readZoneData(em: EntityManager, lock = false): Promise<string | null> {
  const [row] = await em.execute<{ version: string }[]>(`select version from zone_data${lock ? ' for update' : ''}`);
  return row?.version ?? null;
}
