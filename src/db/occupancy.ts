/** Claimed time: given back, cut short, or claimed again. Whoever changes it holds the diaries of the barbers concerned. */
import { v7 as uuidv7 } from 'uuid';
import type { Claim } from '../domain/rules.ts';
import { MINUTE } from '../domain/time.ts';
import type { EntityManager } from './orm.ts';

/** A claim as it is kept in an event; instants are ISO text in UTC. */
export type KeptClaim = { barberId: string; from: string; to: string; visitStartsAt: string | null };

export const keptClaim = ({ barberId, from, to, visitStartsAt }: Claim): KeptClaim => ({
  barberId,
  from: iso(from),
  to: iso(to),
  visitStartsAt: visitStartsAt === null ? null : iso(visitStartsAt),
});

const iso = (instant: number): string => new Date(instant).toISOString();

/** The rows of a JSON array, as the text of a FROM item. */
export const claimRows = `jsonb_to_recordset(?::jsonb)
  as o(id uuid, "barberId" uuid, "from" timestamptz, "to" timestamptz, "visitStartsAt" timestamptz)`;

/** Claims time under the constraint; throws what `lostRace` recognises when it is taken. */
export async function claimTime(tx: EntityManager, networkId: string, appointmentId: string, claims: KeptClaim[]): Promise<void> {
  await tx.execute(
    `insert into occupancy (id, network_id, barber_id, appointment_id, during, visit_starts_at)
     select o.id, ?::uuid, o."barberId", ?::uuid, tstzrange(o."from", o."to"), o."visitStartsAt"
     from ${claimRows}`,
    [networkId, appointmentId, JSON.stringify(claims.map((claim) => ({ id: uuidv7(), ...claim })))],
  );
}

/** Gives all of an appointment's time back. */
export async function freeTime(tx: EntityManager, appointmentId: string): Promise<void> {
  await tx.execute('delete from occupancy where appointment_id = ?', [appointmentId]);
}

/**
 * Gives back what is still to come of it, and answers that; what has passed stays, for caps and fairness. Cut at the whole minute, at which
 * whoever walks in next begins.
 */
export async function freeRest(tx: EntityManager, appointmentId: string, at: Date): Promise<KeptClaim[]> {
  const now = new Date(Math.floor(at.getTime() / MINUTE) * MINUTE);
  const rest = await tx.execute<{ barberId: string; from: Date; to: Date; visitStartsAt: Date | null }[]>(
    `with gone as (
       delete from occupancy
       where appointment_id = ? and lower(during) >= ?::timestamptz
       returning barber_id, lower(during) as at, upper(during) as until, visit_starts_at),
     cut as (
       update occupancy o
       set during = tstzrange(lower(o.during), ?::timestamptz)
       from occupancy was
       where o.appointment_id = ? and o.id = was.id and lower(o.during) < ?::timestamptz and upper(o.during) > ?::timestamptz
       returning o.barber_id, ?::timestamptz as at, upper(was.during) as until, null::timestamptz as visit_starts_at)
     select barber_id as "barberId", at as "from", until as "to", visit_starts_at as "visitStartsAt"
     from (select * from gone union all select * from cut) each
     order by at`,
    [appointmentId, now, now, appointmentId, now, now, now],
  );
  return rest.map((row) => ({
    barberId: row.barberId,
    from: new Date(row.from).toISOString(),
    to: new Date(row.to).toISOString(),
    visitStartsAt: row.visitStartsAt && new Date(row.visitStartsAt).toISOString(),
  }));
}

/**
 * Bumps the diaries of an appointment's barbers, in the order of ids, and answers who they are. Bookings that read the old claims fail
 * their version check, and answers about free times are known to be old.
 */
export async function bumpBarbers(tx: EntityManager, appointmentId: string, now: Date): Promise<string[]> {
  const rows = await tx.execute<{ barber_id: string }[]>(
    `with locked as (
       select d.barber_id
       from diary d
       where d.barber_id in (select barber_id from appointment_part where appointment_id = ?)
       order by d.barber_id
       for update of d)
     update diary
     set version = version + 1, bumped_at = ?
     where barber_id in (select barber_id from locked)
     returning barber_id`,
    [appointmentId, now],
  );
  return rows.map((row) => row.barber_id).sort();
}
