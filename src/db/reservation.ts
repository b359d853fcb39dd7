/** The two ways a booking request is decided, each one transaction. Whichever writes the outcome first wins; the other reads it. */
import { v7 as uuidv7 } from 'uuid';
import { wakeOf, type AppointmentStatus } from '../domain/appointment.ts';
import type { Entry, EntryKind } from '../domain/change.ts';
import type { Possible } from '../domain/choice.ts';
import { lookOf, planCalendars } from '../domain/calendar-visit.ts';
import { withChannels, type ChannelRules, type Going } from '../domain/channel.ts';
import { planFirst, type NewDelivery } from '../domain/effects.ts';
import type { Booked, Decided, Outcome, Refusal, Stand } from '../domain/outcome.ts';
import { policyOf, type BookingPolicy } from '../domain/policy.ts';
import { createRemind } from '../domain/reminders.ts';
import { defaultSettings, type Settings } from '../domain/rules.ts';
import { MINUTE, toWall } from '../domain/time.ts';
import type { BookingFacts } from './booking-facts.ts';
import { noteUnseen, unseenOf } from './calendar-conflict.ts';
import { hasLimits, judgeCustomer } from './customer-record.ts';
import { deliveryId, readDeliveries } from './delivery.ts';
import { Appointment } from './entities/appointment.ts';
import { Diary } from './entities/barber.ts';
import { keptClaim } from './occupancy.ts';
import type { EntityManager } from './orm.ts';
import { readStand } from './stand.ts';

export type BookingIds = { appointmentId: string; networkId: string; shopId: string };
export type ClaimOptions = {
  now: Date;
  closeAfterSeconds: number;
  entry: Entry;
  /** For the test that takes the optimistic lock away and looks at the constraint alone. */
  overruleVersion?: boolean;
};

class DecidedBefore extends Error {}

/** Writes the outcome unless there is one; the row lock orders rivals. */
const decideRequest = `update booking_request
  set outcome = ?::jsonb, decided_at = ?::timestamptz
  where id = ? and network_id = ? and outcome is null
  returning id, network_id, api_client_id, customer_id, customer_time_zone, told_pending_at is not null as told_pending`;

/** The effects, as the rows of a JSON array. */
const insertDeliveries = `insert into delivery (
    id, network_id, appointment_id, kind, barber_id, sequence, state, due_at, useful_until, channels, channel, connection_id)
  select d.id, request.network_id, request.id, d.kind, d."barberId", 0, 'due',
    d."dueAt", d."usefulUntil", d.channels, d.channels[1], d."connectionId"
  from request,
    jsonb_to_recordset(?::jsonb) as d(
      id uuid, kind text, "barberId" uuid, "dueAt" timestamptz, "usefulUntil" timestamptz,
      channels text[], "connectionId" uuid)`;

/** All rows of a won slot in one round trip; foreign keys are checked at its end. Answers no row when the request was decided before. */
const insertWon = `
with request as (${decideRequest}),
appointment as (
  insert into appointment (
    id, network_id, shop_id, service_id, barber_id, customer_id, api_client_id, status, starts_at, ends_at,
    shop_time_zone, customer_time_zone, promised_start, promised_offset_minutes, price_cents, currency,
    created_at, entry, policy, decide_by, series_id, waitlist_entry_id)
  select id, network_id, ?::uuid, ?::uuid, ?::uuid, customer_id, api_client_id, ?::text, ?::timestamptz, ?::timestamptz,
    ?::text, customer_time_zone, ?::text, ?::int, ?::int, ?::text,
    ?::timestamptz, ?::text, ?::jsonb, ?::timestamptz, ?::uuid, ?::uuid
  from request),
parts as (
  insert into appointment_part (
    id, network_id, appointment_id, position, service_id, barber_id, starts_at, ends_at, price_cents, segments, chosen)
  select p.id, network_id, request.id, p.position, p."serviceId", p."barberId",
    p."startsAt", p."endsAt", p."priceCents", p.segments, p.chosen
  from request,
    jsonb_to_recordset(?::jsonb) as p(
      id uuid, position int, "serviceId" uuid, "barberId" uuid, "startsAt" timestamptz, "endsAt" timestamptz,
      "priceCents" int, segments jsonb, chosen jsonb)),
occupancy as (
  insert into occupancy (id, network_id, barber_id, appointment_id, during, visit_starts_at)
  select o.id, network_id, o."barberId", request.id, tstzrange(o."from", o."to"), o."visitStartsAt"
  from request,
    jsonb_to_recordset(?::jsonb) as o(
      id uuid, "barberId" uuid, "from" timestamptz, "to" timestamptz, "visitStartsAt" timestamptz)),
event as (
  insert into appointment_event (id, network_id, appointment_id, kind, actor, version, happened_at, to_status, source, details)
  select ?::uuid, network_id, id, ?::text, 'client:' || api_client_id, 1, ?::timestamptz, ?::text, ?::text, ?::jsonb
  from request),
deliveries as (${insertDeliveries})
select told_pending from request`;

const named = (appointmentId: string, effects: NewDelivery[], rules: ChannelRules): (Going & { id: string })[] =>
  withChannels(effects, rules).map((effect) => ({ id: deliveryId(appointmentId, 0, effect), ...effect }));

const iso = (instant: number): string => new Date(instant).toISOString();

/** How the first event is called, by how the appointment came to be. */
const firstEvents: Record<EntryKind, string> = { book: 'booked', hold: 'held', walk_in: 'walked_in', offer: 'offered' };

/**
 * Claims the slot for the appointment. The order is the point: bump the versions of the barbers' diaries and flush, which tells every loser
 * at once and cleanly; only then insert, under the exclusion constraint. Throws what `lostRace` recognises when a rival was quicker (the
 * caller then reads fresh facts), `CustomerLimit` and `NotAccepted`.
 */
export async function claimSlot(
  em: EntityManager,
  ids: BookingIds,
  facts: BookingFacts,
  { decision, chosen }: Possible,
  options: ClaimOptions,
): Promise<Decided> {
  const { slot, claims } = decision;
  const { now, entry, closeAfterSeconds } = options;
  const { timeZone } = facts.shop;
  const offers = slot.parts.map(({ barberId, serviceId }) =>
    facts.candidates.find(({ barber }) => barber.barberId === barberId)!.offers.find((offer) => offer.serviceId === serviceId)!,
  );
  const barberIds = [...new Set(slot.parts.map(({ barberId }) => barberId))];
  const { settings } = offers[0]!;
  const policy = policyOf(settings);
  const priceCents = slot.parts.reduce((sum, part) => sum + part.priceCents, 0);
  const currency = facts.services.find(({ id }) => id === slot.parts[0]!.serviceId)!.currency;
  const parts = slot.parts.map((part, index) => ({
    ...part,
    startsAt: iso(part.startsAt),
    endsAt: iso(part.endsAt),
    chosen: chosen[index]!,
  }));
  const promised = toWall(slot.startsAt, timeZone);
  const unseen = unseenOf(facts.candidates, barberIds);
  try {
    return await em.transactional(async (tx) => {
      if (!options.overruleVersion) {
        // Always in the order of ids, so that two visits of the same barbers cannot deadlock.
        for (const barberId of barberIds.toSorted()) {
          const { diaryVersion } = facts.candidates.find(({ barber }) => barber.barberId === barberId)!;
          tx.map(Diary, { barberId, networkId: ids.networkId, version: diaryVersion, bumpedAt: new Date(0) }).bumpedAt = now;
        }
        await tx.flush();
      }
      const { status, decideBy } = firstStatus(
        entry,
        settings,
        await judgeRequest(tx, ids, entry, policy, slot.startsAt, timeZone, now),
        slot.startsAt,
        now.getTime(),
      );
      const outcome: Booked = {
        ok: true,
        barberId: slot.barberId,
        startsAt: iso(slot.startsAt),
        endsAt: iso(slot.endsAt),
        status,
        version: 1,
        shopTimeZone: timeZone,
        priceCents,
        currency,
        parts,
        policy,
        ...(decideBy !== null && { decideBy: iso(decideBy) }),
        ...(unseen.length > 0 && { unseen }),
      };
      const effects = planFirst(status, {
        startsAt: slot.startsAt,
        decideBy,
        remind: createRemind(ids.appointmentId, timeZone, policy),
        now: now.getTime(),
        barberIds,
        offered: entry.kind === 'offer',
      });
      const targets =
        lookOf(status) === 'none'
          ? []
          : facts.candidates
              .filter(({ barber }) => barberIds.includes(barber.barberId))
              .flatMap(({ barber, calendars }) => calendars.map((calendar) => ({ ...calendar, barberId: barber.barberId })));
      const deliveries = named(ids.appointmentId, [...effects, ...planCalendars(targets, now.getTime(), slot.endsAt)], policy);
      const details = { by: entry.by, ...(entry.waiver && { waived: entry.waiver.codes, why: entry.waiver.reason }) };
      const [won] = await tx.execute<{ told_pending: boolean }[]>(insertWon, [
        JSON.stringify(outcome),
        now,
        ids.appointmentId,
        ids.networkId,
        ids.shopId,
        slot.parts[0]!.serviceId,
        slot.barberId,
        status,
        new Date(slot.startsAt),
        new Date(slot.endsAt),
        timeZone,
        `${promised.date}T${promised.time}`,
        promised.offsetMinutes,
        priceCents,
        currency,
        now,
        entry.kind,
        JSON.stringify(policy),
        decideBy === null ? null : new Date(decideBy),
        entry.seriesId ?? null,
        entry.waitlistEntryId ?? null,
        JSON.stringify(parts.map((part, position) => ({ id: uuidv7(), position, ...part, segments: offers[position]!.segments }))),
        JSON.stringify(claims.map((claim) => ({ id: uuidv7(), ...keptClaim(claim) }))),
        uuidv7(),
        firstEvents[entry.kind],
        now,
        status,
        entry.kind === 'offer' ? 'waitlist' : 'api',
        JSON.stringify(details),
        JSON.stringify(deliveries),
      ]);
      if (!won) throw new DecidedBefore();
      if (unseen.length > 0) await noteUnseen(tx, ids, unseen);
      const wake = wakeOf({ status, startsAt: slot.startsAt, endsAt: slot.endsAt, decideBy, policy }, closeAfterSeconds);
      const stand: Stand = {
        status,
        version: 1,
        barberId: slot.barberId,
        startsAt: outcome.startsAt,
        wake: wake && { at: iso(wake.at), action: wake.action },
        effects: deliveries,
        freed: false,
      };
      return { outcome, deliveries, toldPending: won.told_pending, stand };
    });
  } catch (error) {
    if (error instanceof DecidedBefore) return readDecided(em, ids, closeAfterSeconds);
    throw error;
  }
}

/** In which state an appointment begins, and until when that must be answered (epoch milliseconds). */
function firstStatus(
  entry: Entry,
  settings: Settings,
  record: 'free' | 'approval',
  startsAt: number,
  now: number,
): { status: AppointmentStatus; decideBy: number | null } {
  if (entry.kind === 'hold' || entry.kind === 'offer') {
    const allowed = entry.kind === 'hold' ? settings.holdSeconds : settings.offerMinutes * 60;
    return { status: 'held', decideBy: now + Math.min(entry.holdSeconds ?? allowed, allowed) * 1000 };
  }
  if (entry.kind === 'walk_in') return { status: 'checked_in', decideBy: null };
  if (entry.by === 'staff' || (record === 'free' && !settings.approvalRequired)) return { status: 'confirmed', decideBy: null };
  return { status: 'pending_approval', decideBy: Math.min(now + settings.approvalWithinMinutes * MINUTE, startsAt) };
}

/** What the customer's record asks for; of a hold, nobody is known yet. Staff know whom they book. */
async function judgeRequest(
  tx: EntityManager,
  ids: BookingIds,
  entry: Entry,
  policy: BookingPolicy,
  startsAt: number,
  timeZone: string,
  now: Date,
): Promise<'free' | 'approval'> {
  const limits = entry.by === 'staff' ? { ...policy, strikesForApproval: null, strikesForBlock: null } : policy;
  if (entry.kind === 'hold' || !hasLimits(limits)) return 'free';
  const [request] = await tx.execute<{ customer_id: string | null }[]>(
    'select customer_id from booking_request where id = ? and network_id = ?',
    [ids.appointmentId, ids.networkId],
  );
  if (!request?.customer_id) return 'free';
  return judgeCustomer(
    tx,
    { networkId: ids.networkId, customerId: request.customer_id, appointmentId: ids.appointmentId, startsAt, timeZone },
    limits,
    now,
  );
}

/**
 * Ends the request refused, unless it was decided before: then that stands. A customer who was told "pending" gets a mail to be told so.
 */
export async function refuseRequest(
  em: EntityManager,
  ids: { appointmentId: string; networkId: string },
  outcome: Refusal,
  now: Date,
  mailUntil: Date,
  closeAfterSeconds: number,
): Promise<Decided> {
  const mail = named(
    ids.appointmentId,
    [{ kind: 'refusal_customer', dueAt: now.toISOString(), usefulUntil: mailUntil.toISOString() }],
    defaultSettings,
  );
  const [refused] = await em.execute<{ told_pending: boolean }[]>(
    `with request as (${decideRequest}), deliveries as (${insertDeliveries} where request.told_pending) select told_pending from request`,
    [JSON.stringify(outcome), now, ids.appointmentId, ids.networkId, JSON.stringify(mail)],
  );
  if (!refused) return readDecided(em, ids, closeAfterSeconds);
  return { outcome, deliveries: refused.told_pending ? mail : [], toldPending: refused.told_pending };
}

/** What was decided before. A request that is not there any more was forgotten before it reached us: nothing is or will be reserved. */
export async function readDecided(
  em: EntityManager,
  ids: { appointmentId: string; networkId: string },
  closeAfterSeconds: number,
): Promise<Decided> {
  const [row] = await em.execute<{ outcome: Outcome | null; told_pending: boolean }[]>(
    'select outcome, told_pending_at is not null as told_pending from booking_request where id = ? and network_id = ?',
    [ids.appointmentId, ids.networkId],
  );
  if (row && !row.outcome) throw new Error('a request was asked for its outcome before it was decided');
  const appointment = await em.fork().findOne(Appointment, { id: ids.appointmentId, networkId: ids.networkId });
  return {
    outcome: row?.outcome ?? { ok: false, code: 'undecided', nearest: [] },
    deliveries: await readDeliveries(em, ids.networkId, ids.appointmentId),
    toldPending: row?.told_pending ?? false,
    ...(appointment && { stand: await readStand(em, appointment, closeAfterSeconds) }),
  };
}
