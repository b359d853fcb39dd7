/**
 * How often somebody has booked, or begun to wait, within the last hour: counted by what is stored anyway, so that counting costs no write.
 */
import type { EntityManager } from './orm.ts';
import { prepare } from './prepared.ts';

/** Null limits are not looked at. */
export type HourlyLimits = { perContact: number | null; perAddress: number | null; perKey: number | null };
export type Booker = { networkId: string; apiClientId: string; email: string | null; phone: string | null; addressHash: string | null };

const count = prepare(
  'booking-limits',
  `
  select
    (select count(*)::int from contact
     where network_id = ?::uuid and phone = ?::text and created_at > now() - interval '1 hour') as "byPhone",
    (select count(*)::int from contact
     where network_id = ?::uuid and lower(email) = ?::text and created_at > now() - interval '1 hour') as "byEmail",
    case
      when ?::bool then
        (select count(*)::int from booking_request
         where address_hash = ?::text and created_at > now() - interval '1 hour')
        + (select count(*)::int from waitlist_entry
           where address_hash = ?::text and created_at > now() - interval '1 hour')
      else 0
    end as "byAddress",
    case
      when ?::bool then
        (select count(*)::int from booking_request
         where network_id = ?::uuid and api_client_id = ?::uuid and entry <> 'offer' and created_at > now() - interval '1 hour')
        + (select count(*)::int from waitlist_entry
           where api_client_id = ?::uuid and created_at > now() - interval '1 hour')
      else 0
    end as "byKey"`,
);

/**
 * Whether one more booking would be too many. What runs at the same moment is not seen, so a limit may be passed by as many as come at
 * once: it is there against floods, and exact limits are those of the customer's visits.
 */
export async function isOverLimit(
  em: EntityManager,
  { networkId, apiClientId, email, phone, addressHash }: Booker,
  limits: HourlyLimits,
): Promise<boolean> {
  const [perAddress, perKey] = [limits.perAddress !== null && addressHash !== null, limits.perKey !== null];
  const [row] = await count<{ byPhone: number; byEmail: number; byAddress: number; byKey: number }>(em, [
    networkId,
    phone,
    networkId,
    email?.toLowerCase() ?? null,
    perAddress,
    addressHash,
    addressHash,
    perKey,
    networkId,
    apiClientId,
    apiClientId,
  ]);
  const { byPhone, byEmail, byAddress, byKey } = row!;
  return (
    Math.max(byPhone, byEmail) >= (limits.perContact ?? Infinity) ||
    byAddress >= (limits.perAddress ?? Infinity) ||
    byKey >= (limits.perKey ?? Infinity)
  );
}
