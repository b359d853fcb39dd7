/**
 * What Microsoft Graph's answers mean. Source: https://learn.microsoft.com/en-us/graph/errors,
 * https://learn.microsoft.com/en-us/graph/throttling
 */
import { ForbiddenAddress, TooLarge } from '../guarded-fetch.ts';
import { readRetryAfter } from '../retry-after.ts';
import { CalendarError, type CalendarErrorKind } from './calendar.ts';

/** An answer that is no success. */
export class GraphRefusal extends CalendarError {
  readonly status: number;
  /** As in `ErrorItemNotFound`; empty where none was given. */
  readonly code: string;

  constructor(kind: CalendarErrorKind, status: number, code: string, operation: string, retryAfterSeconds: number | null) {
    super(kind, `Graph failed: ${operation} ${status} ${code}`.trim(), retryAfterSeconds);
    this.status = status;
    this.code = code;
  }
}

export const isRefused = (error: unknown, ...statuses: number[]): boolean =>
  error instanceof GraphRefusal && statuses.includes(error.status);
export const isDuplicate = (error: unknown): boolean => error instanceof GraphRefusal && error.code === 'ErrorDuplicateTransactionId';

/**
 * A link of changes that leads nowhere any more. 400 and 404 are for what Graph never gave.
 * https://learn.microsoft.com/en-us/graph/delta-query-overview#synchronization-reset
 */
export const isForgotten = (error: unknown): boolean =>
  isRefused(error, 400, 404, 410) ||
  (error instanceof GraphRefusal && ['syncstatenotfound', 'syncstateinvalid', 'resyncrequired'].includes(error.code.toLowerCase()));

/** A redirection is none of Graph's: somebody's page between us and it. A calendar or mailbox that is not there (404) may come back. */
function kindOf(status: number): CalendarErrorKind {
  if (status === 401) return 'sign_in';
  return status < 400 || status >= 500 || [404, 408, 409, 410, 412, 423, 425, 429].includes(status) ? 'transient' : 'permanent';
}

export function refusalOf(response: Response, text: string, operation: string, now: Date): GraphRefusal {
  const { status, headers } = response;
  return new GraphRefusal(kindOf(status), status, codeOf(text), operation, readRetryAfter(headers.get('retry-after'), now.getTime()));
}

function codeOf(text: string): string {
  try {
    return word((JSON.parse(text) as { error?: { code?: unknown } } | null)?.error?.code) ?? '';
  } catch {
    return '';
  }
}

/** Of what went wrong on the way, its code; a message would name addresses. */
export function toCalendarError(error: unknown, operation: string): CalendarError {
  if (error instanceof CalendarError) return error;
  if (error instanceof ForbiddenAddress) return new CalendarError('permanent', `Graph failed: ${operation}, a forbidden address`);
  if (error instanceof TooLarge) return new CalendarError('permanent', `Graph failed: ${operation}, the answer is too large`);
  const { name, code, cause } = (error ?? {}) as { name?: unknown; code?: unknown; cause?: { code?: unknown } };
  return new CalendarError('transient', `Graph failed: ${operation} ${word(cause?.code) ?? word(code) ?? word(name) ?? 'unknown'}`);
}

/** What looks like a code, and not like a text. */
const word = (value: unknown): string | null => (typeof value === 'string' && /^\w{1,60}$/.test(value) ? value : null);
