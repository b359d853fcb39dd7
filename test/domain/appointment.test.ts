/**
 * Goal: nothing happens to an appointment that its state, the clock or its policy forbids. Method: a grid of states and actions written by
 * hand, and the edges of each time limit, to the millisecond.
 */
import { expect } from 'chai';
import {
  actionsFrom,
  judgeAction,
  liveStatuses,
  statuses,
  transitions,
  wakeOf,
  type Action,
  type AppointmentStatus,
  type By,
  type Standing,
} from '../../src/domain/appointment.ts';
import { judgeStrikes, policyOf } from '../../src/domain/policy.ts';
import { policyText } from '../../src/domain/policy-texts.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The visit begins at 0 and lasts an hour; what must be decided must be so an hour before it. */
const standing = (status: AppointmentStatus, policy: Parameters<typeof policyOf>[0] = {}): Standing => ({
  status,
  startsAt: 0,
  endsAt: hour,
  decideBy: status === 'held' || status === 'pending_approval' ? -hour : null,
  policy: policyOf(policy),
});

/** What each action leads to from each state, when time allows it: `=` is so already, `-` is not allowed. */
const grid = `
                  confirm    submit            approve    refuse   expire   reschedule        retime            confirm_attendance  cancel     check_in    start    complete   mark_no_show  offer_choice      forgive
held              confirmed  pending_approval  -          -        expired  -                 -                 -                   cancelled  -           -        -          -             -                 -
pending_approval  =          =                 confirmed  refused  expired  pending_approval  pending_approval  -                   cancelled  -           -        -          -             pending_approval  -
confirmed         =          -                 =          -        -        confirmed         confirmed         confirmed           cancelled  checked_in  started  completed  no_show       confirmed         -
checked_in        -          -                 -          -        -        -                 -                 -                   cancelled  =           started  completed  -             -                 -
started           -          -                 -          -        -        -                 -                 -                   -          -           =        completed  -             -                 -
completed         -          -                 -          -        -        -                 -                 -                   -          -           -        =          -             -                 -
cancelled         -          -                 -          -        -        -                 -                 -                   =          -           -        -          -             -                 cancelled
no_show           -          -                 -          -        -        -                 -                 -                   -          checked_in  -        -          =             -                 no_show
expired           -          -                 -          -        =        -                 -                 -                   -          -           -        -          -             -                 -
refused           -          -                 -          =        -        -                 -                 -                   -          -           -        -          -             -                 -`;
const [header, ...rows] = grid
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const actions = header as Action[];

/** A time at which the clock forbids the action in no state. */
const rightTime: Record<Action, number> = {
  confirm: -2 * hour,
  submit: -2 * hour,
  approve: -2 * hour,
  refuse: -2 * hour,
  expire: -hour,
  reschedule: -2 * hour,
  retime: -2 * hour,
  confirm_attendance: -2 * hour,
  cancel: -2 * hour,
  check_in: 0,
  start: 0,
  complete: hour,
  mark_no_show: 0,
  offer_choice: -2 * hour,
  forgive: 2 * hour,
};
/** Who does it, usually. */
const doer = (action: Action): By =>
  action === 'expire'
    ? 'timer'
    : ['approve', 'refuse', 'cancel', 'check_in', 'start', 'complete', 'mark_no_show', 'offer_choice', 'forgive'].includes(action)
      ? 'staff'
      : 'customer';

describe('the life of an appointment', () => {
  it('knows every state and action, and no other', () => {
    expect(rows.map(([status]) => status)).to.have.members([...statuses]);
    expect(new Set(Object.values(transitions).flatMap((row) => Object.keys(row)))).to.deep.equal(new Set(actions));
  });

  for (const [status, ...cells] of rows as [AppointmentStatus, ...string[]][]) {
    for (const [index, action] of actions.entries()) {
      const cell = cells[index]!;
      it(`${status}, asked to ${action}, ${cell === '-' ? 'refuses' : cell === '=' ? 'is so already' : `becomes ${cell}`}`, () => {
        const verdict = judgeAction(action, standing(status), doer(action), rightTime[action]);

        if (cell === '=') expect(verdict).to.equal('already');
        else if (cell !== '-') expect(verdict).to.deep.include({ ok: true, to: cell });
        else
          expect(verdict).to.deep.equal({
            ok: false,
            code: status === 'expired' && (action === 'confirm' || action === 'submit') ? 'hold_expired' : 'not_allowed',
          });
        expect(actionsFrom(status).includes(action)).to.equal(cell !== '-' && cell !== '=');
      });
    }
  }

  /** The last moment at which it is allowed, and the first at which it is refused, with the word for it. */
  const limits: [string, Action, By, Standing, allowed: number, refused: number, code: string][] = [
    ['a hold, confirmed', 'confirm', 'customer', standing('held'), -hour - 1, -hour, 'hold_expired'],
    ['a request, approved', 'approve', 'staff', standing('pending_approval'), -hour - 1, -hour, 'not_allowed'],
    ['a hold, ended by its timer', 'expire', 'timer', standing('held'), -hour, -hour - 1, 'too_early'],
    ['a customer, who cancels', 'cancel', 'customer', standing('confirmed'), -1, 0, 'already_begun'],
    [
      'a customer, who cancels late where that is refused',
      'cancel',
      'customer',
      standing('confirmed', { cancelCutoffMinutes: 90, lateCancel: 'refuse' }),
      -90 * minute,
      -90 * minute + 1,
      'cancel_too_late',
    ],
    [
      'a customer, who moves the visit',
      'reschedule',
      'customer',
      standing('confirmed', { rescheduleCutoffMinutes: 30 }),
      -30 * minute,
      -30 * minute + 1,
      'reschedule_too_late',
    ],
    ['staff, who move the visit', 'reschedule', 'staff', standing('confirmed', { rescheduleCutoffMinutes: 30 }), -1, 0, 'already_begun'],
    ['attendance, confirmed', 'confirm_attendance', 'customer', standing('confirmed'), -1, 0, 'already_begun'],
    ['a check-in', 'check_in', 'staff', standing('confirmed'), -12 * hour, -12 * hour - 1, 'too_early'],
    ['a no-show, by hand', 'mark_no_show', 'staff', standing('confirmed', { noShowGraceMinutes: 15 }), 0, -1, 'too_early'],
    [
      'a no-show, by the timer',
      'mark_no_show',
      'timer',
      standing('confirmed', { noShowGraceMinutes: 15 }),
      15 * minute,
      15 * minute - 1,
      'too_early',
    ],
    ['a choice, offered', 'offer_choice', 'staff', standing('confirmed'), -1, 0, 'already_begun'],
    ['a choice that nobody made, by the timer', 'cancel', 'timer', { ...standing('confirmed'), decideBy: 0 }, 0, -1, 'too_early'],
    ['an end, by the timer', 'complete', 'timer', standing('started'), hour, hour - 1, 'too_early'],
  ];
  for (const [name, action, by, at, allowed, refused, code] of limits) {
    it(`${name}: to the millisecond`, () => {
      expect(judgeAction(action, at, by, allowed)).to.deep.include({ ok: true });
      expect(judgeAction(action, at, by, refused)).to.deep.equal({ ok: false, code });
    });
  }

  it('a cancellation after the cut-off counts as late; one by staff, of a request, or in time does not', () => {
    const policy = { cancelCutoffMinutes: 60, lateCancel: 'count' } as const;
    const late = (status: AppointmentStatus, by: By, now: number) => {
      const verdict = judgeAction('cancel', standing(status, policy), by, now);
      return verdict !== 'already' && verdict.ok && verdict.late;
    };
    expect([
      late('confirmed', 'customer', -hour + 1),
      late('confirmed', 'customer', -hour),
      late('confirmed', 'staff', -1),
      late('pending_approval', 'customer', -1),
    ]).to.deep.equal([true, false, false, false]);
  });

  it('staff can still cancel whoever has checked in, a customer cannot', () => {
    expect(judgeAction('cancel', standing('checked_in'), 'staff', 10 * minute)).to.deep.include({ ok: true, to: 'cancelled' });
    expect(judgeAction('cancel', standing('checked_in'), 'customer', -minute)).to.deep.equal({ ok: false, code: 'already_begun' });
  });

  it('a timer waits in every state in which time is claimed, and in no final one', () => {
    const wakes = Object.fromEntries(statuses.map((status) => [status, wakeOf(standing(status), 86_400)]));
    expect(wakes).to.deep.equal({
      held: { at: -hour, action: 'expire' },
      pending_approval: { at: -hour, action: 'expire' },
      confirmed: { at: hour + day, action: 'complete' },
      checked_in: { at: hour + day, action: 'complete' },
      started: { at: hour + day, action: 'complete' },
      no_show: { at: hour + day, action: 'close' },
      completed: null,
      cancelled: null,
      expired: null,
      refused: null,
    });
    for (const status of liveStatuses) expect(wakes[status], status).not.to.equal(null);
    expect(wakeOf(standing('confirmed', { noShowGraceMinutes: 20 }), 86_400)).to.deep.equal({ at: 20 * minute, action: 'mark_no_show' });
  });

  it('what a timer does when it wakes, is allowed then', () => {
    for (const status of statuses) {
      for (const noShowGraceMinutes of [null, 0, 15, 600]) {
        const at = standing(status, { noShowGraceMinutes });
        const wake = wakeOf(at, 60);
        if (wake && wake.action !== 'close')
          expect(judgeAction(wake.action, at, 'timer', wake.at), `${status} ${noShowGraceMinutes}`).to.deep.include({ ok: true });
      }
    }
  });

  it('strikes ask for approval, then for a refusal, each from its number on', () => {
    const policy = { strikesForApproval: 2, strikesForBlock: 3 };
    expect([0, 1, 2, 3, 4].map((strikes) => judgeStrikes(strikes, policy))).to.deep.equal(['free', 'free', 'approval', 'block', 'block']);
    expect(judgeStrikes(99, { strikesForApproval: null, strikesForBlock: null })).to.equal('free');
  });

  it('a policy, told in words, says each of its rules in either language, and nothing of rules that there are not', () => {
    const strict = policyOf({
      cancelCutoffMinutes: 1440,
      lateCancel: 'refuse',
      rescheduleCutoffMinutes: 120,
      noShowGraceMinutes: 15,
      strikesForApproval: 1,
      strikesForBlock: 3,
      strikeWindowDays: 90,
    });
    expect(policyText(strict, 'en')).to.equal(
      'You can cancel until 1 day before the visit; after that, please call the shop. ' +
        'You can move the visit until 2 hours before it. We keep your chair for 15 minutes. ' +
        'Late cancellations and missed visits of 90 days are counted: from 1, the shop must approve bookings; ' +
        'from 3, it takes no more bookings online.',
    );
    expect(policyText(strict, 'pt')).to.equal(
      'Pode cancelar até 1 dia antes da visita; depois disso, ligue por favor para a loja. ' +
        'Pode mudar a hora até 2 horas antes da visita. Guardamos a sua cadeira durante 15 minutos. ' +
        'Contamos os cancelamentos tardios e as faltas de 90 dias: a partir de 1, a loja tem de aprovar as marcações; ' +
        'a partir de 3, deixa de aceitar marcações em linha.',
    );
    expect(
      policyText(
        policyOf({
          cancelCutoffMinutes: 0,
          rescheduleCutoffMinutes: 0,
          noShowGraceMinutes: null,
          strikesForApproval: null,
          strikesForBlock: null,
        }),
        'en',
      ),
    ).to.equal('You can cancel until the visit begins. You can move the visit until it begins.');
  });
});
