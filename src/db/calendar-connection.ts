/** Calendars that barbers have connected: which they are, whether their sign-in holds, and what is sealed of them. */
import { v7 as uuidv7 } from 'uuid';
import type { CalendarPrivacy } from '../domain/calendar-visit.ts';
import type { CalendarProvider } from '../domain/channel.ts';
import { Problem } from '../errors.ts';
import { planAll, planRemoval } from './calendar-visit.ts';
import { applyWishes, type CalendarWishes, type WishedFor } from './calendar-wishes.ts';
import type { EntityManager } from './orm.ts';
import { requireVersion } from './record.ts';

export type CalendarState = 'connected' | 'signed_out' | 'ended';

/** Instants are ISO text in UTC. Nothing of the secrets. */
export type ConnectionView = {
  id: string;
  barberId: string;
  provider: CalendarProvider;
  account: string;
  calendarId: string;
  calendarName: string;
  privacy: CalendarPrivacy;
  writes: boolean;
  reads: boolean;
  state: CalendarState;
  /** The last time that all we know of it was true. */
  syncedAt: string | null;
  errorClass: string | null;
  errorText: string | null;
  signedOutAt: string | null;
  createdAt: string;
  version: number;
};

/** What opening it needs. */
export type Connection = {
  id: string;
  networkId: string;
  barberId: string;
  provider: CalendarProvider;
  account: string;
  calendarId: string;
  timeZone: string;
  privacy: CalendarPrivacy;
  secrets: string | null;
  state: CalendarState;
  version: number;
};

/** What is not wished stays as it was; at first, entries tell all, and it is written and read. */
export type NewConnection = Pick<ConnectionView, 'barberId' | 'provider' | 'account' | 'calendarId' | 'calendarName'> & WishedFor;

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const viewColumns = `c.id, c.barber_id as "barberId", c.provider, c.account,
  c.calendar_id as "calendarId", c.calendar_name as "calendarName", c.privacy, c.writes, c.reads, c.state,
  ${utc('c.synced_at')} as "syncedAt", c.error_class as "errorClass", c.error_text as "errorText",
  ${utc('c.signed_out_at')} as "signedOutAt", ${utc('c.created_at')} as "createdAt", c.version`;

/** Those that have not ended. */
export async function listConnections(em: EntityManager, networkId: string, barberId: string): Promise<ConnectionView[]> {
  return em.execute(
    `select ${viewColumns}
     from calendar_connection c
     where c.network_id = ? and c.barber_id = ? and c.state <> 'ended'
     order by c.created_at, c.id`,
    [networkId, barberId],
  );
}

/** @throws not_found */
export async function readConnection(em: EntityManager, networkId: string, id: string): Promise<ConnectionView> {
  const [row] = await em.execute<ConnectionView[]>(`select ${viewColumns} from calendar_connection c where c.network_id = ? and c.id = ?`, [
    networkId,
    id,
  ]);
  if (!row) throw new Problem('not_found');
  return row;
}

/** Null when there is none, or it has ended and its secrets are gone. */
export async function findConnection(em: EntityManager, networkId: string, id: string): Promise<Connection | null> {
  const [row] = await em.execute<Connection[]>(
    `select id, network_id as "networkId", barber_id as "barberId", provider, account, calendar_id as "calendarId",
       time_zone as "timeZone", privacy, secrets, state, version
     from calendar_connection
     where network_id = ? and id = ?`,
    [networkId, id],
  );
  return row ?? null;
}

/**
 * Connects a calendar, or connects one again whose sign-in had died: the same calendar of the same barber is the same connection. `seal`
 * makes the stored secret for the id. The calendar's own zone is that of a shop where the barber works, else the network's first. All
 * visits to come of its owner are planned to be there as is wished.
 * @returns its id, and whether it is to be read.
 */
export async function saveConnection(
  em: EntityManager,
  networkId: string,
  given: NewConnection,
  seal: (id: string) => Promise<string>,
  now: Date,
): Promise<{ id: string; reads: boolean }> {
  const { barberId, provider, account, calendarId, calendarName, ...wishes } = given;
  return em.fork().transactional(async (tx) => {
    // Of two requests at once the second finds the row of the first.
    await tx.execute(`select pg_advisory_xact_lock(hashtextextended('calendar ' || ?::text, 0))`, [barberId]);
    const [known] = await tx.execute<{ id: string }[]>(
      `select id from calendar_connection
       where network_id = ? and barber_id = ? and provider = ? and calendar_id = ? and state <> 'ended'
       for update`,
      [networkId, barberId, provider, calendarId],
    );
    const id = known?.id ?? uuidv7();
    const secrets = await seal(id);
    if (known) {
      await tx.execute(
        `update calendar_connection
         set secrets = ?, account = ?, state = 'connected', signed_out_at = null, told_at = null,
           error_class = null, error_text = null, version = version + 1
         where id = ?`,
        [secrets, account, id],
      );
      return { id, reads: (await applyWishes(tx, networkId, id, wishes, now)).reads };
    }
    const { privacy = 'full', writes = true, reads = true } = wishes;
    await tx.execute(
      `insert into calendar_connection (
         id, network_id, barber_id, provider, account, calendar_id, calendar_name, privacy, writes, reads, secrets, time_zone)
       select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(
         (select s.time_zone
          from assignment a
          join shop s on s.id = a.shop_id
          where a.barber_id = ?
          order by s.archived_at nulls first, s.id
          limit 1),
         (select s.time_zone from shop s where s.network_id = ? order by s.id limit 1),
         'UTC')`,
      [id, networkId, barberId, provider, account, calendarId, calendarName, privacy, writes, reads, secrets, barberId, networkId],
    );
    await planAll(tx, networkId, id, now);
    return { id, reads };
  });
}

/** Changes what it is for; see `applyWishes`. @throws not_found, also of one that has ended; precondition_failed */
export async function changeWishes(
  em: EntityManager,
  networkId: string,
  id: string,
  version: number,
  wishes: CalendarWishes,
  now: Date,
): Promise<void> {
  await em.fork().transactional(async (tx) => {
    const [found] = await tx.execute(`select from calendar_connection where id = ? and network_id = ? and state <> 'ended' for update`, [
      id,
      networkId,
    ]);
    if (!found) throw new Problem('not_found');
    const current = await readConnection(tx, networkId, id);
    requireVersion(current, version, current);
    await tx.execute('update calendar_connection set version = version + 1 where id = ?', [id]);
    await applyWishes(tx, networkId, id, wishes, now);
  });
}

/**
 * The provider no longer takes the sign-in that was read with this `version`; noted once.
 * @returns false where its owner has signed in again since: then it is as if nothing had been.
 */
export async function noteSignedOut(
  em: EntityManager,
  { id, version }: Pick<Connection, 'id' | 'version'>,
  errorText: string,
): Promise<boolean> {
  await em.execute(
    `update calendar_connection
     set state = 'signed_out', signed_out_at = now(), error_class = 'sign_in', error_text = ?, version = version + 1
     where id = ? and state = 'connected' and version = ?`,
    [errorText, id, version],
  );
  const [row] = await em.execute<{ state: CalendarState; version: number }[]>(
    'select state, version from calendar_connection where id = ?',
    [id],
  );
  // What has ended may have been given another sign-in, to take away what it had put there.
  return row?.state === 'ended' ? row.version === version : row?.state !== 'connected';
}

/** All that is sealed, over all networks. */
export const listSealed = (em: EntityManager): Promise<{ id: string; secrets: string }[]> =>
  em.execute('select id, secrets from calendar_connection where secrets is not null');

/** What is sealed of a connection now; null when there is none, or it is forgotten. */
export async function readSecrets(em: EntityManager, id: string): Promise<string | null> {
  const [row] = await em.execute<{ secrets: string | null }[]>('select secrets from calendar_connection where id = ?', [id]);
  return row?.secrets ?? null;
}

/** Whether a person has had this tried again since its calendar's sign-in died. */
export async function isRetriedSince(em: EntityManager, { id }: Pick<Connection, 'id'>, deliveryId: string): Promise<boolean> {
  const [row] = await em.execute<[{ yes: boolean }]>(
    `select exists (
       select from delivery_event e
       join calendar_connection c on c.id = ?
       where e.delivery_id = ? and e.kind = 'retried' and e.happened_at > c.signed_out_at) as yes`,
    [id, deliveryId],
  );
  return row.yes;
}

/** Other secrets in place of these, unless they have changed meanwhile. */
export async function replaceSecrets(em: EntityManager, id: string, old: string, secrets: string): Promise<void> {
  await em.execute('update calendar_connection set secrets = ? where id = ? and secrets = ?', [secrets, id, old]);
}

/**
 * Ends a connection, and plans what follows in the same transaction: whoever ends it again after an outage in between would find nothing
 * left to do, and what is there would stay for ever. `remove`: what is there of visits to come is taken away.
 * @returns whether it had not ended before.
 */
export async function endConnection(em: EntityManager, networkId: string, id: string, now: Date, remove: boolean): Promise<boolean> {
  return em.fork().transactional(async (tx) => {
    const ended = await tx.execute<{ id: string }[]>(
      `update calendar_connection
       set state = 'ended', ended_at = now(), version = version + 1
       where network_id = ? and id = ? and state <> 'ended'
       returning id`,
      [networkId, id],
    );
    if (ended.length > 0) await planRemoval(tx, networkId, id, now, remove);
    return ended.length > 0;
  });
}

/**
 * Ends the connections of barbers who were archived, once their last visit is over: what they enter in their own calendars concerns nobody
 * here any more, and their sign-ins are not ours to keep. What was written stays there: it has been.
 */
export async function endArchived(em: EntityManager, now: Date): Promise<void> {
  const outlived = await em.execute<{ id: string; networkId: string }[]>(
    `select c.id, c.network_id as "networkId"
     from calendar_connection c
     join barber b on b.id = c.barber_id
     where c.state <> 'ended' and b.archived_at is not null
       and not exists (
         select from appointment_part p
         join appointment a on a.id = p.appointment_id
         where p.barber_id = b.id and a.ends_at > ?::timestamptz
           and a.status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started'))`,
    [now],
  );
  for (const { id, networkId } of outlived) await endConnection(em.fork(), networkId, id, now, false);
}
