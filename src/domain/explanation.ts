/**
 * Why a time is free or not, in a sentence to be read aloud. `judgeVisit` decides, as it does for bookings; this only words its answer, and
 * looks up in the rules what a listener wants to know. Reasons of time off are private and never told.
 */
import { judgeVisit } from './choice.ts';
import { speakerFor, type Speaker } from './explanation-texts.ts';
import { contains } from './intervals.ts';
import { busyStretches, judgeStart, type Placement } from './judgement.ts';
import { barberOf, fixedLineups, staffOf, type Lineup, type Staff } from './lineup.ts';
import { lengthOf, type Candidate, type DayStretch, type Interval, type Offer, type Part, type RefusalCode, type Refused, type ShopRules, type Visit } from './rules.ts';
import { addDays, DAY, endInstant, MINUTE, minuteOfDay, startInstant, toWall } from './time.ts';
import { barberDay, holidaysOf, type ShopDay } from './timetable.ts';

/** Whether a time is free, else which rule refuses it, and a sentence that says so. */
export type Explanation = { free: boolean; code: RefusalCode | null; sentence: string };

/** One time for one visit; instants are epoch milliseconds. */
type Question = {
  shop: ShopRules & { name: string };
  candidates: (Candidate & { name: string })[];
  services: { id: string; name: string }[];
  visit: Visit; startsAt: number; now: number; locale: string;
};

/** All that the sentence about one refusal is made from. `barber` and `service` are names. */
type Case = Question & { say: Speaker; staff: Staff; lineups: Lineup[] | null; refusal: Refused; placement: Placement; barber: string; service: string };

/** Says in the language of `locale` (Portuguese, else English) why the visit may or may not begin at `startsAt`. */
export function explain(question: Question): Explanation {
  const { shop, candidates, visit, startsAt, now, locale } = question;
  const { possible, refusal } = judgeVisit({ shop, candidates }, visit, startsAt, now);
  const say = speakerFor(locale, shop.timeZone);
  const words = possible[0] ? sayFree(question, say, possible[0].decision.slot.parts) : sayRefused(question, say, refusal);
  // Of an hour that comes twice it must be clear which one is meant, also where the rule alone would not tell.
  const clock = say.clock(startsAt);
  const opening = say.isRepeated(startsAt) && !words.includes(clock) ? `${capital(say.texts.at(clock))}: ` : '';
  return { free: possible.length > 0, code: possible.length > 0 ? null : refusal.code, sentence: `${opening}${words}.` };
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const spoken = (reason: string): string => reason.replaceAll(/\s+/g, ' ').replace(/[. ]+$/, '').trim();
const nameOf = ({ candidates }: Question, barberId: string): string | undefined => candidates.find(({ barber }) => barber.barberId === barberId)?.name;
const titleOf = ({ services }: Question, serviceId: string, { texts }: Speaker): string => services.find(({ id }) => id === serviceId)?.name ?? texts.someService;

function sayFree(question: Question, say: Speaker, parts: Part[]): string {
  const { startsAt } = question;
  const said = parts.map((part) => ({
    barber: nameOf(question, part.barberId) ?? say.texts.someBarber, service: titleOf(question, part.serviceId, say), on: say.on(startsAt), span: say.span(startsAt, part.startsAt, part.endsAt),
  }));
  if (said.length === 1) return say.texts.free(said[0]!);
  return say.texts.freeParts({ on: say.on(startsAt), hours: say.list(said.map(({ service, barber, span }) => `${say.texts.by(service, barber)} ${span}`)) });
}

function sayRefused(question: Question, say: Speaker, refusal: Refused): string {
  const { shop, candidates, visit, startsAt } = question;
  const { date } = toWall(startsAt, shop.timeZone);
  const staff = staffOf(shop, candidates, visit, date, date);
  const placement = staff.choices.flat().find((each) => barberOf(each) === refusal.barberId && each.offer.serviceId === refusal.serviceId);
  if (refusal.code === 'service_not_offered' || !placement) return sayNotOffered(question, say, staff, refusal);
  const [barber, service] = [nameOf(question, barberOf(placement)) ?? say.texts.someBarber, titleOf(question, refusal.serviceId, say)];
  const known: Case = { ...question, say, staff, lineups: fixedLineups(staff), refusal, placement, barber, service };
  switch (refusal.code) {
    case 'too_soon': return startsAt < question.now ? say.texts.past : sayNotice(known);
    case 'too_far_ahead': return sayHorizon(known);
    case 'off_step': return saySteps(known);
    case 'shop_closed': return sayClosed(known);
    case 'outside_working_hours': return forNobody(known) + sayHours(known);
    case 'on_break': return forNobody(known) + say.texts.onBreak({ barber, when: say.when(refusal.at.from, refusal.at.to) }) + needBeyond(known);
    case 'time_off': return forNobody(known) + sayAway(known);
    case 'barber_day_full': return forNobody(known) + sayFull(known);
    case 'slot_taken': return forNobody(known) + sayTaken(known);
    case 'customer_limit': return say.texts.limit;
  }
}

function sayNotOffered(question: Question, say: Speaker, { choices, visit }: Staff, { barberId, serviceId }: Refused): string {
  const titles = (ids: string[]): string => say.list(ids.map((id) => titleOf(question, id, say)));
  const [shop, all] = [question.shop.name, visit.wishes.map((wish) => wish.serviceId)];
  const named = question.candidates.find(({ barber }) => barber.barberId === barberId);
  // Each service may have somebody, while no one barber has them all.
  const isSplit = choices.every((options) => options.length > 0);
  const missing = isSplit ? all.filter((id) => named && !named.offers.some((offer) => offer.serviceId === id)) : [serviceId];
  if (missing.length === 0) return say.texts.nobodyGivesAll({ service: titles(all), shop });
  if (barberId === null) return say.texts.nobodyGives({ service: titles(missing), shop });
  return say.texts.notOffered({ barber: named?.name ?? say.texts.someBarber, service: titles(missing), shop });
}

/** Where any barber would do, the sentence about one is an example. */
function forNobody(known: Case): string {
  const { say, lineups, staff: { choices, visit }, refusal, service } = known;
  if (lineups) return lineups.length < 2 ? '' : say.texts.nobody(say.list(visit.wishes.map((wish) => titleOf(known, wish.serviceId, say))));
  return visit.wishes.some((wish, index) => wish.serviceId === refusal.serviceId && choices[index]!.length > 1) ? say.texts.nobody(service) : '';
}

/** Of those who could begin the visit and are refused alike, the most lenient; whether all share the setting; and the service, with the barber where it is about him. */
function firsts(known: Case, setting: 'minimumNoticeMinutes' | 'bookingHorizonDays' | 'slotStepMinutes', sign: 1 | -1) {
  const { staff, lineups, visit, startsAt, now, refusal, say, service } = known;
  const all = lineups?.map((lineup) => lineup[0]!) ?? staff.choices[0]!;
  const valueOf = ({ offer }: Placement): number => offer.settings[setting];
  const best = all.filter((each) => judgeStart(each, startsAt, now)?.code === refusal.code).sort((a, b) => sign * (valueOf(a) - valueOf(b)))[0]!;
  const isAlike = new Set(all.map(valueOf)).size < 2;
  const isAny = visit.wishes[0]!.barberId === null && isAlike;
  return { value: valueOf(best), step: best.offer.settings.slotStepMinutes, isAlike, what: isAny ? service : say.texts.by(service, nameOf(known, barberOf(best)) ?? say.texts.someBarber) };
}

/** The nearest instant before or after whose wall clock lies on the step; midnight always does. */
function onStep(from: number, direction: 1 | -1, step: number, zone: string): number | null {
  let at = (direction > 0 ? Math.ceil(from / MINUTE) : Math.floor(from / MINUTE)) * MINUTE;
  for (let tries = 0; tries < 2 * 1440; tries++, at += direction * MINUTE) if (minuteOfDay(at, zone) % step === 0) return at;
  return null;
}

function sayNotice(known: Case): string {
  const { say, now, shop } = known;
  const { value, step, what } = firsts(known, 'minimumNoticeMinutes', 1);
  const earliest = now + value * MINUTE;
  return say.texts.notice({ service: what, length: say.length(value), when: say.moment(onStep(earliest, 1, step, shop.timeZone) ?? earliest) });
}

function sayHorizon(known: Case): string {
  const { say, now, shop } = known;
  const { value, step, what } = firsts(known, 'bookingHorizonDays', -1);
  const latest = now + value * DAY;
  return say.texts.horizon({ service: what, length: say.length(value * 1440), when: say.moment(onStep(latest, -1, step, shop.timeZone) ?? latest) });
}

function saySteps(known: Case): string {
  const { say, startsAt, shop } = known;
  const { step, isAlike, what } = firsts(known, 'slotStepMinutes', 1);
  const words = isAlike ? say.texts.steps(say.texts.every(step)) : say.texts.stepsOf(what, say.texts.every(step));
  const [before, after] = [onStep(startsAt, -1, step, shop.timeZone), onStep(startsAt, 1, step, shop.timeZone)];
  if (before === null || after === null) return words;
  return `${words}: ${say.texts.either(say.clockAfter(startsAt, before), say.clockAfter(startsAt, after))}${say.texts.notAt(say.clock(startsAt))}`;
}

const stretchOf = ({ date }: ShopDay, { fromMinute, toMinute }: DayStretch, zone: string): Interval =>
  ({ from: startInstant(date, fromMinute, zone), to: endInstant(date, toMinute, zone) });

/** Whether some of these hours end at this very instant: "open to 19:00, not at 19:00" would sound odd. */
const endsAt = (day: ShopDay, hours: DayStretch[], instant: number, zone: string): boolean => hours.some((stretch) => stretchOf(day, stretch, zone).to === instant);

/** Where a stretch ends that the visit began in and that is too short for it; null if it did not begin in any. */
function tooShort(list: Interval[], startsAt: number, { from }: Interval): number | null {
  const inside = list.find((each) => each.from <= from && from < each.to) ?? list.find((each) => each.from <= startsAt && startsAt < each.to && each.to === from);
  return inside?.to ?? null;
}

/** A stretch belongs to the date it begins on: the day, and the minute it ends, whose hours hold `instant`. */
function dayHolding(days: ShopDay[], hoursOf: (day: ShopDay) => DayStretch[], instant: number, zone: string): { day: ShopDay; toMinute: number } | undefined {
  return days.flatMap((day) => hoursOf(day).map((stretch) => ({ day, toMinute: stretch.toMinute, ...stretchOf(day, stretch, zone) }))).find(({ from, to }) => from <= instant && instant < to);
}

/** Whoever asks for the small hours may think of the evening before: when its hours end, if they ran into this date and have just ended. */
function sayDayBefore({ say, shop: { timeZone } }: Case, days: ShopDay[], hoursOf: (day: ShopDay) => DayStretch[], date: string, instant: number): string {
  const earliest = Math.max(startInstant(date, 0, timeZone), instant - DAY / 4);
  const ends = days.filter((day) => day.date < date).flatMap((day) => hoursOf(day).map((stretch) => stretchOf(day, stretch, timeZone).to)).filter((to) => earliest < to && to <= instant);
  return ends.length > 0 ? say.texts.dayBefore(say.clock(Math.max(...ends))) : '';
}

function sayClosed(known: Case): string {
  const { say, shop, placement: { timetable }, refusal: { at }, startsAt, service } = known;
  const { calendar: { open, days }, unclosed, barber: rules } = timetable;
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
    const words = say.texts.endsLate({ service, ends: say.clockAfter(startsAt, at.to), clock: say.clockAfter(startsAt, closes, true), on: say.on(startsAt) });
    const own = days.find((day) => !day.closed && shop.exceptions.some(({ date }) => date === day.date) && endsAt(day, day.hours, closes, zone));
    return words + (held ? `. ${closure(known, held.day)}` : own ? `. ${openHours(known, own)}` : '');
  }
  const date = say.dateOf(at.from);
  if (held && held.day.date !== date) return closure(known, held.day) + say.texts.dayRuns({ days: say.longDate(held.day.date), clock: say.minuteClock(held.toMinute) });
  const day = days.find((each) => each.date === date)!;
  if (day.closed) return closure(known, day);
  const tail = day.hours.length === 0 ? '' : endsAt(day, day.hours, at.from, zone) ? say.texts.lasts({ service, span: say.span(startsAt, at.from, at.to) }) : say.texts.notAt(say.clock(at.from));
  return openHours(known, day) + tail + sayDayBefore(known, days.filter(({ closed }) => !closed), ({ hours }) => hours, date, at.from);
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

/** That a part needs the barber at a time, behind what is in its way. */
const need = ({ say, barber, startsAt }: Case, service: string, { from, to }: Interval): string => say.texts.needs({ service, barber, span: say.span(startsAt, from, to) });

function sayHours(known: Case): string {
  const { say, shop, placement: { timetable: { agreed, calendar: { days }, barber: rules } }, refusal: { at }, startsAt, barber, service } = known;
  const hoursOf = (day: ShopDay): DayStretch[] => barberDay(rules, day).hours;
  const ownOf = (date: string) => rules.exceptions.find((each) => each.date === date);
  const ends = tooShort(agreed, startsAt, at);
  if (ends !== null) {
    const own = days.find((day) => ownOf(day.date) && endsAt(day, hoursOf(day), ends, shop.timeZone));
    const reason = spoken((own && ownOf(own.date)?.reason) ?? '');
    return say.texts.worksUntil({ barber, on: say.on(startsAt), clock: say.clockAfter(startsAt, ends, true), reason }) + need(known, service, at);
  }
  const day = days.find(({ date }) => date === say.dateOf(at.from))!;
  const { date, weekday } = day;
  const hours = hoursOf(day);
  const own = ownOf(date);
  const isPlanned = own !== undefined || rules.periods.some(({ fromDate, toDate }) => (fromDate ?? date) <= date && date <= (toDate ?? date));
  // Whoever keeps the shop's hours keeps those of its exceptional dates too.
  const isDated = own !== undefined || (hours === day.hours && shop.exceptions.some((each) => each.date === date));
  const said = { barber, days: isDated ? say.days(date, date) : say.texts.weekly[weekday]!, reason: spoken(own?.reason ?? '') };
  const words = !isPlanned ? sayPeriods(known, date)
    : hours.length === 0 ? say.texts.worksNot(said)
    : say.texts.works({ ...said, hours: say.hours(hours) }) + (at.from === startsAt && !endsAt(day, hours, startsAt, shop.timeZone) ? say.texts.notAt(say.clock(startsAt)) : need(known, service, at));
  return words + sayDayBefore(known, days, hoursOf, date, at.from);
}

/** Of a date outside all periods: since when, until when, or that there are none. */
function sayPeriods({ say, placement: { timetable }, barber }: Case, date: string): string {
  const { periods } = timetable.barber;
  const ended = periods.flatMap(({ toDate }) => (toDate !== null && toDate < date ? toDate : [])).sort().at(-1);
  const begins = periods.flatMap(({ fromDate }) => (fromDate !== null && fromDate > date ? fromDate : [])).sort()[0];
  const [to, from] = [ended && say.longDate(ended), begins && say.longDate(begins)];
  if (from && to) return say.texts.between({ barber, from, to });
  if (from) return say.texts.notBegun({ barber, from });
  return to ? say.texts.ended({ barber, to }) : say.texts.never({ barber });
}

/** What the barber may be needed for. Where a chain was searched for, the refused service, at every time that it might come to. */
function partsOf({ staff, lineups, startsAt, refusal, placement }: Case): { offer: Offer; at: number }[] {
  const barberId = barberOf(placement);
  const lineup = lineups?.find((each) => each.some((part) => barberOf(part) === barberId))?.map((part) => [part]);
  const parts: { offer: Offer; at: number }[] = [];
  let starts = [startsAt];
  for (const options of lineup ?? staff.choices) {
    const mine = options.filter((each) => barberOf(each) === barberId && (lineup || each.offer.serviceId === refusal.serviceId));
    parts.push(...starts.flatMap((at) => mine.map(({ offer }) => ({ offer, at }))));
    starts = [...new Set(starts.flatMap((at) => options.map(({ offer }) => at + lengthOf(offer.segments) * MINUTE)))];
  }
  return parts;
}

/** For which part the barber is needed during what is in the way; nothing to say where that holds the start that was asked for. */
function needBeyond(known: Case): string {
  const { say, startsAt, refusal: { at } } = known;
  if (at.from <= startsAt && startsAt < at.to) return '';
  const met = partsOf(known).flatMap((part) => busyStretches(part.offer, part.at).map((busy) => ({ ...busy, part }))).find(({ from, to }) => from < at.to && at.from < to);
  return met ? need(known, titleOf(known, met.part.offer.serviceId, say), met) : '';
}

function sayAway(known: Case): string {
  const { say, shop, placement: { timetable: { working, timeOff, calendar: { days }, barber: rules } }, refusal: { at }, startsAt, barber, service } = known;
  const offOn = (date: string) => rules.daysOff.filter(({ fromDate, toDate }) => fromDate <= date && date <= toDate);
  const ends = tooShort(working, startsAt, at);
  const held = dayHolding(days.filter(({ date }) => offOn(date).length > 0), (day) => barberDay(rules, day).hours, ends ?? at.from, shop.timeZone);
  if (!held || timeOff.some(({ from, to }) => from === at.from && to === at.to)) return say.texts.away({ barber, when: say.when(at.from, at.to) }) + needBeyond(known);
  const { date } = held.day;
  const from = offOn(date).map(({ fromDate }) => fromDate).sort()[0]!;
  // Days off that follow on one another are one absence.
  let to = date;
  for (let next = offOn(date); next.length > 0; next = offOn(addDays(to, 1))) to = next.map(({ toDate }) => toDate).sort().at(-1)!;
  const runs = ends === null && say.dateOf(at.from) !== date ? say.texts.dayRuns({ days: say.longDate(date), clock: say.minuteClock(held.toMinute) }) : '';
  return say.texts.away({ barber, when: say.days(from, to) }) + (ends === null ? runs : need(known, service, at));
}

function sayFull({ say, placement: { timetable, offer }, refusal: { at }, barber }: Case): string {
  const date = say.dateOf(at.from);
  const count = timetable.barber.visits.filter((visit) => say.dateOf(visit) === date).length;
  return say.texts.full(barber, offer.settings.maxVisitsPerBarberDay ?? count, count, say.on(at.from));
}

function sayTaken(known: Case): string {
  const { say, placement: { timetable: { claimed } }, refusal: { at }, barber } = known;
  if (!claimed.some(({ from, to }) => from === at.from && to === at.to)) return say.texts.twice({ barber });
  const words = say.texts.taken({ barber, when: say.when(at.from, at.to) });
  const parts = partsOf(known).map(({ offer, at: begins }) => ({ offer, busy: busyStretches(offer, begins), service: titleOf(known, offer.serviceId, say) }));
  if (parts.some(({ busy }) => busy.some(({ from, to }) => from < at.to && at.from < to))) return words + needBeyond(known);
  for (const { offer: { settings: { bufferBeforeMinutes: before, bufferAfterMinutes: after } }, busy, service } of parts) {
    const [begins, ends] = [busy[0]!.from, busy.at(-1)!.to];
    if (at.to <= begins && begins - before * MINUTE < at.to) return words + say.texts.needsBefore({ service, length: say.length(before) });
    if (ends <= at.from && at.from < ends + after * MINUTE) return words + say.texts.needsAfter({ service, length: say.length(after) });
  }
  return words;
}
