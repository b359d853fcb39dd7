/** From a delivery's facts to the parts of its mail. */
import type { DeliveryContext } from '../src/db/attempt.ts';
import { reasons, type Reason } from '../src/domain/appointment.ts';
import { eventTimes, eventUid } from '../src/domain/calendar-event.ts';
import { policyOf } from '../src/domain/policy.ts';
import type { MessageView, RenderedMessage } from '../src/domain/message.ts';
import { invitation } from '../src/integrations/invitation.ts';
import type { OutgoingMail } from '../src/integrations/mail.ts';

const isWhy = (reason: string | undefined): reason is Reason | 'expired' | 'refused' =>
  reason !== undefined && (reason === 'expired' || reason === 'refused' || (reasons as readonly string[]).includes(reason));

export type Reader = { name: string; address: string; locale: string };

/** Who reads this message, or null when there is no address (the contact was erased, the barber has no mail). */
export function addressee(context: DeliveryContext): Reader | null {
  if (context.kind.endsWith('_barber')) {
    const { barber } = context;
    return barber?.email ? { name: barber.name, address: barber.email, locale: barber.locale } : null;
  }
  const { customer, channel } = context;
  const address = channel === 'mail' ? customer?.email : customer?.phone;
  return customer && address ? { name: customer.name, address, locale: customer.locale } : null;
}

export function toView(context: DeliveryContext): MessageView {
  const { shop, refusal } = context;
  return {
    appointmentId: context.appointmentId,
    shopName: shop.name,
    shopAddress: shop.address,
    shopPhone: shop.phone,
    shopTimeZone: shop.timeZone,
    shopLocale: shop.locale,
    serviceName: context.service.name,
    barberName: context.barber?.name ?? null,
    parts: context.parts,
    customerName: context.customer?.name ?? '',
    customerTimeZone: context.customer?.timeZone ?? null,
    startsAt: context.startsAt,
    endsAt: context.endsAt,
    priceCents: context.parts.reduce((sum, part) => sum + part.priceCents, 0),
    currency: context.currency,
    ...(context.about?.before && { before: context.about.before }),
    ...(context.was && { was: context.was }),
    ...(context.about?.parts && { isLost: true }),
    ...(context.kind === 'choose_customer' && context.decideBy && { chooseBy: context.decideBy }),
    ...(context.decideBy && (context.status === 'held' || context.status === 'pending_approval') && { keptUntil: context.decideBy }),
    ...(context.policy && { policy: policyOf(context.policy) }),
    ...(isWhy(context.about?.reason) && { why: context.about.reason }),
    ...(refusal && { reasonCode: refusal.code, nearest: refusal.nearest.map((slot) => slot.startsAt) }),
  };
}

/** Under which UID the reader of a message knows the visit; a barber who was the only one had the customer's. */
const uidOf = ({ appointmentId, barberId, about }: DeliveryContext): string => eventUid(appointmentId, about?.sole ? null : barberId);

/** The mail of a delivery. Reminders, requests and refusals carry no invitation: they change nothing in a calendar. */
export function toMail(context: DeliveryContext, reader: Reader, message: RenderedMessage, mailFrom: string, now: Date): OutgoingMail {
  const { shop, kind } = context;
  const invites = kind.startsWith('confirmation') || kind.startsWith('rescheduled');
  // Where his calendar is written to, also where that waits for a sign-in, an invitation beside it would be a second event. One that he got
  // before must stay revocable.
  const isWritten = kind.endsWith('_barber') && context.barber?.hasCalendar;
  const method = isWritten ? null : invites ? 'REQUEST' : kind.startsWith('cancellation') && !context.about?.uninvited ? 'CANCEL' : null;
  return {
    messageId: `<${context.id}@punctual>`,
    from: { name: shop.name, address: mailFrom },
    to: { name: reader.name, address: reader.address },
    replyTo: shop.email ? { name: shop.name, address: shop.email } : null,
    ...message,
    headers: { 'X-Punctual-Appointment': context.appointmentId, 'X-Punctual-Delivery': context.id, 'X-Punctual-Kind': kind },
    invitation: method && { method, content: invitationOf(context, reader, message, mailFrom, method, now) },
  };
}

function invitationOf(
  context: DeliveryContext,
  reader: Reader,
  message: RenderedMessage,
  mailFrom: string,
  method: 'REQUEST' | 'CANCEL',
  now: Date,
): string {
  const { shop, service, barber, customer } = context;
  return invitation({
    method,
    uid: uidOf(context),
    sequence: context.sequence,
    stampedAt: now,
    times: eventTimes({ ...context, timeZone: shop.timeZone }),
    summary: `${service.name}, ${context.kind.endsWith('_barber') ? (customer?.name ?? '') : (barber?.name ?? shop.name)}`,
    description: message.calendar,
    location: `${shop.name}, ${shop.address}`,
    organizer: { name: shop.name, email: mailFrom },
    attendee: { name: reader.name, email: reader.address },
  });
}
