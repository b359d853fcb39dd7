/**
 * Stands between a client and the calendar sandbox, and has Prism check every answer against the provider's official OpenAPI document (cut
 * down by src/dev/calendar-sandbox/spec/cut.ts). Prism's router and validator are used as they are; the answer that they judge is the one
 * that went through.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInstance, getHttpOperationsFromSpec, type IHttpRequest, type IHttpResponse } from '@stoplight/prism-http';

const specFolder = join(import.meta.dirname, '../../src/dev/calendar-sandbox/spec');
const specs = [
  { base: '/calendar/v3', file: 'google-calendar.json' },
  { base: '/v1.0', file: 'microsoft-graph.json' },
];

const silent = {
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  fatal: () => {},
  success: () => {},
  child: () => silent,
};

type Judge = (request: IHttpRequest, answer: IHttpResponse) => Promise<string[]>;

/** Says what is wrong with an answer: nothing, where all is as documented. */
async function createJudge(file: string): Promise<Judge> {
  const operations = await getHttpOperationsFromSpec(join(specFolder, file));
  return async (request, answer) => {
    const prism = createInstance(
      {
        isProxy: true,
        upstream: new URL('http://127.0.0.1'),
        mock: false,
        checkSecurity: false,
        validateRequest: false,
        validateResponse: true,
        errors: true,
        upstreamProxy: undefined,
      } as never,
      { logger: silent as never, forward: (() => () => () => Promise.resolve({ _tag: 'Right', right: answer })) as never },
    );
    const outcome = await (
      prism.request(request, operations) as unknown as () => Promise<
        | { _tag: 'Left'; left: Error }
        | { _tag: 'Right'; right: { validations: { output: { message: string; path?: (string | number)[] }[] } } }
      >
    )();
    if (outcome._tag === 'Left') return [outcome.left.message];
    return outcome.right.validations.output.map(({ message, path = [] }) => `${path.join('.')}: ${message}`);
  };
}

let judges: Promise<{ base: string; judge: Judge }[]> | undefined;

/** `checked` counts the answers that were judged; `violations` lists what was wrong, with the request. */
export interface Contract {
  url: string;
  checked: () => number;
  violations: string[];
  /** Changes answers on their way, to show that the judge sees it. */
  spoil: ((body: Record<string, unknown>) => unknown) | null;
  stop: () => void;
}

export async function startContract(target: string): Promise<Contract> {
  const known = await (judges ??= Promise.all(specs.map(async ({ base, file }) => ({ base, judge: await createJudge(file) }))));
  let checked = 0;

  const relay = async (request: IncomingMessage): Promise<{ status: number; headers: Record<string, string>; text: string }> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers as Record<string, string>;
    const method = request.method ?? 'GET';
    // Links in answers lead to the sandbox itself; those that a client follows come through here again, since it takes their path.
    const answer = await fetch(`${target}${request.url}`, {
      method,
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      ...(chunks.length > 0 && { body: new Uint8Array(Buffer.concat(chunks)) }),
    });
    let text = await answer.text();
    if (contract.spoil && text) text = JSON.stringify(contract.spoil(JSON.parse(text) as Record<string, unknown>));
    const url = new URL(request.url ?? '/', target);
    const spec = known.find(({ base }) => url.pathname.startsWith(`${base}/`));
    if (spec) {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const path = url.pathname.slice(spec.base.length);
      const found = await spec.judge(
        { method: method.toLowerCase() as 'get', url: { path, query: Object.fromEntries(url.searchParams) } },
        { statusCode: answer.status, headers: Object.fromEntries(answer.headers), body },
      );
      checked += 1;
      contract.violations.push(...found.map((what) => `${method} ${path}: ${answer.status}: ${what}`));
    }
    const kept = Object.fromEntries(
      [...answer.headers].filter(([name]) => !['content-length', 'transfer-encoding', 'connection', 'keep-alive'].includes(name)),
    );
    return { status: answer.status, headers: kept, text };
  };

  const server = createServer((request, response) => {
    relay(request).then(
      ({ status, headers, text }) => {
        response.writeHead(status, headers).end(text);
      },
      (error: unknown) => {
        // What the sandbox cuts is cut here; anything else is an error of the test's own.
        if (!(error instanceof TypeError && error.message === 'fetch failed'))
          contract.violations.push(String(error instanceof Error ? error.stack : error));
        request.socket.destroy();
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const contract: Contract = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    checked: () => checked,
    violations: [],
    spoil: null,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return contract;
}
