/** A barber's own terms for services: whether he gives them, and how long and dear they are with him. */
import { v7 as uuidv7 } from 'uuid';
import type { Segment, Settings } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { editBarber, requireBarber } from './barber.ts';
import { BarberService, type BarberServiceRow } from './entities/barber.ts';
import { Service } from './entities/network.ts';
import { requireHolidaySets } from './holiday-set.ts';
import type { EntityManager } from './orm.ts';
import { requireSeen, requireVersion } from './record.ts';
import type { Edited, EditOptions } from './rule-edit.ts';

/** Null: as in the catalogue. */
export type TermsFields = { offered: boolean; segments: Segment[] | null; priceCents: number | null; settings: Partial<Settings> };
export type TermsView = TermsFields & { barberId: string; serviceId: string; version: number };
type Ids = { barberId: string; serviceId: string };

const view = ({ barberId, serviceId, offered, segments, priceCents, settings, version }: BarberServiceRow): TermsView => ({
  barberId,
  serviceId,
  offered,
  segments: segments ?? null,
  priceCents: priceCents ?? null,
  settings,
  version,
});

async function requireService(em: EntityManager, networkId: string, id: string): Promise<void> {
  if (!(await em.findOne(Service, { id, networkId, archivedAt: null }))) throw new Problem('not_found');
}

/** The terms that differ from the catalogue, of services that are not archived. */
export async function listTerms(em: EntityManager, networkId: string, barberId: string): Promise<TermsView[]> {
  const fork = em.fork();
  await requireBarber(fork, networkId, barberId);
  const rows = await fork.find(BarberService, { networkId, barberId }, { orderBy: { serviceId: 'asc' } });
  const alive = await fork.find(
    Service,
    { networkId, id: { $in: rows.map(({ serviceId }) => serviceId) }, archivedAt: null },
    { fields: ['id'] },
  );
  return rows.filter(({ serviceId }) => alive.some(({ id }) => id === serviceId)).map(view);
}

/** The barber's terms for one service; 404 when there are none, which means that the catalogue holds. */
export async function readTerms(em: EntityManager, networkId: string, ids: Ids): Promise<TermsView> {
  const found = (await listTerms(em, networkId, ids.barberId)).find(({ serviceId }) => serviceId === ids.serviceId);
  if (!found) throw new Problem('not_found');
  return found;
}

/** Sets a barber's terms. `ifMatch` is the version that was read, or 0 where the catalogue held so far. */
export async function putTerms(
  em: EntityManager,
  networkId: string,
  ids: Ids,
  ifMatch: number,
  fields: TermsFields,
  options: EditOptions,
): Promise<Edited<TermsView>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    await requireService(tx, networkId, ids.serviceId);
    const known = await tx.findOne(BarberService, { ...ids, networkId });
    requireSeen(known, ifMatch, view);
    await requireHolidaySets(tx, networkId, fields.settings);
    const row = known
      ? tx.assign(known, fields)
      : tx.create(BarberService, { id: uuidv7(), networkId, ...ids, ...fields, version: 1 }, { persist: true });
    await tx.flush();
    return view(row);
  });
}

/** Takes the terms back: the catalogue holds again. */
export async function removeTerms(
  em: EntityManager,
  networkId: string,
  ids: Ids,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const row = await tx.findOne(BarberService, { ...ids, networkId });
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, view(row));
    await tx.nativeDelete(BarberService, { id: row.id });
    return null;
  });
}
