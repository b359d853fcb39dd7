/** A receiver of notifications, whose answers can be scripted. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Received = { headers: Record<string, string>; query: URLSearchParams; text: string };

export interface Receiver {
  url: string;
  received: Received[];
  /** Resolves with the first `count`, as soon as they are there. */
  wait: (count: number) => Promise<Received[]>;
  /**
   * Says how each request is answered; a text is a 200, a number that status. Until it is set: Graph's validation is answered, and anything
   * else with 202.
   */
  answer: ((request: Received) => string | number) | null;
  stop: () => void;
}

export async function startReceiver(): Promise<Receiver> {
  const waiting: { count: number; done: (found: Received[]) => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const one: Received = {
          headers: request.headers as Record<string, string>,
          query: new URL(request.url ?? '/', 'http://127.0.0.1').searchParams,
          text: Buffer.concat(chunks).toString(),
        };
        const validation = one.query.get('validationToken');
        const said = receiver.answer ? receiver.answer(one) : (validation ?? 202);
        response
          .writeHead(typeof said === 'number' ? said : 200, { 'content-type': 'text/plain' })
          .end(typeof said === 'number' ? '' : said);
        if (validation !== null) return;
        receiver.received.push(one);
        for (const { count, done } of waiting) if (receiver.received.length >= count) done(receiver.received.slice(0, count));
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    answer: null,
    wait: (count) =>
      new Promise((done) => {
        if (receiver.received.length >= count) done(receiver.received.slice(0, count));
        else waiting.push({ count, done });
      }),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return receiver;
}
