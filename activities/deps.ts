import type { LinkMaker } from '../src/db/self-service.ts';
import type { Mailer } from '../src/integrations/mail.ts';
import type { Metrics } from '../src/metrics.ts';
import type { Orm } from '../src/db/orm.ts';

/** What activities need, handed in once by the worker. `now` is the clock; tests turn it. */
export type ActivityDeps = {
  orm: Orm;
  mailer: Mailer;
  mailFrom: string;
  /** Makes the links that customers' messages carry. */
  links: LinkMaker;
  metrics: Metrics;
  now: () => Date;
};
