/** Sorted, disjoint lists of intervals, so that one binary search answers each question. */
import type { Interval } from './rules.ts';

/** Sorts, and joins what overlaps or touches: 22:00–24:00 and 00:00–02:00 of the next day are one. Empty stretches vanish. */
export function merge(intervals: Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { from, to } of intervals.filter((each) => each.from < each.to).sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

/** The last interval of a merged list that begins before `instant`. */
function lastBefore(merged: Interval[], instant: number): Interval | undefined {
  let [low, high] = [0, merged.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (merged[middle]!.from < instant) low = middle + 1;
    else high = middle;
  }
  return merged[low - 1];
}

/** The last interval of a merged list that shares an instant with [from, to), if any. */
export function hit(merged: Interval[], from: number, to: number): Interval | undefined {
  const last = lastBefore(merged, to);
  return last && last.to > from ? last : undefined;
}

/** Whether one interval holds the whole of [from, to): instants are whole, so beginning before from + 1 is beginning by from. */
export const contains = (merged: Interval[], from: number, to: number): boolean => (lastBefore(merged, from + 1)?.to ?? -Infinity) >= to;

/** How much of [from, to) the merged intervals fill, in milliseconds. */
export function filled(merged: Interval[], { from, to }: Interval): number {
  return merged.reduce((sum, each) => sum + Math.max(0, Math.min(each.to, to) - Math.max(each.from, from)), 0);
}
