/** Every sentence of the pages behind customers' links, in each language. A missing key fails the type check. */
import type { LinkPurpose } from './link.ts';

/** What may stand in the way of what a customer asks for. */
export type PageRefusal =
  | 'cancel_too_late'
  | 'reschedule_too_late'
  | 'slot_taken'
  | 'already_begun'
  | 'hold_expired'
  | 'customer_limit'
  | 'not_accepted'
  | 'not_allowed'
  | 'unavailable'
  | 'choose';

export type PageTexts = {
  locale: string;
  /** The heading of each page, and what its button says. */
  heading: Record<LinkPurpose, string>;
  button: Record<Exclude<LinkPurpose, 'view'>, string>;
  /** In a mail, beside the link. */
  link: Record<LinkPurpose, string>;
  done: Record<Exclude<LinkPurpose, 'view'>, string>;
  refused: Record<PageRefusal, string>;
  label: Record<'when' | 'service' | 'barber' | 'where' | 'phone' | 'price' | 'keptUntil' | 'chooseBy' | 'status', string>;
  status: Record<'confirmed' | 'pending_approval' | 'here' | 'attendance' | 'choose', string>;
  lateCancel: string;
  free: string;
  noneFree: string;
  later: string;
  anyBarber: string;
  otherDay: string;
  show: string;
  /** Of an offer that was taken, where the shop must still approve. */
  requested: string;
  dead: string;
  deadMore: string;
  callUs: (phone: string) => string;
};

const en: PageTexts = {
  locale: 'en-GB',
  heading: {
    view: 'Your appointment',
    confirm_attendance: 'Will you come?',
    reschedule: 'Move your appointment',
    cancel: 'Cancel your appointment?',
    accept_offer: 'Take this time?',
    decline_offer: 'Leave this time to somebody else?',
  },
  button: {
    confirm_attendance: 'Yes, I will come',
    reschedule: 'Move to this time',
    cancel: 'Cancel the appointment',
    accept_offer: 'Take this time',
    decline_offer: 'No, thank you',
  },
  link: {
    view: 'See your appointment',
    confirm_attendance: 'Confirm that you will come',
    reschedule: 'Move it to another time',
    cancel: 'Cancel it',
    accept_offer: 'Take this time',
    decline_offer: 'No, thank you',
  },
  done: {
    confirm_attendance: 'Thank you. We look forward to seeing you.',
    reschedule: 'Your appointment has been moved. A mail with the new time is on its way.',
    cancel: 'Your appointment has been cancelled.',
    accept_offer: 'The time is yours. A mail is on its way.',
    decline_offer: 'Thank you for telling us. You go on waiting for another time.',
  },
  refused: {
    cancel_too_late: 'It is too late to cancel here.',
    reschedule_too_late: 'It is too late to move it here.',
    slot_taken: 'That time has just been taken. Please choose another.',
    already_begun: 'The visit has already begun.',
    hold_expired: 'The time for this offer is over.',
    customer_limit: 'You have as many visits booked as the shop allows.',
    not_accepted: 'The shop does not take this booking online.',
    not_allowed: 'That is not possible any more.',
    unavailable: 'We cannot do that at this moment. Please try again in a minute; nothing has changed twice.',
    choose: 'Please choose one of the times.',
  },
  label: {
    when: 'When',
    service: 'Service',
    barber: 'Barber',
    where: 'Where',
    phone: 'Phone',
    price: 'Price',
    keptUntil: 'Kept for you until',
    chooseBy: 'If you choose nothing, it is cancelled on',
    status: 'State',
  },
  status: {
    confirmed: 'Confirmed',
    pending_approval: 'The shop has not answered yet',
    here: 'You are here',
    attendance: 'Confirmed, and you have told us that you will come',
    choose: 'It cannot take place as booked. Please choose another time.',
  },
  lateCancel: 'It is late: this cancellation counts as a late one.',
  free: 'Free times',
  noneFree: 'There is no free time in these days.',
  later: 'Later days',
  anyBarber: 'With any barber',
  otherDay: 'Another day',
  show: 'Show',
  requested: 'The time is kept for you until the shop answers. A mail is on its way.',
  dead: 'This link no longer works',
  deadMore: 'The appointment is over, was cancelled or has changed, or the link was replaced by another.',
  callUs: (phone) => `You can call the shop: ${phone}.`,
};

const pt: PageTexts = {
  locale: 'pt-PT',
  heading: {
    view: 'A sua marcação',
    confirm_attendance: 'Vem à visita?',
    reschedule: 'Mudar a hora da marcação',
    cancel: 'Cancelar a marcação?',
    accept_offer: 'Fica com esta hora?',
    decline_offer: 'Deixar esta hora a outra pessoa?',
  },
  button: {
    confirm_attendance: 'Sim, vou',
    reschedule: 'Mudar para esta hora',
    cancel: 'Cancelar a marcação',
    accept_offer: 'Ficar com esta hora',
    decline_offer: 'Não, obrigado',
  },
  link: {
    view: 'Ver a marcação',
    confirm_attendance: 'Confirmar que vem',
    reschedule: 'Mudar a hora',
    cancel: 'Cancelar',
    accept_offer: 'Ficar com esta hora',
    decline_offer: 'Não, obrigado',
  },
  done: {
    confirm_attendance: 'Obrigado. Esperamos por si.',
    reschedule: 'A sua marcação foi alterada. Vai receber um e-mail com a nova hora.',
    cancel: 'A sua marcação foi cancelada.',
    accept_offer: 'A hora é sua. Vai receber um e-mail.',
    decline_offer: 'Obrigado por nos dizer. Continua à espera de outra hora.',
  },
  refused: {
    cancel_too_late: 'Já é tarde para cancelar aqui.',
    reschedule_too_late: 'Já é tarde para mudar a hora aqui.',
    slot_taken: 'Essa hora acabou de ser ocupada. Escolha por favor outra.',
    already_begun: 'A visita já começou.',
    hold_expired: 'O prazo desta oferta já passou.',
    customer_limit: 'Já tem tantas marcações quantas a barbearia permite.',
    not_accepted: 'A loja não aceita esta marcação em linha.',
    not_allowed: 'Isso já não é possível.',
    unavailable: 'Não é possível neste momento. Tente por favor daqui a um minuto; nada mudou duas vezes.',
    choose: 'Escolha por favor uma das horas.',
  },
  label: {
    when: 'Quando',
    service: 'Serviço',
    barber: 'Barbeiro',
    where: 'Onde',
    phone: 'Telefone',
    price: 'Preço',
    keptUntil: 'Guardada para si até',
    chooseBy: 'Se nada escolher, é cancelada a',
    status: 'Estado',
  },
  status: {
    confirmed: 'Confirmada',
    pending_approval: 'A loja ainda não respondeu',
    here: 'Já está na loja',
    attendance: 'Confirmada, e já nos disse que vem',
    choose: 'Não pode realizar-se como estava marcada. Escolha por favor outra hora.',
  },
  lateCancel: 'Já é tarde: conta como cancelamento tardio.',
  free: 'Horas livres',
  noneFree: 'Não há horas livres nestes dias.',
  later: 'Dias seguintes',
  anyBarber: 'Com qualquer barbeiro',
  otherDay: 'Outro dia',
  show: 'Mostrar',
  requested: 'A hora fica guardada para si até a loja responder. Vai receber um e-mail.',
  dead: 'Esta ligação já não funciona',
  deadMore: 'A marcação já passou, foi cancelada ou mudou, ou a ligação foi substituída por outra.',
  callUs: (phone) => `Pode ligar para a loja: ${phone}.`,
};

/** The texts for a reader: of their language, else of the shop's, else English. */
export function pageTextsFor(locale: string, shopLocale: string): PageTexts {
  const find = (tag: string) => (({ en, pt }) as Record<string, PageTexts>)[tag.toLowerCase().split(/[-_]/)[0] ?? ''];
  return find(locale) ?? find(shopLocale) ?? en;
}
