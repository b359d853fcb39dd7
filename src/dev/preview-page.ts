/** `GET /dev/messages`: what every message looks like, made by the very templates that are sent. */
import { messageKinds, type MessageKind } from '../domain/effects.ts';
import { escapeHtml as escape } from '../domain/html.ts';
import { renderMessage, type MessageView } from '../domain/message.ts';
import { countSegments } from '../domain/sms-text.ts';
import { choiceHtml, linkHtml } from './page-shell.ts';

const locales = ['pt-PT', 'en-GB'] as const;
export type PreviewLocale = (typeof locales)[number];

/** The shop's language, unless a known one is asked for. */
export const localeOf = (asked: unknown): PreviewLocale => locales.find((each) => each === asked) ?? 'pt-PT';
export const kindOf = (asked: unknown): MessageKind | null => messageKinds.find((each) => each === asked) ?? null;

const languages: Record<PreviewLocale, string> = { 'pt-PT': 'Português', 'en-GB': 'English' };
const hrefOf = (kind: MessageKind, locale: PreviewLocale): string => `/dev/messages/${kind}?locale=${locale}`;
const isForBarber = (kind: MessageKind): boolean => kind.endsWith('_barber');
const segmentsText = (text: string): string => `${countSegments(text)} ${countSegments(text) === 1 ? 'segment' : 'segments'}`;

/** All kinds in all languages. */
export function previewListBody(viewOf: (kind: MessageKind) => MessageView): string {
  const head = ['Message', 'To', ...locales.flatMap((locale) => [languages[locale], 'SMS'])]
    .map((name) => `<th scope="col">${name}</th>`)
    .join('');
  const rows = messageKinds.map((kind) => {
    const [name = '', role = ''] = kind.split('_');
    const cells = locales.map((locale) => {
      const { subject, sms } = renderMessage(kind, viewOf(kind), locale);
      return (
        `<td><a href="${escape(hrefOf(kind, locale))}" style="white-space:normal">${escape(subject)}</a></td>` +
        `<td class="at">${isForBarber(kind) ? '–' : segmentsText(sms)}</td>`
      );
    });
    return `<tr><td>${escape(name)}</td><td>${escape(role)}</td>${cells.join('')}</tr>`;
  });
  return `<p>Of a sample visit: two barbers, a customer in New York, a policy. SMS counts what a text costs.</p>
<div class="table"><table><thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
}

/** One message in one language, as mail, as text and as SMS. */
export function previewBody(kind: MessageKind, locale: PreviewLocale, view: MessageView): string {
  const { subject, html, text, sms } = renderMessage(kind, view, locale);
  const languageChoice = choiceHtml(
    'Language',
    locales.map((each) => ({ href: hrefOf(kind, each), text: languages[each], chosen: each === locale })),
  );
  // What a barber gets carries an invitation, so it goes by mail alone.
  const short = isForBarber(kind)
    ? '<p>None: barbers are written to by mail alone.</p>'
    : `<p class="small">${segmentsText(sms)}, ${Array.from(sms).length} characters</p>` +
      `<pre class="sms" lang="${locale}">${escape(sms)}</pre>`;
  return `${languageChoice}
<h2>Subject</h2><p lang="${locale}">${escape(subject)}</p>
<h2>SMS</h2>${short}
<h2>Mail</h2><iframe sandbox title="The mail" srcdoc="${escape(html)}"></iframe>
<h2>Mail as text</h2><pre lang="${locale}">${escape(text)}</pre>
<p>${linkHtml('/dev/messages', 'All messages')}</p>`;
}
