/** What can be booked: the same function that decides about a booking, over one read. */
import { z } from 'zod';
import { readBookingFacts } from '../db/booking-facts.ts';
import { findShop } from '../db/shop.ts';
import { offeredSlots } from '../domain/availability.ts';
import { endInstant, startInstant, toUtc, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { localDate, uuid } from './schemas.ts';

const maxDays = 60;
const day = 86_400_000;
const query = z.strictObject({ shopId: uuid, serviceId: uuid, barberId: uuid.optional(), from: localDate, to: localDate })
  .refine(({ from, to }) => to >= from, { path: ['to'], message: 'must not be before "from"' })
  .refine(({ from, to }) => Date.parse(to) - Date.parse(from) < maxDays * day, { path: ['to'], message: `must be less than ${maxDays} days after "from"` });
const answer = z.object({
  timeZone: z.string(),
  slots: z.array(z.object({ startsAt: z.string(), endsAt: z.string(), startsAtLocal: z.string(), barberId: z.string() })),
}).meta({ id: 'Availability' });

export function availabilityRoutes({ orm, now }: HttpDeps): Route[] {
  return [
    route({
      method: 'get', path: '/v1/availability', scope: 'book', tag: 'Appointments', summary: 'List the times that can be booked',
      description: 'Local dates in the shop\'s zone, both included, at most 60 days. Without barberId, every barber of the shop.', query,
      answers: { 200: { description: 'Free times by start.', body: answer } }, problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, query: { shopId, serviceId, barberId, from, to } }) => {
        const em = orm.em.fork();
        const shop = await findShop(em, caller.networkId, shopId);
        if (!shop) throw new Problem('not_found', { detail: 'There is no such shop.' });
        const window = { from: startInstant(from, 0, shop.timeZone) - day, to: endInstant(to, 1440, shop.timeZone) + 2 * day };
        const facts = await readBookingFacts(em, { networkId: caller.networkId, shopId, serviceId, barberId: barberId ?? null, window });
        if ('missing' in facts) throw new Problem('not_found', { faults: [{ path: facts.missing, message: 'is not known in this network, or not there' }] });
        const slots = offeredSlots({ ...facts, from, to, now: now().getTime() });
        return {
          status: 200,
          body: {
            timeZone: facts.shop.timeZone,
            slots: slots.map((slot) => ({
              startsAt: toUtc(slot.startsAt), endsAt: toUtc(slot.endsAt), startsAtLocal: toWall(slot.startsAt, facts.shop.timeZone).iso, barberId: slot.barberId,
            })),
          },
        };
      },
    }),
  ];
}
