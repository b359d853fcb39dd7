/** What all versioned records share: a change under If-Match, and how it can fail. */
import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { Problem } from '../errors.ts';

/** Throws 412 with the record as it is unless the caller has seen this version. */
export function requireVersion(current: { version: number }, ifMatch: number, shown: unknown): void {
  if (current.version !== ifMatch) throw new Problem('precondition_failed', { members: { current: shown } });
}

/** The same for a record that PUT may also create: version 0 stands for "there is none". */
export function requireSeen<T extends { version: number }>(known: T | null, ifMatch: number, show: (known: T) => unknown): void {
  if (known) requireVersion(known, ifMatch, show(known));
  else if (ifMatch !== 0) throw new Problem('precondition_failed', { members: { current: null } });
}

/** Turns "that name is taken" into a fault of the field. */
export async function refuseTaken<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException)
      throw new Problem('invalid_request', { faults: [{ path, message: 'is used already' }] });
    throw error;
  }
}
