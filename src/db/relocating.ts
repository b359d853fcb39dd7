/** One visit of a relocation: what is to be done with it, and what became of it. */
import type { Change } from '../domain/change.ts';
import { findTarget, type RelocationMode, type VisitState } from '../domain/relocation.ts';
import type { Visit } from '../domain/rules.ts';
import { DAY } from '../domain/time.ts';
import type { Reason } from '../domain/appointment.ts';
import { findAppointment, type AppointmentView } from './appointment.ts';
import { readBookingFacts } from './booking-facts.ts';
import type { EntityManager } from './orm.ts';

export type VisitIds = { networkId: string; relocationId: string; appointmentId: string };
export type Settled = { state: Exclude<VisitState, 'waiting'>; code: string | null };

/** What is to be asked of the appointment; or what has become of it already. */
export type Step = { ask: Change; after: Settled } | { settled: Settled };

type Task = {
  barberId: string | null;
  shopId: string | null;
  toShopId: string | null;
  mode: RelocationMode;
  reason: Reason;
  withinMinutes: number;
  state: VisitState;
  code: string | null;
  startsAt: Date;
  /** What this relocation has done to the appointment, if a try before got so far. */
  done: string | null;
};

/**
 * Judges afresh each time. Every change names the version that was read and the relocation as its actor: of two tries, the later one is
 * refused, and finds what the earlier has done.
 */
export async function planVisit(em: EntityManager, ids: VisitIds, now: Date, mayMove = true): Promise<Step> {
  // In this order: what a try beside this one has done to the appointment as it was read, is known as this relocation's own.
  const found = await findAppointment(em, ids.networkId, ids.appointmentId);
  const task = await readTask(em, ids);
  if (task.state !== 'waiting') return { settled: { state: task.state, code: task.code } };
  if (task.done) return { settled: afterwards(task.done, task) };
  const before = found && whyNothing(found, task, now);
  if (!found || before) return { settled: before ?? { state: 'gone', code: 'not_found' } };

  const by = {
    actor: actorOf(ids.relocationId),
    by: 'staff',
    source: 'relocation',
    reason: task.reason,
    ifVersion: found.version,
  } as const;
  // Nobody is told of a hold, and nobody may confirm it any more.
  if (found.status === 'held') return { ask: { action: 'cancel', ...by }, after: afterwards('cancelled', task) };
  const to = task.mode === 'move' && mayMove ? await findPlace(em, ids, task, found, now) : null;
  return to
    ? { ask: { action: 'reschedule', ...by, ...to, waiver: { ...to.waiver, reason: task.reason } }, after: afterwards('rescheduled', task) }
    : { ask: { action: 'offer_choice', ...by }, after: afterwards('choice_offered', task) };
}

const actorOf = (relocationId: string): string => `relocation:${relocationId}`;

function afterwards(done: string, { mode }: Pick<Task, 'mode'>): Settled {
  if (done === 'rescheduled') return { state: 'moved', code: null };
  if (done === 'cancelled') return { state: 'gone', code: 'hold_released' };
  return { state: 'offered', code: mode === 'move' ? 'nothing_free' : null };
}

function whyNothing({ status, startsAt, shopId, parts }: AppointmentView, task: Task, now: Date): Settled | null {
  const isElsewhere =
    Date.parse(startsAt) !== task.startsAt.getTime() ||
    (task.shopId !== null && task.shopId !== shopId) ||
    (task.barberId !== null && parts.every(({ barberId }) => barberId !== task.barberId));
  if (isElsewhere) return { state: 'gone', code: 'moved_before' };
  switch (status) {
    case 'held':
    case 'pending_approval':
    case 'confirmed':
      return task.startsAt <= now ? { state: 'stuck', code: 'already_begun' } : null;
    case 'checked_in':
    case 'started':
      return { state: 'stuck', code: status };
    case 'completed':
    case 'cancelled':
    case 'no_show':
    case 'expired':
    case 'refused':
      return { state: 'gone', code: status };
  }
}

async function findPlace(
  em: EntityManager,
  { networkId, appointmentId }: VisitIds,
  task: Task,
  { shopId: here, parts, startsAt: text }: AppointmentView,
  now: Date,
) {
  const shopId = task.toShopId ?? here;
  const startsAt = Date.parse(text);
  const isAway = (barberId: string): boolean => task.barberId === null || task.barberId === barberId;
  const keeping: Visit = {
    wishes: parts.map(({ serviceId, barberId }) => ({ serviceId, barberId: isAway(barberId) ? null : barberId })),
    sameBarber: new Set(parts.map(({ barberId }) => barberId)).size === 1,
  };
  const everybody: Visit = { ...keeping, wishes: keeping.wishes.map(({ serviceId }) => ({ serviceId, barberId: null })) };
  const facts = await readBookingFacts(em.fork(), {
    networkId,
    shopId,
    visit: everybody,
    window: { from: startsAt - 2 * DAY, to: startsAt + 3 * DAY },
    except: appointmentId,
  });
  const target =
    'missing' in facts ? null : findTarget(facts, { keeping, startsAt, withinMinutes: task.withinMinutes, now: now.getTime() });
  return (
    target && { to: { shopId, visit: target.visit, startsAt: new Date(target.startsAt).toISOString() }, waiver: { codes: target.codes } }
  );
}

async function readTask(em: EntityManager, { networkId, relocationId, appointmentId }: VisitIds): Promise<Task> {
  const [row] = await em.execute<Task[]>(
    `select r.barber_id as "barberId", r.shop_id as "shopId", r.to_shop_id as "toShopId", r.mode, r.reason,
       r.within_minutes as "withinMinutes", v.state, v.code, v.starts_at as "startsAt",
       (select e.kind
        from appointment_event e
        where e.appointment_id = v.appointment_id and e.actor = ?
        order by e.version desc
        limit 1) as done
     from relocation_visit v
     join relocation r on r.id = v.relocation_id
     where v.relocation_id = ? and v.appointment_id = ? and v.network_id = ?`,
    [actorOf(relocationId), relocationId, appointmentId, networkId],
  );
  if (!row) throw new Error('the relocation has no such visit');
  return { ...row, startsAt: new Date(row.startsAt) };
}

/** Ends a visit's part in a relocation. What has ended stays as it is; answers that. */
export async function settleVisit(
  em: EntityManager,
  { networkId, relocationId, appointmentId }: VisitIds,
  { state, code }: Settled,
  now: Date,
): Promise<Settled['state']> {
  await em.execute(
    `update relocation_visit
     set state = ?, code = ?, settled_at = ?
     where relocation_id = ? and appointment_id = ? and network_id = ? and state = 'waiting'`,
    [state, code, now, relocationId, appointmentId, networkId],
  );
  const [row] = await em.execute<{ state: Settled['state'] }[]>(
    'select state from relocation_visit where relocation_id = ? and appointment_id = ? and network_id = ?',
    [relocationId, appointmentId, networkId],
  );
  return row!.state;
}

/** All visits of a relocation, in order. */
export async function readVisitIds(em: EntityManager, networkId: string, relocationId: string): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    'select appointment_id as id from relocation_visit where relocation_id = ? and network_id = ? order by position',
    [relocationId, networkId],
  );
  return rows.map(({ id }) => id);
}

export async function finishRelocation(em: EntityManager, networkId: string, relocationId: string, now: Date): Promise<void> {
  await em.execute('update relocation set finished_at = ? where id = ? and network_id = ? and finished_at is null', [
    now,
    relocationId,
    networkId,
  ]);
}
