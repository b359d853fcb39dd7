/** A line to an HTTP server whose answers are scripted: it passes on, breaks, falls silent, or answers itself. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What a scripted server says to a request: an answer, `drop` to cut the line, `silent` to say nothing, `pass` to hand it on. With
 * `before`, something else happens first, and then it is handed on; with `after`, something happens between the target's answer (its text)
 * and ours.
 */
export type Answer =
  | { before: () => Promise<unknown> }
  | { after: (text: string) => Promise<unknown> }
  | 'drop'
  | 'silent'
  | 'pass'
  | 'pass, then drop'
  | 'pass, then silent'
  | { status: number; body?: unknown; headers?: Record<string, string> };

/** What is asked over a line. */
export type Asked = { method: string; path: string; headers: IncomingHttpHeaders };

/**
 * Stands before `target` and answers each request by what `choose` says to it, else by the next of `script`, and passes on those after the
 * last. `seen` lists their methods; `done` waits until the target has answered all that was passed on.
 */
export async function startScripted(
  target: string,
  choose: (asked: Asked) => Answer | null = () => null,
): Promise<{ url: string; script: Answer[]; seen: string[]; done: () => Promise<unknown>; stop: () => void }> {
  const script: Answer[] = [];
  const handled: Promise<void>[] = [];
  const seen: string[] = [];
  const pass = async (request: IncomingMessage, body: Buffer) =>
    fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: without(request.headers, ofTheLine),
      redirect: 'manual',
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push(request.method ?? '');
    const scripted =
      choose({ method: request.method ?? '', path: request.url ?? '', headers: request.headers }) ?? script.shift() ?? 'pass';
    if (typeof scripted === 'object' && 'before' in scripted) await scripted.before();
    const next = typeof scripted === 'object' && ('before' in scripted || 'after' in scripted) ? 'pass' : scripted;
    if (typeof next === 'object') {
      response
        .writeHead(next.status, { 'content-type': 'application/json', ...next.headers })
        .end(typeof next.body === 'string' ? next.body : JSON.stringify(next.body ?? {}));
      return;
    }
    const passed = next.startsWith('pass') ? await pass(request, Buffer.concat(chunks)) : null;
    const text = (await passed?.text()) ?? '';
    if (typeof scripted === 'object' && 'after' in scripted) await scripted.after(text);
    if (next === 'pass')
      response.writeHead(passed!.status, without(Object.fromEntries(passed!.headers), [...ofTheLine, 'content-encoding'])).end(text);
    else if (next.endsWith('drop')) request.socket.destroy();
  };
  const server = createServer(
    (request, response) =>
      void handled.push(
        answer(request, response).catch(() => {
          request.socket.destroy();
        }),
      ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    script,
    seen,
    done: () => Promise.all(handled),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What belongs to one connection, and not to the message. */
const ofTheLine = ['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'expect'];
const without = (headers: Record<string, unknown>, names: string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => typeof value === 'string' && !names.includes(name)) as [string, string][],
  );
