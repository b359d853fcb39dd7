/** When reminders go out: some time before the visit, not all in the same second, and not at night. */
import type { Remind } from './effects.ts';
import type { Settings } from './settings.ts';
import { addDays, MINUTE, startInstant, toWall } from './time.ts';

export type ReminderRules = Pick<Settings, 'reminderLeadMinutes' | 'reminderJitterSeconds' | 'quietHours'>;

/** Of a reminder that quiet hours put off, so much must remain before the visit; else it goes out before they begin. */
const leastNotice = 60 * MINUTE;

/**
 * Each reminder whose time has not passed. It goes out up to `reminderJitterSeconds` before its time (the same on every run, another for each
 * appointment), so that a whole network's do not leave in one second; and what would fall into the shop's quiet hours goes out when they
 * end, or before they begin where that would be too late for the visit. Two that fall together are one.
 */
export const createRemind = (appointmentId: string, timeZone: string, rules: ReminderRules): Remind => (startsAt, now) => {
  const dues = rules.reminderLeadMinutes.map((lead) => {
    const planned = startsAt - lead * MINUTE - jitter(appointmentId, rules.reminderJitterSeconds);
    return outsideQuietHours(planned, startsAt, timeZone, rules.quietHours);
  });
  return [...new Set(dues)]
    .filter((dueAt) => dueAt > now)
    .sort((a, b) => a - b)
    .map((dueAt) => ({ kind: 'reminder_customer', dueAt: new Date(dueAt).toISOString(), usefulUntil: new Date(startsAt).toISOString() }));
};

/** Milliseconds, in whole seconds; from the id alone. */
const jitter = (appointmentId: string, mostSeconds: number): number => (mostSeconds === 0 ? 0 : (Number.parseInt(appointmentId.slice(-8), 16) % (mostSeconds + 1)) * 1000);

/** Where to go instead, should the instant lie in quiet hours. They are the shop's wall clock and may span midnight. */
function outsideQuietHours(at: number, startsAt: number, timeZone: string, quiet: Settings['quietHours']): number {
  if (quiet === null) return at;
  const { date } = toWall(at, timeZone);
  // The night that begins on the day before, and the one that begins today.
  for (const day of [addDays(date, -1), date]) {
    const from = startInstant(day, minuteOf(quiet.from), timeZone);
    const to = startInstant(quiet.to > quiet.from ? day : addDays(day, 1), minuteOf(quiet.to), timeZone);
    if (at < from || at >= to) continue;
    return startsAt - to >= leastNotice ? to : from - MINUTE;
  }
  return at;
}

const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
