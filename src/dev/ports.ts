/** TCP ports of the loopback address. */
import { createServer, connect, type Server } from 'node:net';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';

/** Opens a listener, or answers null when the port is taken. */
async function listen(port: number): Promise<Server | null> {
  const server = createServer();
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true });
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}

/** True when nothing listens on this port of 127.0.0.1, and we may. */
export async function portIsFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === null) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * `n` different free ports. They are drawn below the range from which the system takes ports for outgoing connections
 * (32768 and up on Linux, 49152 elsewhere): a port from there may be gone again before the server that is to have it listens.
 */
export async function freePorts(n: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < n; tries++) {
    if (tries > 1000) throw new Error('No free ports were found between 20000 and 32000.');
    const port = randomInt(20_000, 32_000);
    if (await portIsFree(port)) found.add(port);
  }
  return [...found];
}

/** Refuses with the sentence that says what to do when a server of ours cannot have its port. */
export async function requireFreePort(port: number, what: string, variable: string): Promise<void> {
  if (await portIsFree(port)) return;
  throw new Error(`Port ${port}, meant for ${what}, is used by another program: end that, or set ${variable} to a free port.`);
}

/** True when something accepts connections on this port. */
export async function portAnswers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
