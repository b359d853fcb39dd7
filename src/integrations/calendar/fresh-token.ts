/** Access tokens that are renewed ahead of time, and kept for whoever needs them next. */
import type { Sealer } from '../sealing.ts';
import { CalendarError } from './calendar.ts';
import type { OauthClient, OauthSecrets } from './oauth.ts';
import type { SecretStore } from './open.ts';

/** A token is renewed when it has less than this left: longer than any work that is done with it. */
const aheadMs = 5 * 60_000;

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
}: {
  id: string;
  sealed: string;
  opened: OauthSecrets;
  client: OauthClient;
  sealer: Sealer;
  store: SecretStore;
  now: () => Date;
}): (refused?: string) => Promise<string> {
  let [kept, secrets] = [sealed, opened];
  let renewing: Promise<string> | undefined;
  const isFresh = ({ expiresAt }: OauthSecrets): boolean => expiresAt - now().getTime() > aheadMs;

  async function renew(): Promise<string> {
    try {
      secrets = await client.refresh(secrets, now());
      const anew = await sealer.seal(secrets, id);
      await store.replace(id, kept, anew);
      kept = anew;
    } catch (error) {
      const other = error instanceof CalendarError && error.kind === 'sign_in' ? await store.read(id) : null;
      if (other === null || other === kept) throw error;
      [kept, secrets] = [other, (await sealer.open(other, id)) as OauthSecrets];
      if (!isFresh(secrets)) throw error;
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
