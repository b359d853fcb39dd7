/** Feeds: who may read which barber's or shop's calendar by a secret address. What one shows: feed-visits.ts. */
import { createHmac } from 'node:crypto';
import type { CalendarPrivacy } from '../domain/calendar-visit.ts';
import type { FeedOwner } from '../domain/feed.ts';
import { Problem } from '../errors.ts';
import type { EntityManager } from './orm.ts';
import { hashOf } from './self-service.ts';

type Owner = FeedOwner & { networkId: string };

/** Instants are ISO text in UTC. `name` is for those who manage feeds. */
export type FeedView = {
  id: string;
  privacy: CalendarPrivacy;
  name: string | null;
  createdAt: string;
  lastReadAt: string | null;
  reads: number;
};

type Row = { id: string; privacy: CalendarPrivacy; name: string; createdAt: string; lastReadAt: string | null; reads: number };

const columns = 'id, privacy, name, created_at as "createdAt", last_read_at as "lastReadAt", reads';
const iso = (instant: string): string => new Date(instant).toISOString();
const view = ({ id, privacy, name, createdAt, lastReadAt, reads }: Row): FeedView => ({
  id,
  privacy,
  name: name || null,
  createdAt: iso(createdAt),
  lastReadAt: lastReadAt && iso(lastReadAt),
  reads,
});

export type FeedMaker = {
  /** Makes a feed, or finds the one that was made so: the same address until it is revoked. Owners must exist. */
  issue: (
    em: EntityManager,
    owner: Owner,
    wanted: { id: string; privacy: CalendarPrivacy; name: string | null },
  ) => Promise<FeedView & { url: string }>;
};

export function createFeeds({ linkSecret, publicUrl }: { linkSecret: string; publicUrl: string }): FeedMaker {
  const tokenOf = (id: string): string => createHmac('sha256', linkSecret).update(`feed ${id}`).digest('base64url');

  return {
    async issue(em, { networkId, barberId, shopId }, { id, privacy, name }) {
      // An update that changes nothing, since PostgreSQL tells of the row that stood in the way only then.
      const [row] = await em.execute<(Row & { hash: string })[]>(
        `insert into feed (id, network_id, barber_id, shop_id, privacy, name, token_hash)
         values (?, ?, ?, ?, ?, ?, ?)
         on conflict (coalesce(barber_id, shop_id), privacy, name) where revoked_at is null
           do update set name = excluded.name
         returning ${columns}, token_hash as hash`,
        [id, networkId, barberId, shopId, privacy, name ?? '', hashOf(tokenOf(id))],
      );
      const token = tokenOf(row!.id);
      // The address in use goes on working; what it is cannot be said any more.
      if (hashOf(token) !== row!.hash)
        throw new Problem('not_allowed', { detail: 'It was made under another LINK_SECRET. Revoke it, or make one of another name.' });
      return { ...view(row!), url: `${publicUrl}/feeds/${token}.ics` };
    },
  };
}

/** Those that work, by age. */
export async function listFeeds(em: EntityManager, { networkId, barberId, shopId }: Owner): Promise<FeedView[]> {
  const rows = await em.execute<Row[]>(
    `select ${columns} from feed
     where network_id = ? and coalesce(barber_id, shop_id) = ?::uuid and revoked_at is null
     order by created_at, id`,
    [networkId, barberId ?? shopId],
  );
  return rows.map(view);
}

/** From now on its address is one under which nothing is. Repeating changes nothing. Answers whether there is such a feed. */
export async function revokeFeed(em: EntityManager, networkId: string, id: string): Promise<boolean> {
  const rows = await em.execute<{ id: string }[]>(
    'update feed set revoked_at = coalesce(revoked_at, now()) where id = ? and network_id = ? returning id',
    [id, networkId],
  );
  return rows.length > 0;
}
