/** The two ways a booking request is decided, each one transaction: the slot is claimed, or the request refused. */
import { wakeOf } from '../domain/appointment.ts';
import { beginningOf, type Beginning } from '../domain/beginning.ts';
import type { Entry } from '../domain/change.ts';
import type { Possible } from '../domain/choice.ts';
import { lookOf, planCalendars } from '../domain/calendar-visit.ts';
import { withChannels, type ChannelRules } from '../domain/channel.ts';
import { planFirst, type NewDelivery } from '../domain/effects.ts';
import type { BookedPart, Decided, Refusal } from '../domain/outcome.ts';
import { policyOf, type BookingPolicy } from '../domain/policy.ts';
import { createRemind } from '../domain/reminders.ts';
import { defaultSettings } from '../domain/rules.ts';
import { toWall } from '../domain/time.ts';
import { candidateOf, offerOf, type BookingFacts } from './booking-facts.ts';
import { noteUnseen, unseenOf } from './calendar-conflict.ts';
import { hasLimits, judgeCustomer } from './customer-record.ts';
import { readDecided, writeRefused, writeWon, type NamedDelivery, type Won } from './decision.ts';
import { deliveryId } from './delivery.ts';
import { bumpAsRead } from './diary.ts';
import { keptClaim } from './occupancy.ts';
import type { EntityManager } from './orm.ts';

export type BookingIds = { appointmentId: string; networkId: string; shopId: string };
export type ClaimOptions = {
  now: Date;
  closeAfterSeconds: number;
  entry: Entry;
  /** For the test that takes the optimistic lock away and looks at the constraint alone. */
  overruleVersion?: boolean;
};

class DecidedBefore extends Error {}

const named = (appointmentId: string, effects: NewDelivery[], rules: ChannelRules): NamedDelivery[] =>
  withChannels(effects, rules).map((effect) => ({ id: deliveryId(appointmentId, 0, effect), ...effect }));

const iso = (instant: number): string => new Date(instant).toISOString();

/**
 * Claims the slot for the appointment. The order is the point: bump the versions of the barbers' diaries and flush, which tells every loser
 * at once and cleanly; only then insert, under the exclusion constraint. Throws what `lostRace` recognises when a rival was quicker (the
 * caller then reads fresh facts), `CustomerLimit` and `NotAccepted`.
 */
export async function claimSlot(
  em: EntityManager,
  ids: BookingIds,
  facts: BookingFacts,
  way: Possible,
  options: ClaimOptions,
): Promise<Decided> {
  const { now, entry, closeAfterSeconds } = options;
  const { slot } = way.decision;
  const { settings } = offerOf(facts, slot.parts[0]!);
  const policy = policyOf(settings);
  const barberIds = barbersOf(way);
  const unseen = unseenOf(facts.candidates, barberIds);
  try {
    return await em.transactional(async (tx) => {
      if (!options.overruleVersion) {
        // Always in the order of ids, so that two visits of the same barbers cannot deadlock.
        const diaries = barberIds.toSorted().map((barberId) => ({ barberId, version: candidateOf(facts, barberId).diaryVersion }));
        await bumpAsRead(tx, ids.networkId, diaries, now);
      }
      const record = await judgeRecord(tx, ids, entry, policy, slot.startsAt, facts.shop.timeZone, now);
      const beginning = beginningOf(entry, settings, record, slot.startsAt, now.getTime());
      const outcome = outcomeOf(facts, way, beginning, policy, unseen);
      const deliveries = named(ids.appointmentId, planEffects(ids, facts, way, beginning, policy, entry, now), policy);
      const won = await writeWon(tx, {
        ids,
        entry,
        outcome,
        segments: slot.parts.map((part) => offerOf(facts, part).segments),
        promised: toWall(slot.startsAt, facts.shop.timeZone),
        claims: way.decision.claims.map(keptClaim),
        deliveries,
        now,
      });
      if (!won) throw new DecidedBefore();
      if (unseen.length > 0) await noteUnseen(tx, ids, unseen);
      const { barberId, startsAt, status, version } = outcome;
      const wake = wakeOf({ ...beginning, startsAt: slot.startsAt, endsAt: slot.endsAt, policy }, closeAfterSeconds);
      const stand = { status, version, barberId, startsAt, effects: deliveries, freed: false };
      return {
        outcome,
        deliveries,
        toldPending: won.toldPending,
        stand: { ...stand, wake: wake && { at: iso(wake.at), action: wake.action } },
      };
    });
  } catch (error) {
    if (error instanceof DecidedBefore) return readDecided(em, ids, closeAfterSeconds);
    throw error;
  }
}

/** What was won, as it is answered. */
function outcomeOf(
  { shop, services }: BookingFacts,
  { decision: { slot }, chosen }: Possible,
  { status, decideBy }: Beginning,
  policy: BookingPolicy,
  unseen: string[],
): Won['outcome'] {
  const parts = slot.parts.map((part, index): BookedPart => ({
    ...part,
    startsAt: iso(part.startsAt),
    endsAt: iso(part.endsAt),
    chosen: chosen[index]!,
  }));
  return {
    ok: true,
    barberId: slot.barberId,
    startsAt: iso(slot.startsAt),
    endsAt: iso(slot.endsAt),
    status,
    version: 1,
    shopTimeZone: shop.timeZone,
    priceCents: parts.reduce((sum, { priceCents }) => sum + priceCents, 0),
    currency: services.find(({ id }) => id === parts[0]!.serviceId)!.currency,
    parts,
    policy,
    ...(decideBy !== null && { decideBy: iso(decideBy) }),
    ...(unseen.length > 0 && { unseen }),
  };
}

/** Whoever gives a part, in the order of the parts. */
const barbersOf = ({ decision: { slot } }: Possible): string[] => [...new Set(slot.parts.map(({ barberId }) => barberId))];

/** The messages that follow, and the entries in the barbers' own calendars. */
function planEffects(
  { appointmentId }: BookingIds,
  facts: BookingFacts,
  way: Possible,
  { status, decideBy }: Beginning,
  policy: BookingPolicy,
  entry: Entry,
  at: Date,
): NewDelivery[] {
  const now = at.getTime();
  const { startsAt, endsAt } = way.decision.slot;
  const barberIds = barbersOf(way);
  const remind = createRemind(appointmentId, facts.shop.timeZone, policy);
  const messages = planFirst(status, { startsAt, decideBy, remind, now, barberIds, offered: entry.kind === 'offer' });
  if (lookOf(status) === 'none') return messages;
  const calendars = facts.candidates
    .filter(({ barber }) => barberIds.includes(barber.barberId))
    .flatMap((candidate) => candidate.calendars.map((calendar) => ({ ...calendar, barberId: candidate.barber.barberId })));
  return [...messages, ...planCalendars(calendars, now, endsAt)];
}

/** What the customer's record asks for; of a hold, nobody is known yet. Staff know whom they book. */
async function judgeRecord(
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
  const refused = await writeRefused(em, ids, outcome, mail, now);
  if (!refused) return readDecided(em, ids, closeAfterSeconds);
  return { outcome, deliveries: refused.toldPending ? mail : [], toldPending: refused.toldPending };
}
