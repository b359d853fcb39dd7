/**
 * What a network knows of a customer that decides about a booking: visits to come, and strikes. Read under the lock of the customer's row.
 */
import { judgeStrikes, type BookingPolicy } from '../domain/policy.ts';
import { localDay } from '../domain/timetable.ts';
import type { EntityManager } from './orm.ts';

/** The customer has as many visits as the rules allow; thrown inside the claim, where no twin can come between. */
export class CustomerLimit extends Error {}

/** The customer has so many strikes that the shop takes no bookings online. */
export class NotAccepted extends Error {}

export type Booking = {
  networkId: string;
  customerId: string;
  /** Not counted: it is the one that is asked about. */
  appointmentId: string;
  startsAt: number;
  timeZone: string;
};

/** Whether anything about the customer matters; most shops have no such rule, and then nothing is asked. */
export const hasLimits = ({
  maxVisitsPerCustomerDay,
  maxUpcomingVisitsPerCustomer,
  strikesForApproval,
  strikesForBlock,
}: BookingPolicy): boolean =>
  [maxVisitsPerCustomerDay, maxUpcomingVisitsPerCustomer, strikesForApproval, strikesForBlock].some((limit) => limit !== null);

/**
 * Throws `CustomerLimit` or `NotAccepted`, or answers whether the record asks for approval. The customer's row is locked, so that twins at
 * different barbers, who share no diary, wait here.
 */
export async function judgeCustomer(tx: EntityManager, booking: Booking, policy: BookingPolicy, now: Date): Promise<'free' | 'approval'> {
  const { networkId, customerId, appointmentId, startsAt, timeZone } = booking;
  const { maxVisitsPerCustomerDay, maxUpcomingVisitsPerCustomer, strikeWindowDays } = policy;
  if (!hasLimits(policy)) return 'free';
  const day = localDay(startsAt, timeZone);
  await tx.execute('select from customer where id = ? and network_id = ? for no key update', [customerId, networkId]);
  const [count] = await tx.execute<{ on_day: number; upcoming: number; strikes: number }[]>(
    `select
       count(*) filter (where a.starts_at >= ? and a.starts_at < ? and a.live)::int as on_day,
       count(*) filter (where a.starts_at > ? and a.live)::int as upcoming,
       count(*) filter (
         where (a.status = 'no_show' or a.cancelled_late)
           and a.forgiven_at is null
           and a.ended_at > ?::timestamptz - make_interval(days => ?))::int as strikes
     from (
       select *, status in ('held', 'pending_approval', 'confirmed', 'checked_in', 'started', 'completed') as live
       from appointment) a
     where a.customer_id = ? and a.network_id = ? and a.id <> ?`,
    [new Date(day.from), new Date(day.to), now, now, strikeWindowDays, customerId, networkId, appointmentId],
  );
  const { on_day, upcoming, strikes } = count!;
  if (on_day >= (maxVisitsPerCustomerDay ?? Infinity) || upcoming >= (maxUpcomingVisitsPerCustomer ?? Infinity)) throw new CustomerLimit();
  const verdict = judgeStrikes(strikes, policy);
  if (verdict === 'block') throw new NotAccepted();
  return verdict;
}
