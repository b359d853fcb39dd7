/** Changes of an appointment: the row, the event, the time and the messages that follow, in one transaction under the row's lock. */
import type { Action, AppointmentStatus } from '../domain/appointment.ts';
import type { Change, ChangeResult } from '../domain/change.ts';
import {
  planCancellation,
  planChoice,
  planConfirmation,
  planDecline,
  type About,
  type DeliveryKind,
  type NewDelivery,
} from '../domain/effects.ts';
import { withoutCutoffs } from '../domain/policy.ts';
import { planVisit } from './calendar-visit.ts';
import { confirmHold } from './confirming.ts';
import { CustomerLimit, NotAccepted } from './customer-record.ts';
import { insertDeliveries, remindOf, withdrawDeliveries } from './delivery.ts';
import { AppointmentEvent, AppointmentPart, type AppointmentRow } from './entities/appointment.ts';
import { lostRace } from './faults.ts';
import { moveAppointment } from './moving.ts';
import { bumpBarbers, claimTime, freeRest, freeTime, type KeptClaim } from './occupancy.ts';
import type { EntityManager } from './orm.ts';
import { keepPromise } from './promise.ts';
import { readStand } from './stand.ts';
import { lockAndJudge, refusalWithStand, Refused, writeEvent, type AppointmentIds, type ChangeOptions } from './transition.ts';
import { noteAnswer, waitAgain } from './waitlist.ts';

/**
 * Does what is asked, if the state, the clock and the policy allow it. Asking for what is so already succeeds without doing anything, so a
 * repeated activity or a second caller sees the same end. A refusal says where the appointment stands instead.
 */
export async function changeAppointment(
  em: EntityManager,
  ids: AppointmentIds,
  change: Change,
  options: ChangeOptions,
): Promise<ChangeResult> {
  if (change.action === 'reschedule') return moveAppointment(em, ids, change, options);
  try {
    return await em.fork().transactional((tx) => (change.action === 'retime' ? keepPromise : applyChange)(tx, ids, change, options));
  } catch (error) {
    if (error instanceof Refused) return refusalWithStand(em, ids, error.code, options);
    if (error instanceof CustomerLimit) return refusalWithStand(em, ids, 'customer_limit', options);
    if (error instanceof NotAccepted) return refusalWithStand(em, ids, 'not_accepted', options);
    if (lostRace(error) && (change.action === 'check_in' || change.action === 'retime'))
      return refusalWithStand(em, ids, 'slot_taken', options);
    throw error;
  }
}

/** What gives time back, wholly or what is left of it; and a late guest claims it anew. */
const touchesTime: Action[] = ['cancel', 'expire', 'refuse', 'mark_no_show', 'complete', 'check_in'];

async function applyChange(
  tx: EntityManager,
  ids: AppointmentIds,
  change: Change,
  { now, closeAfterSeconds }: ChangeOptions,
): Promise<ChangeResult> {
  const at = now();
  // Diaries before the row, always in the same order, so that a booking and a cancellation cannot deadlock.
  const bumped = touchesTime.includes(change.action) ? await bumpBarbers(tx, ids.appointmentId, at) : [];
  const { row, to, late } = await lockAndJudge(tx, ids, change, at);
  if (to === 'already' || isSo(change.action, row)) return { ok: true, stand: await readStand(tx, row, closeAfterSeconds) };
  const barberIds = await readBarbers(tx, row.id);
  // A move came between: the diaries that were bumped are not those of its barbers any more.
  if (bumped.length > 0 && barberIds.some((barberId) => !bumped.includes(barberId)))
    throw new Error('an appointment moved while it was changed; trying again');

  const step: Step = { from: row.status, to, late, at, barberIds };
  row.status = to;
  const effects = await act(tx, row, change, step);
  const { freed, details } = await settleTime(tx, row, change, step);
  await tx.flush();
  await tellWaitlist(tx, row, step);
  writeEvent(tx, row, change, step.from, at, { ...(change.action === 'cancel' && { late }), ...details });
  await insertDeliveries(tx, row, effects, at);
  await planVisit(tx, row, step.from, at);
  await tx.flush();
  return { ok: true, stand: await readStand(tx, row, closeAfterSeconds, freed ? row : null) };
}

/** A transition that was judged and is allowed. `barberIds`: whoever gives a part of the visit. */
type Step = { from: AppointmentStatus; to: AppointmentStatus; late: boolean; at: Date; barberIds: string[] };

/** What the action itself does to the row. @returns the messages that follow. */
async function act(
  tx: EntityManager,
  row: AppointmentRow,
  change: Change,
  { from, to, late, at, barberIds }: Step,
): Promise<NewDelivery[]> {
  const [startsAt, endsAt, now] = [row.startsAt.getTime(), row.endsAt.getTime(), at.getTime()];
  switch (change.action) {
    case 'confirm':
      return confirmHold(tx, row, change, at, barberIds);
    case 'approve':
      Object.assign(row, { decideBy: null, choiceOfferedAt: null });
      return planConfirmation(startsAt, remindOf(row), now, barberIds);
    case 'cancel': {
      row.cancelledLate = late;
      // A hold told nobody; of somebody who walked in, no barber was ever told.
      const told = row.entry === 'walk_in' ? [] : barberIds;
      return from === 'held' ? [] : planCancellation(endsAt, now, told, aboutCancelling(from, change));
    }
    case 'refuse':
    case 'expire':
      return from === 'pending_approval' ? planDecline(endsAt, now, to, barberIds) : [];
    case 'check_in':
      if (from === 'no_show') await claimTime(tx, row.networkId, row.id, await readFreed(tx, row.id));
      return [];
    case 'confirm_attendance': {
      row.attendanceConfirmedAt = at;
      if (!row.choiceOfferedAt) return [];
      // It can take place after all.
      const effects = planConfirmation(startsAt, remindOf(row), now, barberIds).filter(({ kind }) => kind !== 'confirmation_barber');
      Object.assign(row, { decideBy: null, choiceOfferedAt: null });
      await withdrawDeliveries(tx, row.id, change.action, at, ['choose_customer']);
      return effects;
    }
    case 'offer_choice':
      row.choiceOfferedAt = at;
      row.policy = withoutCutoffs(row.policy);
      // Who chooses nothing until then is not left with a visit that nobody gives.
      if (to === 'confirmed') row.decideBy = row.startsAt;
      return planChoice(startsAt, now, change.reason);
    case 'forgive':
      row.forgivenAt = at;
      return [];
    case 'start':
    case 'complete':
    case 'mark_no_show':
    case 'reschedule':
    case 'retime':
      return [];
  }
}

/** What asks for an answer that has been given. */
const asking: DeliveryKind[] = ['approval_customer', 'approval_barber', 'offer_customer', 'choose_customer'];
const endings: AppointmentStatus[] = ['cancelled', 'refused', 'expired', 'no_show', 'completed'];

/** The time that an ending gives back, and the messages that are not to go any more. `freed`: somebody else may have it. */
async function settleTime(
  tx: EntityManager,
  row: AppointmentRow,
  { action, by, reason }: Change,
  { from, to, at }: Step,
): Promise<{ freed: boolean; details: { freed?: KeptClaim[] } }> {
  const withdraw = (kinds?: DeliveryKind[]) => withdrawDeliveries(tx, row.id, action, at, kinds);
  if (to !== from && endings.includes(to)) {
    Object.assign(row, { endedAt: at, endedBy: by, endReason: reason ?? null });
    await withdraw();
    if (to === 'completed' || to === 'no_show') return { freed: to === 'no_show', details: { freed: await freeRest(tx, row.id, at) } };
    await freeTime(tx, row.id);
    return { freed: true, details: {} };
  }
  if (from === 'no_show' && to !== from) Object.assign(row, { endedAt: null, endedBy: null, endReason: null });
  else if (action === 'approve' || action === 'confirm') await withdraw(asking);
  // Who hears that it cannot take place, must not hear afterwards that it will.
  else if (action === 'offer_choice') await withdraw(tellsOfVisit);
  else if (action === 'check_in' || action === 'start') await withdraw(['reminder_customer']);
  return { freed: false, details: {} };
}

/** An offer was answered, or what was answered could not be had. */
async function tellWaitlist(tx: EntityManager, row: AppointmentRow, { from, to, at }: Step): Promise<void> {
  if (!row.waitlistEntryId) return;
  if (from === 'held') await noteAnswer(tx, row, at);
  if (from === 'pending_approval' && (to === 'refused' || to === 'expired')) await waitAgain(tx, row);
}

/** In the order of their parts. */
async function readBarbers(tx: EntityManager, appointmentId: string): Promise<string[]> {
  const parts = await tx.find(AppointmentPart, { appointmentId }, { orderBy: { position: 'asc' } });
  return [...new Set(parts.map(({ barberId }) => barberId))];
}

/** What tells a customer that a visit is to take place. */
const tellsOfVisit: DeliveryKind[] = ['confirmation_customer', 'rescheduled_customer', 'approval_customer', 'reminder_customer'];

/** Nobody was invited to what waited for approval; and what the shop's people cancel, they say why. */
function aboutCancelling(from: AppointmentStatus, { by, reason }: Change): About | undefined {
  const about: About = { ...(from === 'pending_approval' && { uninvited: true }), ...(by === 'staff' && reason && { reason }) };
  return Object.keys(about).length > 0 ? about : undefined;
}

/** What leaves the state as it is, and was done before: whoever was asked to choose is not asked again, and a yes is a yes. */
function isSo(action: Action, { choiceOfferedAt, forgivenAt, attendanceConfirmedAt }: AppointmentRow): boolean {
  if (action === 'offer_choice') return choiceOfferedAt !== null;
  if (action === 'forgive') return forgivenAt !== null;
  // After a choice was offered, it means that the visit can take place after all.
  return action === 'confirm_attendance' && attendanceConfirmedAt !== null && choiceOfferedAt === null;
}

/** The time that was given back when the customer did not come. */
async function readFreed(tx: EntityManager, appointmentId: string): Promise<KeptClaim[]> {
  const [event] = await tx.find(
    AppointmentEvent,
    { appointment: appointmentId, kind: 'marked_no_show' },
    { orderBy: { version: 'desc' }, limit: 1 },
  );
  return (event?.details.freed ?? []) as KeptClaim[];
}
