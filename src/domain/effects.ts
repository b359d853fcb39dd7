/** Which messages follow from which transition. Pure: "now" is always an argument; instants in the plan are ISO 8601 text in UTC. */
import type { AppointmentStatus } from './appointment.ts';
import type { Channel } from './channel.ts';

export const messageKinds = [
  'confirmation_customer',
  'confirmation_barber',
  'reminder_customer',
  'cancellation_customer',
  'cancellation_barber',
  'refusal_customer',
  'rescheduled_customer',
  'rescheduled_barber',
  'approval_customer',
  'approval_barber',
  'declined_customer',
  'offer_customer',
  'choose_customer',
] as const;
export type MessageKind = (typeof messageKinds)[number];

/** Messages, and the visit in its barber's own calendar. */
export const deliveryKinds = [...messageKinds, 'calendar_barber'] as const;
export type DeliveryKind = (typeof deliveryKinds)[number];

/**
 * `due` and `in_flight` are open. `delivered`: the provider has taken it; `bounced`: and said later that it did not arrive; `undone`: it
 * was taken back by another that was delivered; `skipped`: no longer of use. `parked` waits for a person, who may have it tried again.
 */
export const deliveryStates = ['due', 'in_flight', 'delivered', 'bounced', 'parked', 'undone', 'skipped'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One effect as the workflow knows it: when it may start, and until when it is of use. */
export type PlannedDelivery = {
  id: string;
  kind: DeliveryKind;
  dueAt: string;
  usefulUntil: string;
  /** Of a message to one of several barbers: to whom. */
  barberId?: string;
  /** By which ways it may go, in this order; by mail, where it is missing. */
  channels?: Channel[];
  /** Of a visit in a calendar: in which one. */
  connectionId?: string;
};

/** A stretch of a visit as it was when a message about it was planned. */
export type AboutPart = { serviceId: string; barberId: string; startsAt: string; endsAt: string; priceCents: number };

/** What a message tells of that is not, or no longer, in the appointment's row. */
export type About = {
  /** Of a cancellation to a barber who lost the visit: his share of it as it was, where, and whether he was the only one. */
  parts?: AboutPart[];
  shopId?: string;
  sole?: boolean;
  /** Of a move: when the visit was to begin before, and what else was otherwise. */
  before?: string;
  was?: { barberIds?: string[]; serviceIds?: string[]; shopId?: string; timeZone?: string };
  /** Nobody was invited, so nothing is to be taken back from a calendar. */
  uninvited?: true;
  /** Why the shop said no, or moved it. */
  reason?: string;
};

/** An effect that is to be written. */
export type NewDelivery = Omit<PlannedDelivery, 'id'> & { about?: About };

const iso = (instant: number): string => new Date(instant).toISOString();

/** One message for each barber of the visit; a sole barber need not be named. */
const forEach = (barberIds: string[], message: NewDelivery): NewDelivery[] =>
  barberIds.length > 1 ? barberIds.map((barberId) => ({ ...message, barberId })) : [message];

/** Plans the reminders of a visit that begins at the instant (epoch milliseconds); see reminders.ts. */
export type Remind = (startsAt: number, now: number) => NewDelivery[];

/** The effects of a confirmed appointment: confirmations to the customer and each barber at once, and the reminders. */
export function planConfirmation(startsAt: number, remind: Remind, now: number, barberIds: string[]): NewDelivery[] {
  const at = (kind: DeliveryKind): NewDelivery => ({ kind, dueAt: iso(now), usefulUntil: iso(startsAt) });
  return [at('confirmation_customer'), ...forEach(barberIds, at('confirmation_barber')), ...remind(startsAt, now)];
}

/** The effects of a request that the shop must approve: the customer knows that it arrived, the barbers that it waits. */
export function planApproval(decideBy: number, now: number, barberIds: string[]): NewDelivery[] {
  const at = (kind: DeliveryKind): NewDelivery => ({ kind, dueAt: iso(now), usefulUntil: iso(decideBy) });
  return [at('approval_customer'), ...forEach(barberIds, at('approval_barber'))];
}

/**
 * The effects of moving a request that waits for approval: nobody was invited yet, and the barbers who lost it need not answer any more.
 */
export function planApprovalMove(decideBy: number, move: Move): NewDelivery[] {
  const { now, before, shopId, after, reason } = move;
  const [had, has] = [before, after].map((parts) => [...new Set(parts.map(({ barberId }) => barberId))]) as [string[], string[]];
  const about: About = { before: before[0]!.startsAt, ...whatWas(move), ...(reason && { reason }) };
  return [
    ...planApproval(decideBy, now, has).map((each) => (each.kind === 'approval_customer' ? { ...each, about } : each)),
    ...had
      .filter((barberId) => !has.includes(barberId))
      .map((barberId): NewDelivery => {
        const parts = before.filter((part) => part.barberId === barberId);
        return {
          kind: 'cancellation_barber',
          dueAt: iso(now),
          usefulUntil: parts.at(-1)!.endsAt,
          barberId,
          about: { parts, shopId, sole: had.length === 1, uninvited: true },
        };
      }),
  ];
}

/** The effects of an appointment's first state. A hold tells nobody, and who is at the desk needs no mail. */
export function planFirst(
  status: AppointmentStatus,
  at: { startsAt: number; decideBy: number | null; remind: Remind; now: number; barberIds: string[]; offered: boolean },
): NewDelivery[] {
  switch (status) {
    case 'confirmed':
      return planConfirmation(at.startsAt, at.remind, at.now, at.barberIds);
    case 'pending_approval':
      return planApproval(at.decideBy!, at.now, at.barberIds);
    case 'held':
      return at.offered ? [{ kind: 'offer_customer', dueAt: iso(at.now), usefulUntil: iso(at.decideBy!) }] : [];
    case 'checked_in':
    case 'started':
    case 'completed':
    case 'cancelled':
    case 'no_show':
    case 'expired':
    case 'refused':
      return [];
  }
}

/** The effects of a cancellation. They stay of use until the visit would have ended: somebody may be on the way. */
export function planCancellation(endsAt: number, now: number, barberIds: string[], about?: About): NewDelivery[] {
  const more = { dueAt: iso(now), usefulUntil: iso(endsAt), ...(about && { about }) };
  return [{ kind: 'cancellation_customer', ...more }, ...forEach(barberIds, { kind: 'cancellation_barber', ...more })];
}

/**
 * The effects of a request that the shop did not approve, or not in time. The barbers were asked, so they hear that it is settled. Like a
 * cancellation, it is of use until the visit would have ended: what nobody answered expires by the visit's start.
 */
export const planDecline = (endsAt: number, now: number, reason: string, barberIds: string[]): NewDelivery[] => {
  const more = { dueAt: iso(now), usefulUntil: iso(endsAt), about: { reason, uninvited: true as const } };
  return [{ kind: 'declined_customer', ...more }, ...forEach(barberIds, { kind: 'cancellation_barber', ...more })];
};

/** The customer is asked to choose another time: the visit cannot take place as booked. */
export const planChoice = (startsAt: number, now: number, reason?: string): NewDelivery[] => [
  { kind: 'choose_customer', dueAt: iso(now), usefulUntil: iso(startsAt), about: { uninvited: true, ...(reason && { reason }) } },
];

export type Move = {
  before: AboutPart[];
  /** The shop that it was in, and the one that it is in now. */
  shopId: string;
  toShopId: string;
  /** The zone of the shop that it was in: what the customer was told in. */
  timeZone: string;
  after: Pick<AboutPart, 'barberId' | 'serviceId' | 'startsAt'>[];
  remind: Remind;
  now: number;
  reason?: string;
};

/** What is otherwise now, beside the time. */
function whatWas({ before, after, shopId, toShopId, timeZone }: Move): Pick<About, 'was'> {
  const [barbers, barbersNow] = [before, after].map((parts) => parts.map(({ barberId }) => barberId)) as [string[], string[]];
  const [services, servicesNow] = [before, after].map((parts) => parts.map(({ serviceId }) => serviceId)) as [string[], string[]];
  const was = {
    ...(barbers.join() !== barbersNow.join() && { barberIds: [...new Set(barbers)] }),
    ...(services.join() !== servicesNow.join() && { serviceIds: services }),
    ...(shopId !== toShopId && { shopId, timeZone }),
  };
  return Object.keys(was).length > 0 ? { was } : {};
}

/**
 * The effects of a move: the customer and the barbers who stay hear of the new time, a new barber of a new visit, and who lost it of a
 * cancellation. Reminders are planned anew.
 */
export function planMove(move: Move): NewDelivery[] {
  const { before, shopId, after, remind, now, reason } = move;
  const [had, has] = [before, after].map((parts) => [...new Set(parts.map(({ barberId }) => barberId))]) as [string[], string[]];
  const startsAt = Date.parse(after[0]!.startsAt);
  const plain = { dueAt: iso(now), usefulUntil: iso(startsAt) };
  const more = { ...plain, about: { before: before[0]!.startsAt, ...whatWas(move), ...(reason && { reason }) } };
  const several = has.length > 1;
  // A sole barber's event is the customer's, each of several has his own: between the two, old events are taken back and new ones sent.
  const stays = (barberId: string): boolean => had.includes(barberId) && has.includes(barberId) && several === had.length > 1;
  return [
    { kind: 'rescheduled_customer', ...more },
    ...has.map((barberId): NewDelivery => ({
      // To a new barber it is a new visit.
      ...(stays(barberId) ? { ...more, kind: 'rescheduled_barber' } : { ...plain, kind: 'confirmation_barber' }),
      ...(several && { barberId }),
    })),
    ...had
      .filter((barberId) => !stays(barberId))
      .map((barberId): NewDelivery => {
        const parts = before.filter((part) => part.barberId === barberId);
        return {
          kind: 'cancellation_barber',
          dueAt: iso(now),
          usefulUntil: parts.at(-1)!.endsAt,
          barberId,
          about: { parts, shopId, sole: had.length === 1 },
        };
      }),
    ...remind(startsAt, now),
  ];
}
