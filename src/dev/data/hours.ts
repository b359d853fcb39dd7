/** Opening hours and shifts of the sample network, by the pattern of the shop. Minutes count from 00:00 of the weekday (1 = Monday). */
import type { WeeklyStretch } from '../../domain/rules.ts';
import type { ShopPattern } from './shops.ts';

export type Week = { hours: WeeklyStretch[]; breaks: WeeklyStretch[] };

const clock = (hour: number, minute = 0): number => hour * 60 + minute;
const on = (weekdays: number[], fromMinute: number, toMinute: number): WeeklyStretch[] =>
  weekdays.map((weekday) => ({ weekday, fromMinute, toMinute }));

const weekdays = [1, 2, 3, 4, 5];
const workdays = [...weekdays, 6];

const opening: Record<ShopPattern, WeeklyStretch[]> = {
  street: [...on(weekdays, clock(9), clock(20)), ...on([6], clock(9), clock(19))],
  town: [...weekdays.flatMap((day) => [...on([day], clock(9), clock(13)), ...on([day], clock(14), clock(19))]), ...on([6], clock(9), clock(13))],
  mall: on([...workdays, 7], clock(10), clock(23)),
  night: [...on(weekdays, clock(12), clock(22)), ...on([6], clock(14), clock(26))],
};

/** When a shop of this pattern is open; the night shop's Saturday ends at 02:00 on Sunday. */
export const openingHours = (pattern: ShopPattern): WeeklyStretch[] => opening[pattern];

/** A day's shift of the `chair`th barber: even chairs begin early, odd ones late; the hour's break is staggered over three starts. */
function shift(pattern: ShopPattern, chair: number, weekday: number): { stretches: [number, number][]; breakAt: number | null } {
  const late = chair % 2 === 1;
  const stagger = (Math.floor(chair / 2) % 3) * 30;
  const saturday = weekday === 6;
  switch (pattern) {
    case 'street':
      if (late) return { stretches: [saturday ? [clock(10), clock(19)] : [clock(11), clock(20)]], breakAt: clock(14) + stagger };
      return { stretches: [[clock(9), clock(18)]], breakAt: clock(12) + stagger };
    case 'town':
      return { stretches: saturday ? [[clock(9), clock(13)]] : [[clock(9), clock(13)], [clock(14), clock(19)]], breakAt: null };
    case 'mall':
      if (late) return { stretches: [[clock(14), clock(23)]], breakAt: clock(18) + stagger };
      return { stretches: [[clock(10), clock(19)]], breakAt: clock(12, 30) + stagger };
    case 'night':
      if (saturday) return late ? { stretches: [[clock(18), clock(26)]], breakAt: clock(21) + stagger } : { stretches: [[clock(14), clock(24, 30)]], breakAt: clock(19) + stagger };
      return late ? { stretches: [[clock(13, 30), clock(22)]], breakAt: clock(16) + stagger } : { stretches: [[clock(12), clock(20, 30)]], breakAt: clock(15) + stagger };
  }
}

/** The days off rotate with the chair: one day a week, two where the shop opens on Sundays. Nobody is off on the night shop's Saturday. */
function daysOff(pattern: ShopPattern, chair: number): number[] {
  if (pattern === 'mall') return [((chair * 2 + 2) % 7) + 1, ((chair * 2 + 3) % 7) + 1];
  if (pattern === 'night') return [(chair % 5) + 1, 7];
  return [((chair + 2) % 6) + 1, 7];
}

/** The week of the `chair`th barber of a shop, on the given weekdays only. */
export function weekOf(pattern: ShopPattern, chair: number, only: number[] = [...workdays, 7]): Week {
  const week: Week = { hours: [], breaks: [] };
  for (const weekday of only) {
    if (daysOff(pattern, chair).includes(weekday)) continue;
    const { stretches, breakAt } = shift(pattern, chair, weekday);
    for (const [fromMinute, toMinute] of stretches) week.hours.push({ weekday, fromMinute, toMinute });
    if (breakAt !== null) week.breaks.push({ weekday, fromMinute: breakAt, toMinute: breakAt + 60 });
  }
  return week;
}
