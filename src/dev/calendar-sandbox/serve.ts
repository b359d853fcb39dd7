/** Around every operation: who asks, whether it is too often, what is scripted to fail, and how an answer is sent. */
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import type { Log } from '../progress.ts';
import { Refusal, callOf, providerOf, type Answer, type Operation } from './answer.ts';
import type { Failure, Faults } from './faults.ts';
import { googleError } from './google-errors.ts';
import { graphError } from './graph-errors.ts';
import type { Settings } from './settings.ts';
import type { Account, Provider } from './state.ts';
import type { Store } from './store.ts';
import type { Tokens } from './tokens.ts';

export interface Server {
  app: Express;
  store: Store;
  settings: Settings;
  tokens: Tokens;
  faults: Faults;
  /** Requests so far, by `provider operation`; those that were too many in their second, by `provider throttled` as well. */
  counts: Map<string, number>;
}

export type Route = {
  method: 'get' | 'post' | 'patch' | 'put' | 'delete';
  path: string;
  name: string;
  writes?: boolean;
  operation: Operation;
};

/** Mounts operations behind the provider's access tokens. Names are those of the faults and counts. */
export function mount(server: Server, provider: Provider, routes: Route[]): void {
  const { app, settings, store, tokens } = server;
  const recent = new Map<string, number[]>();

  /** True when the account has had its requests of this second. */
  const tooMany = ({ id }: Account): boolean => {
    if (settings.requestsPerSecond === null) return false;
    const since = (recent.get(id) ?? []).filter((at) => at > store.now() - 1000);
    recent.set(id, since);
    if (since.length >= settings.requestsPerSecond) {
      server.counts.set(`${provider} throttled`, (server.counts.get(`${provider} throttled`) ?? 0) + 1);
      return true;
    }
    since.push(store.now());
    return false;
  };

  const act = async (request: Request, { name, writes = false, operation }: Route): Promise<[Account | null, () => Promise<Answer>]> => {
    const token = /^Bearer (.+)$/i.exec(request.get('Authorization') ?? '')?.[1] ?? '';
    const found = tokens.check(provider, token);
    if (typeof found === 'string')
      return [
        null,
        () =>
          Promise.resolve(
            provider === 'google'
              ? googleError('authError')
              : graphError('InvalidAuthenticationToken', found === 'unknown' && token === '' ? 'Access token is empty.' : undefined),
          ),
      ];
    const { account, grant } = found;
    return [
      account,
      async () => {
        if (!allows(provider, grant.scope, writes))
          return provider === 'google' ? googleError('insufficientPermissions') : graphError('ErrorAccessDenied');
        if (tooMany(account))
          return provider === 'google'
            ? googleError('tooManyRequests', {}, settings.retryAfterSeconds)
            : graphError('ApplicationThrottled', undefined, settings.retryAfterSeconds);
        try {
          return await operation(callOf(request, account));
        } catch (error) {
          if (error instanceof Refusal) return error.answer;
          throw new Error(`${name} failed in the sandbox`, { cause: error });
        }
      },
    ];
  };

  for (const route of routes) {
    app[route.method](route.path, async (request, response) => {
      const [account, answer] = await act(request, route);
      await meet(server, provider, account, route.name, response, answer);
    });
  }
}

/** Counts a request, has it meet what is scripted for it, and answers. */
export async function meet(
  { counts, faults }: Server,
  provider: Provider,
  account: Account | null,
  name: string,
  response: Response,
  answer: () => Promise<Answer>,
): Promise<void> {
  const key = `${provider} ${name}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
  const before = faults.take('before', provider, account, name);
  if (before !== null) return fail(before, { status: 200, body: {} }, response);
  const said = await answer();
  const after = said.status < 400 ? faults.take('after', provider, account, name) : null;
  return after === null ? send(said, response) : fail(after, said, response);
}

function fail(failure: Failure, said: Answer, response: Response): void {
  if (failure === 'silence') return;
  if (typeof failure === 'object') return send(failure, response);
  if (failure === 'cut') return void response.socket?.destroy();
  const text = JSON.stringify(said.body ?? {});
  response
    .status(said.status === 204 ? 200 : said.status)
    .set({ 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text) + 1) });
  response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.socket?.destroy());
}

function send({ status, body, headers = {} }: Answer, response: Response): void {
  response.status(status).set(headers);
  if (body === undefined) response.end();
  else if (typeof body === 'string') response.type(headers['Content-Type'] ?? 'text/plain').send(body);
  else response.json(body);
}

function allows(provider: Provider, scope: string, writes: boolean): boolean {
  const scopes = scope.split(/\s+/).map((one) => one.replace('https://graph.microsoft.com/', ''));
  const may =
    provider === 'google'
      ? ['calendar', 'calendar.events', 'calendar.events.owned', ...(writes ? [] : ['calendar.readonly', 'calendar.events.readonly'])].map(
          (one) => `https://www.googleapis.com/auth/${one}`,
        )
      : ['Calendars.ReadWrite', ...(writes ? [] : ['Calendars.Read'])];
  return may.some((one) => scopes.includes(one));
}

/** What no route knows, in the provider's shape. */
export const notFound =
  (provider: Provider): RequestHandler =>
  (_request, response) => {
    send(
      provider === 'google' ? googleError('notFound') : graphError('ErrorItemNotFound', 'Resource not found for the segment.'),
      response,
    );
  };

/** A request that cannot be read is refused in the provider's shape; an error of the sandbox is told to its log too. */
export const faulty =
  (log: Log): ErrorRequestHandler =>
  (error: Error & { status?: number }, request, response, _next) => {
    const google = providerOf(request.path) === 'google';
    if (error.status === undefined || error.status >= 500)
      log(`${error.message}${error.cause instanceof Error ? `: ${error.cause.stack}` : ''}`);
    const known = error.status !== undefined && error.status < 500;
    const { status, body } = google
      ? googleError(known ? 'badRequest' : 'internalError', known ? { message: 'Parse Error' } : {})
      : graphError(known ? 'BadRequest' : 'ErrorInternalServerError');
    response.status(status).json(body);
  };
