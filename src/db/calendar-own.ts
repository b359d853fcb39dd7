/** Which entries of a calendar are our own: of visits of its owner, or that were put there once. All others keep him busy, those of another network with Punctual too. */
import { appointmentOf } from '../domain/calendar-event.ts';
import type { EntityManager } from './orm.ts';

type Ids = { id: string; networkId: string; barberId: string };

/**
 * A barber may be another's customer, here or in another network, and have that visit's invitation in this calendar: then he is away, and the entry is not ours to
 * take away. Ours is a visit that he gives a part of, and one that was to be written into this calendar by any connection to it. @returns those of the UIDs that are ours.
 */
export async function findOwnUids(em: EntityManager, { id, networkId, barberId }: Ids, uids: string[]): Promise<Set<string>> {
  const named = uids.flatMap((uid) => appointmentOf(uid) ?? []);
  if (named.length === 0) return new Set();
  const rows = await em.execute<{ id: string }[]>(
    `select a.id from appointment a where a.network_id = ? and a.id = any(?::uuid[])
       and (exists (select from appointment_part p where p.appointment_id = a.id and p.barber_id = ?::uuid)
         or exists (select from calendar_connection k join calendar_connection o on o.provider = k.provider and o.calendar_id = k.calendar_id and o.network_id = k.network_id
           where k.id = ?::uuid and (exists (select from delivery d where d.connection_id = o.id and d.appointment_id = a.id) or exists (select from calendar_event e where e.connection_id = o.id and e.appointment_id = a.id))))`,
    [networkId, `{${named.join(',')}}`, barberId, id],
  );
  const own = new Set(rows.map((row) => row.id));
  return new Set(uids.filter((uid) => own.has(appointmentOf(uid) ?? '')));
}
