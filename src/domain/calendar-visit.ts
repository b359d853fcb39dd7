/** What a barber's own calendar shows of a visit, and when that changes. Pure. */
import type { AppointmentStatus } from './appointment.ts';
import type { CalendarProvider } from './channel.ts';
import type { NewDelivery } from './effects.ts';
import { DAY } from './time.ts';
import { priceText } from './wall-text.ts';

export const calendarPrivacies = ['busy', 'service', 'full'] as const;
/** `busy`: that there is something; `service`: what; `full`: for whom, too. */
export type CalendarPrivacy = (typeof calendarPrivacies)[number];

/** A calendar that is to hold the visits of its owner. */
export type CalendarTarget = { id: string; barberId: string; provider: CalendarProvider };

/** How an appointment looks in a calendar. A hold is nobody's yet; who did not come keeps his entry, as the time was his. */
export function lookOf(status: AppointmentStatus | 'refused'): 'none' | 'tentative' | 'firm' {
  switch (status) {
    case 'pending_approval':
      return 'tentative';
    case 'confirmed':
    case 'checked_in':
    case 'started':
    case 'completed':
    case 'no_show':
      return 'firm';
    case 'held':
    case 'cancelled':
    case 'expired':
    case 'refused':
      return 'none';
  }
}

/** So long after the visit an entry is still put right. */
const putRightFor = DAY;

/** One effect for each calendar: it makes the calendar agree with the appointment as it stands then, whatever happened before. */
export const planCalendars = (targets: CalendarTarget[], now: number, endsAt: number): NewDelivery[] =>
  targets.map(({ id, barberId, provider }) => ({
    kind: 'calendar_barber',
    dueAt: new Date(now).toISOString(),
    usefulUntil: new Date(Math.max(now, endsAt) + putRightFor).toISOString(),
    barberId,
    connectionId: id,
    channels: [provider],
  }));

export type CalendarVisit = {
  isTentative: boolean;
  parts: { serviceName: string; priceCents: number }[];
  currency: string;
  customer: { name: string; phone: string | null } | null;
  shop: { name: string; address: string };
  locale: string;
};

const texts = {
  en: { busy: 'Busy', someone: 'no name', toApprove: 'To approve' },
  pt: { busy: 'Ocupado', someone: 'sem nome', toApprove: 'Por aprovar' },
} as const;

/** The words of the entry, in the barber's language. */
export function calendarTexts(
  { isTentative, parts, currency, customer, shop, locale }: CalendarVisit,
  privacy: CalendarPrivacy,
): { summary: string; description: string; location: string } {
  const { busy, someone, toApprove } = texts[locale.toLowerCase().startsWith('pt') ? 'pt' : 'en'];
  if (privacy === 'busy') return { summary: busy, description: '', location: '' };
  const services = parts.map(({ serviceName }) => serviceName).join(' + ');
  const what = privacy === 'full' ? `${services}, ${customer?.name || someone}` : services;
  const price = priceText(
    parts.reduce((sum, { priceCents }) => sum + priceCents, 0),
    currency,
    locale,
  );
  return {
    summary: isTentative ? `${toApprove}: ${what}` : what,
    description: [privacy === 'full' ? customer?.phone : null, price].filter(Boolean).join('\n'),
    location: `${shop.name}, ${shop.address}`,
  };
}
