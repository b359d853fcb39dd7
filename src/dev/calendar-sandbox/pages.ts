/** Answers in pages: what the first page began with is what the last one ends with, whatever changes in between. */
import { randomBytes } from 'node:crypto';

/** `last` is what the last page says of the whole. */
export interface Pages<Item, Last> {
  /** The first page of a list, or the next of one; null for a token that is not known (any more). */
  first: (items: Item[], size: number, last: Last) => Page<Item, Last>;
  next: (token: string) => Page<Item, Last> | null;
}
export type Page<Item, Last> = { items: Item[]; nextToken: string | null; last: Last };

const mostKept = 500;

export function createPages<Item, Last>(): Pages<Item, Last> {
  const kept = new Map<string, { items: Item[]; from: number; size: number; last: Last }>();
  const cut = (items: Item[], from: number, size: number, last: Last): Page<Item, Last> => {
    const page = items.slice(from, from + size);
    if (from + size >= items.length) return { items: page, nextToken: null, last };
    const nextToken = randomBytes(18).toString('base64url');
    kept.set(nextToken, { items, from: from + size, size, last });
    if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
    return { items: page, nextToken, last };
  };
  return {
    first: (items, size, last) => cut(items, 0, size, last),
    next: (token) => {
      const found = kept.get(token);
      return found ? cut(found.items, found.from, found.size, found.last) : null;
    },
  };
}

/** An opaque token that says all by itself, so that it outlives restarts. */
export const packToken = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a token of ours says, or null for anything else. */
export function unpackToken(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    return null;
  }
}
