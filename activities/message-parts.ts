/** From a delivery's facts to the parts of its mail. */
import type { DeliveryContext } from '../src/db/delivery.ts';
import type { MessageView, RenderedMessage } from '../src/domain/message.ts';
import { invitation } from '../src/integrations/invitation.ts';
import type { OutgoingMail } from '../src/integrations/mail.ts';

export type Reader = { name: string; address: string; locale: string };

/** Who reads this message, or null when there is no address (the contact was erased, the barber has no mail). */
export function addressee(context: DeliveryContext): Reader | null {
  if (context.kind.endsWith('_barber')) {
    const { barber } = context;
    return barber?.email ? { name: barber.name, address: barber.email, locale: barber.locale } : null;
  }
  const { customer } = context;
  return customer ? { name: customer.name, address: customer.email, locale: customer.locale } : null;
}

export function toView(context: DeliveryContext): MessageView {
  const { shop, refusal } = context;
  return {
    appointmentId: context.appointmentId,
    shopName: shop.name, shopAddress: shop.address, shopPhone: shop.phone, shopTimeZone: shop.timeZone, shopLocale: shop.locale,
    serviceName: context.service.name, barberName: context.barber?.name ?? null,
    customerName: context.customer?.name ?? '', customerTimeZone: context.customer?.timeZone ?? null,
    startsAt: context.startsAt, endsAt: context.endsAt, priceCents: context.priceCents, currency: context.currency,
    ...(refusal && { reasonCode: refusal.code, nearest: refusal.nearest.map((slot) => slot.startsAt) }),
  };
}
