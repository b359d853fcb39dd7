/**
 * Bumping diaries: every edit that a booking could have relied on does this in its own transaction, before it writes. A booking that read
 * the old rules then fails its version check and reads the new ones; one that was quicker is there for the edit to see.
 */
import { Diary } from './entities/barber.ts';
import type { EntityManager } from './orm.ts';

/** Whose bookings an edit concerns: one barber, the barbers of a shop, or (a service, the network itself) all barbers of the network. */
export type DiaryScope = { networkId: string; shopId?: string; barberId?: string; serviceId?: string };

/**
 * An edit that concerns several barbers keeps every other edit of the network out until it ends: else a barber could join the shop unseen
 * after the diaries were bumped, and be booked on rules that are about to go. Bookings take no part in this lock. Diaries are always
 * locked in the order of ids, so that two edits cannot deadlock.
 */
export async function bumpDiaries(tx: EntityManager, { networkId, shopId, barberId }: DiaryScope): Promise<void> {
  await tx.execute(`select pg_advisory_xact_lock${barberId ? '_shared' : ''}(hashtextextended('rules ' || ?, 0))`, [networkId]);
  // A statement of its own, so that it sees what the edits before it committed.
  await tx.execute(
    `with locked as (
       select d.barber_id
       from diary d
       where d.network_id = ? and (?::uuid is null or d.barber_id = ?::uuid)
         and (?::uuid is null or exists (select from assignment a where a.barber_id = d.barber_id and a.shop_id = ?::uuid))
       order by d.barber_id
       for update of d)
     update diary
     set version = version + 1, bumped_at = now()
     where barber_id in (select barber_id from locked)`,
    [networkId, barberId ?? null, barberId ?? null, shopId ?? null, shopId ?? null],
  );
}

/**
 * Bumps diaries under the versions that a decision was read under, in the order given. One that has moved since throws the
 * OptimisticLockError that sends the loser round again.
 */
export async function bumpAsRead(
  tx: EntityManager,
  networkId: string,
  diaries: { barberId: string; version: number }[],
  now: Date,
): Promise<void> {
  for (const { barberId, version } of diaries) tx.map(Diary, { barberId, networkId, version, bumpedAt: new Date(0) }).bumpedAt = now;
  await tx.flush();
}
