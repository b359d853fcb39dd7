/** What all pages for people outside share: no scripts, and a look. Pure. */
import { escapeHtml } from './html.ts';

/** A whole page: its language, its title, and what is in it, which is HTML. */
export function pageDocument(locale: string, title: string, body: string): string {
  return `<!doctype html>
<html lang="${locale}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${escapeHtml(title)}</title>
<style>
:root{color-scheme:light dark}
body{margin:0 auto;max-width:34rem;padding:1.5rem;font:1.0625rem/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.375rem 1rem;margin:1.25rem 0}
dt{opacity:.7}dd{margin:0}
fieldset{border:1px solid #8886;border-radius:.5rem;padding:.5rem 1rem;margin:0 0 1rem}
h2{font-size:1.125rem}
label{display:inline-block;min-width:4.75rem;padding:.5rem 0}
button{font:inherit;font-weight:600;width:100%;padding:.875rem;border:0;border-radius:.5rem;background:#14532d;color:#fff}
button.grave{background:#991b1b}
.day{display:flex;gap:.75rem;align-items:center}.day button{width:auto;padding:.5rem .875rem}.day input,input[type=password]{font:inherit}
.no{border-left:.25rem solid #991b1b;padding:.25rem .75rem}
.small{font-size:.9375rem;opacity:.8}
a{color:inherit}
</style></head>
<body>
${body}
</body></html>
`;
}
