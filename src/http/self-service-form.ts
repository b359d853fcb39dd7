/** The form on the page behind a customer's link; to move a visit, with the times to choose from. */
import { readBookingFacts } from '../db/booking-facts.ts';
import { isLateToCancel } from '../domain/appointment.ts';
import { nextSlots } from '../domain/availability.ts';
import type { PageForm } from '../domain/page.ts';
import type { Visit } from '../domain/rules.ts';
import { addDays, DAY, isLocalDate, parseInstant, startInstant, toUtc, toWall } from '../domain/time.ts';
import type { HttpDeps } from './deps.ts';
import { standingOf, type Asked } from './self-service-view.ts';

const daysShown = 7;
/** About so many times on a page: days are shown whole. */
const slotsShown = 40;
const mostSlots = 5000;
/** So far ahead a customer may leaf. */
const mostDaysAhead = 366;

/** The barber is kept unless the customer widens the choice. */
export const wished = ({ visit }: Asked, any: boolean): Visit =>
  any ? { ...visit, wishes: visit.wishes.map(({ serviceId }) => ({ serviceId, barberId: null })) } : visit;

/** Who wanted a time of that day may want another of it. */
export function dayOf(startsAt: unknown, timeZone: string): string | undefined {
  const at = typeof startsAt === 'string' ? parseInstant(startsAt) : null;
  return at === null ? undefined : toWall(at, timeZone).date;
}

export function createForms({ orm, now }: Pick<HttpDeps, 'orm' | 'now'>) {
  /** Undefined where there is nothing to press. */
  return async function formOf(asked: Asked, query: { from?: unknown; any?: unknown }): Promise<PageForm | undefined> {
    switch (asked.linked.purpose) {
      case 'view':
        return undefined;
      case 'cancel': {
        const counts = asked.policy.lateCancel === 'count' && isLateToCancel(standingOf(asked), now().getTime());
        return counts ? { note: asked.texts.lateCancel } : {};
      }
      case 'reschedule':
        return { choice: await choiceOf(asked, query.any === '1', query.from) };
      case 'confirm_attendance':
      case 'accept_offer':
      case 'decline_offer':
        return {};
    }
  };

  /** The free times of some days, from the one that was asked for; `from` is what the address says. */
  async function choiceOf(asked: Asked, any: boolean, from: unknown): Promise<NonNullable<PageForm['choice']>> {
    const { linked, shopId } = asked;
    const { networkId, appointmentId, startsAt, shopTimeZone } = linked;
    const at = now().getTime();
    const firstDate = firstDateOf(from, toWall(at, shopTimeZone).date);
    const firstInstant = Math.max(at, startInstant(firstDate, 0, shopTimeZone));
    const visit = wished(asked, any);
    const window = { from: firstInstant - 2 * DAY, to: firstInstant + (daysShown + 3) * DAY };
    const facts = await readBookingFacts(orm.em.fork(), { networkId, shopId, visit, window, except: appointmentId });
    const found = 'missing' in facts ? [] : nextSlots({ ...facts, visit, now: at, from: firstInstant, limit: mostSlots, days: daysShown });
    const starts = [...new Set(found.map((slot) => slot.startsAt))].filter((start) => start !== Date.parse(startsAt));
    const { slots, lastDate } = wholeDays(starts, shopTimeZone, addDays(firstDate, daysShown - 1));
    const href = (date: string, widely: boolean) => `?from=${date}${widely ? '&any=1' : ''}`;
    return {
      slots: slots.map(toUtc),
      timeZone: shopTimeZone,
      from: firstDate,
      laterHref: href(addDays(lastDate < firstDate ? firstDate : lastDate, 1), any),
      anyHref: any ? null : href(firstDate, true),
      any,
    };
  }
}

/** The local date to begin with: the one that is asked for, if it lies ahead and not too far. */
const firstDateOf = (asked: unknown, today: string): string =>
  typeof asked === 'string' && isLocalDate(asked) && asked > today && asked < addDays(today, mostDaysAhead) ? asked : today;

/** As many whole days as fit, so that every time of a day can be reached; and the last date that is shown whole. */
function wholeDays(starts: number[], timeZone: string, lastDate: string): { slots: number[]; lastDate: string } {
  const slots: number[] = [];
  for (const [date, times] of Map.groupBy(starts, (at) => toWall(at, timeZone).date)) {
    slots.push(...times);
    if (slots.length >= slotsShown) return { slots, lastDate: date };
  }
  return { slots, lastDate };
}
