/**
 * Goal: access is renewed by several processes at once, under keys that change, at a provider that ends a refresh token with its use; a
 * sign-in is over only when it is. Method: a provider that does so, and a store that is slow to keep.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { CalendarError } from '../../src/integrations/calendar/calendar.ts';
import { createFreshToken } from '../../src/integrations/calendar/fresh-token.ts';
import type { OauthClient, OauthSecrets } from '../../src/integrations/calendar/oauth.ts';
import { createSealer, type Sealer } from '../../src/integrations/sealing.ts';

const key = (id: string) => ({ id, key: new Uint8Array(randomBytes(32)) });
const now = () => new Date('2026-11-22T10:00:00Z');
const id = 'connection';
const stale = (refreshToken: string): OauthSecrets => ({ refreshToken, accessToken: `stale ${refreshToken}`, expiresAt: now().getTime() });

describe('a fresh token', () => {
  let good: string;
  let renewals: number;
  let kept: string;
  let keepingMs: number;
  const [old, current] = [key('k1'), key('k2')];
  const sealer = createSealer([old]);

  const client: Pick<OauthClient, 'refresh'> = {
    refresh: async ({ refreshToken }: OauthSecrets): Promise<OauthSecrets> => {
      if (refreshToken !== good) throw new CalendarError('sign_in', 'OAuth failed: invalid_grant');
      renewals += 1;
      good = `refresh ${renewals}`;
      return { refreshToken: good, accessToken: `access ${renewals}`, expiresAt: now().getTime() + 3_600_000 };
    },
  };
  const store = {
    read: async () => kept,
    replace: async (_id: string, before: string, anew: string) => {
      await sleep(keepingMs);
      if (kept === before) kept = anew;
    },
  };
  const openBy = async (by: Sealer = sealer) =>
    createFreshToken({ id, sealed: kept, opened: (await by.open(kept, id)) as OauthSecrets, client, sealer: by, store, now });

  beforeEach(async () => {
    [good, renewals, keepingMs] = ['refresh 0', 0, 0];
    kept = await sealer.seal(stale(good), id);
  });

  it('that two processes renew at once, is the one that was given, also for whom it was refused', async () => {
    keepingMs = 300;
    const [one, other] = [await openBy(), await openBy()];
    expect(await Promise.all([one(), other()])).to.deep.equal(['access 1', 'access 1']);
    expect([renewals, ((await sealer.open(kept, id)) as OauthSecrets).refreshToken]).to.deep.equal([1, good]);
  });

  it('that is renewed while what is kept is sealed anew under another key, is kept all the same', async () => {
    const both = createSealer([current, old]);
    const token = await openBy(both);
    kept = await both.seal(await both.open(kept, id), id);
    expect(await token()).to.equal('access 1');
    expect(await both.open(kept, id)).to.include({ refreshToken: good, accessToken: 'access 1' });
  });

  it('that is renewed while its owner signs in anew, leaves him what he has signed in with', async () => {
    const token = await openBy();
    const anew = await sealer.seal({ ...stale('another'), accessToken: 'of his' }, id);
    kept = anew;
    expect(await token()).to.equal('access 1');
    expect(kept).to.equal(anew);
  });

  it('of a sign-in that is over, is none', async () => {
    good = 'taken back';
    const token = await openBy();
    expect(await token().catch((error: unknown) => error)).to.include({ name: 'CalendarError', kind: 'sign_in' });
  });
});
