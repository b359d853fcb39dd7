/** Promised wall times: which appointments no longer begin at theirs, and moving one back to it. */
import { LockMode } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import type { PlannedDelivery, RetimeResult } from '../domain/appointment.ts';
import { checkPromise, type Kept, type Promised } from '../domain/promise.ts';
import { insertDeliveries } from './delivery.ts';
import { Appointment, AppointmentEvent, AppointmentPart, Delivery, type AppointmentRow } from './entities/appointment.ts';
import { Diary } from './entities/barber.ts';
import { lostRace } from './faults.ts';
import type { EntityManager } from './orm.ts';

/** An appointment whose promise is not kept, as an operator needs to see it. Instants are epoch milliseconds. */
export type BrokenPromise = { appointmentId: string; networkId: string; shopId: string; barberId: string; promised: Promised; found: Exclude<Kept, { kind: 'kept' }> };

/** All confirmed appointments still to come whose start no longer shows the promised time in the shop's zone. Reads in pages; any size. */
export async function* findBrokenPromises(em: EntityManager, now: Date, networkId: string | null): AsyncGenerator<BrokenPromise> {
  const pageSize = 1000;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await em.fork().find(
      Appointment,
      { status: 'confirmed', startsAt: { $gt: now }, id: { $gt: after }, ...(networkId && { networkId }) },
      { orderBy: { id: 'asc' }, limit: pageSize },
    );
    for (const row of rows) {
      const promised = promiseOf(row);
      const found = checkPromise(promised);
      if (found.kind !== 'kept') yield { appointmentId: row.id, networkId: row.networkId, shopId: row.shopId, barberId: row.barberId, promised, found };
    }
    if (rows.length < pageSize) return;
    after = rows.at(-1)!.id;
  }
}

const promiseOf = (row: AppointmentRow): Promised => ({
  startsAt: row.startsAt.getTime(), timeZone: row.shopTimeZone, wall: row.promisedStart, offsetMinutes: row.promisedOffsetMinutes,
});

/**
 * Moves an appointment, its parts, its claimed time and its reminders to the instant that the promised wall time means now, in one
 * transaction. Nothing happens when the promise is kept, so repeating is harmless; it then answers what is open, as the first time.
 */
export async function retimeAppointment(em: EntityManager, ids: { networkId: string; appointmentId: string }, actor: string, now: Date): Promise<RetimeResult> {
  try {
    return await em.fork().transactional(async (tx) => {
      const parts = await tx.find(AppointmentPart, { appointmentId: ids.appointmentId, networkId: ids.networkId }, { orderBy: { position: 'asc' } });
      for (const barberId of [...new Set(parts.map((part) => part.barberId))].toSorted()) {
        const diary = await tx.findOneOrFail(Diary, { barberId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
        diary.bumpedAt = now;
      }
      const appointment = await tx.findOne(Appointment, { id: ids.appointmentId, networkId: ids.networkId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!appointment || appointment.status !== 'confirmed' || appointment.startsAt <= now) return { ok: false, code: 'not_found' };
      const found = checkPromise(promiseOf(appointment));
      if (found.kind === 'lost') return { ok: false, code: 'skipped_local_time' };
      if (found.kind === 'broken') await shift(tx, appointment, parts, found.startsAt - appointment.startsAt.getTime(), actor, now);
      return { ok: true, endsAt: appointment.endsAt.toISOString(), reminders: await openReminders(tx, ids) };
    });
  } catch (error) {
    if (lostRace(error)) return { ok: false, code: 'slot_taken' };
    throw error;
  }
}

type Parts = { startsAt: Date; endsAt: Date }[];

async function shift(tx: EntityManager, appointment: AppointmentRow, parts: Parts, by: number, actor: string, now: Date): Promise<void> {
  for (const each of [appointment, ...parts]) {
    each.startsAt = new Date(each.startsAt.getTime() + by);
    each.endsAt = new Date(each.endsAt.getTime() + by);
  }
  await tx.flush();
  await tx.execute(
    `update occupancy set during = tstzrange(lower(during) + make_interval(secs => ?), upper(during) + make_interval(secs => ?)), visit_starts_at = visit_starts_at + make_interval(secs => ?)
     where appointment_id = ?`,
    [by / 1000, by / 1000, by / 1000, appointment.id],
  );
  const waiting = await tx.find(Delivery, { appointmentId: appointment.id, kind: 'reminder_customer', state: 'due' });
  const planned = waiting.map(({ kind, dueAt, usefulUntil }): Omit<PlannedDelivery, 'id'> =>
    ({ kind, dueAt: new Date(dueAt.getTime() + by).toISOString(), usefulUntil: new Date(usefulUntil.getTime() + by).toISOString() }));
  for (const reminder of waiting) Object.assign(reminder, { state: 'skipped', finishedAt: now, errorClass: 'retimed', errorText: 'the clock rules have changed; another reminder stands in for it' });
  // The version tells these from reminders of an earlier move to the same time.
  insertDeliveries(tx, appointment.networkId, appointment.id, appointment.version, planned, now);
  tx.create(AppointmentEvent, {
    id: uuidv7(), networkId: appointment.networkId, appointment: appointment.id, kind: 'retimed', actor, version: appointment.version, happenedAt: now,
  }, { persist: true });
  await tx.flush();
}

async function openReminders(tx: EntityManager, { networkId, appointmentId }: { networkId: string; appointmentId: string }): Promise<PlannedDelivery[]> {
  const rows = await tx.find(Delivery, { networkId, appointmentId, kind: 'reminder_customer', state: 'due' }, { orderBy: { dueAt: 'asc', id: 'asc' } });
  return rows.map((row) => ({ id: row.id, kind: row.kind, dueAt: row.dueAt.toISOString(), usefulUntil: row.usefulUntil.toISOString() }));
}
