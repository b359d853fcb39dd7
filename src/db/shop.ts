/** Shops. Archived ones are not found. */
import { v7 as uuidv7 } from 'uuid';
import type { Settings, WeeklyStretch } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import { Shop, type ShopRow } from './entities/network.ts';
import { requireHolidaySets } from './holiday-set.ts';
import type { EntityManager } from './orm.ts';
import { refuseTaken, requireVersion } from './record.ts';
import { editRules, type Edited, type EditOptions } from './rule-edit.ts';

export type ShopFields = {
  slug: string;
  name: string;
  address: string;
  phone: string | null;
  email: string | null;
  timeZone: string;
  locale: string;
  settings: Partial<Settings>;
};
export type ShopView = ShopFields & { id: string; openingHours: WeeklyStretch[]; version: number };
export type ShopChange = Partial<ShopFields> & { openingHours?: WeeklyStretch[]; archivedAt?: Date };

const view = (row: ShopRow): ShopView => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  address: row.address,
  phone: row.phone ?? null,
  email: row.email ?? null,
  timeZone: row.timeZone,
  locale: row.locale,
  settings: row.settings,
  openingHours: row.openingHours,
  version: row.version,
});

export async function findShop(em: EntityManager, networkId: string, id: string): Promise<ShopView | null> {
  const row = await em.fork().findOne(Shop, { id, networkId, archivedAt: null });
  return row && view(row);
}

/** The shop, or 404. */
export async function requireShop(em: EntityManager, networkId: string, id: string): Promise<ShopView> {
  const shop = await findShop(em, networkId, id);
  if (!shop) throw new Problem('not_found');
  return shop;
}

/** The zone of a shop, archived or not: its appointments are still to be read by its days. */
export async function findShopZone(em: EntityManager, networkId: string, id: string): Promise<string | null> {
  return (await em.fork().findOne(Shop, { id, networkId }, { fields: ['timeZone'] }))?.timeZone ?? null;
}

/** The shop's language (BCP 47), for customers who name none. */
export async function readShopLocale(em: EntityManager, networkId: string, id: string): Promise<string> {
  return (await em.fork().findOneOrFail(Shop, { id, networkId }, { fields: ['locale'] })).locale;
}

export async function listShops(
  em: EntityManager,
  networkId: string,
  page: { limit: number; cursor: string | null },
): Promise<Page<ShopView>> {
  const after = afterCursor(page.cursor);
  const rows = await em
    .fork()
    .find(
      Shop,
      { networkId, archivedAt: null, ...(after && { $or: [{ name: { $gt: after[0] } }, { name: after[0], id: { $gt: after[1] } }] }) },
      { orderBy: { name: 'asc', id: 'asc' }, limit: page.limit + 1 },
    );
  return toPage(rows.map(view), page.limit, (row) => [row.name, row.id]);
}

/** A new shop has no opening hours and no barbers, so no booking can rely on it yet. */
export async function createShop(em: EntityManager, networkId: string, fields: ShopFields, id: string = uuidv7()): Promise<ShopView> {
  return refuseTaken('/slug', () =>
    em.fork().transactional(async (tx) => {
      await requireHolidaySets(tx, networkId, fields.settings);
      const row =
        (await tx.findOne(Shop, { id, networkId })) ??
        tx.create(Shop, { id, networkId, ...fields, openingHours: [], archivedAt: null, version: 1 }, { persist: true });
      await tx.flush();
      return view(row);
    }),
  );
}

/** One edit of what bookings in this shop rely on; 404 unless the shop is there. */
export async function editShop<T>(
  em: EntityManager,
  networkId: string,
  shopId: string,
  options: EditOptions,
  edit: (tx: EntityManager, shop: ShopRow) => Promise<T>,
): Promise<Edited<T>> {
  return editRules(em, { networkId, shopId }, options, async (tx) => {
    const shop = await tx.findOne(Shop, { id: shopId, networkId, archivedAt: null });
    if (!shop) throw new Problem('not_found');
    return edit(tx, shop);
  });
}

/** Changes a shop under its version: zone, hours and settings all decide what can be booked. */
export async function changeShop(
  em: EntityManager,
  networkId: string,
  id: string,
  ifMatch: number,
  change: ShopChange,
  options: EditOptions,
): Promise<Edited<ShopView>> {
  return refuseTaken('/slug', () =>
    editShop(em, networkId, id, options, async (tx, row) => {
      requireVersion(row, ifMatch, view(row));
      await requireHolidaySets(tx, networkId, change.settings ?? {});
      tx.assign(row, change);
      await tx.flush();
      return view(row);
    }),
  );
}
