/** Activities as Temporal runs them, without Temporal: each call is another attempt of the same activity. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { AppointmentRow } from '../../src/db/entities/appointment.ts';
import { quiet } from './quiet.ts';

export const asActivity = <T>(attempt: () => Promise<T>): Promise<T> => new MockActivityEnvironment({}, { logger: quiet }).run(attempt);

/** What deliveries need to know of their appointment. */
export const rowOf = (networkId: string, id: string, version = 1): AppointmentRow =>
  ({ id, networkId, version, policy: {} }) as AppointmentRow;
