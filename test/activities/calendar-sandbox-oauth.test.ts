/**
 * Goal: signing in behaves as Google and Microsoft document it: PKCE, states, refresh tokens that stay or change, access that is taken
 * back.
 */
import { createHash, randomBytes } from 'node:crypto';
import { auth } from '@googleapis/calendar';
import { expect } from 'chai';
import { newEmail, refusalOf, startSandbox, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';

const redirectUri = 'http://127.0.0.1:3000/v1/calendar-links/callback';
const scopes = {
  google: 'https://www.googleapis.com/auth/calendar.events',
  graph: 'offline_access https://graph.microsoft.com/Calendars.ReadWrite',
};
type Provider = keyof typeof scopes;

describe('calendar sandbox, signing in', () => {
  let sandbox: TestSandbox;
  let clock = Date.parse('2026-11-01T12:00:00Z');
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');

  const question = (provider: Provider, change: Record<string, string> = {}) => {
    const query = {
      client_id: 'punctual',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: scopes[provider],
      state: 'st',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      access_type: 'offline',
      ...change,
    };
    return fetch(`${sandbox.authorizeUrls[provider]}?${new URLSearchParams(query).toString()}`, { redirect: 'manual' });
  };
  /** Where the browser is sent after the person has decided. */
  const decide = async (page: string, form: Record<string, string>) => {
    const request = /name="request" value="([^"]+)"/.exec(page)![1]!;
    const answer = await fetch(`${sandbox.url}/sandbox/decide`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ request, timeZone: 'Europe/Lisbon', ...form }),
    });
    return { status: answer.status, to: URL.parse(answer.headers.get('location') ?? '') };
  };
  const codeFor = async (provider: Provider, email: string, change: Record<string, string> = {}) =>
    (await decide(await (await question(provider, change)).text(), { email, decision: 'allow' })).to!.searchParams.get('code')!;
  const token = async (provider: Provider, form: Record<string, string>) => {
    const answer = await fetch(sandbox.tokenUrls[provider], {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'punctual', client_secret: 'sandbox', ...form }),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  const redeem = (provider: Provider, code: string, change: Record<string, string> = {}) =>
    token(provider, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...change });
  const refresh = (provider: Provider, refreshToken: unknown) =>
    token(provider, { grant_type: 'refresh_token', refresh_token: String(refreshToken) });

  before(async () => {
    sandbox = await startSandbox({ now: () => clock });
  });
  after(() => sandbox?.stop());

  it("Google's own client, with PKCE, signs in, refreshes and revokes", async () => {
    const email = newEmail();
    const client = new auth.OAuth2({
      clientId: 'punctual',
      clientSecret: 'sandbox',
      redirectUri,
      endpoints: {
        oauth2AuthBaseUrl: sandbox.authorizeUrls.google,
        oauth2TokenUrl: sandbox.tokenUrls.google,
        oauth2RevokeUrl: sandbox.revokeUrl,
      },
    });
    const { codeVerifier, codeChallenge } = await client.generateCodeVerifierAsync();
    const address = client.generateAuthUrl({
      access_type: 'offline',
      scope: [scopes.google],
      state: 'st',
      code_challenge: codeChallenge!,
      code_challenge_method: 'S256' as never,
    });
    const { to } = await decide(await (await fetch(address)).text(), { email, decision: 'allow' });
    const { tokens } = await client.getToken({ code: to!.searchParams.get('code')!, codeVerifier });
    expect(tokens).to.include({ token_type: 'Bearer', scope: scopes.google });
    client.setCredentials({ refresh_token: tokens.refresh_token! });
    expect((await client.getAccessToken()).token).not.to.equal(tokens.access_token);
    expect((await client.revokeToken(tokens.refresh_token!)).status).to.equal(200);
    expect((await refresh('google', tokens.refresh_token)).body).to.deep.equal({
      error: 'invalid_grant',
      error_description: 'Token has been expired or revoked.',
    });
  });

  for (const provider of ['google', 'graph'] as const) {
    describe(provider, () => {
      it('a person, who allows it, is sent back with a code and the state, to the calendar of their account', async () => {
        const email = newEmail();
        const page = await question(provider);
        expect(page.headers.get('content-security-policy')).to.contain("default-src 'none'");
        const { status, to } = await decide(await page.text(), { email, decision: 'allow' });
        expect([status, to!.origin + to!.pathname, to!.searchParams.get('state')]).to.deep.equal([303, redirectUri, 'st']);
        const { body } = await redeem(provider, to!.searchParams.get('code')!);
        expect(body).to.include({ token_type: 'Bearer', scope: scopes[provider], expires_in: 3600 });
        const account = {
          ...sandbox.store.account(provider, email)!,
          calendarId: '',
          refreshToken: '',
          accessToken: String(body.access_token),
        };
        if (provider === 'graph') expect((await sandbox.graph(account)('GET', '/me/events')).status).to.equal(200);
        else expect((await sandbox.google(account).events.list({ calendarId: email })).status).to.equal(200);
      });

      it('a person, who denies it, is sent back with the refusal, and the question is over', async () => {
        const page = await (await question(provider)).text();
        const { to } = await decide(page, { decision: 'deny' });
        expect([to!.searchParams.get('error'), to!.searchParams.get('state'), to!.searchParams.get('code')]).to.deep.equal([
          'access_denied',
          'st',
          null,
        ]);
        expect((await decide(page, { decision: 'allow', email: newEmail() })).status).to.equal(400);
      });

      it('an account, known already, is offered and chosen by its id', async () => {
        const account = sandbox.addAccount({ provider, email: newEmail() });
        const page = await (await question(provider, { login_hint: account.email })).text();
        expect(page).to.match(new RegExp(`value="${account.id}" checked`));
        const { to } = await decide(page, { account: account.id, decision: 'allow' });
        expect((await redeem(provider, to!.searchParams.get('code')!)).status).to.equal(200);
      });

      it('an address or program, not registered, is never called back', async () => {
        for (const change of [{ redirect_uri: 'http://evil.example/callback' }, { client_id: 'other' }] as Record<string, string>[]) {
          const answer = await question(provider, change);
          expect([answer.status, answer.headers.get('location')]).to.deep.equal([400, null]);
        }
      });

      it('a challenge, in plain text, is sent back as an invalid request', async () => {
        expect(
          URL.parse((await question(provider, { code_challenge_method: 'plain' })).headers.get('location')!)!.searchParams.get('error'),
        ).to.equal('invalid_request');
      });

      it('a code, without its verifier, from elsewhere, too late or twice, is of no use', async () => {
        const email = newEmail();
        expect((await redeem(provider, await codeFor(provider, email), { code_verifier: 'wrong' })).body.error).to.equal('invalid_grant');
        expect((await redeem(provider, await codeFor(provider, email), { redirect_uri: 'http://127.0.0.1:3000/other' })).status).to.equal(
          400,
        );
        expect((await redeem(provider, await codeFor(provider, email), { client_secret: 'wrong' })).body.error).to.equal('invalid_client');
        const late = await codeFor(provider, email);
        clock += 11 * 60_000;
        expect((await redeem(provider, late)).body.error).to.equal('invalid_grant');
        const code = await codeFor(provider, email);
        expect((await redeem(provider, code)).status).to.equal(200);
        expect((await redeem(provider, code)).body.error).to.equal('invalid_grant');
        expect((await redeem(provider, 'rubbish')).body.error).to.equal('invalid_grant');
      });

      it('an access token, expired, is renewed by the refresh token', async () => {
        const { body } = await redeem(provider, await codeFor(provider, newEmail()));
        clock += 3601_000;
        expect(sandbox.tokens.check(provider, String(body.access_token))).to.equal('expired');
        const { body: renewed } = await refresh(provider, body.refresh_token);
        expect(sandbox.tokens.check(provider, String(renewed.access_token))).to.have.property('account');
      });

      it('access, taken back by the person, ends tokens at once, and the next sign-in gives new ones', async () => {
        const email = newEmail();
        const { body } = await redeem(provider, await codeFor(provider, email));
        sandbox.byHand.revoke(email);
        expect((await refresh(provider, body.refresh_token)).body.error).to.equal('invalid_grant');
        expect(sandbox.tokens.check(provider, String(body.access_token))).to.equal('revoked');
        expect((await redeem(provider, await codeFor(provider, email))).body.refresh_token).to.be.a('string');
      });
    });
  }

  it('Google, at a second sign-in, gives no refresh token unless consent is asked for again, nor without offline access', async () => {
    const email = newEmail();
    const tokenAfter = async (change = {}) => (await redeem('google', await codeFor('google', email, change))).body.refresh_token;
    expect(await tokenAfter({ access_type: 'online' })).to.equal(undefined);
    expect(await tokenAfter()).to.be.a('string');
    expect(await tokenAfter()).to.equal(undefined);
    expect(await tokenAfter({ prompt: 'consent' })).to.be.a('string');
  });

  it('refresh tokens, used, stay the same at Google and are replaced at Microsoft', async () => {
    const google = (await redeem('google', await codeFor('google', newEmail()))).body;
    expect((await refresh('google', google.refresh_token)).body).not.to.have.property('refresh_token');
    const first = (await redeem('graph', await codeFor('graph', newEmail()))).body.refresh_token;
    const second = (await refresh('graph', first)).body.refresh_token;
    expect(second).not.to.equal(first);
    expect((await refresh('graph', first)).status).to.equal(200);
    sandbox.settings.microsoftUsedRefreshTokens = 'refused';
    try {
      expect((await refresh('graph', first)).body).to.deep.include({ error: 'invalid_grant', error_codes: [9002313] });
    } finally {
      sandbox.settings.microsoftUsedRefreshTokens = 'accepted';
    }
  });

  it('access, allowed for less, does not write at Google', async () => {
    const account = sandbox.addAccount({
      provider: 'google',
      email: newEmail(),
      scope: 'https://www.googleapis.com/auth/calendar.readonly',
    });
    expect((await sandbox.google(account).events.list({ calendarId: 'primary' })).status).to.equal(200);
    expect(await refusalOf(sandbox.google(account).events.insert({ calendarId: 'primary', requestBody: {} }))).to.equal(
      '403 insufficientPermissions',
    );
    expect(await refusalOf(sandbox.google({ ...account, accessToken: 'x' }).events.list({ calendarId: 'primary' }))).to.equal(
      '401 authError',
    );
  });
});
