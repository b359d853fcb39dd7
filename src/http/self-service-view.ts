/** What the page behind a customer's link shows: the visit, what the button would answer anyway, and what went wrong. */
import type { LinkedVisit } from '../db/self-service.ts';
import { judgeAction, type Standing } from '../domain/appointment.ts';
import type { Page } from '../domain/page.ts';
import type { PageRefusal, PageTexts } from '../domain/page-texts.ts';
import { policyText } from '../domain/policy-texts.ts';
import type { BookingPolicy } from '../domain/policy.ts';
import type { Visit } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import { toProblem } from './problem.ts';

/** What a living link stands for. */
export type Asked = { linked: LinkedVisit; policy: BookingPolicy; shopId: string; visit: Visit; texts: PageTexts };

/** What the rules judge a linked visit by. */
export const standingOf = ({ linked: { status, startsAt, endsAt, decideBy }, policy }: Pick<Asked, 'linked' | 'policy'>): Standing => ({
  status,
  startsAt: Date.parse(startsAt),
  endsAt: Date.parse(endsAt),
  decideBy: decideBy === null ? null : Date.parse(decideBy),
  policy,
});

/** What the button would answer anyway is said at once. */
export function refusalOf(asked: Asked, now: number): PageRefusal | undefined {
  const { purpose } = asked.linked;
  if (purpose !== 'cancel' && purpose !== 'reschedule') return undefined;
  const verdict = judgeAction(purpose, standingOf(asked), 'customer', now);
  return verdict !== 'already' && !verdict.ok ? (known.find((code) => code === verdict.code) ?? 'not_allowed') : undefined;
}

export function visitOf({ linked, policy, texts }: Asked): Page['visit'] {
  const state = stateOf(linked);
  return {
    ...linked,
    state,
    chooseBy: state === 'choose' ? linked.decideBy : null,
    keptUntil: linked.status === 'held' || linked.status === 'pending_approval' ? linked.decideBy : null,
    policy: policyText(policy, texts.locale.startsWith('pt') ? 'pt' : 'en'),
  };
}

function stateOf({ status, decideBy, attendanceConfirmed }: LinkedVisit): Page['visit']['state'] {
  switch (status) {
    case 'confirmed':
      // A confirmed visit that is to be decided about cannot take place as it was booked.
      if (decideBy !== null) return 'choose';
      return attendanceConfirmed ? 'attendance' : 'confirmed';
    case 'pending_approval':
      return 'pending_approval';
    case 'checked_in':
    case 'started':
      return 'here';
    case 'held':
    case 'completed':
    case 'cancelled':
    case 'no_show':
    case 'expired':
    case 'refused':
      return null;
  }
}

/** The customer has pressed the button without choosing a time, say. */
export class Refused extends Error {
  readonly refusal: PageRefusal;
  constructor(refusal: PageRefusal) {
    super(refusal);
    this.refusal = refusal;
  }
}

const known: PageRefusal[] = [
  'cancel_too_late',
  'reschedule_too_late',
  'slot_taken',
  'already_begun',
  'hold_expired',
  'customer_limit',
  'not_accepted',
];
/** Rules about times, of which the customer need only know that another time must be chosen. */
const aboutTime = [
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'service_not_offered',
];

/** How a failure is told, and its HTTP status. */
export function toRefusal(error: unknown): [PageRefusal, number] {
  if (error instanceof Refused) return [error.refusal, 400];
  const problem = error instanceof Problem ? error : toProblem(error);
  if (problem.status >= 500 || problem.status === 429) return ['unavailable', 503];
  if (aboutTime.includes(problem.code)) return ['slot_taken', 409];
  return [known.find((code) => code === problem.code) ?? 'not_allowed', 409];
}
