/** API clients and their keys. A key reads `pk_<id>_<secret>`; of the 256-bit random secret only the SHA-256 is stored. */
import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { ApiClient, ApiKey } from './entities/api-key.ts';
import type { EntityManager } from './orm.ts';

/** `endsAt` is the earlier of expiry and revocation, in epoch milliseconds, or null. */
export type StoredKey = { id: string; networkId: string; apiClientId: string; secretHash: string; scopes: string[]; endsAt: number | null };

export async function findApiKey(em: EntityManager, id: string): Promise<StoredKey | null> {
  const row = await em.findOne(ApiKey, { id });
  if (!row) return null;
  const ends = [row.expiresAt, row.revokedAt].flatMap((at) => (at ? [at.getTime()] : []));
  return {
    id: row.id,
    networkId: row.networkId,
    apiClientId: row.apiClientId,
    secretHash: row.secretHash,
    scopes: row.scopes,
    endsAt: ends.length > 0 ? Math.min(...ends) : null,
  };
}

/** Notes the use, at most once a minute for a key. */
export async function noteKeyUse(em: EntityManager, id: string): Promise<void> {
  await em.execute(
    `update api_key set last_used_at = now() where id = ? and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
    [id],
  );
}

/** Makes a client of this name if the network has none, and a new key for it. The returned text is shown once and stored nowhere. */
export async function createApiKey(
  em: EntityManager,
  ask: { networkId: string; clientName: string; scopes: ('book' | 'manage' | 'ops')[]; expiresAt?: Date },
): Promise<{ apiKey: string; apiClientId: string }> {
  const secret = randomBytes(32).toString('base64url');
  const id = uuidv7();
  return em.fork().transactional(async (tx) => {
    const now = new Date();
    // Two keys made at once for a new client: one makes the client, the other finds it.
    await tx.execute('insert into api_client (id, network_id, name) values (?, ?, ?) on conflict (network_id, name) do nothing', [
      uuidv7(),
      ask.networkId,
      ask.clientName,
    ]);
    const client = await tx.findOneOrFail(ApiClient, { networkId: ask.networkId, name: ask.clientName });
    tx.create(
      ApiKey,
      {
        id,
        networkId: ask.networkId,
        apiClientId: client.id,
        secretHash: createHash('sha256').update(secret).digest('hex'),
        scopes: ask.scopes,
        createdAt: now,
        expiresAt: ask.expiresAt ?? null,
      },
      { persist: true },
    );
    await tx.flush();
    return { apiKey: `pk_${id.replaceAll('-', '')}_${secret}`, apiClientId: client.id };
  });
}

/** Ends a key now; answers whether it was there. */
export async function revokeApiKey(em: EntityManager, networkId: string, id: string): Promise<boolean> {
  return (await em.fork().nativeUpdate(ApiKey, { id, networkId, revokedAt: null }, { revokedAt: new Date() })) > 0;
}
