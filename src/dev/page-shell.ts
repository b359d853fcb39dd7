/** What development's pages have in common: the look of the self-service pages, wider, and neither scripts nor anything from elsewhere. */
import type { Response } from 'express';
import { escapeHtml } from '../domain/html.ts';

/** Where the page's own links lead, and where its forms may (a source of `form-action`). */
export type Shell = { nav?: { href: string; text: string }[]; forms?: string };

/** Sends a page. A mail that is shown in a frame inherits these rules, so nothing in it runs or loads either. */
export function answerPage(response: Response, title: string, body: string, { nav = places, forms = "'none'" }: Shell = {}): void {
  response
    .set(headers(forms))
    .type('html')
    .send(document(title, body, nav));
}

const places = [
  { href: '/dev/sent', text: 'What was sent' },
  { href: '/dev/messages', text: 'Messages' },
  { href: '/dev/calendar', text: 'Calendar' },
  { href: '/docs', text: 'API' },
];

/** A link, escaped; `#` and other fragments may follow. */
export const linkHtml = (href: string, text: string, more = ''): string => `<a href="${escapeHtml(href)}"${more}>${escapeHtml(text)}</a>`;

/** A choice of pages, of which one is shown. */
export const choiceHtml = (label: string, options: { href: string; text: string; chosen: boolean }[]): string =>
  `<p class="choice"><span>${escapeHtml(label)}</span>${options
    .map(({ href, text, chosen }) => linkHtml(href, text, chosen ? ' aria-current="true"' : ''))
    .join('\n')}</p>`;

const headers = (forms: string) => ({
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Robots-Tag': 'noindex, nofollow',
  'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
});

const document = (title: string, body: string, nav: { href: string; text: string }[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(title)} · Punctual</title>
<style>
:root{color-scheme:light dark}
body{margin:0 auto;max-width:78rem;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif}
nav{display:flex;gap:1.25rem;font-size:.9375rem}
h1{font-size:1.5rem;line-height:1.25;margin:1rem 0}h2{font-size:1.125rem;margin:2rem 0 .5rem}
.table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9375rem}
th{text-align:left;font-weight:normal;opacity:.7;white-space:nowrap}
td,th{vertical-align:top;padding:.5rem 1rem .5rem 0;border-bottom:1px solid #8884}
td.at{white-space:nowrap;font-variant-numeric:tabular-nums}.n{text-align:right}td a{white-space:nowrap}
small,.small{font-size:.875rem;opacity:.75}td small{display:block}
.choice{display:flex;flex-wrap:wrap;gap:.25rem .5rem;margin:.5rem 0;font-size:.9375rem}.choice span{opacity:.7;min-width:5rem}
.choice a{padding:0 .625rem;border-radius:1rem;text-decoration:none;border:1px solid #8884}
.choice a[aria-current]{background:#14532d;border-color:#14532d;color:#fff}
.state{display:inline-block;padding:0 .5rem;border-radius:.25rem;background:#8882;white-space:nowrap}
.delivered{background:#14532d;color:#fff}.parked,.bounced{background:#991b1b;color:#fff}
iframe{width:100%;height:56rem;border:1px solid #8884;border-radius:.5rem;background:#fff;color-scheme:light}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;padding:1rem;border:1px solid #8884;border-radius:.5rem;
  font:.9375rem/1.5 ui-monospace,monospace}
pre.sms{max-width:24rem}
a{color:inherit}
</style></head>
<body>
<nav>${nav.map(({ href, text }) => linkHtml(href, text)).join(' ')}</nav>
<h1>${escapeHtml(title)}</h1>
${body}
</body></html>
`;
