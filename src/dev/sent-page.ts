/** `GET /dev/sent`: what was sent where, newest first, with the ways on: to the mail, the text, the workflow. */
import type { NewsView, SentCount, SentFilter, SentView } from '../db/sent.ts';
import { channels } from '../domain/channel.ts';
import { deliveryStates } from '../domain/effects.ts';
import { escapeHtml as escape } from '../domain/html.ts';
import { choiceHtml, linkHtml } from './page-shell.ts';

/** Where the page leads to; null where there is nothing of ours. */
export type SentPlaces = { mailUi: string | null; smsUi: string | null; workflowUrl: ((appointmentId: string) => string) | null };

export const mostShown = 200;

/** Only what is known narrows; anything else in the address is ignored. */
export function filterOf({ state, channel }: Record<string, unknown>): SentFilter {
  const [wantedState, wantedChannel] = [deliveryStates.find((each) => each === state), channels.find((each) => each === channel)];
  return { ...(wantedState && { state: wantedState }), ...(wantedChannel && { channel: wantedChannel }) };
}

const hrefOf = (filter: SentFilter): string =>
  `/dev/sent${Object.keys(filter).length > 0 ? `?${new URLSearchParams(filter).toString()}` : ''}`;

/** The page's body. */
export function sentBody(rows: SentView[], counts: SentCount[], filter: SentFilter, places: SentPlaces): string {
  const { state, channel } = filter;
  const total = (has: SentFilter): number =>
    counts
      .filter((each) => (!has.state || each.state === has.state) && (!has.channel || each.channel === has.channel))
      .reduce((sum, { count }) => sum + count, 0);
  const option = (to: SentFilter, text: string, chosen: boolean) => ({ href: hrefOf(to), text: `${text} ${total(to)}`, chosen });
  const byState = [
    option(channel ? { channel } : {}, 'all', !state),
    ...deliveryStates.map((each) => option({ ...filter, state: each }, wordOf(each), each === state)),
  ];
  const byChannel = [
    option(state ? { state } : {}, 'all', !channel),
    ...channels.map((each) => option({ ...filter, channel: each }, each, each === channel)),
  ];
  const head = ['When (UTC)', 'Message', 'By', 'To', 'State', 'Tries', 'See']
    .map((name) => `<th scope="col"${name === 'Tries' ? ' class="n"' : ''}>${name}</th>`)
    .join('');
  const shown = rows.length < total(filter) ? `<p class="small">The last ${rows.length} of ${total(filter)}.</p>` : '';
  const table =
    rows.length === 0
      ? '<p>Nothing yet. A booking brings the first messages: <code>npm start</code> prints one to copy.</p>'
      : `<div class="table"><table><thead><tr>${head}</tr></thead>\n` +
        `<tbody>\n${rows.map((row) => rowHtml(row, places)).join('\n')}\n</tbody></table></div>${shown}`;
  return `${choiceHtml('State', byState)}\n${choiceHtml('By', byChannel)}\n${table}`;
}

/** What was told of dead sign-ins, if anything was. */
export function newsBody(news: NewsView[]): string {
  const lines = news.map(
    ({ kind, at, name }) => `<li>${clock(at)}: ${linkHtml(`/dev/messages/${kind}`, 'a sign-in is dead')}, to ${escape(name)}</li>`,
  );
  return lines.length === 0 ? '' : `\n<h2>About sign-ins</h2><ul>${lines.join('\n')}</ul>`;
}

function rowHtml(row: SentView, places: SentPlaces): string {
  const { kind, channel, state, errorClass, errorText, attempts, at, dueAt, readerName, shopName } = row;
  const [name = '', role = ''] = kind.split('_');
  const said = [errorClass, errorText].filter(Boolean).join(': ');
  return `<tr><td class="at">${clock(at)}${dueAt ? `<small>due ${clock(dueAt)}</small>` : ''}</td>
<td>${kind === 'calendar_barber' ? linkHtml('/dev/calendar', name) : linkHtml(`/dev/messages/${kind}`, name)}
<small>${escape(shopName ?? '')}</small></td>
<td>${escape(channel)}</td>
<td>${escape(role)}<small>${escape(readerName ?? 'no name')}</small></td>
<td><span class="state ${state}">${wordOf(state)}</span>${said ? `<small>${escape(said)}</small>` : ''}</td><td class="n">${attempts}</td>
<td class="at">${ways(row, places).join(' · ')}</td></tr>`;
}

function ways({ id, appointmentId, channel, providerId }: SentView, { mailUi, smsUi, workflowUrl }: SentPlaces): string[] {
  const mail = mailUi && channel === 'mail' && providerId ? [linkHtml(`/dev/sent/${id}/mail`, 'mail')] : [];
  // The fragment has a browser scroll to the text and mark it, among all that the sandbox shows.
  const sms =
    smsUi && channel === 'sms' && providerId ? [linkHtml(`${smsUi}/?tab=messages#:~:text=${encodeURIComponent(providerId)}`, 'SMS')] : [];
  return [...mail, ...sms, ...(workflowUrl ? [linkHtml(workflowUrl(appointmentId), 'workflow')] : [])];
}

const wordOf = (state: string): string => state.replace('_', ' ');
/** "2026-11-27 10:30:00" of an ISO instant. */
const clock = (iso: string): string => escape(iso.replace('T', ' ').replace('Z', ''));
