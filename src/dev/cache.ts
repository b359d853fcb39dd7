import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A folder of what clones share, such as `temporal-1.5.1`. */
export function cacheFolder(name: string): string {
  const { PUNCTUAL_CACHE, XDG_CACHE_HOME } = process.env;
  return resolve(PUNCTUAL_CACHE || XDG_CACHE_HOME || join(homedir(), '.cache'), 'punctual', name);
}
