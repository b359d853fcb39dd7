/** What a subscribed calendar shows of a visit, by how much its reader may know. Pure. */
import type { AppointmentStatus } from './appointment.ts';
import { eventTimes, eventUid, type EventTimes } from './calendar-event.ts';
import type { CalendarPrivacy } from './calendar-visit.ts';
import type { Texts } from './message-texts.ts';
import { DAY } from './time.ts';

/** Whose time it is that a feed shows. */
export type FeedOwner = { barberId: string; shopId: null } | { barberId: null; shopId: string };

/** Shown while it takes somebody's time. A hold is nobody's visit yet. */
export const shownStatuses = ['pending_approval', 'confirmed', 'checked_in', 'started', 'completed'] as const satisfies AppointmentStatus[];

/** Visits that begin in this stretch (epoch milliseconds) are shown. */
export const feedWindow = (now: number) => ({ from: now - 30 * DAY, to: now + 400 * DAY });

/** One barber's share of a visit. Instants are ISO 8601 text; what the privacy keeps from the reader may be null already. */
export type FeedVisit = {
  appointmentId: string;
  /** Of a visit of several barbers: whose share it is. */
  barberId: string | null;
  sequence: number;
  status: (typeof shownStatuses)[number];
  startsAt: string;
  endsAt: string;
  changedAt: string;
  timeZone: string;
  /** Several are joined. */
  serviceName: string;
  barberName: string;
  shopName: string;
  shopAddress: string;
  /** Null of customers who were erased, or never said. */
  customerName: string | null;
  customerPhone: string | null;
};

export type FeedEvent = {
  uid: string;
  sequence: number;
  stampedAt: Date;
  isTentative: boolean;
  times: EventTimes;
  summary: string;
  /** Null and none where the reader is told nothing. */
  location: string | null;
  description: string[];
};

export function feedEvent(
  privacy: CalendarPrivacy,
  { barberId: onlyBarber }: FeedOwner,
  visit: FeedVisit,
  { busy, label }: Texts,
): FeedEvent {
  const event = {
    uid: eventUid(visit.appointmentId, visit.barberId),
    sequence: visit.sequence,
    isTentative: visit.status === 'pending_approval',
    times: eventTimes(visit),
    // When it was last changed, not when it was asked for: what is the same must read the same, or no reader could tell.
    stampedAt: new Date(visit.changedAt),
  };
  if (privacy === 'busy') return { ...event, summary: busy, location: null, description: [] };
  const { serviceName, barberName, customerName, customerPhone } = visit;
  const customer = privacy === 'full' ? [customerName, customerPhone] : [null, null];
  const lines = [
    [label.customer, customer[0]],
    [label.phone, customer[1]],
  ]
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value}`);
  const what = [serviceName, customer[0]].filter(Boolean).join(', ');
  // In a shop's calendar the first question is whose visit it is.
  return {
    ...event,
    summary: onlyBarber === null ? `${barberName}: ${what}` : what,
    location: `${visit.shopName}, ${visit.shopAddress}`,
    description: lines,
  };
}
