/** The workflows as they may be one day: another step in an appointment's life, behind a marker, as every change must be. */
import { patched, sleep } from '@temporalio/workflow';
import { appointment as today } from '../../../workflows/appointment.ts';
import type { AppointmentInput, AppointmentState } from '../../../workflows/messages.ts';

export { housekeeping } from '../../../workflows/housekeeping.ts';
export { redelivery } from '../../../workflows/redelivery.ts';

export async function appointment(input: AppointmentInput): Promise<AppointmentState> {
  const begun = patched('tomorrow') ? sleep(10) : Promise.resolve();
  const state = await today(input);
  await begun;
  return state;
}
