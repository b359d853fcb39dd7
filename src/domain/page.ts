/** The pages behind customers' links, as HTML without scripts. Pure; the shop's local time, with its zone named. */
import { escapeHtml } from './html.ts';
import { pageDocument } from './page-document.ts';
import type { LinkPurpose } from './link.ts';
import type { PageRefusal, PageTexts } from './page-texts.ts';
import { priceText, wallRangeText, wallText } from './wall-text.ts';

/** What a page tells of the visit. Instants are ISO 8601 in UTC, money is in hundredths of the currency. */
export type PageVisit = {
  startsAt: string;
  endsAt: string;
  keptUntil: string | null;
  /** Of what cannot take place as booked. */
  chooseBy: string | null;
  state: keyof PageTexts['status'] | null;
  shopName: string;
  shopAddress: string;
  shopPhone: string | null;
  shopTimeZone: string;
  services: string[];
  barbers: string[];
  priceCents: number;
  currency: string;
  policy: string | null;
};

/** A form: what the button does, and the times to choose from. */
export type PageForm = {
  note?: string;
  choice?: { slots: string[]; timeZone: string; from: string; laterHref: string; anyHref: string | null; any: boolean };
};

export type Page = { purpose: LinkPurpose; visit: PageVisit; done?: boolean; refusal?: PageRefusal; form?: PageForm };

export function renderPage(texts: PageTexts, { purpose, visit, done, refusal, form }: Page): string {
  const lead =
    done && purpose !== 'view'
      ? purpose === 'accept_offer' && visit.state === 'pending_approval'
        ? texts.requested
        : texts.done[purpose]
      : null;
  const told = refusal
    ? `<p class="no" role="alert">${escapeHtml(
        [texts.refused[refusal], visit.shopPhone ? texts.callUs(visit.shopPhone) : ''].join(' ').trim(),
      )}</p>`
    : '';
  const body = [
    `<h1>${escapeHtml(lead ?? texts.heading[purpose])}</h1>`,
    told,
    done && (purpose === 'cancel' || purpose === 'decline_offer') ? '' : facts(texts, visit),
    form && purpose !== 'view' ? formHtml(texts, purpose, form) : '',
    visit.policy && !done ? `<p class="small">${escapeHtml(visit.policy)}</p>` : '',
  ];
  return pageDocument(texts.locale, lead ?? texts.heading[purpose], body.filter(Boolean).join('\n'));
}

/** A link that no longer works says nothing of what it once stood for. */
export const renderDeadPage = (texts: PageTexts): string =>
  pageDocument(texts.locale, texts.dead, `<h1>${escapeHtml(texts.dead)}</h1>\n<p>${escapeHtml(texts.deadMore)}</p>`);

function facts({ label, status, locale }: PageTexts, visit: PageVisit): string {
  const lines: [string, string | null][] = [
    [label.when, wallRangeText(visit.startsAt, visit.endsAt, visit.shopTimeZone, locale)],
    [label.keptUntil, visit.keptUntil && wallText(visit.keptUntil, visit.shopTimeZone, locale)],
    [label.chooseBy, visit.chooseBy && wallText(visit.chooseBy, visit.shopTimeZone, locale)],
    [label.status, visit.state && status[visit.state]],
    [label.service, visit.services.join(' + ')],
    [label.barber, visit.barbers.join(', ')],
    [label.where, `${visit.shopName}, ${visit.shopAddress}`],
    [label.phone, visit.shopPhone],
    [label.price, priceText(visit.priceCents, visit.currency, locale)],
  ];
  return `<dl>\n${lines
    .flatMap(([name, value]) => (value ? [`<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`] : []))
    .join('\n')}\n</dl>`;
}

function formHtml(texts: PageTexts, purpose: Exclude<LinkPurpose, 'view'>, { note, choice }: PageForm): string {
  const said = note ? `<p>${escapeHtml(note)}</p>` : '';
  const button = `<button type="submit"${purpose === 'cancel' ? ' class="grave"' : ''}>${escapeHtml(texts.button[purpose])}</button>`;
  if (!choice) return `${said}<form method="post">${button}</form>`;
  const days = Map.groupBy(
    choice.slots.map((at) => ({ at, ...dayAndTime(wallText(at, choice.timeZone, texts.locale)) })),
    ({ day }) => day,
  );
  const options = [...days].map(
    ([day, slots]) =>
      `<fieldset><legend>${escapeHtml(day)}</legend>${slots
        .map(({ at, time }) => `<label><input type="radio" name="startsAt" value="${escapeHtml(at)}" required> ${escapeHtml(time)}</label>`)
        .join('\n')}</fieldset>`,
  );
  const links = [
    `<a href="${escapeHtml(choice.laterHref)}">${escapeHtml(texts.later)}</a>`,
    ...(choice.anyHref ? [`<a href="${escapeHtml(choice.anyHref)}">${escapeHtml(texts.anyBarber)}</a>`] : []),
  ];
  const any = choice.any ? '<input type="hidden" name="any" value="1">' : '';
  const list =
    options.length > 0
      ? `<form method="post"><h2>${escapeHtml(texts.free)}</h2>${options.join('\n')}${any}${button}</form>`
      : `<p>${escapeHtml(texts.noneFree)}</p>`;
  const day =
    `<form method="get" class="day"><label>${escapeHtml(texts.otherDay)} ` +
    `<input type="date" name="from" value="${escapeHtml(choice.from)}" required></label>${any}` +
    `<button type="submit">${escapeHtml(texts.show)}</button></form>`;
  return `${said}${list}\n<p>${links.join(' · ')}</p>\n${day}`;
}

/**
 * "Thursday, 6 May 2027, 10:00 (Europe/Lisbon, UTC+01:00)" as a day with its zone and offset, so that the two passes of a repeated hour
 * stand apart, and a time.
 */
function dayAndTime(text: string): { day: string; time: string } {
  const [, date = text, time = text, zone = ''] = /^(.*), (\d\d:\d\d) \((.*)\)$/.exec(text) ?? [];
  return { day: `${date} (${zone})`, time };
}
