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
  const barberIds = touchesTime.includes(change.action) ? await bumpBarbers(tx, ids.appointmentId, at) : [];
  const { row, to, late } = await lockAndJudge(tx, ids, change, at);
  if (to === 'already' || isSo(change.action, row)) return { ok: true, stand: await readStand(tx, row, closeAfterSeconds) };
  const parts = await tx.find(AppointmentPart, { appointmentId: row.id }, { orderBy: { position: 'asc' } });
  // A move came between: the diaries that were bumped are not those of its barbers any more.
  if (barberIds.length > 0 && parts.some(({ barberId }) => !barberIds.includes(barberId)))
    throw new Error('an appointment moved while it was changed; trying again');

  const from = row.status;
  const effects: NewDelivery[] = [];
  const details: Record<string, unknown> = {};
  const theirs = [...new Set(parts.map(({ barberId }) => barberId))];
  row.status = to;
  let freed = false;
  switch (change.action) {
    case 'confirm':
      effects.push(...(await confirmHold(tx, row, change, at, theirs)));
      break;
    case 'approve':
      effects.push(...planConfirmation(row.startsAt.getTime(), remindOf(row), at.getTime(), theirs));
      Object.assign(row, { decideBy: null, choiceOfferedAt: null });
      break;
    case 'cancel':
      row.cancelledLate = late;
      // A hold told nobody.
      // Of somebody who walked in, no barber was ever told.
      if (from !== 'held')
        effects.push(
          ...planCancellation(row.endsAt.getTime(), at.getTime(), row.entry === 'walk_in' ? [] : theirs, aboutCancelling(from, change)),
        );
      details.late = late;
      break;
    case 'refuse':
    case 'expire':
      if (from === 'pending_approval') effects.push(...planDecline(row.endsAt.getTime(), at.getTime(), to, theirs));
      break;
    case 'check_in':
      if (from === 'no_show') await claimTime(tx, row.networkId, row.id, await readFreed(tx, row.id));
      break;
    case 'confirm_attendance':
      row.attendanceConfirmedAt = at;
      if (!row.choiceOfferedAt) break;
      // It can take place after all.
      effects.push(
        ...planConfirmation(row.startsAt.getTime(), remindOf(row), at.getTime(), theirs).filter(
          ({ kind }) => kind !== 'confirmation_barber',
        ),
      );
      Object.assign(row, { decideBy: null, choiceOfferedAt: null });
      await withdrawDeliveries(tx, row.id, change.action, at, ['choose_customer']);
      break;
    case 'offer_choice':
      row.choiceOfferedAt = at;
      row.policy = withoutCutoffs(row.policy);
      // Who chooses nothing until then is not left with a visit that nobody gives.
      if (to === 'confirmed') row.decideBy = row.startsAt;
      effects.push(...planChoice(row.startsAt.getTime(), at.getTime(), change.reason));
      break;
    case 'forgive':
      row.forgivenAt = at;
      break;
    case 'start':
    case 'complete':
    case 'mark_no_show':
    case 'reschedule':
    case 'retime':
      break;
  }
  if (to !== from && ['cancelled', 'refused', 'expired', 'no_show', 'completed'].includes(to)) {
    Object.assign(row, { endedAt: at, endedBy: change.by, endReason: change.reason ?? null });
    await withdrawDeliveries(tx, row.id, change.action, at);
    freed = to !== 'completed';
    if (to === 'completed' || to === 'no_show') details.freed = await freeRest(tx, row.id, at);
    else await freeTime(tx, row.id);
  } else if (from === 'no_show' && to !== from) {
    Object.assign(row, { endedAt: null, endedBy: null, endReason: null });
  } else if (change.action === 'approve' || change.action === 'confirm') {
    await withdrawDeliveries(tx, row.id, change.action, at, ['approval_customer', 'approval_barber', 'offer_customer', 'choose_customer']);
  } else if (change.action === 'offer_choice') {
    // Who hears that it cannot take place, must not hear afterwards that it will.
    await withdrawDeliveries(tx, row.id, change.action, at, tellsOfVisit);
  } else if (change.action === 'check_in' || change.action === 'start') {
    await withdrawDeliveries(tx, row.id, change.action, at, ['reminder_customer']);
  }
  await tx.flush();
  if (row.waitlistEntryId && from === 'held') await noteAnswer(tx, row, at);
  if (row.waitlistEntryId && from === 'pending_approval' && (to === 'refused' || to === 'expired')) await waitAgain(tx, row);
  writeEvent(tx, row, change, from, at, details);
  await insertDeliveries(tx, row, effects, at);
  await planVisit(tx, row, from, at);
  await tx.flush();
  return { ok: true, stand: await readStand(tx, row, closeAfterSeconds, freed ? row : null) };
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
