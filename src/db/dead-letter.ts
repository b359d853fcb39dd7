/**
 * Dead letters: effects that wait for a person, since they could not be sent, or did not arrive. They are tried again or given up, one by
 * one or many at once.
 */
import { v7 as uuidv7 } from 'uuid';
import type { Channel } from '../domain/channel.ts';
import type { DeliveryKind } from '../domain/effects.ts';
import { afterCursor, requireTimeCursor, toPage, type Page } from './cursor.ts';
import { isSuperseded, shopOf } from './delivery.ts';
import type { EntityManager } from './orm.ts';

/**
 * Which ones; a field that is missing does not narrow. `before` and `after` are instants of their being parked, or of the news that they
 * did not arrive, in ISO text.
 */
export type DeadLetterFilter = {
  ids?: string[];
  shopId?: string;
  kind?: DeliveryKind;
  errorClass?: string;
  channel?: Channel;
  connectionId?: string;
  before?: string;
  after?: string;
};

/** Instants are ISO text in UTC. */
export type DeadLetterView = {
  id: string;
  appointmentId: string;
  shopId: string | null;
  kind: DeliveryKind;
  channel: Channel;
  errorClass: string;
  errorText: string;
  attempts: number;
  retries: number;
  dueAt: string;
  firstTriedAt: string | null;
  parkedAt: string;
  usefulUntil: string;
};

/** Parked, or bounced and not made good by a later message to the same reader. */
const waits = `(d.state = 'parked' or (d.state = 'bounced' and not ${isSuperseded}))`;

/** The condition and its parameters, in order. */
function where(
  networkId: string,
  { ids, shopId, kind, errorClass, channel, connectionId, before, after }: DeadLetterFilter,
): [string, unknown[]] {
  const terms: [string, unknown][] = [['d.network_id = ?', networkId]];
  if (ids) terms.push(['d.id = any(?::uuid[])', `{${ids.join(',')}}`]);
  if (shopId) terms.push([`${shopOf} = ?::uuid`, shopId]);
  if (kind) terms.push(['d.kind = ?', kind]);
  if (errorClass) terms.push([`coalesce(d.error_class, 'unknown') = ?`, errorClass]);
  if (channel) terms.push(['d.channel = ?', channel]);
  if (connectionId) terms.push(['d.connection_id = ?::uuid', connectionId]);
  if (before) terms.push(['d.finished_at < ?::timestamptz', before]);
  if (after) terms.push(['d.finished_at >= ?::timestamptz', after]);
  return [`${waits} and ${terms.map(([term]) => term).join(' and ')}`, terms.map(([, value]) => value)];
}

/** The oldest first. */
export async function listDeadLetters(
  em: EntityManager,
  networkId: string,
  filter: DeadLetterFilter,
  { cursor, limit }: { cursor: string | null; limit: number },
): Promise<Page<DeadLetterView>> {
  const [condition, values] = where(networkId, filter);
  if (cursor !== null) requireTimeCursor(cursor);
  const after = afterCursor(cursor);
  const rows = await em.execute<DeadLetterView[]>(
    `select d.id, d.appointment_id as "appointmentId", ${shopOf} as "shopId", d.kind, d.channel,
       coalesce(d.error_class, 'unknown') as "errorClass", coalesce(d.error_text, '') as "errorText",
       d.attempts, d.retries, ${utc('d.due_at')} as "dueAt", ${utc('d.first_tried_at')} as "firstTriedAt",
       ${utc('d.finished_at')} as "parkedAt", ${utc('d.useful_until')} as "usefulUntil"
     from delivery d
     where ${condition} ${after ? `and (${parkedAt}, d.id) > (?::timestamptz, ?::uuid)` : ''}
     order by ${parkedAt}, d.id
     limit ?`,
    [...values, ...(after ?? []), limit + 1],
  );
  return toPage(rows, limit, (row) => [row.parkedAt, row.id]);
}

/** To the millisecond, as a cursor tells it. */
const parkedAt = `date_trunc('milliseconds', d.finished_at)`;
const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

export type DeadLetterState = { id: string; appointmentId: string; state: string; retries: number; errorClass: string | null };

/** One delivery of the network in whatever state, or null. */
export async function findDelivery(em: EntityManager, networkId: string, id: string): Promise<DeadLetterState | null> {
  const [row] = await em.execute<DeadLetterState[]>(
    `select id, appointment_id as "appointmentId", state, retries, error_class as "errorClass"
     from delivery
     where id = ? and network_id = ?`,
    [id, networkId],
  );
  return row ?? null;
}

/** A delivery that was changed, and whose it is. */
export type Changed = { id: string; appointmentId: string };
export type ChangedMany = { changed: Changed[]; left: number };

/**
 * Opens up to `limit` dead letters again, the oldest first, to be handed over to a workflow. One that is open again is none any more, so
 * doing it twice tries once. Answers which there were and how many are left.
 */
export async function reopenDeadLetters(
  em: EntityManager,
  networkId: string,
  filter: DeadLetterFilter,
  actor: string,
  limit: number,
): Promise<ChangedMany> {
  // The way whose sign-in works again; else from the first on.
  const channel = filter.errorClass === 'sign_in' && actor === 'housekeeping' ? 'channel' : 'channels[1]';
  return change(
    em,
    networkId,
    filter,
    limit,
    { kind: 'retried', actor, reason: null },
    `state = 'due', channel = ${channel}, attempts = 0,
    error_class = case when ${channel} = channel then error_class end,
    error_text = case when ${channel} = channel then error_text end, first_tried_at = null, next_try_at = null,
    attempt_by = null, finished_at = null, retries = retries + 1, handover_since = now(),
    provider_id = case when state = 'bounced' then null else provider_id end`,
  );
}

/** Gives up to `limit` dead letters up, for a reason. */
export async function skipDeadLetters(
  em: EntityManager,
  networkId: string,
  filter: DeadLetterFilter,
  actor: string,
  reason: string,
  limit: number,
): Promise<ChangedMany> {
  return change(
    em,
    networkId,
    filter,
    limit,
    { kind: 'skipped', actor, reason },
    `state = 'skipped', error_class = 'given_up', error_text = 'a person gave it up'`,
  );
}

async function change(
  em: EntityManager,
  networkId: string,
  filter: DeadLetterFilter,
  limit: number,
  event: { kind: string; actor: string; reason: string | null },
  set: string,
): Promise<ChangedMany> {
  const [condition, values] = where(networkId, filter);
  return em.fork().transactional(async (tx) => {
    const found = await tx.execute<Changed[]>(
      `select d.id, d.appointment_id as "appointmentId" from delivery d where ${condition} order by d.finished_at, d.id limit ?`,
      [...values, limit],
    );
    // A cancellation or a move that is just being written is waited for: after it, what has bounced would be wrong.
    await tx.execute('select from appointment where id = any(?::uuid[]) order by id for share', [
      `{${found.map(({ appointmentId }) => appointmentId).join(',')}}`,
    ]);
    const changed = await tx.execute<Changed[]>(
      `update delivery
       set ${set}
       where id in (
           select d.id
           from delivery d
           where ${condition} and d.id = any(?::uuid[])
           order by d.finished_at, d.id
           for update)
         and state in ('parked', 'bounced')
       returning id, appointment_id as "appointmentId"`,
      [...values, `{${found.map(({ id }) => id).join(',')}}`],
    );
    if (changed.length > 0) {
      await tx.execute(
        `insert into delivery_event (id, network_id, delivery_id, kind, actor, reason)
         select e.id, ?::uuid, e."deliveryId", ?, ?, ?
         from jsonb_to_recordset(?::jsonb) as e(id uuid, "deliveryId" uuid)`,
        [networkId, event.kind, event.actor, event.reason, JSON.stringify(changed.map(({ id }) => ({ id: uuidv7(), deliveryId: id })))],
      );
    }
    const [rest] = await tx.execute<[{ left: number }]>(`select count(*)::int as left from delivery d where ${condition}`, values);
    return { changed, left: rest.left };
  });
}

/** How many effects wait for a person, over all networks; for the metric. */
export async function countParked(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(`select count(*)::int as count from delivery d where ${waits}`);
  return row?.count ?? 0;
}
