/** `npm start`: the whole of Punctual on this machine, from nothing. Data lives in `.punctual` and is found again by the next start. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Runtime } from '@temporalio/worker';
import { startApi } from '../api.ts';
import { readConfig } from '../config.ts';
import { createApiKey } from '../db/api-key.ts';
import { openDeps, type Deps } from '../deps.ts';
import { createAuthenticate } from '../http/caller.ts';
import { prepareServers } from '../migrate.ts';
import { runProgram, type Running } from '../program.ts';
import { sdkLogger } from '../sdk-log.ts';
import { startWorker } from '../worker.ts';
import type { CalendarAccess } from './calendar-page.ts';
import { mountDevPages } from './dev-pages.ts';
import { keptSecret } from './kept-secret.ts';
import { loadSample } from './load-sample.ts';
import { requireFreePort } from './ports.ts';
import { publicUrl, serverOptions, startServers, type Servers } from './servers.ts';
import { describeSlot, findFreeSlot } from './welcome.ts';

export type DevFile = {
  api: string;
  apiKey: string;
  temporalUi: string | null;
  temporalAddress: string;
  mailUi: string | null;
  mailApi: string | null;
  smsUi: string | null;
  databaseUrl: string;
  calendar: CalendarAccess | null;
  calendarSandbox: string | null;
};

const say = (line: string) => process.stdout.write(`${line}\n`);

async function start(interrupted: AbortSignal): Promise<Running> {
  const options = serverOptions(process.env, say);
  await requireFreePort(Number(process.env.PORT || 3000), 'the API', 'PORT');
  const servers = await startServers({ ...options, signal: interrupted });
  const opened: (() => Promise<void>)[] = [() => servers.stop()];
  const stop = async () => {
    say('Stopping …');
    for (const close of opened.toReversed()) await close();
    say('Stopped. The appointments and their timers are kept; npm start finds them again.');
  };
  try {
    const deps = await openDeps(
      readConfig({
        LOG_LEVEL: 'warn',
        RATE_LIMIT_PER_MINUTE: '100000',
        MAIL_PER_SECOND: '100',
        SMS_PER_SECOND: '100',
        LINK_SECRET: keptSecret(join(options.folder, 'link-secret'), 32),
        CALENDAR_KEYS: `dev:${keptSecret(join(options.folder, 'calendar-key'), 32)}`,
        CALDAV_ALLOW_LOOPBACK: servers.caldav ? '1' : '0',
        CALDAV_EVERY_SECONDS: '10',
        GOOGLE_EVERY_SECONDS: '10',
        MICROSOFT_EVERY_SECONDS: '10',
        ...(servers.calendars && sandboxVariables(servers.calendars)),
        ...process.env,
        PUBLIC_URL: publicUrl(process.env),
        DATABASE_URL: servers.databaseUrl,
        TEMPORAL_ADDRESS: servers.temporalAddress,
        SMTP_URL: servers.smtpUrl,
        TEMPORAL_UI_URL: servers.temporalUi ?? '',
        ...(servers.sms && {
          TWILIO_ACCOUNT_SID: servers.sms.accountSid,
          TWILIO_AUTH_TOKEN: servers.sms.authToken,
          TWILIO_FROM: servers.sms.from,
          TWILIO_API_URL: servers.sms.url,
        }),
      }),
    );
    opened.push(() => deps.close());
    Runtime.install({ logger: sdkLogger(deps.log), shutdownSignals: [] });
    await prepareServers(deps);
    const { networkId, loaded } = await loadSample(deps.orm);
    if (loaded) say('Loaded the sample network: 55 shops in Portugal, Madeira and the Azores.');
    say('Starting the worker and the API …');
    const worker = await startWorker(deps);
    opened.push(() => worker.stop());
    const api = await startApi(deps, {
      mount: (app) =>
        mountDevPages(app, deps, {
          networkId,
          mailUi: servers.mailUi,
          mailApi: servers.mailApi,
          smsUi: servers.sms?.url ?? null,
          calendar: servers.caldav,
        }),
    });
    opened.push(() => api.stop());
    const file = await writeDevFile(join(options.folder, 'dev.json'), deps, servers, api.url, networkId);
    interrupted.throwIfAborted();
    await welcome(deps, file, networkId);
    return { ended: worker.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const sandboxVariables = ({ url, clientId, clientSecret }: NonNullable<Servers['calendars']>) => ({
  GOOGLE_CLIENT_ID: clientId,
  GOOGLE_CLIENT_SECRET: clientSecret,
  MICROSOFT_CLIENT_ID: clientId,
  MICROSOFT_CLIENT_SECRET: clientSecret,
  CALENDAR_SANDBOX_URL: url,
});

/** The addresses and a demo key, for people and programs; the key of the last start is used again while it is valid. */
async function writeDevFile(path: string, deps: Deps, servers: Servers, api: string, networkId: string): Promise<DevFile> {
  const known = await lastKey(path, deps);
  const apiKey =
    known ?? (await createApiKey(deps.orm.em.fork(), { networkId, clientName: 'demo', scopes: ['book', 'manage', 'ops'] })).apiKey;
  const { temporalUi, temporalAddress, mailUi, mailApi, sms, caldav, calendars, databaseUrl } = servers;
  const calendar = caldav && { calendarUrl: caldav.calendarUrl, username: caldav.username, password: caldav.password };
  const file: DevFile = {
    api,
    apiKey,
    temporalUi,
    temporalAddress,
    mailUi,
    mailApi,
    smsUi: sms?.url ?? null,
    databaseUrl,
    calendar,
    calendarSandbox: calendars?.url ?? null,
  };
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return file;
}

async function lastKey(path: string, deps: Deps): Promise<string | null> {
  try {
    const { apiKey } = JSON.parse(readFileSync(path, 'utf8')) as DevFile;
    await createAuthenticate(deps.orm)({ get: () => `Bearer ${apiKey}` } as never);
    return apiKey;
  } catch {
    return null;
  }
}

async function welcome(deps: Deps, file: DevFile, networkId: string): Promise<void> {
  const slot = await findFreeSlot(deps, networkId);
  say(`
Punctual runs.

  API           ${file.api}   (documentation: ${file.api}/docs)
  Temporal UI   ${file.temporalUi ?? file.temporalAddress}
  Mail inbox    ${file.mailUi ?? 'the server that SMTP_URL names'}
  SMS sandbox   ${file.smsUi ?? 'none: texts go out by the account that TWILIO_ACCOUNT_SID names'}
  What was sent ${file.api}/dev/sent   (what messages look like: ${file.api}/dev/messages)
  ${
    file.calendar
      ? `A calendar    ${file.api}/dev/calendar   (${file.calendar.calendarUrl} by CalDAV)`
      : 'A calendar    none: there is no Python to run a CalDAV server with'
  }
  Google and    ${
    file.calendarSandbox
      ? `${file.calendarSandbox}   (a sandbox in their place)`
      : 'themselves, by the registrations that the environment names'
  }
  Microsoft
  API key       ${file.apiKey}

All of this stands in .punctual/dev.json too.`);
  if (slot && file.calendar) {
    const { calendarUrl, username, password } = file.calendar;
    say(`
Connect a calendar to the barber of the next line, if you like; his visits appear in it, and what you enter there keeps him busy:

  curl -sS ${file.api}/v1/barbers/${slot.barberId}/calendars \\
    -H 'Authorization: Bearer ${file.apiKey}' -H 'Content-Type: application/json' \\
    -d '{"provider":"caldav","serverUrl":"${new URL(calendarUrl).origin}","username":"${username}","password":"${password}","calendarId":"${calendarUrl}"}'`);
  }
  if (slot) {
    say(`
Or his calendar at Google (for Microsoft: graph): this answers an address; open it in a browser and sign in with any e-mail address.

  curl -sS ${file.api}/v1/barbers/${slot.barberId}/calendars/sign-in \\
    -H 'Authorization: Bearer ${file.apiKey}' -H 'Content-Type: application/json' -d '{"provider":"google"}'`);
    say(`
Book ${describeSlot(slot)}:

  curl -sS ${file.api}/v1/appointments \\
    -H 'Authorization: Bearer ${file.apiKey}' \\
    -H 'Idempotency-Key: my-first-booking-${Date.now()}' -H 'Content-Type: application/json' \\
    -d '{"shopId":"${slot.shopId}","serviceId":"${slot.serviceId}","barberId":"${slot.barberId}","startsAt":"${slot.startsAt}","customer":{"name":"Ada Lovelace","email":"ada@example.com","phone":"+351500123456","timeZone":"Europe/London","locale":"en-GB"}}'`);
  }
  say('\nCtrl-C stops all of it.');
}

await runProgram(start);
