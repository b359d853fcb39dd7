import { defineEntity, p } from '@mikro-orm/core';

export const ApiClient = defineEntity({
  name: 'ApiClient',
  tableName: 'api_client',
  properties: { id: p.uuid().primary(), networkId: p.uuid(), name: p.string(), createdAt: p.datetime() },
});

/** A client may hold several live keys, so that one can be rotated; only the SHA-256 of the random secret is stored. */
export const ApiKey = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    apiClientId: p.uuid(),
    secretHash: p.string(),
    scopes: p.array(),
    createdAt: p.datetime(),
    expiresAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
  },
});
