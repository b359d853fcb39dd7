/**
 * Why a time is free or not, in a sentence to be read aloud. `judgeVisit` decides, as it does for bookings; this only words its answer, and
 * looks up in the rules what a listener wants to know. Reasons of time off are private and never told.
 */
import { judgeVisit } from './choice.ts';
import { sayAway, sayFull, sayTaken } from './explanation/barber.ts';
import { nameOf, needBeyond, titleOf, type Case, type Question } from './explanation/case.ts';
import { sayClosed, sayHours } from './explanation/hours.ts';
import { sayHorizon, sayNotice, saySteps } from './explanation/start.ts';
import { speakerFor, type Speaker } from './explanation/texts.ts';
import { barberOf, fixedLineups, staffOf, type Staff } from './lineup.ts';
import type { Part, RefusalCode, Refused } from './rules.ts';
import { toWall } from './time.ts';

/** Whether a time is free, else which rule refuses it, and a sentence that says so. */
export type Explanation = { free: boolean; code: RefusalCode | null; sentence: string };

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
function sayFree(question: Question, say: Speaker, parts: Part[]): string {
  const { startsAt } = question;
  const said = parts.map((part) => ({
    barber: nameOf(question, part.barberId) ?? say.texts.someBarber,
    service: titleOf(question, part.serviceId, say),
    on: say.on(startsAt),
    span: say.span(startsAt, part.startsAt, part.endsAt),
  }));
  if (said.length === 1) return say.texts.free(said[0]!);
  return say.texts.freeParts({
    on: say.on(startsAt),
    hours: say.list(said.map(({ service, barber, span }) => `${say.texts.by(service, barber)} ${span}`)),
  });
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
    case 'too_soon':
      return startsAt < question.now ? say.texts.past : sayNotice(known);
    case 'too_far_ahead':
      return sayHorizon(known);
    case 'off_step':
      return saySteps(known);
    case 'shop_closed':
      return sayClosed(known);
    case 'outside_working_hours':
      return forNobody(known) + sayHours(known);
    case 'on_break':
      return forNobody(known) + say.texts.onBreak({ barber, when: say.when(refusal.at.from, refusal.at.to) }) + needBeyond(known);
    case 'time_off':
      return forNobody(known) + sayAway(known);
    case 'barber_day_full':
      return forNobody(known) + sayFull(known);
    case 'slot_taken':
      return forNobody(known) + sayTaken(known);
    case 'customer_limit':
      return say.texts.limit;
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
  const {
    say,
    lineups,
    staff: { choices, visit },
    refusal,
    service,
  } = known;
  if (lineups) return lineups.length < 2 ? '' : say.texts.nobody(say.list(visit.wishes.map((wish) => titleOf(known, wish.serviceId, say))));
  return visit.wishes.some((wish, index) => wish.serviceId === refusal.serviceId && choices[index]!.length > 1)
    ? say.texts.nobody(service)
    : '';
}
