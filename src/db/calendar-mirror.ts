/** The mirror of barbers' calendars: when they are busy elsewhere, as far as we know, and what of that lies on top of a visit. */
import type { CalendarProvider } from '../domain/channel.ts';
import type { Interval } from '../domain/rules.ts';
import { bumpDiaries } from './diary.ts';
import type { EntityManager } from './orm.ts';

/** What has changed, without what is ours; see `Changes` of src/integrations/calendar/calendar.ts. */
export type MirrorChanges = {
  objects: { remoteId: string; etag: string; busy: Interval[]; isUnreadable?: true }[];
  gone: string[];
  /** Where the reading began; null: at nothing. */
  since: string | null;
  token: string;
  isWhole: boolean;
  /** How long ago the provider was asked: what was entered since may not be in it. */
  tookSeconds: number;
};

type Ids = { id: string; networkId: string; barberId: string };

/** Where the last reading ended, and when all of it was last read (ISO text, UTC). */
export async function readMirrorState(
  em: EntityManager,
  { id, networkId }: Pick<Ids, 'id' | 'networkId'>,
): Promise<{ token: string | null; wholeAt: string | null; reads: boolean; writes: boolean } | null> {
  const [row] = await em.execute<{ token: string | null; wholeAt: Date | string | null; reads: boolean; writes: boolean }[]>(
    'select sync_token as token, whole_at as "wholeAt", reads, writes from calendar_connection where id = ? and network_id = ?',
    [id, networkId],
  );
  return row ? { ...row, wholeAt: row.wholeAt === null ? null : new Date(row.wholeAt).toISOString() } : null;
}

/**
 * Takes over what has changed, in one transaction. Where that changes when the barber is busy, his diary is bumped first, so that a booking
 * that has read the old facts reads anew. What lies on top of a visit is noted for a person; what no longer does, is settled. Nothing of a
 * connection that has ended, or is only compared: then it is noted that it was. Nothing of changes either that follow what is not known
 * here any more: the next reading tells them again.
 * @returns what was found.
 */
export async function applyChanges(em: EntityManager, ids: Ids, changes: MirrorChanges): Promise<{ changed: number; conflicts: number }> {
  return em.fork().transactional(async (tx) => {
    // It may have ended, or not be read any more, while its provider was asked: what is taken over then would keep its owner busy for ever.
    const [connection] = await tx.execute<{ reads: boolean; token: string | null }[]>(
      `select reads, sync_token as token from calendar_connection where id = ? and state <> 'ended' for no key update`,
      [ids.id],
    );
    if (!connection?.reads) {
      if (connection && changes.isWhole)
        await tx.execute(
          `update calendar_connection set whole_at = now(), error_class = null, error_text = null where id = ? and state = 'connected'`,
          [ids.id],
        );
      return { changed: 0, conflicts: 0 };
    }
    // The mirror was forgotten meanwhile and is read anew, or another reader was faster: with these alone, it would look complete.
    if (!changes.isWhole && connection.token !== changes.since) return { changed: 0, conflicts: 0 };
    const named = [...changes.objects.map(({ remoteId }) => remoteId), ...changes.gone];
    const known = await tx.execute<{ remote_id: string; during: string }[]>(
      `select remote_id, during::text as during
       from calendar_busy
       where connection_id = ? and (? or remote_id = any(?::text[]))
       for update`,
      [ids.id, changes.isWhole, arrayOf(named)],
    );
    const busy = changes.objects.filter((object) => object.busy.length > 0);
    const isUnread = changes.objects.some(({ isUnreadable }) => isUnreadable);
    // Of what nobody can read, what was known stays: its owner may well be busy.
    const kept = new Set(changes.objects.filter((each) => each.busy.length > 0 || each.isUnreadable).map(({ remoteId }) => remoteId));
    const old = known.flatMap(({ remote_id }) => (kept.has(remote_id) ? [] : [remote_id]));
    const rows = busy.map(({ remoteId, etag, busy: intervals }) => ({ remoteId, etag, during: multirange(intervals) }));
    const changed = await tx.execute<{ remoteId: string }[]>(
      `select n."remoteId"
       from jsonb_to_recordset(?::jsonb) n("remoteId" text, during tstzmultirange)
       where not exists (
         select from calendar_busy k
         where k.connection_id = ? and k.remote_id = n."remoteId" and k.during = n.during)`,
      [JSON.stringify(rows), ids.id],
    );
    if (changed.length + old.length > 0) {
      await bumpDiaries(tx, { networkId: ids.networkId, barberId: ids.barberId });
      await tx.execute('delete from calendar_busy where connection_id = ? and remote_id = any(?::text[])', [ids.id, arrayOf(old)]);
      await tx.execute(
        `insert into calendar_busy (connection_id, remote_id, network_id, barber_id, etag, during)
         select ?::uuid, n."remoteId", ?::uuid, ?::uuid, n.etag, n.during
         from jsonb_to_recordset(?::jsonb) n("remoteId" text, etag text, during tstzmultirange)
         on conflict (connection_id, remote_id)
           do update set etag = excluded.etag, during = excluded.during, changed_at = now()`,
        [
          ids.id,
          ids.networkId,
          ids.barberId,
          JSON.stringify(rows.filter(({ remoteId }) => changed.some((each) => each.remoteId === remoteId))),
        ],
      );
    }
    await tx.execute(
      `update calendar_connection
       set sync_token = ?, synced_at = now() - make_interval(secs => ?), whole_at = case when ? then now() else whole_at end, ${unreadNote}
       where id = ? and state = 'connected'`,
      [changes.token, changes.tookSeconds, changes.isWhole, isUnread, changes.isWhole, isUnread, changes.isWhole, ids.id],
    );
    await tx.execute(
      `update calendar_conflict
       set settled_at = now(), settled_by = 'itself'
       where connection_id = ? and kind = 'unseen' and settled_at is null`,
      [ids.id],
    );
    return { changed: changed.length + old.length, conflicts: await noteConflicts(tx, ids) };
  });
}

/** What is told once stays said until all is read anew. Each takes whether there is such, and whether all was read. */
const unreadNote = [
  ['error_class', 'unreadable'],
  ['error_text', 'something that was entered there cannot be read: whether its owner is busy then is not known'],
]
  .map(
    ([column, said]) =>
      `${column} = case when ? then '${said}' when ? or error_class is distinct from 'unreadable' then null else ${column} end`,
  )
  .join(', ');

/** Nothing of it is mirrored any more: its owner's time is free again. The next reading is of all; until then the calendar is unseen. */
export async function dropMirror(tx: EntityManager, networkId: string, connectionId: string): Promise<void> {
  const [connection] = await tx.execute<{ barber_id: string }[]>(
    'select barber_id from calendar_connection where id = ? and network_id = ?',
    [connectionId, networkId],
  );
  if (!connection) return;
  await bumpDiaries(tx, { networkId, barberId: connection.barber_id });
  await tx.execute('delete from calendar_busy where connection_id = ?', [connectionId]);
  await tx.execute(`update calendar_connection set sync_token = null, synced_at = null where id = ?`, [connectionId]);
  await tx.execute(
    `update calendar_conflict
     set settled_at = now(), settled_by = 'itself'
     where connection_id = ? and kind in ('overlap', 'unseen') and settled_at is null`,
    [connectionId],
  );
}

/**
 * Of visits that are still to come. What a person has settled is not brought up again; what ended by itself, and is so again, is.
 * @returns how many are new.
 */
async function noteConflicts(tx: EntityManager, { id, networkId, barberId }: Ids): Promise<number> {
  // A visit with a gap takes two stretches, and is one visit: what a person has said of it holds for both.
  const onTop = `select k.remote_id, o.appointment_id, tstzrange(min(lower(v.during)), max(upper(v.during))) as during
    from calendar_busy k
    join occupancy o on o.barber_id = k.barber_id and k.during && o.during
    join occupancy v on v.appointment_id = o.appointment_id and v.barber_id = o.barber_id
    where k.connection_id = ? and upper(o.during) > now()
    group by k.remote_id, o.appointment_id`;
  await tx.execute(
    `update calendar_conflict x
     set settled_at = now(), settled_by = 'itself'
     where x.connection_id = ? and x.kind = 'overlap' and x.settled_at is null
       and not exists (
         select from (${onTop}) t
         where t.remote_id = x.remote_id and t.appointment_id = x.appointment_id)`,
    [id, id],
  );
  const noted = await tx.execute<{ id: string }[]>(
    `insert into calendar_conflict (id, network_id, barber_id, connection_id, appointment_id, kind, remote_id, during)
     select gen_random_uuid(), ?::uuid, ?::uuid, ?::uuid, t.appointment_id, 'overlap', t.remote_id, t.during
     from (${onTop}) t
     where not exists (
       select from calendar_conflict x
       where x.connection_id = ? and x.kind = 'overlap'
         and x.remote_id = t.remote_id and x.appointment_id = t.appointment_id and x.during = t.during
         and x.settled_by is distinct from 'itself')
     on conflict do nothing
     returning id`,
    [networkId, barberId, id, id, id],
  );
  return noted.length;
}

/** What was told once could not be judged yet: the next reading is of all. */
export async function readAllNext(em: EntityManager, id: string): Promise<void> {
  await em.execute('update calendar_connection set whole_at = null where id = ?', [id]);
}

/** It could not be read this time. */
export async function noteUnread(em: EntityManager, id: string, error: { errorClass: string; errorText: string }): Promise<void> {
  await em.execute(`update calendar_connection set error_class = ?, error_text = ? where id = ? and state = 'connected'`, [
    error.errorClass,
    error.errorText,
    id,
  ]);
}

/**
 * Calendars that should be read all the time, and have not been for so long: whoever read them is gone. And those that are only written,
 * once a day.
 */
export async function findUnread(
  em: EntityManager,
  olderThanSeconds: number,
): Promise<{ id: string; networkId: string; provider: CalendarProvider }[]> {
  return em.execute(
    `select id, network_id as "networkId", provider
     from calendar_connection
     where state = 'connected'
       and case
         when reads then coalesce(synced_at, created_at) < now() - make_interval(secs => ?)
         else writes and coalesce(whole_at, created_at) < now() - interval '1 day'
       end
     order by coalesce(case when reads then synced_at else whole_at end, created_at)
     limit 1000`,
    [olderThanSeconds],
  );
}

const arrayOf = (texts: string[]): string => `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
const multirange = (intervals: Interval[]): string =>
  `{${intervals.map(({ from, to }) => `[${new Date(from).toISOString()},${new Date(to).toISOString()})`).join(',')}}`;
