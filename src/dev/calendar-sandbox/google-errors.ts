/** Google's errors in their real JSON shape. Source: https://developers.google.com/workspace/calendar/api/guides/errors */
import { Refusal, type Answer } from './answer.ts';

type Known = { status: number; domain: string; message: string; locationType?: string; location?: string; retryAfter?: boolean };

const known = {
  authError: { status: 401, domain: 'global', message: 'Invalid Credentials', locationType: 'header', location: 'Authorization' },
  required: { status: 400, domain: 'global', message: 'Required' },
  invalid: { status: 400, domain: 'global', message: 'Invalid Value' },
  badRequest: { status: 400, domain: 'global', message: 'Bad Request' },
  timeRangeEmpty: {
    status: 400,
    domain: 'calendar',
    message: 'The specified time range is empty.',
    locationType: 'parameter',
    location: 'timeMax',
  },
  cannotBeUsedWithSyncToken: { status: 400, domain: 'global', message: 'Sync token cannot be used with the given parameter.' },
  channelIdNotUnique: { status: 400, domain: 'global', message: 'Channel id not unique' },
  webhookUrlUnauthorized: { status: 401, domain: 'push', message: 'Unauthorized WebHook callback channel' },
  insufficientPermissions: {
    status: 403,
    domain: 'global',
    message: 'Insufficient Permission: Request had insufficient authentication scopes.',
  },
  forbidden: { status: 403, domain: 'global', message: 'Forbidden' },
  rateLimitExceeded: { status: 403, domain: 'usageLimits', message: 'Rate Limit Exceeded' },
  userRateLimitExceeded: { status: 403, domain: 'usageLimits', message: 'User Rate Limit Exceeded' },
  quotaExceeded: { status: 403, domain: 'usageLimits', message: 'Calendar usage limits exceeded.' },
  tooManyRequests: { status: 429, domain: 'usageLimits', message: 'Rate Limit Exceeded', retryAfter: true },
  notFound: { status: 404, domain: 'global', message: 'Not Found' },
  duplicate: { status: 409, domain: 'global', message: 'The requested identifier already exists.' },
  deleted: { status: 410, domain: 'global', message: 'Resource has been deleted' },
  fullSyncRequired: {
    status: 410,
    domain: 'calendar',
    message: 'Sync token is no longer valid, a full sync is required.',
    locationType: 'parameter',
    location: 'syncToken',
  },
  conditionNotMet: { status: 412, domain: 'global', message: 'Precondition Failed', locationType: 'header', location: 'If-Match' },
  backendError: { status: 500, domain: 'global', message: 'Backend Error' },
  internalError: { status: 500, domain: 'global', message: 'Internal Error' },
  backendUnavailable: { status: 503, domain: 'global', message: 'The service is currently unavailable.' },
} satisfies Record<string, Known>;

export type GoogleReason = keyof typeof known;
export const googleReasons = Object.keys(known) as GoogleReason[];

/** `more` replaces the message or the place that is at fault. Google answers 429 with the reason `rateLimitExceeded`, as it does 403. */
export function googleError(reason: GoogleReason, more: { message?: string; location?: string } = {}, retryAfterSeconds = 1): Answer {
  const { status, domain, message, locationType, location, retryAfter }: Known = {
    ...known[reason],
    ...more,
    ...(more.location && { locationType: 'parameter' }),
  };
  const said = reason === 'tooManyRequests' ? 'rateLimitExceeded' : reason;
  const error = { domain, reason: said, message, ...(locationType && { locationType, location }) };
  return {
    status,
    body: { error: { errors: [error], code: status, message } },
    ...(retryAfter && { headers: { 'Retry-After': String(retryAfterSeconds) } }),
  };
}

export const refuse = (reason: GoogleReason, more: { message?: string; location?: string } = {}): never => {
  throw new Refusal(googleError(reason, more));
};
