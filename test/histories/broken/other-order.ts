/** Deliberately broken: it waits before it reserves, which no stored history did. */
import { sleep } from '@temporalio/workflow';
import { appointment as real } from '../../../workflows/appointment.ts';
import type { AppointmentInput, AppointmentState } from '../../../workflows/messages.ts';

export async function appointment(input: AppointmentInput): Promise<AppointmentState> {
  await sleep(1000);
  return real(input);
}
