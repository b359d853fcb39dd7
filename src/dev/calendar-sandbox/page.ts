/** `/`: each account's calendar, what landed in it and when, and a form to add a busy time by hand. */
import type { Response } from 'express';
import { escapeHtml as escape } from '../../domain/html.ts';
import { toWall } from '../../domain/time.ts';
import { answerPage, choiceHtml } from '../page-shell.ts';
import { Refusal } from './answer.ts';
import type { ByHand } from './by-hand.ts';
import { dayAfter } from './hand-written.ts';
import type { Server } from './serve.ts';
import { created, current, type Account, type Calendar, type Entry } from './state.ts';
import { storedInstance, viewOf, type Instance } from './views.ts';

const shownDays = 60;
const names = { google: 'Google', graph: 'Microsoft' };

export function mountPage({ app, store }: Server, byHand: ByHand): void {
  const show = (response: Response, chosen: Account | undefined, message = ''): void => {
    const { accounts } = store.state;
    const choice = choiceHtml(
      'Account',
      accounts.map((one) => ({
        href: `/?account=${encodeURIComponent(one.id)}`,
        text: `${one.email} (${names[one.provider]})`,
        chosen: one === chosen,
      })),
    );
    const body =
      chosen === undefined
        ? '<p>No account yet. Connect a calendar in Punctual, and its account is made here.</p>'
        : [
            choice,
            message && `<p><span class="state parked">${escape(message)}</span></p>`,
            ...byHand.calendars(chosen).map((calendar) => calendarHtml(calendar)),
            formHtml(chosen),
          ].join('\n');
    answerPage(response, 'Calendar sandbox', body, { nav: [{ href: '/', text: 'Calendars' }], forms: "'self'" });
  };
  const find = (key: unknown): Account | undefined =>
    store.state.accounts.find(({ id, email }) => id === key || email === key) ?? store.state.accounts[0];

  app.get('/', (request, response) => show(response, find(request.query.account)));
  app.post('/add', (request, response) => {
    const { account = '', title = '', start = '', end = '', day = '' } = (request.body ?? {}) as Record<string, string>;
    const owner = find(account);
    if (owner === undefined) return response.redirect(303, '/');
    try {
      byHand.add(owner.id, { title: title || 'Busy', start: day || start, end: day ? dayAfter(day) : end, busy: true });
      response.redirect(303, `/?account=${encodeURIComponent(owner.id)}`);
    } catch (error) {
      show(response.status(400), owner, error instanceof Refusal ? 'The end must be after the start.' : String(error));
    }
  });

  const calendarHtml = (calendar: Calendar): string => {
    const today = store.now();
    const upcoming = [...viewOf(store, calendar, { from: today - 86_400_000, to: today + shownDays * 86_400_000 }).values()];
    const gone = calendar.entries
      .filter((entry) => current(entry).deleted && current(entry).shape.end > today - 86_400_000)
      .map((entry) => storedInstance(store, calendar, entry));
    const days = Map.groupBy(
      [...upcoming, ...gone].sort((a, b) => a.start - b.start),
      ({ start }) => toWall(start, calendar.timeZone).date,
    );
    const rows = [...days].map(
      ([date, events]) =>
        `<tr><th scope="rowgroup" colspan="4">${dayName(date)}</th></tr>\n${events.map((one) => rowHtml(one, calendar)).join('\n')}`,
    );
    const table =
      rows.length === 0
        ? '<p>Nothing in it for the next weeks.</p>'
        : `<div class="table"><table><thead><tr><th scope="col">Time (${escape(calendar.timeZone)})</th>` +
          `<th scope="col">Event</th><th scope="col">State</th><th scope="col">What became of it (UTC)</th></tr></thead>` +
          `<tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
    return `<h2>${escape(calendar.summary)}</h2>\n${table}`;
  };
}

const dayName = (date: string): string =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${date}T00:00:00Z`),
  );

/** Google's words for busy and free, and Microsoft's short ones. */
const plainWords: Record<string, string> = {
  opaque: 'busy',
  transparent: 'free',
  oof: 'out of office',
  outOfOffice: 'out of office',
  workingElsewhere: 'elsewhere',
  workingLocation: 'elsewhere',
};

function rowHtml({ start, end, entry, version: { shape, deleted } }: Instance, { timeZone }: Calendar): string {
  const lastDay = toWall(end - 1, timeZone).date;
  const until = lastDay === toWall(start, timeZone).date ? '' : ` until ${lastDay}`;
  const time = shape.allDay ? `all day${until}` : `${toWall(start, timeZone).time}–${toWall(end, timeZone).time}${until}`;
  const state = deleted
    ? '<span class="state parked">deleted</span>'
    : `<span class="state${shape.busy ? ' delivered' : ''}">${escape(plainWords[shape.label] ?? shape.label)}</span>`;
  const title = escape(shape.title || 'no title');
  return (
    `<tr><td class="at">${time}</td>` +
    `<td>${deleted ? `<s>${title}</s>` : title}${shape.rules === null ? '' : `<small>${escape(shape.rules.join(' '))}</small>`}</td>` +
    `<td>${state}</td><td class="at">${historyHtml(entry)}</td></tr>`
  );
}

const words = { created: 'landed', changed: 'changed', deleted: 'deleted', restored: 'restored' };
/** The first and the last four changes. */
function historyHtml(entry: Entry): string {
  const all = [created(entry), ...entry.versions.slice(1).slice(-4)];
  return all
    .map(
      ({ at, what, by }) =>
        `${words[what]} ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}${by === 'person' ? ' by hand' : ''}`,
    )
    .join('<br>');
}

const formHtml = ({ id }: Account): string => `<h2>Add a busy time by hand</h2>
<form method="post" action="/add"><input type="hidden" name="account" value="${escape(id)}">
<p><label>What <input name="title" placeholder="Busy"></label>
<label>from <input name="start" type="datetime-local"></label>
<label>to <input name="end" type="datetime-local"></label>
<label>or the whole day <input name="day" type="date"></label> <button>Add</button></p></form>`;
