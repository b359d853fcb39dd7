/** Composition: opens what the programs share, hands out one object, and closes it again. API and worker are built from the same. */
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { countParked } from './db/delivery.ts';
import { openOrm, type Orm } from './db/orm.ts';
import { createMailer, type Mailer } from './integrations/mail.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openTemporal } from './temporal.ts';
import { defaultPolicy, type Policy } from '../workflows/messages.ts';

export type Deps = {
  config: Config;
  log: Logger;
  orm: Orm;
  temporal: ReturnType<typeof openTemporal>;
  mailer: Mailer;
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
  const metrics = createMetrics(() => countParked(orm.em.fork()));
  return {
    config, log, orm, temporal, mailer, metrics,
    policy: { ...defaultPolicy, reserveWithinSeconds: config.reserveWithinSeconds },
    now: () => new Date(),
    close: async () => {
      mailer.close();
      await temporal.connection.close();
      await orm.close();
    },
  };
}
