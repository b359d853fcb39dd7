/** `GET /dev/messages`: what every message looks like, made by the very templates that are sent. */
import { escapeHtml as escape } from '../domain/html.ts';
import { countSegments } from '../domain/sms-text.ts';
import { choiceHtml, linkHtml } from './page-shell.ts';
import { sampleKinds, type SampleKind, type SampleMessage } from './sample-message.ts';

const locales = ['pt-PT', 'en-GB'] as const;
export type PreviewLocale = (typeof locales)[number];

/** The shop's language, unless a known one is asked for. */
export const localeOf = (asked: unknown): PreviewLocale => locales.find((each) => each === asked) ?? 'pt-PT';
export const kindOf = (asked: unknown): SampleKind | null => sampleKinds.find((each) => each === asked) ?? null;

const languages: Record<PreviewLocale, string> = { 'pt-PT': 'Português', 'en-GB': 'English' };
const hrefOf = (kind: SampleKind, locale: PreviewLocale): string => `/dev/messages/${kind}?locale=${locale}`;
/** What it is, and to whom. */
export const nameOf = (kind: SampleKind): [name: string, role: string] => {
  const at = kind.lastIndexOf('_');
  return [kind.slice(0, at).replace('_', '-'), kind.slice(at + 1)];
};
const segmentsText = (text: string): string => `${countSegments(text)} ${countSegments(text) === 1 ? 'segment' : 'segments'}`;

/** All kinds in all languages. */
export function previewListBody(render: (kind: SampleKind, locale: PreviewLocale) => SampleMessage): string {
  const head = ['Message', 'To', ...locales.flatMap((locale) => [languages[locale], 'SMS'])]
    .map((name) => `<th scope="col">${name}</th>`)
    .join('');
  const rows = sampleKinds.map((kind) => {
    const [name, role] = nameOf(kind);
    const cells = locales.map((locale) => {
      const { subject, sms } = render(kind, locale);
      return (
        `<td><a href="${escape(hrefOf(kind, locale))}" style="white-space:normal">${escape(subject)}</a></td>` +
        `<td class="at">${sms === null ? '–' : segmentsText(sms)}</td>`
      );
    });
    return `<tr><td>${escape(name)}</td><td>${escape(role)}</td>${cells.join('')}</tr>`;
  });
  return `<p>Of a sample visit: two barbers, a customer in New York, a policy. SMS counts what a text costs.</p>
<div class="table"><table><thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
}

/** One message in one language, as mail, as text and as SMS. */
export function previewBody(kind: SampleKind, locale: PreviewLocale, { subject, html, text, sms }: SampleMessage): string {
  const languageChoice = choiceHtml(
    'Language',
    locales.map((each) => ({ href: hrefOf(kind, each), text: languages[each], chosen: each === locale })),
  );
  const short =
    sms === null
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
