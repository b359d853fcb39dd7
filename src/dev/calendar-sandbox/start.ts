/**
 * Starts the calendar sandbox: Google Calendar and Microsoft Graph on one address of this machine, with a page that shows their calendars.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { requireFreePort } from '../ports.ts';
import type { Log } from '../progress.ts';
import { mountControl } from './control.ts';
import { createFaults, type Faults } from './faults.ts';
import { guard } from './guard.ts';
import { mountGoogle } from './google-routes.ts';
import type { GraphCode } from './graph-errors.ts';
import { mountGraph } from './graph-routes.ts';
import { keepSaving, load } from './keeping.ts';
import { createByHand, type ByHand } from './by-hand.ts';
import { createNotifier } from './notify.ts';
import { mountOauth } from './oauth.ts';
import { mountPage } from './page.ts';
import { faulty, type Server } from './serve.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { emptyState, type Account, type App, type Provider, type State } from './state.ts';
import { createStore, type Store } from './store.ts';
import { createTokens, fullScope, type Tokens } from './tokens.ts';

export interface CalendarSandboxOptions {
  /** 0: any free one. */
  port: number;
  /** Where accounts, events and tokens are kept across restarts; without it they end with the process. */
  runDir?: string;
  log?: Log;
  /** The clock, in epoch milliseconds. */
  now?: () => number;
  settings?: Partial<Settings>;
  /** Programs that may ask for access; without it `punctual` with the secret `sandbox`, from any address of this machine. */
  apps?: App[];
}

export type AddAccount = {
  provider: Provider;
  email: string;
  name?: string;
  timeZone?: string;
  /** Without it all of the calendar. */
  scope?: string;
  clientId?: string;
};
export type AddedAccount = Account & { calendarId: string; accessToken: string; refreshToken: string };

export interface CalendarSandbox {
  /** In a browser a page with all calendars; the control API is below `/sandbox`. */
  url: string;
  /** `rootUrl` for Google's clients. */
  googleUrl: string;
  /** Base address for Graph's, with `/v1.0`. */
  graphUrl: string;
  authorizeUrls: Record<Provider, string>;
  tokenUrls: Record<Provider, string>;
  /** Google's; Microsoft has none. */
  revokeUrl: string;
  clientId: string;
  clientSecret: string;
  /** Makes an account that has already allowed everything. */
  addAccount: (account: AddAccount) => AddedAccount;
  byHand: ByHand;
  faults: Faults;
  settings: Settings;
  store: Store;
  tokens: Tokens;
  counts: Map<string, number>;
  /** Resolves when all notifications have been delivered or given up. */
  notified: () => Promise<void>;
  stop: () => Promise<void>;
}

const defaultApp: App = { clientId: 'punctual', clientSecret: 'sandbox', redirectUris: ['http://127.0.0.1/*', 'http://localhost/*'] };

/** Throws an Error with a sentence when the port is taken. */
export async function startCalendarSandbox({
  port,
  runDir,
  log = () => {},
  now = Date.now,
  settings: given = {},
  apps = [defaultApp],
}: CalendarSandboxOptions): Promise<CalendarSandbox> {
  if (port !== 0) await requireFreePort(port, 'the calendar sandbox', 'CALENDAR_SANDBOX_PORT');
  const file = runDir === undefined ? null : join(runDir, 'calendar-sandbox.json');
  const state: State = file === null ? emptyState() : load(file);
  state.apps.splice(0, state.apps.length, ...apps);
  const settings: Settings = { ...defaultSettings, ...given };
  const store = createStore(now, state);
  const tokens = createTokens(store, settings);
  const app = express();
  const server: Server = { app, store, settings, tokens, faults: createFaults(), counts: new Map() };
  const notifier = createNotifier(settings);
  const http = createServer(app);
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  let expiredCode: GraphCode = 'SyncStateNotFound';
  app.disable('x-powered-by').set('etag', false);
  app.use(guard, express.json({ limit: '1mb' }), express.urlencoded({ extended: false }));
  mountOauth(server);
  mountGoogle(server, notifier, url);
  const subscriptions = mountGraph(server, notifier, url, () => expiredCode);
  const byHand = createByHand(server, subscriptions, url, (code) => {
    expiredCode = code;
  });
  mountControl(server, byHand, subscriptions);
  mountPage(server, byHand);
  app.use(faulty(log));

  // Whatever changes, changes by a request, by hand or with a new account.
  const mark = () =>
    JSON.stringify([
      [...server.counts.values()],
      state.calendars.map(({ revision, epoch }) => [revision, epoch]),
      state.grants.map(({ revoked }) => revoked),
      state.accessTokens.length,
      state.watches.length,
    ]);
  const saving = file === null ? null : keepSaving(file, state, mark);
  log(`Calendar sandbox ready on ${url}`);
  return {
    url,
    googleUrl: `${url}/`,
    graphUrl: `${url}/v1.0`,
    revokeUrl: `${url}/revoke`,
    clientId: apps[0]?.clientId ?? '',
    clientSecret: apps[0]?.clientSecret ?? '',
    authorizeUrls: { google: `${url}/o/oauth2/v2/auth`, graph: `${url}/common/oauth2/v2.0/authorize` },
    tokenUrls: { google: `${url}/token`, graph: `${url}/common/oauth2/v2.0/token` },
    addAccount: ({
      provider,
      email,
      name,
      timeZone = 'Europe/Lisbon',
      scope = fullScope[provider],
      clientId = apps[0]?.clientId ?? '',
    }) => {
      const account = store.addAccount({ provider, email, timeZone, ...(name !== undefined && { name }) });
      const grant = tokens.grant(account, clientId, scope, true);
      return {
        ...account,
        calendarId: store.calendar(account, null)!.id,
        accessToken: tokens.issue(grant).accessToken,
        refreshToken: grant.refreshTokens[0]!,
      };
    },
    byHand,
    faults: server.faults,
    settings,
    store,
    tokens,
    counts: server.counts,
    notified: () => notifier.idle(),
    stop: async () => {
      notifier.stop();
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
      saving?.stop();
    },
  };
}
