/** Sends one request and stays with it until there is an answer: repeats with the same key when told to wait, polls when told "pending". */
import { setTimeout as sleep } from 'node:timers/promises';
import { toBody, type Row } from './rows.ts';

/** An appointment as an answer shows it. */
export type Shown = { appointmentId: string; status: string; startsAt: string; version: number };

/** `impossible`: nothing was sent, since the booking that it concerns had been refused. */
export type Answer =
  ({ kind: 'done' } & Shown) | { kind: 'refused'; code: string } | { kind: 'impossible' } | { kind: 'error'; text: string };

export type Told = {
  answer: Answer;
  /** How long the first try took, where it was answered for good; null where it had to be repeated. */
  firstTryMs: number | null;
  retries: number;
  serverErrors: number;
  wasPending: boolean;
  answeredAt: number;
};

export type Sent = Told & { row: Row };

export type Target = { api: string; apiKey: string; run: string; from: string };

type Reply = { status: number; headers: Headers; body: Record<string, unknown> };

const tryWithinMs = 30_000;
/** How long a busy or resting system is asked again, and how long one that does not answer at all. */
const retryWithinMs = 10 * 60_000;
const reconnectWithinMs = 2 * 60_000;
const decidedWithinMs = 3 * 60_000;
const pollEveryMs = 500;
const afterLostConnectionMs = 1_000;

async function call(
  target: Target,
  address: string,
  init: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<Reply> {
  const response = await fetch(new URL(address, target.api), {
    ...init,
    headers: { authorization: `Bearer ${target.apiKey}`, ...init.headers },
    signal: AbortSignal.timeout(tryWithinMs),
  });
  const text = await response.text();
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's HTML page, say: the status tells enough.
  }
  return { status: response.status, headers: response.headers, body: typeof body === 'object' && body !== null ? { ...body } : {} };
}

/** How long the answer asks to wait, in milliseconds; null where it does not. */
function retryAfterMs({ status, headers, body }: Reply): number | null {
  const header = headers.get('retry-after');
  // After a lost connection, the first try may still run.
  const isBusy = status === 429 || status === 503 || (status === 409 && body.code === 'request_running');
  if (!isBusy || header === null) return null;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Math.min(Math.max(wait, 100), 120_000) || afterLostConnectionMs;
}

/** What a reply says about the appointment; null for "pending". */
function readAnswer({ status, body }: Reply): Answer | null {
  const code = typeof body.code === 'string' ? body.code : null;
  if (status === 202 || (status === 200 && body.status === 'pending')) return null;
  if ((status === 201 || status === 200) && typeof body.id === 'string' && body.status !== 'refused') {
    return {
      kind: 'done',
      appointmentId: body.id,
      status: String(body.status),
      startsAt: String(body.startsAt),
      version: Number(body.version),
    };
  }
  if (status === 200 && body.status === 'refused') return { kind: 'refused', code: code ?? 'unknown' };
  // A local time that the clocks skip is the one refusal that is the caller's fault and yet no fault of the file.
  if ((status === 409 || code === 'skipped_local_time') && code !== null) return { kind: 'refused', code };
  return { kind: 'error', text: `${status} ${code ?? ''} ${JSON.stringify(body.faults ?? body.detail ?? '')}` };
}

const why = (error: unknown): string =>
  error instanceof Error ? `${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}` : String(error);

async function poll(target: Target, location: string | null, sent: Told): Promise<Answer> {
  if (location === null) return { kind: 'error', text: '202 without a Location' };
  const deadline = Date.now() + decidedWithinMs;
  while (Date.now() < deadline) {
    await sleep(pollEveryMs);
    try {
      const reply = await call(target, location, {});
      if (reply.status >= 500) sent.serverErrors += 1;
      const wait = retryAfterMs(reply);
      if (wait !== null) await sleep(wait);
      else {
        const answer = readAnswer(reply);
        if (answer) return answer;
      }
    } catch {
      await sleep(afterLostConnectionMs);
    }
  }
  return { kind: 'error', text: `still pending after ${decidedWithinMs / 1000} s` };
}

/** Asks for a booking. */
export const book = async (target: Target, row: Row): Promise<Sent> => ({
  row,
  ...(await post(target, '/v1/appointments', row.key, toBody(row, target.from))),
});

/** Sends one request under `key`, salted. Never throws: what went wrong is the answer. */
export async function post(target: Target, path: string, key: string, content: object): Promise<Told> {
  const sent: Told = {
    answer: { kind: 'error', text: 'no answer' },
    firstTryMs: null,
    retries: 0,
    serverErrors: 0,
    wasPending: false,
    answeredAt: 0,
  };
  const headers = { 'content-type': 'application/json', 'idempotency-key': `${target.run}-${key}` };
  const request = { method: 'POST', headers, body: JSON.stringify(content) };
  const startedAt = Date.now();
  for (;;) {
    let wait: number | null;
    let within = retryWithinMs;
    try {
      const triedAt = performance.now();
      const reply = await call(target, path, request);
      const took = performance.now() - triedAt;
      if (reply.status >= 500) sent.serverErrors += 1;
      wait = retryAfterMs(reply);
      const answer = readAnswer(reply);
      if (wait === null && sent.retries === 0) sent.firstTryMs = took;
      sent.wasPending = answer === null;
      sent.answer = answer ?? (await poll(target, reply.headers.get('location'), sent));
    } catch (error) {
      // The outcome is unknown: repeating with the same key is what the key is for.
      sent.answer = { kind: 'error', text: why(error) };
      wait = afterLostConnectionMs;
      within = reconnectWithinMs;
    }
    if (wait === null || Date.now() + wait > startedAt + within) {
      sent.answeredAt = Date.now();
      return sent;
    }
    sent.retries += 1;
    await sleep(wait);
  }
}
