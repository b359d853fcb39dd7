/** A real free slot of the sample network, for the line that a new user copies. */
import { readBookingFacts } from '../db/booking-facts.ts';
import { listServices } from '../db/service.ts';
import { listShops } from '../db/shop.ts';
import type { Deps } from '../deps.ts';
import { offeredSlots } from '../domain/availability.ts';
import { visitOf } from '../domain/rules.ts';
import { addDays, toUtc, toWall } from '../domain/time.ts';

export type FreeSlot = {
  shopId: string;
  shopName: string;
  serviceId: string;
  serviceName: string;
  barberId: string;
  startsAt: string;
  local: string;
};

const day = 86_400_000;

/** The first free slot from tomorrow on, in the first shop that has one; null when there is none within a week. */
export async function findFreeSlot({ orm, now }: Pick<Deps, 'orm' | 'now'>, networkId: string): Promise<FreeSlot | null> {
  const em = orm.em.fork();
  const { items: shops } = await listShops(em, networkId, { limit: 5, cursor: null });
  const { items: services } = await listServices(em, networkId, { limit: 1, cursor: null });
  const at = now().getTime();
  for (const shop of shops) {
    for (const service of services) {
      const visit = visitOf(service.id, null);
      const facts = await readBookingFacts(em, { networkId, shopId: shop.id, visit, window: { from: at - day, to: at + 9 * day } });
      if ('missing' in facts) continue;
      const tomorrow = addDays(toWall(at, shop.timeZone).date, 1);
      const [slot] = offeredSlots({ ...facts, visit, from: tomorrow, to: addDays(tomorrow, 6), now: at });
      if (slot) {
        const wall = toWall(slot.startsAt, shop.timeZone);
        return {
          shopId: shop.id,
          shopName: shop.name,
          serviceId: service.id,
          serviceName: service.name,
          barberId: slot.barberId,
          startsAt: toUtc(slot.startsAt),
          local: `${wall.date} at ${wall.time} (${shop.timeZone})`,
        };
      }
    }
  }
  return null;
}

export const describeSlot = (slot: FreeSlot): string => `"${slot.serviceName}" at ${slot.shopName} on ${slot.local}`;
