/** A route is data: method, path, scope, schemas, handler. The same value validates, authorises, and becomes the OpenAPI document. */
import type { Express, Request } from 'express';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Problem, problems, type FieldFault, type ProblemCode } from '../errors.ts';
import type { Caller, Scope } from './caller.ts';

/** `json` is a body that is text already, for answers whose text was needed before. */
export type Answer = { status: number; body?: unknown; json?: string; headers?: Record<string, string> };

export type RouteInput<P, Q, B> = {
  caller: Caller;
  params: P;
  query: Q;
  body: B;
  header: (name: string) => string | undefined;
  /** Where the call comes from, through as many proxies as are trusted. */
  address: string;
  /**
   * Ids for what the handler makes. Under an Idempotency-Key a later try gets the same, and finds what an earlier one made before it died.
   */
  newId: () => string;
};

/** Answers a POST once for each Idempotency-Key; `handle` is run unless there is an answer already. */
export type AnswerOnce = (caller: Caller, request: Request, handle: (newId: () => string) => Promise<Answer>) => Promise<Answer>;

export type Route = {
  method: 'get' | 'post' | 'put' | 'delete';
  path: string;
  /** Denied by default: a route without a scope cannot be declared. */
  scope: Scope;
  tag: string;
  summary: string;
  description?: string;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Request headers beside Authorization, by name: whether it must be sent, and what it is for. */
  headers?: Record<string, { required: boolean; description: string }>;
  answers: Record<number, { description: string; body?: z.ZodType; headers?: Record<string, string> }>;
  problems: ProblemCode[];
  /** What was answered under an Idempotency-Key is kept by the route's own means. */
  keepsOwnAnswer?: true;
  /** Repeating the request makes and answers the same, so that a key has nothing to keep; so it must be where an answer holds a secret. */
  repeatable?: true;
  handle: (input: RouteInput<never, never, never>) => Promise<Answer>;
};

/** Declares a route; the handler's input has the types that the schemas parse to. */
export function route<P = Record<string, never>, Q = Record<string, never>, B = undefined>(
  declared: Omit<Route, 'handle' | 'params' | 'query' | 'body'> & {
    params?: z.ZodType<P>;
    query?: z.ZodType<Q>;
    body?: z.ZodType<B>;
    handle: (input: RouteInput<P, Q, B>) => Promise<Answer>;
  },
): Route {
  return declared;
}

/** Whether what is answered under an Idempotency-Key is kept by what is common to all routes. */
export const isKept = ({ method, keepsOwnAnswer, repeatable }: Route): boolean => method === 'post' && !keepsOwnAnswer && !repeatable;

/** Mounts the routes; a known path with another method answers 405 with `Allow`. `authorise` throws unless the caller has the scope. */
export function mount(
  app: Express,
  routes: Route[],
  authorise: (request: Request, scope: Scope) => Promise<Caller>,
  answerOnce: AnswerOnce,
): void {
  for (const declared of routes) {
    app[declared.method](declared.path, async (request, response) => {
      response.locals.route = declared.path;
      const caller = await authorise(request, declared.scope);
      const input: Omit<RouteInput<never, never, never>, 'newId'> = {
        caller,
        params: parseParams(declared.params, request.params) as never,
        query: parse(declared.query ?? nothing, request.query, (path) => String(path[0] ?? 'query')) as never,
        body: parse(
          declared.body ?? nothing,
          declared.body ? readBody(request, declared.body) : (request.body ?? {}),
          (path) => `/${path.map(pointer).join('/')}`,
        ) as never,
        header: (name) => request.get(name),
        address: request.ip ?? '',
      };
      const handle = (newId: () => string) => declared.handle({ ...input, newId });
      const answer = await (isKept(declared) ? answerOnce(caller, request, handle) : handle(uuidv7));
      response.status(answer.status).set(answer.headers ?? {});
      if (answer.json !== undefined) response.type(answer.headers?.['Content-Type'] ?? 'json').send(answer.json);
      else if (answer.body === undefined) response.end();
      else response.json(answer.body);
    });
  }
  for (const path of new Set(routes.map((declared) => declared.path))) {
    const allowed = routes.filter((declared) => declared.path === path).map((declared) => declared.method.toUpperCase());
    app.all(path, (_request, response) => {
      response.set('Allow', allowed.join(', '));
      throw new Problem('method_not_allowed', { detail: `Use ${allowed.join(' or ')} here.` });
    });
  }
}

/** Where a route asks for nothing, nothing is accepted: a field that was ignored would look as if it had counted. */
const nothing = z.strictObject({});

const pointer = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

/** Where a body may be left out, nothing is as good as none. */
function readBody(request: Request, schema: z.ZodType): unknown {
  if (request.body === undefined && schema.safeParse(undefined).success) return undefined;
  if (!request.is('application/json')) throw new Problem('unsupported_media_type');
  return request.body;
}

/** A malformed id in a path is an address under which nothing is. */
function parseParams(schema: z.ZodType | undefined, given: unknown): unknown {
  if (!schema) return {};
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new Problem('not_found');
  return parsed.data;
}

/** Of what was left out, it would mislead to say what it must look like; rules between fields have words of their own. */
function isMissing(given: unknown, { code, path }: z.core.$ZodIssue): boolean {
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], given);
  return code !== 'custom' && value === undefined;
}

function parse(schema: z.ZodType, given: unknown, name: (path: PropertyKey[]) => string): unknown {
  const parsed = schema.safeParse(given, { reportInput: false });
  if (parsed.success) return parsed.data;
  const faults: FieldFault[] = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: name([...issue.path, key]), message: 'is not a field of this request' }))
      : [{ path: name(issue.path), message: isMissing(given, issue) ? 'is missing' : issue.message }],
  );
  throw new Problem('invalid_request', { detail: problems.invalid_request.title, faults: faults.slice(0, 50) });
}
