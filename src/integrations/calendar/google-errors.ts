/** What Google's answers mean. Source: https://developers.google.com/workspace/calendar/api/guides/errors */
import { readRetryAfter } from '../retry-after.ts';
import { CalendarError, type CalendarErrorKind } from './calendar.ts';

/** An answer that is no success. */
export class GoogleRefusal extends CalendarError {
  readonly status: number;

  constructor(kind: CalendarErrorKind, status: number, message: string, retryAfterSeconds: number | null) {
    super(kind, message, retryAfterSeconds);
    this.status = status;
  }
}

export const isRefused = (error: unknown, ...statuses: number[]): boolean =>
  error instanceof GoogleRefusal && statuses.includes(error.status);

/** A 403 that speaks of the hour, not of the person: limits, and a project of ours in which the operator has not switched the API on. */
const passing = ['rateLimitExceeded', 'userRateLimitExceeded', 'quotaExceeded', 'dailyLimitExceeded', 'accessNotConfigured'];

function kindOf(status: number, reason: string): CalendarErrorKind {
  // 401 `push.webhookUrlUnauthorized` is about our own address, not about the person (https://stackoverflow.com/q/40156523).
  if (status === 401) return reason.endsWith('webhookUrlUnauthorized') ? 'permanent' : 'sign_in';
  // The person has not allowed it, or no longer does: only he can, by signing in.
  if (status === 403 && reason === 'insufficientPermissions') return 'sign_in';
  if (status === 403) return passing.includes(reason) ? 'transient' : 'permanent';
  return status >= 500 || [404, 408, 409, 410, 412, 429].includes(status) ? 'transient' : 'permanent';
}

/** As Google's client throws it; its `Headers` are not those of Node. */
type Thrown = {
  name?: unknown;
  code?: unknown;
  cause?: { code?: unknown };
  response?: { status?: unknown; headers?: { get?: (name: string) => string | null }; data?: unknown };
};

/** Of what Google's client throws, the code and the reason; its message and its request would name people and hold the token. */
export function toCalendarError(error: unknown, operation: string, now: Date): CalendarError {
  if (error instanceof CalendarError) return error;
  const { name, code, cause, response } = (error ?? {}) as Thrown;
  const status = Number(response?.status ?? 0);
  if (status === 0)
    return new CalendarError('transient', `Google failed: ${operation} ${word(code) ?? word(cause?.code) ?? word(name) ?? 'unknown'}`);
  const reason = reasonOf(response?.data);
  const retryAfter = response?.headers?.get?.('retry-after') ?? null;
  return new GoogleRefusal(
    kindOf(status, reason),
    status,
    `Google failed: ${operation} ${status} ${reason}`.trim(),
    readRetryAfter(retryAfter, now.getTime()),
  );
}

function reasonOf(data: unknown): string {
  const said = (data as { error?: { errors?: { reason?: unknown }[] } } | null | undefined)?.error?.errors?.[0]?.reason;
  return word(said) ?? '';
}

/** What looks like a code, and not like a text. */
const word = (value: unknown): string | null => (typeof value === 'string' && /^[\w.]{1,60}$/.test(value) ? value : null);
