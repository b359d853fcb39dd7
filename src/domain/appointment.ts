/**
 * What an appointment is and may become: the table of legal transitions, and the rules of time and policy around each. Pure: "now" is
 * always an argument, instants are epoch milliseconds.
 */
import type { BookingPolicy } from './policy.ts';
import { DAY, MINUTE } from './time.ts';

/** A row exists only once time is claimed; before that, and for refusals at once, the booking request tells the state. */
export const statuses = [
  'held',
  'pending_approval',
  'confirmed',
  'checked_in',
  'started',
  'completed',
  'cancelled',
  'no_show',
  'expired',
  'refused',
] as const;
export type AppointmentStatus = (typeof statuses)[number];

/** `confirm` and `submit` are the two ways out of a hold: into a booking, or into a request that the shop must approve. */
export type Action =
  | 'confirm'
  | 'submit'
  | 'approve'
  | 'refuse'
  | 'expire'
  | 'reschedule'
  | 'retime'
  | 'confirm_attendance'
  | 'cancel'
  | 'check_in'
  | 'start'
  | 'complete'
  | 'mark_no_show'
  | 'offer_choice'
  | 'forgive';

/** All that may happen, and what it leads to. What is not here is refused as `not_allowed`. */
export const transitions: Record<AppointmentStatus, Partial<Record<Action, AppointmentStatus>>> = {
  held: { confirm: 'confirmed', submit: 'pending_approval', expire: 'expired', cancel: 'cancelled' },
  pending_approval: {
    approve: 'confirmed',
    refuse: 'refused',
    expire: 'expired',
    reschedule: 'pending_approval',
    retime: 'pending_approval',
    cancel: 'cancelled',
    offer_choice: 'pending_approval',
  },
  confirmed: {
    reschedule: 'confirmed',
    retime: 'confirmed',
    confirm_attendance: 'confirmed',
    cancel: 'cancelled',
    check_in: 'checked_in',
    start: 'started',
    complete: 'completed',
    mark_no_show: 'no_show',
    // It cannot take place as booked: the customer is asked to choose another time.
    offer_choice: 'confirmed',
  },
  checked_in: { start: 'started', complete: 'completed', cancel: 'cancelled' },
  started: { complete: 'completed' },
  // Who comes after all is welcome if the time is still free.
  no_show: { check_in: 'checked_in', forgive: 'no_show' },
  completed: {},
  // What counts against the customer need not for ever.
  cancelled: { forgive: 'cancelled' },
  expired: {},
  refused: {},
};

/** In which time is claimed; what is `completed` or `no_show` keeps the time that it used, for caps and fairness. */
export const liveStatuses = ['held', 'pending_approval', 'confirmed', 'checked_in', 'started'] as const satisfies AppointmentStatus[];

/** What may be done next, for those who ask. */
export const actionsFrom = (status: AppointmentStatus): Action[] => Object.keys(transitions[status]) as Action[];

/**
 * On whose behalf: the customer is bound by cut-offs, staff are exempt and name a reason, timers and operators follow the rules' own times.
 */
export type By = 'customer' | 'staff' | 'timer' | 'operator';

/** A closed list, so that reasons can travel and be counted without carrying what somebody typed. */
export const reasons = [
  'customer_asked',
  'illness',
  'emergency',
  'staff_absent',
  'shop_closed',
  'duplicate',
  'mistake',
  'goodwill',
  'late',
  'other',
] as const;
export type Reason = (typeof reasons)[number];

export type Standing = { status: AppointmentStatus; startsAt: number; endsAt: number; decideBy: number | null; policy: BookingPolicy };

export type NotAllowed = 'not_allowed' | 'already_begun' | 'too_early' | 'cancel_too_late' | 'reschedule_too_late' | 'hold_expired';

export type Verdict =
  | { ok: true; to: AppointmentStatus; /** Of a cancellation: whether it counts against the customer. */ late: boolean }
  | { ok: false; code: NotAllowed }
  | 'already';

/** An action that found its end reached has nothing to do; others that stay in their state do something each time. */
const ends: Partial<Record<Action, AppointmentStatus[]>> = {
  cancel: ['cancelled'],
  check_in: ['checked_in'],
  start: ['started'],
  complete: ['completed'],
  mark_no_show: ['no_show'],
  expire: ['expired'],
  refuse: ['refused'],
  approve: ['confirmed'],
  confirm: ['confirmed', 'pending_approval'],
  submit: ['pending_approval'],
};

/** How long before its start a visit can be checked in. */
const earliestCheckInMinutes = 12 * 60;

/** Instants are epoch milliseconds. */
export const isTooEarlyToCheckIn = (startsAt: number, now: number): boolean => now < startsAt - earliestCheckInMinutes * MINUTE;

/** Whether a cancellation by the customer would count as late. */
export const isLateToCancel = ({ status, startsAt, policy }: Pick<Standing, 'status' | 'startsAt' | 'policy'>, now: number): boolean =>
  status === 'confirmed' && (policy.movedLate === true || now > startsAt - policy.cancelCutoffMinutes * MINUTE);

/** Whether the action is allowed now, and what it leads to. */
export function judgeAction(action: Action, { status, startsAt, endsAt, decideBy, policy }: Standing, by: By, now: number): Verdict {
  if (ends[action]?.includes(status)) return 'already';
  const to = transitions[status][action];
  if (!to) return refuse(status === 'expired' && (action === 'confirm' || action === 'submit') ? 'hold_expired' : 'not_allowed');
  switch (action) {
    case 'confirm':
    case 'submit':
      return decideBy !== null && now >= decideBy ? refuse('hold_expired') : allow(to);
    case 'approve':
      return decideBy !== null && now >= decideBy ? refuse('not_allowed') : allow(to);
    case 'expire':
      return decideBy !== null && now < decideBy ? refuse('too_early') : allow(to);
    case 'cancel': {
      if (status === 'held' || by === 'staff' || by === 'operator') return allow(to);
      // What could not take place, and of which the customer chose no other time.
      if (by === 'timer' && status === 'confirmed') return decideBy !== null && now >= decideBy ? allow(to) : refuse('too_early');
      if (now >= startsAt || status === 'checked_in') return refuse('already_begun');
      const late = isLateToCancel({ status, startsAt, policy }, now);
      return late && policy.lateCancel === 'refuse' ? refuse('cancel_too_late') : { ok: true, to, late };
    }
    case 'reschedule':
      if (now >= startsAt) return refuse('already_begun');
      return by === 'customer' && now > startsAt - policy.rescheduleCutoffMinutes * MINUTE ? refuse('reschedule_too_late') : allow(to);
    case 'confirm_attendance':
      // Of what cannot take place as booked, only the shop can say that it will after all.
      if (by === 'customer' && decideBy !== null) return refuse('not_allowed');
      return now >= startsAt ? refuse('already_begun') : allow(to);
    case 'retime':
    case 'offer_choice':
      return now >= startsAt ? refuse('already_begun') : allow(to);
    case 'check_in':
    case 'start':
      return isTooEarlyToCheckIn(startsAt, now) ? refuse('too_early') : allow(to);
    case 'complete':
      // A timer completes what nobody closed by hand, a day after it.
      return now < (by === 'timer' ? endsAt : startsAt - earliestCheckInMinutes * MINUTE) ? refuse('too_early') : allow(to);
    case 'mark_no_show': {
      const grace = by === 'timer' ? (policy.noShowGraceMinutes ?? DAY / MINUTE) : 0;
      return now < startsAt + grace * MINUTE ? refuse('too_early') : allow(to);
    }
    case 'refuse':
    case 'forgive':
      return allow(to);
  }
}

const allow = (to: AppointmentStatus): Verdict => ({ ok: true, to, late: false });
const refuse = (code: NotAllowed): Verdict => ({ ok: false, code });

/** What a timer does next if nobody else does, and when; `close` only ends the workflow. Null once nothing can happen any more. */
export type Wake = { at: number; action: 'expire' | 'cancel' | 'mark_no_show' | 'complete' | 'close' } | null;

/** `closeAfterSeconds` after its end a visit is closed: until then staff may still put right what happened. */
export function wakeOf({ status, startsAt, endsAt, decideBy, policy }: Standing, closeAfterSeconds: number): Wake {
  const closesAt = endsAt + closeAfterSeconds * 1000;
  switch (status) {
    case 'held':
    case 'pending_approval':
      return { at: decideBy!, action: 'expire' };
    case 'confirmed':
      if (decideBy !== null) return { at: decideBy, action: 'cancel' };
      return policy.noShowGraceMinutes === null
        ? { at: closesAt, action: 'complete' }
        : { at: startsAt + policy.noShowGraceMinutes * MINUTE, action: 'mark_no_show' };
    case 'checked_in':
    case 'started':
      return { at: closesAt, action: 'complete' };
    case 'no_show':
      return { at: closesAt, action: 'close' };
    case 'completed':
    case 'cancelled':
    case 'expired':
    case 'refused':
      return null;
  }
}
