/** What a failed SMS means, by Twilio's codes (its "Error and Warning Dictionary"). */
import { readRetryAfter } from './retry-after.ts';

/** `transient`: try again; `permanent`: this SMS will never go; `sign_in`: the account must be mended first, then try again. */
export type SmsErrorKind = 'transient' | 'permanent' | 'sign_in';

/** Holds codes only: what Twilio writes back quotes the number. */
export class SmsError extends Error {
  readonly kind: SmsErrorKind;
  /** Twilio's number, `HTTP_503` without one, or the network's word. */
  readonly code: string;
  /** What Twilio asks to wait. */
  readonly retryAfterSeconds: number | null;
  /** The reader has answered STOP to this sender. */
  readonly optedOut: boolean;
  /** Twilio may have taken the SMS all the same: the next try has to look first. */
  readonly ambiguous: boolean;

  constructor(kind: SmsErrorKind, code: string, more: { retryAfterSeconds?: number | null; ambiguous?: boolean } = {}) {
    super(`SMS failed: ${code}`);
    this.name = 'SmsError';
    this.kind = kind;
    this.code = code;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
    this.optedOut = code === optedOutCode;
    this.ambiguous = more.ambiguous ?? false;
  }

  /** The same failure of a try that followed an ambiguous one. */
  after(ambiguous: boolean): SmsError {
    if (!ambiguous || this.ambiguous || this.kind === 'permanent') return this;
    return new SmsError(this.kind, this.code, { retryAfterSeconds: this.retryAfterSeconds, ambiguous });
  }
}

export const optedOutCode = '21610';

/**
 * The number, or the text, for good: no number (21201, 21211, 21604), the sender's own (21266), a service number (21265), no way to it from
 * our sender (21612), no mobile (21614, 21635), no text or too long a one (21602, 21617, 21619). A country that is not allowed (21408) and
 * a trial account (21608, 572005) could be mended in the account too, but concern this number: the next one may do.
 */
const refusedNumbers = new Set([
  '21201',
  '21211',
  '21265',
  '21266',
  '21408',
  '21602',
  '21604',
  '21608',
  optedOutCode,
  '21612',
  '21614',
  '21617',
  '21619',
  '21635',
  '572005',
]);

/**
 * The account, whoever is written to: not active or not ours (10001, 20003, 20005, 20404), a sender that is not ours or cannot send SMS
 * (21212, 21401, 216xx), an address for the status that is none (21609), a messaging service that is none or has no sender (217xx). Every
 * other SMS would be refused like this one, so these are not the number's fault, and nothing is lost once somebody has put them right.
 */
const accountFaults = new Set([
  '10001',
  '20003',
  '20005',
  '20404',
  '21212',
  '21401',
  '21601',
  '21603',
  '21606',
  '21607',
  '21609',
  '21659',
  '21660',
  '21661',
  '21701',
  '21703',
  '21704',
  '21705',
  '21712',
]);

/**
 * Passes: too many requests (20429, 63017), the sender's queue is full (21611), the hour's or the day's quota is used up (60728, 63038).
 * None was taken.
 */
const waits = new Set(['20429', '21611', '60728', '63017', '63038']);

/** An answer that is not 2xx. */
export function refusalOf(status: number, body: unknown, headers: unknown): SmsError {
  const number = (body as { code?: unknown } | null)?.code;
  const code = Number.isSafeInteger(number) ? String(number) : `HTTP_${status}`;
  const seconds = (headers as Record<string, unknown> | null)?.['retry-after'];
  const retryAfterSeconds = readRetryAfter(typeof seconds === 'string' ? seconds : null, Date.now());
  if (status === 429 || waits.has(code)) return new SmsError('transient', code, { retryAfterSeconds });
  if (status >= 500 || status === 408 || status < 400) return new SmsError('transient', code, { retryAfterSeconds, ambiguous: true });
  if (refusedNumbers.has(code)) return new SmsError('permanent', code);
  if (accountFaults.has(code) || [401, 403, 404].includes(status)) return new SmsError('sign_in', code);
  // Not a code that we know; asked again, Twilio would say the same.
  return new SmsError('permanent', code);
}

/** Failures that came before anything was sent. */
const neverLeft = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** No answer at all. Of the network's error only the code is taken: the rest holds the request, credentials included. */
export function lossOf(error: unknown): SmsError {
  const word = (error as { code?: unknown } | null)?.code;
  const code = typeof word === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(word) ? word : 'NETWORK';
  // Both are what our time limit and the library's look like.
  const isTimeout = code === 'ERR_CANCELED' || code === 'ECONNABORTED';
  return new SmsError('transient', isTimeout ? 'TIMEOUT' : code, { ambiguous: !neverLeft.has(code) });
}

export type SmsStatus = {
  providerId: string;
  /** `pending`: still with Twilio; `sent`: with the carrier; `bounced`: it will never arrive. */
  state: 'pending' | 'sent' | 'delivered' | 'bounced';
  /** Twilio's number for why it bounced, as 30003 … 30008. */
  errorCode: string | null;
  /** The reader had answered STOP: a messaging service finds that out only when it sends. */
  optedOut: boolean;
};

const states: Record<string, SmsStatus['state']> = {
  accepted: 'pending',
  scheduled: 'pending',
  queued: 'pending',
  sending: 'pending',
  sent: 'sent',
  partially_delivered: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'bounced',
  failed: 'bounced',
  canceled: 'bounced',
};

/** Reads the form of a status callback, whose signature is right; null when it tells nothing of a message that we sent. */
export function readStatus(params: Record<string, string>): SmsStatus | null {
  const { MessageSid: providerId = '', MessageStatus: status = '', ErrorCode: error = '' } = params;
  const state = Object.hasOwn(states, status) ? states[status] : undefined;
  if (!/^(SM|MM)[0-9a-f]{32}$/i.test(providerId) || !state) return null;
  const errorCode = /^\d{1,6}$/.test(error) && Number(error) > 0 ? error : null;
  return { providerId, state, errorCode, optedOut: errorCode === optedOutCode };
}
