/** Rescheduling: the new time is won before the old one is given up, in one transaction; who loses keeps what they had. */
import { v7 as uuidv7 } from 'uuid';
import { setTimeout as wait } from 'node:timers/promises';
import { isLateToCancel, judgeAction } from '../domain/appointment.ts';
import { nearestSlots } from '../domain/availability.ts';
import type { Change, ChangeResult } from '../domain/change.ts';
import { judgeVisit, type Possible } from '../domain/choice.ts';
import { planApprovalMove, planMove, type Move as MovePlan } from '../domain/effects.ts';
import { freeSlot } from '../domain/outcome.ts';
import { policyOf, withoutCutoffs } from '../domain/policy.ts';
import { DAY, toWall } from '../domain/time.ts';
import { waive } from '../domain/waiver.ts';
import { candidateOf, offerOf, readBookingFacts, type BookingFacts } from './booking-facts.ts';
import { noteUnseen, unseenOf } from './calendar-conflict.ts';
import { planVisit } from './calendar-visit.ts';
import { lockAndJudge, refusalWithStand, Refused, writeEvent, type AppointmentIds, type ChangeOptions } from './transition.ts';
import { CustomerLimit, judgeCustomer } from './customer-record.ts';
import { insertDeliveries, remindOf, withdrawDeliveries } from './delivery.ts';
import { bumpAsRead } from './diary.ts';
import { Appointment, AppointmentPart, type AppointmentPartRow, type AppointmentRow } from './entities/appointment.ts';
import { lostRace } from './faults.ts';
import { claimTime, freeTime, keptClaim } from './occupancy.ts';
import type { EntityManager } from './orm.ts';
import { readStand, standingOf, type Freed } from './stand.ts';

type Move = Extract<Change, { action: 'reschedule' }>;

/** Within one try of a local activity; rivals are done sooner. */
const contendMs = 4000;

/** Judges, then moves; after a lost race with fresh facts again. Moving to where it is already succeeds without doing anything. */
export async function moveAppointment(em: EntityManager, ids: AppointmentIds, change: Move, options: ChangeOptions): Promise<ChangeResult> {
  const giveUpAt = Date.now() + contendMs;
  for (let lost = 0; ; lost += 1) {
    const judged = await judgeMove(em, ids, change, options);
    if ('ok' in judged) return judged;
    for (const way of judged.possible) {
      try {
        return await em.fork().transactional((tx) => move(tx, ids, change, judged.facts, way, options));
      } catch (error) {
        if (error instanceof Refused) return refusalWithStand(em, ids, error.code, options);
        if (error instanceof CustomerLimit) return refusalWithStand(em, ids, 'customer_limit', options);
        if (!lostRace(error)) throw error;
      }
    }
    if (Date.now() > giveUpAt) throw new Error(`lost ${lost + 1} races and the time is still free; trying again later`);
    await wait(Math.random() * Math.min(10 * 2 ** lost, 150));
  }
}

export type JudgedMove = { possible: Possible[]; facts: BookingFacts };

/** Whether the move is allowed and the new time free, as things are: the same question before a workflow is asked and inside it. */
export async function judgeMove(
  em: EntityManager,
  ids: AppointmentIds,
  change: Move,
  options: ChangeOptions,
): Promise<JudgedMove | ChangeResult> {
  const fork = em.fork();
  const now = options.now().getTime();
  const { shopId, visit, startsAt: to } = change.to;
  const startsAt = Date.parse(to);
  const row = await fork.findOne(Appointment, { id: ids.appointmentId, networkId: ids.networkId });
  const verdict = row && judgeAction('reschedule', standingOf(row), change.by, now);
  if (!row || verdict === 'already' || !verdict?.ok)
    return refusalWithStand(em, ids, verdict && verdict !== 'already' && !verdict.ok ? verdict.code : 'not_found', options);
  const parts = await fork.find(AppointmentPart, { appointmentId: row.id }, { orderBy: { position: 'asc' } });
  const isThere =
    row.shopId === shopId &&
    row.startsAt.getTime() === startsAt &&
    parts.length === visit.wishes.length &&
    visit.wishes.every(
      ({ serviceId, barberId }, index) =>
        parts[index]!.serviceId === serviceId && (barberId === null || parts[index]!.barberId === barberId),
    );
  if (isThere) return { ok: true, stand: await readStand(fork, row, options.closeAfterSeconds) };
  if (change.ifVersion !== undefined && change.ifVersion !== row.version) return refusalWithStand(em, ids, 'precondition_failed', options);

  const read = (from: number, until: number) =>
    readBookingFacts(fork, { networkId: ids.networkId, shopId, visit, window: { from, to: until }, except: row.id });
  const facts = await read(startsAt - 2 * DAY, startsAt + 3 * DAY);
  if ('missing' in facts) return refusalWithStand(em, ids, 'service_not_offered', options);
  const waived = waive(facts, change.waiver);
  const { possible, refusal } = judgeVisit(waived, visit, startsAt, now);
  if (possible.length > 0) return { possible, facts: waived };
  const around = Math.max(startsAt, now);
  const wide = await read(around - 2 * DAY, around + 8 * DAY);
  const nearest = 'missing' in wide ? [] : nearestSlots({ ...wide, visit, around, now, days: 7, limit: 3 });
  return { ...(await refusalWithStand(em, ids, refusal.code, options)), nearest: nearest.map(freeSlot) };
}

async function move(
  tx: EntityManager,
  ids: AppointmentIds,
  change: Move,
  facts: BookingFacts,
  way: Possible,
  { now, closeAfterSeconds }: ChangeOptions,
): Promise<ChangeResult> {
  const at = now();
  const { slot, claims } = way.decision;
  const barberIds = slot.parts.map(({ barberId }) => barberId);
  await takeDiaries(tx, ids, facts, barberIds, at);
  const { row } = await lockAndJudge(tx, ids, change, at);
  await judgeLimits(tx, row, change, slot.startsAt, facts.shop.timeZone, at);
  const { shopId, startsAt, shopTimeZone } = row;
  const old = await tx.find(AppointmentPart, { appointmentId: row.id }, { orderBy: { position: 'asc' } });
  const before = { shopId, startsAt: startsAt.toISOString(), parts: partsOf(old) };

  await freeTime(tx, row.id);
  await tx.nativeDelete(AppointmentPart, { appointmentId: row.id });
  await claimTime(tx, row.networkId, row.id, claims.map(keptClaim));
  const unseen = unseenOf(facts.candidates, barberIds);
  if (unseen.length > 0) await noteUnseen(tx, ids, unseen);
  Object.assign(row, newTerms(row, change, facts, way, at));
  await tx.flush();
  const parts = newParts(row, facts, way);
  await tx.insertMany(AppointmentPart, parts);
  const after = { shopId: row.shopId, startsAt: row.startsAt.toISOString(), parts: partsOf(parts) };

  await withdrawDeliveries(tx, row.id, 'reschedule', at, undefined, barberIds);
  const plan: MovePlan = {
    before: before.parts,
    shopId,
    toShopId: row.shopId,
    timeZone: shopTimeZone,
    after: after.parts,
    remind: remindOf(row),
    now: at.getTime(),
    ...(change.by === 'staff' && change.reason && { reason: change.reason }),
  };
  await insertDeliveries(tx, row, row.status === 'pending_approval' ? planApprovalMove(row.decideBy!.getTime(), plan) : planMove(plan), at);
  await planVisit(tx, row, null, at);
  const waived = change.waiver && { waived: change.waiver.codes, why: change.waiver.reason };
  writeEvent(tx, row, change, row.status, at, { from: before, to: after, ...waived });
  await tx.flush();
  const left: Freed = { shopId, startsAt, shopTimeZone };
  return { ok: true, stand: await readStand(tx, row, closeAfterSeconds, left) };
}

/** A move is no new booking: only the day that it moves to may be full, and strikes do not matter. @throws CustomerLimit */
async function judgeLimits(
  tx: EntityManager,
  row: AppointmentRow,
  { by, waiver }: Move,
  startsAt: number,
  timeZone: string,
  now: Date,
): Promise<void> {
  const waivesLimit = by === 'staff' && waiver?.codes.includes('customer_limit');
  if (!row.customerId || waivesLimit) return;
  const limits = { ...policyOf(row.policy), maxUpcomingVisitsPerCustomer: null, strikesForApproval: null, strikesForBlock: null };
  const visit = { networkId: row.networkId, customerId: row.customerId, appointmentId: row.id, startsAt, timeZone };
  await judgeCustomer(tx, visit, limits, now);
}

/** What the appointment is from now on. */
function newTerms(row: AppointmentRow, change: Move, facts: BookingFacts, { decision: { slot } }: Possible, now: Date) {
  const { timeZone } = facts.shop;
  const promised = toWall(slot.startsAt, timeZone);
  // Whoever moves a visit when it could no longer be cancelled freely has not won that back.
  const isLate = change.by === 'customer' && isLateToCancel(standingOf(row), now.getTime());
  return {
    shopId: change.to.shopId,
    serviceId: slot.parts[0]!.serviceId,
    barberId: slot.barberId,
    startsAt: new Date(slot.startsAt),
    endsAt: new Date(slot.endsAt),
    shopTimeZone: timeZone,
    promisedStart: `${promised.date}T${promised.time}`,
    promisedOffsetMinutes: promised.offsetMinutes,
    attendanceConfirmedAt: null,
    priceCents: slot.parts.reduce((sum, { priceCents }) => sum + priceCents, 0),
    currency: facts.services.find(({ id }) => id === slot.parts[0]!.serviceId)!.currency,
    choiceOfferedAt: null,
    decideBy: row.status === 'pending_approval' && row.decideBy ? new Date(Math.min(row.decideBy.getTime(), slot.startsAt)) : null,
    ...(change.source === 'relocation' && { policy: withoutCutoffs(row.policy) }),
    ...(isLate && { policy: { ...row.policy, movedLate: true } }),
  } satisfies Partial<AppointmentRow>;
}

const newParts = (row: AppointmentRow, facts: BookingFacts, { decision: { slot }, chosen }: Possible) =>
  slot.parts.map((part, position) => ({
    id: uuidv7(),
    networkId: row.networkId,
    appointmentId: row.id,
    position,
    ...part,
    startsAt: new Date(part.startsAt),
    endsAt: new Date(part.endsAt),
    segments: offerOf(facts, part).segments,
    chosen: chosen[position]!,
  }));

const partsOf = (parts: Pick<AppointmentPartRow, 'serviceId' | 'barberId' | 'startsAt' | 'endsAt' | 'priceCents'>[]) =>
  parts.map(({ serviceId, barberId, startsAt, endsAt, priceCents }) => ({
    serviceId,
    barberId,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    priceCents,
  }));

/**
 * Bumps the diaries of the old barbers and of the new ones, in the order of ids: the new ones under the version that the decision was read
 * under, so that a rival's booking or a rule edit sends us round again.
 */
async function takeDiaries(
  tx: EntityManager,
  { networkId, appointmentId }: AppointmentIds,
  facts: BookingFacts,
  newBarberIds: string[],
  now: Date,
): Promise<void> {
  const old = await tx.execute<{ barber_id: string }[]>('select distinct barber_id from appointment_part where appointment_id = ?', [
    appointmentId,
  ]);
  for (const barberId of [...new Set([...old.map((row) => row.barber_id), ...newBarberIds])].sort()) {
    if (newBarberIds.includes(barberId)) {
      await bumpAsRead(tx, networkId, [{ barberId, version: candidateOf(facts, barberId).diaryVersion }], now);
    } else {
      await tx.execute('update diary set version = version + 1, bumped_at = ? where barber_id = ?', [now, barberId]);
    }
  }
}
