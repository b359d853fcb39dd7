/** Sentences about the start of a visit: notice, horizon, step. */
import { judgeStart, type Placement } from '../judgement.ts';
import { barberOf } from '../lineup.ts';
import { DAY, MINUTE, minuteOfDay } from '../time.ts';
import { nameOf, type Case } from './case.ts';

/**
 * Of those who could begin the visit and are refused alike, the most lenient; whether all share the setting; and the service, with the
 * barber where it is about him.
 */
function firsts(known: Case, setting: 'minimumNoticeMinutes' | 'bookingHorizonDays' | 'slotStepMinutes', sign: 1 | -1) {
  const { staff, lineups, visit, startsAt, now, refusal, say, service } = known;
  const all = lineups?.map((lineup) => lineup[0]!) ?? staff.choices[0]!;
  const valueOf = ({ offer }: Placement): number => offer.settings[setting];
  const best = all
    .filter((each) => judgeStart(each, startsAt, now)?.code === refusal.code)
    .sort((a, b) => sign * (valueOf(a) - valueOf(b)))[0]!;
  const isAlike = new Set(all.map(valueOf)).size < 2;
  const isAny = visit.wishes[0]!.barberId === null && isAlike;
  return {
    value: valueOf(best),
    step: best.offer.settings.slotStepMinutes,
    isAlike,
    what: isAny ? service : say.texts.by(service, nameOf(known, barberOf(best)) ?? say.texts.someBarber),
  };
}

/** The nearest instant before or after whose wall clock lies on the step; midnight always does. */
function onStep(from: number, direction: 1 | -1, step: number, zone: string): number | null {
  let at = (direction > 0 ? Math.ceil(from / MINUTE) : Math.floor(from / MINUTE)) * MINUTE;
  for (let tries = 0; tries < 2 * 1440; tries++, at += direction * MINUTE) if (minuteOfDay(at, zone) % step === 0) return at;
  return null;
}

export function sayNotice(known: Case): string {
  const { say, now, shop } = known;
  const { value, step, what } = firsts(known, 'minimumNoticeMinutes', 1);
  const earliest = now + value * MINUTE;
  return say.texts.notice({
    service: what,
    length: say.length(value),
    when: say.moment(onStep(earliest, 1, step, shop.timeZone) ?? earliest),
  });
}

export function sayHorizon(known: Case): string {
  const { say, now, shop } = known;
  const { value, step, what } = firsts(known, 'bookingHorizonDays', -1);
  const latest = now + value * DAY;
  return say.texts.horizon({
    service: what,
    length: say.length(value * 1440),
    when: say.moment(onStep(latest, -1, step, shop.timeZone) ?? latest),
  });
}

export function saySteps(known: Case): string {
  const { say, startsAt, shop } = known;
  const { step, isAlike, what } = firsts(known, 'slotStepMinutes', 1);
  const words = isAlike ? say.texts.steps(say.texts.every(step)) : say.texts.stepsOf(what, say.texts.every(step));
  const [before, after] = [onStep(startsAt, -1, step, shop.timeZone), onStep(startsAt, 1, step, shop.timeZone)];
  if (before === null || after === null) return words;
  return (
    `${words}: ${say.texts.either(say.clockAfter(startsAt, before), say.clockAfter(startsAt, after))}` +
    say.texts.notAt(say.clock(startsAt))
  );
}
