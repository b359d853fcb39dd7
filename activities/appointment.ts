/** Deciding about time. Safe to run twice: each ends with one guarded write, and a second run finds and answers what the first one wrote. */
import { setTimeout as wait } from 'node:timers/promises';
import { freeSlot, type CancelResult, type Decided, type Refusal, type RetimeResult } from '../src/domain/appointment.ts';
import { nearestSlots } from '../src/domain/availability.ts';
import { judgeVisit } from '../src/domain/choice.ts';
import { visitOf, type Visit } from '../src/domain/rules.ts';
import { cancelAppointment } from '../src/db/appointment.ts';
import { purgeContact } from '../src/db/booking-request.ts';
import { readBookingFacts, type BookingFacts } from '../src/db/booking-facts.ts';
import { lostRace } from '../src/db/faults.ts';
import { retimeAppointment } from '../src/db/promise.ts';
import { claimSlot, CustomerLimit, refuseRequest } from '../src/db/reservation.ts';
import type { ActivityDeps } from './deps.ts';

/** `visit` says what is wanted when it is more than one service. */
export type ReserveInput = { appointmentId: string; networkId: string; shopId: string; serviceId: string; barberId: string | null; visit?: Visit; startsAt: string };

const day = 86_400_000;
/** Rivals are given so long to finish before this try ends as a fault and the workflow begins another. */
const contendMs = 4000;

const wanted = ({ visit, serviceId, barberId }: ReserveInput): Visit => visit ?? visitOf(serviceId, barberId);

export function createAppointmentActivities({ orm, metrics, now }: ActivityDeps) {
  /** Reads facts, decides, claims; on a lost race reads fresh facts and tries again while the time is still free. Repeating finds the stored outcome. */
  async function reserveSlot(input: ReserveInput): Promise<Decided> {
    const startsAt = Date.parse(input.startsAt);
    const giveUpAt = Date.now() + contendMs;
    for (let lost = 0; ; ) {
      const facts = await readFacts(input, startsAt - day, startsAt + 2 * day);
      if (!facts) return refuse(input, 'outside_working_hours');
      const { possible, refusal } = judgeVisit(facts, wanted(input), startsAt, now().getTime());
      if (possible.length === 0) return refuse(input, refusal.code);
      for (const way of possible) {
        try {
          return await claimSlot(orm.em.fork(), input, facts, way, now());
        } catch (error) {
          if (error instanceof CustomerLimit) return refuse(input, 'customer_limit');
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
    const facts = await readFacts(input, startsAt - 2 * day, startsAt + 8 * day);
    const nearest = facts ? nearestSlots({ ...facts, visit: wanted(input), around: startsAt, now: now().getTime(), days: 7, limit: 3 }) : [];
    return storeRefusal(input, { ok: false, code, nearest: nearest.map(freeSlot) });
  }

  async function storeRefusal(input: ReserveInput, refusal: Refusal): Promise<Decided> {
    const decided = await refuseRequest(orm.em.fork(), input, refusal, now(), new Date(Date.parse(input.startsAt)));
    if (!decided.outcome.ok && !decided.toldPending) await purgeContact(orm.em.fork(), input.networkId, input.appointmentId);
    return decided;
  }

  return {
    reserveSlot,

    /** Ends a request that could not be decided in time. Repeating, or a reservation that got through after all, answers what is stored. */
    async refuseUndecided(input: ReserveInput): Promise<Decided> {
      return storeRefusal(input, { ok: false, code: 'undecided', nearest: [] });
    },

    /** One transaction under the row's lock; repeating finds it cancelled and answers the same. */
    async cancelAppointment(input: { networkId: string; appointmentId: string; actor: string }): Promise<CancelResult> {
      return cancelAppointment(orm.em.fork(), input, input.actor, now());
    },

    /** One transaction; repeating finds the promise kept and answers the same. */
    async retimeAppointment(input: { networkId: string; appointmentId: string; actor: string }): Promise<RetimeResult> {
      return retimeAppointment(orm.em.fork(), input, input.actor, now());
    },

    /** A DELETE; repeating deletes nothing. */
    async purgeContact(input: { networkId: string; appointmentId: string }): Promise<void> {
      await purgeContact(orm.em.fork(), input.networkId, input.appointmentId);
    },
  };
}
