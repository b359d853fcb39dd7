/** What Twilio calls us with: the check of its signature, and how to read it. The one part of the integration that HTTP may know. */
import twilio from 'twilio';

export { readStatus, type SmsStatus } from './sms-error.ts';

export { smsInboundPath, smsStatusRoute } from './sms-paths.ts';

/** Whether Twilio sent this request: `url` is the whole address that it was given, `params` are the fields of the form. */
export function isSignedByTwilio(authToken: string, signature: string, url: string, params: Record<string, string>): boolean {
  return twilio.validateRequest(authToken, signature, url, params);
}
