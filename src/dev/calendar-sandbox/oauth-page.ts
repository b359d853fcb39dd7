/** The page on which a person says which account a program may use: a plain form. */
import { escapeHtml as escape } from '../../domain/html.ts';
import type { Account } from './state.ts';

export interface Question {
  id: string;
  clientId: string;
  scope: string;
  accounts: Account[];
  hint: string | null;
}

export function askBody({ id, clientId, scope, accounts, hint }: Question): string {
  const choices = accounts.map(
    ({ id: value, email, name }, at) =>
      `<p><label><input type="radio" name="account" value="${escape(value)}"` +
      `${email === hint || (hint === null && at === 0) ? ' checked' : ''}> ${escape(name)} <small>${escape(email)}</small></label></p>`,
  );
  const hinted = hint !== null && !accounts.some(({ email }) => email === hint) ? hint : '';
  return `<p><b>${escape(clientId)}</b> asks for:</p>
<ul>${scope
    .split(/\s+/)
    .map((one) => `<li><code>${escape(one)}</code></li>`)
    .join('')}</ul>
<form method="post" action="/sandbox/decide"><input type="hidden" name="request" value="${escape(id)}">
${choices.join('\n')}
<p><label><input type="radio" name="account" value=""${choices.length === 0 || hinted ? ' checked' : ''}> A new account</label>
<label>with the address <input name="email" type="email" value="${escape(hinted)}" placeholder="barber@example.com"></label>
<label>in the zone <input name="timeZone" value="Europe/Lisbon"></label></p>
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p></form>
<p class="small">This is a sandbox on your own machine: nothing here leaves it, and no password is asked for.</p>`;
}

export const refusedBody = (error: string, sentence: string): string =>
  `<p>${escape(sentence)}</p><p class="small"><code>${escape(error)}</code></p>`;
