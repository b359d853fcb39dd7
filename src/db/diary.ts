/**
 * Bumping diaries: every edit that a booking could have relied on does this in its own transaction, before it writes. A booking that read
 * the old rules then fails its version check and reads the new ones; one that was quicker is there for the edit to see.
 */
import type { EntityManager } from './orm.ts';

export async function bumpDiary(tx: EntityManager, barberId: string): Promise<void> {
  await tx.execute('update diary set version = version + 1, bumped_at = now() where barber_id = ?', [barberId]);
}

/** Always locks in the order of ids, so that two edits cannot deadlock. */
export async function bumpDiariesOfShop(tx: EntityManager, shopId: string): Promise<void> {
  await tx.execute(
    `with locked as (select d.barber_id from diary d join assignment a on a.barber_id = d.barber_id
       where a.shop_id = ? order by d.barber_id for update of d)
     update diary set version = version + 1, bumped_at = now() where barber_id in (select barber_id from locked)`,
    [shopId],
  );
}
