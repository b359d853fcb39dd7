/** Barbers, and their weekly hours in each shop. Archived ones are not found. */
import { v7 as uuidv7 } from 'uuid';
import { breaksOutside, findClash } from '../domain/assignment.ts';
import type { Settings, WorkPeriod } from '../domain/rules.ts';
import { Problem, type FieldFault } from '../errors.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import { Assignment, AssignmentException, Barber, type AssignmentRow, type BarberRow } from './entities/barber.ts';
import { Shop, type ShopRow } from './entities/network.ts';
import { requireHolidaySets } from './holiday-set.ts';
import type { EntityManager } from './orm.ts';
import { requireSeen, requireVersion } from './record.ts';
import { editRules, type Edited, type EditOptions } from './rule-edit.ts';

export type BarberFields = { name: string; email: string | null; locale: string; settings: Partial<Settings> };
export type BarberView = BarberFields & { id: string; version: number };
export type AssignmentView = { barberId: string; shopId: string; periods: WorkPeriod[]; version: number };
export type AssignmentIds = { barberId: string; shopId: string };

const view = (row: BarberRow): BarberView => ({
  id: row.id,
  name: row.name,
  email: row.email ?? null,
  locale: row.locale,
  settings: row.settings,
  version: row.version,
});
const assignmentView = ({ barberId, shopId, periods, version }: AssignmentRow): AssignmentView => ({ barberId, shopId, periods, version });

/** The barber, or 404. */
export async function requireBarber(em: EntityManager, networkId: string, id: string): Promise<BarberView> {
  return view(await barberRow(em.fork(), networkId, id));
}

async function barberRow(em: EntityManager, networkId: string, id: string): Promise<BarberRow> {
  const row = await em.findOne(Barber, { id, networkId, archivedAt: null });
  if (!row) throw new Problem('not_found');
  return row;
}

/** Barbers by name, all of the network or those of one shop. */
export async function listBarbers(
  em: EntityManager,
  networkId: string,
  shopId: string | null,
  page: { limit: number; cursor: string | null },
): Promise<Page<BarberView>> {
  const fork = em.fork();
  const after = afterCursor(page.cursor);
  const inShop = shopId ? await fork.find(Assignment, { networkId, shopId }, { fields: ['barberId'] }) : null;
  const rows = await fork.find(
    Barber,
    {
      networkId,
      archivedAt: null,
      ...(inShop && { id: { $in: inShop.map(({ barberId }) => barberId) } }),
      ...(after && { $and: [{ $or: [{ name: { $gt: after[0] } }, { name: after[0], id: { $gt: after[1] } }] }] }),
    },
    { orderBy: { name: 'asc', id: 'asc' }, limit: page.limit + 1 },
  );
  return toPage(rows.map(view), page.limit, (row) => [row.name, row.id]);
}

export async function createBarber(em: EntityManager, networkId: string, fields: BarberFields, id: string = uuidv7()): Promise<BarberView> {
  return em.fork().transactional(async (tx) => {
    await requireHolidaySets(tx, networkId, fields.settings);
    const row =
      (await tx.findOne(Barber, { id, networkId })) ??
      tx.create(Barber, { id, networkId, ...fields, archivedAt: null, version: 1 }, { persist: true });
    await tx.flush();
    return view(row);
  });
}

/**
 * One edit of what a booking of this barber relies on. The diary that it bumps also makes rival edits of this barber wait for each other.
 */
export async function editBarber<T>(
  em: EntityManager,
  networkId: string,
  barberId: string,
  options: EditOptions,
  edit: (tx: EntityManager, barber: BarberRow) => Promise<T>,
): Promise<Edited<T>> {
  return editRules(em, { networkId, barberId }, options, async (tx) => edit(tx, await barberRow(tx, networkId, barberId)));
}

export async function changeBarber(
  em: EntityManager,
  networkId: string,
  id: string,
  ifMatch: number,
  change: Partial<BarberFields> & { archivedAt?: Date },
  options: EditOptions,
): Promise<Edited<BarberView>> {
  return editBarber(em, networkId, id, options, async (tx, row) => {
    requireVersion(row, ifMatch, view(row));
    await requireHolidaySets(tx, networkId, change.settings ?? {});
    tx.assign(row, change);
    await tx.flush();
    return view(row);
  });
}

export async function listAssignments(em: EntityManager, networkId: string, barberId: string): Promise<AssignmentView[]> {
  const rows = await em.fork().find(Assignment, { networkId, barberId }, { orderBy: { shopId: 'asc' } });
  return rows.map(assignmentView);
}

/** Sets a barber's hours in a shop. `ifMatch` is the version that was read, or 0 to assign the barber to the shop for the first time. */
export async function putAssignment(
  em: EntityManager,
  networkId: string,
  ids: AssignmentIds,
  ifMatch: number,
  periods: WorkPeriod[],
  options: EditOptions,
): Promise<Edited<AssignmentView>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const shop = await tx.findOne(Shop, { id: ids.shopId, networkId, archivedAt: null });
    if (!shop) throw new Problem('not_found');
    const known = await tx.findOne(Assignment, { ...ids, networkId });
    requireSeen(known, ifMatch, assignmentView);
    const faults = [...faultsInShop(periods, shop), ...(await faultsWithOthers(tx, ids, periods, shop, options.now))];
    if (faults.length > 0) throw new Problem('invalid_request', { faults });
    const row = known
      ? tx.assign(known, { periods })
      : tx.create(Assignment, { id: uuidv7(), networkId, ...ids, periods, version: 1 }, { persist: true });
    await tx.flush();
    return assignmentView(row);
  });
}

const faultsInShop = (periods: WorkPeriod[], { openingHours }: ShopRow): FieldFault[] =>
  periods.flatMap((period, index) =>
    breaksOutside(period, openingHours).map((pause) => ({
      path: `/periods/${index}/breaks/${pause}`,
      message: "lies outside the shop's opening hours",
    })),
  );

/** Nobody works in two shops at once. */
async function faultsWithOthers(
  tx: EntityManager,
  { barberId, shopId }: AssignmentIds,
  periods: WorkPeriod[],
  shop: ShopRow,
  now: Date,
): Promise<FieldFault[]> {
  const others = await tx.find(Assignment, { networkId: shop.networkId, barberId, shopId: { $ne: shopId } });
  const shops = await tx.find(
    Shop,
    { networkId: shop.networkId, id: { $in: others.map((each) => each.shopId) }, archivedAt: null },
    { orderBy: { name: 'asc', id: 'asc' } },
  );
  return shops.flatMap(({ id, name, timeZone, openingHours }) => {
    const other = { timeZone, openingHours, periods: others.find((each) => each.shopId === id)!.periods };
    const clash = findClash({ timeZone: shop.timeZone, openingHours: shop.openingHours, periods }, other, now.toISOString().slice(0, 10));
    return clash ? { path: `/periods/${clash.period}`, message: `overlaps the barber's hours in ${name}, first on ${clash.date}` } : [];
  });
}

/** Takes a barber off a shop, dated exceptions included: they must not come back with a later assignment. */
export async function removeAssignment(
  em: EntityManager,
  networkId: string,
  ids: AssignmentIds,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const row = await tx.findOne(Assignment, { ...ids, networkId });
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, assignmentView(row));
    await tx.nativeDelete(AssignmentException, { ...ids, networkId });
    await tx.nativeDelete(Assignment, { id: row.id });
    return null;
  });
}
