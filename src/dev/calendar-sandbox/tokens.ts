/** Grants and tokens of both providers. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Settings } from './settings.ts';
import type { AccessToken, Account, Grant, Provider } from './state.ts';
import type { Store } from './store.ts';

/** All that a program may be allowed here. */
export const fullScope: Record<Provider, string> = {
  google: 'https://www.googleapis.com/auth/calendar',
  graph: 'openid offline_access https://graph.microsoft.com/User.Read https://graph.microsoft.com/Calendars.ReadWrite',
};

export type TokenFault = 'unknown' | 'expired' | 'revoked';
export interface Tokens {
  /** A new grant; with offline access it has a refresh token. */
  grant: (account: Account, clientId: string, scope: string, offline: boolean) => Grant;
  issue: (grant: Grant) => { accessToken: string; expiresIn: number };
  /** Microsoft gives a new refresh token at each use. */
  rotate: (grant: Grant) => string;
  /** The grant of a refresh token, also when it is revoked; undefined for one that was never given. */
  byRefreshToken: (token: string) => Grant | undefined;
  /** Whose access token this is, or what is wrong with it. */
  check: (provider: Provider, token: string) => { account: Account; grant: Grant } | TokenFault;
  /** Google revokes by either token; false for one that is not known. */
  revokeToken: (token: string) => boolean;
  /** All that an account has allowed. */
  revokeAccount: (accountId: string) => void;
  /** Access tokens given so far end now; refresh tokens go on. */
  expireAccess: (accountId: string) => void;
}

export function createTokens(store: Store, settings: Settings): Tokens {
  const { grants, accessTokens, accounts } = store.state;
  const byAccess = new Map(accessTokens.map((one) => [one.token, one]));
  const byRefresh = new Map(grants.flatMap((grant) => grant.refreshTokens.map((token) => [token, grant] as const)));
  const grantOf = (id: string): Grant => grants.find((one) => one.id === id)!;
  const newRefreshToken = (grant: Grant): string => {
    const google = accounts.find(({ id }) => id === grant.accountId)?.provider === 'google';
    const token = `${google ? '1//0' : '0.AX8'}${randomBytes(48).toString('base64url')}`;
    grant.refreshTokens.push(token);
    byRefresh.set(token, grant);
    return token;
  };

  return {
    grant: (account, clientId, scope, offline) => {
      const grant: Grant = { id: randomUUID(), accountId: account.id, clientId, scope, refreshTokens: [], revoked: false };
      grants.push(grant);
      if (offline) newRefreshToken(grant);
      return grant;
    },
    issue: (grant) => {
      const google = accounts.find(({ id }) => id === grant.accountId)?.provider === 'google';
      const token: AccessToken = {
        token: `${google ? 'ya29.' : 'EwB4A8l6BAAU'}${randomBytes(32).toString('base64url')}`,
        grantId: grant.id,
        expiresAt: store.now() + settings.accessTokenSeconds * 1000,
      };
      // Long runs ask for many: those that ended are of no more use.
      for (const [name, { expiresAt }] of byAccess.size > 2000 ? byAccess : []) if (expiresAt < store.now()) byAccess.delete(name);
      byAccess.set(token.token, token);
      accessTokens.splice(0, accessTokens.length, ...byAccess.values());
      return { accessToken: token.token, expiresIn: settings.accessTokenSeconds };
    },
    rotate: newRefreshToken,
    byRefreshToken: (token) => byRefresh.get(token),
    check: (provider, token) => {
      const found = byAccess.get(token);
      const grant = found && grantOf(found.grantId);
      const account = grant && accounts.find(({ id }) => id === grant.accountId);
      if (!grant || account?.provider !== provider) return 'unknown';
      if (grant.revoked) return 'revoked';
      return found.expiresAt <= store.now() ? 'expired' : { account, grant };
    },
    revokeToken: (token) => {
      const access = byAccess.get(token);
      const grant = access ? grantOf(access.grantId) : byRefresh.get(token);
      if (!grant || grant.revoked) return false;
      grant.revoked = true;
      return true;
    },
    revokeAccount: (accountId) => {
      for (const grant of grants) if (grant.accountId === accountId) grant.revoked = true;
    },
    expireAccess: (accountId) => {
      for (const token of byAccess.values())
        if (grantOf(token.grantId).accountId === accountId) token.expiresAt = Math.min(token.expiresAt, store.now());
    },
  };
}
