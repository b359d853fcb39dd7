/**
 * The part of the configuration that is about barbers' calendars. Source of the addresses:
 * https://developers.google.com/identity/protocols/oauth2/web-server#httprest,
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
 */
import { z } from 'zod';
import type { CalendarProvider } from './domain/channel.ts';
import type { OauthApp, OauthProvider } from './integrations/calendar/oauth.ts';
import type { SealingKey } from './integrations/sealing.ts';

const whole = (fallback: number, min: number, max: number) => z.coerce.number().int().min(min).max(max).default(fallback);

export const calendarVariables = {
  // Of calendars' sign-ins: `id:key`, keys of 64 hexadecimal digits, the first seals. Without it calendars are off.
  CALENDAR_KEYS: z
    .string()
    .regex(/^[\w-]{1,32}:[0-9a-f]{64}(,[\w-]{1,32}:[0-9a-f]{64})*$/, 'must be id:key, parted by commas; a key has 64 hexadecimal digits')
    .optional(),
  CALDAV_PER_SECOND: whole(10, 1, 1000),
  // How often CalDAV servers are asked what has changed: they do not tell by themselves.
  CALDAV_EVERY_SECONDS: whole(60, 1, 3600),
  // Both, or Google is off.
  GOOGLE_CLIENT_ID: z.string().min(1).optional(),
  GOOGLE_CLIENT_SECRET: z.string().min(1).optional(),
  GOOGLE_PER_SECOND: whole(5, 1, 1000),
  GOOGLE_EVERY_SECONDS: whole(60, 1, 3600),
  // Both, or Microsoft is off. `common` is for every account, a company's own tenant for its accounts alone.
  MICROSOFT_CLIENT_ID: z.string().min(1).optional(),
  MICROSOFT_CLIENT_SECRET: z.string().min(1).optional(),
  MICROSOFT_TENANT: z
    .string()
    .regex(/^[\w.-]{1,100}$/, "must be a tenant's id or domain, common, organizations or consumers")
    .default('common'),
  MICROSOFT_PER_SECOND: whole(10, 1, 1000),
  MICROSOFT_EVERY_SECONDS: whole(60, 1, 3600),
  // A sandbox in the place of Google and Microsoft; production refuses it.
  CALENDAR_SANDBOX_URL: z
    .url({ protocol: /^http$/, hostname: /^(127\.0\.0\.1|localhost)$/, error: 'must be an http:// URL of this machine' })
    .optional(),
  // For a CalDAV server on this machine; production refuses it.
  CALDAV_ALLOW_LOOPBACK: z.enum(['0', '1']).default('0'),
};

/** Our registration at a provider. `apiUrl` is a sandbox's; null is the provider itself. */
export type OauthRegistration = Readonly<OauthApp & { apiUrl: string | null }>;

export type CalendarConfig = Readonly<{
  /** Empty: calendars are off. */
  keys: SealingKey[];
  allowLoopback: boolean;
  everySeconds: Readonly<Record<CalendarProvider, number>>;
  /** Null: that provider is off. */
  signIns: Readonly<Record<OauthProvider, OauthRegistration | null>>;
}>;

type Given = z.output<z.ZodObject<typeof calendarVariables>> & { NODE_ENV?: string | undefined };

/** Throws an Error whose message names each faulty variable, without its value. */
export function readCalendars(e: Given): CalendarConfig {
  for (const name of ['GOOGLE', 'MICROSOFT'] as const) {
    if (Boolean(e[`${name}_CLIENT_ID`]) !== Boolean(e[`${name}_CLIENT_SECRET`]))
      throw new Error(`The configuration is faulty: ${name}_CLIENT_ID and ${name}_CLIENT_SECRET go together.`);
  }
  if (e.NODE_ENV === 'production' && e.CALENDAR_SANDBOX_URL)
    throw new Error('The configuration is faulty: CALENDAR_SANDBOX_URL is for development, and NODE_ENV is production.');
  if (e.NODE_ENV === 'production' && e.CALDAV_ALLOW_LOOPBACK === '1')
    throw new Error('The configuration is faulty: CALDAV_ALLOW_LOOPBACK is for development, and NODE_ENV is production.');
  return Object.freeze({
    keys: readKeys(e.CALENDAR_KEYS),
    allowLoopback: e.CALDAV_ALLOW_LOOPBACK === '1',
    signIns: Object.freeze({ google: readGoogle(e), graph: readMicrosoft(e) }),
    everySeconds: Object.freeze({ caldav: e.CALDAV_EVERY_SECONDS, google: e.GOOGLE_EVERY_SECONDS, graph: e.MICROSOFT_EVERY_SECONDS }),
  });
}

const sandboxOf = ({ CALENDAR_SANDBOX_URL: url }: Given): string | undefined => url?.replace(/\/+$/, '');

function readGoogle(e: Given): OauthRegistration | null {
  const { GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret } = e;
  if (!clientId || !clientSecret) return null;
  const base = sandboxOf(e);
  if (base) return { clientId, clientSecret, authorizeUrl: `${base}/o/oauth2/v2/auth`, tokenUrl: `${base}/token`, apiUrl: `${base}/` };
  return {
    clientId,
    clientSecret,
    authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
    tokenUrl: 'https://oauth2.googleapis.com/token',
    apiUrl: null,
  };
}

function readMicrosoft(e: Given): OauthRegistration | null {
  const { MICROSOFT_CLIENT_ID: clientId, MICROSOFT_CLIENT_SECRET: clientSecret } = e;
  if (!clientId || !clientSecret) return null;
  const base = sandboxOf(e);
  const oauth = `${base ?? 'https://login.microsoftonline.com'}/${e.MICROSOFT_TENANT}/oauth2/v2.0`;
  return { clientId, clientSecret, authorizeUrl: `${oauth}/authorize`, tokenUrl: `${oauth}/token`, apiUrl: base ? `${base}/v1.0` : null };
}

const readKeys = (text: string | undefined): SealingKey[] =>
  (text ?? '')
    .split(',')
    .filter(Boolean)
    .map((each) => {
      const [id = '', key = ''] = each.split(':');
      return { id, key: Buffer.from(key, 'hex') };
    });
