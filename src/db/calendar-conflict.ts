/** What was entered into a calendar on top of a visit: a person decides. */
import { planEntries } from './calendar-visit.ts';
import { afterCursor, requireTimeCursor, toPage, type Page } from './cursor.ts';
import type { EntityManager } from './orm.ts';

export const conflictKinds = ['overlap', 'moved', 'deleted', 'unseen'] as const;
/**
 * Something lies on top of the visit; its entry was moved there; its entry was deleted there; it was booked while the calendar had not been
 * seen for long.
 */
export type ConflictKind = (typeof conflictKinds)[number];

/** Instants are ISO text in UTC. What the entry is about is not known here. */
export type ConflictView = {
  id: string;
  barberId: string;
  connectionId: string;
  appointmentId: string;
  kind: ConflictKind;
  startsAt: string;
  endsAt: string;
  foundAt: string;
};

/** Before the name of whoever had an entry written again, so that its being changed once more is told once more. */
export const restoredBy = 'restored:';

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const foundAt = `date_trunc('milliseconds', x.found_at)`;

/**
 * Whether the barber still gives that visit, and (of an entry on top of it) whether it still lies there: his calendar may not be read just
 * now.
 */
const isStillSo = `exists (
  select from occupancy o
  where o.appointment_id = x.appointment_id and o.barber_id = x.barber_id and upper(o.during) > now()
    and (
      x.kind <> 'overlap'
      or exists (
        select from calendar_busy k
        where k.connection_id = x.connection_id and k.remote_id = x.remote_id and k.during && o.during)))`;

/** Those that wait for a person, the oldest first. */
export async function listConflicts(
  em: EntityManager,
  networkId: string,
  { barberId }: { barberId?: string },
  { cursor, limit }: { cursor: string | null; limit: number },
): Promise<Page<ConflictView>> {
  if (cursor !== null) requireTimeCursor(cursor);
  const after = afterCursor(cursor);
  const rows = await em.execute<ConflictView[]>(
    `select x.id, x.barber_id as "barberId", x.connection_id as "connectionId", x.appointment_id as "appointmentId", x.kind,
       ${utc('lower(x.during)')} as "startsAt", ${utc('upper(x.during)')} as "endsAt", ${utc(foundAt)} as "foundAt"
     from calendar_conflict x
     where x.network_id = ? and x.settled_at is null
       and ${isStillSo}
       and (?::uuid is null or x.barber_id = ?::uuid)
       ${after ? `and (${foundAt}, x.id) > (?::timestamptz, ?::uuid)` : ''}
     order by ${foundAt}, x.id
     limit ?`,
    [networkId, barberId ?? null, barberId ?? null, ...(after ?? []), limit + 1],
  );
  return toPage(rows, limit, (row) => [row.foundAt, row.id]);
}

/**
 * A person has seen to it; with `restore`, an entry that was moved or deleted is written again.
 * @returns null when there is none such; else whether something is to be written.
 */
export async function settleConflict(
  em: EntityManager,
  networkId: string,
  id: string,
  actor: string,
  restore: boolean,
  now: Date,
): Promise<boolean | null> {
  return em.fork().transactional(async (tx) => {
    const [row] = await tx.execute<{ isOpen: boolean; kind: ConflictKind; connectionId: string; appointmentId: string }[]>(
      `select settled_at is null as "isOpen", kind, connection_id as "connectionId", appointment_id as "appointmentId"
       from calendar_conflict
       where network_id = ? and id = ?
       for update`,
      [networkId, id],
    );
    if (!row) return null;
    if (!row.isOpen) return false;
    const restores = restore && (row.kind === 'moved' || row.kind === 'deleted');
    await tx.execute('update calendar_conflict set settled_at = now(), settled_by = ? where id = ?', [
      restores ? `${restoredBy}${actor}` : actor,
      id,
    ]);
    return restores ? (await planEntries(tx, networkId, row.connectionId, [row.appointmentId], now)) > 0 : false;
  });
}

/** Of these barbers' calendars nobody knows what is in the way of the visit: a person is told, until they have been seen again. */
export async function noteUnseen(
  tx: EntityManager,
  { networkId, appointmentId }: { networkId: string; appointmentId: string },
  barberIds: string[],
): Promise<void> {
  await tx.execute(
    `insert into calendar_conflict (id, network_id, barber_id, connection_id, appointment_id, kind, remote_id, during)
     select gen_random_uuid(), k.network_id, k.barber_id, k.id, o.appointment_id, 'unseen', '',
       tstzrange(min(lower(o.during)), max(upper(o.during)))
     from calendar_connection k
     join occupancy o on o.network_id = k.network_id and o.barber_id = k.barber_id
     where k.network_id = ? and k.barber_id = any(?::uuid[]) and k.reads and k.state <> 'ended' and o.appointment_id = ?
     group by k.id, o.appointment_id
     on conflict (connection_id, kind, remote_id, appointment_id) where settled_at is null
       do update set during = excluded.during`,
    [networkId, `{${barberIds.join(',')}}`, appointmentId],
  );
}

/** Those of the barbers with these ids whose calendars should be seen, and were not. */
export const unseenOf = (candidates: { barber: { barberId: string; isUnseen?: boolean } }[], barberIds: string[]): string[] =>
  candidates.filter(({ barber }) => barber.isUnseen && barberIds.includes(barber.barberId)).map(({ barber }) => barber.barberId);
