/** An endless supply of bookings that will be accepted: each takes the next free slot of the sample network. */
import { randomUUID } from 'node:crypto';
import { readBookingFacts } from '../db/booking-facts.ts';
import { listServices } from '../db/service.ts';
import { listShops } from '../db/shop.ts';
import type { Deps } from '../deps.ts';
import { offeredSlots } from '../domain/availability.ts';
import { visitOf } from '../domain/rules.ts';
import { addDays, toUtc, toWall } from '../domain/time.ts';

const day = 86_400_000;

/**
 * Answers a function that books one slot by HTTP, a new customer each time, and throws unless it was booked. `isMeant` leaves barbers out.
 */
export async function bookingLoop(
  { orm, now }: Pick<Deps, 'orm' | 'now'>,
  networkId: string,
  api: string,
  apiKey: string,
  isMeant: (barberId: string) => boolean = () => true,
): Promise<() => Promise<void>> {
  const em = orm.em.fork();
  const { items: shops } = await listShops(em, networkId, { limit: 100, cursor: null });
  const { items: services } = await listServices(em, networkId, { limit: 100, cursor: null });
  const service = services.find(({ settings }) => !settings.bufferBeforeMinutes && !settings.bufferAfterMinutes)!;
  const visit = visitOf(service.id, null);
  const at = now().getTime();
  const wanted: { shopId: string; barberId: string; startsAt: string }[] = [];
  for (const shop of shops) {
    const facts = await readBookingFacts(em, { networkId, shopId: shop.id, visit, window: { from: at, to: at + 10 * day } });
    if ('missing' in facts) continue;
    const from = addDays(toWall(at, shop.timeZone).date, 2);
    const ends = new Map<string, number>();
    for (const slot of offeredSlots({ ...facts, visit, from, to: addDays(from, 6), now: at })) {
      if (!isMeant(slot.barberId)) continue;
      // Slots of one barber must not overlap each other.
      if ((ends.get(slot.barberId) ?? 0) > slot.startsAt) continue;
      ends.set(slot.barberId, slot.endsAt);
      wanted.push({ shopId: shop.id, barberId: slot.barberId, startsAt: toUtc(slot.startsAt) });
    }
  }
  // Neighbours in this order are other shops, as on a real day; the stride visits each once, being prime to the length.
  const stride = 7919;
  let next = 0;
  return async () => {
    const slot = wanted[(next * stride) % wanted.length]!;
    next += 1;
    if (next > wanted.length) throw new Error(`there are only ${wanted.length} slots to book`);
    const tag = randomUUID();
    const response = await fetch(`${api}/v1/appointments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': tag },
      body: JSON.stringify({
        ...slot,
        serviceId: service.id,
        customer: { name: 'Bench', email: `${tag}@example.com`, phone: `+35150${String(next).padStart(7, '0')}` },
      }),
    });
    if (response.status !== 201) throw new Error(`a booking was answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  };
}
