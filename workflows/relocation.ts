/**
 * A sick call or a closure: one visit after another is moved, or its customer is asked to choose; the first to begin goes first. What
 * cannot be handled is left to a person and keeps no other waiting. A visit leaves some ten events: a day of a thousand is far from
 * Temporal's limit.
 */
import { ActivityFailure, proxyActivities, setHandler } from '@temporalio/workflow';
import type { DecidingActivities } from '../activities/index.ts';
import { progressQuery, type RelocationInput, type RelocationProgress } from './messages.ts';

const patient = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});
// Some minutes, so that a database or mail of which the shop hears nothing may come back.
const bounded = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 10 },
});

export async function relocation({ networkId, relocationId, policy }: RelocationInput): Promise<RelocationProgress> {
  const progress: RelocationProgress = { total: 0, moved: 0, offered: 0, gone: 0, stuck: 0, left: 0 };
  setHandler(progressQuery, () => progress);

  const visits = await patient.listRelocationVisits({ networkId, relocationId });
  progress.total = progress.left = visits.length;
  for (const appointmentId of visits) {
    const state = await relocate(appointmentId);
    progress[state] += 1;
    progress.left -= 1;
  }
  await patient.finishRelocation({ networkId, relocationId });
  return progress;

  async function relocate(appointmentId: string): Promise<'moved' | 'offered' | 'gone' | 'stuck'> {
    const ids = { networkId, relocationId, appointmentId };
    try {
      return await bounded.relocateVisit({ ...ids, policy });
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      return patient.giveVisitUp(ids);
    }
  }
}
