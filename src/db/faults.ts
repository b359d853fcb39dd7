/** What a database error means to the code above, told by class and SQLSTATE (PostgreSQL manual, appendix A), never by text. */
import { ConnectionException, DriverException, OptimisticLockError } from '@mikro-orm/core';

// 08P01 is a value or message that PostgreSQL cannot take, which no waiting mends; 57014: the statement's time limit ran out.
const connectionStates = /^(08(?!P01)|57P0[1-5]|57014|53300|53400|25006)/;
const socketCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH']);

function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors[0] instanceof Error) return codeOf(at.errors[0]);
  }
  return '';
}

/**
 * Whether a rival won: the version had moved on, the exclusion constraint held (23P01, which the ORM does not map), or the two of us
 * deadlocked or could not be serialised. The transaction is gone; fresh facts and a new one decide.
 */
export function lostRace(error: unknown): boolean {
  return error instanceof OptimisticLockError || ['23P01', '40001', '40P01'].includes(codeOf(error));
}

/** Whether the row exists already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** Whether PostgreSQL could not be reached, went away or did not answer in time, so that the same statement may work a little later. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof ConnectionException) return true;
  const code = codeOf(error);
  if (connectionStates.test(code) || socketCodes.has(code)) return true;
  // node-postgres has no code for these.
  return (
    error instanceof Error &&
    !(error instanceof DriverException && code) &&
    /timeout exceeded when trying to connect|Connection terminated|Query read timeout/i.test(error.message)
  );
}
