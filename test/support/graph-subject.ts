/** A Microsoft calendar under test: as we use it, over a line that can break, and the hands of its owner, which are not on that line. */
import { expect } from 'chai';
import { toUtc } from '../../src/domain/time.ts';
import type { AddedAccount } from '../../src/dev/calendar-sandbox/start.ts';
import type { Calendar } from '../../src/integrations/calendar/calendar.ts';
import { createGraphCalendar } from '../../src/integrations/calendar/graph.ts';
import { contractNow, type CalendarSubject, type Entry } from './calendar-subject.ts';
import { newEmail, type Graph, type Json, type TestSandbox } from './calendar-sandbox.ts';
import { startScripted } from './faulty-http.ts';

export type GraphSubject = CalendarSubject & {
  account: AddedAccount;
  graph: Graph;
  openAs: (calendarId: string, accessToken: () => Promise<string>) => Calendar;
};

/** Written out, not imported: events that were written with another name would not be found again. */
const property = (name: string): string => `String {6f0c1a5e-8a0b-4c55-9d0e-5b8f3f1f7c21} Name ${name}`;
export const [uidProperty, markProperty] = [property('PunctualUid'), property('PunctualMark')];

const times = ({ start, end, timeZone = 'Europe/Lisbon', isFree }: Entry): Json => {
  const time = (text: string) => ({ dateTime: text.includes('T') ? `${text}:00` : `${text}T00:00:00`, timeZone });
  return {
    start: time(start),
    end: time(end),
    isAllDay: !start.includes('T'),
    ...(isFree !== undefined && { showAs: isFree ? 'free' : 'busy' }),
  };
};

export async function openGraph(sandbox: TestSandbox, timeZone: string): Promise<GraphSubject> {
  const account = sandbox.addAccount({ provider: 'graph', email: newEmail(), timeZone });
  const line = await startScripted(sandbox.contract.url);
  const graph = sandbox.graph(account);
  const events = `/me/calendars/${encodeURIComponent(account.calendarId)}/events`;
  const one = (id: string): string => `/me/events/${encodeURIComponent(id)}`;
  const openAs: GraphSubject['openAs'] = (calendarId, accessToken) =>
    createGraphCalendar({
      calendarId,
      accessToken,
      timeZone,
      baseUrl: `${line.url}/v1.0`,
      timeoutMs: 1500,
      now: () => new Date(contractNow),
    });
  const calendar = openAs(account.calendarId, () => Promise.resolve(account.accessToken));

  /** The owner's hands do not slip unseen. */
  const act = async (method: string, path: string, body?: Json): Promise<Json> => {
    const answer = await graph(method, path, body);
    expect(answer.status, `${method} ${path}: ${answer.text}`).to.be.within(200, 299);
    return answer.body;
  };
  const addWeekly = async ({ weekly, ...entry }: Entry): Promise<string> => {
    const { count, without, moved } = weekly!;
    const pattern = {
      type: 'weekly',
      interval: 1,
      daysOfWeek: [new Date(entry.start).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }).toLowerCase()],
      firstDayOfWeek: 'monday',
    };
    const range = { type: 'numbered', startDate: entry.start.slice(0, 10), numberOfOccurrences: count };
    const id = String((await act('POST', events, { subject: 'dentist', ...times(entry), recurrence: { pattern, range } })).id);
    const instances = (await act('GET', `${one(id)}/instances?startDateTime=2026-10-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z`))
      .value as { id: string; start: { dateTime: string } }[];
    const on = (date: string): string => one(instances.find(({ start }) => start.dateTime.startsWith(date))!.id);
    await act('DELETE', on(without));
    await act('PATCH', on(moved.on), times(moved));
    return id;
  };

  return {
    account,
    graph,
    line,
    calendar,
    openAs,
    shown: async () => {
      const found = (
        await act('GET', `${events}?$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${uidProperty}')`)}`)
      ).value as Json[];
      const at = (time: unknown): string => toUtc(Date.parse(`${(time as { dateTime: string }).dateTime.slice(0, 19)}Z`));
      return found.map((event) => ({
        uid: (event.singleValueExtendedProperties as { value: string }[] | undefined)?.[0]?.value ?? String(event.iCalUId),
        start: at(event.start),
        end: at(event.end),
        sequence: null,
        summary: String(event.subject),
        description: (event.body as { content: string }).content,
        location: (event.location as { displayName: string }).displayName,
        isTentative: event.showAs === 'tentative',
        invited: (event.attendees as unknown[]).length,
      }));
    },
    byHand: {
      add: async (entry) =>
        entry.weekly ? addWeekly(entry) : String((await act('POST', events, { subject: 'dentist', ...times(entry) })).id),
      change: async (id, entry) => {
        await act('PATCH', one(id), times(entry));
      },
      erase: async (id) => {
        await act('DELETE', one(id));
      },
    },
    revoked: () => {
      sandbox.byHand.revoke(account.email);
      return Promise.resolve(calendar);
    },
    forget: (token) => {
      sandbox.byHand.expireSync(account.email);
      return Promise.resolve([token, 'delta:/me/calendars/x/calendarView/delta?$deltatoken=never', 'delta:', 'sync:other', '']);
    },
    close: () => {
      line.stop();
      expect(sandbox.contract.violations.splice(0)).to.deep.equal([]);
      return Promise.resolve();
    },
  };
}
