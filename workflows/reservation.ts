/** Deciding about time: always in the database, by short activities on the deciding queue. */
import { isCancellation, log, proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow';
import type { CancelResult, Change, ChangeResult, RetimeResult } from '../src/domain/change.ts';
import type { Decided } from '../src/domain/outcome.ts';
import type { DecidingActivities } from '../activities/index.ts';
import type { AppointmentInput } from './messages.ts';

// A worker that dies inside a local activity is noticed by the workflow task's time limit; waits beyond a second go by server timers.
const atOnce = {
  startToCloseTimeout: '5s',
  localRetryThreshold: '1s',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5s' },
} as const;

const patient = proxyActivities<DecidingActivities>({
  startToCloseTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Wins the slot or learns why not. What cannot be decided within the policy's limit, counted from the workflow's start, ends refused. */
export async function reserve(input: AppointmentInput): Promise<Decided> {
  const deadline = workflowInfo().startTime.getTime() + input.policy.reserveWithinSeconds * 1000;
  const left = deadline - Date.now();
  if (left > 0) {
    try {
      return await proxyLocalActivities<DecidingActivities>({ ...atOnce, scheduleToCloseTimeout: left }).reserveSlot(input);
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('the reservation was not decided in time', { appointmentId: input.appointmentId });
    }
  }
  // The try that timed out may still commit; whichever decision is stored first stands, and this answers it.
  return patient.refuseUndecided(input);
}

/** Does what is asked of the appointment, or learns why not. */
export async function change(input: AppointmentInput, wanted: Change): Promise<ChangeResult> {
  const { networkId, appointmentId, policy } = input;
  return proxyLocalActivities<DecidingActivities>({ ...atOnce, summary: wanted.action }).changeAppointment({
    networkId,
    appointmentId,
    change: wanted,
    ...(policy.closeAfterSeconds !== undefined && { closeAfterSeconds: policy.closeAfterSeconds }),
  });
}

export async function release(input: AppointmentInput, actor: string): Promise<CancelResult> {
  return proxyLocalActivities<DecidingActivities>(atOnce).cancelAppointment({
    networkId: input.networkId,
    appointmentId: input.appointmentId,
    actor,
  });
}

export async function retime(input: AppointmentInput, actor: string): Promise<RetimeResult> {
  return proxyLocalActivities<DecidingActivities>(atOnce).retimeAppointment({
    networkId: input.networkId,
    appointmentId: input.appointmentId,
    actor,
  });
}

/** Contacts of refused bookings are not kept. */
export async function forgetContact(input: AppointmentInput): Promise<void> {
  await patient.purgeContact({ networkId: input.networkId, appointmentId: input.appointmentId });
}
