/** Appointments: the cancelling transition, and what is read of them. */
import { LockMode, raw } from '@mikro-orm/core';
import { v7 as uuidv7 } from 'uuid';
import { judgeCancel, planCancellation, type AppointmentStatus, type BookedPart, type CancelResult, type Outcome } from '../domain/appointment.ts';
import type { Page } from './cursor.ts';
import { afterCursor, toPage } from './cursor.ts';
import { insertDeliveries, readDeliveries } from './delivery.ts';
import { Appointment, AppointmentEvent, AppointmentPart, Delivery, Occupancy, type AppointmentPartRow, type AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/**
 * Cancels: status, event, freed time and the mails that tell of it, in one transaction. Cancelling what is cancelled succeeds again and
 * answers the mails that are still open, so a repeated activity or a second caller sees the same end.
 */
export async function cancelAppointment(em: EntityManager, ids: { networkId: string; appointmentId: string }, actor: string, now: Date): Promise<CancelResult> {
  return em.fork().transactional(async (tx) => {
    const appointment = await tx.findOne(Appointment, { id: ids.appointmentId, networkId: ids.networkId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!appointment) return { ok: false, code: 'not_found' };
    const verdict = judgeCancel(appointment.status, appointment.startsAt.getTime(), now.getTime());
    if (verdict === 'already_begun') return { ok: false, code: verdict };
    if (verdict === 'already') {
      return { ok: true, version: appointment.version, deliveries: await readDeliveries(tx, ids.networkId, ids.appointmentId) };
    }
    appointment.status = 'cancelled';
    await tx.flush();
    await tx.nativeDelete(Occupancy, { appointment: ids.appointmentId });
    // What has not been sent yet is dropped here; an attempt in flight ends by itself, and its next one looks at the status first.
    await tx.nativeUpdate(Delivery, { appointmentId: ids.appointmentId, state: 'due' }, { state: 'skipped', finishedAt: now });
    tx.create(AppointmentEvent, {
      id: uuidv7(), networkId: ids.networkId, appointment: ids.appointmentId, kind: 'cancelled', actor, version: appointment.version, happenedAt: now,
    }, { persist: true });
    const parts = await tx.find(AppointmentPart, { appointmentId: ids.appointmentId }, { orderBy: { position: 'asc' } });
    const barberIds = [...new Set(parts.map(({ barberId }) => barberId))];
    const deliveries = insertDeliveries(tx, ids.networkId, ids.appointmentId, 1, planCancellation(appointment.endsAt.getTime(), now.getTime(), barberIds), now);
    await tx.flush();
    return { ok: true, version: appointment.version, deliveries };
  });
}

/** An appointment as plain data; instants are ISO text in UTC. */
export type AppointmentView = {
  id: string;
  shopId: string;
  serviceId: string;
  barberId: string;
  customerId: string;
  status: AppointmentStatus;
  startsAt: string;
  endsAt: string;
  shopTimeZone: string;
  customerTimeZone: string;
  priceCents: number;
  currency: string;
  /** The services of the visit, in order; service, barber and start above are the first one's. */
  parts: BookedPart[];
  createdAt: string;
  version: number;
};

const partView = (row: AppointmentPartRow): BookedPart => ({
  serviceId: row.serviceId, barberId: row.barberId, startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString(), priceCents: row.priceCents, chosen: row.chosen,
});

const view = (row: AppointmentRow, parts: AppointmentPartRow[]): AppointmentView => ({
  id: row.id, shopId: row.shopId, serviceId: row.serviceId, barberId: row.barberId, customerId: row.customerId, status: row.status,
  startsAt: row.startsAt.toISOString(), endsAt: row.endsAt.toISOString(), shopTimeZone: row.shopTimeZone, customerTimeZone: row.customerTimeZone,
  priceCents: row.priceCents, currency: row.currency, createdAt: row.createdAt.toISOString(), version: row.version,
  parts: parts.filter(({ appointmentId }) => appointmentId === row.id).map(partView),
});

const readParts = (em: EntityManager, ids: string[]): Promise<AppointmentPartRow[]> =>
  em.fork().find(AppointmentPart, { appointmentId: { $in: ids } }, { orderBy: { appointmentId: 'asc', position: 'asc' } });

export async function findAppointment(em: EntityManager, networkId: string, id: string): Promise<AppointmentView | null> {
  const row = await em.fork().findOne(Appointment, { id, networkId });
  return row && view(row, await readParts(em, [id]));
}

export type RequestView = { id: string; shopId: string; serviceId: string; barberId: string | null; startsAt: string; createdAt: string; outcome: Outcome | null };

/** A booking that has no appointment: still pending, or refused. Null when the network has no such request. */
export async function findRequest(em: EntityManager, networkId: string, id: string): Promise<RequestView | null> {
  const [row] = await em.execute<RequestView[]>(
    `select id, shop_id as "shopId", service_id as "serviceId", barber_id as "barberId", starts_at as "startsAt", created_at as "createdAt", outcome
     from booking_request where id = ? and network_id = ?`,
    [id, networkId],
  );
  return row ? { ...row, startsAt: new Date(row.startsAt).toISOString(), createdAt: new Date(row.createdAt).toISOString() } : null;
}

export type AppointmentFilter = { shopId?: string | undefined; barberId?: string | undefined; status?: AppointmentStatus | undefined; from?: Date | undefined; to?: Date | undefined };

/** Appointments that start within [from, to), by start; keyset pages, so that a page stays right while bookings come in. */
export async function listAppointments(em: EntityManager, networkId: string, filter: AppointmentFilter, page: { limit: number; cursor: string | null }): Promise<Page<AppointmentView>> {
  const { shopId, barberId, status, from, to } = filter;
  const after = afterCursor(page.cursor);
  const rows = await em.fork().find(
    Appointment,
    {
      networkId,
      ...(shopId && { shopId }), ...(status && { status }),
      ...((from || to) && { startsAt: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
      ...(barberId && { [raw((alias) => `exists (select from appointment_part p where p.appointment_id = ${alias}.id and p.barber_id = ?)`, [barberId])]: [] }),
      ...(after && { $and: [{ $or: [{ startsAt: { $gt: new Date(after[0]) } }, { startsAt: new Date(after[0]), id: { $gt: after[1] } }] }] }),
    },
    { orderBy: { startsAt: 'asc', id: 'asc' }, limit: page.limit + 1 },
  );
  const parts = await readParts(em, rows.map(({ id }) => id));
  return toPage(rows.map((row) => view(row, parts)), page.limit, (row) => [row.startsAt, row.id]);
}

export type DeliveryView = { id: string; kind: string; state: string; dueAt: string; attempts: number; finishedAt: string | null; errorClass: string | null; errorText: string | null };

/** The state of each effect of one appointment, oldest first. */
export async function listDeliveries(em: EntityManager, networkId: string, appointmentId: string): Promise<DeliveryView[]> {
  const rows = await em.fork().find(Delivery, { networkId, appointmentId }, { orderBy: { dueAt: 'asc', kind: 'asc' } });
  return rows.map((row) => ({
    id: row.id, kind: row.kind, state: row.state, dueAt: row.dueAt.toISOString(), attempts: row.attempts,
    finishedAt: row.finishedAt?.toISOString() ?? null, errorClass: row.errorClass ?? null, errorText: row.errorText ?? null,
  }));
}
