/** Offers to those who wait. */
import { expireEntries, prepareOffers, type OfferQuery, type PreparedOffer } from '../src/db/offering.ts';
import type { ActivityDeps } from './deps.ts';

export function createWaitlistActivities({ orm, now }: ActivityDeps) {
  return {
    /** Claims a time for each offer before it answers; repeating with the same cause answers the offers that were made for it. */
    async prepareOffers(query: OfferQuery): Promise<PreparedOffer[]> {
      if (!query.shopId && !query.appointmentId) await expireEntries(orm.em.fork(), now());
      return prepareOffers(orm.em.fork(), query, now());
    },
  };
}
