/** From what is known of an appointment to one message, as text and HTML. Pure; the shop's local time comes first, zones are named. */
import type { MessageKind } from './effects.ts';
import { escapeHtml as escape } from './html.ts';
import type { Link } from './link.ts';
import { smsText } from './sms-text.ts';
import type { Refusal } from './outcome.ts';
import { textsFor, type Texts } from './message-texts.ts';
import { pageTextsFor } from './page-texts.ts';
import { policyText } from './policy-texts.ts';
import type { BookingPolicy } from './policy.ts';
import { clocksDiffer, priceText, shortWallText, wallRangeText, wallText } from './wall-text.ts';

/** One service of a visit. A refused one has no times: nothing was placed. */
export type MessagePart = { serviceName: string; barberName: string | null; startsAt: string | null; endsAt: string | null };

/** What a message may show. Instants are ISO 8601 in UTC, money is in hundredths of the currency. */
export type MessageView = {
  appointmentId: string;
  shopName: string;
  shopAddress: string;
  shopPhone: string | null;
  shopTimeZone: string;
  shopLocale: string;
  /** Of a visit of several services, their names joined. */
  serviceName: string;
  /** Who gives the whole visit, if one does. */
  barberName: string | null;
  /** The services in order; one alone is told as `serviceName` and `barberName`. A barber is told of his own alone. */
  parts?: MessagePart[];
  customerName: string;
  customerTimeZone: string | null;
  startsAt: string;
  endsAt: string;
  priceCents: number | null;
  currency: string;
  /** Of a move: when the visit was to begin before, and the names of what else was otherwise. */
  before?: string;
  was?: { barbers: string[] | null; services: string[] | null; shop: string | null; timeZone: string | null };
  /** Of a hold or a request: until when it is kept. */
  keptUntil?: string;
  /** Of a visit that cannot take place as booked: when it is cancelled, if nothing is chosen. */
  chooseBy?: string;
  /** What was agreed, in the reader's language. */
  policy?: BookingPolicy;
  /** To a barber: it goes on without him. */
  isLost?: boolean;
  /** Why the shop moved, cancelled or declined it. */
  why?: keyof Texts['why'];
  /** What the customer can do without calling. */
  links?: Link[];
  /** Of a refusal. */
  reasonCode?: Refusal['code'];
  nearest?: string[];
};

/**
 * `sms`: the same news in a line, for those who get it by SMS; `calendar`: for an event that others may see, so without the links, which
 * let whoever has them act.
 */
export type RenderedMessage = { subject: string; text: string; html: string; sms: string; calendar: string };

type Told = MessageView & { parts: MessagePart[] };

/** A list shows one value a line. */
type Line = [label: string, value: string | string[]];

const stillToCome: MessageKind[] = ['confirmation_customer', 'reminder_customer', 'rescheduled_customer', 'choose_customer'];

/** Of what is held or asked for. In other news of it (to who lost it, or must choose another time) nothing is kept for the reader. */
const keptIn: MessageKind[] = ['approval_customer', 'approval_barber', 'offer_customer'];

/** Where the policy is told. */
const agreedIn: MessageKind[] = ['confirmation_customer', 'rescheduled_customer', 'approval_customer', 'offer_customer'];

export function renderMessage(kind: MessageKind, given: MessageView, locale: string): RenderedMessage {
  const { keptUntil, ...told } = given;
  const view = {
    ...cleaned(told),
    ...(keptUntil && keptIn.includes(kind) && { keptUntil }),
    parts: (given.parts ?? []).map(cleaned),
    ...(given.was && {
      was: { ...cleaned(given.was), barbers: given.was.barbers?.map(clean) ?? null, services: given.was.services?.map(clean) ?? null },
    }),
  };
  const texts = textsFor(locale, view.shopLocale);
  const forBarber = kind.endsWith('_barber');
  const facts = {
    shop: view.shopName,
    service: view.serviceName,
    customer: view.customerName || texts.someone,
    when: shortWallText(view.startsAt, view.shopTimeZone, texts.locale),
  };
  const subject = texts.subject[kind](facts);
  const greeting = texts.greeting(forBarber ? (view.barberName ?? '') : view.customerName).replace(' ,', ',');
  const lead = [
    view.isLost ? texts.lost(facts) : texts.lead[kind](facts),
    view.why && !forBarber ? texts.why[view.why] : '',
    view.reasonCode ? texts.reason[view.reasonCode] : '',
  ]
    .filter(Boolean)
    .join(' ');
  const lines = forBarber ? barberLines(view, texts, facts.customer) : customerLines(view, texts);
  const links = (view.links ?? []).map(({ purpose, url }) => ({ name: pageTextsFor(texts.locale, view.shopLocale).link[purpose], url }));
  const closing = [
    ...(agreedIn.includes(kind) && view.policy ? [policyText(view.policy, texts.language)] : []),
    ...(stillToCome.includes(kind) && view.shopPhone && links.length === 0 ? [texts.howToChange(view.shopPhone)] : []),
    view.shopName,
  ];
  return {
    subject,
    calendar: [lead, lines.map(lineText).join('\n'), ...closing].join('\n\n') + '\n',
    text:
      [greeting, lead, lines.map(lineText).join('\n'), ...links.map(({ name, url }) => `${name}\n${url}`), ...closing].join('\n\n') + '\n',
    html: page(texts.locale, subject, [greeting, lead], lines, links, closing),
    // Where both clocks agree, the zone would cost a second SMS.
    sms: smsText(
      abroad(view, view.startsAt)
        ? subject
        : texts.subject[kind]({ ...facts, when: shortWallText(view.startsAt, view.shopTimeZone, texts.locale, false) }),
      view.why && !forBarber ? texts.why[view.why] : '',
      links,
      kind,
    ),
  };
}

const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/**
 * Values may come from anywhere, and here none can end a header or a line of text, nor turn the direction of what follows it.
 * Names lose what no name needs; half a surrogate pair becomes U+FFFD.
 */
const clean = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(unprintable, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .trim();

const cleaned = <Fields extends object>(fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? clean(value) : value])) as Fields;

/** The zone of a reader whose clock differs from the shop's at this instant. */
const abroad = (view: MessageView, at: string): string | null =>
  view.customerTimeZone && clocksDiffer(at, view.customerTimeZone, view.shopTimeZone) ? view.customerTimeZone : null;

/** An instant by the clock of the shop (of `timeZone`, where that was another then) and, where it differs, the reader's: "… = …". */
function bothClocks(view: MessageView, at: string, locale: string, timeZone: string = view.shopTimeZone): string {
  const zone = abroad({ ...view, shopTimeZone: timeZone }, at);
  return [wallText(at, timeZone, locale), ...(zone ? [wallText(at, zone, locale)] : [])].join(' = ');
}

/** Of several services, a line for each. Who gives it is said to the customer alone: to a barber all of them are his. */
function serviceLine(view: Told, { label, locale }: Texts, forBarber: boolean): Line {
  if (view.parts.length < 2) return [label.service, view.serviceName];
  return [
    label.services,
    view.parts.map(({ serviceName, barberName, startsAt, endsAt }) => {
      const when = startsAt && endsAt ? `${wallRangeText(startsAt, endsAt, view.shopTimeZone, locale)}: ` : '';
      return `${when}${serviceName}${barberName && !forBarber ? `, ${barberName}` : ''}`;
    }),
  ];
}

/** What a move has changed, as it was: the time, the services, who gives them, the shop. */
function beforeLine(view: Told, { label, locale }: Texts, forBarber: boolean): Line | null {
  const { before, was, startsAt, shopTimeZone } = view;
  if (!before) return null;
  const time = () =>
    forBarber ? wallText(before, was?.timeZone ?? shopTimeZone, locale) : bothClocks(view, before, locale, was?.timeZone ?? shopTimeZone);
  const parts = [
    Date.parse(before) === Date.parse(startsAt) && !was?.shop ? null : time(),
    was?.services?.join(' + '),
    forBarber ? null : was?.barbers?.join(', '),
    was?.shop,
  ].filter((part) => typeof part === 'string');
  return parts.length > 0 ? [label.before, parts.join(', ')] : null;
}

function customerLines(view: Told, texts: Texts): Line[] {
  const { label, locale } = texts;
  const { startsAt, endsAt, shopTimeZone, barberName, shopPhone, priceCents } = view;
  const theirZone = abroad(view, startsAt);
  const free = (view.nearest ?? []).slice(0, 3).map((at) => bothClocks(view, at, locale));
  const lines: (Line | null)[] = [
    [label.when, wallRangeText(startsAt, endsAt, shopTimeZone, locale)],
    beforeLine(view, texts, false),
    view.keptUntil ? [label.keptUntil, bothClocks(view, view.keptUntil, locale)] : null,
    view.chooseBy ? [label.chooseBy, bothClocks(view, view.chooseBy, locale)] : null,
    theirZone ? [label.yourTime, wallRangeText(startsAt, endsAt, theirZone, locale)] : null,
    serviceLine(view, texts, false),
    barberName && view.parts.length < 2 ? [label.barber, barberName] : null,
    [label.shop, `${view.shopName}, ${view.shopAddress}`],
    shopPhone ? [label.phone, shopPhone] : null,
    priceCents !== null ? [label.price, priceText(priceCents, view.currency, locale)] : null,
    [label.reference, view.appointmentId],
    free.length > 0 ? [label.nearest, free] : null,
  ];
  return lines.filter((line) => line !== null);
}

/** The customer's name and nothing more of them: phone and address stay with the shop. */
function barberLines(view: Told, texts: Texts, customer: string): Line[] {
  const { label, locale } = texts;
  return [
    [label.when, wallRangeText(view.startsAt, view.endsAt, view.shopTimeZone, locale)],
    ...[beforeLine(view, texts, true)].filter((line) => line !== null),
    ...(view.keptUntil ? [[label.answerBy, wallText(view.keptUntil, view.shopTimeZone, locale)] satisfies Line] : []),
    [label.customer, customer],
    serviceLine(view, texts, true),
    [label.shop, view.shopName],
    [label.reference, view.appointmentId],
  ];
}

const lineText = ([label, value]: Line): string =>
  typeof value === 'string' ? `${label}: ${value}` : [`${label}:`, ...value.map((one) => `- ${one}`)].join('\n');

const button = ({ name, url }: { name: string; url: string }, index: number): string =>
  `<p><a href="${escape(url)}" style="display:inline-block;padding:10px 18px;border-radius:6px;` +
  `${index === 0 ? 'background:#14532d;color:#fff' : 'border:1px solid #14532d;color:#14532d'};` +
  `text-decoration:none">${escape(name)}</a></p>`;

/** Styles stand inline because mail programs drop style sheets; the table is one of data, with a header for each row. */
function page(
  locale: string,
  title: string,
  opening: string[],
  lines: Line[],
  links: { name: string; url: string }[],
  closing: string[],
): string {
  const paragraphs = (texts: string[]) => texts.map((text) => `<p>${escape(text)}</p>`).join('\n');
  const cell = (value: string | string[]) =>
    typeof value === 'string'
      ? escape(value)
      : `<ul style="margin:0;padding:0 0 0 20px">${value.map((one) => `<li>${escape(one)}</li>`).join('')}</ul>`;
  const rows = lines.map(
    ([label, value]) =>
      `<tr><th scope="row" style="text-align:left;vertical-align:top;padding:4px 16px 4px 0;color:#555;font-weight:normal">` +
      `${escape(label)}</th><td style="padding:4px 0;vertical-align:top">${cell(value)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff"><div style="max-width:600px">
${paragraphs(opening)}
<table style="border-collapse:collapse">
${rows.join('\n')}
</table>
${links.map(button).join('\n')}
${paragraphs(closing)}
</div></body></html>
`;
}
