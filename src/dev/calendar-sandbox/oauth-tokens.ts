/** The token endpoints of both providers. Source: RFC 6749, 4.1.3 and 6; RFC 7636, 4.6; and the pages that oauth.ts names. */
import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import { tokenError, type TokenError } from './oauth-errors.ts';
import type { Server } from './serve.ts';
import type { App, Grant, Provider } from './state.ts';

/** What a program asked a person for. */
export type Asked = {
  provider: Provider;
  clientId: string;
  redirectUri: string;
  scope: string;
  state: string | null;
  challenge: string | null;
  offline: boolean;
  consent: boolean;
};
/** What the person's answer is worth, once and for ten minutes. */
export type Code = Asked & { accountId: string; expiresAt: number; used: boolean };

/** `basic` is the client's id and secret, where they came in the header. */
export type TokenAnswers = (provider: Provider, form: Record<string, string>, basic: string | undefined) => Answer;

export function createTokenAnswers({ store, settings, tokens }: Server, codes: Map<string, Code>): TokenAnswers {
  const appOf = (clientId: string): App | undefined => store.state.apps.find((one) => one.clientId === clientId);

  const tokenOf: TokenAnswers = (provider, form, basic) => {
    const refuse = (error: TokenError): Answer => tokenError(provider, error);
    const [clientId = '', secret = ''] =
      basic === undefined
        ? [form.client_id, form.client_secret]
        : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    if (appOf(clientId) === undefined || secret !== appOf(clientId)!.clientSecret)
      return refuse(secret === '' ? 'secretMissing' : 'clientWrong');
    if (form.grant_type === 'refresh_token') return refresh(provider, clientId, form, refuse);
    if (form.grant_type !== 'authorization_code') return refuse('grantTypeWrong');
    const code = codes.get(form.code ?? '');
    if (!code || code.provider !== provider || code.clientId !== clientId) return refuse('codeWrong');
    if (code.used || code.expiresAt <= store.now()) return refuse('codeUsed');
    if (code.redirectUri !== form.redirect_uri) return refuse('redirectWrong');
    if (
      code.challenge !== null &&
      createHash('sha256')
        .update(form.code_verifier ?? '')
        .digest('base64url') !== code.challenge
    )
      return refuse('verifierWrong');
    code.used = true;
    const account = store.account(provider, code.accountId)!;
    // Google gives a refresh token at the first consent, later only when asked for consent again.
    const first = !store.state.grants.some(
      (one) => one.accountId === account.id && one.clientId === clientId && !one.revoked && one.refreshTokens.length > 0,
    );
    const grant = tokens.grant(account, clientId, code.scope, code.offline && (provider === 'graph' || first || code.consent));
    return issued(provider, grant, grant.refreshTokens[0]);
  };

  const refresh = (
    provider: Provider,
    clientId: string,
    { refresh_token: token = '' }: Record<string, string>,
    refuse: (error: TokenError) => Answer,
  ): Answer => {
    const grant = tokens.byRefreshToken(token);
    if (!grant || grant.clientId !== clientId || store.account(provider, grant.accountId) === undefined) return refuse('refreshWrong');
    if (grant.revoked) return refuse('revoked');
    if (provider === 'google') return issued(provider, grant, undefined);
    if (settings.microsoftUsedRefreshTokens === 'refused' && token !== grant.refreshTokens.at(-1)) return refuse('refreshWrong');
    return issued(provider, grant, tokens.rotate(grant));
  };

  const issued = (provider: Provider, grant: Grant, refreshToken: string | undefined): Answer => {
    const { accessToken, expiresIn } = tokens.issue(grant);
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' },
      body: {
        token_type: 'Bearer',
        scope: grant.scope,
        expires_in: expiresIn,
        ...(provider === 'graph' && { ext_expires_in: expiresIn }),
        access_token: accessToken,
        ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      },
    };
  };
  return tokenOf;
}
