/** Time that came free is offered to who waits for it: each offer is an appointment of its own, in its first state. */
import { ParentClosePolicy, proxyActivities, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { DecidingActivities } from '../activities/index.ts';
import {
  appointmentWorkflowId,
  searchAttributesOf,
  workflowTaskTimeout,
  type AppointmentInput,
  type AppointmentWorkflow,
  type Policy,
  type WaitlistInput,
} from './messages.ts';

const { prepareOffers } = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** Offers the time that this appointment gave back; whoever does not take an offer makes room for the next. */
export async function offerFreedTime({ networkId, appointmentId, policy }: AppointmentInput, version: number): Promise<void> {
  await startOffers(await prepareOffers({ networkId, appointmentId, cause: `${appointmentId} ${version}` }), policy);
}

/** Looks once for time for those who wait: for one entry that has just come, or (from the schedule) for all whom no cancellation helped. */
export async function waitlist({ cause, policy, ...whom }: WaitlistInput): Promise<number> {
  const offers = await prepareOffers({ ...whom, cause: `${cause} ${workflowInfo().runId}` });
  await startOffers(offers, policy);
  return offers.length;
}

async function startOffers(offers: Omit<AppointmentInput, 'policy'>[], policy: Policy): Promise<void> {
  for (const offer of offers) {
    const input: AppointmentInput = { ...offer, policy };
    try {
      await startChild<AppointmentWorkflow>('appointment', {
        workflowId: appointmentWorkflowId(offer.appointmentId),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        typedSearchAttributes: searchAttributesOf(input),
        workflowTaskTimeout,
      });
    } catch (error) {
      // Of an offer that was made before the worker died, the workflow may be there.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}
