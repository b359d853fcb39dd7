/**
 * Goal: a person signs in to Google or Microsoft, and his access is renewed until he, or they, take it back. Method: our client against the
 * sandbox's own sign-in pages, with PKCE and state checked there.
 */
import { expect } from 'chai';
import { createOauthClient, type OauthClient, type OauthSecrets } from '../../src/integrations/calendar/oauth.ts';
import { CalendarError } from '../../src/integrations/calendar/calendar.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';

const redirectUri = 'http://127.0.0.1:3000/calendars/callback';

describe('signing in to a calendar', () => {
  let sandbox: TestSandbox;
  const now = new Date();
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox?.stop());

  for (const provider of ['google', 'graph'] as const) {
    describe(provider, () => {
      let client: OauthClient;
      before(() => {
        client = createOauthClient(provider, {
          clientId: sandbox.clientId,
          clientSecret: sandbox.clientSecret,
          authorizeUrl: sandbox.authorizeUrls[provider],
          tokenUrl: sandbox.tokenUrls[provider],
        });
      });

      /** What a person's browser does: opens the page, decides, and comes back. */
      async function decide(url: string, decision: 'allow' | 'deny', email = newEmail()): Promise<URL> {
        const page = await (await fetch(url)).text();
        const request = /name="request" value="([^"]+)"/.exec(page)![1]!;
        const answer = await fetch(`${sandbox.url}/sandbox/decide`, {
          method: 'POST',
          redirect: 'manual',
          body: new URLSearchParams({ request, timeZone: 'Europe/Lisbon', email, decision }),
        });
        return new URL(answer.headers.get('location')!);
      }
      async function signIn(email = newEmail()): Promise<OauthSecrets> {
        const { url, state, verifier } = await client.begin(redirectUri);
        return client.finish(await decide(url, 'allow', email), { state, verifier }, now);
      }
      const failureOf = (call: Promise<unknown>): Promise<CalendarError> =>
        call.then(
          () => {
            throw new Error('it went');
          },
          (error: unknown) => {
            if (error instanceof CalendarError) return error;
            throw error;
          },
        );

      it('a person who allows it, has access, and a fresh one each time it is renewed', async () => {
        const { url, state, verifier } = await client.begin(redirectUri);
        const asked = new URL(url).searchParams;
        expect([asked.get('code_challenge_method'), asked.get('state'), asked.get('redirect_uri')]).to.deep.equal([
          'S256',
          state,
          redirectUri,
        ]);
        expect(url).to.not.include(verifier);
        const first = await client.finish(await decide(url, 'allow'), { state, verifier }, now);
        expect(first.expiresAt).to.be.above(now.getTime());
        const second = await client.refresh(first, now);
        expect(second.accessToken).to.not.equal(first.accessToken);
        expect((await client.refresh(second, now)).refreshToken).to.be.a('string');
      });

      it('a person who does not, has none', async () => {
        const { url, state, verifier } = await client.begin(redirectUri);
        expect(await failureOf(client.finish(await decide(url, 'deny'), { state, verifier }, now))).to.include({ kind: 'sign_in' });
      });

      it('who comes back with another state, another verifier, or a second time, has none', async () => {
        const { url, state, verifier } = await client.begin(redirectUri);
        const cameBackTo = await decide(url, 'allow');
        expect(await failureOf(client.finish(cameBackTo, { state: 'another', verifier }, now))).to.include({ kind: 'sign_in' });
        const other = await client.begin(redirectUri);
        const back = await decide(other.url, 'allow');
        expect(await failureOf(client.finish(back, { state: other.state, verifier }, now))).to.include({ kind: 'sign_in' });
        await client.finish(cameBackTo, { state, verifier }, now);
        expect(await failureOf(client.finish(cameBackTo, { state, verifier }, now))).to.include({ kind: 'sign_in' });
      });

      // At Microsoft one allows all or nothing.
      if (provider === 'google')
        it('who allows a part of it alone, has none', async () => {
          const { url, state, verifier } = await client.begin(redirectUri);
          const back = await decide(url, 'allow');
          const scope = new URL(url).searchParams.get('scope')!.split(' ');
          expect(scope).to.have.length(2);
          const body = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600, scope: scope[1] };
          sandbox.faults.add({ provider, operation: 'oauth.token', when: 'before', failure: { status: 200, body }, times: 1 });
          const failure = await failureOf(client.finish(back, { state, verifier }, now));
          expect([failure.kind, failure.message]).to.deep.equal(['sign_in', 'OAuth failed: not all was allowed']);
        });

      it('access that was taken back, is over; a provider that fails, may work again', async () => {
        const email = newEmail();
        const secrets = await signIn(email);
        sandbox.faults.add({ provider, operation: 'oauth.token', when: 'before', failure: { status: 503, body: {} }, times: 1 });
        expect(await failureOf(client.refresh(secrets, now))).to.include({ kind: 'transient' });
        sandbox.faults.add({ provider, operation: 'oauth.token', when: 'before', failure: 'cut', times: 1 });
        expect(await failureOf(client.refresh(secrets, now))).to.include({ kind: 'transient' });
        const fresh = await client.refresh(secrets, now);
        sandbox.byHand.revoke(email);
        const over = await failureOf(client.refresh(fresh, now));
        expect([over.kind, over.message]).to.deep.equal(['sign_in', 'OAuth failed: invalid_grant']);
      });

      it('access, renewed while our own registration is wrong, is not over', async () => {
        const secrets = await signIn();
        const wrong = createOauthClient(provider, {
          clientId: sandbox.clientId,
          clientSecret: 'run out',
          authorizeUrl: sandbox.authorizeUrls[provider],
          tokenUrl: sandbox.tokenUrls[provider],
        });
        const failure = await failureOf(wrong.refresh(secrets, now));
        expect([failure.kind, failure.message]).to.deep.equal(['transient', 'OAuth failed: invalid_client']);
        expect((await client.refresh(secrets, now)).accessToken).to.be.a('string');
      });
    });
  }
});
