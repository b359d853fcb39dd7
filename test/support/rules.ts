/** Edits of rules straight on the database. */
import type { EditOptions } from '../../src/db/rule-edit.ts';
import type { WeeklyStretch, WorkPeriod } from '../../src/domain/rules.ts';

/** An edit that is made, now. */
export const real = (): EditOptions => ({ now: new Date(), dryRun: false });

/** A barber's week without end. */
export const always = (hours: WeeklyStretch[] | null, breaks: WeeklyStretch[] = []): WorkPeriod[] => [
  { fromDate: null, toDate: null, hours, breaks },
];
