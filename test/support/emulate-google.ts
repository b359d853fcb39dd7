/** emulate's Google: another's reading of the same documents. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePorts } from '../../src/dev/ports.ts';
import { startProcess, waitUntil } from '../../src/dev/processes.ts';
import { serverFolder } from './programs.ts';

const program = resolve(import.meta.dirname, '../../node_modules/emulate/dist/index.js');

/** Has one person and one program; it ends when the tests do, however they end. */
export async function startEmulatedGoogle({
  email,
  timeZone,
  redirectUri,
}: {
  email: string;
  timeZone: string;
  redirectUri: string;
}): Promise<{ url: string; stop: () => Promise<void> }> {
  const own = serverFolder();
  const [port = 0] = await freePorts(1);
  const seedFile = join(own.folder, 'google.json');
  writeFileSync(
    seedFile,
    JSON.stringify({
      google: {
        users: [{ email, name: email }],
        oauth_clients: [{ client_id: 'punctual', client_secret: 'sandbox', name: 'Punctual', redirect_uris: [redirectUri] }],
        calendars: [{ id: email, user_email: email, summary: email, time_zone: timeZone, primary: true }],
      },
    }),
  );
  const server = {
    name: "emulate's Google",
    command: process.execPath,
    args: [program, 'start', '--service', 'google', '--port', String(port), '--host', '127.0.0.1', '--seed', seedFile],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EMULATE_'))),
    logFile: join(own.folder, 'google.log'),
    pidFile: join(own.folder, 'google.pid'),
  };
  const url = `http://127.0.0.1:${port}`;
  const running = await startProcess(server);
  await waitUntil(async () => (await fetch(`${url}/.well-known/openid-configuration`).catch(() => null))?.ok ?? false, running, server);
  return {
    url,
    stop: async () => {
      await running.stop();
      own.release();
    },
  };
}
