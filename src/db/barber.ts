/** Barbers, their weekly hours in each shop, and their time off. Archived ones are not found. */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import type { Settings, WeeklyStretch } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import { bumpDiary } from './diary.ts';
import { Assignment, Barber, TimeOff, type AssignmentRow, type BarberRow, type TimeOffRow } from './entities/barber.ts';
import { Shop } from './entities/network.ts';
import type { EntityManager } from './orm.ts';
import { requireVersion } from './record.ts';

export type BarberFields = { name: string; email: string | null; locale: string; settings: Partial<Settings> };
export type BarberView = BarberFields & { id: string; version: number };
export type AssignmentView = { barberId: string; shopId: string; hours: WeeklyStretch[]; breaks: WeeklyStretch[]; version: number };
export type TimeOffView = { id: string; startsAt: string; endsAt: string; reason: string };

const view = (row: BarberRow): BarberView => ({ id: row.id, name: row.name, email: row.email ?? null, locale: row.locale, settings: row.settings, version: row.version });
const assignmentView = ({ barberId, shopId, hours, breaks, version }: AssignmentRow): AssignmentView => ({ barberId, shopId, hours, breaks, version });
const timeOffView = (row: TimeOffRow): TimeOffView => ({ id: row.id, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString(), reason: row.reason });

export async function findBarber(em: EntityManager, networkId: string, id: string): Promise<BarberView | null> {
  const row = await em.fork().findOne(Barber, { id, networkId, archivedAt: null });
  return row && view(row);
}

/** Barbers by name, all of the network or those of one shop. */
export async function listBarbers(em: EntityManager, networkId: string, shopId: string | null, page: { limit: number; cursor: string | null }): Promise<Page<BarberView>> {
  const fork = em.fork();
  const after = afterCursor(page.cursor);
  const inShop = shopId ? await fork.find(Assignment, { networkId, shopId }, { fields: ['barberId'] }) : null;
  const rows = await fork.find(
    Barber,
    {
      networkId, archivedAt: null,
      ...(inShop && { id: { $in: inShop.map(({ barberId }) => barberId) } }),
      ...(after && { $and: [{ $or: [{ name: { $gt: after[0] } }, { name: after[0], id: { $gt: after[1] } }] }] }),
    },
    { orderBy: { name: 'asc', id: 'asc' }, limit: page.limit + 1 },
  );
  return toPage(rows.map(view), page.limit, (row) => [row.name, row.id]);
}

export async function createBarber(em: EntityManager, networkId: string, fields: BarberFields): Promise<BarberView> {
  const fork = em.fork();
  const row = fork.create(Barber, { id: uuidv7(), networkId, ...fields, archivedAt: null, version: 1 }, { persist: true });
  await fork.flush();
  return view(row);
}

export async function changeBarber(em: EntityManager, networkId: string, id: string, ifMatch: number, change: Partial<BarberFields> & { archivedAt?: Date }): Promise<BarberView> {
  return underDiary(em, networkId, id, async (tx, row) => {
    requireVersion(row, ifMatch, view(row));
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
export async function putAssignment(em: EntityManager, networkId: string, ids: { barberId: string; shopId: string }, ifMatch: number, week: { hours: WeeklyStretch[]; breaks: WeeklyStretch[] }): Promise<AssignmentView> {
  return underDiary(em, networkId, ids.barberId, async (tx) => {
    if (!(await tx.findOne(Shop, { id: ids.shopId, networkId, archivedAt: null }))) throw new Problem('not_found');
    const known = await tx.findOne(Assignment, { ...ids, networkId });
    if (known) requireVersion(known, ifMatch, assignmentView(known));
    else if (ifMatch !== 0) throw new Problem('precondition_failed', { members: { current: null } });
    const row = known ? tx.assign(known, week) : tx.create(Assignment, { id: uuidv7(), networkId, ...ids, ...week, version: 1 }, { persist: true });
    await tx.flush();
    return assignmentView(row);
  });
}

export async function removeAssignment(em: EntityManager, networkId: string, ids: { barberId: string; shopId: string }): Promise<void> {
  await underDiary(em, networkId, ids.barberId, async (tx) => {
    if ((await tx.nativeDelete(Assignment, { ...ids, networkId })) === 0) throw new Problem('not_found');
  });
}

export async function listTimeOff(em: EntityManager, networkId: string, barberId: string): Promise<TimeOffView[]> {
  const rows = await em.fork().find(TimeOff, { networkId, barberId }, { orderBy: { startsAt: 'asc', id: 'asc' } });
  return rows.map(timeOffView);
}

export async function addTimeOff(em: EntityManager, networkId: string, barberId: string, away: { startsAt: Date; endsAt: Date; reason: string }): Promise<TimeOffView> {
  return underDiary(em, networkId, barberId, async (tx) => {
    const row = tx.create(TimeOff, { id: uuidv7(), networkId, barberId, ...away }, { persist: true });
    await tx.flush();
    return timeOffView(row);
  });
}

export async function removeTimeOff(em: EntityManager, networkId: string, barberId: string, id: string): Promise<void> {
  await underDiary(em, networkId, barberId, async (tx) => {
    if ((await tx.nativeDelete(TimeOff, { id, barberId, networkId })) === 0) throw new Problem('not_found');
  });
}

/** One edit of what a booking of this barber relies on: the diary is bumped first, in the same transaction. */
async function underDiary<T>(em: EntityManager, networkId: string, barberId: string, edit: (tx: EntityManager, barber: BarberRow) => Promise<T>): Promise<T> {
  return em.fork().transactional(async (tx) => {
    const barber = await tx.findOne(Barber, { id: barberId, networkId, archivedAt: null });
    if (!barber) throw new Problem('not_found');
    await bumpDiary(tx, barberId);
    await tx.refresh(barber, { lockMode: LockMode.PESSIMISTIC_WRITE });
    return edit(tx, barber);
  });
}
