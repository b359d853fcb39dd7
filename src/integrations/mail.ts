/** E-mail by SMTP (nodemailer). SMTP has no idempotency: a copy may arrive twice when the server's answer is lost after it took the mail. */
import { createTransport } from 'nodemailer';

export type OutgoingMail = {
  /** Fixed for a delivery, so that a second copy can be recognised: `<delivery-id@punctual>`. */
  messageId: string;
  from: { name: string; address: string };
  to: { name: string; address: string };
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
  invitation: { method: 'REQUEST' | 'CANCEL'; content: string } | null;
};

export type Mailer = {
  /** Hands one mail to the server. Throws a MailError. @returns the Message-ID, which is the provider's id here. */
  send: (mail: OutgoingMail) => Promise<{ providerId: string }>;
  close: () => void;
};

/** `transient`: try again; `permanent`: this mail will never go; `sign_in`: the account must be mended first, then try again. */
export type MailErrorKind = 'transient' | 'permanent' | 'sign_in';

/** The message holds codes only: what a server writes back may name the address. */
export class MailError extends Error {
  readonly kind: MailErrorKind;

  constructor(kind: MailErrorKind, message: string) {
    super(message);
    this.name = 'MailError';
    this.kind = kind;
  }
}

/** The longest part of a sending must end well before the activity's own limit of 60 s. */
const limits = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };

export function createMailer(options: { smtpUrl: string; maxConnections?: number }): Mailer {
  const transport = createTransport({
    url: options.smtpUrl, pool: true, maxConnections: options.maxConnections ?? 5, ...limits,
    // A text must never make us read a file or fetch an address.
    disableFileAccess: true, disableUrlAccess: true,
  });
  return {
    send: async (mail) => {
      try {
        await transport.sendMail({
          messageId: mail.messageId, from: mail.from, to: mail.to, subject: mail.subject, text: mail.text, html: mail.html,
          headers: { ...mail.headers, 'Auto-Submitted': 'auto-generated' },
          ...(mail.invitation && { icalEvent: { method: mail.invitation.method, filename: 'invite.ics', content: mail.invitation.content } }),
        });
        return { providerId: mail.messageId };
      } catch (error) {
        throw classify(error);
      }
    },
    close: () => transport.close(),
  };
}

/** RFC 5321: 4xx may pass, 5xx will not; failures before the mail's own commands say nothing about the mail. */
function classify(error: unknown): MailError {
  const { code, responseCode, command } = (error ?? {}) as { code?: unknown; responseCode?: unknown; command?: unknown };
  const what = [code, responseCode, command].filter((part) => typeof part === 'number' || (typeof part === 'string' && /^[A-Z][A-Z0-9_ ]{1,20}$/.test(part))).join(' ');
  const text = `SMTP failed: ${what || 'unknown'}`;
  if (code === 'EAUTH' || code === 'ENOAUTH' || code === 'EOAUTH2') return new MailError('sign_in', text);
  if (code === 'EENVELOPE' && responseCode === undefined) return new MailError('permanent', text);
  const aboutThisMail = typeof command === 'string' && /^(MAIL FROM|RCPT TO|DATA)/.test(command);
  if (typeof responseCode === 'number' && responseCode >= 500 && aboutThisMail) return new MailError('permanent', text);
  return new MailError('transient', text);
}
