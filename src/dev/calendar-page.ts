/**
 * Development's page of the CalDAV server's calendar: what is there, whoever put it there, and a form to enter something as its owner
 * would.
 */
import { randomUUID } from 'node:crypto';
import ICAL from 'ical.js';
import { escapeHtml as escape } from '../domain/html.ts';
import { basicAuth, type CaldavServer } from './caldav.ts';

export type CalendarAccess = Pick<CaldavServer, 'calendarUrl' | 'username' | 'password'>;

type Entry = { summary: string; from: string; to: string; location: string; isOurs: boolean };

async function read(access: CalendarAccess): Promise<Entry[]> {
  const response = await fetch(access.calendarUrl, { headers: { authorization: basicAuth(access) }, signal: AbortSignal.timeout(5000) });
  const text = response.ok ? await response.text() : '';
  if (!text.startsWith('BEGIN:VCALENDAR')) return [];
  const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent').map((component) => new ICAL.Event(component));
  return events
    .map((event) => ({
      summary: event.summary ?? '',
      location: event.location ?? '',
      from: wall(event.startDate),
      to: wall(event.endDate),
      isOurs: event.uid.endsWith('@punctual'),
    }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** As the entry says it, with its zone. */
const wall = (time: ICAL.Time): string =>
  `${time.toString().replace('T', ' ').slice(0, 16)} ${time.zone?.tzid === 'floating' ? '' : (time.zone?.tzid ?? '')}`.trim();

export async function calendarBody(access: CalendarAccess): Promise<string> {
  const entries = await read(access);
  const rows = entries.map(
    ({ summary, from, to, location, isOurs }) =>
      `<tr><td class="at">${escape(from)}</td><td class="at">${escape(to)}</td>` +
      `<td>${escape(summary)}<small>${escape(location)}</small></td><td>${isOurs ? 'Punctual' : 'its owner'}</td></tr>`,
  );
  const table =
    rows.length === 0
      ? '<p>Nothing yet. <code>npm start</code> prints a line that connects this calendar; then a booking of that barber appears here.</p>'
      : `<div class="table"><table><thead><tr><th>From</th><th>To</th><th>What</th><th>Entered by</th></tr></thead>` +
        `<tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
  return `<p>The barber's own calendar, on the CalDAV server of this machine: ${escape(access.calendarUrl)},
user <code>${escape(access.username)}</code>, password <code>${escape(access.password)}</code>.</p>
${table}
<h2>Enter something, as its owner would</h2>
<form method="post"><label>From (UTC) <input type="datetime-local" name="from" required></label>
<label>Minutes <input type="number" name="minutes" value="60" min="5" max="1440" required></label>
<button type="submit">Enter</button></form>
<p class="small">It keeps the barber busy here within a minute, and frees him when it is gone.</p>`;
}

/** @returns whether it was understood and is there. */
export async function enter(access: CalendarAccess, form: Record<string, unknown>): Promise<boolean> {
  const from = typeof form.from === 'string' ? Date.parse(`${form.from}Z`) : Number.NaN;
  const minutes = Number(form.minutes);
  if (Number.isNaN(from) || !Number.isInteger(minutes) || minutes < 5 || minutes > 1440) return false;
  const stamp = (instant: number): string => new Date(instant).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const id = randomUUID();
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Punctual//Development//EN',
    'BEGIN:VEVENT',
    `UID:${id}`,
    `DTSTAMP:${stamp(Date.now())}`,
    `DTSTART:${stamp(from)}`,
    `DTEND:${stamp(from + minutes * 60_000)}`,
    'SUMMARY:Dentist',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];
  const response = await fetch(`${access.calendarUrl}${id}.ics`, {
    method: 'PUT',
    headers: { authorization: basicAuth(access), 'content-type': 'text/calendar' },
    body: lines.join('\r\n'),
    signal: AbortSignal.timeout(5000),
  });
  return response.ok;
}
