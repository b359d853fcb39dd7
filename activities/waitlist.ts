/** Offers to those who wait. */
import { prepareOffers, type OfferQuery, type PreparedOffer } from '../src/db/waitlist.ts';
import type { ActivityDeps } from './deps.ts';

export function createWaitlistActivities({ orm, now }: ActivityDeps) {
  return {
    /** Claims a time for each offer before it answers; repeating with the same cause answers the offers that were made for it. */
    async prepareOffers(query: OfferQuery): Promise<PreparedOffer[]> {
      return prepareOffers(orm.em.fork(), query, now());
    },
  };
}
