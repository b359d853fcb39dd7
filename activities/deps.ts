import type { Logger } from 'pino';
import type { LinkMaker } from '../src/db/self-service.ts';
import type { AddressMarks } from '../src/db/address-mark.ts';
import type { Mailer } from '../src/integrations/mail.ts';
import type { CalendarOpener } from '../src/integrations/calendar/open.ts';
import type { Texter } from '../src/integrations/sms.ts';
import type { Metrics } from '../src/metrics.ts';
import type { Orm } from '../src/db/orm.ts';

/** What activities need, handed in once by the worker. `now` is the clock; tests turn it. */
export type ActivityDeps = {
  log: Pick<Logger, 'warn' | 'info'>;
  orm: Orm;
  mailer: Mailer;
  mailFrom: string;
  /** Null where no provider for SMS is set up: that way is then off. */
  texter: Texter | null;
  /** Opens what barbers have connected. */
  calendars: CalendarOpener;
  marks: AddressMarks;
  /** Makes the links that customers' messages carry. */
  links: LinkMaker;
  /** Leads the owner of a calendar to where he signs in again. */
  signInLinks: { url: (calendar: { id: string; signedOutAt: string }) => string };
  metrics: Metrics;
  now: () => Date;
};
