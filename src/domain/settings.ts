/** Settings that any of network, shop, service, barber, or a barber's own terms for a service may set; the nearest to the barber wins. */

import type { MessageChannel, Textable } from './channel.ts';

export type Settings = {
  /** Offered times lie on multiples of this many minutes of the shop's wall clock, counted from midnight. */
  slotStepMinutes: number;
  /** A visit must begin at least so long after the request. */
  minimumNoticeMinutes: number;
  /** A visit must begin at most so many days (of 24 hours) after the request. */
  bookingHorizonDays: number;
  /** Time that the barber is kept busy before and after the visit; part of what is claimed. */
  bufferBeforeMinutes: number;
  bufferAfterMinutes: number;
  /** Slugs of the holiday sets on which the shop is shut. */
  holidaySets: string[];
  /** At most so many visits of a barber that begin on one local day; null for no limit. */
  maxVisitsPerBarberDay: number | null;
  /** At most so many visits of a customer that begin on one local day, in the whole network; null for no limit. */
  maxVisitsPerCustomerDay: number | null;
  /** At most so many visits of a customer that are still to come, in the whole network; null for no limit. */
  maxUpcomingVisitsPerCustomer: number | null;
  /** Reminders go out so long before the visit. */
  reminderLeadMinutes: number[];
  /** They are spread over so many seconds before that, the same for an appointment each time. */
  reminderJitterSeconds: number;
  /** No reminder goes out in these hours of the shop's wall clock (`HH:mm`, may span midnight); null for none. */
  quietHours: { from: string; to: string } | null;
  /**
   * By which ways customers are written to, in this order: the first by which they can be reached. SMS costs money, so it comes last unless
   * it is put first.
   */
  reminderChannels: MessageChannel[];
  messageChannels: MessageChannel[];
  /** News that goes out by SMS too, beside the mail with its invitation. */
  alsoBySms: Textable[];
  /**
   * What is done where a barber's own calendar has not been seen for so many minutes: no visits, visits that a person is told of, or visits
   * all the same.
   */
  blindCalendar: 'block' | 'warn' | 'allow';
  blindCalendarMinutes: number;
  /** How long a hold keeps its time, and how long an offer to somebody on the waitlist does. */
  holdSeconds: number;
  offerMinutes: number;
  /** Whether the shop must approve a booking; what it has not answered so long after the request (or by the visit's start) expires. */
  approvalRequired: boolean;
  approvalWithinMinutes: number;
  /** Customers cancel freely until so long before the visit; later ones count against them, or are refused. */
  cancelCutoffMinutes: number;
  lateCancel: 'count' | 'refuse';
  /** Customers move a visit until so long before it. */
  rescheduleCutoffMinutes: number;
  /** So long after its start, a visit that nobody checked in is a no-show; null leaves that to people. */
  noShowGraceMinutes: number | null;
  /**
   * Late cancellations and no-shows of a customer within so many days are counted, and with so many, bookings need approval or are turned
   * away.
   */
  strikeWindowDays: number;
  strikesForApproval: number | null;
  strikesForBlock: number | null;
  /** At most so many attempts to book in any hour with one phone or e-mail, from one address, and with one API key. */
  maxHourlyBookingsPerContact: number | null;
  maxHourlyBookingsPerAddress: number | null;
  maxHourlyBookingsPerKey: number | null;
};

export const defaultSettings: Settings = {
  slotStepMinutes: 15,
  minimumNoticeMinutes: 0,
  bookingHorizonDays: 90,
  bufferBeforeMinutes: 0,
  bufferAfterMinutes: 0,
  holidaySets: [],
  maxVisitsPerBarberDay: null,
  maxVisitsPerCustomerDay: null,
  maxUpcomingVisitsPerCustomer: null,
  reminderLeadMinutes: [1440, 120],
  reminderJitterSeconds: 120,
  quietHours: { from: '22:00', to: '07:00' },
  reminderChannels: ['mail', 'sms'],
  messageChannels: ['mail', 'sms'],
  alsoBySms: [],
  blindCalendar: 'allow',
  blindCalendarMinutes: 60,
  holdSeconds: 300,
  offerMinutes: 30,
  approvalRequired: false,
  approvalWithinMinutes: 1440,
  cancelCutoffMinutes: 0,
  lateCancel: 'count',
  rescheduleCutoffMinutes: 0,
  noShowGraceMinutes: null,
  strikeWindowDays: 180,
  strikesForApproval: null,
  strikesForBlock: null,
  maxHourlyBookingsPerContact: 20,
  maxHourlyBookingsPerAddress: null,
  maxHourlyBookingsPerKey: null,
};

/**
 * Merges settings from the widest scope (network) to the narrowest (a barber's terms); a later layer wins field by field. A field that is
 * left out inherits; null is a value of its own ("no limit").
 */
export function inheritSettings(...layers: (Partial<Settings> | null | undefined)[]): Settings {
  const merged = { ...defaultSettings };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value !== undefined) Object.assign(merged, { [name]: value });
    }
  }
  return merged;
}
