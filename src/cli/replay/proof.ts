/**
 * The proofs about time, in SQL over what the database holds, written apart from the engine's own rules and constraints: nobody is booked
 * twice, every answer "booked" has its rows, and every refusal of a booking had a reason.
 */
import type { Pool } from 'pg';

/**
 * Compares pairs by arithmetic, not by the `&&` that the exclusion constraint uses: occupancy rows; the visits themselves; the visits
 * with the buffers of their service, for the appointments of this run, since older ones may have been booked under other buffers.
 */
const overlapStatement = `
with visit as (
  select a.id, a.barber_id, a.starts_at, a.ends_at, a.id = any($1::uuid[]) as of_this_run,
    a.starts_at - make_interval(mins => coalesce((s.settings->>'bufferBeforeMinutes')::int, 0)) as claimed_from,
    a.ends_at + make_interval(mins => coalesce((s.settings->>'bufferAfterMinutes')::int, 0)) as claimed_to
  from appointment a
  join service s on s.id = a.service_id
  where a.status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started')
)
select
  (select count(*)::int
   from occupancy a
   join occupancy b on a.barber_id = b.barber_id and a.id < b.id
   where lower(a.during) < upper(b.during) and lower(b.during) < upper(a.during)) as occupancy,
  (select count(*)::int
   from visit a
   join visit b on a.barber_id = b.barber_id and a.id < b.id
   where a.starts_at < b.ends_at and b.starts_at < a.ends_at) as visits,
  (select count(*)::int
   from visit a
   join visit b on a.barber_id = b.barber_id and a.id < b.id
   where a.of_this_run and b.of_this_run and a.claimed_from < b.claimed_to and b.claimed_from < a.claimed_to) as visits_with_buffers,
  (select count(*)::int
   from unnest($1::uuid[]) as answered (id)
   left join visit v on v.id = answered.id
   where not exists (
       select from occupancy o
       where o.appointment_id = v.id and o.barber_id = v.barber_id
         and lower(o.during) <= v.claimed_from and upper(o.during) >= v.claimed_to)
     and not exists (
       select from appointment_event e
       where e.appointment_id = answered.id and e.kind = 'cancelled')) as unclaimed`;

export type Overlaps = {
  /** Pairs of occupancy rows of one barber that overlap. */
  occupancy: number;
  /** Pairs of appointments of one barber that are still to take place, or do, and overlap. */
  visits: number;
  /** The same with buffers, among this run's. */
  visitsWithBuffers: number;
  /**
   * Appointments of this run that should stand and do not, or whose time is not claimed in full; those cancelled since are judged by the
   * last answers.
   */
  unclaimed: number;
};

/** Counts what must not be; `appointmentIds` are those that, by their last answers, are to take place. */
export async function countOverlaps(database: Pool, appointmentIds: string[]): Promise<Overlaps> {
  type Counts = { occupancy: number; visits: number; visits_with_buffers: number; unclaimed: number };
  const { rows } = await database.query<Counts>(overlapStatement, [appointmentIds]);
  const counts = rows[0]!;
  return { occupancy: counts.occupancy, visits: counts.visits, visitsWithBuffers: counts.visits_with_buffers, unclaimed: counts.unclaimed };
}

/** The weekly stretches in a JSON column, each laid on the days around the visit: `opens` to `shuts` on the shop's wall clock. */
const stretchesOf = (column: string): string => `(
      select day,
        day + make_interval(mins => (stretch->>'fromMinute')::int) as opens,
        day + make_interval(mins => (stretch->>'toMinute')::int) as shuts
      from jsonb_array_elements(${column}) as stretch,
        generate_series(-2, 1) as shift,
        lateral (select wall_from::date + shift as day) as shifted
      where extract(isodow from day) = (stretch->>'weekday')::int
    ) as laid`;
const holds = 'opens <= wall_from and wall_to <= shuts';
const touches = 'opens < wall_to and wall_from < shuts';

/** A refusal as the file and the API tell it; `localStart` is on the shop's wall clock. */
export type Refusal = {
  key: string;
  code: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  localStart: string;
  answeredAt: string;
};

/** A refusal with what the database says: how many barbers it concerned, who of them worked then, who of those was free. */
export type Judged = Refusal & { working: number; free: number };

/**
 * Per refusal: the barbers who could have been meant; those at work at that time (shop open and not closed that day, shift, no break, no
 * time off); and those of them who were free: no claim overlaps the visit with its buffers. Only claims made before the refusal count.
 * A stretch belongs to the day on which it begins, so that each visit is laid against the stretches of the days around it.
 */
const refusalStatement = `
with refusal as (
  select r.key, r."barberId" as barber_id, s.id as shop_id, s.opening_hours,
    r."answeredAt" + interval '2 seconds' as answered_at, s.time_zone,
    coalesce((v.settings->>'bufferBeforeMinutes')::int, 0) as buffer_before_minutes,
    coalesce((v.settings->>'bufferAfterMinutes')::int, 0) as buffer_after_minutes,
    r."localStart" at time zone s.time_zone as starts_at,
    r."localStart" at time zone s.time_zone + make_interval(mins => v.duration_minutes) as ends_at
  from jsonb_to_recordset($1::jsonb) as r (
    key text, "shopId" uuid, "serviceId" uuid, "barberId" uuid, "localStart" timestamp, "answeredAt" timestamptz)
  join shop s on s.id = r."shopId"
  join service v on v.id = r."serviceId"
), wall as (
  select *, starts_at at time zone time_zone as wall_from, ends_at at time zone time_zone as wall_to
  from refusal
), wanted as (
  select *,
    exists (
      select from ${stretchesOf('opening_hours')}
      where ${holds}
        and not exists (
          select from shop_closure c
          where c.shop_id = wall.shop_id and day between c.from_date and c.to_date)) as is_open
  from wall
), candidate as (
  select wanted.*, a.barber_id as candidate_id,
    coalesce(nullif(period->'hours', 'null'), wanted.opening_hours) as hours, period->'breaks' as breaks
  from wanted
  join assignment a on a.shop_id = wanted.shop_id and (wanted.barber_id is null or a.barber_id = wanted.barber_id)
  cross join lateral jsonb_array_elements(a.periods) period
  join barber b on b.id = a.barber_id and b.archived_at is null
  where wall_from::date between coalesce((period->>'fromDate')::date, '-infinity') and coalesce((period->>'toDate')::date, 'infinity')
), judged as (
  select *,
    is_open
      and exists (select from ${stretchesOf('hours')} where ${holds})
      and not exists (select from ${stretchesOf('breaks')} where ${touches})
      and not exists (
        select from time_off t
        where t.barber_id = candidate_id
          and (
            t.starts_at < candidate.ends_at and candidate.starts_at < t.ends_at
            or wall_from::date between t.from_date and t.to_date))
    as works,
    exists (
      select from occupancy o
      join appointment a on a.id = o.appointment_id
      where o.barber_id = candidate_id and a.created_at <= answered_at
        and lower(o.during) < candidate.ends_at + make_interval(mins => buffer_after_minutes)
        and upper(o.during) > candidate.starts_at - make_interval(mins => buffer_before_minutes))
    as is_taken
  from candidate
)
select key, count(*) filter (where works)::int as working, count(*) filter (where works and not is_taken)::int as free
from judged
group by key`;

/** The clocks' own refusals: a local time that the change of the clocks skips or repeats names no single time that could be free. */
const refusedByTheClock = ['ambiguous_local_time', 'skipped_local_time'];

function isExplained({ code, barberId, working, free }: Judged): boolean {
  if (free > 0) return false;
  if (code === 'slot_taken') return working > 0;
  // Asked for any barber, some may be taken and others at lunch: then either code is true.
  return working === 0 || barberId === null;
}

/**
 * Refusals that the database cannot explain: somebody was free after all, or the code says "taken" and nobody was at work, or the reverse.
 */
export async function findUnexplained(database: Pool, refusals: Refusal[]): Promise<Judged[]> {
  const { rows } = await database.query<{ key: string; working: number; free: number }>(refusalStatement, [JSON.stringify(refusals)]);
  const found = new Map(rows.map((row) => [row.key, row]));
  return refusals
    .filter(({ code }) => !refusedByTheClock.includes(code))
    .map((refusal) => ({ ...refusal, working: 0, free: 0, ...found.get(refusal.key) }))
    .filter((judged) => !isExplained(judged));
}

/** How far the database's clock is ahead of ours, in milliseconds. */
export async function readClockOffset(database: Pool): Promise<number> {
  const { rows } = await database.query<{ now: Date }>('select clock_timestamp() as now');
  return rows[0]!.now.getTime() - Date.now();
}
