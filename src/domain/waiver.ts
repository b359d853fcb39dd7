/** Rules that staff set aside for one booking: the facts as if those rules were not there. Pure; claimed time is never touched. */
import type { Entry, Waiver } from './change.ts';
import type { BarberRules, Candidate, Settings, ShopRules, WeeklyStretch } from './rules.ts';

const always: WeeklyStretch[] = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute: 0, toMinute: 1440 }));

/** At the desk, a visit begins when it begins. */
export const waiverOf = ({ kind, waiver }: Entry): Waiver | undefined =>
  kind === 'walk_in' ? { codes: ['too_soon', 'off_step', ...(waiver?.codes ?? [])], reason: waiver?.reason ?? 'customer_asked' } : waiver;

/** The facts without the waived rules; the judgement itself stays the one that everybody is judged by. */
export function waive<F extends { shop: ShopRules; candidates: Candidate[] }>(facts: F, waiver: Waiver | undefined): F {
  const codes = new Set<string>(waiver?.codes);
  if (codes.size === 0) return facts;
  return {
    ...facts,
    shop: codes.has('shop_closed') ? { ...facts.shop, openingHours: always, closures: [], exceptions: [] } : facts.shop,
    candidates: facts.candidates.map((candidate) => ({
      ...candidate,
      barber: waiveTime(candidate.barber, codes),
      offers: candidate.offers.map((offer) => ({ ...offer, settings: waiveSettings(offer.settings, codes) })),
    })),
  };
}

function waiveTime(barber: BarberRules, codes: Set<string>): BarberRules {
  const freed = { ...barber, ...(codes.has('time_off') && { timeOff: [], daysOff: [] }) };
  if (codes.has('on_break')) {
    freed.periods = freed.periods.map((period) => ({ ...period, breaks: [] }));
    freed.exceptions = freed.exceptions.map((exception) => ({ ...exception, breaks: [] }));
  }
  if (codes.has('outside_working_hours')) {
    freed.periods = [
      { fromDate: null, toDate: null, hours: always, breaks: codes.has('on_break') ? [] : barber.periods.flatMap(({ breaks }) => breaks) },
    ];
    freed.exceptions = [];
  }
  return freed;
}

function waiveSettings(settings: Settings, codes: Set<string>): Settings {
  return {
    ...settings,
    ...(codes.has('too_soon') && { minimumNoticeMinutes: -1440 }),
    ...(codes.has('too_far_ahead') && { bookingHorizonDays: 730 }),
    ...(codes.has('off_step') && { slotStepMinutes: 1 }),
    ...(codes.has('shop_closed') && { holidaySets: [] }),
    ...(codes.has('barber_day_full') && { maxVisitsPerBarberDay: null }),
    ...(codes.has('customer_limit') && { maxVisitsPerCustomerDay: null, maxUpcomingVisitsPerCustomer: null }),
  };
}
