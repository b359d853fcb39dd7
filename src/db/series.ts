/** Series of visits: what was accepted, and the answer. The visits themselves are appointments like any other. */
import type { EntityManager } from './orm.ts';

/** One visit as it was accepted; `id` is what its appointment has, once it is booked. `startsAt` is ISO text in UTC. */
export type SeriesVisit = { id: string; startsAt: string; barberId?: string };

export type NewSeries = {
  id: string;
  networkId: string;
  apiClientId: string;
  shopId: string;
  fingerprint: string;
  everyWeeks: number;
  visits: SeriesVisit[];
};

export type StoredSeries = Omit<NewSeries, 'apiClientId'> & {
  createdAt: string;
  /** From which start on (ISO text in UTC) nothing more is booked, as the series was cancelled. */
  cancelledFrom: string | null;
  /** The first answer's text, once every visit was decided. */
  answer: string | null;
  /** Whether its key is too old to be repeated. */
  expired: boolean;
};

/** Writes the series before its first visit is booked; one that is there already stays as it is. */
export async function storeSeries(
  em: EntityManager,
  { id, networkId, apiClientId, shopId, fingerprint, everyWeeks, visits }: NewSeries,
): Promise<void> {
  await em.execute(
    `insert into series (id, network_id, api_client_id, shop_id, fingerprint, every_weeks, visits)
     values (?, ?, ?, ?, ?, ?, ?::jsonb)
     on conflict (id) do nothing`,
    [id, networkId, apiClientId, shopId, fingerprint, everyWeeks, JSON.stringify(visits)],
  );
}

export async function findSeries(em: EntityManager, networkId: string, id: string): Promise<StoredSeries | null> {
  const [row] = await em.execute<StoredSeries[]>(
    `select id, network_id as "networkId", shop_id as "shopId", fingerprint, every_weeks as "everyWeeks", visits,
       created_at as "createdAt", cancelled_from as "cancelledFrom", answer,
       created_at < now() - interval '7 days' as expired
     from series
     where id = ? and network_id = ?`,
    [id, networkId],
  );
  return row ? { ...row, createdAt: iso(row.createdAt), cancelledFrom: row.cancelledFrom && iso(row.cancelledFrom) } : null;
}

/** Keeps the answer and returns the one that is kept: of two that booked the same series at once, the first to end. */
export async function keepSeriesAnswer(em: EntityManager, networkId: string, id: string, answer: string): Promise<string> {
  const [row] = await em.execute<{ answer: string }[]>(
    'update series set answer = coalesce(answer, ?) where id = ? and network_id = ? returning answer',
    [answer, id, networkId],
  );
  return row?.answer ?? answer;
}

/** Notes that the visits from this start on are cancelled, so that what still books them stops; the earliest start counts. */
export async function markSeriesCancelled(em: EntityManager, networkId: string, id: string, from: Date): Promise<void> {
  await em.execute('update series set cancelled_from = least(cancelled_from, ?::timestamptz) where id = ? and network_id = ?', [
    from,
    id,
    networkId,
  ]);
}

const iso = (instant: string): string => new Date(instant).toISOString();
