/** Keyset pages: `{items, nextCursor}`, where the cursor is the last row's sort key and id, opaque to the caller. */
import { validate as isUuid } from 'uuid';
import { Problem } from '../errors.ts';

export type Page<T> = { items: T[]; nextCursor: string | null };

/** The sort key and id that a cursor stands for; null for the first page. A forged one is the caller's fault. */
export function afterCursor(cursor: string | null): [key: string, id: string] | null {
  if (cursor === null) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parsed) && parsed.length === 2) {
      const [key, id]: unknown[] = parsed;
      // What PostgreSQL could not take as a text or a UUID would be our fault there, and is the caller's here.
      const isKey = typeof key === 'string' && key.isWellFormed() && !key.includes('\0');
      if (isKey && typeof id === 'string' && isUuid(id)) return [key, id];
    }
  } catch {
    // Falls through to the same answer as any other forged cursor.
  }
  throw forged();
}

/** Throws unless the cursor is one of a list that is sorted by time. */
export function requireTimeCursor(cursor: string): void {
  const [key = ''] = afterCursor(cursor) ?? [];
  const at = new Date(key);
  if (Number.isNaN(at.getTime()) || at.toISOString() !== key || !/^[12]\d{3}-/.test(key)) throw forged();
}

const forged = () => new Problem('invalid_request', { faults: [{ path: 'cursor', message: 'is not a cursor that this API gave out' }] });

/** Turns `limit + 1` rows into a page. */
export function toPage<T>(rows: T[], limit: number, key: (row: T) => [string, string]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last ? Buffer.from(JSON.stringify(key(last))).toString('base64url') : null;
  return { items, nextCursor };
}
