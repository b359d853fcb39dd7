/**
 * What was answered under an Idempotency-Key: one row for each key of an API client, written before the request runs. Bookings, holds and
 * walk-ins are not among them: their keys are in booking_request.
 */
import { v7 as uuidv7 } from 'uuid';
import type { EntityManager } from './orm.ts';

export type KeyOfClient = { networkId: string; apiClientId: string; key: string };

/** The answer as it was sent; `body` is its text. */
export type KeptAnswer = { status: number; headers: Record<string, string>; body: string | null };

/** One try at a request. `id` is the same for all tries, so that what one of them made before it died is found by the next. */
export type Run = KeyOfClient & { id: string; tries: number };

export type Begun = { kind: 'run'; run: Run } | { kind: 'answered'; answer: KeptAnswer } | { kind: 'other_request' } | { kind: 'running' };

const whereKey = 'network_id = ? and api_client_id = ? and key = ?';
const keyValues = ({ networkId, apiClientId, key }: KeyOfClient) => [networkId, apiClientId, key];

/**
 * Begins a request, or says what became of the first one with this key. One that has had no end for a minute, longer than any request
 * lasts, has died with its process: this one takes over. A key of more than 7 days ago is a new one.
 */
export async function beginRun(em: EntityManager, of: KeyOfClient, fingerprint: string): Promise<Begun> {
  const [run] = await em.execute<{ id: string; tries: number }[]>(
    `insert into kept_answer as known (network_id, api_client_id, key, fingerprint, id)
     values (?, ?, ?, ?, ?)
     on conflict (network_id, api_client_id, key) do update set
       id = case when known.began_at < now() - interval '7 days' then excluded.id else known.id end,
       began_at = case when known.began_at < now() - interval '7 days' then now() else known.began_at end,
       fingerprint = excluded.fingerprint, running_since = now(), tries = known.tries + 1, status = null, headers = null, body = null
     where known.began_at < now() - interval '7 days'
       or (
         known.fingerprint = excluded.fingerprint and known.status is null
         and coalesce(known.running_since < now() - interval '1 minute', true))
     returning id, tries`,
    [...keyValues(of), fingerprint, uuidv7()],
  );
  if (run) return { kind: 'run', run: { ...of, ...run } };
  const [known] = await em.execute<({ fingerprint: string; status: number | null } & Omit<KeptAnswer, 'status'>)[]>(
    `select fingerprint, status, headers, body from kept_answer where ${whereKey}`,
    keyValues(of),
  );
  // Forgotten in between: it is a new one now.
  if (!known) return beginRun(em, of, fingerprint);
  const { status, headers, body } = known;
  if (known.fingerprint !== fingerprint) return { kind: 'other_request' };
  return status === null ? { kind: 'running' } : { kind: 'answered', answer: { status, headers, body } };
}

/** Keeps the answer. Of two that thought each other dead, the first to end is the one that is kept. */
export async function keepAnswer(em: EntityManager, run: Run, { status, headers, body }: KeptAnswer): Promise<void> {
  await em.execute(
    `update kept_answer set running_since = null, status = ?, headers = ?::jsonb, body = ? where ${whereKey} and id = ? and status is null`,
    [status, JSON.stringify(headers), body, ...keyValues(run), run.id],
  );
}

/**
 * The request ended without an answer that could be kept, and may have done something: the next one with this key runs at once, as its next
 * try.
 */
export async function releaseRun(em: EntityManager, run: Run): Promise<void> {
  await em.execute(`update kept_answer set running_since = null where ${whereKey} and id = ? and tries = ? and status is null`, [
    ...keyValues(run),
    run.id,
    run.tries,
  ]);
}

/** The request was faulty, so nothing was done: its key is free for the mended one. */
export async function forgetRun(em: EntityManager, run: Run): Promise<void> {
  await em.execute(`delete from kept_answer where ${whereKey} and id = ? and tries = ? and status is null`, [
    ...keyValues(run),
    run.id,
    run.tries,
  ]);
}
