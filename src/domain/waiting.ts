/** Which free time is offered to somebody who waits. Pure. */
import { offeredSlots, type Question } from './availability.ts';
import { addDays, MINUTE, toWall } from './time.ts';

/**
 * What somebody waits for; dates and minutes of the day are the shop's. `refused` are starts (epoch milliseconds) that were offered before:
 * a visit that would lie over one of them is the same time, and the next in line's.
 */
export type Wait = { fromDate: string; toDate: string; fromMinute: number; toMinute: number; refused: number[] };

/** Shorter than this an offer is kept for nobody, unless the shop keeps all of its offers so short. */
const shortestMs = 5 * MINUTE;

/**
 * The earliest free start, and how long it is kept: as long as the shop says, but at most half of what is left until then, so that whoever
 * declines leaves time for the next. On `fullDays` the customer may not come.
 */
export function findOfferable(
  question: Question,
  { fromDate, toDate, fromMinute, toMinute, refused }: Wait,
  offerMs: number,
  fullDays: string[] = [],
): { startsAt: number; heldMs: number } | null {
  const { shop, now } = question;
  const today = toWall(now, shop.timeZone).date;
  for (let date = fromDate > today ? fromDate : today; date <= toDate; date = addDays(date, 1)) {
    if (fullDays.includes(date)) continue;
    for (const { startsAt, endsAt } of offeredSlots({ ...question, from: date, to: date })) {
      const { time } = toWall(startsAt, shop.timeZone);
      const minute = Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
      const heldMs = Math.min(offerMs, (startsAt - now) / 2);
      if (
        minute >= fromMinute &&
        minute < toMinute &&
        !refused.some((known) => Math.abs(startsAt - known) < endsAt - startsAt) &&
        heldMs >= Math.min(shortestMs, offerMs)
      )
        return { startsAt, heldMs };
    }
  }
  return null;
}
