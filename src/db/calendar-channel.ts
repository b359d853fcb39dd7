/** By what providers tell us of changes: which channels a calendar has, and whether a call that names one is its provider's. */
import { timingSafeEqual } from 'node:crypto';
import type { CalendarProvider } from '../domain/channel.ts';
import { hashOf } from './self-service.ts';
import type { EntityManager } from './orm.ts';

/**
 * `remoteId` and its instants are null while it is being opened; `heardAt` is when the provider first called, null: it has not, and may
 * never come through.
 */
export type KnownChannel = { id: string; remoteId: string | null; expiresAt: Date | null; renewAt: Date | null; heardAt: Date | null };

/** The youngest first. */
export async function listChannels(em: EntityManager, connectionId: string): Promise<KnownChannel[]> {
  const rows = await em.execute<Record<'id' | 'remoteId' | 'expiresAt' | 'renewAt' | 'heardAt', string | null>[]>(
    `select id, remote_id as "remoteId", expires_at as "expiresAt", renew_at as "renewAt", heard_at as "heardAt"
     from calendar_channel
     where connection_id = ?
     order by begun_at desc, id`,
    [connectionId],
  );
  const instant = (value: string | null): Date | null => (value === null ? null : new Date(value));
  return rows.map(({ id, remoteId, expiresAt, renewAt, heardAt }) => ({
    id: id!,
    remoteId,
    expiresAt: instant(expiresAt),
    renewAt: instant(renewAt),
    heardAt: instant(heardAt),
  }));
}

/** Before the provider is asked: it may call before it answers. */
export async function beginChannel(em: EntityManager, connectionId: string, { id, secret }: { id: string; secret: string }): Promise<void> {
  await em.execute('insert into calendar_channel (id, connection_id, secret_hash) values (?, ?, ?)', [id, connectionId, hashOf(secret)]);
}

/** @returns false where it is no longer wanted. */
export async function noteChannel(
  em: EntityManager,
  id: string,
  { remoteId, expiresAt, renewAt }: { remoteId: string; expiresAt: Date; renewAt: Date },
): Promise<boolean> {
  const noted = await em.execute<unknown[]>(
    'update calendar_channel set remote_id = ?, expires_at = ?, renew_at = ? where id = ? returning id',
    [remoteId, expiresAt, renewAt, id],
  );
  return noted.length > 0;
}

/** Its provider has called: it comes through to us. */
export async function noteHeard(em: EntityManager, id: string): Promise<void> {
  await em.execute('update calendar_channel set heard_at = now() where id = ? and heard_at is null', [id]);
}

export async function dropChannel(em: EntityManager, id: string): Promise<void> {
  await em.execute('delete from calendar_channel where id = ?', [id]);
}

/** The provider asks for a renewal now. */
export async function hastenChannel(em: EntityManager, id: string): Promise<void> {
  await em.execute('update calendar_channel set renew_at = least(renew_at, now()) where id = ?', [id]);
}

export type Told = {
  networkId: string;
  connectionId: string;
  provider: CalendarProvider;
  /** Whether there is somebody to read it. */
  isRead: boolean;
  isKnownBy: (secret: string) => boolean;
};

/** Null when there is none with this id. */
export async function findChannel(em: EntityManager, id: string): Promise<Told | null> {
  const [row] = await em.execute<(Omit<Told, 'isKnownBy'> & { secretHash: string })[]>(
    `select k.network_id as "networkId", k.id as "connectionId", k.provider,
       k.reads and k.state = 'connected' as "isRead", c.secret_hash as "secretHash"
     from calendar_channel c
     join calendar_connection k on k.id = c.connection_id
     where c.id = ?`,
    [id],
  );
  if (!row) return null;
  const { secretHash, ...told } = row;
  return { ...told, isKnownBy: (secret) => timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(secretHash)) };
}
