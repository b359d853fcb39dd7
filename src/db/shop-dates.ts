/** A shop's dated rules: closures, and hours on one date. */
import { v7 as uuidv7 } from 'uuid';
import type { Closure, DateHours, DayStretch } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { ShopClosure, ShopException, type ShopClosureRow, type ShopExceptionRow } from './entities/network.ts';
import type { EntityManager } from './orm.ts';
import { requireSeen, requireVersion } from './record.ts';
import type { Edited, EditOptions } from './rule-edit.ts';
import { editShop } from './shop.ts';

export type ClosureView = Closure & { id: string; version: number };
export type ShopExceptionView = DateHours & { shopId: string; version: number };
type ClosureIds = { shopId: string; id: string };
type ExceptionIds = { shopId: string; date: string };

const closureView = ({ id, fromDate, toDate, reason, version }: ShopClosureRow): ClosureView => ({ id, fromDate, toDate, reason, version });
const exceptionView = ({ shopId, date, hours, reason, version }: ShopExceptionRow): ShopExceptionView => ({
  shopId,
  date,
  hours,
  reason,
  version,
});

export async function listClosures(em: EntityManager, networkId: string, shopId: string): Promise<ClosureView[]> {
  return (await em.fork().find(ShopClosure, { networkId, shopId }, { orderBy: { fromDate: 'asc', id: 'asc' } })).map(closureView);
}

async function closureRow(em: EntityManager, networkId: string, ids: ClosureIds): Promise<ShopClosureRow> {
  const row = await em.findOne(ShopClosure, { ...ids, networkId });
  if (!row) throw new Problem('not_found');
  return row;
}

/** The closure, or 404. */
export async function readClosure(em: EntityManager, networkId: string, ids: ClosureIds): Promise<ClosureView> {
  return closureView(await closureRow(em.fork(), networkId, ids));
}

export async function addClosure(
  em: EntityManager,
  networkId: string,
  shopId: string,
  closure: Closure,
  options: EditOptions,
  id: string = uuidv7(),
): Promise<Edited<ClosureView>> {
  return editShop(em, networkId, shopId, options, async (tx) => {
    const row =
      (await tx.findOne(ShopClosure, { id, networkId })) ??
      tx.create(ShopClosure, { id, networkId, shopId, ...closure, version: 1 }, { persist: true });
    await tx.flush();
    return closureView(row);
  });
}

export async function changeClosure(
  em: EntityManager,
  networkId: string,
  ids: ClosureIds,
  ifMatch: number,
  closure: Closure,
  options: EditOptions,
): Promise<Edited<ClosureView>> {
  return editShop(em, networkId, ids.shopId, options, async (tx) => {
    const row = await closureRow(tx, networkId, ids);
    requireVersion(row, ifMatch, closureView(row));
    tx.assign(row, closure);
    await tx.flush();
    return closureView(row);
  });
}

export async function removeClosure(
  em: EntityManager,
  networkId: string,
  ids: ClosureIds,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editShop(em, networkId, ids.shopId, options, async (tx) => {
    const row = await closureRow(tx, networkId, ids);
    requireVersion(row, ifMatch, closureView(row));
    await tx.nativeDelete(ShopClosure, { id: row.id });
    return null;
  });
}

/** Exceptions by date, from `from` on, to `to` (null: without end). */
export async function listShopExceptions(
  em: EntityManager,
  networkId: string,
  shopId: string,
  { from, to }: { from: string; to: string | null },
): Promise<ShopExceptionView[]> {
  const rows = await em
    .fork()
    .find(ShopException, { networkId, shopId, date: { $gte: from, ...(to && { $lte: to }) } }, { orderBy: { date: 'asc' } });
  return rows.map(exceptionView);
}

/** The exception on one date, or 404: the week holds. */
export async function readShopException(em: EntityManager, networkId: string, ids: ExceptionIds): Promise<ShopExceptionView> {
  const row = await em.fork().findOne(ShopException, { ...ids, networkId });
  if (!row) throw new Problem('not_found');
  return exceptionView(row);
}

/** Sets the hours of one date. `ifMatch` is the version that was read, or 0 for a date that has no exception yet. */
export async function putShopException(
  em: EntityManager,
  networkId: string,
  ids: ExceptionIds,
  ifMatch: number,
  fields: { hours: DayStretch[]; reason: string },
  options: EditOptions,
): Promise<Edited<ShopExceptionView>> {
  return editShop(em, networkId, ids.shopId, options, async (tx) => {
    const known = await tx.findOne(ShopException, { ...ids, networkId });
    requireSeen(known, ifMatch, exceptionView);
    const row = known
      ? tx.assign(known, fields)
      : tx.create(ShopException, { id: uuidv7(), networkId, ...ids, ...fields, version: 1 }, { persist: true });
    await tx.flush();
    return exceptionView(row);
  });
}

export async function removeShopException(
  em: EntityManager,
  networkId: string,
  ids: ExceptionIds,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editShop(em, networkId, ids.shopId, options, async (tx) => {
    const row = await tx.findOne(ShopException, { ...ids, networkId });
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, exceptionView(row));
    await tx.nativeDelete(ShopException, { id: row.id });
    return null;
  });
}
