/** What a provider's failure means for the delivery, whichever provider it was. */
import type { Mark } from '../src/db/address-mark.ts';
import { CalendarError } from '../src/integrations/calendar/calendar.ts';
import { MailError } from '../src/integrations/mail.ts';
import { SmsError } from '../src/integrations/sms.ts';

export type Failure = {
  kind: 'transient' | 'permanent' | 'sign_in';
  /** Codes only. */
  message: string;
  /** What the provider asks to wait. */
  retryAfterSeconds: number | null;
  /** The provider may have acted all the same. */
  isUnclear: boolean;
  /** What it tells of the address itself. */
  mark: Mark | null;
};

/** Rethrows what is no provider's failure: a bug, which Temporal retries and shows. */
export function asFailure(error: unknown): Failure {
  if (error instanceof MailError)
    return {
      kind: error.kind,
      message: error.message,
      retryAfterSeconds: null,
      isUnclear: false,
      mark: error.isBadAddress ? 'bounced' : null,
    };
  if (error instanceof SmsError)
    return {
      kind: error.kind,
      message: error.message,
      retryAfterSeconds: error.retryAfterSeconds,
      isUnclear: error.ambiguous,
      mark: error.optedOut ? 'opted_out' : null,
    };
  // What was written is read before it is written again.
  if (error instanceof CalendarError)
    return { kind: error.kind, message: error.message, retryAfterSeconds: error.retryAfterSeconds, isUnclear: false, mark: null };
  throw error;
}
