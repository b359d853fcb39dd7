/** Composition: opens what the programs share, hands out one object, and closes it again. API and worker are built from the same. */
import { pino, type Logger } from 'pino';
import { createCalendarAccounts, type CalendarAccounts } from './calendar-accounts.ts';
import type { Config } from './config.ts';
import { readSecrets, replaceSecrets } from './db/calendar-connection.ts';
import { countParked } from './db/dead-letter.ts';
import { createAddressMarks, type AddressMarks } from './db/address-mark.ts';
import { countLate } from './db/delivery-summary.ts';
import { openOrm, type Orm } from './db/orm.ts';
import { createOauthClient } from './integrations/calendar/oauth.ts';
import { createCalendarOpener, type CalendarOpener } from './integrations/calendar/open.ts';
import { createPace } from './integrations/calendar/pace.ts';
import { createGuardedFetch } from './integrations/guarded-fetch.ts';
import { createMailer, type Mailer } from './integrations/mail.ts';
import { createSealer } from './integrations/sealing.ts';
import { createTexter, type Texter } from './integrations/sms.ts';
import { smsStatusPath } from './integrations/sms-paths.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openTemporal } from './temporal.ts';
import { defaultPolicy, type Policy } from '../workflows/messages.ts';

export type Deps = {
  config: Config;
  log: Logger;
  orm: Orm;
  temporal: ReturnType<typeof openTemporal>;
  mailer: Mailer;
  /** Null: SMS is off. */
  texter: Texter | null;
  calendars: CalendarOpener;
  calendarAccounts: CalendarAccounts;
  marks: AddressMarks;
  metrics: Metrics;
  policy: Policy;
  now: () => Date;
  close: () => Promise<void>;
};

/** Opens everything without waiting for anything: programs start while their servers are away, say so in `/readyz`, and recover. */
export async function openDeps(config: Config): Promise<Deps> {
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const orm = await openOrm({ databaseUrl: config.databaseUrl, poolSize: config.databasePoolSize });
  const temporal = openTemporal(config);
  const mailer = createMailer({ smtpUrl: config.smtpUrl });
  const { twilio } = config;
  const texter =
    twilio &&
    createTexter({
      accountSid: twilio.accountSid,
      authToken: twilio.authToken,
      from: twilio.from,
      ...(twilio.apiUrl && { apiUrl: twilio.apiUrl }),
      ...(twilio.callsUs && { statusCallback: (deliveryId) => `${config.publicUrl}${smsStatusPath(deliveryId)}` }),
    });
  const { keys, allowLoopback } = config.calendars;
  const sealer = keys.length > 0 ? createSealer(keys) : null;
  const guard = createGuardedFetch({ allowLoopback });
  const now = () => new Date();
  const { google, graph } = config.calendars.signIns;
  // A write is two requests: a look, and the writing. Microsoft counts ten minutes together, so bursts do no harm there.
  const turn = createPace(2 * config.perSecond.google);
  const signIns = {
    google: google && { client: createOauthClient('google', google), apiUrl: google.apiUrl, turn },
    graph: graph && { client: createOauthClient('graph', graph), apiUrl: graph.apiUrl },
  };
  const store = {
    read: (id: string) => readSecrets(orm.em.fork(), id),
    replace: (id: string, old: string, secrets: string) => replaceSecrets(orm.em.fork(), id, old, secrets),
  };
  const calendars = createCalendarOpener({ sealer, fetch: guard.fetch, signIns, store, now });
  const calendarAccounts = createCalendarAccounts({ sealer, fetch: guard.fetch, signIns, log, now });
  const marks = createAddressMarks(orm, config.addressSecret);
  const metrics = createMetrics(
    () => countParked(orm.em.fork()),
    () => countLate(orm.em.fork()),
  );
  return {
    config,
    log,
    orm,
    temporal,
    mailer,
    texter,
    calendars,
    calendarAccounts,
    marks,
    metrics,
    policy: { ...defaultPolicy, reserveWithinSeconds: config.reserveWithinSeconds },
    now,
    close: async () => {
      mailer.close();
      await guard.close();
      await temporal.connection.close();
      await orm.close();
    },
  };
}
