/** The API's calls to an appointment's workflow. A call that timed out is an unknown outcome, never "not booked". */
import { isGrpcServiceError, WithStartWorkflowOperation, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Change, ChangeResult } from '../domain/change.ts';
import type { Outcome } from '../domain/outcome.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import {
  appointmentWorkflowId,
  bookUpdate,
  bookUpdateId,
  changeUpdate,
  redeliveryWorkflowId,
  searchAttributesOf,
  workflowTaskTimeout,
  type AppointmentInput,
  type AppointmentWorkflow,
  type RedeliveryInput,
  type HandoverWorkflow,
  type RedeliveryWorkflow,
  type WaitlistWorkflow,
  calendarMirrorWorkflowId,
  givenUpSignal,
  lookSignal,
  type CalendarMirrorInput,
} from '../../workflows/messages.ts';
import type { HttpDeps } from './deps.ts';

const connectWithinMs = 1500;
const lookWithinMs = 2000;
const tellAtOnce = 20;
const tellWithinMs = 20_000;

export function createAppointmentCalls({ config, temporal, log, policy }: HttpDeps) {
  const { client, connection } = temporal;

  /** Throws 503 while Temporal cannot be reached, before anything is written or sent. */
  async function ready(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      connection['client'].waitForReady(Date.now() + connectWithinMs, (error) =>
        error ? reject(new Problem('temporal_unavailable', { retryAfterSeconds: 5 })) : resolve(),
      );
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
      typedSearchAttributes: searchAttributesOf(input),
      staticSummary: `Visit at ${toUtc(Date.parse(input.startsAt))}`,
    });
    try {
      return await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.executeUpdateWithStart(bookUpdate, { updateId: bookUpdateId, startWorkflowOperation }),
      );
    } catch (error) {
      log.warn(
        { appointmentId: input.appointmentId, error: error instanceof Error ? error.name : 'unknown' },
        'no answer from the workflow in time',
      );
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

  /**
   * Null when no workflow listens any more, so that the row has the last word. Repeating with the same `updateId` gets the first answer.
   */
  async function change(appointmentId: string, wanted: Change, updateId?: string): Promise<ChangeResult | null> {
    try {
      return await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow
          .getHandle(appointmentWorkflowId(appointmentId))
          .executeUpdate(changeUpdate, { args: [wanted], ...(updateId && { updateId }) }),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError) return null;
      if (!isGrpcServiceError(error))
        log.warn({ appointmentId, error: error instanceof Error ? error.name : 'unknown' }, 'no answer to a change in time');
      throw new Problem('outcome_unknown', {
        detail: 'It is not known yet whether the change went through. Repeat it; it is harmless.',
        retryAfterSeconds: 2,
      });
    }
  }

  /** For an appointment whose workflow is gone (terminated by a person, say): a workflow that only sends what is given. */
  async function deliver(input: RedeliveryInput, version: number): Promise<void> {
    await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
      client.workflow.start<RedeliveryWorkflow>('redelivery', {
        workflowId: redeliveryWorkflowId(input.appointmentId, version),
        taskQueue: config.temporal.taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      }),
    );
  }

  /** A shop's waitlist is looked at now: time has come free, or somebody has begun to wait. If that fails, the next sweep does it. */
  async function lookAtWaitlist(networkId: string, shopId: string, cause: string): Promise<void> {
    try {
      await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.start<WaitlistWorkflow>('waitlist', {
          workflowId: `waitlist-${cause}`,
          taskQueue: config.temporal.taskQueue,
          args: [{ networkId, shopId, cause, policy }],
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      );
    } catch (error) {
      log.warn({ cause, error: error instanceof Error ? error.name : 'unknown' }, 'a waitlist is looked at by the next sweep only');
    }
  }

  /** Effects were opened again: a workflow hands them over. If that fails, the next sweep does it. */
  async function handOver(cause: string): Promise<void> {
    try {
      await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.start<HandoverWorkflow>('handover', {
          workflowId: `handover-${cause}`,
          taskQueue: config.temporal.taskQueue,
          args: [{ sweep: false, policy }],
        }),
      );
    } catch (error) {
      log.warn({ cause, error: error instanceof Error ? error.name : 'unknown' }, 'effects are handed over by the next sweep only');
    }
  }

  /** A calendar was connected, or has said that it has changed: its workflow reads it now. If that fails, the keeper starts it. */
  /** Repeating is harmless. @returns false where nobody could be told; the keeper sees to it within minutes. */
  async function readCalendar(calendar: Omit<CalendarMirrorInput, 'policy'>): Promise<boolean> {
    const input: CalendarMirrorInput = { ...calendar, policy };
    try {
      await connection.withDeadline(Date.now() + config.api.answerWithinMs, () =>
        client.workflow.signalWithStart('calendarMirror', {
          workflowId: calendarMirrorWorkflowId(input.connectionId),
          taskQueue: config.temporal.taskQueue,
          args: [input],
          signal: lookSignal,
          signalArgs: [],
        }),
      );
      return true;
    } catch (error) {
      log.warn(
        { connectionId: input.connectionId, error: error instanceof Error ? error.name : 'unknown' },
        'a calendar is read by the keeper only',
      );
      return false;
    }
  }

  /**
   * What operators see in the Temporal UI of those that a person has given up. Only that: a workflow that is over, or away, is passed by,
   * and nobody waits long for it.
   */
  async function tellGivenUp(given: { id: string; appointmentId: string }[]): Promise<void> {
    const left = [...Map.groupBy(given, ({ appointmentId }) => appointmentId)];
    for (const until = Date.now() + tellWithinMs; left.length > 0 && Date.now() < until;) {
      await Promise.all(
        left.splice(0, tellAtOnce).map(async ([appointmentId, each]) =>
          connection
            .withDeadline(Date.now() + lookWithinMs, () =>
              client.workflow.getHandle(appointmentWorkflowId(appointmentId)).signal(
                givenUpSignal,
                each.map(({ id }) => id),
              ),
            )
            .catch(() => {}),
        ),
      );
    }
  }

  return { ready, decide, change, deliver, lookAtWaitlist, handOver, readCalendar, tellGivenUp };
}
