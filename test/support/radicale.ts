/** A CalDAV server of the test's own, with a calendar for each test. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { getBasicAuthHeaders, makeCalendar } from 'tsdav';
import { freePorts } from '../../src/dev/ports.ts';
import { startRadicale, type Radicale } from '../../src/dev/radicale.ts';
import { serverFolder } from './programs.ts';

export type TestRadicale = Radicale & {
  username: string;
  password: string;
  /** A new empty calendar; answers its address. */
  newCalendar: () => Promise<string>;
  /** What its owner does in another program: puts an object there, or takes one away. Both answer the status. */
  enter: (calendarUrl: string, name: string, text: string) => Promise<number>;
  /** As programs do it: what is not there any more is not brought back. */
  change: (calendarUrl: string, name: string, text: string) => Promise<number>;
  erase: (calendarUrl: string, name: string) => Promise<number>;
  /** All objects, as text, by name. */
  objects: (calendarUrl: string) => Promise<Record<string, string>>;
};

export async function startTestRadicale(python: string): Promise<TestRadicale> {
  const own = serverFolder();
  const [port = 0] = await freePorts(1);
  const radicale = await startRadicale({ python, port, folder: join(own.folder, 'radicale'), log: () => {} }).catch((error: unknown) => {
    own.release();
    throw error;
  });
  const [username, password] = ['rui', randomUUID()];
  radicale.setUsers({ [username]: password });
  const headers = getBasicAuthHeaders({ username, password }) as Record<string, string>;
  const call = (url: string, method: string, body?: string, more: Record<string, string> = {}) =>
    fetch(url, { method, headers: { ...headers, 'content-type': 'text/calendar', ...more }, ...(body !== undefined && { body }) });
  return {
    ...radicale,
    username,
    password,
    newCalendar: async () => {
      const url = `${radicale.url}/${username}/${randomUUID()}/`;
      const [made] = await makeCalendar({ url, props: { 'd:displayname': 'Work' }, headers });
      if (!made?.ok) throw new Error(`MKCALENDAR ${made?.status}`);
      return url;
    },
    enter: async (calendarUrl, name, text) => (await call(`${calendarUrl}${name}`, 'PUT', text)).status,
    change: async (calendarUrl, name, text) => (await call(`${calendarUrl}${name}`, 'PUT', text, { 'if-match': '*' })).status,
    erase: async (calendarUrl, name) => (await call(`${calendarUrl}${name}`, 'DELETE')).status,
    objects: async (calendarUrl) => {
      const listed = await fetch(calendarUrl, { method: 'PROPFIND', headers: { ...headers, depth: '1' } });
      const hrefs = [...(await listed.text()).matchAll(/<href>([^<]+\.ics)<\/href>/g)].map(([, href]) => href!);
      const read = await Promise.all(
        hrefs.map(async (href) => ({
          name: decodeURIComponent(href.split('/').at(-1)!),
          response: await call(new URL(href, calendarUrl).href, 'GET'),
        })),
      );
      // What was taken away since it was listed is not there.
      return Object.fromEntries(
        await Promise.all(
          read.filter(({ response }) => response.ok).map(async ({ name, response }) => [name, await response.text()] as const),
        ),
      );
    },
    stop: async () => {
      await radicale.stop();
      own.release();
    },
  };
}
