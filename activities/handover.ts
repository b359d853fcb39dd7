/** Effects that no workflow has are handed over to one: the appointment's own while it runs, else one that only sends. */
import { v5 as uuidv5 } from 'uuid';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { MessageChannel } from '../src/domain/channel.ts';
import { findHandovers, noteHandover, putHandoverBehind, reclaimLost, type Handover } from '../src/db/handover.ts';
import { reopenSignedIn, reopenSignedOut } from '../src/db/sign-in-news.ts';
import {
  appointmentWorkflowId,
  redeliverUpdate,
  redeliveryWorkflowId,
  type Policy,
  type RedeliveryWorkflow,
} from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';

const atOnce = 25;
const mostReopened = 500;
const updateWithinMs = 10_000;
const updateNamespace = '6c1c6d52-2b53-5a0e-9f0f-5d2a3f0d9b11';

export type HandoverDeps = ActivityDeps & { client: Client; taskQueue: string };

export function createHandoverActivities({ orm, client, taskQueue, log }: HandoverDeps) {
  /** Whether a workflow has them now. The update's id is that of the round, so that a repeated call starts nothing twice. */
  async function giveToOwn({ appointmentId, round, deliveries }: Handover): Promise<boolean> {
    try {
      return await client.withDeadline(Date.now() + updateWithinMs, () =>
        client.workflow
          .getHandle(appointmentWorkflowId(appointmentId))
          .executeUpdate(redeliverUpdate, { args: [deliveries], updateId: uuidv5(`redeliver ${appointmentId} ${round}`, updateNamespace) }),
      );
    } catch (error) {
      // A workflow from before version 3 does not know the update.
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return false;
      throw error;
    }
  }

  async function giveToAnother({ networkId, appointmentId, round, deliveries }: Handover, policy: Policy): Promise<void> {
    try {
      await client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(appointmentId, round),
        taskQueue,
        args: [{ networkId, appointmentId, policy, deliveries }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  return {
    /**
     * Hands over some of what waits. A workflow that cannot be reached now, or is stuck, leaves its effects to a later run, behind the
     * others; it holds up nobody else's. Repeating hands over only what is left.
     */
    async handOver({ policy }: { policy: Policy }): Promise<{ handed: number; more: boolean }> {
      const found = await findHandovers(orm.em.fork(), atOnce);
      const ends = await Promise.all(
        found.map(async (each) => {
          try {
            if (!(await giveToOwn(each))) await giveToAnother(each, policy);
            await noteHandover(orm.em.fork(), each);
            return 'handed';
          } catch (error) {
            log.warn(
              { appointmentId: each.appointmentId, error: error instanceof Error ? error.name : 'unknown' },
              'effects could not be handed over yet',
            );
            await putHandoverBehind(orm.em.fork(), each);
            return error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ? 'stuck' : 'failed';
          }
        }),
      );
      const handed = ends.filter((end) => end === 'handed').length;
      if (found.length > 0 && ends.every((end) => end === 'failed')) throw new Error('no effect could be handed over');
      return { handed, more: found.length === atOnce && handed > 0 };
    },

    /** Finds what was lost, and opens again what a sign-in had parked that works again. Repeating finds less. */
    async reclaimEffects({ signedIn }: { signedIn: MessageChannel[] }): Promise<{ lost: number; reopened: number }> {
      const lost = await reclaimLost(orm.em.fork(), mostReopened);
      let reopened = await reopenSignedIn(orm.em.fork(), mostReopened);
      for (const channel of signedIn) reopened += await reopenSignedOut(orm.em.fork(), channel, mostReopened);
      return { lost, reopened };
    },
  };
}
