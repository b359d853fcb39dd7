/** How deliveries stand, over HTTP: the daily look whether all that was due has gone. */
import { z } from 'zod';
import { summariseDeliveries } from '../db/delivery-summary.ts';
import { deliveryKinds } from '../domain/effects.ts';
import { DAY } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { instant } from './schemas.ts';

const mostDays = 62;

const summary = z
  .object({
    kind: z.enum(deliveryKinds),
    due: z.int(),
    delivered: z.int(),
    bounced: z.int(),
    undone: z.int(),
    parked: z.int(),
    skipped: z.int(),
    open: z.int(),
    late: z.int().meta({
      description: 'Neither ended nor taken back, ten minutes after its time. Zero, unless a backlog drains slowly or something is broken.',
    }),
  })
  .meta({ id: 'DeliverySummary' });

export function deliverySummaryRoutes({ orm, now }: HttpDeps): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/deliveries/summary',
      scope: 'manage',
      tag: 'Dead letters',
      summary: 'Count what was due, and what became of it',
      description:
        `By kind; what was due in the last 24 hours, unless told otherwise. At most ${mostDays} days. ` +
        'Reminders have their own kind, so due minus sent can be read off it.',
      query: z.strictObject({ from: instant.optional(), to: instant.optional() }),
      answers: {
        200: { description: 'The counts.', body: z.object({ from: z.string(), to: z.string(), items: z.array(summary), late: z.int() }) },
      },
      problems: ['invalid_request'],
      handle: async ({ caller, query }) => {
        const to = query.to ?? now().getTime();
        const from = query.from ?? to - DAY;
        if (from >= to) throw new Problem('invalid_request', { faults: [{ path: 'to', message: 'must be after from' }] });
        if (to - from > mostDays * DAY)
          throw new Problem('invalid_request', { faults: [{ path: 'to', message: `must be at most ${mostDays} days after from` }] });
        const range = [new Date(from).toISOString(), new Date(to).toISOString()] as const;
        const items = await summariseDeliveries(orm.em.fork(), caller.networkId, ...range);
        return { status: 200, body: { from: range[0], to: range[1], items, late: items.reduce((sum, { late }) => sum + late, 0) } };
      },
    }),
  ];
}
