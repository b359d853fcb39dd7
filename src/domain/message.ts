/** From what is known of an appointment to one message, as text and HTML. Pure; the shop's local time comes first, zones are named. */
import type { DeliveryKind, Refusal } from './appointment.ts';
import { textsFor, type Texts } from './message-texts.ts';
import { clockText, clocksDiffer, priceText, wallText } from './wall-text.ts';

/** What a message may show. Instants are ISO 8601 in UTC. */
export type MessageView = {
  appointmentId: string;
  shopName: string;
  shopAddress: string;
  shopPhone: string | null;
  shopTimeZone: string;
  shopLocale: string;
  serviceName: string;
  barberName: string | null;
  customerName: string;
  customerTimeZone: string | null;
  startsAt: string;
  endsAt: string;
  priceCents: number | null;
  currency: string;
  /** Of a refusal. */
  reasonCode?: Refusal['code'];
  nearest?: string[];
};

export type RenderedMessage = { subject: string; text: string; html: string };

type Line = [label: string, value: string];

export function renderMessage(kind: DeliveryKind, view: MessageView, locale: string): RenderedMessage {
  const texts = textsFor(locale, view.shopLocale);
  const facts = {
    shop: view.shopName, service: view.serviceName, barber: view.barberName ?? '', customer: view.customerName,
    when: wallText(Date.parse(view.startsAt), view.shopTimeZone, texts.locale),
  };
  const forBarber = kind.endsWith('_barber');
  const reader = forBarber ? facts.barber : facts.customer;
  const lead = [texts.lead[kind](facts), ...(view.reasonCode ? [texts.reason[view.reasonCode]] : [])].join(' ');
  const lines = forBarber ? barberLines(view, texts) : customerLines(view, texts);
  const greeting = texts.greeting(reader);
  return {
    subject: oneLine(texts.subject[kind](facts)),
    text: [greeting, '', lead, '', ...lines.map(([label, value]) => `${label}: ${value}`), ''].join('\n'),
    html: page(texts.locale, greeting, lead, lines),
  };
}

function whenLine(view: MessageView, texts: Texts): Line {
  const ends = clockText(Date.parse(view.endsAt), view.shopTimeZone);
  return [texts.label.when, wallText(Date.parse(view.startsAt), view.shopTimeZone, texts.locale).replace(' (', `–${ends} (`)];
}

function customerLines(view: MessageView, texts: Texts): Line[] {
  const { label, locale } = texts;
  const startsAt = Date.parse(view.startsAt);
  const abroad = view.customerTimeZone !== null && clocksDiffer(startsAt, view.customerTimeZone, view.shopTimeZone);
  return [
    whenLine(view, texts),
    ...(abroad ? [[label.yourTime, wallText(startsAt, view.customerTimeZone!, locale)] satisfies Line] : []),
    [label.service, view.serviceName],
    ...(view.barberName ? [[label.barber, view.barberName] satisfies Line] : []),
    [label.shop, `${view.shopName}, ${view.shopAddress}`],
    ...(view.shopPhone ? [[label.phone, view.shopPhone] satisfies Line] : []),
    ...(view.priceCents !== null ? [[label.price, priceText(view.priceCents, view.currency, locale)] satisfies Line] : []),
    ...(view.nearest?.length ? [[label.nearest, view.nearest.map((at) => wallText(Date.parse(at), view.shopTimeZone, locale)).join('; ')] satisfies Line] : []),
    [label.reference, view.appointmentId],
  ];
}

function barberLines(view: MessageView, texts: Texts): Line[] {
  const { label } = texts;
  return [whenLine(view, texts), [label.customer, view.customerName], [label.service, view.serviceName], [label.shop, view.shopName], [label.reference, view.appointmentId]];
}

/** A subject is a header: nothing may end its line. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => escapes[mark]!);

function page(locale: string, greeting: string, lead: string, lines: Line[]): string {
  const rows = lines.map(([label, value]) =>
    `<tr><th scope="row" style="text-align:left;vertical-align:top;padding:4px 16px 4px 0;color:#555;font-weight:normal">${escape(label)}</th><td style="padding:4px 0">${escape(value)}</td></tr>`);
  return `<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff">
<p>${escape(greeting)}</p>
<p>${escape(lead)}</p>
<table role="presentation" style="border-collapse:collapse">${rows.join('')}</table>
</body></html>
`;
}
