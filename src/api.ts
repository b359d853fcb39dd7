/** The API program: config, dependencies, listen, drain on a signal. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { readConfig } from './config.ts';
import { openDeps, type Deps } from './deps.ts';
import { createApp } from './http/app.ts';
import { runProgram } from './program.ts';

/** Longer than an answer may take, so that draining loses none. */
const drainMs = 15_000;

/**
 * Listens, and answers the address and how to stop: no new connections, open requests are finished, within a limit. `mount` adds pages of
 * development.
 */
export async function startApi(
  deps: Deps,
  { mount }: { mount?: (app: Express) => void } = {},
): Promise<{ url: string; stop: () => Promise<void> }> {
  const { config, log } = deps;
  const server = createApp(deps, mount).listen(config.api.port, config.api.host);
  const open = new Set<ServerResponse>();
  // A connection on which request follows request never falls idle: while draining, each answer must say that it is the last one there.
  const isLast = (response: ServerResponse) => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (!server.listening) isLast(response);
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  server.requestTimeout = 30_000;
  server.headersTimeout = 15_000;
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.api.host.includes(':') ? `[${config.api.host}]` : config.api.host}:${port}`;
  log.info({ url }, 'the API listens');
  return {
    url,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      open.forEach(isLast);
      // A kept-alive connection turns idle only when its request is answered.
      const sweep = setInterval(() => server.closeIdleConnections(), 100);
      const force = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(force);
      log.info('the API has drained');
    },
  };
}

if (import.meta.main) {
  await runProgram(async () => {
    const deps = await openDeps(readConfig());
    const { stop } = await startApi(deps);
    return {
      stop: async () => {
        await stop();
        await deps.close();
      },
    };
  });
}
