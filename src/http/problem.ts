/** Every error becomes an RFC 9457 problem document here, and nowhere else. */
import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { isDatabaseAway } from '../db/faults.ts';
import { Problem, problems, type ProblemCode } from '../errors.ts';

/** The problem document of an error: what the caller may see of it. */
export function problemDocument(problem: Problem, requestId: string) {
  const { detail, faults, members } = problem.extras;
  return {
    type: `urn:punctual:problem:${problem.code}`,
    title: problems[problem.code].title,
    status: problem.status,
    code: problem.code,
    ...(detail && { detail }),
    instance: `urn:uuid:${requestId}`,
    ...(faults && { faults }),
    ...members,
  };
}

/** What an error from anywhere means to the caller. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error)) return new Problem('database_unavailable', { retryAfterSeconds: 5 });
  // body-parser and express mark what the client did wrong with `type` and `status`.
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  if (type === 'entity.too.large') return new Problem('body_too_large');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return new Problem('unsupported_media_type');
  if (typeof type === 'string' && type.startsWith('entity.')) return new Problem('malformed_json');
  // An address with a broken percent sign.
  if (error instanceof URIError) return new Problem('not_found');
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem(status === 404 ? 'not_found' : 'malformed_json');
  return new Problem('internal');
}

export function answerProblems(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error, _request, response, _next) => {
    const problem = toProblem(error);
    const requestId = String(response.locals.requestId);
    if (problem.status >= 500) log.error({ requestId, code: problem.code, error: describe(error) }, 'a request failed');
    if (response.headersSent) return void response.destroy();
    if (problem.code === 'unauthenticated') response.set('WWW-Authenticate', 'Bearer');
    const { retryAfterSeconds } = problem.extras;
    if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(problem, requestId)));
  };
}

/** For the log: class, code and stack; never a message, since drivers put values into theirs. */
function describe(error: unknown) {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim());
  return { name: error.name, code, frames };
}

/** Every code, for the OpenAPI document. */
export const problemCodes = Object.keys(problems) as ProblemCode[];
