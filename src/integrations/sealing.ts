/**
 * Secrets at rest: JWE (RFC 7516) with `dir` and A256GCM, by jose. The key's id stands in the header, so that keys can be changed one by
 * one: new secrets get the first key, old ones open as long as theirs is configured. What a secret belongs to is part of it, so it opens
 * nowhere else.
 */
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

/** The first one seals. Keys have 32 octets. */
export type SealingKey = { id: string; key: Uint8Array };

export type Sealer = {
  /** `owner` names the row that it belongs to. */
  seal: (secret: unknown, owner: string) => Promise<string>;
  /** Throws when it was sealed for another owner, was tampered with, or its key is not configured any more. */
  open: (sealed: string, owner: string) => Promise<unknown>;
  /** Whether it should be sealed anew: its key is not the first. */
  isOld: (sealed: string) => boolean;
};

export function createSealer(keys: SealingKey[]): Sealer {
  const [first] = keys;
  if (!first) throw new Error('no key to seal with');
  return {
    seal: (secret, owner) =>
      new CompactEncrypt(new TextEncoder().encode(JSON.stringify(secret)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: first.id, sub: owner })
        .encrypt(first.key),
    open: async (sealed, owner) => {
      const { kid, sub } = decodeProtectedHeader(sealed) as { kid?: string; sub?: string };
      const key = keys.find(({ id }) => id === kid);
      if (!key) throw new Error(`no key ${kid} is configured`);
      if (sub !== owner) throw new Error('sealed for another owner');
      const { plaintext } = await compactDecrypt(sealed, key.key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
      return JSON.parse(new TextDecoder().decode(plaintext)) as unknown;
    },
    isOld: (sealed) => decodeProtectedHeader(sealed).kid !== first.id,
  };
}
