/**
 * Every edit of what a booking could rely on goes through here: the diaries that it concerns are bumped first, in the same transaction, and
 * the answer says which booked visits the new rules would refuse. A dry run is the same transaction, rolled back.
 */
import { findBroken, type BookedTime } from '../domain/hits.ts';
import type { RefusalCode, Segment } from '../domain/rules.ts';
import { readWhatIsLeft } from './booking-facts.ts';
import { bumpDiaries, type DiaryScope } from './diary.ts';
import { lostRace } from './faults.ts';
import type { EntityManager } from './orm.ts';

/** A booked visit that an edit hits: which rule now refuses it. Instants are ISO text in UTC. */
export type Hit = {
  appointmentId: string;
  shopId: string;
  serviceId: string;
  barberId: string;
  startsAt: string;
  endsAt: string;
  code: RefusalCode;
};

/** What an edit did, or (`dryRun`) would do. Of many hits the first `listed` are named; `appointmentsHitTotal` counts all. */
export type Edited<T> = { record: T; dryRun: boolean; appointmentsHit: Hit[]; appointmentsHitTotal: number };

export type EditOptions = { now: Date; dryRun: boolean };

const listed = 1000;
const day = 86_400_000;

class RolledBack extends Error {
  readonly edited: unknown;
  constructor(edited: unknown) {
    super('a dry run was rolled back');
    this.edited = edited;
  }
}

/**
 * Runs `edit` under the scope's diaries. Appointments that were refused for the same reason before the edit are not its hits.
 * `edit` must flush what it writes; it throws Problems for what it refuses.
 */
export async function editRules<T>(
  em: EntityManager,
  scope: DiaryScope,
  options: EditOptions,
  edit: (tx: EntityManager) => Promise<T>,
  tries = 1,
): Promise<Edited<T>> {
  const { now, dryRun } = options;
  try {
    return await em.fork().transactional(async (tx) => {
      // A dry run keeps no booking waiting.
      if (!dryRun) await bumpDiaries(tx, scope);
      const parts = await readBooked(tx, scope, now);
      const before = await readBroken(tx, scope.networkId, parts);
      const record = await edit(tx);
      await tx.flush();
      const after = await readBroken(tx, scope.networkId, parts);
      const hits = parts
        .filter(({ partId }) => after.has(partId) && after.get(partId) !== before.get(partId))
        .map((part): Hit => ({
          appointmentId: part.appointmentId,
          shopId: part.shopId,
          serviceId: part.serviceId,
          barberId: part.barberId,
          startsAt: new Date(part.startsAt).toISOString(),
          endsAt: new Date(part.endsAt).toISOString(),
          code: after.get(part.partId)!,
        }));
      const edited: Edited<T> = { record, dryRun, appointmentsHit: hits.slice(0, listed), appointmentsHitTotal: hits.length };
      if (dryRun) throw new RolledBack(edited);
      return edited;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.edited as Edited<T>;
    // Without the diaries a rival edit may come between; the next try sees it.
    if (dryRun && lostRace(error) && tries < 5) return editRules(em, scope, options, edit, tries + 1);
    throw error;
  }
}

type Booked = BookedTime & { appointmentId: string; shopId: string };

/** The parts of visits that are still to come, by start. */
async function readBooked(tx: EntityManager, { networkId, shopId, barberId, serviceId }: DiaryScope, now: Date): Promise<Booked[]> {
  const rows = await tx.execute<(Omit<Booked, 'startsAt' | 'endsAt'> & { startsAt: string; endsAt: string; segments: Segment[] })[]>(
    `select p.id as "partId", p.appointment_id as "appointmentId", a.shop_id as "shopId",
       p.service_id as "serviceId", p.barber_id as "barberId", p.starts_at as "startsAt", p.ends_at as "endsAt", p.segments
     from appointment_part p
     join appointment a on a.id = p.appointment_id
     where a.network_id = ? and a.status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started')
       and p.ends_at > ? and a.starts_at > ?::timestamptz - interval '2 days'
       and (?::uuid is null or a.shop_id = ?::uuid)
       and (?::uuid is null or p.barber_id = ?::uuid)
       and (?::uuid is null or p.service_id = ?::uuid)
     order by p.starts_at, p.id`,
    [networkId, now, now, shopId ?? null, shopId ?? null, barberId ?? null, barberId ?? null, serviceId ?? null, serviceId ?? null],
  );
  return rows.map((row) => ({ ...row, startsAt: new Date(row.startsAt).getTime(), endsAt: new Date(row.endsAt).getTime() }));
}

async function readBroken(tx: EntityManager, networkId: string, parts: Booked[]): Promise<Map<string, RefusalCode>> {
  const broken = new Map<string, RefusalCode>();
  for (const [shopId, mine] of Map.groupBy(parts, (part) => part.shopId)) {
    const window = {
      from: Math.min(...mine.map(({ startsAt }) => startsAt)) - day,
      to: Math.max(...mine.map(({ endsAt }) => endsAt)) + day,
    };
    const wishes = [...new Map(mine.map(({ serviceId, barberId }) => [`${serviceId} ${barberId}`, { serviceId, barberId }])).values()];
    const facts = await readWhatIsLeft(tx, { networkId, shopId, visit: { wishes, sameBarber: false }, window });
    for (const [partId, code] of findBroken(facts, mine)) broken.set(partId, code);
  }
  return broken;
}
