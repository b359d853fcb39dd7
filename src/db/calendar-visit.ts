/** Visits in barbers' calendars: which calendars are to hold one, what each is to show now, and where it was put. */
import type { AppointmentStatus } from '../domain/appointment.ts';
import { eventUid } from '../domain/calendar-event.ts';
import { lookOf, planCalendars, type CalendarPrivacy, type CalendarTarget, type CalendarVisit } from '../domain/calendar-visit.ts';
import { dropMirror } from './calendar-mirror.ts';
import { deliveryId, sequenceOf, withdrawDeliveries } from './delivery.ts';
import { Delivery, type AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/**
 * The calendars of whoever gives a part of the visit, and those that hold it already. A dead sign-in waits for its owner. What is not
 * written to any more, or has ended, is left alone, unless the entry has still to be taken away there.
 */
async function findTargets(tx: EntityManager, networkId: string, appointmentId: string): Promise<CalendarTarget[]> {
  return tx.execute(
    `with concerned as (
       select connection_id as id from calendar_event where appointment_id = ?
       union
       select connection_id from delivery where appointment_id = ?
       union
       select k.id
       from calendar_connection k
       join appointment_part p on p.barber_id = k.barber_id
       where p.appointment_id = ?)
     select c.id, c.barber_id as "barberId", c.provider
     from calendar_connection c
     join concerned using (id)
     where c.network_id = ?
       and case
         when c.writes and c.state <> 'ended' then true
         else (
             c.state <> 'ended'
             or exists (
               select from delivery d
               where d.connection_id = c.id and d.appointment_id = ? and d.created_at >= c.ended_at))
           and (
             exists (select from calendar_event e where e.connection_id = c.id and e.appointment_id = ?)
             or exists (
               select from delivery d
               where d.connection_id = c.id and d.appointment_id = ? and d.state = 'in_flight'))
       end
     order by c.id`,
    [appointmentId, appointmentId, appointmentId, networkId, appointmentId, appointmentId, appointmentId],
  );
}

/**
 * The rows of what calendars are to learn of a transition, once the row has its new version; the caller flushes them. Nothing where the
 * look of the appointment stays as it was; `from` is null where more than that has changed.
 */
export async function planVisit(tx: EntityManager, row: AppointmentRow, from: AppointmentStatus | null, now: Date): Promise<void> {
  if (from !== null && lookOf(from) === lookOf(row.status)) return;
  const sequence = sequenceOf(row.version);
  // What was to be written before is not to be written any more; parked for a dead sign-in, too.
  await withdrawDeliveries(tx, row.id, 'superseded', now, ['calendar_barber']);
  for (const effect of planCalendars(await findTargets(tx, row.networkId, row.id), now.getTime(), row.endsAt.getTime())) {
    tx.create(
      Delivery,
      {
        id: deliveryId(row.id, sequence, effect),
        networkId: row.networkId,
        appointmentId: row.id,
        kind: effect.kind,
        barberId: effect.barberId!,
        connectionId: effect.connectionId!,
        sequence,
        about: null,
        state: 'due',
        dueAt: new Date(effect.dueAt),
        usefulUntil: new Date(effect.usefulUntil),
        attempts: 0,
        createdAt: now,
        channels: effect.channels!,
        channel: effect.channels![0]!,
        retries: 0,
      },
      { persist: true },
    );
  }
}

/** What a calendar is to show of an appointment as it stands now; `look` is `none` where it is to show nothing. */
export type WantedVisit = CalendarVisit & {
  look: 'none' | 'tentative' | 'firm';
  version: number;
  /** Of several barbers each has an event of his own. */
  isSole: boolean;
  /** The connection has ended, or is not written to any more, and its entries are to be taken away. */
  isTakenAway: boolean;
  /** What the connection's entries are to tell. */
  privacy: CalendarPrivacy;
  /** Under which other connections show it in this very calendar: what is there under these is theirs. */
  sharedUids: string[];
  startsAt: string;
  endsAt: string;
  timeZone: string;
  /** Where it was put before. */
  placed: { remoteId: string; etag: string; uid: string } | null;
};

/** Null when there is no such appointment. Of several parts, those of this barber. */
export async function readVisit(
  em: EntityManager,
  networkId: string,
  appointmentId: string,
  barberId: string,
  connectionId: string,
): Promise<WantedVisit | null> {
  type Row = Omit<WantedVisit, 'look' | 'isTentative' | 'sharedUids'> & { status: AppointmentStatus; barbers: number; sharedBy: string[] };
  const [row] = await em.execute<Row[]>(
    `select a.status, a.version, a.currency, a.shop_time_zone as "timeZone", b.locale,
       coalesce(p.parts, '[]') as parts, p.starts_at as "startsAt", p.ends_at as "endsAt",
       not exists (select from appointment_part o where o.appointment_id = a.id and o.barber_id <> b.id) as "isSole",
       k.privacy,
       not k.writes or exists (
         select from delivery d
         where d.connection_id = k.id and k.state = 'ended'
           and d.appointment_id = a.id and d.created_at >= k.ended_at) as "isTakenAway",
       (select count(distinct o.barber_id)::int from appointment_part o where o.appointment_id = a.id) as barbers,
       array(
         select distinct o.barber_id
         from calendar_connection o
         join appointment_part q on q.barber_id = o.barber_id and q.appointment_id = a.id
         where o.provider = k.provider and o.calendar_id = k.calendar_id and o.network_id = k.network_id
           and o.id <> k.id and o.writes and o.state <> 'ended') as "sharedBy",
       json_build_object('name', s.name, 'address', s.address) as shop,
       case when c.id is not null then json_build_object('name', c.name, 'phone', c.phone) end as customer,
       (select json_build_object('remoteId', e.remote_id, 'etag', e.etag, 'uid', e.uid)
        from calendar_event e
        where e.appointment_id = a.id and e.connection_id = k.id) as placed
     from appointment a
     join calendar_connection k on k.id = ?::uuid and k.network_id = a.network_id
     join shop s on s.id = a.shop_id
     join barber b on b.id = ?::uuid and b.network_id = a.network_id
     cross join lateral (
       select
         json_agg(json_build_object('serviceName', v.name, 'priceCents', p.price_cents) order by p.position) as parts,
         min(p.starts_at) as starts_at, max(p.ends_at) as ends_at
       from appointment_part p
       join service v on v.id = p.service_id
       where p.appointment_id = a.id and p.barber_id = b.id) p
     left join contact c on c.id = a.id
     where a.id = ? and a.network_id = ?`,
    [connectionId, barberId, appointmentId, networkId],
  );
  if (!row) return null;
  const look = row.parts.length === 0 ? 'none' : lookOf(row.status);
  const { barbers, sharedBy, ...visit } = row;
  const sharedUids = lookOf(row.status) === 'none' ? [] : sharedBy.map((each) => eventUid(appointmentId, barbers === 1 ? null : each));
  return { ...visit, look, isTentative: look === 'tentative', sharedUids };
}

export async function noteWritten(
  em: EntityManager,
  ids: { networkId: string; appointmentId: string; connectionId: string },
  placed: { uid: string; remoteId: string; etag: string },
): Promise<void> {
  await em.execute(
    `insert into calendar_event (appointment_id, connection_id, network_id, uid, remote_id, etag, written_at)
     values (?, ?, ?, ?, ?, ?, now())
     on conflict (appointment_id, connection_id)
       do update set uid = excluded.uid, remote_id = excluded.remote_id, etag = excluded.etag, written_at = now()`,
    [ids.appointmentId, ids.connectionId, ids.networkId, placed.uid, placed.remoteId, placed.etag],
  );
}

/** It is not there any more; what had been delivered before is undone. */
export async function noteRemoved(
  em: EntityManager,
  { appointmentId, connectionId }: { appointmentId: string; connectionId: string },
  deliveryId: string,
): Promise<void> {
  await em.execute('delete from calendar_event where appointment_id = ? and connection_id = ?', [appointmentId, connectionId]);
  await em.execute(
    `update delivery set state = 'undone' where appointment_id = ? and connection_id = ? and state = 'delivered' and id <> ?`,
    [appointmentId, connectionId, deliveryId],
  );
}

/**
 * All visits to come of the calendar's owner, and all that it holds: they are to be made right there, as it was connected just now, or is
 * wanted otherwise. What waits already is right then anyway.
 * @returns how many.
 */
export async function planAll(em: EntityManager, networkId: string, connectionId: string, now: Date): Promise<number> {
  const rows = await em.execute<{ id: string }[]>(
    `select a.id
     from calendar_connection c
     join appointment a on a.network_id = c.network_id
     where c.id = ? and c.network_id = ? and a.ends_at > ?::timestamptz
       and (
         c.writes and a.status in ('pending_approval', 'confirmed', 'checked_in', 'started')
           and exists (select from appointment_part p where p.appointment_id = a.id and p.barber_id = c.barber_id)
         or exists (select from calendar_event e where e.appointment_id = a.id and e.connection_id = c.id)
         or exists (
           select from delivery d
           where d.appointment_id = a.id and d.connection_id = c.id and d.state = 'in_flight'))
       and not exists (
         select from delivery d
         where d.appointment_id = a.id and d.connection_id = c.id and d.state in ('due', 'parked'))`,
    [connectionId, networkId, now],
  );
  return planEntries(
    em,
    networkId,
    connectionId,
    rows.map(({ id }) => id),
    now,
  );
}

/**
 * These visits are made right there: written, or taken away, as they stand when it is done. Handed over to workflows.
 * @returns how many.
 */
export async function planEntries(
  tx: EntityManager,
  networkId: string,
  connectionId: string,
  appointmentIds: string[],
  now: Date,
): Promise<number> {
  if (appointmentIds.length === 0) return 0;
  const rows = await tx.execute<{ id: string }[]>(
    `insert into delivery (
       id, network_id, appointment_id, kind, barber_id, connection_id, sequence,
       state, due_at, useful_until, channels, channel, handover_since)
     select gen_random_uuid(), a.network_id, a.id, 'calendar_barber', c.barber_id, c.id, (a.version - 1) * 2,
       'due', ?::timestamptz, a.ends_at + interval '1 day', array[c.provider], c.provider, now()
     from calendar_connection c
     join appointment a on a.network_id = c.network_id and a.id = any(?::uuid[])
     where c.id = ? and c.network_id = ?
     returning id`,
    [now, `{${appointmentIds.join(',')}}`, connectionId, networkId],
  );
  return rows.length;
}

/**
 * As a connection ends: its mirror and what was to be written are dropped, and (`remove`) what is there of visits to come is taken away.
 * Handed over to workflows. Its secrets stay until that is done; see `forgetSecrets`.
 */
export async function planRemoval(tx: EntityManager, networkId: string, connectionId: string, now: Date, remove: boolean): Promise<void> {
  await dropMirror(tx, networkId, connectionId);
  await tx.execute(
    `update calendar_conflict set settled_at = now(), settled_by = 'itself' where connection_id = ? and settled_at is null`,
    [connectionId],
  );
  await tx.execute(
    `update delivery
     set state = case state when 'in_flight' then state else 'skipped' end,
       finished_at = case state when 'in_flight' then null else ?::timestamptz end,
       withdrawn_at = ?::timestamptz,
       error_class = 'withdrawn', error_text = 'the calendar was disconnected', handover_since = null
     where connection_id = ? and network_id = ? and state in ('due', 'in_flight', 'parked') and withdrawn_at is null`,
    [now, now, connectionId, networkId],
  );
  if (!remove) return;
  // What is being written just now may come to be there.
  const rows = await tx.execute<{ id: string }[]>(
    `select a.id
     from appointment a
     where a.network_id = ? and a.ends_at > ?::timestamptz
       and a.id in (
         select appointment_id from calendar_event where connection_id = ?
         union all
         select appointment_id from delivery where connection_id = ? and state = 'in_flight')`,
    [networkId, now, connectionId, connectionId],
  );
  await planEntries(
    tx,
    networkId,
    connectionId,
    rows.map(({ id }) => id),
    now,
  );
}

/**
 * Forgets the sign-ins of ended connections that have nothing left to take away; what a person has still to decide about may have to be,
 * until the visit is over.
 */
export async function forgetSecrets(em: EntityManager): Promise<void> {
  await em.execute(
    `update calendar_connection c
     set secrets = null
     where c.state = 'ended' and c.secrets is not null
       and not exists (
         select from delivery d
         where d.connection_id = c.id
           and (d.state in ('due', 'in_flight') or d.state = 'parked' and d.useful_until > now()))`,
  );
}
