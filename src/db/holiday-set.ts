/** Holiday sets: those that are shipped, each network's own, and which of them settings may name. */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import { findShippedSet, shippedHolidaySets } from '../domain/holiday-sets.ts';
import type { HolidayRule, HolidaySet } from '../domain/holidays.ts';
import type { Settings } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { HolidaySetEntity, type HolidaySetRow } from './entities/network.ts';
import type { EntityManager } from './orm.ts';
import { requireSeen, requireVersion } from './record.ts';
import { editRules, type Edited, type EditOptions } from './rule-edit.ts';

export type OwnSetView = HolidaySet & { shipped: false; version: number };
/** A shipped set has no version: it changes with the release. */
export type HolidaySetView = OwnSetView | (HolidaySet & { shipped: true; version: null });

const ownView = ({ slug, name, days, version }: HolidaySetRow): OwnSetView => ({ slug, name, shipped: false, days, version });
const shippedView = ({ slug, name, days }: HolidaySet): HolidaySetView => ({ slug, name, shipped: true, days, version: null });

/**
 * The network's own sets by slug, then the shipped ones. An own one stands for a shipped one that took its slug later, as it does in
 * bookings.
 */
export async function listHolidaySets(em: EntityManager, networkId: string): Promise<HolidaySetView[]> {
  const own = (await em.fork().find(HolidaySetEntity, { networkId }, { orderBy: { slug: 'asc' } })).map(ownView);
  return [...own, ...shippedHolidaySets.filter(({ slug }) => !own.some((each) => each.slug === slug)).map(shippedView)];
}

/** The set of that slug, or 404. */
export async function readHolidaySet(em: EntityManager, networkId: string, slug: string): Promise<HolidaySetView> {
  const own = await em.fork().findOne(HolidaySetEntity, { networkId, slug });
  const shipped = findShippedSet(slug);
  if (own) return ownView(own);
  if (shipped) return shippedView(shipped);
  throw new Problem('not_found');
}

async function ownRow(tx: EntityManager, networkId: string, slug: string): Promise<HolidaySetRow | null> {
  const row = await tx.findOne(HolidaySetEntity, { networkId, slug }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!row && findShippedSet(slug))
    throw new Problem('invalid_request', { faults: [{ path: 'slug', message: 'names a set that is shipped, which nobody can change' }] });
  return row;
}

/** Every question about free times reads all of them. */
const mostOwnSets = 50;

/** Sets one of the network's own sets. `ifMatch` is the version that was read, or 0 for a slug that is not used yet. */
export async function putHolidaySet(
  em: EntityManager,
  networkId: string,
  slug: string,
  ifMatch: number,
  fields: { name: string; days: HolidayRule[] },
  options: EditOptions,
): Promise<Edited<OwnSetView>> {
  return editRules(em, { networkId }, options, async (tx) => {
    const known = await ownRow(tx, networkId, slug);
    requireSeen(known, ifMatch, ownView);
    if (!known && (await tx.count(HolidaySetEntity, { networkId })) >= mostOwnSets) {
      throw new Problem('invalid_request', {
        faults: [{ path: 'slug', message: `is one more than the ${mostOwnSets} sets that a network may have of its own` }],
      });
    }
    const row = known
      ? tx.assign(known, fields)
      : tx.create(HolidaySetEntity, { id: uuidv7(), networkId, slug, ...fields, version: 1 }, { persist: true });
    await tx.flush();
    return ownView(row);
  });
}

/** Removes one of the network's own sets, which no settings may name any more: shops would quietly open on its days. */
export async function removeHolidaySet(
  em: EntityManager,
  networkId: string,
  slug: string,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editRules(em, { networkId }, options, async (tx) => {
    const row = await ownRow(tx, networkId, slug);
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, ownView(row));
    const users = await readUsers(tx, networkId, slug);
    if (users.length > 0)
      throw new Problem('in_use', {
        detail: `The settings of ${users.slice(0, 5).join(', ')}${users.length > 5 ? ' and others' : ''} name it.`,
      });
    await tx.nativeDelete(HolidaySetEntity, { id: row.id });
    return null;
  });
}

/** Whose settings name the set, as text with ids; what is archived counts no more. */
async function readUsers(tx: EntityManager, networkId: string, slug: string): Promise<string[]> {
  const rows = await tx.execute<{ user: string }[]>(
    `select "user"
     from (
       select 0 as rank, 'the network' as "user", settings from network where id = ?
       union all
       select 1, 'shop ' || id, settings from shop where network_id = ? and archived_at is null
       union all
       select 2, 'service ' || id, settings from service where network_id = ? and archived_at is null
       union all
       select 3, 'barber ' || id, settings from barber where network_id = ? and archived_at is null
       union all
       select 4, 'barber ' || barber_id || ' for service ' || service_id, t.settings
       from barber_service t
       join barber b on b.id = t.barber_id and b.archived_at is null
       join service s on s.id = t.service_id and s.archived_at is null
       where t.network_id = ?
     ) known
     where settings -> 'holidaySets' @> to_jsonb(?::text)
     order by rank, "user"
     limit 6`,
    [networkId, networkId, networkId, networkId, networkId, slug],
  );
  return rows.map(({ user }) => user);
}

/**
 * Throws 400 unless every holiday set that these settings name is known. Within a transaction the sets that were found stay until its end:
 * the lock waits for a removal, and a removal for it.
 */
export async function requireHolidaySets(em: EntityManager, networkId: string, settings: Partial<Settings>): Promise<void> {
  const named = settings.holidaySets ?? [];
  const strange = [...new Set(named)].filter((slug) => !findShippedSet(slug));
  if (strange.length === 0) return;
  const own = await em.find(
    HolidaySetEntity,
    { networkId, slug: { $in: strange } },
    { orderBy: { id: 'asc' }, ...(em.isInTransaction() && { lockMode: LockMode.PESSIMISTIC_READ }) },
  );
  const unknown = new Set(strange.filter((slug) => !own.some((row) => row.slug === slug)));
  const faults = named.flatMap((slug, index) =>
    unknown.has(slug) ? { path: `/settings/holidaySets/${index}`, message: 'is not a known holiday set' } : [],
  );
  if (faults.length > 0) throw new Problem('invalid_request', { faults });
}
