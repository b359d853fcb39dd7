/** Who waits for a time: entries, what they were offered, and what became of it. */
import { purgeContact, type NewContact } from './booking-request.ts';
import type { AppointmentRow } from './entities/appointment.ts';
import { afterCursor, toPage, type Page } from './cursor.ts';
import type { EntityManager } from './orm.ts';

export const entryStatuses = ['waiting', 'offered', 'booked', 'withdrawn', 'expired'] as const;
export type EntryStatus = (typeof entryStatuses)[number];

/** Dates and minutes of the day are the shop's. */
export type EntryFields = {
  shopId: string;
  serviceId: string;
  barberId: string | null;
  fromDate: string;
  toDate: string;
  fromMinute: number;
  toMinute: number;
};

export type OfferView = {
  appointmentId: string;
  barberId: string;
  startsAt: string;
  offeredAt: string;
  answer: string | null;
  answeredAt: string | null;
};
export type EntryView = EntryFields & {
  id: string;
  status: EntryStatus;
  version: number;
  createdAt: string;
  endedAt: string | null;
  /** The offer that is open, or what was booked. */
  appointmentId: string | null;
  /** All that it was ever offered, in order. */
  offers: OfferView[];
};

/** After so many offers without an answer nobody is asked again: others wait. */
const mostUnanswered = 3;

/** Writes an entry with its contact, unless it is there already. Answers false when the customer waits for so many times as are allowed. */
export async function addEntry(
  em: EntityManager,
  ids: {
    id: string;
    networkId: string;
    apiClientId: string;
    /** Of where the call came from, if that is counted. */
    addressHash?: string | null;
  },
  fields: EntryFields,
  contact: NewContact,
  newCustomerId: string,
  most: number,
): Promise<boolean> {
  const { id, networkId, apiClientId, addressHash = null } = ids;
  return em.fork().transactional(async (tx) => {
    if (await findEntry(tx, networkId, id)) return true;
    const [met] = await tx.execute<{ customer_id: string }[]>('select meet_customer(?::uuid, ?::text, ?::text, ?::uuid) as customer_id', [
      networkId,
      contact.phone,
      contact.email?.toLowerCase() ?? null,
      newCustomerId,
    ]);
    const customerId = met!.customer_id;
    await tx.execute('select from customer where id = ? for no key update', [customerId]);
    const [open] = await tx.execute<{ count: number }[]>(
      `select count(*)::int as count from waitlist_entry where customer_id = ? and status in ('waiting', 'offered')`,
      [customerId],
    );
    if (open!.count >= most) return false;
    await tx.execute(
      'insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale) values (?, ?, ?, ?, ?, ?, ?, ?)',
      [id, networkId, customerId, contact.name, contact.email, contact.phone, contact.timeZone, contact.locale],
    );
    await tx.execute(
      `insert into waitlist_entry (
         id, network_id, api_client_id, customer_id, shop_id, service_id, barber_id,
         from_date, to_date, from_minute, to_minute, address_hash)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        id,
        networkId,
        apiClientId,
        customerId,
        fields.shopId,
        fields.serviceId,
        fields.barberId,
        fields.fromDate,
        fields.toDate,
        fields.fromMinute,
        fields.toMinute,
        addressHash,
      ],
    );
    return true;
  });
}

const view = `select e.id, e.shop_id as "shopId", e.service_id as "serviceId", e.barber_id as "barberId",
    e.from_date::text as "fromDate", e.to_date::text as "toDate", e.from_minute as "fromMinute", e.to_minute as "toMinute",
    e.status, e.version, e.created_at as "createdAt", e.ended_at as "endedAt", e.appointment_id as "appointmentId",
    (select coalesce(json_agg(json_build_object(
         'appointmentId', o.appointment_id, 'barberId', o.barber_id, 'startsAt', o.starts_at, 'offeredAt', o.offered_at,
         'answer', o.answer, 'answeredAt', o.answered_at) order by o.offered_at, o.appointment_id), '[]')
     from waitlist_offer o
     where o.entry_id = e.id) as offers
  from waitlist_entry e`;

export async function findEntry(em: EntityManager, networkId: string, id: string): Promise<EntryView | null> {
  const [row] = await em.execute<EntryView[]>(`${view} where e.network_id = ? and e.id = ?`, [networkId, id]);
  return row ? dated(row) : null;
}

/** In the order in which they are offered to. */
export async function listEntries(
  em: EntityManager,
  networkId: string,
  { shopId, status }: { shopId?: string | undefined; status?: EntryStatus | undefined },
  page: { limit: number; cursor: string | null },
): Promise<Page<EntryView>> {
  const after = afterCursor(page.cursor);
  const rows = await em.execute<EntryView[]>(
    `${view}
     where e.network_id = ? and (?::uuid is null or e.shop_id = ?::uuid) and (?::text is null or e.status = ?::text)
       and (?::timestamptz is null or (date_trunc('milliseconds', e.created_at), e.id) > (?::timestamptz, ?::uuid))
     order by date_trunc('milliseconds', e.created_at), e.id
     limit ?`,
    [
      networkId,
      shopId ?? null,
      shopId ?? null,
      status ?? null,
      status ?? null,
      after?.[0] ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      page.limit + 1,
    ],
  );
  return toPage(rows.map(dated), page.limit, (row) => [row.createdAt, row.id]);
}

const iso = (instant: string): string => new Date(instant).toISOString();
const dated = (row: EntryView): EntryView => ({
  ...row,
  createdAt: iso(row.createdAt),
  endedAt: row.endedAt && iso(row.endedAt),
  offers: row.offers.map((offer) => ({
    ...offer,
    startsAt: iso(offer.startsAt),
    offeredAt: iso(offer.offeredAt),
    answeredAt: offer.answeredAt && iso(offer.answeredAt),
  })),
});

/** Ends an entry that waits; answers whether it did. Who it was is forgotten. */
export const endEntry = (em: EntityManager, networkId: string, id: string, status: 'withdrawn' | 'expired', now: Date): Promise<boolean> =>
  em.fork().transactional((tx) => end(tx, networkId, id, status, now));

async function end(tx: EntityManager, networkId: string, id: string, status: 'withdrawn' | 'expired', now: Date): Promise<boolean> {
  const ended = await tx.execute<{ id: string }[]>(
    `update waitlist_entry
     set status = ?, ended_at = ?, version = version + 1, appointment_id = null, customer_id = null
     where id = ? and network_id = ? and status = 'waiting'
     returning id`,
    [status, now, id, networkId],
  );
  if (ended.length > 0) await purgeContact(tx, networkId, id);
  return ended.length > 0;
}

/**
 * The shop has not approved what was accepted: who waited waits again, with a copy of what they typed, while the last day has not passed.
 */
export async function waitAgain(tx: EntityManager, { id, waitlistEntryId }: AppointmentRow): Promise<void> {
  const again = await tx.execute(
    `update waitlist_entry e
     set status = 'waiting', appointment_id = null, ended_at = null, seen = null, version = e.version + 1
     from shop s
     where e.id = ? and e.appointment_id = ? and e.status = 'booked'
       and s.id = e.shop_id and e.to_date >= (now() at time zone s.time_zone)::date
     returning e.id`,
    [waitlistEntryId, id],
  );
  if (again.length === 0) return;
  await tx.execute(
    `insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale, created_at)
     select ?::uuid, network_id, customer_id, name, email, phone, time_zone, locale, created_at
     from contact
     where id = ?
     on conflict (id) do nothing`,
    [waitlistEntryId, id],
  );
}

/** An offer was answered: the entry is booked, or waits on for another time. Contacts that are no longer needed go. */
export async function noteAnswer(tx: EntityManager, { id, networkId, status, waitlistEntryId }: AppointmentRow, now: Date): Promise<void> {
  const isTaken = status === 'confirmed' || status === 'pending_approval';
  const answer = isTaken ? 'accepted' : status === 'expired' ? 'expired' : 'declined';
  await tx.execute('update waitlist_offer set answer = ?, answered_at = ? where appointment_id = ? and answer is null', [answer, now, id]);
  await tx.execute(
    `update waitlist_entry
     set status = ?, appointment_id = case when ? then appointment_id end,
       ended_at = case when ? then ?::timestamptz end, version = version + 1
     where id = ? and appointment_id = ? and status = 'offered'`,
    [isTaken ? 'booked' : 'waiting', isTaken, isTaken, now, waitlistEntryId, id],
  );
  await purgeContact(tx, networkId, isTaken ? waitlistEntryId! : id);
  if (answer !== 'expired') return;
  const [unanswered] = await tx.execute<{ count: number }[]>(
    `select count(*)::int as count from waitlist_offer where entry_id = ? and answer = 'expired'`,
    [waitlistEntryId],
  );
  if (unanswered!.count >= mostUnanswered) await end(tx, networkId, waitlistEntryId!, 'expired', now);
}
