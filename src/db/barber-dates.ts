/** A barber's dated rules: hours on one date in a shop, and time off. */
import { v7 as uuidv7 } from 'uuid';
import type { DayStretch } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { editBarber, type AssignmentIds } from './barber.ts';
import { Assignment, AssignmentException, TimeOff, type AssignmentExceptionRow, type TimeOffRow } from './entities/barber.ts';
import type { EntityManager } from './orm.ts';
import { requireSeen, requireVersion } from './record.ts';
import type { Edited, EditOptions } from './rule-edit.ts';

export type ExceptionFields = { hours: DayStretch[]; breaks: DayStretch[]; reason: string };
export type ExceptionView = ExceptionFields & AssignmentIds & { date: string; version: number };
type ExceptionIds = AssignmentIds & { date: string };

/** Some hours (instants) or whole local days, both included. */
export type TimeOffFields =
  | { startsAt: Date; endsAt: Date; fromDate: null; toDate: null; reason: string }
  | { startsAt: null; endsAt: null; fromDate: string; toDate: string; reason: string };
export type TimeOffView = {
  id: string;
  startsAt: string | null;
  endsAt: string | null;
  fromDate: string | null;
  toDate: string | null;
  reason: string;
  version: number;
};

const exceptionView = ({ barberId, shopId, date, hours, breaks, reason, version }: AssignmentExceptionRow): ExceptionView => ({
  barberId,
  shopId,
  date,
  hours,
  breaks,
  reason,
  version,
});
const timeOffView = ({ id, startsAt, endsAt, fromDate, toDate, reason, version }: TimeOffRow): TimeOffView => ({
  id,
  startsAt: startsAt?.toISOString() ?? null,
  endsAt: endsAt?.toISOString() ?? null,
  fromDate: fromDate ?? null,
  toDate: toDate ?? null,
  reason,
  version,
});

/** Where the barber does not work, a date can be no exception. */
async function requireAssigned(em: EntityManager, networkId: string, { barberId, shopId }: AssignmentIds): Promise<void> {
  if (!(await em.findOne(Assignment, { networkId, barberId, shopId }))) throw new Problem('not_found');
}

/** All exceptions of a barber in a shop, by date; 404 unless he works there. */
export async function listExceptions(em: EntityManager, networkId: string, ids: AssignmentIds): Promise<ExceptionView[]> {
  const fork = em.fork();
  await requireAssigned(fork, networkId, ids);
  return (await fork.find(AssignmentException, { ...ids, networkId }, { orderBy: { date: 'asc' } })).map(exceptionView);
}

/** The exception, or 404. */
export async function readException(em: EntityManager, networkId: string, ids: ExceptionIds): Promise<ExceptionView> {
  const row = await em.fork().findOne(AssignmentException, { ...ids, networkId });
  if (!row) throw new Problem('not_found');
  return exceptionView(row);
}

/** Sets the hours of one date. `ifMatch` is the version that was read, or 0 for a date that has no exception yet. */
export async function putException(
  em: EntityManager,
  networkId: string,
  ids: ExceptionIds,
  ifMatch: number,
  fields: ExceptionFields,
  options: EditOptions,
): Promise<Edited<ExceptionView>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    await requireAssigned(tx, networkId, ids);
    const known = await tx.findOne(AssignmentException, { ...ids, networkId });
    requireSeen(known, ifMatch, exceptionView);
    const row = known
      ? tx.assign(known, fields)
      : tx.create(AssignmentException, { id: uuidv7(), networkId, ...ids, ...fields, version: 1 }, { persist: true });
    await tx.flush();
    return exceptionView(row);
  });
}

export async function removeException(
  em: EntityManager,
  networkId: string,
  ids: ExceptionIds,
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const row = await tx.findOne(AssignmentException, { ...ids, networkId });
    if (!row) throw new Problem('not_found');
    requireVersion(row, ifMatch, exceptionView(row));
    await tx.nativeDelete(AssignmentException, { id: row.id });
    return null;
  });
}

/** All time off of a barber by start; days stand before the hours that begin on them. */
export async function listTimeOff(em: EntityManager, networkId: string, barberId: string): Promise<TimeOffView[]> {
  const rows = await em.fork().find(TimeOff, { networkId, barberId }, { orderBy: { id: 'asc' } });
  const start = ({ startsAt, fromDate }: TimeOffView) => fromDate ?? startsAt!;
  return rows.map(timeOffView).sort((a, b) => (start(a) < start(b) ? -1 : start(a) > start(b) ? 1 : 0));
}

/** The time off, or 404. */
export async function readTimeOff(em: EntityManager, networkId: string, barberId: string, id: string): Promise<TimeOffView> {
  return timeOffView(await timeOffRow(em.fork(), networkId, barberId, id));
}

async function timeOffRow(em: EntityManager, networkId: string, barberId: string, id: string): Promise<TimeOffRow> {
  const row = await em.findOne(TimeOff, { id, barberId, networkId });
  if (!row) throw new Problem('not_found');
  return row;
}

export async function addTimeOff(
  em: EntityManager,
  networkId: string,
  barberId: string,
  away: TimeOffFields,
  options: EditOptions,
  id: string = uuidv7(),
): Promise<Edited<TimeOffView>> {
  return editBarber(em, networkId, barberId, options, async (tx) => {
    const row =
      (await tx.findOne(TimeOff, { id, networkId })) ??
      tx.create(TimeOff, { id, networkId, barberId, ...away, version: 1 }, { persist: true });
    await tx.flush();
    return timeOffView(row);
  });
}

export async function changeTimeOff(
  em: EntityManager,
  networkId: string,
  ids: { barberId: string; id: string },
  ifMatch: number,
  away: TimeOffFields,
  options: EditOptions,
): Promise<Edited<TimeOffView>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const row = await timeOffRow(tx, networkId, ids.barberId, ids.id);
    requireVersion(row, ifMatch, timeOffView(row));
    tx.assign(row, away);
    await tx.flush();
    return timeOffView(row);
  });
}

export async function removeTimeOff(
  em: EntityManager,
  networkId: string,
  ids: { barberId: string; id: string },
  ifMatch: number,
  options: EditOptions,
): Promise<Edited<null>> {
  return editBarber(em, networkId, ids.barberId, options, async (tx) => {
    const row = await timeOffRow(tx, networkId, ids.barberId, ids.id);
    requireVersion(row, ifMatch, timeOffView(row));
    await tx.nativeDelete(TimeOff, { id: row.id });
    return null;
  });
}
