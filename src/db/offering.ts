/** Offering: free time is claimed for whoever has waited longest, each offer in one short transaction. */
import { v5 as uuidv5 } from 'uuid';
import type { Entry } from '../domain/change.ts';
import { judgeVisit, type Possible } from '../domain/choice.ts';
import { visitOf } from '../domain/rules.ts';
import { MINUTE, toWall } from '../domain/time.ts';
import { findOfferable, type Wait } from '../domain/waiting.ts';
import { afterClaim, readBookingFacts, readFactsState, type BookingFacts } from './booking-facts.ts';
import { CustomerLimit, NotAccepted } from './customer-record.ts';
import { lostRace } from './faults.ts';
import type { EntityManager } from './orm.ts';
import { claimSlot } from './reservation.ts';
import { endEntry } from './waitlist.ts';

/**
 * Whose waitlist is looked at: the shops where an appointment gave time back, one shop's, or everybody's. `cause` makes repeating harmless.
 */
export type OfferQuery = { networkId?: string; shopId?: string; appointmentId?: string; cause: string };

/** The input of an offer's workflow, but for its policy. */
export type PreparedOffer = {
  appointmentId: string;
  networkId: string;
  shopId: string;
  serviceId: string;
  barberId: string;
  startsAt: string;
  entry: Entry;
};

type Waiting = Wait & {
  id: string;
  networkId: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  timeZone: string;
  seen: string | null;
};

/** UUIDv5 namespace of the ids of offered appointments. */
const offerNamespace = '2b0b6c2e-9c39-5a39-8d0d-5b8c0f7b7c55';
/** So long entries are looked at, and so many are offered to, in one run; the next sweep goes on. */
const lookForMs = 15_000;
const mostOffers = 50;
const raceTries = 3;
/** On so many days that are full for the customer, time is looked for beyond them. */
const mostFullDays = 7;

/** The customer may have no more visits on this day. */
class DayIsFull extends Error {
  date: string;
  constructor(date: string) {
    super(`no more visits on ${date}`);
    this.date = date;
  }
}

/** Time came free, or went, after the entries before this one were looked at: they come first. */
class Moved extends Error {}

/**
 * Offers in the order of the entries (`created_at`, `id`). An entry for which nothing was free is passed over until something has changed
 * that its answer depends on: the diaries and rules of its barbers and shop, or the day. Answers all offers of this cause, made now or
 * before.
 */
export async function prepareOffers(em: EntityManager, query: OfferQuery, now: Date): Promise<PreparedOffer[]> {
  const until = Date.now() + lookForMs;
  let made = 0;
  for (let again = true; again && Date.now() < until;) {
    const queue = await readWaiting(em, query);
    // All states before the first look: what changes after that is noticed by whoever would profit from it out of turn.
    const states = new Map<string, string>();
    for (const waiting of queue) states.set(nameOf(waiting), states.get(nameOf(waiting)) ?? (await readState(em, waiting)));
    again = false;
    for (const waiting of queue) {
      if (Date.now() >= until || made >= mostOffers) break;
      if (waiting.seen === stateOf(waiting, states, now)) continue;
      try {
        if (await offer(em, waiting, states, query.cause, now)) made += 1;
      } catch (error) {
        if (!(error instanceof Moved)) throw error;
        again = true;
        break;
      }
    }
  }
  return readOffers(em, query.cause);
}

async function readWaiting(em: EntityManager, { networkId, shopId, appointmentId }: OfferQuery): Promise<Waiting[]> {
  return em.execute(
    `select e.id, e.network_id as "networkId", e.shop_id as "shopId", e.service_id as "serviceId", e.barber_id as "barberId",
       e.from_date::text as "fromDate", e.to_date::text as "toDate", e.from_minute as "fromMinute", e.to_minute as "toMinute",
       s.time_zone as "timeZone", e.seen,
       (select coalesce(json_agg((extract(epoch from o.starts_at) * 1000)::bigint), '[]')
        from waitlist_offer o
        where o.entry_id = e.id) as refused
     from waitlist_entry e
     join shop s on s.id = e.shop_id
     where e.status = 'waiting' and (?::uuid is null or e.network_id = ?::uuid) and (?::uuid is null or e.shop_id = ?::uuid)
       and (
         ?::uuid is null
         or e.shop_id in (
           select a.shop_id from appointment a where a.id = ?::uuid
           union all
           select (v.details -> 'from' ->> 'shopId')::uuid
           from appointment_event v
           where v.appointment_id = ?::uuid and v.kind = 'rescheduled'))
     order by e.created_at, e.id`,
    [
      networkId ?? null,
      networkId ?? null,
      shopId ?? null,
      shopId ?? null,
      appointmentId ?? null,
      appointmentId ?? null,
      appointmentId ?? null,
    ],
  );
}

const nameOf = ({ shopId, barberId }: Waiting): string => `${shopId} ${barberId}`;

const readState = (em: EntityManager, { networkId, shopId, serviceId, barberId }: Waiting): Promise<string> =>
  readFactsState(em, { networkId, shopId, visit: visitOf(serviceId, barberId) });

/** Changes whenever an answer about free times could, but for the minute. */
const stateOf = (waiting: Waiting, states: Map<string, string>, now: Date): string =>
  `${toWall(now.getTime(), waiting.timeZone).date} ${states.get(nameOf(waiting))}`;

/** Whether the entry has an offer now. */
async function offer(em: EntityManager, waiting: Waiting, states: Map<string, string>, cause: string, now: Date): Promise<boolean> {
  const fullDays: string[] = [];
  for (let tries = 0; tries < raceTries;) {
    try {
      return await em.fork().transactional((tx) => claimFor(tx, waiting, fullDays, states, cause, now));
    } catch (error) {
      if (error instanceof DayIsFull && fullDays.length < mostFullDays) {
        fullDays.push(error.date);
      } else if (error instanceof DayIsFull || error instanceof NotAccepted) {
        // The customer may not book now; looked at again when something has changed.
        await em.execute('update waitlist_entry set seen = ? where id = ?', [stateOf(waiting, states, now), waiting.id]);
        return false;
      } else if (lostRace(error)) {
        tries += 1;
      } else {
        throw error;
      }
    }
  }
  return false;
}

async function claimFor(
  tx: EntityManager,
  waiting: Waiting,
  fullDays: string[],
  states: Map<string, string>,
  cause: string,
  now: Date,
): Promise<boolean> {
  const { id, networkId, shopId } = waiting;
  // Waited for, not passed over: who holds it may have read the facts before the time came free that this run is about.
  const locked = await tx.execute(`select id from waitlist_entry where id = ? and status = 'waiting' for update`, [id]);
  // Who has an offer open answers that one first: of several entries of one customer, one at a time holds time.
  if (locked.length === 0 || (await hasOpenOffer(tx, id))) return false;
  const found = await findTime(tx, waiting, fullDays, now);
  if (!found) {
    await tx.execute('update waitlist_entry set seen = ? where id = ?', [stateOf(waiting, states, now), id]);
    return false;
  }
  const { facts, way, holdSeconds } = found;
  if ((await readState(tx, waiting)) !== states.get(nameOf(waiting))) throw new Moved();
  const { slot } = way.decision;
  const appointmentId = uuidv5(`${cause} ${id}`, offerNamespace);
  const startsAt = new Date(slot.startsAt);
  await tx.execute(
    `with request as (
       insert into booking_request (
         id, network_id, api_client_id, fingerprint, shop_id, service_id, barber_id,
         starts_at, customer_time_zone, entry, customer_id)
       select ?::uuid, e.network_id, e.api_client_id, 'offer', e.shop_id, e.service_id, e.barber_id,
         ?::timestamptz, c.time_zone, 'offer', e.customer_id
       from waitlist_entry e
       join contact c on c.id = e.id
       where e.id = ?::uuid
       returning id)
     insert into contact (id, network_id, customer_id, name, email, phone, time_zone, locale, created_at)
     select request.id, c.network_id, c.customer_id, c.name, c.email, c.phone, c.time_zone, c.locale, c.created_at
     from request
     cross join contact c
     where c.id = ?::uuid`,
    [appointmentId, startsAt, id, id],
  );
  try {
    await claimSlot(tx, { appointmentId, networkId, shopId }, facts, way, { now, closeAfterSeconds: 0, entry: entryOf(id, holdSeconds) });
  } catch (error) {
    throw error instanceof CustomerLimit ? new DayIsFull(toWall(slot.startsAt, waiting.timeZone).date) : error;
  }
  await tx.execute(`update waitlist_entry set status = 'offered', appointment_id = ?, version = version + 1 where id = ?`, [
    appointmentId,
    id,
  ]);
  await tx.execute(
    `insert into waitlist_offer (appointment_id, network_id, entry_id, barber_id, starts_at, cause, offered_at)
     values (?, ?, ?, ?, ?, ?, clock_timestamp())`,
    [appointmentId, networkId, id, slot.barberId, startsAt, cause],
  );
  // Our own claim takes time and gives none: what was found for the entries before stands.
  for (const [name, state] of states) states.set(name, afterClaim(state, claimed(way)));
  return true;
}

const claimed = ({ decision }: Possible): string[] => [...new Set(decision.slot.parts.map(({ barberId }) => barberId))];

/** One customer's other entries. */
async function hasOpenOffer(tx: EntityManager, entryId: string): Promise<boolean> {
  const [row] = await tx.execute<[{ open: boolean }]>(
    `select exists (
       select from waitlist_entry mine
       join waitlist_entry other on other.network_id = mine.network_id and other.customer_id = mine.customer_id
       where mine.id = ? and other.id <> mine.id and other.status = 'offered') as open`,
    [entryId],
  );
  return row.open;
}

const entryOf = (waitlistEntryId: string, holdSeconds: number): Entry => ({ kind: 'offer', by: 'customer', holdSeconds, waitlistEntryId });

type Found = { facts: BookingFacts; way: Possible; holdSeconds: number };

async function findTime(tx: EntityManager, waiting: Waiting, fullDays: string[], now: Date): Promise<Found | null> {
  const visit = visitOf(waiting.serviceId, waiting.barberId);
  const around = (date: string) => Date.parse(`${date}T12:00:00Z`);
  const window = { from: Math.max(around(waiting.fromDate), now.getTime()) - 3 * 86_400_000, to: around(waiting.toDate) + 3 * 86_400_000 };
  const facts = await readBookingFacts(tx, { networkId: waiting.networkId, shopId: waiting.shopId, visit, window });
  if ('missing' in facts) return null;
  const offerMinutes = facts.candidates.flatMap(({ offers }) => offers)[0]?.settings.offerMinutes;
  if (offerMinutes === undefined) return null;
  const time = findOfferable({ ...facts, visit, now: now.getTime() }, waiting, offerMinutes * MINUTE, fullDays);
  if (!time) return null;
  const [way] = judgeVisit(facts, visit, time.startsAt, now.getTime()).possible;
  return way ? { facts, way, holdSeconds: time.heldMs / 1000 } : null;
}

async function readOffers(em: EntityManager, cause: string): Promise<PreparedOffer[]> {
  const rows = await em.execute<(Omit<PreparedOffer, 'entry'> & { entryId: string })[]>(
    `select o.appointment_id as "appointmentId", e.network_id as "networkId", e.shop_id as "shopId", e.service_id as "serviceId",
       o.barber_id as "barberId", o.starts_at as "startsAt", e.id as "entryId"
     from waitlist_offer o
     join waitlist_entry e on e.id = o.entry_id
     where o.cause = ?
     order by o.offered_at, o.appointment_id`,
    [cause],
  );
  return rows.map(({ entryId, startsAt, ...row }) => ({
    ...row,
    startsAt: new Date(startsAt).toISOString(),
    entry: { kind: 'offer', by: 'customer', waitlistEntryId: entryId },
  }));
}

/** Ends entries whose last day has passed, in their shop's zone. */
export async function expireEntries(em: EntityManager, now: Date): Promise<void> {
  const rows = await em.execute<{ id: string; networkId: string; toDate: string; timeZone: string }[]>(
    `select e.id, e.network_id as "networkId", e.to_date::text as "toDate", s.time_zone as "timeZone"
     from waitlist_entry e
     join shop s on s.id = e.shop_id
     where e.status = 'waiting' and e.to_date <= ?::date
     order by e.to_date
     limit 1000`,
    [now],
  );
  for (const { id, networkId, toDate, timeZone } of rows)
    if (toDate < toWall(now.getTime(), timeZone).date) await endEntry(em, networkId, id, 'expired', now);
}
