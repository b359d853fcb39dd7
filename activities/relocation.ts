/** Taking the visits of a day elsewhere. Each visit is changed through its own workflow, so that its timers and messages follow. */
import { isGrpcServiceError, WorkflowNotFoundError, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { v5 as uuidv5 } from 'uuid';
import { changeAppointment } from '../src/db/change.ts';
import { finishRelocation, planVisit, readVisitIds, settleVisit, type Settled, type VisitIds } from '../src/db/relocating.ts';
import { findUnfinished } from '../src/db/relocation.ts';
import type { Change, ChangeResult } from '../src/domain/change.ts';
import { appointmentWorkflowId, changeUpdate, redeliveryWorkflowId, type Policy, type RedeliveryWorkflow } from '../workflows/messages.ts';
import type { ActivityDeps } from './deps.ts';

/** What asks workflows needs beside. */
export type RelocationDeps = ActivityDeps & { client: Client; taskQueue: string };

type RelocationIds = { networkId: string; relocationId: string };

/** UUIDv5 namespace of update ids. */
const updateNamespace = '5b4e1a52-6a1c-5d0e-9c55-0c8a52a1d9f4';
/** Rivals may take what was found free; after so many the customer is asked instead. */
const mostTries = 5;
const answerWithinMs = 15_000;

export function createRelocationActivities({ orm, now, client, taskQueue }: RelocationDeps) {
  const em = () => orm.em.fork();

  async function ask(ids: VisitIds, wanted: Change, policy: Policy): Promise<ChangeResult> {
    const { networkId, appointmentId } = ids;
    // The same question by the same id: whatever broke in between, it is asked once.
    const updateId = uuidv5(`${ids.relocationId} ${JSON.stringify(wanted)}`, updateNamespace);
    try {
      return await client.withDeadline(Date.now() + answerWithinMs, () =>
        client.workflow.getHandle(appointmentWorkflowId(appointmentId)).executeUpdate(changeUpdate, { args: [wanted], updateId }),
      );
    } catch (error) {
      if (isGrpcServiceError(error) || (!(error instanceof WorkflowNotFoundError) && !(error instanceof WorkflowUpdateFailedError)))
        throw error;
    }
    // Its workflow was ended by a person, or is of before it could be asked this: the row moves all the same, and its messages are sent.
    const result = await changeAppointment(em(), ids, wanted, { now, closeAfterSeconds: policy.closeAfterSeconds ?? 86_400 });
    if (result.ok && result.stand.effects.length > 0) {
      await client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(appointmentId, result.stand.version),
        taskQueue,
        args: [{ appointmentId, networkId, policy, deliveries: result.stand.effects }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
    }
    return result;
  }

  return {
    /** A read. */
    async findUnfinishedRelocations(): Promise<RelocationIds[]> {
      return findUnfinished(em(), now());
    },

    /** A read. */
    async listRelocationVisits({ networkId, relocationId }: RelocationIds): Promise<string[]> {
      return readVisitIds(em(), networkId, relocationId);
    },

    /** Moves or offers one visit; repeating finds what was done before, and does nothing twice. */
    async relocateVisit({ policy, ...ids }: VisitIds & { policy: Policy }): Promise<Settled['state']> {
      let code = 'undecided';
      for (let tries = 0; tries < 2 * mostTries; tries += 1) {
        const step = await planVisit(em(), ids, now(), tries < mostTries);
        if ('settled' in step) return settleVisit(em(), ids, step.settled, now());
        const result = await ask(ids, step.ask, policy);
        if (result.ok) return settleVisit(em(), ids, step.after, now());
        code = result.code;
      }
      return settleVisit(em(), ids, { state: 'stuck', code }, now());
    },

    /** Of a visit with which nothing could be done: a person must look. What has ended stays as it is. */
    async giveVisitUp(ids: VisitIds): Promise<Settled['state']> {
      return settleVisit(em(), ids, { state: 'stuck', code: 'unexpected' }, now());
    },

    /** Notes the end; repeating keeps the first. */
    async finishRelocation({ networkId, relocationId }: RelocationIds): Promise<void> {
      await finishRelocation(em(), networkId, relocationId, now());
    },
  };
}
