/** Sentences about the barber's time: away, a full day, taken. Reasons of time off are private and never told. */
import { busyStretches } from '../judgement.ts';
import { addDays, MINUTE } from '../time.ts';
import { barberDay } from '../timetable.ts';
import { need, needBeyond, partsOf, titleOf, type Case } from './case.ts';
import { dayHolding, tooShort } from './hours.ts';

export function sayAway(known: Case): string {
  const {
    say,
    shop,
    placement: {
      timetable: {
        working,
        timeOff,
        calendar: { days },
        barber: rules,
      },
    },
    refusal: { at },
    startsAt,
    barber,
    service,
  } = known;
  const offOn = (date: string) => rules.daysOff.filter(({ fromDate, toDate }) => fromDate <= date && date <= toDate);
  const ends = tooShort(working, startsAt, at);
  const held = dayHolding(
    days.filter(({ date }) => offOn(date).length > 0),
    (day) => barberDay(rules, day).hours,
    ends ?? at.from,
    shop.timeZone,
  );
  if (!held || timeOff.some(({ from, to }) => from === at.from && to === at.to))
    return say.texts.away({ barber, when: say.when(at.from, at.to) }) + needBeyond(known);
  const { date } = held.day;
  const from = offOn(date)
    .map(({ fromDate }) => fromDate)
    .sort()[0]!;
  // Days off that follow on one another are one absence.
  let to = date;
  for (let next = offOn(date); next.length > 0; next = offOn(addDays(to, 1)))
    to = next
      .map(({ toDate }) => toDate)
      .sort()
      .at(-1)!;
  const runs =
    ends === null && say.dateOf(at.from) !== date
      ? say.texts.dayRuns({ days: say.longDate(date), clock: say.minuteClock(held.toMinute) })
      : '';
  return say.texts.away({ barber, when: say.days(from, to) }) + (ends === null ? runs : need(known, service, at));
}

export function sayFull({ say, placement: { timetable, offer }, refusal: { at }, barber }: Case): string {
  const date = say.dateOf(at.from);
  const count = timetable.barber.visits.filter((visit) => say.dateOf(visit) === date).length;
  return say.texts.full(barber, offer.settings.maxVisitsPerBarberDay ?? count, count, say.on(at.from));
}

export function sayTaken(known: Case): string {
  const {
    say,
    placement: {
      timetable: { claimed },
    },
    refusal: { at },
    barber,
  } = known;
  if (!claimed.some(({ from, to }) => from === at.from && to === at.to)) return say.texts.twice({ barber });
  const words = say.texts.taken({ barber, when: say.when(at.from, at.to) });
  const parts = partsOf(known).map(({ offer, at: begins }) => ({
    offer,
    busy: busyStretches(offer, begins),
    service: titleOf(known, offer.serviceId, say),
  }));
  if (parts.some(({ busy }) => busy.some(({ from, to }) => from < at.to && at.from < to))) return words + needBeyond(known);
  for (const {
    offer: {
      settings: { bufferBeforeMinutes: before, bufferAfterMinutes: after },
    },
    busy,
    service,
  } of parts) {
    const [begins, ends] = [busy[0]!.from, busy.at(-1)!.to];
    if (at.to <= begins && begins - before * MINUTE < at.to) return words + say.texts.needsBefore({ service, length: say.length(before) });
    if (ends <= at.from && at.from < ends + after * MINUTE) return words + say.texts.needsAfter({ service, length: say.length(after) });
  }
  return words;
}
