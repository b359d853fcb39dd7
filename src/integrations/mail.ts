/**
 * E-mail by SMTP (nodemailer). SMTP has no idempotency: a copy may arrive twice when the server's answer is lost after it took the mail.
 */
import { createTransport } from 'nodemailer';

export type OutgoingMail = {
  /** Fixed for a delivery, so that a second copy can be recognised: `<delivery-id@punctual>`. */
  messageId: string;
  from: { name: string; address: string };
  to: { name: string; address: string };
  /** Where answers go; null: to the sender. */
  replyTo: { name: string; address: string } | null;
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
  invitation: { method: 'REQUEST' | 'CANCEL'; content: string } | null;
};

export type Mailer = {
  /** Hands one mail to the server. Throws a MailError. @returns the Message-ID, which is the provider's id here. */
  send: (mail: OutgoingMail) => Promise<{ providerId: string }>;
  /** Connects and signs in without sending anything. Throws a MailError. */
  verify: () => Promise<void>;
  /** Ends idle connections at once, and others after the mail that they carry. */
  close: () => void;
};

/** `transient`: try again; `permanent`: this mail will never go; `sign_in`: the account must be mended first, then try again. */
export type MailErrorKind = 'transient' | 'permanent' | 'sign_in';

/** The message holds codes only: what a server writes back may name the address. */
export class MailError extends Error {
  readonly kind: MailErrorKind;
  /** The server has said that nobody has this address. */
  readonly isBadAddress: boolean;

  constructor(kind: MailErrorKind, message: string, isBadAddress = false) {
    super(message);
    this.name = 'MailError';
    this.kind = kind;
    this.isBadAddress = isBadAddress;
  }
}

/**
 * Milliseconds, each for one phase: look-up, connection, greeting, silence on the line; `send` for all of it, the wait for a free
 * connection included.
 */
export type MailTimeouts = { dns: number; connection: number; greeting: number; socket: number; send: number };

/**
 * All of a sending must end well before the activity's own limit of 60 s: what is still queued here after that would be sent a second time.
 */
const defaultTimeouts: MailTimeouts = { dns: 10_000, connection: 10_000, greeting: 10_000, socket: 20_000, send: 45_000 };

export function createMailer(options: { smtpUrl: string; maxConnections?: number; timeouts?: Partial<MailTimeouts> }): Mailer {
  const limits = { ...defaultTimeouts, ...options.timeouts };
  const transport = createTransport({
    url: options.smtpUrl,
    pool: true,
    maxConnections: options.maxConnections ?? 5,
    dnsTimeout: limits.dns,
    connectionTimeout: limits.connection,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.socket,
    // Only for an idle connection that the server has closed meanwhile; all other waits between tries are the workflow's.
    maxRequeues: 1,
    // A text must never make us read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (mail) => {
      try {
        await transport.sendMail({
          messageId: mail.messageId,
          from: mail.from,
          to: mail.to,
          ...(mail.replyTo && { replyTo: mail.replyTo }),
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { ...mail.headers, 'Auto-Submitted': 'auto-generated' },
          ...(mail.invitation && {
            icalEvent: { method: mail.invitation.method, filename: 'invite.ics', content: mail.invitation.content },
          }),
          signal: AbortSignal.timeout(limits.send),
        });
        return { providerId: mail.messageId };
      } catch (error) {
        throw classify(error);
      }
    },
    verify: async () => {
      try {
        await transport.verify();
      } catch (error) {
        throw classify(error);
      }
    },
    close: () => transport.close(),
  };
}

/** Replies that ask for a sign-in, whatever command they answer (RFC 4954, 6). */
const signInReplies = [530, 534, 535, 538];

/**
 * RFC 5321 (4.2.1): 4xx may pass, 5xx will not, 503 apart, which speaks of the session. A 5xx settles the mail only where it answers the
 * recipient or the content (or the size, 552); at any other command it speaks of the sender, the account or the line, and those can be
 * mended.
 */
function classify(error: unknown): MailError {
  const { code, responseCode, command, response } = (error ?? {}) as Record<string, unknown>;
  const reply = typeof responseCode === 'number' ? responseCode : null;
  const text = `SMTP failed: ${[word(code), reply, enhancedStatus(response), word(command)].filter(Boolean).join(' ') || 'unknown'}`;
  const refused = reply !== null && reply >= 500 && reply !== 503;
  if (reply !== null && signInReplies.includes(reply)) return new MailError('sign_in', text);
  // 454 and its like: the server cannot check passwords just now.
  if (['EAUTH', 'ENOAUTH', 'EOAUTH2'].includes(String(code)))
    return new MailError(reply !== null && !refused ? 'transient' : 'sign_in', text);
  if (refused && (command === 'RCPT TO' || command === 'DATA' || reply === 552))
    return new MailError('permanent', text, isUnknownMailbox(reply, command, enhancedStatus(response)));
  // With no reply it is the client's own word: an address that is none.
  if (reply === null && code === 'EENVELOPE') return new MailError('permanent', text);
  return new MailError('transient', text);
}

/**
 * RFC 3463: X.1.1 to X.1.3 and X.1.10 speak of the address, X.2.1 of a mailbox that is shut; without such a code, a plain 550 or 553 to the
 * recipient.
 */
const isUnknownMailbox = (reply: number, command: unknown, status: string | null): boolean =>
  command === 'RCPT TO' && (status === null ? reply === 550 || reply === 553 : /^5\.(1\.([123]|10)|2\.1)$/.test(status));

/** A code or an SMTP command, and nothing that could be text of the server's. */
const word = (value: unknown): string | null => (typeof value === 'string' && /^[A-Z][A-Z0-9_ -]{1,24}$/.test(value) ? value : null);

/** `5.1.1` (RFC 3463), the first thing in a reply after its code. */
const enhancedStatus = (response: unknown): string | null =>
  typeof response === 'string' ? (/^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? null) : null;
