/** Recurring visits: the same wall time every so many weeks, across clock changes. Pure; instants are epoch milliseconds. */
import { addDays, resolveLocal } from './time.ts';

/** At most so many weeks from one visit to the next, and so many visits. */
export const mostWeeks = 26;
export const mostVisits = 26;

/**
 * When one visit of a series begins. A local time that the clocks skip has no `startsAt`; of one that happens twice, the first is meant and
 * `repeated` says so. `around` is where to look for another time: the start, or where the gap ends.
 */
export type SeriesStart = { localStart: string; startsAt: number | null; repeated: boolean; around: number };

/** What `localStart` (`YYYY-MM-DDTHH:mm`) means as one of a series; throws a RangeError unless `isLocalDateTime` and `isTimeZone` hold. */
export function startOfVisit(localStart: string, zone: string): SeriesStart {
  const found = resolveLocal(localStart, zone);
  switch (found.kind) {
    case 'exact':
      return { localStart, startsAt: found.instant, repeated: false, around: found.instant };
    case 'ambiguous':
      return { localStart, startsAt: found.instants[0], repeated: true, around: found.instants[0] };
    case 'skipped':
      return { localStart, startsAt: null, repeated: false, around: found.nextInstant };
  }
}

/**
 * The starts of `times` visits from `first` (a local time) on, every so many weeks at the same wall time, whatever the clocks do between.
 */
export function startsOfSeries(first: string, { everyWeeks, times }: { everyWeeks: number; times: number }, zone: string): SeriesStart[] {
  const [date, time] = [first.slice(0, 10), first.slice(11)];
  return Array.from({ length: times }, (_, index) => startOfVisit(`${addDays(date, index * everyWeeks * 7)}T${time}`, zone));
}

/**
 * How many days around a visit to look for another time: at most a week, and never nearer to the next visit than to this one. A chain of
 * barbers is looked for on the days next to it only: each day of a large shop costs a tenth of a second, and a series asks for many.
 */
export const searchDays = (everyWeeks: number, isChain = false): number => (isChain ? 1 : Math.min(7, Math.floor((everyWeeks * 7) / 2)));
