/**
 * The closed list of codes that Punctual answers with, one error class, and one map to HTTP status (RFC 9457 problem documents).
 * Three families: faulty requests (4xx, the caller mends the request), refusals (409, the request was fine and the answer is no), and
 * faults (5xx, nothing is wrong with the request). Refusals travel through workflows as values; only the edge throws them.
 */
export const problems = {
  invalid_request: { status: 400, title: 'The request has faulty fields.' },
  malformed_json: { status: 400, title: 'The body is not valid JSON.' },
  idempotency_key_missing: { status: 400, title: 'Send an Idempotency-Key header of 1 to 255 visible ASCII characters.' },
  skipped_local_time: { status: 400, title: 'That local time does not exist: the clocks skip it.' },
  unauthenticated: { status: 401, title: 'Send a valid API key as "Authorization: Bearer …".' },
  forbidden: { status: 403, title: 'This API key lacks the scope that the operation needs.' },
  wrong_signature: { status: 403, title: 'The signature is not that of the provider who calls here.' },
  not_found: { status: 404, title: 'There is nothing here under that address.' },
  method_not_allowed: { status: 405, title: 'That method is not offered at this address.' },
  body_too_large: { status: 413, title: 'The body is larger than is taken here.' },
  unsupported_media_type: { status: 415, title: 'Send the body as application/json.' },
  precondition_failed: { status: 412, title: 'The record has changed since it was read.' },
  precondition_required: { status: 428, title: 'Send If-Match with the version that you read.' },
  idempotency_key_reused: { status: 422, title: 'That Idempotency-Key was used with another request.' },
  idempotency_key_expired: { status: 422, title: 'That Idempotency-Key was used more than 7 days ago; choose a new one.' },
  rate_limited: { status: 429, title: 'Too many requests with this API key; wait as Retry-After says.' },

  ambiguous_local_time: { status: 409, title: 'That local time happens twice: choose one of the two instants.' },
  too_soon: { status: 409, title: 'That time is past or too soon to be booked.' },
  too_far_ahead: { status: 409, title: 'That time is further ahead than this shop takes bookings.' },
  off_step: { status: 409, title: 'Visits here begin at fixed steps of the clock, and that time is between two.' },
  shop_closed: { status: 409, title: 'The shop is closed at that time.' },
  outside_working_hours: { status: 409, title: 'The barber does not work at that time.' },
  on_break: { status: 409, title: 'The barber has a break at that time.' },
  time_off: { status: 409, title: 'The barber is away at that time.' },
  service_not_offered: { status: 409, title: 'No barber who was asked for gives that service here.' },
  barber_day_full: { status: 409, title: 'The barber takes no more visits on that day.' },
  customer_limit: { status: 409, title: 'This customer has as many visits as the shop allows.' },
  slot_taken: { status: 409, title: 'That time is taken.' },
  undecided: { status: 409, title: 'The booking could not be decided in time, so it was refused; nothing is reserved.' },
  request_running: { status: 409, title: 'The request with that Idempotency-Key is still running; ask again as Retry-After says.' },
  in_use: { status: 409, title: 'It is still used, so it cannot be removed.' },
  already_begun: { status: 409, title: 'The visit has begun; it can no longer be changed so.' },
  waitlist_full: { status: 409, title: 'This customer waits for as many times as can be waited for at once.' },
  not_allowed: { status: 409, title: 'The state that it is in does not allow that.' },
  too_early: { status: 409, title: 'It is too early for that.' },
  cancel_too_late: { status: 409, title: 'The time until which customers can cancel has passed; please call the shop.' },
  reschedule_too_late: { status: 409, title: 'The time until which customers can move the visit has passed; please call the shop.' },
  hold_expired: { status: 409, title: 'The time is no longer held.' },
  wrong_token: { status: 403, title: 'That is not the token that was given with the hold.' },
  calendars_off: { status: 409, title: 'Calendars are not set up here: whoever runs Punctual must configure keys for them.' },
  calendar_not_found: { status: 409, title: 'No such calendar is found at that address.' },
  calendar_sign_in: { status: 409, title: "The calendar's server does not accept that user and password." },
  not_accepted: { status: 409, title: 'The shop does not take this booking online; please contact it.' },
  booking_limit: { status: 429, title: 'Too many bookings were tried within an hour; wait as Retry-After says.' },

  database_unavailable: { status: 503, title: 'The database does not answer. Try again shortly.' },
  temporal_unavailable: { status: 503, title: 'The workflow service is away; nothing was booked. Try again shortly.' },
  calendar_unavailable: { status: 503, title: "The calendar's server does not answer. Try again shortly." },
  outcome_unknown: { status: 503, title: 'The outcome is not known yet. Repeat the request with the same Idempotency-Key.' },
  internal: { status: 500, title: 'Something went wrong on our side.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

/** What is wrong with one field: `path` is a JSON Pointer (RFC 6901) into the body, or the name of a parameter or header. */
export type FieldFault = { path: string; message: string };

/** Members that a problem document may carry beside the standard ones. */
export type ProblemExtras = {
  detail?: string;
  faults?: FieldFault[];
  retryAfterSeconds?: number;
  members?: Record<string, unknown>;
};

/** The one error class that HTTP answers with. Its message is fit for the caller: never personal data, never a driver's text. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, extras: ProblemExtras = {}) {
    super(extras.detail ?? problems[code].title);
    this.name = 'Problem';
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return problems[this.code].status;
  }
}
