/** The commands: each reads its options, works on the database, and answers what stdout gets and what is only said beside it. */
import { createApiKey, revokeApiKey } from '../db/api-key.ts';
import { createNetwork, listApiKeys, type ApiKeyView } from '../db/network.ts';
import { toUtc } from '../domain/time.ts';
import { requireNetwork, type Command } from './command.ts';
import { readExpiry, readFlags, readKeyId, readName, readScopes, readSlug } from './options.ts';
import { adoptTimes, checkTimes, moveTimes } from './times.ts';

const addNetwork: Command = (args) => {
  const flags = readFlags(args, ['slug', 'name']);
  const fields = { slug: readSlug(flags.slug), name: readName('--name', flags.name) };
  return async (em) => {
    const network = await createNetwork(em, fields);
    if (!network) throw new Error(`There is a network "${fields.slug}" already.`);
    return {
      result: network.id,
      remark: `The network ${network.slug} is there; give it a key with "key create --network ${network.slug}".`,
    };
  };
};

const addKey: Command = (args, now) => {
  const flags = readFlags(args, ['network', 'client', 'scopes'], ['expires']);
  const clientName = readName('--client', flags.client);
  const scopes = readScopes(flags.scopes);
  const expiresAt = flags.expires === undefined ? null : readExpiry(flags.expires, now);
  return async (em) => {
    const { id } = await requireNetwork(em, flags.network);
    const { apiKey } = await createApiKey(em, { networkId: id, clientName, scopes, ...(expiresAt && { expiresAt }) });
    return { result: apiKey, remark: 'Keep it now: the key is stored nowhere and cannot be shown again.' };
  };
};

const endKey: Command = (args) => {
  const flags = readFlags(args, ['network', 'key']);
  const keyId = readKeyId(flags.key);
  return async (em) => {
    const { id, slug } = await requireNetwork(em, flags.network);
    if (!(await revokeApiKey(em, id, keyId))) throw new Error(`The network "${slug}" has no key ${keyId} that could be revoked.`);
    return { result: keyId, remark: 'The key is revoked; every API process refuses it within 5 seconds.' };
  };
};

function describe(key: ApiKeyView, now: number): string {
  const state = key.revokedAt ? 'revoked' : key.expiresAt && key.expiresAt.getTime() <= now ? 'expired' : 'live';
  const at = (instant: Date | null) => (instant ? toUtc(instant.getTime()) : '-');
  return [key.id, key.clientName, key.scopes.join(','), state, at(key.revokedAt ?? key.expiresAt), at(key.lastUsedAt)].join('\t');
}

const listKeys: Command = (args, now) => {
  const flags = readFlags(args, ['network']);
  return async (em) => {
    const { id } = await requireNetwork(em, flags.network);
    const keys = await listApiKeys(em, id);
    return { result: ['id\tclient\tscopes\tstate\tends\tlast used', ...keys.map((key) => describe(key, now))].join('\n') };
  };
};

export const commands: Readonly<Record<string, Command>> = {
  'network create': addNetwork,
  'key create': addKey,
  'key revoke': endKey,
  'key list': listKeys,
  'times check': checkTimes,
  'times move': moveTimes,
  'times adopt': adoptTimes,
};
