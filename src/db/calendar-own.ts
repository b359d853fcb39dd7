/**
 * Which entries of a calendar are our own: of visits of its owner, or that were put there once. All others keep him busy, those of another
 * network with Punctual too.
 */
import { appointmentOf } from '../domain/calendar-event.ts';
import type { Interval } from '../domain/rules.ts';
import type { EntityManager } from './orm.ts';

type Ids = { id: string; networkId: string; barberId: string };

/**
 * A barber may be another's customer, here or in another network, and have that visit's invitation in this calendar: then he is away, and
 * the entry is not ours to take away. Ours is a visit that he gives a part of, and one that was to be written into this calendar by any
 * connection to it. One that bears our mark was written by a connection of somebody here: a colleague's, who knows a calendar that they
 * share by another address.
 * @returns those of the UIDs that are ours.
 */
export async function findOwnUids(
  em: EntityManager,
  { id, networkId, barberId }: Ids,
  objects: { uid: string | null; mark: string | null }[],
): Promise<Set<string>> {
  const named = objects.flatMap(({ uid, mark }) => {
    const appointmentId = uid === null ? null : appointmentOf(uid);
    return appointmentId === null ? [] : [{ uid, appointmentId, isMarked: mark !== null }];
  });
  if (named.length === 0) return new Set();
  const rows = await em.execute<{ uid: string }[]>(
    `select n.uid
     from jsonb_to_recordset(?::jsonb) n(uid text, "appointmentId" uuid, "isMarked" boolean)
     join appointment a on a.id = n."appointmentId" and a.network_id = ?
     where n."isMarked"
       or exists (select from appointment_part p where p.appointment_id = a.id and p.barber_id = ?::uuid)
       or exists (
         select from calendar_connection k
         join calendar_connection o
           on o.provider = k.provider and o.calendar_id = k.calendar_id and o.network_id = k.network_id
         where k.id = ?::uuid
           and (
             exists (select from delivery d where d.connection_id = o.id and d.appointment_id = a.id)
             or exists (select from calendar_event e where e.connection_id = o.id and e.appointment_id = a.id)))`,
    [JSON.stringify(named), networkId, barberId, id],
  );
  return new Set(rows.map(({ uid }) => uid));
}

/**
 * An owner's program keeps our mark in a copy of an entry, under a UID of its own. One at the time of a visit shows that visit; at another,
 * its owner has made something of his own of it.
 * @returns the remoteIds of those at the time of a visit that is, or was, to be in this calendar.
 */
export async function findCopies(
  em: EntityManager,
  { id }: Ids,
  objects: { remoteId: string; uid: string | null; mark: string | null; busy: Interval[] }[],
): Promise<Set<string>> {
  const copies = objects.flatMap(({ remoteId, uid, mark, busy: [only, ...more] }) =>
    mark !== null && (uid === null || appointmentOf(uid) === null) && only && more.length === 0
      ? [{ remoteId, from: new Date(only.from), to: new Date(only.to) }]
      : [],
  );
  if (copies.length === 0) return new Set();
  const rows = await em.execute<{ remoteId: string }[]>(
    `select n."remoteId"
     from jsonb_to_recordset(?::jsonb) n("remoteId" text, "from" timestamptz, "to" timestamptz)
     where exists (
       select from calendar_connection k
       join calendar_connection o on o.provider = k.provider and o.calendar_id = k.calendar_id and o.network_id = k.network_id
       join appointment_part p on p.barber_id = o.barber_id and p.starts_at = n."from"
       join appointment_part q on q.appointment_id = p.appointment_id and q.barber_id = p.barber_id and q.ends_at = n."to"
       where k.id = ?::uuid)`,
    [JSON.stringify(copies), id],
  );
  return new Set(rows.map(({ remoteId }) => remoteId));
}
