/** Access tokens that are renewed ahead of time, and kept for whoever needs them next. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sealer } from '../sealing.ts';
import { CalendarError } from './calendar.ts';
import type { OauthClient, OauthSecrets } from './oauth.ts';
import type { SecretStore } from './open.ts';

/** A token is renewed when it has less than this left: longer than any work that is done with it. */
const aheadMs = 5 * 60_000;
/** So long after a refusal somebody who was faster may still be keeping what he got. */
const waitsMs = [0, 100, 400, 1000, 2000];
/** What is kept may be sealed anew under us, by a change of keys; not again and again. */
const mostTries = 3;

/**
 * A function that answers a token which is good for a while. Another process may renew at the same moment, and a provider may change the
 * refresh token with it: then what that one has kept is taken. With the token that the provider has just `refused`, another: one may end
 * before its time. Throws a CalendarError: `sign_in` when it is over.
 */
export function createFreshToken({
  id,
  sealed,
  opened,
  client,
  sealer,
  store,
  now,
  wait = sleep,
}: {
  id: string;
  sealed: string;
  opened: OauthSecrets;
  client: Pick<OauthClient, 'refresh'>;
  sealer: Sealer;
  store: SecretStore;
  now: () => Date;
  wait?: (ms: number) => Promise<unknown>;
}): (refused?: string) => Promise<string> {
  let [kept, secrets] = [sealed, opened];
  let renewing: Promise<string> | undefined;
  const isFresh = ({ expiresAt }: OauthSecrets): boolean => expiresAt - now().getTime() > aheadMs;

  /**
   * What is kept may not be what we have opened: then either somebody has renewed it or signed in anew, and his stays; or the same was
   * sealed under another key, and must not outlive the refresh token in it, which a provider may end with its use.
   */
  async function keep(used: OauthSecrets): Promise<void> {
    const anew = await sealer.seal(secrets, id);
    for (let tries = 0; tries < mostTries; tries += 1) {
      await store.replace(id, kept, anew);
      const there = await store.read(id);
      if (there === null || there === kept) return;
      const isSame = there !== anew && ((await sealer.open(there, id)) as OauthSecrets).refreshToken === used.refreshToken;
      kept = there;
      if (!isSame) return;
    }
  }

  /** What another process has got in the meantime; null where nobody has. */
  async function findFresh(): Promise<OauthSecrets | null> {
    for (const ms of waitsMs) {
      await wait(ms);
      const there = await store.read(id);
      if (there === null) return null;
      const other = there === kept ? secrets : ((await sealer.open(there, id)) as OauthSecrets);
      if (other.accessToken === secrets.accessToken) continue;
      kept = there;
      return isFresh(other) ? other : null;
    }
    return null;
  }

  async function renew(): Promise<string> {
    const used = secrets;
    try {
      secrets = await client.refresh(used, now());
      await keep(used);
    } catch (error) {
      const other = error instanceof CalendarError && error.kind === 'sign_in' ? await findFresh() : null;
      if (!other) throw error;
      secrets = other;
    }
    return secrets.accessToken;
  }

  return (refused) => {
    if (isFresh(secrets) && secrets.accessToken !== refused) return Promise.resolve(secrets.accessToken);
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
    return renewing;
  };
}
