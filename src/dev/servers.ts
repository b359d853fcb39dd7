/** PostgreSQL, Temporal, the mail inbox and the SMS sandbox of one machine: those that the environment does not name are started here. */
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { searchAttributes as attributeKeys } from '../../workflows/messages.ts';
import { smsInboundPath } from '../integrations/sms-paths.ts';
import { startCaldav, type CaldavServer } from './caldav.ts';
import { startCalendarSandbox, type CalendarSandbox } from './calendar-sandbox/start.ts';
import { keptSecret } from './kept-secret.ts';
import { startMaildev } from './mail.ts';
import { startPostgres } from './postgres.ts';
import { livePid, writePid } from './processes.ts';
import type { Log } from './progress.ts';
import { startTemporal, type SearchAttributeType } from './temporal.ts';
import { startTwilioSandbox, type TwilioSandbox } from './twilio.ts';

export interface ServerPorts {
  postgres: number;
  temporal: number;
  temporalUi: number;
  smtp: number;
  mailUi: number;
}

export interface ServerOptions {
  /** Holds data, logs and pid files. */
  folder: string;
  ports: ServerPorts;
  /** Servers that somebody else runs, which are then not started. */
  external: { databaseUrl?: string; temporalAddress?: string; temporalUi?: string; smtpUrl?: string; mailUi?: string };
  /** Missing: no SMS sandbox. `inboundUrl` is where a text that somebody sends to our number is handed on. */
  sms?: { port: number; inboundUrl: string };
  /** Missing: no CalDAV server. */
  caldav?: { port: number };
  /** Missing: no sandbox of Google's and Microsoft's calendars. */
  calendars?: { port: number };
  /** For tests: nothing needs to outlive the stop, so Temporal keeps everything in memory and PostgreSQL does not wait for the disk. */
  throwaway: boolean;
  log: Log;
  /** Ends what may take minutes: getting Temporal's program. The start then fails, and leaves nothing running. */
  signal?: AbortSignal;
}

export interface Servers {
  databaseUrl: string;
  temporalAddress: string;
  temporalUi: string | null;
  smtpUrl: string;
  mailUi: string | null;
  /** Lists mails as JSON; null when the inbox is not ours. */
  mailApi: string | null;
  /** Null when it was not asked for. */
  sms: Omit<TwilioSandbox, 'stop'> | null;
  /** Null when it was not asked for, or there is no Python. */
  caldav: Omit<CaldavServer, 'stop'> | null;
  /** Null when it was not asked for. */
  calendars: Pick<CalendarSandbox, 'url' | 'clientId' | 'clientSecret'> | null;
  stop(): Promise<void>;
}

type Environment = Record<string, string | undefined>;

const defaultPorts = {
  POSTGRES_PORT: 54329,
  TEMPORAL_PORT: 7233,
  TEMPORAL_UI_PORT: 8233,
  SMTP_PORT: 1025,
  MAIL_UI_PORT: 1080,
  SMS_SANDBOX_PORT: 1090,
  CALDAV_PORT: 5232,
  CALENDAR_SANDBOX_PORT: 1095,
};

/** Reads the ports; a faulty one, or one given twice, ends the start with a sentence that names the variable. */
function readPorts(env: Environment): ServerPorts & { sms: number; caldav: number; calendars: number } {
  const taken = new Map<number, string>();
  const port = (variable: keyof typeof defaultPorts): number => {
    const text = env[variable] || String(defaultPorts[variable]);
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < 1 || number > 65_535) throw new Error(`${variable} must be a port from 1 to 65535.`);
    const other = taken.get(number);
    if (other !== undefined) throw new Error(`${variable} and ${other} are both port ${number}: give one of them another port.`);
    taken.set(number, variable);
    return number;
  };
  return {
    postgres: port('POSTGRES_PORT'),
    temporal: port('TEMPORAL_PORT'),
    temporalUi: port('TEMPORAL_UI_PORT'),
    smtp: port('SMTP_PORT'),
    mailUi: port('MAIL_UI_PORT'),
    sms: port('SMS_SANDBOX_PORT'),
    caldav: port('CALDAV_PORT'),
    calendars: port('CALENDAR_SANDBOX_PORT'),
  };
}

/** Where links and callbacks lead to: the API of this machine, unless the environment names another address. */
export const publicUrl = (env: Environment): string => (env.PUBLIC_URL || `http://127.0.0.1:${env.PORT || 3000}`).replace(/\/+$/, '');

/** What `npm start` uses: lasting data in `.punctual` of this clone, and whatever the environment names instead of starting it. */
export function serverOptions(env: Environment, log: Log): ServerOptions {
  const given = {
    databaseUrl: env.DATABASE_URL,
    temporalAddress: env.TEMPORAL_ADDRESS,
    temporalUi: env.TEMPORAL_UI_URL,
    smtpUrl: env.SMTP_URL,
    mailUi: env.MAIL_UI_URL,
  };
  const external = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
  const { sms, caldav, calendars, ...ports } = readPorts(env);
  return {
    folder: resolve(import.meta.dirname, '../../.punctual'),
    ports,
    external,
    throwaway: false,
    log,
    caldav: { port: caldav },
    ...(!env.GOOGLE_CLIENT_ID && !env.MICROSOFT_CLIENT_ID && { calendars: { port: calendars } }),
    // Whoever has an account means it: then texts go out, and nothing of ours is in between.
    ...(!env.TWILIO_ACCOUNT_SID && { sms: { port: sms, inboundUrl: `${publicUrl(env)}${smsInboundPath}` } }),
  };
}

/** The search attributes of our workflows, as the command line of the development server names their types. */
export function ourSearchAttributes(): Record<string, SearchAttributeType> {
  const types = {
    TEXT: 'Text',
    KEYWORD: 'Keyword',
    INT: 'Int',
    DOUBLE: 'Double',
    BOOL: 'Bool',
    DATETIME: 'Datetime',
    KEYWORD_LIST: 'KeywordList',
  } as const;
  return Object.fromEntries(Object.values(attributeKeys).map((key) => [key.name, types[key.type]]));
}

/** Makes sure that no other living start uses this folder: it would end the other one's servers as leftovers. */
function claimFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const pidFile = join(folder, 'owner.pid');
  const other = livePid(pidFile);
  if (other !== null && other !== process.pid) {
    throw new Error(`Punctual already runs from this folder (process ${other}): stop that one first.`);
  }
  writePid(pidFile, process.pid);
  return () => rmSync(pidFile, { force: true });
}

/** The token outlives restarts: what the sandbox tells of yesterday's texts is signed with it. */
async function startSms({ folder, ...options }: { port: number; inboundUrl: string; folder: string; log: Log }): Promise<TwilioSandbox> {
  return startTwilioSandbox({ ...options, authToken: keptSecret(join(folder, 'sms-token'), 16), runDir: folder });
}

/** Starts what is to be started, all at once. When one fails, the others are stopped and the first failure is told. */
export async function startServers({
  folder,
  ports,
  external,
  sms: wanted,
  caldav: wantedCaldav,
  calendars: wantedCalendars,
  throwaway,
  log,
  signal,
}: ServerOptions): Promise<Servers> {
  const release = claimFolder(folder);
  const [postgres, temporal, mail, sms, caldav, calendars] = await Promise.allSettled([
    external.databaseUrl !== undefined ? null : startPostgres({ dataDir: join(folder, 'postgres'), port: ports.postgres, throwaway, log }),
    external.temporalAddress !== undefined
      ? null
      : startTemporal({
          dbFile: throwaway ? null : join(folder, 'temporal.db'),
          port: ports.temporal,
          uiPort: ports.temporalUi,
          searchAttributes: ourSearchAttributes(),
          runDir: folder,
          log,
          signal,
        }),
    external.smtpUrl !== undefined
      ? null
      : startMaildev({ smtpPort: ports.smtp, webPort: ports.mailUi, mailDir: join(folder, 'mail'), runDir: folder, log }),
    wanted === undefined ? null : startSms({ ...wanted, folder, log }),
    wantedCaldav === undefined ? null : startCaldav({ ...wantedCaldav, folder, log, signal }),
    wantedCalendars === undefined ? null : startCalendarSandbox({ ...wantedCalendars, runDir: folder, log }),
  ]);
  const started = [temporal, mail, sms, caldav, calendars, postgres];
  // Temporal first: its workers are gone by now, and nothing must still want the database when that stops.
  const stop = async (): Promise<void> => {
    try {
      for (const server of started) if (server.status === 'fulfilled') await server.value?.stop();
    } finally {
      release();
    }
  };
  const failure = started.find((server) => server.status === 'rejected');
  if (
    postgres.status === 'rejected' ||
    temporal.status === 'rejected' ||
    mail.status === 'rejected' ||
    sms.status === 'rejected' ||
    caldav.status === 'rejected' ||
    calendars.status === 'rejected'
  ) {
    await stop();
    throw failure?.reason;
  }
  return {
    databaseUrl: postgres.value?.url ?? external.databaseUrl ?? '',
    temporalAddress: temporal.value?.address ?? external.temporalAddress ?? '',
    temporalUi: temporal.value?.uiUrl ?? external.temporalUi ?? null,
    smtpUrl: mail.value?.smtpUrl ?? external.smtpUrl ?? '',
    mailUi: mail.value?.webUrl ?? external.mailUi ?? null,
    mailApi: mail.value?.apiUrl ?? null,
    sms: sms.value,
    caldav: caldav.value,
    calendars: calendars.value,
    stop,
  };
}
