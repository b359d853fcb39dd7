/** Limits against abuse. They count bookings, not customers, and every refusal is the same: it tells nobody whether a customer is known. */
import { createHmac } from 'node:crypto';
import type { AppointmentView } from '../db/appointment.ts';
import { readBookingFacts, type BookingFacts } from '../db/booking-facts.ts';
import { isOverLimit, type HourlyLimits } from '../db/booking-limits.ts';
import { visitOf, type Settings } from '../domain/rules.ts';
import { Problem } from '../errors.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';

type Named = { email?: string | undefined; phone?: string | undefined };

const limitsOf = (settings: Settings): HourlyLimits => ({
  perContact: settings.maxHourlyBookingsPerContact,
  perAddress: settings.maxHourlyBookingsPerAddress,
  perKey: settings.maxHourlyBookingsPerKey,
});

export function createBookingLimits({ orm, config }: HttpDeps) {
  async function check(
    { networkId, apiClientId }: Caller,
    limits: HourlyLimits,
    { email, phone }: Named,
    addressHash: string | null,
  ): Promise<void> {
    if (Object.values(limits).every((limit) => limit === null)) return;
    const booker = { networkId, apiClientId, email: email ?? null, phone: phone ?? null, addressHash };
    if (await isOverLimit(orm.em.fork(), booker, limits)) throw new Problem('booking_limit', { retryAfterSeconds: 600 });
  }

  return {
    /**
     * Throws 429 when one more would be too many; answers the hash of the address that the request is stored with, if addresses are
     * counted. What is `letIn`, as a visit of a series that was let in as a whole, is counted only.
     */
    async require(caller: Caller, { candidates }: BookingFacts, asked: Named & { address: string }, letIn = false): Promise<string | null> {
      const settings = candidates.flatMap(({ offers }) => offers)[0]?.settings;
      if (!settings) return null;
      const limits = limitsOf(settings);
      const addressHash =
        limits.perAddress === null
          ? null
          : createHmac('sha256', config.linkSecret).update(`address ${caller.networkId} ${asked.address}`).digest('base64url');
      if (!letIn) await check(caller, limits, asked, addressHash);
      return addressHash;
    },

    /** The same when a hold gets its customer. */
    async requireContact(caller: Caller, { shopId, serviceId, barberId, startsAt }: AppointmentView, named: Named): Promise<void> {
      const at = Date.parse(startsAt);
      const facts = await readBookingFacts(orm.em.fork(), {
        networkId: caller.networkId,
        shopId,
        visit: visitOf(serviceId, barberId),
        window: { from: at, to: at + 1 },
      });
      const settings = 'missing' in facts ? undefined : facts.candidates[0]?.offers[0]?.settings;
      if (settings) await check(caller, { ...limitsOf(settings), perAddress: null, perKey: null }, named, null);
    },
  };
}
