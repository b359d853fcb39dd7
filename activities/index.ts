import type { Watching } from './calendar-watch.ts';
import type { ActivityDeps } from './deps.ts';
import { createAppointmentActivities } from './appointment.ts';
import { createCalendarActivities } from './calendar.ts';
import { createMirrorActivities, createMirrorKeeper, type EverySeconds } from './calendar-mirror.ts';
import { createHandoverActivities } from './handover.ts';
import { createSignInActivities } from './sign-in.ts';
import { createHousekeepingActivities } from './housekeeping.ts';
import { createMessageActivities } from './message.ts';
import { createRelocationActivities, type RelocationDeps } from './relocation.ts';
import { createSmsReportActivities } from './sms-report.ts';
import { createWaitlistActivities } from './waitlist.ts';

export type { ActivityDeps } from './deps.ts';

/** Reservations and transitions: short, and somebody is waiting. */
export function createDecidingActivities(deps: RelocationDeps) {
  return {
    ...createAppointmentActivities(deps),
    ...createHousekeepingActivities(deps),
    ...createRelocationActivities(deps),
    ...createWaitlistActivities(deps),
    ...createHandoverActivities(deps),
    ...createMirrorKeeper(deps),
  };
}

/** Effects: they wait for outside systems, so they have a queue of their own. */
export function createEffectActivities(deps: ActivityDeps & Watching & { everySeconds: EverySeconds }) {
  return {
    ...createMessageActivities(deps),
    ...createCalendarActivities(deps),
    ...createMirrorActivities(deps),
    ...createSignInActivities(deps),
    ...createSmsReportActivities(deps),
  };
}

export type DecidingActivities = ReturnType<typeof createDecidingActivities>;
export type EffectActivities = ReturnType<typeof createEffectActivities>;
