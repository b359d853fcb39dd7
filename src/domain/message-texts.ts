/** Every sentence that a customer or barber may read, in each language. A missing key fails the type check. */
import type { Reason } from './appointment.ts';
import type { MessageKind } from './effects.ts';
import type { Refusal } from './outcome.ts';

/** What a sentence may mention. `when` is the short form, for subjects. */
type Facts = { shop: string; service: string; customer: string; when: string };

export type Texts = {
  language: 'en' | 'pt';
  /** The tag that dates and prices are formatted with. */
  locale: string;
  subject: Record<MessageKind, (facts: Facts) => string>;
  lead: Record<MessageKind, (facts: Facts) => string>;
  label: Record<
    | 'when'
    | 'yourTime'
    | 'service'
    | 'services'
    | 'barber'
    | 'customer'
    | 'shop'
    | 'price'
    | 'phone'
    | 'reference'
    | 'nearest'
    | 'before'
    | 'keptUntil'
    | 'answerBy'
    | 'chooseBy',
    string
  >;
  reason: Record<Refusal['code'], string>;
  /** In place of the lead: the visit goes on with somebody else. */
  lost: (facts: Facts) => string;
  greeting: (name: string) => string;
  /** How to change one's mind, in mails about a visit that is still to come. */
  howToChange: (phone: string) => string;
  /** In place of a customer whose name has been erased. */
  someone: string;
  /** All that some calendars say of a visit. */
  busy: string;
  /** Why the shop moved or declined it; empty where nothing can be said. */
  why: Record<Reason | 'expired' | 'refused', string>;
};

const en: Texts = {
  language: 'en',
  locale: 'en-GB',
  subject: {
    confirmation_customer: ({ shop, when }) => `Booked: ${when}, ${shop}`,
    confirmation_barber: ({ service, when }) => `New booking: ${when}, ${service}`,
    reminder_customer: ({ shop, when }) => `Reminder: ${when}, ${shop}`,
    cancellation_customer: ({ shop, when }) => `Cancelled: ${when}, ${shop}`,
    cancellation_barber: ({ service, when }) => `Cancelled: ${when}, ${service}`,
    refusal_customer: ({ shop, when }) => `Not booked: ${when}, ${shop}`,
    rescheduled_customer: ({ shop, when }) => `Moved: ${when}, ${shop}`,
    rescheduled_barber: ({ service, when }) => `Moved: ${when}, ${service}`,
    approval_customer: ({ shop, when }) => `Request received: ${when}, ${shop}`,
    approval_barber: ({ service, when }) => `A request waits for approval: ${when}, ${service}`,
    declined_customer: ({ shop, when }) => `Not approved: ${when}, ${shop}`,
    offer_customer: ({ shop, when }) => `A time has come free: ${when}, ${shop}`,
    choose_customer: ({ shop, when }) => `Please choose another time: ${when}, ${shop}`,
  },
  lead: {
    confirmation_customer: ({ shop }) => `Your appointment at ${shop} is confirmed.`,
    confirmation_barber: ({ customer }) => `${customer} has booked a visit with you.`,
    reminder_customer: ({ shop }) => `This is a reminder of your appointment at ${shop}. We look forward to seeing you.`,
    cancellation_customer: ({ shop }) => `Your appointment at ${shop} has been cancelled.`,
    cancellation_barber: ({ customer }) => `The visit of ${customer} has been cancelled; the time is free again.`,
    refusal_customer: ({ shop }) => `We could not book your visit at ${shop}, and nothing is reserved.`,
    rescheduled_customer: ({ shop }) => `Your appointment at ${shop} has been moved.`,
    rescheduled_barber: ({ customer }) => `The visit of ${customer} has been moved.`,
    approval_customer: ({ shop }) => `Your request has reached ${shop}. The time is kept for you until the shop answers.`,
    approval_barber: ({ customer }) => `${customer} asks for a visit with you; somebody at the shop must approve it.`,
    declined_customer: ({ shop }) => `Your request at ${shop} was not approved, and nothing is reserved.`,
    offer_customer: ({ shop }) => `A time that you are waiting for has come free at ${shop}. It is kept for you for a while.`,
    choose_customer: ({ shop }) =>
      `Something has come up at ${shop}, and your appointment cannot take place as booked. Please choose another time.`,
  },
  label: {
    when: 'When',
    yourTime: 'In your time zone',
    service: 'Service',
    services: 'Services',
    barber: 'Barber',
    customer: 'Customer',
    shop: 'Where',
    price: 'Price',
    phone: 'Phone',
    reference: 'Reference',
    nearest: 'Free times near it',
    before: 'Before',
    keptUntil: 'Kept for you until',
    answerBy: 'To be answered by',
    chooseBy: 'If you choose nothing, it is cancelled on',
  },
  lost: ({ customer }) => `The visit of ${customer} is no longer yours; your time is free again.`,
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
    not_accepted: 'The shop does not take this booking online. Please call.',
  },
  greeting: (name) => `Hello ${name},`,
  howToChange: (phone) => `To change or cancel your visit, please call ${phone}.`,
  someone: 'A customer',
  busy: 'Busy',
  why: {
    customer_asked: 'You asked for it.',
    illness: 'Somebody has fallen ill.',
    emergency: 'There was an emergency.',
    staff_absent: 'Your barber is away.',
    shop_closed: 'The shop has to close.',
    duplicate: 'It was booked twice.',
    mistake: 'There had been a mistake.',
    goodwill: 'The shop arranged it for you.',
    late: 'It had become late.',
    other: '',
    expired: 'The shop did not answer in time.',
    refused: 'The shop cannot take it.',
  },
};

// Without articles before names: whether a shop is "no" or "na" cannot be known.
const pt: Texts = {
  language: 'pt',
  locale: 'pt-PT',
  subject: {
    confirmation_customer: ({ shop, when }) => `Marcação confirmada: ${when}, ${shop}`,
    confirmation_barber: ({ service, when }) => `Nova marcação: ${when}, ${service}`,
    reminder_customer: ({ shop, when }) => `Lembrete: ${when}, ${shop}`,
    cancellation_customer: ({ shop, when }) => `Marcação cancelada: ${when}, ${shop}`,
    cancellation_barber: ({ service, when }) => `Marcação cancelada: ${when}, ${service}`,
    refusal_customer: ({ shop, when }) => `Sem marcação: ${when}, ${shop}`,
    rescheduled_customer: ({ shop, when }) => `Marcação alterada: ${when}, ${shop}`,
    rescheduled_barber: ({ service, when }) => `Marcação alterada: ${when}, ${service}`,
    approval_customer: ({ shop, when }) => `Pedido recebido: ${when}, ${shop}`,
    approval_barber: ({ service, when }) => `Pedido por aprovar: ${when}, ${service}`,
    declined_customer: ({ shop, when }) => `Pedido não aprovado: ${when}, ${shop}`,
    offer_customer: ({ shop, when }) => `Ficou livre uma hora: ${when}, ${shop}`,
    choose_customer: ({ shop, when }) => `Escolha por favor outra hora: ${when}, ${shop}`,
  },
  lead: {
    confirmation_customer: () => 'A sua marcação está confirmada.',
    confirmation_barber: ({ customer }) => `Tem uma nova marcação: ${customer}.`,
    reminder_customer: () => 'Lembramos a sua marcação. Esperamos por si.',
    cancellation_customer: () => 'A sua marcação foi cancelada.',
    cancellation_barber: ({ customer }) => `A marcação de ${customer} foi cancelada; a hora está livre de novo.`,
    refusal_customer: () => 'Não foi possível fazer a sua marcação; nada ficou reservado.',
    rescheduled_customer: () => 'A sua marcação foi alterada.',
    rescheduled_barber: ({ customer }) => `A marcação de ${customer} foi alterada.`,
    approval_customer: () => 'Recebemos o seu pedido. A hora fica guardada para si até a loja responder.',
    approval_barber: ({ customer }) => `${customer} pede uma marcação consigo; alguém da loja tem de a aprovar.`,
    declined_customer: () => 'O seu pedido não foi aprovado; nada ficou reservado.',
    offer_customer: () => 'Ficou livre uma hora pela qual esperava. Fica guardada para si durante algum tempo.',
    choose_customer: () => 'Houve um imprevisto e a sua marcação não pode realizar-se como estava. Escolha por favor outra hora.',
  },
  label: {
    when: 'Quando',
    yourTime: 'No seu fuso horário',
    service: 'Serviço',
    services: 'Serviços',
    barber: 'Barbeiro',
    customer: 'Cliente',
    shop: 'Onde',
    price: 'Preço',
    phone: 'Telefone',
    reference: 'Referência',
    nearest: 'Horas livres próximas',
    before: 'Antes',
    keptUntil: 'Guardada para si até',
    answerBy: 'A responder até',
    chooseBy: 'Se nada escolher, é cancelada a',
  },
  lost: ({ customer }) => `A marcação de ${customer} já não é sua; a hora está livre de novo.`,
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
    not_accepted: 'A loja não aceita esta marcação em linha. Por favor, ligue.',
  },
  greeting: (name) => `Olá ${name},`,
  howToChange: (phone) => `Para alterar ou cancelar, ligue por favor para ${phone}.`,
  someone: 'Um cliente',
  busy: 'Ocupado',
  why: {
    customer_asked: 'Foi a seu pedido.',
    illness: 'Alguém adoeceu.',
    emergency: 'Houve uma emergência.',
    staff_absent: 'O seu barbeiro está ausente.',
    shop_closed: 'A loja tem de fechar.',
    duplicate: 'Estava marcada duas vezes.',
    mistake: 'Tinha havido um engano.',
    goodwill: 'A loja tratou disso por si.',
    late: 'Tinha ficado tarde.',
    other: '',
    expired: 'A loja não respondeu a tempo.',
    refused: 'A loja não a pode aceitar.',
  },
};

const catalogue = new Map([
  ['en', en],
  ['pt', pt],
]);

/** The texts for a reader: of their language, else of the shop's, else English. */
export function textsFor(locale: string, shopLocale: string): Texts {
  const find = (tag: string) => catalogue.get(tag.toLowerCase().split(/[-_]/)[0] ?? '');
  return find(locale) ?? find(shopLocale) ?? en;
}
