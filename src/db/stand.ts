/** Where an appointment stands, as its workflow needs to know. */
import { wakeOf, type Standing } from '../domain/appointment.ts';
import type { Stand } from '../domain/outcome.ts';
import { policyOf } from '../domain/policy.ts';
import { toWall } from '../domain/time.ts';
import { readOpen } from './delivery.ts';
import type { AppointmentRow } from './entities/appointment.ts';
import type { EntityManager } from './orm.ts';

/** The facts about an appointment that its rules are judged by; instants are epoch milliseconds. */
export const standingOf = (row: Pick<AppointmentRow, 'status' | 'startsAt' | 'endsAt' | 'decideBy' | 'policy'>): Standing => ({
  status: row.status,
  startsAt: row.startsAt.getTime(),
  endsAt: row.endsAt.getTime(),
  decideBy: row.decideBy?.getTime() ?? null,
  policy: policyOf(row.policy),
});

/** Where time came free just now. */
export type Freed = Pick<AppointmentRow, 'shopId' | 'startsAt' | 'shopTimeZone'>;

/** Reads what is open. Where time came free, it matters whether somebody waits for it. */
export async function readStand(
  em: EntityManager,
  row: AppointmentRow,
  closeAfterSeconds: number,
  freed: Freed | null = null,
): Promise<Stand> {
  const wake = wakeOf(standingOf(row), closeAfterSeconds);
  return {
    status: row.status,
    version: row.version,
    barberId: row.barberId,
    startsAt: row.startsAt.toISOString(),
    wake: wake && { at: new Date(wake.at).toISOString(), action: wake.action },
    ...(await readOpen(em, row.networkId, row.id)),
    freed: freed !== null && (await isWaitedFor(em, freed)),
  };
}

/** Whether anybody waits for this shop and day; most networks' answer is no, and then nothing more is asked. */
async function isWaitedFor(em: EntityManager, { shopId, startsAt, shopTimeZone }: Freed): Promise<boolean> {
  const { date } = toWall(startsAt.getTime(), shopTimeZone);
  const [row] = await em.execute<{ waits: boolean }[]>(
    `select exists (select from waitlist_entry where shop_id = ? and status = 'waiting' and from_date <= ? and to_date >= ?) as waits`,
    [shopId, date, date],
  );
  return row!.waits;
}
