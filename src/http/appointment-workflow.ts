/** The API's calls to an appointment's workflow. A call that timed out is an unknown outcome, never "not booked". */
import { isGrpcServiceError, WithStartWorkflowOperation, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { CancelResult, Outcome } from '../domain/appointment.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import {
  appointmentWorkflowId, bookUpdate, bookUpdateId, cancelUpdate, redeliveryWorkflowId, searchAttributes,
  type AppointmentInput, type AppointmentWorkflow, type RedeliveryInput, type RedeliveryWorkflow,
} from '../../workflows/messages.ts';
import type { HttpDeps } from './deps.ts';

const connectWithinMs = 1500;
const lookWithinMs = 2000;
/** Well above a reservation; a worker that dies inside one is noticed after this. */
const workflowTaskTimeout = '5s';

export function createAppointmentCalls({ config, temporal, log }: HttpDeps) {
  const { client, connection } = temporal;

  /** Throws 503 while Temporal cannot be reached, before anything is written or sent. */
  async function ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      connection['client'].waitForReady(Date.now() + connectWithinMs, (error) =>
        error ? reject(new Problem('temporal_unavailable', { retryAfterSeconds: 5 })) : resolve());
    });
  }

  /** Update-with-Start: starts the workflow, or joins the one that runs or has ended, and waits for its decision. */
  async function decide(input: AppointmentInput): Promise<Outcome | 'unknown' | 'unsent'> {
    const workflowId = appointmentWorkflowId(input.appointmentId);
    const startWorkflowOperation = new WithStartWorkflowOperation<AppointmentWorkflow>('appointment', {
      workflowId,
      taskQueue: config.temporal.taskQueue,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowTaskTimeout,
      typedSearchAttributes: [
        { key: searchAttributes.network, value: input.networkId },
        { key: searchAttributes.shop, value: input.shopId },
        ...(input.barberId ? [{ key: searchAttributes.barber, value: input.barberId }] : []),
        { key: searchAttributes.status, value: 'reserving' },
        { key: searchAttributes.startsAt, value: new Date(input.startsAt) },
      ],
      staticSummary: `Visit at ${toUtc(Date.parse(input.startsAt))}`,
    });
    try {
      return await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.executeUpdateWithStart(bookUpdate, { updateId: bookUpdateId, startWorkflowOperation }));
    } catch (error) {
      log.warn({ appointmentId: input.appointmentId, error: error instanceof Error ? error.name : 'unknown' }, 'no answer from the workflow in time');
      return look(workflowId);
    }
  }

  /** After a call without an answer: whether the workflow was started. */
  async function look(workflowId: string): Promise<'unknown' | 'unsent'> {
    try {
      await connection.withDeadline(Date.now() + lookWithinMs, () => client.workflow.getHandle(workflowId).describe());
      return 'unknown';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'unsent';
      throw new Problem('outcome_unknown', { retryAfterSeconds: 5 });
    }
  }

  /** Null when no workflow listens any more, so that the row has the last word. */
  async function cancel(appointmentId: string, actor: string): Promise<CancelResult | null> {
    try {
      return await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.getHandle(appointmentWorkflowId(appointmentId)).executeUpdate(cancelUpdate, { args: [{ actor }] }));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return null;
      if (!isGrpcServiceError(error)) log.warn({ appointmentId, error: error instanceof Error ? error.name : 'unknown' }, 'no answer to a cancellation in time');
      throw new Problem('outcome_unknown', { detail: 'It is not known yet whether the cancellation went through. Repeat it; it is harmless.', retryAfterSeconds: 2 });
    }
  }

  /** For an appointment whose workflow is gone (terminated by a person, say): a workflow that only sends what is given. */
  async function deliver(input: RedeliveryInput): Promise<void> {
    await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
      client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(input.appointmentId), taskQueue: config.temporal.taskQueue, args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING', workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      }));
  }

  return { ready, decide, cancel, deliver };
}
