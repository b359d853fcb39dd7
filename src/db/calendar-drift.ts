/**
 * Both sides compared: what a calendar shows of our visits, and what it should. What is surely ours is put right; what somebody changed
 * there is for a person.
 */
import { restoredBy } from './calendar-conflict.ts';
import { planEntries } from './calendar-visit.ts';
import type { EntityManager } from './orm.ts';
import { appointmentOf } from '../domain/calendar-event.ts';
import type { Interval } from '../domain/rules.ts';

/** An object that is ours, as it stands there. */
export type OwnObject = { remoteId: string; uid: string | null; busy: Interval[] };
export type Seen = { own: OwnObject[]; gone: string[]; isWhole: boolean; /** When reading began. */ at: Date };

type Ids = { id: string; networkId: string; barberId: string };
type Wanted = {
  appointmentId: string;
  from: number;
  to: number;
  remoteId: string | null;
  uid: string | null;
  writtenAt: string | null;
  judgedAt: string | null;
  isInFlight: boolean;
};

const isAt = ({ busy: [only, ...more] }: OwnObject, from: number, to: number): boolean =>
  only?.from === from && only.to === to && more.length === 0;

/** What was written while we read may not be in what we read. */
const settlingMs = 2000;

/**
 * @returns how many entries are written or taken away anew, how many conflicts are new, and whether something cannot be judged by this
 * reading: other than it should while it was being written, or never told at all (made and deleted between two readings). Changes are
 * told once only, so all must be read anew.
 */
export async function compare(
  em: EntityManager,
  ids: Ids,
  seen: Seen,
): Promise<{ repaired: number; conflicts: number; isUnsettled: boolean }> {
  return em.fork().transactional(async (tx) => {
    const wanted = await readWanted(tx, ids, seen.at);
    const isSettled = ({ isInFlight, writtenAt }: Wanted): boolean =>
      !isInFlight && (writtenAt === null || Date.parse(writtenAt) < seen.at.getTime() - settlingMs);
    /** By the name that we know, else by its UID: programs put what they keep under another name. */
    const thereOf = ({ remoteId, uid }: Wanted): OwnObject | undefined =>
      seen.own.find((object) => object.remoteId === remoteId) ?? (uid === null ? undefined : seen.own.find((object) => object.uid === uid));
    const differs = (each: Wanted): boolean => {
      const { from, to, remoteId } = each;
      const there = thereOf(each);
      return remoteId !== null && (there ? !isAt(there, from, to) : seen.isWhole || seen.gone.includes(remoteId));
    };
    const isTold = (each: Wanted): boolean => (each.remoteId !== null && seen.gone.includes(each.remoteId)) || thereOf(each) !== undefined;
    const isUntold = (each: Wanted): boolean =>
      !seen.isWhole &&
      each.remoteId !== null &&
      each.writtenAt !== null &&
      !isTold(each) &&
      (each.judgedAt === null || Date.parse(each.judgedAt) < Date.parse(each.writtenAt) - settlingMs);
    const settled = wanted.filter(isSettled);
    const missing: string[] = [];
    const drifted: { appointmentId: string; kind: 'moved' | 'deleted'; remoteId: string }[] = [];
    const right: string[] = [];
    for (const each of settled) {
      const { appointmentId, from, to, remoteId } = each;
      const there = thereOf(each);
      if (remoteId === null) missing.push(...(seen.isWhole ? [appointmentId] : []));
      else if (there && isAt(there, from, to)) right.push(appointmentId);
      else if (there) drifted.push({ appointmentId, kind: 'moved', remoteId });
      else if (seen.isWhole || seen.gone.includes(remoteId)) drifted.push({ appointmentId, kind: 'deleted', remoteId });
    }
    const ghosts = seen.isWhole
      ? await findGhosts(
          tx,
          ids,
          seen,
          wanted.map(({ appointmentId }) => appointmentId),
        )
      : [];
    await tx.execute(
      `update calendar_conflict
       set settled_at = now(), settled_by = 'itself'
       where connection_id = ? and kind in ('moved', 'deleted') and settled_at is null
         and (appointment_id = any(?::uuid[]) or appointment_id <> all(?::uuid[]))`,
      [ids.id, uuids(right), uuids(wanted.map(({ appointmentId }) => appointmentId))],
    );
    const isUnsettled = wanted.some((each) => (isSettled(each) ? isUntold(each) : differs(each)));
    const judged = wanted
      .filter((each) => each.remoteId !== null && (isTold(each) || seen.isWhole))
      .map(({ appointmentId }) => appointmentId);
    await tx.execute('update calendar_event set judged_at = ? where connection_id = ? and appointment_id = any(?::uuid[])', [
      seen.at,
      ids.id,
      uuids(judged),
    ]);
    return {
      repaired: await planEntries(tx, ids.networkId, ids.id, [...missing, ...ghosts], seen.at),
      conflicts: await note(tx, ids, drifted),
      isUnsettled,
    };
  });
}

/** Visits to come of this barber that nothing waits for, and where we put them. */
async function readWanted(tx: EntityManager, { id, networkId, barberId }: Ids, now: Date): Promise<Wanted[]> {
  return tx.execute(
    `select a.id as "appointmentId",
       (extract(epoch from min(p.starts_at)) * 1000)::float8 as "from",
       (extract(epoch from max(p.ends_at)) * 1000)::float8 as "to",
       e.remote_id as "remoteId", e.uid, e.written_at as "writtenAt", e.judged_at as "judgedAt",
       exists (
         select from delivery d
         where d.appointment_id = a.id and d.connection_id = ?::uuid and d.state = 'in_flight') as "isInFlight"
     from appointment a
     join appointment_part p on p.appointment_id = a.id and p.barber_id = ?::uuid
     left join calendar_event e on e.appointment_id = a.id and e.connection_id = ?::uuid
     where a.network_id = ? and a.status in ('pending_approval', 'confirmed', 'checked_in', 'started')
       and a.starts_at > ?::timestamptz and a.starts_at < ?::timestamptz + interval '390 days'
       and exists (select from calendar_connection c where c.id = ?::uuid and c.writes and c.state = 'connected')
       and not exists (
         select from delivery d
         where d.appointment_id = a.id and d.connection_id = ?::uuid and d.state in ('due', 'parked'))
     group by a.id, e.remote_id, e.uid, e.written_at, e.judged_at`,
    [id, barberId, id, networkId, now, now, id, id],
  );
}

/**
 * Ours, of visits to come that are not to be there: cancelled, or somebody else's now, unless he shares this calendar, and may know it by
 * another address.
 */
async function findGhosts(tx: EntityManager, { id, networkId, barberId }: Ids, { own, at }: Seen, wanted: string[]): Promise<string[]> {
  const named = own.flatMap(({ uid }) => appointmentOf(uid ?? '') ?? []).filter((appointmentId) => !wanted.includes(appointmentId));
  const rows = await tx.execute<{ id: string }[]>(
    `select a.id
     from appointment a
     where a.network_id = ? and a.id = any(?::uuid[]) and a.starts_at > ?::timestamptz
       and (
         a.status in ('cancelled', 'expired', 'refused')
         or not exists (select from appointment_part p where p.appointment_id = a.id and p.barber_id = ?::uuid))
       and not exists (
         select from delivery d
         where d.appointment_id = a.id and d.connection_id = ?::uuid and d.state in ('due', 'in_flight', 'parked'))
       and (
         exists (select from calendar_event e where e.connection_id = ?::uuid and e.appointment_id = a.id)
         or not exists (
           select from calendar_event e
           join calendar_connection o on o.id = e.connection_id
           where e.appointment_id = a.id and o.id <> ?::uuid and o.state <> 'ended'))
       and not exists (
         select from calendar_connection k
         join calendar_connection o
           on o.provider = k.provider and o.calendar_id = k.calendar_id and o.id <> k.id and o.state <> 'ended' and o.writes
         join appointment_part p on p.barber_id = o.barber_id and p.appointment_id = a.id
         where k.id = ?::uuid and a.status not in ('cancelled', 'expired', 'refused'))`,
    [networkId, uuids(named), at, barberId, id, id, id, id],
  );
  return rows.map((row) => row.id);
}

/**
 * What a person has left as it was is not brought up again for the same visit at the same time; what was put right, by him or by itself,
 * and is so again, is.
 */
async function note(
  tx: EntityManager,
  { id, networkId, barberId }: Ids,
  drifted: { appointmentId: string; kind: string; remoteId: string }[],
): Promise<number> {
  if (drifted.length === 0) return 0;
  const noted = await tx.execute<{ id: string }[]>(
    `insert into calendar_conflict (id, network_id, barber_id, connection_id, appointment_id, kind, remote_id, during)
     select gen_random_uuid(), ?::uuid, ?::uuid, ?::uuid, n."appointmentId", n.kind, n."remoteId", tstzrange(a.starts_at, a.ends_at)
     from jsonb_to_recordset(?::jsonb) n("appointmentId" uuid, kind text, "remoteId" text)
     join appointment a on a.id = n."appointmentId"
     where not exists (
       select from calendar_conflict x
       where x.connection_id = ?::uuid and x.kind = n.kind and x.appointment_id = a.id
         and x.during = tstzrange(a.starts_at, a.ends_at)
         and x.settled_by is distinct from 'itself' and coalesce(x.settled_by, '') not like '${restoredBy}%')
     on conflict do nothing
     returning id`,
    [networkId, barberId, id, JSON.stringify(drifted), id],
  );
  return noted.length;
}

const uuids = (ids: string[]): string => `{${ids.join(',')}}`;
