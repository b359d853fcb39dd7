/** Sentences about hours: the shop's and the barber's. A stretch belongs to the date that it begins on. */
import { contains } from '../intervals.ts';
import type { DayStretch, Interval } from '../rules.ts';
import { DAY, endInstant, startInstant } from '../time.ts';
import { barberDay, holidaysOf, type ShopDay } from '../timetable.ts';
import { need, spoken, type Case } from './case.ts';

const stretchOf = ({ date }: ShopDay, { fromMinute, toMinute }: DayStretch, zone: string): Interval => ({
  from: startInstant(date, fromMinute, zone),
  to: endInstant(date, toMinute, zone),
});

/** Whether some of these hours end at this very instant: "open to 19:00, not at 19:00" would sound odd. */
const endsAt = (day: ShopDay, hours: DayStretch[], instant: number, zone: string): boolean =>
  hours.some((stretch) => stretchOf(day, stretch, zone).to === instant);

/** Where a stretch ends that the visit began in and that is too short for it; null if it did not begin in any. */
export function tooShort(list: Interval[], startsAt: number, { from }: Interval): number | null {
  const inside =
    list.find((each) => each.from <= from && from < each.to) ??
    list.find((each) => each.from <= startsAt && startsAt < each.to && each.to === from);
  return inside?.to ?? null;
}

/** A stretch belongs to the date it begins on: the day, and the minute it ends, whose hours hold `instant`. */
export function dayHolding(
  days: ShopDay[],
  hoursOf: (day: ShopDay) => DayStretch[],
  instant: number,
  zone: string,
): { day: ShopDay; toMinute: number } | undefined {
  return days
    .flatMap((day) => hoursOf(day).map((stretch) => ({ day, toMinute: stretch.toMinute, ...stretchOf(day, stretch, zone) })))
    .find(({ from, to }) => from <= instant && instant < to);
}

/** Whoever asks for the small hours may think of the evening before: when its hours end, if they ran into this date and have just ended. */
function sayDayBefore(
  { say, shop: { timeZone } }: Case,
  days: ShopDay[],
  hoursOf: (day: ShopDay) => DayStretch[],
  date: string,
  instant: number,
): string {
  const earliest = Math.max(startInstant(date, 0, timeZone), instant - DAY / 4);
  const ends = days
    .filter((day) => day.date < date)
    .flatMap((day) => hoursOf(day).map((stretch) => stretchOf(day, stretch, timeZone).to))
    .filter((to) => earliest < to && to <= instant);
  return ends.length > 0 ? say.texts.dayBefore(say.clock(Math.max(...ends))) : '';
}

export function sayClosed(known: Case): string {
  const {
    say,
    shop,
    placement: { timetable },
    refusal: { at },
    startsAt,
    service,
  } = known;
  const {
    calendar: { open, days },
    unclosed,
    barber: rules,
  } = timetable;
  const zone = shop.timeZone;
  const closedDays = days.filter(({ closed }) => closed);
  if (contains(open, at.from, at.to)) {
    // The shop is open, but his hours begin on a day on which it was closed.
    const held = dayHolding(closedDays, (day) => barberDay(rules, day).hours, tooShort(unclosed, startsAt, at) ?? at.from, zone)!;
    return closure(known, held.day) + say.texts.dayRuns({ days: say.longDate(held.day.date), clock: say.minuteClock(held.toMinute) });
  }
  const closes = tooShort(open, startsAt, at);
  const held = dayHolding(closedDays, ({ hours }) => hours, closes ?? at.from, zone);
  if (closes !== null) {
    const words = say.texts.endsLate({
      service,
      ends: say.clockAfter(startsAt, at.to),
      clock: say.clockAfter(startsAt, closes, true),
      on: say.on(startsAt),
    });
    const own = days.find(
      (day) => !day.closed && shop.exceptions.some(({ date }) => date === day.date) && endsAt(day, day.hours, closes, zone),
    );
    return words + (held ? `. ${closure(known, held.day)}` : own ? `. ${openHours(known, own)}` : '');
  }
  const date = say.dateOf(at.from);
  if (held && held.day.date !== date)
    return closure(known, held.day) + say.texts.dayRuns({ days: say.longDate(held.day.date), clock: say.minuteClock(held.toMinute) });
  const day = days.find((each) => each.date === date)!;
  if (day.closed) return closure(known, day);
  const tail =
    day.hours.length === 0
      ? ''
      : endsAt(day, day.hours, at.from, zone)
        ? say.texts.lasts({ service, span: say.span(startsAt, at.from, at.to) })
        : say.texts.notAt(say.clock(at.from));
  return (
    openHours(known, day) +
    tail +
    sayDayBefore(
      known,
      days.filter(({ closed }) => !closed),
      ({ hours }) => hours,
      date,
      at.from,
    )
  );
}

/** The closure or the holiday that shuts the shop on this day. */
function closure({ say, shop, placement }: Case, { date, closed }: ShopDay): string {
  const found = closed === 'closure' ? shop.closures.find(({ fromDate, toDate }) => fromDate <= date && date <= toDate) : undefined;
  const reason = found?.reason ?? holidaysOf(shop, placement.offer.settings.holidaySets, date, date).get(date) ?? '';
  return say.texts.closed({ shop: shop.name, days: say.days(found?.fromDate ?? date, found?.toDate ?? date), reason: spoken(reason) });
}

/** The hours of a day that is neither closed nor a holiday: of its date alone, else of the week. */
function openHours({ say, shop }: Case, { date, weekday, hours }: ShopDay): string {
  const own = shop.exceptions.find((each) => each.date === date);
  const said = { shop: shop.name, days: own ? say.days(date, date) : say.texts.weekly[weekday]!, reason: spoken(own?.reason ?? '') };
  if (hours.length > 0) return say.texts.shopHours({ ...said, hours: say.hours(hours) });
  return own ? say.texts.closed(said) : say.texts.shopShut(said);
}

export function sayHours(known: Case): string {
  const {
    say,
    shop,
    placement: {
      timetable: {
        agreed,
        calendar: { days },
        barber: rules,
      },
    },
    refusal: { at },
    startsAt,
    barber,
    service,
  } = known;
  const hoursOf = (day: ShopDay): DayStretch[] => barberDay(rules, day).hours;
  const ownOf = (date: string) => rules.exceptions.find((each) => each.date === date);
  const ends = tooShort(agreed, startsAt, at);
  if (ends !== null) {
    const own = days.find((day) => ownOf(day.date) && endsAt(day, hoursOf(day), ends, shop.timeZone));
    const reason = spoken((own && ownOf(own.date)?.reason) ?? '');
    return (
      say.texts.worksUntil({ barber, on: say.on(startsAt), clock: say.clockAfter(startsAt, ends, true), reason }) + need(known, service, at)
    );
  }
  const day = days.find(({ date }) => date === say.dateOf(at.from))!;
  const { date, weekday } = day;
  const hours = hoursOf(day);
  const own = ownOf(date);
  const isPlanned =
    own !== undefined || rules.periods.some(({ fromDate, toDate }) => (fromDate ?? date) <= date && date <= (toDate ?? date));
  // Whoever keeps the shop's hours keeps those of its exceptional dates too.
  const isDated = own !== undefined || (hours === day.hours && shop.exceptions.some((each) => each.date === date));
  const said = { barber, days: isDated ? say.days(date, date) : say.texts.weekly[weekday]!, reason: spoken(own?.reason ?? '') };
  const words = !isPlanned
    ? sayPeriods(known, date)
    : hours.length === 0
      ? say.texts.worksNot(said)
      : say.texts.works({ ...said, hours: say.hours(hours) }) +
        (at.from === startsAt && !endsAt(day, hours, startsAt, shop.timeZone)
          ? say.texts.notAt(say.clock(startsAt))
          : need(known, service, at));
  return words + sayDayBefore(known, days, hoursOf, date, at.from);
}

/** Of a date outside all periods: since when, until when, or that there are none. */
function sayPeriods({ say, placement: { timetable }, barber }: Case, date: string): string {
  const { periods } = timetable.barber;
  const ended = periods
    .flatMap(({ toDate }) => (toDate !== null && toDate < date ? toDate : []))
    .sort()
    .at(-1);
  const begins = periods.flatMap(({ fromDate }) => (fromDate !== null && fromDate > date ? fromDate : [])).sort()[0];
  const [to, from] = [ended && say.longDate(ended), begins && say.longDate(begins)];
  if (from && to) return say.texts.between({ barber, from, to });
  if (from) return say.texts.notBegun({ barber, from });
  return to ? say.texts.ended({ barber, to }) : say.texts.never({ barber });
}
