/** Networks, and the keys that each has given out. */
import { v7 as uuidv7 } from 'uuid';
import { ApiClient, ApiKey } from './entities/api-key.ts';
import { Network } from './entities/network.ts';
import { isDuplicate } from './faults.ts';
import type { EntityManager } from './orm.ts';

export type NetworkView = { id: string; slug: string; name: string };
export type ApiKeyView = { id: string; clientName: string; scopes: string[]; createdAt: Date; expiresAt: Date | null; revokedAt: Date | null; lastUsedAt: Date | null };

/** Makes a network; null when the slug is used already. */
export async function createNetwork(em: EntityManager, fields: { slug: string; name: string }): Promise<NetworkView | null> {
  const network = { id: uuidv7(), ...fields };
  try {
    await em.fork().insert(Network, { ...network, settings: {} });
    return network;
  } catch (error) {
    if (isDuplicate(error)) return null;
    throw error;
  }
}

export async function findNetworkBySlug(em: EntityManager, slug: string): Promise<NetworkView | null> {
  const row = await em.fork().findOne(Network, { slug });
  return row && { id: row.id, slug: row.slug, name: row.name };
}

/** All keys of a network, the oldest first: also those that ended, because they tell who had access when. */
export async function listApiKeys(em: EntityManager, networkId: string): Promise<ApiKeyView[]> {
  const fork = em.fork();
  const clients = await fork.find(ApiClient, { networkId });
  const names = new Map(clients.map(({ id, name }) => [id, name]));
  const keys = await fork.find(ApiKey, { networkId }, { orderBy: { createdAt: 'asc', id: 'asc' } });
  return keys.map((key) => ({
    id: key.id, clientName: names.get(key.apiClientId) ?? '', scopes: key.scopes, createdAt: key.createdAt,
    expiresAt: key.expiresAt ?? null, revokedAt: key.revokedAt ?? null, lastUsedAt: key.lastUsedAt ?? null,
  }));
}
