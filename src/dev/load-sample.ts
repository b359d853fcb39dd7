/** Loads the sample network into an empty database. A database that has it keeps what was changed since. */
import { Assignment, Barber } from '../db/entities/barber.ts';
import { Network, Service, Shop, ShopClosure } from '../db/entities/network.ts';
import type { Orm } from '../db/orm.ts';
import { sampleId, sampleNetwork } from './sample-network.ts';

/** Answers the network's id, and whether it was loaded just now. */
export async function loadSample(orm: Orm): Promise<{ networkId: string; loaded: boolean }> {
  const { network, shops, barbers, services } = sampleNetwork();
  return orm.em.fork().transactional(async (em) => {
    if (await em.findOne(Network, { id: network.id })) return { networkId: network.id, loaded: false };
    const networkId = network.id;
    await em.insert(Network, network);
    await em.insertMany(
      Shop,
      shops.map(({ closures: _, ...shop }) => ({ ...shop, networkId, archivedAt: null, version: 1 })),
    );
    await em.insertMany(
      ShopClosure,
      shops.flatMap((shop) =>
        shop.closures.map((closure) => ({
          id: sampleId(`closure/${shop.slug}/${closure.fromDate}`),
          networkId,
          shopId: shop.id,
          version: 1,
          ...closure,
        })),
      ),
    );
    await em.insertMany(
      Service,
      services.map(({ namePt: _, bufferBeforeMinutes, bufferAfterMinutes, settings, ...service }) => ({
        ...service,
        networkId,
        archivedAt: null,
        version: 1,
        segments: [{ kind: 'busy' as const, minutes: service.durationMinutes }],
        settings: { ...settings, ...(bufferBeforeMinutes && { bufferBeforeMinutes }), ...(bufferAfterMinutes && { bufferAfterMinutes }) },
      })),
    );
    await em.insertMany(
      Barber,
      barbers.map(({ assignments: _, ...barber }) => ({ ...barber, networkId, archivedAt: null, version: 1 })),
    );
    await em.insertMany(
      Assignment,
      barbers.flatMap((barber) =>
        barber.assignments.map(({ shopId, hours, breaks }) => ({
          id: sampleId(`assignment/${barber.id}/${shopId}`),
          networkId,
          barberId: barber.id,
          shopId,
          version: 1,
          periods: [{ fromDate: null, toDate: null, hours, breaks }],
        })),
      ),
    );
    return { networkId, loaded: true };
  });
}
