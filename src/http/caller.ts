/** Who calls: an API key of an API client of a network, with scopes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { findApiKey, noteKeyUse, type StoredKey } from '../db/api-key.ts';
import type { Orm } from '../db/orm.ts';
import { Problem } from '../errors.ts';

/** `book`: offers and appointments; `manage`: shops, barbers, services, hours; `ops`: operations across the network. */
export type Scope = 'book' | 'manage' | 'ops';

export type Caller = { networkId: string; apiClientId: string; keyId: string; scopes: string[] };

/** The scheme's name has no case (RFC 9110, 11.1). */
const format = /^[Bb][Ee][Aa][Rr][Ee][Rr] pk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$/;
/** A revoked key stops working within this time. */
const rememberMs = 5000;

/** Answers a function that finds the caller of a request or throws 401. Keys are remembered for a few seconds, misses are not. */
export function createAuthenticate(orm: Orm): (request: Request) => Promise<Caller> {
  const remembered = new Map<string, { key: StoredKey; until: number }>();

  async function lookUp(id: string): Promise<StoredKey | null> {
    const hit = remembered.get(id);
    if (hit && hit.until > Date.now()) return hit.key;
    const key = await findApiKey(orm.em.fork(), id);
    if (!key) return null;
    if (remembered.size > 10_000) remembered.clear();
    remembered.set(id, { key, until: Date.now() + rememberMs });
    await noteKeyUse(orm.em.fork(), id);
    return key;
  }

  return async (request) => {
    const [, hexId, secret] = format.exec(request.get('authorization') ?? '') ?? [];
    if (!hexId || !secret) throw new Problem('unauthenticated');
    const key = await lookUp(hexId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
    const hash = createHash('sha256').update(secret).digest();
    if (!key || !timingSafeEqual(hash, Buffer.from(key.secretHash, 'hex'))) throw new Problem('unauthenticated');
    if (key.endsAt !== null && key.endsAt <= Date.now())
      throw new Problem('unauthenticated', { detail: 'This API key has expired or was revoked.' });
    return { networkId: key.networkId, apiClientId: key.apiClientId, keyId: key.id, scopes: key.scopes };
  };
}

export function requireScope(caller: Caller, scope: Scope): void {
  if (!caller.scopes.includes(scope)) throw new Problem('forbidden', { detail: `This operation needs the scope "${scope}".` });
}
