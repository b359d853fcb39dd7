/**
 * Sign-in of both providers: the page that asks a person, and the tokens. Source:
 * https://developers.google.com/identity/protocols/oauth2/web-server,
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { isTimeZone } from '../../domain/time.ts';
import { answerPage } from '../page-shell.ts';
import { tokenError } from './oauth-errors.ts';
import { askBody, refusedBody } from './oauth-page.ts';
import { createTokenAnswers, type Asked, type Code } from './oauth-tokens.ts';
import { meet, type Server } from './serve.ts';
import type { App, Provider } from './state.ts';

const codeLifeMs = 10 * 60_000;

export function mountOauth(server: Server): void {
  const { app, store, tokens } = server;
  const asked = new Map<string, Asked>();
  const codes = new Map<string, Code>();
  const appOf = (clientId: string): App | undefined => store.state.apps.find((one) => one.clientId === clientId);

  const ask =
    (provider: Provider) =>
    (request: Request, response: Response): void => {
      const query = new URL(request.originalUrl, 'http://127.0.0.1').searchParams;
      const get = (name: string): string | null => query.get(name);
      const [clientId, redirectUri, scope] = [get('client_id') ?? '', get('redirect_uri') ?? '', get('scope') ?? ''];
      const registered = appOf(clientId);
      // An address that nobody registered is never called back.
      if (!registered) return refused(response, 'invalid_client', `No program is registered as ${clientId}.`);
      if (!mayReturnTo(registered, redirectUri))
        return refused(response, 'redirect_uri_mismatch', `${redirectUri} is not registered for ${clientId}.`);
      const back = (error: string): void => response.redirect(returnTo(redirectUri, { error, state: get('state') }));
      if (get('response_type') !== 'code') return back('unsupported_response_type');
      if (get('code_challenge') !== null && get('code_challenge_method') !== 'S256') return back('invalid_request');
      if (scope === '') return back('invalid_scope');
      const id = randomUUID();
      const offline = provider === 'google' ? get('access_type') === 'offline' : scope.split(' ').includes('offline_access');
      asked.set(id, {
        provider,
        clientId,
        redirectUri,
        scope,
        state: get('state'),
        challenge: get('code_challenge'),
        offline,
        consent: get('prompt') === 'consent',
      });
      const accounts = store.state.accounts.filter((one) => one.provider === provider);
      answerPage(
        response,
        provider === 'google' ? 'Sign in to the Google sandbox' : 'Sign in to the Microsoft sandbox',
        askBody({ id, clientId, scope, accounts, hint: get('login_hint') }),
        { nav: [], forms: `'self' ${new URL(redirectUri).origin}` },
      );
    };

  const decide = (request: Request, response: Response): void => {
    const { request: id = '', decision, account: chosen = '', email = '', timeZone = '' } = (request.body ?? {}) as Record<string, string>;
    const wish = asked.get(id);
    if (!wish) return refused(response, 'expired', 'This question has been answered before: go back to where you came from.');
    const { provider, redirectUri, state } = wish;
    if (decision !== 'allow') {
      asked.delete(id);
      return response.redirect(
        303,
        returnTo(redirectUri, {
          error: 'access_denied',
          state,
          ...(provider === 'graph' && { error_description: 'the user canceled the authentication' }),
        }),
      );
    }
    const known = store.account(provider, chosen || email);
    if (!known && (!email.includes('@') || !isTimeZone(timeZone)))
      return refused(response, 'invalid_account', 'A new account needs an e-mail address and a time zone such as Europe/Lisbon.');
    const account = known ?? store.addAccount({ provider, email, timeZone });
    asked.delete(id);
    const code = `${provider === 'google' ? '4/0' : '1.AX'}${randomBytes(32).toString('base64url')}`;
    codes.set(code, { ...wish, accountId: account.id, expiresAt: store.now() + codeLifeMs, used: false });
    response.redirect(303, returnTo(redirectUri, { code, state, ...(provider === 'google' && { scope: wish.scope }) }));
  };

  const tokenOf = createTokenAnswers(server, codes);
  const answerToken = (provider: Provider) => async (request: Request, response: Response) => {
    const form = (request.body ?? {}) as Record<string, string>;
    const accountId = tokens.byRefreshToken(form.refresh_token ?? '')?.accountId ?? codes.get(form.code ?? '')?.accountId;
    const account = store.state.accounts.find(({ id }) => id === accountId) ?? null;
    const formed = request.is('application/x-www-form-urlencoded') !== false;
    await meet(server, provider, account, 'oauth.token', response, () =>
      Promise.resolve(
        formed
          ? tokenOf(provider, form, /^Basic (.+)$/.exec(request.get('Authorization') ?? '')?.[1])
          : tokenError(provider, 'grantTypeWrong'),
      ),
    );
  };

  app.get('/o/oauth2/v2/auth', ask('google'));
  app.get('/:tenant/oauth2/v2.0/authorize', ask('graph'));
  app.post('/sandbox/decide', decide);
  app.post('/token', answerToken('google'));
  app.post('/:tenant/oauth2/v2.0/token', answerToken('graph'));
  // https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
  app.post('/revoke', async (request, response) => {
    const token =
      (request.body as Record<string, string> | undefined)?.token ??
      new URL(request.originalUrl, 'http://127.0.0.1').searchParams.get('token') ??
      '';
    await meet(server, 'google', null, 'oauth.revoke', response, () =>
      Promise.resolve(
        tokens.revokeToken(token)
          ? { status: 200, body: {} }
          : { status: 400, body: { error: 'invalid_token', error_description: 'Token expired or revoked' } },
      ),
    );
  });
}

const refused = (response: Response, error: string, sentence: string): void =>
  answerPage(response.status(400), 'Access blocked', refusedBody(error, sentence), { nav: [] });

/**
 * Exactly as registered; `http://127.0.0.1/*` is any port and path of that host, as both providers allow programs on the person's own
 * machine.
 */
function mayReturnTo({ redirectUris }: App, redirectUri: string): boolean {
  const url = URL.parse(redirectUri);
  return (
    url !== null && redirectUris.some((one) => one === redirectUri || (one.endsWith('/*') && one === `${url.protocol}//${url.hostname}/*`))
  );
}

function returnTo(redirectUri: string, answer: Record<string, string | null>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}
