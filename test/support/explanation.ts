/** What the front desk is told of a visit: Corte with Rui, in Lisbon, but for the changes that a test gives. */
import { expect } from 'chai';
import { explain } from '../../src/domain/explanation.ts';
import {
  visitOf,
  type BarberRules,
  type Candidate,
  type Segment,
  type Settings,
  type ShopRules,
  type Visit,
} from '../../src/domain/rules.ts';
import { barberOf, busy, instant, offer, shopOf, weekly } from '../domain/shops.ts';

export const names: Record<string, string> = { rui: 'Rui', ana: 'Ana', ze: 'Zé' };
export const services = [
  { id: 'cut', name: 'Corte' },
  { id: 'beard', name: 'Barba' },
  { id: 'colour', name: 'Coloração' },
];

export type Told = {
  shop?: Partial<ShopRules>;
  barber?: Partial<BarberRules>;
  settings?: Partial<Settings>;
  segments?: Segment[];
  candidates?: Candidate[];
  visit?: Visit;
  now?: string;
};

/** The code and the sentence for Corte with Rui, who keeps the shop's hours of 09:00 to 19:00, but for the changes given. */
export function told(
  at: string,
  locale: string,
  { shop, barber, settings, segments = busy(30), candidates, visit = visitOf('cut', 'rui'), now = '2026-10-01T12:00:00Z' }: Told,
): string[] {
  const staff = candidates ?? [barberOf('rui', [offer('cut', segments, { slotStepMinutes: 15, ...settings })], barber)];
  const { code, sentence, free } = explain({
    shop: { ...shopOf({ openingHours: weekly(540, 1140), ...shop }), name: 'Chiado' },
    candidates: staff.map((each) => ({ ...each, name: names[each.barber.barberId]! })),
    services,
    visit,
    startsAt: instant(at),
    now: instant(now),
    locale,
  });
  expect(free).to.equal(code === null);
  return [code ?? 'free', sentence];
}

/** Such a time is told like this, in English and, where it is given, in Portuguese. */
export const says = (at: string, changes: Told, code: string, en: string, pt?: string): void => {
  expect(told(at, 'en-GB', changes)).to.deep.equal([code, en]);
  if (pt) expect(told(at, 'pt-PT', changes)).to.deep.equal([code, pt]);
};

/** A clock time of Friday, 27 November 2026, in Lisbon. */
export const friday = (time: string): string => `2026-11-27T${time}:00Z`;
export const shutFor = (fromDate: string, toDate: string, reason: string) => ({ fromDate, toDate, reason });
/** The reason of whatever nobody outside may hear of. */
export const secret = 'Quimioterapia';
