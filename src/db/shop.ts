/** Shops, their opening hours and closures. Archived ones are not found. */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import type { Closure, Settings, WeeklyStretch } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import { bumpDiariesOfShop } from './diary.ts';
import { Shop, ShopClosure, type ShopRow } from './entities/network.ts';
import type { EntityManager } from './orm.ts';
import { refuseTaken, requireVersion } from './record.ts';

export type ShopFields = {
  slug: string; name: string; address: string; phone: string | null; email: string | null; timeZone: string; locale: string; settings: Partial<Settings>;
};
export type ShopView = ShopFields & { id: string; openingHours: WeeklyStretch[]; version: number };
export type ClosureView = Closure & { id: string; reason: string };

const view = (row: ShopRow): ShopView => ({
  id: row.id, slug: row.slug, name: row.name, address: row.address, phone: row.phone ?? null, email: row.email ?? null,
  timeZone: row.timeZone, locale: row.locale, settings: row.settings, openingHours: row.openingHours, version: row.version,
});

export async function findShop(em: EntityManager, networkId: string, id: string): Promise<ShopView | null> {
  const row = await em.fork().findOne(Shop, { id, networkId, archivedAt: null });
  return row && view(row);
}

export async function listShops(em: EntityManager, networkId: string, page: { limit: number; cursor: string | null }): Promise<Page<ShopView>> {
  const after = afterCursor(page.cursor);
  const rows = await em.fork().find(
    Shop,
    { networkId, archivedAt: null, ...(after && { $or: [{ name: { $gt: after[0] } }, { name: after[0], id: { $gt: after[1] } }] }) },
    { orderBy: { name: 'asc', id: 'asc' }, limit: page.limit + 1 },
  );
  return toPage(rows.map(view), page.limit, (row) => [row.name, row.id]);
}

export async function createShop(em: EntityManager, networkId: string, fields: ShopFields): Promise<ShopView> {
  return refuseTaken('/slug', async () => {
    const fork = em.fork();
    const row = fork.create(Shop, { id: uuidv7(), networkId, ...fields, openingHours: [], archivedAt: null, version: 1 }, { persist: true });
    await fork.flush();
    return view(row);
  });
}

/** Changes a shop under its version: zone, hours and settings all decide what can be booked. */
export async function changeShop(
  em: EntityManager, networkId: string, id: string, ifMatch: number,
  change: Partial<ShopFields> & { openingHours?: WeeklyStretch[]; archivedAt?: Date },
): Promise<ShopView> {
  return refuseTaken('/slug', () => underDiaries(em, networkId, id, async (tx, row) => {
    requireVersion(row, ifMatch, view(row));
    tx.assign(row, change);
    await tx.flush();
    return view(row);
  }));
}

export async function listClosures(em: EntityManager, networkId: string, shopId: string): Promise<ClosureView[]> {
  const rows = await em.fork().find(ShopClosure, { networkId, shopId }, { orderBy: { fromDate: 'asc', id: 'asc' } });
  return rows.map(({ id, fromDate, toDate, reason }) => ({ id, fromDate, toDate, reason }));
}

export async function addClosure(em: EntityManager, networkId: string, shopId: string, closure: Closure & { reason: string }): Promise<ClosureView> {
  return underDiaries(em, networkId, shopId, async (tx) => {
    const row = tx.create(ShopClosure, { id: uuidv7(), networkId, shopId, ...closure }, { persist: true });
    await tx.flush();
    return { id: row.id, ...closure };
  });
}

export async function removeClosure(em: EntityManager, networkId: string, shopId: string, id: string): Promise<void> {
  await underDiaries(em, networkId, shopId, async (tx) => {
    if ((await tx.nativeDelete(ShopClosure, { id, shopId, networkId })) === 0) throw new Problem('not_found');
  });
}

/** One edit of what bookings in this shop rely on: the diaries of its barbers are bumped first, in the same transaction. */
async function underDiaries<T>(em: EntityManager, networkId: string, id: string, edit: (tx: EntityManager, shop: ShopRow) => Promise<T>): Promise<T> {
  return em.fork().transactional(async (tx) => {
    const shop = await tx.findOne(Shop, { id, networkId, archivedAt: null });
    if (!shop) throw new Problem('not_found');
    await bumpDiariesOfShop(tx, id);
    await tx.refresh(shop, { lockMode: LockMode.PESSIMISTIC_WRITE });
    return edit(tx, shop);
  });
}
