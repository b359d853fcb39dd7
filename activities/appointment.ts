/**
 * Deciding about time. Safe to run twice: each ends with one guarded write, and a second run finds and answers what the first one wrote.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { nearestSlots } from '../src/domain/availability.ts';
import { plainEntry, type CancelResult, type Change, type ChangeResult, type Entry, type RetimeResult } from '../src/domain/change.ts';
import { judgeVisit } from '../src/domain/choice.ts';
import { freeSlot, type Decided, type Refusal } from '../src/domain/outcome.ts';
import { visitOf, type Visit } from '../src/domain/rules.ts';
import { waive, waiverOf } from '../src/domain/waiver.ts';
import { findAppointment } from '../src/db/appointment.ts';
import { purgeContact } from '../src/db/booking-request.ts';
import { readBookingFacts, type BookingFacts } from '../src/db/booking-facts.ts';
import { changeAppointment } from '../src/db/change.ts';
import { CustomerLimit, NotAccepted } from '../src/db/customer-record.ts';
import { lostRace } from '../src/db/faults.ts';
import { readDecided } from '../src/db/decision.ts';
import { claimSlot, refuseRequest } from '../src/db/reservation.ts';
import type { AppointmentIds } from '../src/db/transition.ts';
import type { ActivityDeps } from './deps.ts';

/** `visit` says what is wanted when it is more than one service; without `entry`, it is a plain booking. */
export type ReserveInput = {
  appointmentId: string;
  networkId: string;
  shopId: string;
  serviceId: string;
  barberId: string | null;
  visit?: Visit;
  startsAt: string;
  entry?: Entry;
  policy?: { closeAfterSeconds?: number };
};

const day = 86_400_000;
/** Rivals are given so long to finish before this try ends as a fault and the workflow begins another. */
const contendMs = 4000;

/** So long after its end a visit is closed, unless the workflow's input says otherwise. */
const closeAfterSeconds = ({ policy }: Pick<ReserveInput, 'policy'>): number => policy?.closeAfterSeconds ?? 86_400;

const wanted = ({ visit, serviceId, barberId }: ReserveInput): Visit => visit ?? visitOf(serviceId, barberId);

export function createAppointmentActivities({ orm, metrics, now }: ActivityDeps) {
  /**
   * Reads facts, decides, claims; on a lost race reads fresh facts and tries again while the time is still free. Repeating finds the stored
   * outcome.
   */
  async function reserveSlot(input: ReserveInput): Promise<Decided> {
    const startsAt = Date.parse(input.startsAt);
    const giveUpAt = Date.now() + contendMs;
    const entry = input.entry ?? plainEntry;
    // An offer's time was claimed when it was made.
    if (entry.kind === 'offer') return readDecided(orm.em.fork(), input, closeAfterSeconds(input));
    for (let lost = 0; ;) {
      const known = await readFacts(input, startsAt - day, startsAt + 2 * day);
      if (!known) return refuse(input, 'outside_working_hours');
      const facts = waive(known, waiverOf(entry));
      const { possible, refusal } = judgeVisit(facts, wanted(input), startsAt, now().getTime());
      if (possible.length === 0) return refuse(input, refusal.code);
      for (const way of possible) {
        try {
          return await claimSlot(orm.em.fork(), input, facts, way, { now: now(), entry, closeAfterSeconds: closeAfterSeconds(input) });
        } catch (error) {
          if (error instanceof CustomerLimit) return refuse(input, 'customer_limit');
          if (error instanceof NotAccepted) return refuse(input, 'not_accepted');
          if (!lostRace(error)) throw error;
          metrics.conflicts.inc();
          lost += 1;
        }
      }
      if (Date.now() > giveUpAt) throw new Error(`lost ${lost} races and the time is still free; trying again later`);
      // The more rivals there are, the wider they spread.
      await wait(Math.random() * Math.min(10 * 2 ** lost, 150));
    }
  }

  /** What became missing after the route had seen it (archived, unassigned) can no longer be booked. */
  async function readFacts(input: ReserveInput, from: number, to: number): Promise<BookingFacts | null> {
    const facts = await readBookingFacts(orm.em.fork(), { ...input, visit: wanted(input), window: { from, to } });
    return 'missing' in facts ? null : facts;
  }

  async function refuse(input: ReserveInput, code: Refusal['code']): Promise<Decided> {
    const startsAt = Date.parse(input.startsAt);
    // Whom the limits of customers refuse, no other time would help.
    const facts =
      code === 'customer_limit' || code === 'not_accepted' ? null : await readFacts(input, startsAt - 2 * day, startsAt + 8 * day);
    const nearest = facts
      ? nearestSlots({ ...facts, visit: wanted(input), around: startsAt, now: now().getTime(), days: 7, limit: 3 })
      : [];
    return storeRefusal(input, { ok: false, code, nearest: nearest.map(freeSlot) });
  }

  async function storeRefusal(input: ReserveInput, refusal: Refusal): Promise<Decided> {
    const decided = await refuseRequest(
      orm.em.fork(),
      input,
      refusal,
      now(),
      new Date(Date.parse(input.startsAt)),
      closeAfterSeconds(input),
    );
    if (!decided.outcome.ok && !decided.toldPending) await purgeContact(orm.em.fork(), input.networkId, input.appointmentId);
    return decided;
  }

  async function change(input: AppointmentIds & { change: Change; closeAfterSeconds?: number }): Promise<ChangeResult> {
    return changeAppointment(orm.em.fork(), input, input.change, { now, closeAfterSeconds: closeAfterSeconds({ policy: input }) });
  }

  return {
    reserveSlot,

    /** Ends a request that could not be decided in time. Repeating, or a reservation that got through after all, answers what is stored. */
    async refuseUndecided(input: ReserveInput): Promise<Decided> {
      return storeRefusal(input, { ok: false, code: 'undecided', nearest: [] });
    },

    /** One transaction under the row's lock; repeating finds what is so already and answers the same. */
    changeAppointment: change,

    /** For workflows that began before version 3. */
    async cancelAppointment(input: AppointmentIds & { actor: string }): Promise<CancelResult> {
      const result = await change({ ...input, change: { action: 'cancel', ...onBehalf(input.actor) } });
      if (result.ok) return { ok: true, version: result.stand.version, deliveries: result.stand.effects };
      return { ok: false, code: result.code === 'not_found' ? 'not_found' : 'already_begun' };
    },

    /** For workflows that began before version 3. */
    async retimeAppointment(input: AppointmentIds & { actor: string }): Promise<RetimeResult> {
      const result = await change({ ...input, change: { action: 'retime', ...onBehalf(input.actor) } });
      const found = await findAppointment(orm.em.fork(), input.networkId, input.appointmentId);
      if (result.ok && found)
        return { ok: true, endsAt: found.endsAt, reminders: result.stand.effects.filter(({ kind }) => kind === 'reminder_customer') };
      return {
        ok: false,
        code: !result.ok && (result.code === 'slot_taken' || result.code === 'skipped_local_time') ? result.code : 'not_found',
      };
    },

    /** A DELETE; repeating deletes nothing. */
    async purgeContact(input: { networkId: string; appointmentId: string }): Promise<void> {
      await purgeContact(orm.em.fork(), input.networkId, input.appointmentId);
    },
  };
}

/** Before there were changes, an operator was named so, and everybody else was the customer's client. */
const onBehalf = (actor: string) =>
  ({
    actor,
    by: actor === 'operator' || actor.startsWith('cli:') ? 'operator' : 'customer',
    source: actor.startsWith('cli:') ? 'cli' : 'api',
  }) as const;
