/** Microsoft Graph's errors in their shape. Source: https://learn.microsoft.com/en-us/graph/errors */
import { randomUUID } from 'node:crypto';
import { Refusal, type Answer } from './answer.ts';

const known = {
  InvalidAuthenticationToken: { status: 401, message: 'Access token has expired or is not yet valid.' },
  ErrorAccessDenied: { status: 403, message: 'Access is denied. Check credentials and try again.' },
  ErrorItemNotFound: { status: 404, message: 'The specified object was not found in the store.' },
  ErrorInvalidIdMalformed: { status: 400, message: 'Id is malformed.' },
  ErrorPropertyValidationFailure: { status: 400, message: 'At least one property failed validation.' },
  ErrorCalendarEndDateIsEarlierThanStartDate: { status: 400, message: 'End date is earlier than start date.' },
  TimeZoneNotSupportedException: {
    status: 400,
    message: 'A valid TimeZone value must be specified. The following TimeZone value is not supported.',
  },
  ErrorInvalidParameter: {
    status: 400,
    message: 'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.',
  },
  ErrorInvalidUrlQuery: { status: 400, message: 'The query is not supported.' },
  ErrorInvalidUrlQueryFilter: { status: 400, message: 'The query filter contains one or more invalid nodes.' },
  BadRequest: {
    status: 400,
    message: 'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
  },
  InvalidRequest: { status: 400, message: 'The request is malformed or incorrect.' },
  ValidationError: { status: 400, message: 'Subscription validation request failed.' },
  ErrorDuplicateTransactionId: {
    status: 409,
    message:
      "Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.",
  },
  SyncStateNotFound: {
    status: 410,
    message: 'The sync state generation is not found; the delta token is expired and data must be synchronized again.',
  },
  resyncRequired: { status: 410, message: "Resync required. Replace any local items with the server's version." },
  ErrorIrresolvableConflict: {
    status: 412,
    message:
      'The send or update operation could not be performed because the change key passed in the request does not match the current ' +
      'change key for the item.',
  },
  ApplicationThrottled: { status: 429, message: 'Application is over its MailboxConcurrency limit.' },
  ErrorInternalServerError: { status: 500, message: 'An internal server error occurred. The operation failed.' },
  ErrorMailboxStoreUnavailable: { status: 503, message: 'The mailbox store is currently unavailable.' },
  serviceNotAvailable: { status: 503, message: 'The service is temporarily unavailable. You may repeat the request after a delay.' },
} satisfies Record<string, { status: number; message: string }>;

export type GraphCode = keyof typeof known;
export const graphCodes = Object.keys(known) as GraphCode[];

/** Throttling says when to come back (https://learn.microsoft.com/en-us/graph/throttling); so does an unavailable service. */
export function graphError(code: GraphCode, message: string = known[code].message, retryAfterSeconds = 1): Answer {
  const { status } = known[code];
  const id = randomUUID();
  const error = { code, message, innerError: { date: new Date().toISOString().slice(0, 19), 'request-id': id, 'client-request-id': id } };
  return { status, body: { error }, ...((status === 429 || status === 503) && { headers: { 'Retry-After': String(retryAfterSeconds) } }) };
}

export const refuse = (code: GraphCode, message?: string): never => {
  throw new Refusal(graphError(code, message));
};
