/** Relocations: a day is blocked and its visits are listed in one step; what becomes of each is kept beside it. */
import { v7 as uuidv7 } from 'uuid';
import type { Reason } from '../domain/appointment.ts';
import { findAffected, type RelocationMode, type VisitState } from '../domain/relocation.ts';
import type { Segment } from '../domain/rules.ts';
import { addDays, DAY, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import { editBarber } from './barber.ts';
import { readWhatIsLeft } from './booking-facts.ts';
import { TimeOff } from './entities/barber.ts';
import { ShopClosure } from './entities/network.ts';
import { isDuplicate } from './faults.ts';
import type { EntityManager } from './orm.ts';
import { editShop } from './shop.ts';

export type NewRelocation = {
  /** One of the two. */
  barberId: string | null;
  shopId: string | null;
  toShopId: string | null;
  /** Of each shop concerned, the local one. */
  date: string;
  mode: RelocationMode;
  reason: Reason;
  withinMinutes: number;
  createdBy: string;
};

type Whom = Pick<NewRelocation, 'barberId' | 'shopId' | 'date'>;

/**
 * Blocks the day for the barber (everywhere) or the shop and lists the visits that are hit, by start, under the diaries: a rival's booking
 * is on the list or is refused. Whoever asks again while it runs joins it, as it is. Throws 404, and 400 of a day that has passed.
 */
export async function beginRelocation(em: EntityManager, networkId: string, wanted: NewRelocation, now: Date, id: string): Promise<string> {
  // A try before this one, under the same Idempotency-Key, got so far.
  if ((await listRelocations(em.fork(), networkId, { id })).length > 0) return id;
  const running = await findRunning(em.fork(), networkId, wanted);
  if (running) return running;
  const edit = async (tx: EntityManager): Promise<string> =>
    (await findRunning(tx, networkId, wanted)) ?? write(tx, networkId, wanted, now, id);
  const options = { now, dryRun: false };
  try {
    const { record } = wanted.barberId
      ? await editBarber(em, networkId, wanted.barberId, options, edit)
      : await editShop(em, networkId, wanted.shopId!, options, edit);
    return record;
  } catch (error) {
    const rival = isDuplicate(error) ? await findRunning(em.fork(), networkId, wanted) : null;
    if (rival) return rival;
    throw error;
  }
}

async function findRunning(em: EntityManager, networkId: string, { barberId, shopId, date }: Whom): Promise<string | null> {
  const [row] = await em.execute<{ id: string }[]>(
    'select id from relocation where network_id = ? and coalesce(barber_id, shop_id) = ? and date = ? and finished_at is null',
    [networkId, barberId ?? shopId, date],
  );
  return row?.id ?? null;
}

async function write(tx: EntityManager, networkId: string, wanted: NewRelocation, now: Date, id: string): Promise<string> {
  const { barberId, shopId, toShopId, date, mode, reason, withinMinutes, createdBy } = wanted;
  await requireToday(tx, networkId, wanted, now);
  await requireOpenShop(tx, networkId, toShopId);
  await block(tx, networkId, wanted);
  const visits = await readAffected(tx, networkId, wanted, now);
  await tx.execute(
    `insert into relocation (
       id, network_id, barber_id, shop_id, to_shop_id, date, mode, reason, within_minutes, created_by, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [id, networkId, barberId, shopId, toShopId, date, mode, reason, withinMinutes, createdBy, now],
  );
  await tx.execute(
    `insert into relocation_visit (relocation_id, appointment_id, network_id, position, starts_at)
     select ?::uuid, v.id, ?::uuid, v.position, v."startsAt"
     from jsonb_to_recordset(?::jsonb) v (id uuid, position int, "startsAt" timestamptz)`,
    [id, networkId, JSON.stringify(visits.map((visit, position) => ({ ...visit, position })))],
  );
  return id;
}

/** A barber's day is over when it is so in all of his shops. */
async function requireToday(tx: EntityManager, networkId: string, { barberId, shopId, date }: NewRelocation, now: Date): Promise<void> {
  const zones = await tx.execute<{ zone: string }[]>(
    `select distinct time_zone as zone
     from shop s
     where network_id = ?
       and (s.id = ? or exists (select from assignment a where a.shop_id = s.id and a.barber_id = ?))`,
    [networkId, shopId, barberId],
  );
  if (zones.length > 0 && zones.every(({ zone }) => date < toWall(now.getTime(), zone).date)) {
    throw new Problem('invalid_request', { faults: [{ path: '/date', message: 'has passed' }] });
  }
}

async function requireOpenShop(tx: EntityManager, networkId: string, toShopId: string | null): Promise<void> {
  if (!toShopId) return;
  const found = await tx.execute('select id from shop where id = ? and network_id = ? and archived_at is null', [toShopId, networkId]);
  if (found.length === 0)
    throw new Problem('not_found', { faults: [{ path: '/toShopId', message: 'is not known in this network, or not there' }] });
}

/** Unless the day is blocked already. Why a barber is away is nobody's business who asks for free times. */
async function block(tx: EntityManager, networkId: string, { barberId, shopId, date }: NewRelocation): Promise<void> {
  const day = { fromDate: date, toDate: date };
  const covers = { networkId, fromDate: { $lte: date }, toDate: { $gte: date } };
  const rule = { id: uuidv7(), networkId, ...day, reason: '', version: 1 };
  if (barberId) {
    if (!(await tx.findOne(TimeOff, { ...covers, barberId })))
      tx.create(TimeOff, { ...rule, barberId, startsAt: null, endsAt: null }, { persist: true });
  } else if (!(await tx.findOne(ShopClosure, { ...covers, shopId: shopId! }))) {
    tx.create(ShopClosure, { ...rule, shopId: shopId! }, { persist: true });
  }
  await tx.flush();
}

type BookedRow = {
  partId: string;
  appointmentId: string;
  shopId: string;
  visitStartsAt: Date;
  serviceId: string;
  barberId: string;
  startsAt: Date;
  endsAt: Date;
  segments: Segment[];
};

/** What has not begun, of the day; who is checked in as well, so that a person sees them on the list. */
async function readAffected(
  tx: EntityManager,
  networkId: string,
  { barberId, shopId, date }: NewRelocation,
  now: Date,
): Promise<{ id: string; startsAt: Date }[]> {
  const rows = await tx.execute<BookedRow[]>(
    `select p.id as "partId", a.id as "appointmentId", a.shop_id as "shopId", a.starts_at as "visitStartsAt",
       p.service_id as "serviceId", p.barber_id as "barberId", p.starts_at as "startsAt", p.ends_at as "endsAt", p.segments
     from appointment_part p
     join appointment a on a.id = p.appointment_id
     where a.network_id = ? and a.status in ('held', 'pending_approval', 'confirmed', 'checked_in') and a.starts_at > ?
       and (?::uuid is null or p.barber_id = ?::uuid) and (?::uuid is null or a.shop_id = ?::uuid)
       and p.starts_at between ?::timestamptz and ?::timestamptz
     order by a.starts_at, a.id, p.position`,
    [networkId, now, barberId, barberId, shopId, shopId, `${addDays(date, -1)}T00:00:00Z`, `${addDays(date, 3)}T00:00:00Z`],
  );
  const booked = rows.map((row) => ({ ...row, startsAt: new Date(row.startsAt).getTime(), endsAt: new Date(row.endsAt).getTime() }));
  const hit = new Set<string>();
  for (const [inShop, parts] of Map.groupBy(booked, (row) => row.shopId)) {
    const wishes = [
      ...new Map(
        parts.map((part) => [`${part.serviceId} ${part.barberId}`, { serviceId: part.serviceId, barberId: part.barberId }]),
      ).values(),
    ];
    const window = { from: Math.min(...parts.map((part) => part.startsAt)) - DAY, to: Math.max(...parts.map((part) => part.endsAt)) + DAY };
    const facts = await readWhatIsLeft(tx, { networkId, shopId: inShop, visit: { wishes, sameBarber: false }, window });
    if (!facts) continue;
    for (const { appointmentId } of findAffected(facts, date, shopId !== null, parts)) hit.add(appointmentId);
  }
  return [
    ...new Map(
      rows
        .filter((row) => hit.has(row.appointmentId))
        .map((row) => [row.appointmentId, { id: row.appointmentId, startsAt: new Date(row.visitStartsAt) }]),
    ).values(),
  ];
}

/** Those that should have been running for minutes: Temporal may have been away when they were to be started. */
export async function findUnfinished(em: EntityManager, now: Date): Promise<{ networkId: string; relocationId: string }[]> {
  return em.execute(
    `select network_id as "networkId", id as "relocationId"
     from relocation
     where finished_at is null and created_at < ?::timestamptz - interval '2 minutes'
     order by created_at
     limit 50`,
    [now],
  );
}

/** A relocation as plain data; instants are ISO text in UTC. */
export type RelocationView = Omit<NewRelocation, 'createdBy'> & {
  id: string;
  createdAt: string;
  finishedAt: string | null;
  counts: Record<VisitState, number>;
};
export type RelocationVisitView = {
  appointmentId: string;
  position: number;
  state: VisitState;
  code: string | null;
  settledAt: string | null;
  /** When it was to begin. */
  startedAt: string;
  /** As the appointment is now. */
  now: { status: string; shopId: string; barberId: string; startsAt: string };
};

/** The newest 100, of one date or of all. */
export async function listRelocations(
  em: EntityManager,
  networkId: string,
  { id, date }: { id?: string | undefined; date?: string | undefined },
): Promise<RelocationView[]> {
  const rows = await em.execute<(RelocationView & { states: VisitState[] | null })[]>(
    `select r.id, r.barber_id as "barberId", r.shop_id as "shopId", r.to_shop_id as "toShopId", r.date::text as date,
       r.mode, r.reason, r.within_minutes as "withinMinutes", r.created_at as "createdAt", r.finished_at as "finishedAt",
       (select json_agg(v.state) from relocation_visit v where v.relocation_id = r.id) as states
     from relocation r
     where r.network_id = ? and (?::uuid is null or r.id = ?::uuid) and (?::date is null or r.date = ?::date)
     order by r.id desc
     limit 100`,
    [networkId, id ?? null, id ?? null, date ?? null, date ?? null],
  );
  return rows.map(({ states, ...row }) => {
    const counts: Record<VisitState, number> = { waiting: 0, moved: 0, offered: 0, gone: 0, stuck: 0 };
    for (const state of states ?? []) counts[state] += 1;
    return { ...row, createdAt: iso(row.createdAt), finishedAt: row.finishedAt && iso(row.finishedAt), counts };
  });
}

export async function listRelocationVisits(em: EntityManager, networkId: string, id: string): Promise<RelocationVisitView[]> {
  const rows = await em.execute<RelocationVisitView[]>(
    `select v.appointment_id as "appointmentId", v.position, v.state, v.code,
       v.settled_at as "settledAt", v.starts_at as "startedAt",
       json_build_object('status', a.status, 'shopId', a.shop_id, 'barberId', a.barber_id, 'startsAt', a.starts_at) as now
     from relocation_visit v
     join appointment a on a.id = v.appointment_id
     where v.network_id = ? and v.relocation_id = ?
     order by v.position`,
    [networkId, id],
  );
  return rows.map((row) => ({
    ...row,
    settledAt: row.settledAt && iso(row.settledAt),
    startedAt: iso(row.startedAt),
    now: { ...row.now, startsAt: iso(row.now.startsAt) },
  }));
}

const iso = (instant: string): string => new Date(instant).toISOString();
