/** Networks, and the keys that each has given out. */
import { v7 as uuidv7 } from 'uuid';
import type { Settings } from '../domain/rules.ts';
import { ApiClient, ApiKey } from './entities/api-key.ts';
import { Network, type NetworkRow } from './entities/network.ts';
import { isDuplicate } from './faults.ts';
import { requireHolidaySets } from './holiday-set.ts';
import type { EntityManager } from './orm.ts';
import { requireVersion } from './record.ts';
import { editRules, type Edited, type EditOptions } from './rule-edit.ts';

export type NetworkFields = { name: string; settings: Partial<Settings> };
export type NetworkView = NetworkFields & { id: string; slug: string; version: number };
export type ApiKeyView = {
  id: string;
  clientName: string;
  scopes: string[];
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
};

const view = ({ id, slug, name, settings, version }: NetworkRow): NetworkView => ({ id, slug, name, settings, version });

/** Makes a network; null when the slug is used already. */
export async function createNetwork(em: EntityManager, fields: { slug: string; name: string }): Promise<NetworkView | null> {
  const network = { id: uuidv7(), ...fields, settings: {}, version: 1 };
  try {
    await em.fork().insert(Network, network);
    return network;
  } catch (error) {
    if (isDuplicate(error)) return null;
    throw error;
  }
}

export async function findNetworkBySlug(em: EntityManager, slug: string): Promise<NetworkView | null> {
  const row = await em.fork().findOne(Network, { slug });
  return row && view(row);
}

/** The network of a caller, which is always there. */
export async function readNetwork(em: EntityManager, id: string): Promise<NetworkView> {
  return view(await em.fork().findOneOrFail(Network, { id }));
}

/** Changes the network under its version: its settings are the widest that every booking inherits. */
export async function changeNetwork(
  em: EntityManager,
  id: string,
  ifMatch: number,
  change: NetworkFields,
  options: EditOptions,
): Promise<Edited<NetworkView>> {
  return editRules(em, { networkId: id }, options, async (tx) => {
    const row = await tx.findOneOrFail(Network, { id });
    requireVersion(row, ifMatch, view(row));
    await requireHolidaySets(tx, id, change.settings);
    tx.assign(row, change);
    await tx.flush();
    return view(row);
  });
}

/** All keys of a network, the oldest first: also those that ended, because they tell who had access when. */
export async function listApiKeys(em: EntityManager, networkId: string): Promise<ApiKeyView[]> {
  const fork = em.fork();
  const clients = await fork.find(ApiClient, { networkId });
  const names = new Map(clients.map(({ id, name }) => [id, name]));
  const keys = await fork.find(ApiKey, { networkId }, { orderBy: { createdAt: 'asc', id: 'asc' } });
  return keys.map((key) => ({
    id: key.id,
    clientName: names.get(key.apiClientId) ?? '',
    scopes: key.scopes,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt ?? null,
    revokedAt: key.revokedAt ?? null,
    lastUsedAt: key.lastUsedAt ?? null,
  }));
}
