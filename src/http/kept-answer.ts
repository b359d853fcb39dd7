/**
 * The Idempotency-Key of every POST (draft-ietf-httpapi-idempotency-key-header): the first answer is kept for 7 days and sent again,
 * another request under the same key is 422, one that still runs is 409. Routes with `keepsOwnAnswer` do so by their own means,
 * `repeatable` ones need none.
 */
import { createHash } from 'node:crypto';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { beginRun, forgetRun, keepAnswer, releaseRun, type KeptAnswer, type Run } from '../db/kept-answer.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { problemDocument, toProblem } from './problem.ts';
import type { Answer, AnswerOnce } from './route.ts';

export const keptKeyHeader = {
  'Idempotency-Key': {
    required: false,
    description:
      'Chosen by the caller, one for each request that is meant; 1 to 255 visible ASCII characters; kept for 7 days. ' +
      'Repeating the request with it gets the first answer. ' +
      'Bookings, holds, walk-ins and series have keys apart from those of all other requests.',
  },
};

/** How a request can fail by its key. */
export const keptProblems = ['idempotency_key_missing', 'idempotency_key_reused', 'request_running'] as const satisfies ProblemCode[];

export const isKey = (given: string): boolean => /^[\x21-\x7e]{1,255}$/.test(given);

/** Tells requests apart; the order of the fields of an object does not make another one. */
export function fingerprintOf(request: unknown): string {
  return createHash('sha256').update(canonical(request)).digest('hex');
}

export function createAnswerOnce({ orm, log }: HttpDeps): AnswerOnce {
  return async ({ networkId, apiClientId }, request, handle) => {
    const key = request.get('idempotency-key');
    if (key === undefined) return handle(uuidv7);
    if (!isKey(key)) throw new Problem('idempotency_key_missing');
    const asked = [request.method, request.originalUrl, request.get('if-match') ?? null, request.body ?? null];
    const begun = await beginRun(orm.em.fork(), { networkId, apiClientId, key }, fingerprintOf(asked));
    switch (begun.kind) {
      case 'other_request':
        throw new Problem('idempotency_key_reused');
      case 'running':
        throw new Problem('request_running', { retryAfterSeconds: 1 });
      case 'answered':
        return {
          status: begun.answer.status,
          headers: begun.answer.headers,
          ...(begun.answer.body !== null && { json: begun.answer.body }),
        };
      case 'run': {
        let made = 0;
        try {
          const answer = await handle(() => uuidv5(String((made += 1)), begun.run.id));
          await settle(begun.run, toKept(answer));
          return answer;
        } catch (error) {
          const problem = toProblem(error);
          const body = JSON.stringify(problemDocument(problem, String(request.res?.locals.requestId)));
          await settle(begun.run, { status: problem.status, headers: { 'Content-Type': 'application/problem+json' }, body });
          throw error;
        }
      }
    }
  };

  /** Never throws: the request has its answer, and without a kept one the next try finds what this one has done. */
  async function settle(run: Run, answer: KeptAnswer): Promise<void> {
    try {
      const em = orm.em.fork();
      if (answer.status === 400) await forgetRun(em, run);
      else if (answer.status === 429 || answer.status >= 500) await releaseRun(em, run);
      else await keepAnswer(em, run, answer);
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'an answer was not kept');
    }
  }
}

function toKept({ status, headers = {}, json, body }: Answer): KeptAnswer {
  return { status, headers, body: json ?? (body === undefined ? null : JSON.stringify(body)) };
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
