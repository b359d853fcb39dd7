/** What was asked under an Idempotency-Key, who asked (the contact), and what was decided. */
import type { Outcome } from '../domain/outcome.ts';
import type { EntryKind } from '../domain/change.ts';
import type { Visit } from '../domain/rules.ts';
import type { EntityManager } from './orm.ts';
import { prepare } from './prepared.ts';

export type NewRequest = {
  id: string;
  networkId: string;
  apiClientId: string;
  fingerprint: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  /** Of a visit of several services, what was asked; else null. */
  wishes: Visit | null;
  startsAt: Date;
  customerTimeZone: string;
  entry: EntryKind;
  /** A keyed hash of where the call came from, if that is counted. */
  addressHash?: string | null;
};

export type NewContact = { name: string; email: string | null; phone: string | null; timeZone: string; locale: string };

const columns =
  'id, network_id, api_client_id, fingerprint, shop_id, service_id, barber_id, wishes, starts_at, customer_time_zone, entry, address_hash';
const columnValues = (r: NewRequest) => [
  r.id,
  r.networkId,
  r.apiClientId,
  r.fingerprint,
  r.shopId,
  r.serviceId,
  r.barberId,
  r.wishes && JSON.stringify(r.wishes),
  r.startsAt,
  r.customerTimeZone,
  r.entry,
  r.addressHash ?? null,
];

/** Stores a refusal that needed no workflow. A rival with the same key keeps what it stored first. */
export async function storeRefusal(em: EntityManager, request: NewRequest, outcome: Outcome): Promise<void> {
  await em.execute(
    `insert into booking_request (${columns}, outcome, decided_at)
     values (?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?::jsonb, now())
     on conflict (id) do nothing`,
    [...columnValues(request), JSON.stringify(outcome)],
  );
}

const insertRequest = prepare(
  'store-request',
  `with request as (
    insert into booking_request (${columns}, customer_id)
    select ?::uuid, ?::uuid, ?::uuid, ?::text, ?::uuid, ?::uuid, ?::uuid, ?::jsonb, ?::timestamptz, ?::text, ?::text, ?::text,
      meet_customer(?::uuid, ?::text, ?::text, ?::uuid)
    where not exists (select from booking_request where id = ?::uuid)
    on conflict (id) do nothing
    returning id, network_id, customer_id)
  insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale)
  select id, network_id, customer_id, ?::text, ?::text, ?::text, ?::text, ?::text
  from request
  returning id`,
);

/**
 * Writes the request and the contact before the workflow starts, so that only ids travel further, in one round trip. The contact's customer
 * is whom the network knows by this phone or e-mail, else `newCustomerId` becomes one.
 * @returns false when a request with this id was there already: then nothing is written.
 */
export async function storeRequest(em: EntityManager, request: NewRequest, contact: NewContact, newCustomerId: string): Promise<boolean> {
  const [row] = await insertRequest<{ id: string }>(em, [
    ...columnValues(request),
    request.networkId,
    contact.phone,
    contact.email?.toLowerCase() ?? null,
    newCustomerId,
    request.id,
    contact.name,
    contact.email,
    contact.phone,
    contact.timeZone,
    contact.locale,
  ]);
  return row !== undefined;
}

/** The same for a hold, which is nobody's yet. */
export async function storeHold(em: EntityManager, request: NewRequest): Promise<boolean> {
  const rows = await em.execute<{ id: string }[]>(
    `insert into booking_request (${columns})
     values (?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)
     on conflict (id) do nothing
     returning id`,
    columnValues(request),
  );
  return rows.length > 0;
}

/**
 * Writes who confirms a hold, before the workflow is asked, so that only ids travel. `other` is a contact that somebody gave before: then
 * nothing is written.
 */
export async function giveContact(
  em: EntityManager,
  ids: { networkId: string; appointmentId: string },
  contact: NewContact,
  newCustomerId: string,
): Promise<'written' | 'same' | 'other'> {
  const { networkId, appointmentId } = ids;
  const values = [contact.name, contact.email, contact.phone, contact.timeZone, contact.locale];
  const [row] = await em.execute<{ id: string }[]>(
    `insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale)
     select ?::uuid, ?::uuid, meet_customer(?::uuid, ?::text, ?::text, ?::uuid), ?::text, ?::text, ?::text, ?::text, ?::text
     where not exists (select from contact where id = ?::uuid)
     on conflict (id) do nothing
     returning id`,
    [appointmentId, networkId, networkId, contact.phone, contact.email?.toLowerCase() ?? null, newCustomerId, ...values, appointmentId],
  );
  return row ? 'written' : (await isContact(em, ids, contact)) ? 'same' : 'other';
}

/** Whether this, to the letter, is who was written down before. */
export async function isContact(
  em: EntityManager,
  { networkId, appointmentId }: { networkId: string; appointmentId: string },
  { name, email, phone, timeZone, locale }: NewContact,
): Promise<boolean> {
  const [same] = await em.execute<{ id: string }[]>(
    `select id from contact
     where id = ? and network_id = ?
       and (name, email, phone, time_zone, locale) is not distinct from (?::text, ?::text, ?::text, ?::text, ?::text)`,
    [appointmentId, networkId, name, email, phone, timeZone, locale],
  );
  return same !== undefined;
}

/** Takes the contact of a hold back that could not be confirmed, so that somebody else may try. */
export async function takeContactBack(em: EntityManager, ids: { networkId: string; appointmentId: string }): Promise<void> {
  const [held] = await em.execute<{ id: string }[]>(`select id from appointment where id = ? and customer_id is null`, [ids.appointmentId]);
  if (held) await purgeContact(em, ids.networkId, ids.appointmentId);
}

/**
 * Notes that the caller is told "pending", unless the decision is there by now; the row lock makes exactly one of the two true.
 * @returns the outcome if it had been decided, else null: the workflow will mail whatever it decides.
 */
export async function markToldPending(em: EntityManager, networkId: string, id: string): Promise<Outcome | null> {
  const [row] = await em.execute<{ outcome: Outcome | null }[]>(
    `update booking_request
     set told_pending_at = case when outcome is null then coalesce(told_pending_at, now()) else told_pending_at end
     where id = ? and network_id = ?
     returning outcome`,
    [id, networkId],
  );
  return row?.outcome ?? null;
}

/** Forgets a request that never reached a workflow, with its contact; a decided one stays. */
export async function forgetRequest(em: EntityManager, networkId: string, id: string): Promise<void> {
  const gone = await em.execute<{ id: string }[]>(
    'delete from booking_request where id = ? and network_id = ? and outcome is null returning id',
    [id, networkId],
  );
  if (gone.length > 0) await purgeContact(em, networkId, id);
}

/**
 * Deletes the contact of a booking that was refused, and the customer if nothing else is known of them; not before the mail about it has
 * ended, or is of no more use: a person, or a sign-in that works again, may have it tried once more. Repeating is harmless.
 */
export async function purgeContact(em: EntityManager, networkId: string, id: string): Promise<void> {
  await em.execute(
    `with gone as (
       delete from contact c
       where id = ? and network_id = ?
         and not exists (
           select from delivery d
           where d.appointment_id = c.id
             and d.state in ('due', 'in_flight', 'parked', 'bounced')
             and d.useful_until > now())
       returning customer_id)
     delete from customer c
     using gone
     where c.id = gone.customer_id
       and not exists (select from contact k where k.customer_id = c.id and k.id <> ?)
       and not exists (select from appointment a where a.customer_id = c.id)`,
    [id, networkId, id],
  );
}
