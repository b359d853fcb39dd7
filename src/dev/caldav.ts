/** The CalDAV server of `npm start`: one user with one calendar, which a barber of the sample network can connect. */
import { join } from 'node:path';
import { keptSecret } from './kept-secret.ts';
import { NoPython, preparePython } from './python.ts';
import { startRadicale } from './radicale.ts';
import type { Log } from './progress.ts';

export interface CaldavServer {
  url: string;
  username: string;
  password: string;
  calendarUrl: string;
  stop(): Promise<void>;
}

const username = 'barber';

/** Null where there is no Python to run it, which is said; all else goes on without. */
export async function startCaldav({
  port,
  folder,
  log,
  signal,
}: {
  port: number;
  folder: string;
  log: Log;
  signal?: AbortSignal | undefined;
}): Promise<CaldavServer | null> {
  let python: string;
  try {
    python = await preparePython(log, signal);
  } catch (error) {
    if (!(error instanceof NoPython)) throw error;
    log(`No CalDAV server: ${error.message}`);
    return null;
  }
  const radicale = await startRadicale({ python, port, folder: join(folder, 'caldav'), log });
  const password = keptSecret(join(folder, 'caldav-password'), 8);
  radicale.setUsers({ [username]: password });
  const calendarUrl = `${radicale.url}/${username}/agenda/`;
  // Refused when it is there already.
  await fetch(calendarUrl, { method: 'MKCALENDAR', headers: { authorization: basicAuth({ username, password }) } });
  return { url: radicale.url, username, password, calendarUrl, stop: () => radicale.stop() };
}

export const basicAuth = ({ username: name, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
