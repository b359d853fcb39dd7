/**
 * Every ten minutes: what its own workflow should have ended and has not (terminated by a person, say) is ended, and told; and a relocation
 * that was never begun is begun.
 */
import { ParentClosePolicy, proxyActivities, startChild } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { DecidingActivities } from '../activities/index.ts';
import {
  redeliveryWorkflowId,
  relocationWorkflowId,
  type OverdueInput,
  type RedeliveryWorkflow,
  type RelocationWorkflow,
} from './messages.ts';

const { findOverdue, findUnfinishedRelocations, changeAppointment } = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '5s', maximumInterval: '1m', maximumAttempts: 5 },
});

export async function overdue({ policy }: OverdueInput): Promise<number> {
  const found = await findOverdue({ policy });
  for (const { action, ...ids } of found) {
    const result = await changeAppointment({ ...ids, change: { action, actor: 'housekeeping', by: 'timer', source: 'timer' } });
    if (!result.ok || result.stand.effects.length === 0) continue;
    await unlessItRuns(
      startChild<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(ids.appointmentId, result.stand.version),
        args: [{ ...ids, policy, deliveries: result.stand.effects }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
      }),
    );
  }
  for (const ids of await findUnfinishedRelocations()) {
    await unlessItRuns(
      startChild<RelocationWorkflow>('relocation', {
        workflowId: relocationWorkflowId(ids.relocationId),
        args: [{ ...ids, policy }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
  }
  return found.length;
}

async function unlessItRuns(starting: Promise<unknown>): Promise<void> {
  try {
    await starting;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
