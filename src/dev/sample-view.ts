/**
 * One visit that has everything a message can show: several services, a customer on another clock, a policy, links, and what each kind
 * adds.
 */
import type { MessageKind } from '../domain/effects.ts';
import { linksOf } from '../domain/link.ts';
import type { MessageView } from '../domain/message.ts';
import { policyOf } from '../domain/policy.ts';

const cut = { serviceName: 'Corte', barberName: 'Tiago Nunes', startsAt: '2027-05-06T09:00:00.000Z', endsAt: '2027-05-06T09:30:00.000Z' };
const beard = {
  serviceName: 'Barba e toalha quente',
  barberName: 'Inês Sá',
  startsAt: '2027-05-06T09:30:00.000Z',
  endsAt: '2027-05-06T10:00:00.000Z',
};
const dye = {
  serviceName: 'Coloração',
  barberName: 'Tiago Nunes',
  startsAt: '2027-05-06T10:00:00.000Z',
  endsAt: '2027-05-06T10:45:00.000Z',
};

const visit: MessageView = {
  appointmentId: '7b0f1c1e-8a51-5c3c-9d55-0e6a4c3a2f10',
  shopName: 'Navalha Chiado',
  shopAddress: 'Rua Garrett 58, 1200-204 Lisboa',
  shopPhone: '+351500000002',
  shopTimeZone: 'Europe/Lisbon',
  shopLocale: 'pt-PT',
  serviceName: 'Corte + Barba e toalha quente + Coloração',
  barberName: null,
  parts: [cut, beard, dye],
  customerName: 'Ana Conceição',
  customerTimeZone: 'America/New_York',
  startsAt: cut.startsAt,
  endsAt: dye.endsAt,
  priceCents: 6150,
  currency: 'EUR',
  policy: policyOf({
    cancelCutoffMinutes: 1440,
    rescheduleCutoffMinutes: 120,
    noShowGraceMinutes: 15,
    strikesForApproval: 2,
    strikesForBlock: 4,
  }),
};
/** A barber is told of his own share alone. */
const share: Partial<MessageView> = { serviceName: 'Corte + Coloração', barberName: 'Tiago Nunes', parts: [cut, dye] };
const moved: Partial<MessageView> = {
  before: '2027-05-04T15:00:00.000Z',
  was: { barbers: ['Rui Faria'], services: null, shop: 'Navalha Foz', timeZone: 'Europe/Lisbon' },
  why: 'staff_absent',
};
const kept: Partial<MessageView> = { keptUntil: '2027-05-05T18:00:00.000Z' };

const more: Partial<Record<MessageKind, Partial<MessageView>>> = {
  cancellation_customer: { why: 'illness' },
  rescheduled_customer: moved,
  rescheduled_barber: moved,
  approval_customer: kept,
  approval_barber: kept,
  offer_customer: kept,
  declined_customer: { why: 'expired' },
  choose_customer: { chooseBy: '2027-05-05T18:00:00.000Z', why: 'shop_closed' },
  refusal_customer: {
    reasonCode: 'slot_taken',
    nearest: ['2027-05-06T11:00:00.000Z', '2027-05-06T13:30:00.000Z', '2027-05-07T09:00:00.000Z'],
    parts: [cut, beard, dye].map((part) => ({ ...part, startsAt: null, endsAt: null })),
  },
};

/** The links are as long as real ones, and lead to the page that says that they are dead. */
export function sampleView(kind: MessageKind, publicUrl: string): MessageView {
  const links = (linksOf[kind] ?? []).map((purpose) => ({
    purpose,
    url: `${publicUrl}/visit/${`sample-${purpose}-`.replaceAll('_', '-').padEnd(43, 'x')}`,
  }));
  return { ...visit, ...(kind.endsWith('_barber') && share), ...more[kind], links };
}
