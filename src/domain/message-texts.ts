/** Every sentence that a customer or barber may read, in each language. A missing key fails the type check. */
import type { DeliveryKind, Refusal } from './appointment.ts';

/** What a sentence may mention. `when` is the short form, for subjects. */
type Facts = { shop: string; service: string; customer: string; when: string };

export type Texts = {
  /** The tag that dates and prices are formatted with. */
  locale: string;
  subject: Record<DeliveryKind, (facts: Facts) => string>;
  lead: Record<DeliveryKind, (facts: Facts) => string>;
  label: Record<'when' | 'yourTime' | 'service' | 'services' | 'barber' | 'customer' | 'shop' | 'price' | 'phone' | 'reference' | 'nearest', string>;
  reason: Record<Refusal['code'], string>;
  greeting: (name: string) => string;
  /** How to change one's mind, in mails about a visit that is still to come. */
  howToChange: (phone: string) => string;
  /** In place of a customer whose name has been erased. */
  someone: string;
};

const en: Texts = {
  locale: 'en-GB',
  subject: {
    confirmation_customer: ({ shop, when }) => `Booked: ${when}, ${shop}`,
    confirmation_barber: ({ service, when }) => `New booking: ${when}, ${service}`,
    reminder_customer: ({ shop, when }) => `Reminder: ${when}, ${shop}`,
    cancellation_customer: ({ shop, when }) => `Cancelled: ${when}, ${shop}`,
    cancellation_barber: ({ service, when }) => `Cancelled: ${when}, ${service}`,
    refusal_customer: ({ shop, when }) => `Not booked: ${when}, ${shop}`,
  },
  lead: {
    confirmation_customer: ({ shop }) => `Your appointment at ${shop} is confirmed.`,
    confirmation_barber: ({ customer }) => `${customer} has booked a visit with you.`,
    reminder_customer: ({ shop }) => `This is a reminder of your appointment at ${shop}. We look forward to seeing you.`,
    cancellation_customer: ({ shop }) => `Your appointment at ${shop} has been cancelled.`,
    cancellation_barber: ({ customer }) => `The visit of ${customer} has been cancelled; the time is free again.`,
    refusal_customer: ({ shop }) => `We could not book your visit at ${shop}, and nothing is reserved.`,
  },
  label: {
    when: 'When', yourTime: 'In your time zone', service: 'Service', services: 'Services', barber: 'Barber', customer: 'Customer', shop: 'Where', price: 'Price',
    phone: 'Phone', reference: 'Reference', nearest: 'Free times near it',
  },
  reason: {
    too_soon: 'That time is past or too soon to be booked.',
    too_far_ahead: 'That time is further ahead than the shop takes bookings.',
    off_step: 'Visits begin at fixed steps of the clock, and that time is between two.',
    shop_closed: 'The shop is closed at that time.',
    outside_working_hours: 'The barber does not work at that time.',
    on_break: 'The barber has a break at that time.',
    time_off: 'The barber is away at that time.',
    service_not_offered: 'The barber does not give that service.',
    barber_day_full: 'The barber takes no more visits on that day.',
    customer_limit: 'You have as many visits booked as the shop allows.',
    slot_taken: 'That time was taken by somebody else.',
    undecided: 'Our system could not decide in time. Please book again.',
  },
  greeting: (name) => `Hello ${name},`,
  howToChange: (phone) => `To change or cancel your visit, please call ${phone}.`,
  someone: 'A customer',
};

// Without articles before names: whether a shop is "no" or "na" cannot be known.
const pt: Texts = {
  locale: 'pt-PT',
  subject: {
    confirmation_customer: ({ shop, when }) => `Marcação confirmada: ${when}, ${shop}`,
    confirmation_barber: ({ service, when }) => `Nova marcação: ${when}, ${service}`,
    reminder_customer: ({ shop, when }) => `Lembrete: ${when}, ${shop}`,
    cancellation_customer: ({ shop, when }) => `Marcação cancelada: ${when}, ${shop}`,
    cancellation_barber: ({ service, when }) => `Marcação cancelada: ${when}, ${service}`,
    refusal_customer: ({ shop, when }) => `Sem marcação: ${when}, ${shop}`,
  },
  lead: {
    confirmation_customer: () => 'A sua marcação está confirmada.',
    confirmation_barber: ({ customer }) => `Tem uma nova marcação: ${customer}.`,
    reminder_customer: () => 'Lembramos a sua marcação. Esperamos por si.',
    cancellation_customer: () => 'A sua marcação foi cancelada.',
    cancellation_barber: ({ customer }) => `A marcação de ${customer} foi cancelada; a hora está livre de novo.`,
    refusal_customer: () => 'Não foi possível fazer a sua marcação; nada ficou reservado.',
  },
  label: {
    when: 'Quando', yourTime: 'No seu fuso horário', service: 'Serviço', services: 'Serviços', barber: 'Barbeiro', customer: 'Cliente', shop: 'Onde', price: 'Preço',
    phone: 'Telefone', reference: 'Referência', nearest: 'Horas livres próximas',
  },
  reason: {
    too_soon: 'Essa hora já passou ou está demasiado próxima.',
    too_far_ahead: 'Essa hora está para além do prazo em que a loja aceita marcações.',
    off_step: 'As marcações começam a intervalos fixos, e essa hora fica entre dois.',
    shop_closed: 'A loja está fechada a essa hora.',
    outside_working_hours: 'O barbeiro não trabalha a essa hora.',
    on_break: 'O barbeiro está em pausa a essa hora.',
    time_off: 'O barbeiro está ausente a essa hora.',
    service_not_offered: 'O barbeiro não faz esse serviço.',
    barber_day_full: 'O barbeiro já não aceita mais marcações nesse dia.',
    customer_limit: 'Já tem tantas marcações quantas a barbearia permite.',
    slot_taken: 'Essa hora foi ocupada por outra pessoa.',
    undecided: 'O nosso sistema não conseguiu decidir a tempo. Por favor, marque de novo.',
  },
  greeting: (name) => `Olá ${name},`,
  howToChange: (phone) => `Para alterar ou cancelar, ligue por favor para ${phone}.`,
  someone: 'Um cliente',
};

const catalogue = new Map([['en', en], ['pt', pt]]);

/** The texts for a reader: of their language, else of the shop's, else English. */
export function textsFor(locale: string, shopLocale: string): Texts {
  const find = (tag: string) => catalogue.get(tag.toLowerCase().split(/[-_]/)[0] ?? '');
  return find(locale) ?? find(shopLocale) ?? en;
}
