/** Twilio in the tests: the real sandbox for what it does, and a server whose every answer is scripted for what it cannot do. */
import type { AddressInfo } from 'node:net';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePorts } from '../../src/dev/ports.ts';
import { startTwilioSandbox, type TwilioSandbox } from '../../src/dev/twilio.ts';
import { serverFolder } from './programs.ts';

export type SentSms = { sid: string; to: string; from: string; body: string; status: string };

export type TestTwilio = TwilioSandbox & {
  /** All that it has, the newest first: those of other tests too, so numbers are best drawn anew. */
  messages: (to?: string) => Promise<SentSms[]>;
  /** What the network does with a message; tells its status callback, without an ErrorCode, before it returns. */
  setStatus: (sid: string, status: string) => Promise<void>;
  /** A text that somebody sends to our number; handed to `inboundUrl` before it returns. */
  receive: (from: string, body: string) => Promise<void>;
};

/** Starts a sandbox of the test's own; it ends when the tests do, however they end. */
export async function startTwilio(options: { inboundUrl?: string } = {}): Promise<TestTwilio> {
  const own = serverFolder();
  const [port = 0] = await freePorts(1);
  const sandbox = await startTwilioSandbox({ port, inboundUrl: options.inboundUrl ?? null, runDir: own.folder, log: () => {} })
    .catch((error: unknown) => { own.release(); throw error; });
  const ask = async (path: string, form?: Record<string, string>): Promise<unknown> => {
    const authorization = `Basic ${Buffer.from(`${sandbox.accountSid}:${sandbox.authToken}`).toString('base64')}`;
    const response = await fetch(`${sandbox.url}${path}`, { headers: { authorization }, ...(form && { method: 'POST', body: new URLSearchParams(form) }) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return {
    ...sandbox,
    messages: async (to) => {
      const query = new URLSearchParams({ PageSize: '1000', ...(to !== undefined && { To: to }) });
      return ((await ask(`/2010-04-01/Accounts/${sandbox.accountSid}/Messages.json?${query.toString()}`)) as { messages: SentSms[] }).messages;
    },
    setStatus: async (sid, status) => { await ask('/_twilio/simulate/message-status', { MessageSid: sid, Status: status }); },
    receive: async (from, body) => { await ask('/_twilio/simulate/inbound-message', { From: from, To: sandbox.from, Body: body }); },
    stop: async () => {
      await sandbox.stop();
      own.release();
    },
  };
}

/** What a scripted server says to a request: an answer, `drop` to cut the line, `silent` to say nothing, `pass` to hand it on. */
export type Answer = 'drop' | 'silent' | 'pass' | 'pass, then drop' | 'pass, then silent' | { status: number; body?: unknown; headers?: Record<string, string> };

/**
 * Stands before `target` and answers each request by the next of `script`, and passes on those after the last. `seen` lists them: `POST` sends, `GET` looks;
 * `done` waits until the target has answered all that was passed on.
 */
export async function startScripted(target: string): Promise<{ url: string; script: Answer[]; seen: string[]; done: () => Promise<unknown>; stop: () => void }> {
  const script: Answer[] = [];
  const handled: Promise<void>[] = [];
  const seen: string[] = [];
  const pass = async (request: IncomingMessage, body: Buffer) => fetch(`${target}${request.url}`, {
    method: request.method ?? 'GET', headers: { authorization: request.headers.authorization ?? '', 'content-type': request.headers['content-type'] ?? '' },
    ...(request.method === 'POST' && { body: new Uint8Array(body) }),
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    seen.push(request.method ?? '');
    const next = script.shift() ?? 'pass';
    if (typeof next === 'object') {
      response.writeHead(next.status, { 'content-type': 'application/json', ...next.headers }).end(typeof next.body === 'string' ? next.body : JSON.stringify(next.body ?? {}));
      return;
    }
    const passed = next.startsWith('pass') ? await pass(request, Buffer.concat(chunks)) : null;
    const text = (await passed?.text()) ?? '';
    if (next === 'pass') response.writeHead(passed!.status, { 'content-type': 'application/json' }).end(text);
    else if (next.endsWith('drop')) request.socket.destroy();
  };
  const server = createServer((request, response) => void handled.push(answer(request, response).catch(() => { request.socket.destroy(); })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`, script, seen, done: () => Promise.all(handled),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
