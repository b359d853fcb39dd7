/** Signing in to Google and Microsoft (OAuth 2.0, RFC 6749, with PKCE, RFC 7636), by openid-client. */
import * as oauth from 'openid-client';
import type { CalendarProvider } from '../../domain/channel.ts';
import { CalendarError } from './calendar.ts';

export type OauthProvider = Exclude<CalendarProvider, 'caldav'>;

/** The program's own registration at a provider; the addresses are the provider's, or a sandbox's. */
export type OauthApp = { clientId: string; clientSecret: string; authorizeUrl: string; tokenUrl: string };

/** What is sealed of a sign-in. `expiresAt` is epoch milliseconds. */
export type OauthSecrets = { refreshToken: string; accessToken: string; expiresAt: number };

/**
 * As little as the work needs. https://developers.google.com/workspace/calendar/api/auth,
 * https://learn.microsoft.com/graph/permissions-reference#calendarsreadwrite
 */
const scopes: Record<OauthProvider, string> = {
  google: 'https://www.googleapis.com/auth/calendar.events https://www.googleapis.com/auth/calendar.calendarlist.readonly',
  graph: 'offline_access https://graph.microsoft.com/Calendars.ReadWrite',
};
/** Google gives a refresh token only when it is asked so. https://developers.google.com/identity/protocols/oauth2/web-server#offline */
const more: Record<OauthProvider, Record<string, string>> = {
  google: { access_type: 'offline', prompt: 'consent' },
  graph: { prompt: 'select_account' },
};

export type OauthClient = {
  /** Where the person is sent, and what must be kept until he comes back: `state` comes back with him, `verifier` does not leave us. */
  begin: (redirectUri: string) => Promise<{ url: string; state: string; verifier: string }>;
  /** From the address at which he came back. Throws a CalendarError: `sign_in` when he, or the provider, said no. */
  finish: (cameBackTo: URL, kept: { state: string; verifier: string }, now: Date) => Promise<OauthSecrets>;
  /** A fresh access token; the refresh token may be another one afterwards. Throws a CalendarError: `sign_in` when it is over. */
  refresh: (secrets: OauthSecrets, now: Date) => Promise<OauthSecrets>;
};

const timeoutSeconds = 10;

export function createOauthClient(provider: OauthProvider, app: OauthApp): OauthClient {
  const server = { issuer: new URL(app.authorizeUrl).origin, authorization_endpoint: app.authorizeUrl, token_endpoint: app.tokenUrl };
  const configuration = new oauth.Configuration(server, app.clientId, undefined, oauth.ClientSecretPost(app.clientSecret));
  configuration.timeout = timeoutSeconds;
  // A sandbox on this machine; the configuration's reader has seen to it that it is that.
  if (app.tokenUrl.startsWith('http:')) oauth.allowInsecureRequests(configuration);

  return {
    begin: async (redirectUri) => {
      const [state, verifier] = [oauth.randomState(), oauth.randomPKCECodeVerifier()];
      const url = oauth.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes[provider],
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...more[provider],
      });
      return { url: url.href, state, verifier };
    },
    finish: async (cameBackTo, { state, verifier }, now) => {
      const tokens = await oauth
        .authorizationCodeGrant(configuration, cameBackTo, { expectedState: state, pkceCodeVerifier: verifier })
        .catch(toError);
      if (!isAllAllowed(provider, tokens.scope)) throw new CalendarError('sign_in', 'OAuth failed: not all was allowed');
      if (!tokens.refresh_token) throw new CalendarError('sign_in', 'OAuth failed: no refresh token was given');
      return secretsOf(tokens, tokens.refresh_token, now);
    },
    refresh: async ({ refreshToken }, now) => {
      const tokens = await oauth.refreshTokenGrant(configuration, refreshToken).catch(toError);
      return secretsOf(tokens, tokens.refresh_token ?? refreshToken, now);
    },
  };
}

/**
 * At Google a person may allow a part alone, and the sign-in comes through all the same: "check which scopes were granted"
 * (https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions). Where nothing is said, all was allowed (RFC
 * 6749, 5.1). Microsoft, where one allows all or nothing, names them otherwise than they were asked for.
 */
const isAllAllowed = (provider: OauthProvider, granted: string | undefined): boolean =>
  provider !== 'google' || granted === undefined || scopes.google.split(' ').every((scope) => granted.split(' ').includes(scope));

const secretsOf = (tokens: oauth.TokenEndpointResponse, refreshToken: string, now: Date): OauthSecrets => ({
  refreshToken,
  accessToken: tokens.access_token,
  expiresAt: now.getTime() + (tokens.expires_in ?? 300) * 1000,
});

/**
 * Errors that no new try mends, only the person (RFC 6749, 5.2, 4.1.2.1). What concerns our own registration, such as a client secret that
 * has run out (Microsoft's do), is mended by whoever runs us: then every sign-in is as good as before, and nobody is to be asked for
 * another.
 */
const over = ['invalid_grant', 'access_denied', 'interaction_required', 'consent_required', 'login_required'];

function toError(error: unknown): never {
  if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError) {
    throw new CalendarError(
      over.includes(error.error) ? 'sign_in' : 'transient',
      `OAuth failed: ${/^[a-z_]{1,40}$/.test(error.error) ? error.error : 'error'}`,
    );
  }
  const { code, status } = error as { code?: unknown; status?: unknown };
  // What came back does not fit what was asked: somebody else's answer, or an old one.
  if (code === 'OAUTH_INVALID_RESPONSE' || code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
    throw new CalendarError('sign_in', 'OAuth failed: the answer does not fit the question');
  throw new CalendarError(
    'transient',
    `OAuth failed: ${typeof code === 'string' && /^[A-Z_]{1,50}$/.test(code) ? code : typeof status === 'number' ? status : 'unknown'}`,
  );
}
