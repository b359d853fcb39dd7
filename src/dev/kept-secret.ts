/** Secrets of one machine: made at the first start and kept, so that what was made with them yesterday still works. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The secret in this file, for our own eyes only; `bytes` of randomness in hexadecimal digits. */
export function keptSecret(path: string, bytes: number): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(bytes).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8');
}
