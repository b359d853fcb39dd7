/** What is read of appointments. */
import { raw } from '@mikro-orm/core';
import type { AppointmentStatus } from '../domain/appointment.ts';
import type { BookedPart, Outcome } from '../domain/outcome.ts';
import { policyOf, type BookingPolicy } from '../domain/policy.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import {
  Appointment,
  AppointmentEvent,
  AppointmentPart,
  Delivery,
  type AppointmentPartRow,
  type AppointmentRow,
} from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/** An appointment as plain data; instants are ISO text in UTC. */
export type AppointmentView = {
  id: string;
  shopId: string;
  serviceId: string;
  barberId: string;
  customerId: string | null;
  status: AppointmentStatus;
  startsAt: string;
  endsAt: string;
  shopTimeZone: string;
  customerTimeZone: string;
  priceCents: number;
  currency: string;
  /** The services of the visit, in order; service, barber and start above are the first one's. */
  parts: BookedPart[];
  policy: BookingPolicy;
  decideBy: string | null;
  /** Of what is over: on whose behalf and why. */
  endedBy: string | null;
  endReason: string | null;
  cancelledLate: boolean;
  seriesId: string | null;
  createdAt: string;
  version: number;
};

const partView = (row: AppointmentPartRow): BookedPart => ({
  serviceId: row.serviceId,
  barberId: row.barberId,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  priceCents: row.priceCents,
  chosen: row.chosen,
});

const view = (row: AppointmentRow, parts: AppointmentPartRow[]): AppointmentView => ({
  id: row.id,
  shopId: row.shopId,
  serviceId: row.serviceId,
  barberId: row.barberId,
  customerId: row.customerId ?? null,
  status: row.status,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  shopTimeZone: row.shopTimeZone,
  customerTimeZone: row.customerTimeZone,
  priceCents: row.priceCents,
  currency: row.currency,
  createdAt: row.createdAt.toISOString(),
  version: row.version,
  policy: policyOf(row.policy),
  decideBy: row.decideBy?.toISOString() ?? null,
  endedBy: row.endedBy ?? null,
  endReason: row.endReason ?? null,
  cancelledLate: row.cancelledLate,
  seriesId: row.seriesId ?? null,
  parts: parts.filter(({ appointmentId }) => appointmentId === row.id).map(partView),
});

const readParts = (em: EntityManager, ids: string[]): Promise<AppointmentPartRow[]> =>
  em.fork().find(AppointmentPart, { appointmentId: { $in: ids } }, { orderBy: { appointmentId: 'asc', position: 'asc' } });

export async function findAppointment(em: EntityManager, networkId: string, id: string): Promise<AppointmentView | null> {
  const row = await em.fork().findOne(Appointment, { id, networkId });
  return row && view(row, await readParts(em, [id]));
}

export type RequestView = {
  id: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  startsAt: string;
  createdAt: string;
  outcome: Outcome | null;
};

/** A booking that has no appointment: still pending, or refused. Null when the network has no such request. */
export async function findRequest(em: EntityManager, networkId: string, id: string): Promise<RequestView | null> {
  const [row] = await em.execute<RequestView[]>(
    `select id, shop_id as "shopId", service_id as "serviceId", barber_id as "barberId",
       starts_at as "startsAt", created_at as "createdAt", outcome
     from booking_request
     where id = ? and network_id = ?`,
    [id, networkId],
  );
  return row ? { ...row, startsAt: new Date(row.startsAt).toISOString(), createdAt: new Date(row.createdAt).toISOString() } : null;
}

export type AppointmentFilter = {
  seriesId?: string | undefined;
  shopId?: string | undefined;
  barberId?: string | undefined;
  status?: AppointmentStatus | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
};

/** Appointments that start within [from, to), by start; keyset pages, so that a page stays right while bookings come in. */
export async function listAppointments(
  em: EntityManager,
  networkId: string,
  filter: AppointmentFilter,
  page: { limit: number; cursor: string | null },
): Promise<Page<AppointmentView>> {
  const { seriesId, shopId, barberId, status, from, to } = filter;
  const after = afterCursor(page.cursor);
  const rows = await em.fork().find(
    Appointment,
    {
      networkId,
      ...(shopId && { shopId }),
      ...(seriesId && { seriesId }),
      ...(status && { status }),
      ...((from || to) && { startsAt: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
      ...(barberId && {
        [raw((alias) => `exists (select from appointment_part p where p.appointment_id = ${alias}.id and p.barber_id = ?)`, [barberId])]:
          [],
      }),
      ...(after && {
        $and: [{ $or: [{ startsAt: { $gt: new Date(after[0]) } }, { startsAt: new Date(after[0]), id: { $gt: after[1] } }] }],
      }),
    },
    { orderBy: { startsAt: 'asc', id: 'asc' }, limit: page.limit + 1 },
  );
  const parts = await readParts(
    em,
    rows.map(({ id }) => id),
  );
  return toPage(
    rows.map((row) => view(row, parts)),
    page.limit,
    (row) => [row.startsAt, row.id],
  );
}

export type DeliveryView = {
  id: string;
  kind: string;
  /** The way that it goes, or went. */
  channel: string;
  state: string;
  dueAt: string;
  attempts: number;
  finishedAt: string | null;
  errorClass: string | null;
  errorText: string | null;
};

/** The state of each effect of one appointment, oldest first. */
export async function listDeliveries(em: EntityManager, networkId: string, appointmentId: string): Promise<DeliveryView[]> {
  const rows = await em.fork().find(Delivery, { networkId, appointmentId }, { orderBy: { dueAt: 'asc', kind: 'asc' } });
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    channel: row.channel,
    state: row.state,
    dueAt: row.dueAt.toISOString(),
    attempts: row.attempts,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    errorClass: row.errorClass ?? null,
    errorText: row.errorText ?? null,
  }));
}

export type EventView = {
  kind: string;
  fromStatus: string | null;
  toStatus: string | null;
  actor: string;
  source: string;
  version: number;
  happenedAt: string;
  details: Record<string, unknown>;
};

/** All that happened to one appointment, oldest first. */
export async function listEvents(em: EntityManager, networkId: string, appointmentId: string): Promise<EventView[]> {
  const rows = await em.fork().find(AppointmentEvent, { networkId, appointment: appointmentId }, { orderBy: { version: 'asc' } });
  return rows.map((row) => ({
    kind: row.kind,
    fromStatus: row.fromStatus ?? null,
    toStatus: row.toStatus ?? null,
    actor: row.actor,
    source: row.source,
    version: row.version,
    happenedAt: row.happenedAt.toISOString(),
    details: row.details,
  }));
}
