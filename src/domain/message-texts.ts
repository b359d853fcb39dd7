/** Every sentence that a customer or barber may read, in each language. A missing key fails the type check. */
import type { DeliveryKind, Refusal } from './appointment.ts';

type Facts = { shop: string; service: string; barber: string; customer: string; when: string };

export type Texts = {
  /** The tag that dates and prices are formatted with. */
  locale: string;
  subject: Record<DeliveryKind, (facts: Facts) => string>;
  lead: Record<DeliveryKind, (facts: Facts) => string>;
  label: { when: string; yourTime: string; service: string; barber: string; customer: string; shop: string; price: string; phone: string; reference: string; nearest: string };
  reason: Record<Refusal['code'], string>;
  greeting: (name: string) => string;
};

const en: Texts = {
  locale: 'en-GB',
  subject: {
    confirmation_customer: ({ shop, when }) => `Booked: ${shop}, ${when}`,
    confirmation_barber: ({ service, when }) => `New booking: ${service}, ${when}`,
    reminder_customer: ({ shop, when }) => `Reminder: ${shop}, ${when}`,
    cancellation_customer: ({ shop, when }) => `Cancelled: ${shop}, ${when}`,
    cancellation_barber: ({ service, when }) => `Cancelled: ${service}, ${when}`,
    refusal_customer: ({ shop, when }) => `Not booked: ${shop}, ${when}`,
  },
  lead: {
    confirmation_customer: ({ shop }) => `Your appointment at ${shop} is confirmed.`,
    confirmation_barber: ({ customer }) => `${customer} has booked a visit with you.`,
    reminder_customer: ({ shop }) => `We look forward to seeing you at ${shop}.`,
    cancellation_customer: ({ shop }) => `Your appointment at ${shop} is cancelled.`,
    cancellation_barber: ({ customer }) => `The visit of ${customer} is cancelled; the time is free again.`,
    refusal_customer: ({ shop }) => `We could not book your visit at ${shop}, and nothing is reserved.`,
  },
  label: { when: 'When', yourTime: 'In your time zone', service: 'Service', barber: 'Barber', customer: 'Customer', shop: 'Where', price: 'Price', phone: 'Phone', reference: 'Reference', nearest: 'Free times near it' },
  reason: {
    too_soon: 'That time is past or too soon to be booked.',
    too_far_ahead: 'That time is further ahead than the shop takes bookings.',
    off_step: 'Visits begin at fixed steps of the clock, and that time is between two.',
    shop_closed: 'The shop is closed at that time.',
    outside_working_hours: 'The barber does not work at that time.',
    on_break: 'The barber has a break at that time.',
    time_off: 'The barber is away at that time.',
    slot_taken: 'That time was taken by somebody else.',
    undecided: 'Our system could not decide in time. Please book again.',
  },
  greeting: (name) => `Hello ${name},`,
};

const pt: Texts = {
  locale: 'pt-PT',
  subject: {
    confirmation_customer: ({ shop, when }) => `Marcação confirmada: ${shop}, ${when}`,
    confirmation_barber: ({ service, when }) => `Nova marcação: ${service}, ${when}`,
    reminder_customer: ({ shop, when }) => `Lembrete: ${shop}, ${when}`,
    cancellation_customer: ({ shop, when }) => `Marcação cancelada: ${shop}, ${when}`,
    cancellation_barber: ({ service, when }) => `Cancelada: ${service}, ${when}`,
    refusal_customer: ({ shop, when }) => `Sem marcação: ${shop}, ${when}`,
  },
  lead: {
    confirmation_customer: ({ shop }) => `A sua marcação na ${shop} está confirmada.`,
    confirmation_barber: ({ customer }) => `${customer} fez uma marcação consigo.`,
    reminder_customer: ({ shop }) => `Esperamos por si na ${shop}.`,
    cancellation_customer: ({ shop }) => `A sua marcação na ${shop} foi cancelada.`,
    cancellation_barber: ({ customer }) => `A visita de ${customer} foi cancelada; a hora está livre de novo.`,
    refusal_customer: ({ shop }) => `Não foi possível fazer a sua marcação na ${shop}; nada ficou reservado.`,
  },
  label: { when: 'Quando', yourTime: 'No seu fuso horário', service: 'Serviço', barber: 'Barbeiro', customer: 'Cliente', shop: 'Onde', price: 'Preço', phone: 'Telefone', reference: 'Referência', nearest: 'Horas livres próximas' },
  reason: {
    too_soon: 'Essa hora já passou ou está demasiado próxima.',
    too_far_ahead: 'Essa hora está para além do prazo em que a loja aceita marcações.',
    off_step: 'As visitas começam a horas certas, e essa hora fica entre duas.',
    shop_closed: 'A loja está fechada a essa hora.',
    outside_working_hours: 'O barbeiro não trabalha a essa hora.',
    on_break: 'O barbeiro está em pausa a essa hora.',
    time_off: 'O barbeiro está ausente a essa hora.',
    slot_taken: 'Essa hora foi ocupada por outra pessoa.',
    undecided: 'O nosso sistema não conseguiu decidir a tempo. Por favor, marque de novo.',
  },
  greeting: (name) => `Olá ${name},`,
};

/** The texts for a reader: of their language, else of the shop's, else English. */
export function textsFor(locale: string, shopLocale: string): Texts {
  const known: Record<string, Texts> = { en, pt };
  const language = (tag: string) => tag.toLowerCase().split('-')[0] ?? '';
  return known[language(locale)] ?? known[language(shopLocale)] ?? en;
}
