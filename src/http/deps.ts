import type { Client, Connection } from '@temporalio/client';
import type { Logger } from 'pino';
import type { CalendarAccounts } from '../calendar-accounts.ts';
import type { Config } from '../config.ts';
import type { AddressMarks } from '../db/address-mark.ts';
import type { Orm } from '../db/orm.ts';
import type { Metrics } from '../metrics.ts';
import type { Policy } from '../../workflows/messages.ts';

/** What the API needs, handed in once. */
export type HttpDeps = {
  config: Config;
  orm: Orm;
  temporal: { client: Client; connection: Connection };
  policy: Policy;
  /** What is known of addresses themselves. */
  marks: AddressMarks;
  calendarAccounts: CalendarAccounts;
  metrics: Metrics;
  log: Logger;
  now: () => Date;
};
