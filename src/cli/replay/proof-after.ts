/**
 * The proofs of what became of the bookings, in SQL: rows, events, claimed time and messages agree with the last answer that each
 * appointment got. Read once all messages that are due have ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { startProgress } from './progress.ts';
import type { Shown } from './send.ts';

const lookEveryMs = 1_000;
const giveUpAfterSilenceMs = 3 * 60_000;

/**
 * Each line is one appointment and what is wrong with it. `said` is what the answers left; `moved` counts the moves that succeeded.
 * A message of an earlier word may have been withdrawn for a later one; the last word must have been delivered, and nothing be left lying.
 */
const wrongStatement = `
with said as (
  select * from jsonb_to_recordset($1::jsonb) as s ("appointmentId" uuid, status text, "startsAt" timestamptz, version int)
), stands as (
  select s."appointmentId" as id, s.status as said_status, s."startsAt" as said_start, s.version as said_version,
    a.status, a.starts_at, a.version,
    (select count(*) from appointment_event e where e.appointment_id = a.id and e.version between 1 and a.version) as events,
    (select count(*) from appointment_event e where e.appointment_id = a.id) as all_events,
    (select count(*) from appointment_event e where e.appointment_id = a.id and e.kind = 'rescheduled') as moves
  from said s
  left join appointment a on a.id = s."appointmentId"
), sent as (
  select d.appointment_id as id, d.kind, count(*) filter (where d.state = 'delivered') as delivered, count(*) as written,
    (array_agg(d.state order by d.sequence desc))[1] as last_state
  from delivery d
  join said s on s."appointmentId" = d.appointment_id
  group by d.appointment_id, d.kind
)
select 'disagrees' as fault, id,
  said_status || ' ' || said_start || ' v' || said_version || ', the row: '
    || coalesce(status || ' ' || starts_at || ' v' || version, 'none') as what
from stands
where (status, starts_at, version) is distinct from (said_status, said_start, said_version)
union all
select 'events', id, events || ' of ' || all_events || ' events up to version ' || version
from stands
where (events, all_events) is distinct from (version::bigint, version::bigint)
union all
select 'claimed', stands.id, count(*) || ' claims'
from stands
join occupancy o on o.appointment_id = stands.id
where stands.status in ('cancelled', 'expired', 'refused') or (stands.status = 'no_show' and upper(o.during) > now())
group by stands.id
union all
select 'untold', id, kind || ' delivered ' || coalesce(delivered, 0) || ' times'
from stands
cross join unnest(array['cancellation_customer', 'cancellation_barber']) as kind
left join sent using (id, kind)
where stands.status = 'cancelled' and (delivered, written) is distinct from (1, 1)
union all
select 'untold', id, kind || ' ' || coalesce(last_state, 'never written')
from stands
cross join unnest(array['rescheduled_customer', 'rescheduled_barber']) as kind
left join sent using (id, kind)
where stands.status = 'confirmed' and moves > 0 and (last_state is distinct from 'delivered' or written <> moves)
union all
select 'parked', d.appointment_id, d.kind
from delivery d
join said s on s."appointmentId" = d.appointment_id
where d.state = 'parked'
union all
select 'overdue', d.appointment_id, d.kind || ' ' || d.state
from delivery d
join said s on s."appointmentId" = d.appointment_id
where d.state = 'in_flight' or (d.state = 'due' and d.due_at < now())`;
/** What can be wrong: see the statement. Each is a list of what to show. */
export const faults = ['disagrees', 'events', 'claimed', 'untold', 'parked', 'overdue'] as const;
export type Wrong = Record<(typeof faults)[number], { appointmentId: string; what: string }[]>;

/** Holds the last answers against the database. */
export async function findWrong(database: Pool, last: Shown[]): Promise<Wrong> {
  const { rows } = await database.query<{ fault: keyof Wrong; id: string; what: string }>(wrongStatement, [JSON.stringify(last)]);
  const of = (fault: keyof Wrong) => rows.filter((row) => row.fault === fault).map(({ id, what }) => ({ appointmentId: id, what }));
  return Object.fromEntries(faults.map((fault) => [fault, of(fault)])) as Wrong;
}

export type Messages = { delivered: Record<string, number>; withdrawn: number };

/** How many messages of these appointments were delivered, by kind, and how many taken back before they went out. */
export async function countMessages(database: Pool, appointmentIds: string[], since: Date): Promise<Messages> {
  const { rows } = await database.query<{ kind: string; delivered: number; withdrawn: number }>(
    `select kind,
       count(*) filter (where state = 'delivered')::int as delivered,
       count(*) filter (where withdrawn_at is not null)::int as withdrawn
     from delivery
     where appointment_id = any($1::uuid[]) and created_at >= $2 and kind !~ '^reminder'
     group by kind
     order by kind`,
    [appointmentIds, since],
  );
  return {
    delivered: Object.fromEntries(rows.map(({ kind, delivered }) => [kind, delivered])),
    withdrawn: rows.reduce((sum, row) => sum + row.withdrawn, 0),
  };
}

/** Waits until none of these appointments' messages is due or under way, or until their number has not changed for three minutes. */
export async function waitUntilSent(database: Pool, appointmentIds: string[]): Promise<void> {
  let open = 0;
  let before = -1;
  let quietSince = Date.now();
  const progress = startProgress('Messages', appointmentIds.length, () => `appointments, ${open} messages still open`);
  try {
    for (;;) {
      const { rows } = await database.query<{ open: number; settled: number }>(
        `select count(*) filter (where open)::int as open,
           count(distinct appointment_id)::int - count(distinct appointment_id) filter (where open)::int as settled
         from (
           select appointment_id, state = 'in_flight' or (state = 'due' and due_at < now()) as open
           from delivery
           where appointment_id = any($1::uuid[])) each`,
        [appointmentIds],
      );
      open = rows[0]!.open;
      progress.set(rows[0]!.settled);
      if (open !== before) quietSince = Date.now();
      before = open;
      if (open === 0 || Date.now() - quietSince > giveUpAfterSilenceMs) return;
      await sleep(lookEveryMs);
    }
  } finally {
    progress.stop();
  }
}

/** The time zones of all shops, by id. */
export async function readZones(database: Pool): Promise<Map<string, string>> {
  const { rows } = await database.query<{ id: string; time_zone: string }>('select id, time_zone from shop');
  return new Map(rows.map((row) => [row.id, row.time_zone]));
}
