/** The only reader of the environment. A missing or malformed value stops the start with a sentence that names it. */
import { z } from 'zod';
import { calendarVariables, readCalendars, type CalendarConfig } from './calendar-config.ts';
import type { Channel } from './domain/channel.ts';

const whole = (fallback: number, min: number, max: number) => z.coerce.number().int().min(min).max(max).default(fallback);

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' }),
  // The migrator asks on a second connection while its transaction holds one.
  DATABASE_POOL_SIZE: whole(10, 2, 200),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:/]+:\d+$/, 'must be host:port')
    .default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('punctual'),
  TEMPORAL_UI_URL: z.url().optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// URL' }),
  // Of what customers are given (links, tokens of holds): whoever has it could make them.
  LINK_SECRET: z.string().min(32, 'must have at least 32 characters'),
  // What opt-outs and dead addresses are remembered by: without it they are by LINK_SECRET, and forgotten with that.
  ADDRESS_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).default('http://127.0.0.1:3000'),
  // All three, or SMS is off.
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hexadecimal digits')
    .optional(),
  TWILIO_AUTH_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  TWILIO_FROM: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/, 'must be a number in E.164, or the id of a messaging service (MG…)')
    .optional(),
  // Of all workers together: what the provider allows, and what leaves the machine to those who book.
  MAIL_PER_SECOND: whole(10, 1, 1000),
  SMS_PER_SECOND: whole(10, 1, 1000),
  // A sandbox in Twilio's place.
  TWILIO_API_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }).optional(),
  ...calendarVariables,
  NODE_ENV: z.string().optional(),
  MAIL_FROM: z.email().default('bookings@punctual.example'),
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole(3000, 0, 65535),
  WORKER_HOST: z.string().min(1).default('127.0.0.1'),
  WORKER_PORT: whole(3001, 0, 65535),
  // Whether a worker decides, sends, or does both: apart, what is sent never takes the time of what is decided.
  WORKER_ROLE: z.enum(['all', 'deciding', 'effects']).default('all'),
  TRUST_PROXY: whole(0, 0, 10),
  RATE_LIMIT_PER_MINUTE: whole(600, 1, 1_000_000),
  ANSWER_WITHIN_MS: whole(5000, 50, 60_000),
  RESERVE_WITHIN_SECONDS: whole(60, 1, 3600),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
});

export type Config = Readonly<{
  databaseUrl: string;
  databasePoolSize: number;
  temporal: Readonly<{ address: string; namespace: string; taskQueue: string; uiUrl: string | null }>;
  smtpUrl: string;
  mailFrom: string;
  /** Attempts a second, of all workers together. */
  perSecond: Readonly<Record<Channel, number>>;
  calendars: CalendarConfig;
  /** Null: SMS is off. `callsUs`: it can reach the public address; one of this machine alone, it refuses together with the SMS (21609). */
  twilio: Readonly<{ accountSid: string; authToken: string; from: string; apiUrl: string | null; callsUs: boolean }> | null;
  linkSecret: string;
  /** Of the marks of addresses. It outlives the other one: a reader's no holds, whatever is changed here. */
  addressSecret: string;
  /** Where customers reach the links in their mails, without a slash at the end. */
  publicUrl: string;
  api: Readonly<{ host: string; port: number; trustProxy: number; rateLimitPerMinute: number; answerWithinMs: number }>;
  worker: Readonly<{ host: string; port: number; role: 'all' | 'deciding' | 'effects' }>;
  reserveWithinSeconds: number;
  /** What works and is hardly meant, in production: said at the start. */
  doubts: readonly string[];
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';
}>;

const isThisMachine = (url: string): boolean => /^(localhost|127\.|\[::1\]|0\.0\.0\.0)/.test(new URL(url).hostname);

function doubtsOf({ PUBLIC_URL, MAIL_FROM }: { PUBLIC_URL: string; MAIL_FROM: string }): string[] {
  return [
    ...(isThisMachine(PUBLIC_URL) ? ['the links in messages lead to this machine alone: PUBLIC_URL'] : []),
    ...(MAIL_FROM.endsWith('.example') ? ["mails come from an address that is nobody's: MAIL_FROM"] : []),
  ];
}

/** Reads and checks the environment once. Throws an Error whose message names each faulty variable, without its value. */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')} ${given[String(issue.path[0])] === undefined ? 'is not set' : issue.message}`,
    );
    throw new Error(`The configuration is faulty: ${faults.join('; ')}.`);
  }
  const e = parsed.data;
  const twilio = [e.TWILIO_ACCOUNT_SID, e.TWILIO_AUTH_TOKEN, e.TWILIO_FROM] as const;
  if (twilio.some(Boolean) && !twilio.every(Boolean))
    throw new Error('The configuration is faulty: TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM go together.');
  const unsaid = (['MAIL_FROM', 'PUBLIC_URL'] as const).filter((name) => given[name] === undefined);
  if (e.NODE_ENV === 'production' && unsaid.length > 0)
    throw new Error(`The configuration is faulty: ${unsaid.map((name) => `${name} is not set, and NODE_ENV is production`).join('; ')}.`);
  const calendars = readCalendars(e);
  // Regions and edges have hosts of their own; another host is a sandbox.
  const isSandbox = e.TWILIO_API_URL !== undefined && !/^https:\/\/([\w-]+\.)+twilio\.com(\/|$)/.test(e.TWILIO_API_URL);
  if (e.NODE_ENV === 'production' && isSandbox)
    throw new Error('The configuration is faulty: TWILIO_API_URL names a sandbox, and NODE_ENV is production.');
  const [accountSid, authToken, from] = twilio;
  return Object.freeze({
    databaseUrl: e.DATABASE_URL,
    databasePoolSize: e.DATABASE_POOL_SIZE,
    temporal: Object.freeze({
      address: e.TEMPORAL_ADDRESS,
      namespace: e.TEMPORAL_NAMESPACE,
      taskQueue: e.TEMPORAL_TASK_QUEUE,
      uiUrl: e.TEMPORAL_UI_URL ?? null,
    }),
    smtpUrl: e.SMTP_URL,
    mailFrom: e.MAIL_FROM,
    perSecond: Object.freeze({
      mail: e.MAIL_PER_SECOND,
      sms: e.SMS_PER_SECOND,
      caldav: e.CALDAV_PER_SECOND,
      google: e.GOOGLE_PER_SECOND,
      graph: e.MICROSOFT_PER_SECOND,
    }),
    calendars,
    twilio:
      accountSid && authToken && from
        ? Object.freeze({
            accountSid,
            authToken,
            from,
            apiUrl: e.TWILIO_API_URL ?? null,
            callsUs: isSandbox || !isThisMachine(e.PUBLIC_URL),
          })
        : null,
    linkSecret: e.LINK_SECRET,
    addressSecret: e.ADDRESS_SECRET ?? e.LINK_SECRET,
    publicUrl: e.PUBLIC_URL.replace(/\/+$/, ''),
    api: Object.freeze({
      host: e.HOST,
      port: e.PORT,
      trustProxy: e.TRUST_PROXY,
      rateLimitPerMinute: e.RATE_LIMIT_PER_MINUTE,
      answerWithinMs: e.ANSWER_WITHIN_MS,
    }),
    worker: Object.freeze({ host: e.WORKER_HOST, port: e.WORKER_PORT, role: e.WORKER_ROLE }),
    reserveWithinSeconds: e.RESERVE_WITHIN_SECONDS,
    doubts: Object.freeze(e.NODE_ENV === 'production' ? doubtsOf(e) : []),
    logLevel: e.LOG_LEVEL,
  });
}
