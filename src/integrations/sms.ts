/**
 * SMS by Twilio's own client. Twilio has no idempotency key: after a try without an answer, the next one first looks among the messages
 * that Twilio already has. A message that it takes in after that look (a request that it worked on all the while) may still arrive twice.
 */
import twilio from 'twilio';
import { readStatus, refusalOf, lossOf, SmsError, type SmsStatus } from './sms-error.ts';

export { SmsError, type SmsErrorKind } from './sms-error.ts';

export type OutgoingSms = {
  /** The delivery's id: names it in the status callback. */
  deliveryId: string;
  /** E.164. */
  to: string;
  text: string;
  /**
   * An earlier try may have sent it: its message is looked for from this instant on (ISO). Else null.
   */
  since: string | null;
  /** Such a try ended in an error that was `ambiguous`, and none since has settled it: what fails now is so too. Where missing, by `since`. */
  isInDoubt?: boolean;
  /**
   * Whether another delivery has this message (its SID): two reminders of one visit read the same, and the one that went is not the other.
   */
  isAnothers?: (sid: string) => Promise<boolean>;
};

export type Texter = {
  /** Hands one SMS to Twilio, or finds what an earlier try handed over. Throws an SmsError. @returns the message's SID. */
  send: (sms: OutgoingSms) => Promise<{ providerId: string }>;
  /** How a message stands, for those of which Twilio's call has not come through; null when it tells nothing. Throws an SmsError. */
  statusOf: (providerId: string) => Promise<SmsStatus | null>;
  /** Signs in without sending anything, and asks whether the account is active. Throws an SmsError. */
  verify: () => Promise<void>;
};

export type TexterOptions = {
  accountSid: string;
  authToken: string;
  /** E.164, or the SID of a messaging service (`MG…`). */
  from: string;
  /** A sandbox in Twilio's place, which takes the same paths. */
  apiUrl?: string;
  /** Where Twilio tells what became of this delivery. */
  statusCallback?: (deliveryId: string) => string;
  /** For each of at most two requests, from before the connection to the last byte. */
  timeoutMs?: number;
};

type Request = Parameters<twilio.RequestClient['request']>[0];

/**
 * Twilio's request client, to `apiUrl` if one is given. Every failure leaves it as an SmsError: the library's own errors hold number and
 * text.
 */
class CodesOnlyClient extends twilio.RequestClient {
  private readonly apiUrl: string | null;

  constructor(timeoutMs: number, apiUrl: string | null) {
    // The library's limit is for silence on the line, and ours (below) for all of a request.
    super({ timeout: 2 * timeoutMs, keepAlive: true, autoRetry: false });
    this.apiUrl = apiUrl;
    this.axios.interceptors.request.use((config) => Object.assign(config, { signal: AbortSignal.timeout(timeoutMs) }));
  }

  override async request(opts: Request) {
    const { pathname, search } = new URL(opts.uri);
    const uri = this.apiUrl === null ? opts.uri : `${this.apiUrl.replace(/\/+$/, '')}${pathname}${search}`;
    // Its log would name the number.
    const response = await super.request<unknown>({ ...opts, uri, logLevel: 'none' }).catch((error: unknown) => {
      throw lossOf(error);
    });
    if (response.statusCode < 200 || response.statusCode >= 300) throw refusalOf(response.statusCode, response.body, response.headers);
    // The generic answer of the method that this stands for.
    return response as never;
  }
}

/** Twilio's clock may be behind ours, and counts whole seconds. */
const clockSlackMs = 60_000;
/** A trial account's texts get this in front. */
const trialPrefix = 'Sent from your Twilio trial account - ';

export function createTexter({ accountSid, authToken, from, apiUrl, statusCallback, timeoutMs = 20_000 }: TexterOptions): Texter {
  const client = twilio(accountSid, authToken, { httpClient: new CodesOnlyClient(timeoutMs, apiUrl ?? null) });
  const sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from };

  /**
   * Ours is known by number, sender, text and time, and by being nobody else's: nothing that we could give a message comes back with it.
   * Not asked by DateSent, which a message has only once it left Twilio's queue (the newest come first anyway); a service's message has no
   * `from` until then either.
   */
  async function sentSince(sms: OutgoingSms, instant: string): Promise<string | null> {
    const since = Date.parse(instant) - clockSlackMs;
    const messages = await client.messages.list({ to: sms.to, ...(sender.from && { from: sender.from }), pageSize: 1000, limit: 1000 });
    const alike = messages.filter(
      (message) =>
        message.direction === 'outbound-api' &&
        (message.from === from || message.messagingServiceSid === from) &&
        sameText(message.body, sms.text) &&
        message.dateCreated.getTime() >= since &&
        !arrivesNever.has(message.status),
    );
    for (const { sid } of alike) if (!(await sms.isAnothers?.(sid))) return sid;
    return null;
  }

  return {
    send: async (sms) => {
      const callback = statusCallback?.(sms.deliveryId);
      try {
        const known = sms.since === null ? null : await sentSince(sms, sms.since);
        const sid =
          known ??
          (await client.messages.create({ to: sms.to, body: sms.text, ...sender, ...(callback && { statusCallback: callback }) })).sid;
        if (!sid) throw new SmsError('transient', 'UNREADABLE', { ambiguous: true });
        return { providerId: sid };
      } catch (error) {
        // The doubt about the earlier try stays until a try is answered for good.
        throw codesOnly(error).after(sms.isInDoubt ?? sms.since !== null);
      }
    },
    statusOf: async (providerId) => {
      const { status, errorCode } = await client
        .messages(providerId)
        .fetch()
        .catch((error: unknown) => {
          throw codesOnly(error);
        });
      return readStatus({ MessageSid: providerId, MessageStatus: status, ErrorCode: String(errorCode ?? '') });
    },
    verify: async () => {
      const account = await client.api.v2010
        .accounts(accountSid)
        .fetch()
        .catch((error: unknown) => {
          throw codesOnly(error);
        });
      if (account.status !== 'active') throw new SmsError('sign_in', 'ACCOUNT_NOT_ACTIVE');
    },
  };
}

/** What has failed reached nobody, and its callback may have come before we knew whose it was. */
const arrivesNever = new Set<string>(['failed', 'undelivered', 'canceled']);

const sameText = (found: string | null, text: string): boolean =>
  found?.trim() === text.trim() || found?.trim() === `${trialPrefix}${text}`.trim();

/** What is no SmsError comes from an answer that the library could not read. */
const codesOnly = (error: unknown): SmsError =>
  error instanceof SmsError ? error : new SmsError('transient', 'UNREADABLE', { ambiguous: true });
