/**
 * What the token endpoints refuse with. Source: RFC 6749, 5.2;
 * https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
 */
import { randomUUID } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { Provider } from './state.ts';

type Said = { status: number; error: string; text: string };
const errors = {
  secretMissing: [
    { status: 400, error: 'invalid_request', text: 'client_secret is missing.' },
    {
      status: 401,
      error: 'invalid_client',
      text: "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    },
  ],
  clientWrong: [
    { status: 401, error: 'invalid_client', text: 'Unauthorized' },
    { status: 401, error: 'invalid_client', text: 'AADSTS7000215: Invalid client secret provided.' },
  ],
  grantTypeWrong: [
    { status: 400, error: 'unsupported_grant_type', text: 'Invalid grant_type.' },
    { status: 400, error: 'unsupported_grant_type', text: 'AADSTS70003: The app requested an unsupported grant type.' },
  ],
  codeWrong: [
    { status: 400, error: 'invalid_grant', text: 'Malformed auth code.' },
    { status: 400, error: 'invalid_grant', text: 'AADSTS9002313: Invalid request. Request is malformed or invalid.' },
  ],
  codeUsed: [
    { status: 400, error: 'invalid_grant', text: 'Bad Request' },
    {
      status: 400,
      error: 'invalid_grant',
      text:
        'AADSTS54005: OAuth2 Authorization code was already redeemed, ' +
        'please retry with a new valid code or use an existing refresh token.',
    },
  ],
  redirectWrong: [
    { status: 400, error: 'redirect_uri_mismatch', text: 'Bad Request' },
    {
      status: 400,
      error: 'invalid_grant',
      text: 'AADSTS500112: The reply address does not match the reply address provided when requesting Authorization code.',
    },
  ],
  verifierWrong: [
    { status: 400, error: 'invalid_grant', text: 'Invalid code verifier.' },
    {
      status: 400,
      error: 'invalid_grant',
      text: 'AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    },
  ],
  refreshWrong: [
    { status: 400, error: 'invalid_grant', text: 'Bad Request' },
    { status: 400, error: 'invalid_grant', text: 'AADSTS9002313: Invalid request. Request is malformed or invalid.' },
  ],
  revoked: [
    { status: 400, error: 'invalid_grant', text: 'Token has been expired or revoked.' },
    {
      status: 400,
      error: 'invalid_grant',
      text: 'AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed.',
    },
  ],
} satisfies Record<string, [google: Said, microsoft: Said]>;

export type TokenError = keyof typeof errors;

export function tokenError(provider: Provider, name: TokenError): Answer {
  const { status, error, text }: Said = errors[name][provider === 'google' ? 0 : 1];
  const code = Number(/^AADSTS(\d+)/.exec(text)?.[1]);
  const more =
    provider === 'google'
      ? {}
      : {
          error_codes: [code],
          timestamp: `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`,
          trace_id: randomUUID(),
          correlation_id: randomUUID(),
        };
  return { status, body: { error, error_description: text, ...more }, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' } };
}
