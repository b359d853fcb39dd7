/** Services: what is offered, how long it takes, what it costs. Archived ones are not found. */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import { lengthOf, type Segment, type Settings } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import { Service, type ServiceRow } from './entities/network.ts';
import { requireHolidaySets } from './holiday-set.ts';
import type { EntityManager } from './orm.ts';
import { requireVersion } from './record.ts';
import { editRules, type Edited, type EditOptions } from './rule-edit.ts';

export type ServiceFields = { name: string; segments: Segment[]; priceCents: number; currency: string; settings: Partial<Settings> };
export type ServiceView = ServiceFields & { id: string; durationMinutes: number; version: number };

const view = (row: ServiceRow): ServiceView => ({
  id: row.id,
  name: row.name,
  durationMinutes: row.durationMinutes,
  segments: row.segments,
  priceCents: row.priceCents,
  currency: row.currency,
  settings: row.settings,
  version: row.version,
});

export async function findService(em: EntityManager, networkId: string, id: string): Promise<ServiceView | null> {
  const row = await em.fork().findOne(Service, { id, networkId, archivedAt: null });
  return row && view(row);
}

export async function listServices(
  em: EntityManager,
  networkId: string,
  page: { limit: number; cursor: string | null },
): Promise<Page<ServiceView>> {
  const after = afterCursor(page.cursor);
  const rows = await em
    .fork()
    .find(
      Service,
      { networkId, archivedAt: null, ...(after && { $or: [{ name: { $gt: after[0] } }, { name: after[0], id: { $gt: after[1] } }] }) },
      { orderBy: { name: 'asc', id: 'asc' }, limit: page.limit + 1 },
    );
  return toPage(rows.map(view), page.limit, (row) => [row.name, row.id]);
}

export async function createService(
  em: EntityManager,
  networkId: string,
  fields: ServiceFields,
  id: string = uuidv7(),
): Promise<ServiceView> {
  return em.fork().transactional(async (tx) => {
    await requireHolidaySets(tx, networkId, fields.settings);
    const row =
      (await tx.findOne(Service, { id, networkId })) ??
      tx.create(
        Service,
        { id, networkId, ...fields, durationMinutes: lengthOf(fields.segments), archivedAt: null, version: 1 },
        { persist: true },
      );
    await tx.flush();
    return view(row);
  });
}

/** Changes a service under its version. A booking made at the same moment conflicts: nobody books a length or a price that is no more. */
export async function changeService(
  em: EntityManager,
  networkId: string,
  id: string,
  ifMatch: number,
  change: Partial<ServiceFields> & { archivedAt?: Date },
  options: EditOptions,
): Promise<Edited<ServiceView>> {
  return editRules(em, { networkId, serviceId: id }, options, async (tx) => {
    // A network without barbers has no diary on which two edits would wait for each other.
    const row = await tx.findOne(Service, { id, networkId, archivedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, view(row));
    await requireHolidaySets(tx, networkId, change.settings ?? {});
    tx.assign(row, { ...change, ...(change.segments && { durationMinutes: lengthOf(change.segments) }) });
    await tx.flush();
    return view(row);
  });
}
