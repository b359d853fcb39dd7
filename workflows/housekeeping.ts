/**
 * Once a day: what has outlived its use is deleted, and what was due is counted. Started by a Temporal schedule, so that operators see each
 * run.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { DecidingActivities } from '../activities/index.ts';

const { deleteOutlived, checkReminders } = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '5m',
  retry: { initialInterval: '10s', maximumInterval: '10m', maximumAttempts: 20 },
});

export async function housekeeping(): Promise<{ requests: number; contacts: number; remindersDue: number; late: number }> {
  const deleted = await deleteOutlived();
  const { due, late } = await checkReminders();
  return { ...deleted, remindersDue: due, late };
}
