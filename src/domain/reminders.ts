/** When reminders go out: some time before the visit, not all in the same second, and not at night. */
import type { Remind } from './effects.ts';
import type { Settings } from './settings.ts';
import { addDays, MINUTE, startInstant, toWall } from './time.ts';

export type ReminderRules = Pick<Settings, 'reminderLeadMinutes' | 'reminderJitterSeconds' | 'quietHours'>;

/** Of a reminder that quiet hours put off, so much must remain before the visit; else it goes out before they begin. */
const leastNotice = 60 * MINUTE;

/**
 * Each reminder whose time has not passed. It goes out up to `reminderJitterSeconds` before its time (the same on every run, another for
 * each appointment), so that a whole network's do not leave in one second; and what would fall into the shop's quiet hours goes out when
 * they end, spread likewise, or before they begin where that would be too late for the visit. Two that fall together are one.
 */
export const createRemind =
  (appointmentId: string, timeZone: string, rules: ReminderRules): Remind =>
  (startsAt, now) => {
    const dues = rules.reminderLeadMinutes.map((lead) => {
      const spread = jitter(appointmentId, rules.reminderJitterSeconds);
      return outsideQuietHours(startsAt - lead * MINUTE - spread, spread, startsAt, timeZone, rules.quietHours);
    });
    return [...new Set(dues)]
      .filter((dueAt) => dueAt > now)
      .sort((a, b) => a - b)
      .map((dueAt) => ({ kind: 'reminder_customer', dueAt: new Date(dueAt).toISOString(), usefulUntil: new Date(startsAt).toISOString() }));
  };

/**
 * Until when a reminder waits whose try has fallen into quiet hours (its provider was away, a worker was, or a person had it tried again);
 * null where it need not wait, or cannot: with less than `leastNotice` left after them it goes all the same.
 */
export function quietUntil(
  appointmentId: string,
  timeZone: string,
  { quietHours, reminderJitterSeconds }: ReminderRules,
  startsAt: number,
  now: number,
): number | null {
  const until = outsideQuietHours(now, jitter(appointmentId, reminderJitterSeconds), startsAt, timeZone, quietHours);
  return until > now ? until : null;
}

/** Milliseconds, in whole seconds; from the id alone. */
const jitter = (appointmentId: string, mostSeconds: number): number =>
  mostSeconds === 0 ? 0 : (Number.parseInt(appointmentId.slice(-8), 16) % (mostSeconds + 1)) * 1000;

/** Where to go instead, should the instant lie in quiet hours. */
function outsideQuietHours(at: number, spread: number, startsAt: number, timeZone: string, quiet: Settings['quietHours']): number {
  const night = quiet && nightAt(at, timeZone, quiet);
  if (!night) return at;
  const isAwake = (instant: number): boolean => nightAt(instant, timeZone, quiet) === null;
  const spreadOver = (awake: number, towards: 1 | -1): number => (isAwake(awake + towards * spread) ? awake + towards * spread : awake);
  const after = spreadOver(night.to, 1);
  return startsAt - after >= leastNotice ? after : spreadOver(night.from - MINUTE, -1);
}

/** The quiet hours that hold this instant: by the shop's wall clock, spanning midnight or not. */
function nightAt(at: number, timeZone: string, quiet: NonNullable<Settings['quietHours']>): { from: number; to: number } | null {
  const { date } = toWall(at, timeZone);
  // What began on the day before, and what begins today.
  const nights = [addDays(date, -1), date].map((day) => ({
    from: startInstant(day, minuteOf(quiet.from), timeZone),
    to: startInstant(quiet.to > quiet.from ? day : addDays(day, 1), minuteOf(quiet.to), timeZone),
  }));
  return nights.find(({ from, to }) => at >= from && at < to) ?? null;
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
