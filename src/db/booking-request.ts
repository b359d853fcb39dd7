/** What was asked under an Idempotency-Key, who asked (the contact), and what was decided. */
import type { Outcome } from '../domain/appointment.ts';
import { isReferenced } from './faults.ts';
import type { EntityManager } from './orm.ts';

export type StoredRequest = {
  fingerprint: string;
  outcome: Outcome | null;
  createdAt: string;
  expired: boolean;
};

export type RequestLookup = {
  /** The request stored under this id, if any. */
  request: StoredRequest | null;
  /** An appointment with this id exists although its request was purged long ago. */
  appointmentExists: boolean;
  /** The customer whom the network knows by this phone or e-mail; the phone counts first. */
  customerId: string | null;
};

/** One read for two questions: was this key used, and do we know this person? `phone` and `email` are normalised. */
export async function lookUpRequest(
  em: EntityManager,
  ask: { networkId: string; id: string; email: string; phone: string | null },
): Promise<RequestLookup> {
  type Row = { fingerprint: string | null; outcome: Outcome | null; created_at: string | null; expired: boolean; appointment_exists: boolean; customer_id: string | null };
  const [row] = await em.execute<Row[]>(
    `select r.fingerprint, r.outcome, r.created_at, coalesce(r.created_at < now() - interval '7 days', false) as expired,
       exists (select from appointment a where a.id = k.id) as appointment_exists,
       coalesce((select customer_id from contact where network_id = k.network_id and phone = k.phone limit 1),
                (select customer_id from contact where network_id = k.network_id and lower(email) = k.email limit 1)) as customer_id
     from (select ?::uuid as id, ?::uuid as network_id, ?::text as phone, ?::text as email) k
     left join booking_request r on r.id = k.id and r.network_id = k.network_id`,
    [ask.id, ask.networkId, ask.phone, ask.email],
  );
  return {
    request: row?.fingerprint ? { fingerprint: row.fingerprint, outcome: row.outcome, createdAt: row.created_at!, expired: row.expired } : null,
    appointmentExists: row?.appointment_exists ?? false,
    customerId: row?.customer_id ?? null,
  };
}

export type NewRequest = {
  id: string;
  networkId: string;
  apiClientId: string;
  fingerprint: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  startsAt: Date;
  customerTimeZone: string;
};

export type NewContact = { name: string; email: string; phone: string | null; timeZone: string; locale: string };

const columns = 'id, network_id, api_client_id, fingerprint, shop_id, service_id, barber_id, starts_at, customer_time_zone';
const columnValues = (r: NewRequest) => [r.id, r.networkId, r.apiClientId, r.fingerprint, r.shopId, r.serviceId, r.barberId, r.startsAt, r.customerTimeZone];

/** Stores a refusal that needed no workflow. A rival with the same key keeps what it stored first. */
export async function storeRefusal(em: EntityManager, request: NewRequest, outcome: Outcome): Promise<void> {
  await em.execute(
    `insert into booking_request (${columns}, outcome, decided_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, now()) on conflict (id) do nothing`,
    [...columnValues(request), JSON.stringify(outcome)],
  );
}

/**
 * Writes the request and the contact before the workflow starts, so that only ids travel further. A person seen for the first time gets a
 * customer; two first bookings of one person at the same moment wait for each other (advisory locks, always in the same order).
 * @returns false when a request with this id was there already: then nothing is written.
 */
export async function storeRequest(
  em: EntityManager,
  request: NewRequest,
  contact: NewContact,
  known: { customerId: string | null; newCustomerId: string },
): Promise<boolean> {
  const write = async (tx: EntityManager, customerId: string, isNew: boolean) => {
    const [row] = await tx.execute<{ id: string }[]>(
      `with request as (insert into booking_request (${columns}, customer_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing returning id),
       newcomer as (insert into customer (id, network_id) select ?::uuid, ?::uuid from request where ?::boolean on conflict do nothing)
       insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale)
       select request.id, ?::uuid, ?::uuid, ?::text, ?::text, ?::text, ?::text, ?::text from request returning id`,
      [
        ...columnValues(request), customerId,
        customerId, request.networkId, isNew,
        request.networkId, customerId, contact.name, contact.email, contact.phone, contact.timeZone, contact.locale,
      ],
    );
    return row !== undefined;
  };
  if (known.customerId !== null) {
    try {
      return await write(em, known.customerId, false);
    } catch (error) {
      // Purged since the look-up: this person is new after all.
      if (!isReferenced(error)) throw error;
    }
  }
  return em.transactional(async (tx) => {
    const handles = [contact.phone, contact.email.toLowerCase()].filter((handle) => handle !== null).sort();
    for (const handle of handles) await tx.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${request.networkId} ${handle}`]);
    const { customerId } = await lookUpRequest(tx, { networkId: request.networkId, id: request.id, email: contact.email.toLowerCase(), phone: contact.phone });
    return write(tx, customerId ?? known.newCustomerId, customerId === null);
  });
}

/**
 * Notes that the caller is told "pending", unless the decision is there by now; the row lock makes exactly one of the two true.
 * @returns the outcome if it had been decided, else null: the workflow will mail whatever it decides.
 */
export async function markToldPending(em: EntityManager, networkId: string, id: string): Promise<Outcome | null> {
  const [row] = await em.execute<{ outcome: Outcome | null }[]>(
    `update booking_request set told_pending_at = case when outcome is null then coalesce(told_pending_at, now()) else told_pending_at end
     where id = ? and network_id = ? returning outcome`,
    [id, networkId],
  );
  return row?.outcome ?? null;
}

/** Forgets a request that never reached a workflow, with its contact; a decided one stays. */
export async function forgetRequest(em: EntityManager, networkId: string, id: string): Promise<void> {
  const gone = await em.execute<{ id: string }[]>('delete from booking_request where id = ? and network_id = ? and outcome is null returning id', [id, networkId]);
  if (gone.length > 0) await purgeContact(em, networkId, id);
}

/** Deletes the contact of a booking that was refused, and the customer if nothing else is known of them. Repeating is harmless. */
export async function purgeContact(em: EntityManager, networkId: string, id: string): Promise<void> {
  await em.execute(
    `with gone as (delete from contact where id = ? and network_id = ? returning customer_id)
     delete from customer c using gone where c.id = gone.customer_id
       and not exists (select from contact k where k.customer_id = c.id and k.id <> ?)
       and not exists (select from appointment a where a.customer_id = c.id)`,
    [id, networkId, id],
  );
}
