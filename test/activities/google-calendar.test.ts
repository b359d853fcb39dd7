/**
 * Goal: a calendar at Google does what every calendar must (support/calendar-contract.ts), and what is Google's own: ids, limits, kinds of
 * events. Method: the calendar sandbox, each of its answers judged by Google's OpenAPI document, with a line before it that breaks at every
 * point; owners act on the other side of that line.
 */
import { expect } from 'chai';
import type { calendar_v3 } from '@googleapis/calendar';
import { addDays, toUtc } from '../../src/domain/time.ts';
import type { AddedAccount } from '../../src/dev/calendar-sandbox/start.ts';
import { CalendarError, type Calendar } from '../../src/integrations/calendar/calendar.ts';
import { createGoogleCalendar, listGoogleCalendars } from '../../src/integrations/calendar/google.ts';
import { describeCalendar } from '../support/calendar-contract.ts';
import {
  contractNow,
  contractWindow,
  failureOf,
  moved,
  span,
  visit,
  type CalendarSubject,
  type Entry,
} from '../support/calendar-subject.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';
import { startScripted, type Answer } from '../support/faulty-http.ts';

const clock = () => new Date(contractNow);
const started = () => startSandbox({ now: () => Date.parse(contractNow) });

type GoogleSubject = CalendarSubject & {
  account: AddedAccount;
  api: calendar_v3.Calendar;
  openAs: (calendarId: string, accessToken: () => Promise<string>, timeZone?: string) => Calendar;
};

async function openOver(sandbox: TestSandbox, timeZone: string): Promise<GoogleSubject> {
  const account = sandbox.addAccount({ provider: 'google', email: newEmail(), timeZone });
  const line = await startScripted(sandbox.contract.url);
  const api = sandbox.google(account);
  const { calendarId } = account;
  const openAs: GoogleSubject['openAs'] = (id, accessToken, zone = timeZone) =>
    createGoogleCalendar({ calendarId: id, accessToken, timeZone: zone, rootUrl: `${line.url}/`, timeoutMs: 1500, now: clock });
  const calendar = openAs(calendarId, () => Promise.resolve(account.accessToken));

  const times = ({ start, end, timeZone: zone = 'Europe/Lisbon', isFree }: Entry): calendar_v3.Schema$Event => {
    const time = (text: string) =>
      text.includes('T') ? { date: null, dateTime: `${text}:00`, timeZone: zone } : { date: text, dateTime: null, timeZone: null };
    return { start: time(start), end: time(end), ...(isFree !== undefined && { transparency: isFree ? 'transparent' : 'opaque' }) };
  };
  const add = async (entry: Entry): Promise<string> => {
    const { weekly } = entry;
    const { data } = await api.events.insert({
      calendarId,
      requestBody: { summary: 'dentist', ...times(entry), ...(weekly && { recurrence: [`RRULE:FREQ=WEEKLY;COUNT=${weekly.count}`] }) },
    });
    if (!weekly) return data.id!;
    const {
      data: { items = [] },
    } = await api.events.instances({ calendarId, eventId: data.id! });
    const on = (date: string): string => items.find(({ start }) => start!.dateTime!.startsWith(date))!.id!;
    await api.events.delete({ calendarId, eventId: on(weekly.without) });
    await api.events.patch({ calendarId, eventId: on(weekly.moved.on), requestBody: times(weekly.moved) });
    return data.id!;
  };

  return {
    account,
    api,
    line,
    calendar,
    openAs,
    shown: async () =>
      ((await api.events.list({ calendarId })).data.items ?? []).map((event) => ({
        uid: event.extendedProperties?.private?.punctualUid ?? event.iCalUID ?? '',
        start: toUtc(Date.parse(event.start!.dateTime!)),
        end: toUtc(Date.parse(event.end!.dateTime!)),
        sequence: event.sequence ?? 0,
        summary: event.summary ?? '',
        description: event.description ?? '',
        location: event.location ?? '',
        isTentative: event.status === 'tentative',
        invited: event.attendees?.length ?? 0,
      })),
    byHand: {
      add,
      change: async (eventId, entry) => {
        await api.events.patch({ calendarId, eventId, requestBody: times(entry) });
      },
      erase: async (eventId) => {
        await api.events.delete({ calendarId, eventId });
      },
    },
    revoked: () => {
      sandbox.byHand.revoke(account.email);
      return Promise.resolve(calendar);
    },
    forget: (token) => {
      sandbox.byHand.expireSync(account.email);
      return Promise.resolve([token, 'sync:never given', 'tag:"other"', 'sync:', '']);
    },
    close: () => {
      line.stop();
      expect(sandbox.contract.violations.splice(0)).to.deep.equal([]);
      return Promise.resolve();
    },
  };
}

describeCalendar('a Google calendar', {
  hasSequence: true,
  start: async () => {
    const sandbox = await started();
    return { open: (timeZone) => openOver(sandbox, timeZone), stop: () => sandbox.stop() };
  },
});

describe('a Google calendar', () => {
  let sandbox: TestSandbox;
  let subject: GoogleSubject;
  let calendar: Calendar;
  let api: calendar_v3.Calendar;
  let calendarId: string;

  before(async () => {
    sandbox = await started();
  });
  after(() => sandbox?.stop());
  beforeEach(async () => {
    subject = await openOver(sandbox, 'Europe/Lisbon');
    ({
      calendar,
      api,
      account: { calendarId },
    } = subject);
  });
  afterEach(async () => {
    sandbox.settings.googleReusedIds = 'noticed';
    await subject?.close();
  });

  const on = (date: string, change: calendar_v3.Schema$Event = {}): calendar_v3.Schema$Event => ({
    start: { dateTime: `${date}T09:00:00Z` },
    end: { dateTime: `${date}T10:00:00Z` },
    ...change,
  });
  const insert = async (requestBody: calendar_v3.Schema$Event): Promise<string> =>
    (await api.events.insert({ calendarId, requestBody })).data.id!;
  const get = async (eventId: string) => (await api.events.get({ calendarId, eventId })).data;
  const refusal = (status: number, reason: string, headers: Record<string, string> = {}): Answer => ({
    status,
    headers,
    body: { error: { errors: [{ domain: 'global', reason, message: 'Ana Conceição' }], code: status, message: 'Ana Conceição' } },
  });

  it('a visit, put where Google does not notice reused ids, over a line that breaks at each request, is there once, also after its deletion', async () => {
    sandbox.settings.googleReusedIds = 'unnoticed';
    for (const fault of ['drop', 'pass, then drop', 'silent', 'pass, then silent', { status: 500 }] satisfies Answer[]) {
      const event = visit();
      for (const passed of [0, 1]) {
        subject.line.script.push(...Array.from({ length: passed }, () => 'pass' as const), fault);
        await failureOf(calendar.put(event, null));
        await subject.line.done();
      }
      const placed = await calendar.put(event, null);
      expect(await subject.shown()).to.have.length(1);
      await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
      await calendar.put(event, placed);
      expect((await subject.shown()).map(({ uid }) => uid)).to.deep.equal([event.uid]);
      await calendar.remove({ uid: event.uid, remoteId: null });
    }
  });

  it('a visit, put and moved while Google acts and answers with errors, is there once', async () => {
    sandbox.settings.googleReusedIds = 'unnoticed';
    const event = visit();
    const { email } = subject.account;
    for (const operation of ['events.insert', 'events.update', 'events.delete'])
      sandbox.faults.add({ account: email, operation, when: 'after', failure: 'backendError' });
    expect((await failureOf(calendar.put(event, null))).kind).to.equal('transient');
    const placed = await calendar.put(event, null);
    expect((await failureOf(calendar.put(moved(event), placed))).kind).to.equal('transient');
    await calendar.put(moved(event), placed);
    expect((await subject.shown()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
    expect((await failureOf(calendar.remove({ uid: event.uid, remoteId: null }))).kind).to.equal('transient');
    await calendar.remove({ uid: event.uid, remoteId: null });
    expect(await subject.shown()).to.deep.equal([]);
  });

  it("a visit, written, has an id and UID of Google's kind, and keeps what its owner chose for himself", async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    expect(remoteId).to.match(/^[a-v0-9]{5,1024}$/);
    expect(await get(remoteId)).to.deep.include({
      iCalUID: `${remoteId}@google.com`,
      transparency: 'opaque',
      start: { dateTime: '2026-11-27T11:30:00Z', timeZone: 'Atlantic/Azores' },
    });
    const reminders = { useDefault: false, overrides: [{ method: 'popup', minutes: 5 }] };
    await api.events.patch({
      calendarId,
      eventId: remoteId,
      requestBody: { colorId: '7', reminders, recurrence: ['RRULE:FREQ=DAILY;COUNT=3'], attendees: [{ email: 'guest@example.com' }] },
    });
    await calendar.put(event, null);
    const found = await get(remoteId);
    expect(found).to.deep.include({ colorId: '7', reminders });
    expect(found).to.not.have.any.keys('recurrence', 'attendees');
  });

  it('a visit, made free, tentative or a whole day by its owner, is as we mean it after the next writing', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    const changes: calendar_v3.Schema$Event[] = [
      { transparency: 'transparent' },
      { status: 'tentative' },
      { start: { date: '2026-11-27', dateTime: null, timeZone: null }, end: { date: '2026-11-28', dateTime: null, timeZone: null } },
    ];
    for (const requestBody of changes) {
      await api.events.patch({ calendarId, eventId: remoteId, requestBody });
      await calendar.put(event, null);
      expect(await get(remoteId)).to.deep.include({
        transparency: 'opaque',
        status: 'confirmed',
        start: { dateTime: '2026-11-27T11:30:00Z', timeZone: 'Atlantic/Azores' },
      });
    }
  });

  it('an event under our id that says nothing of us, met, becomes the visit', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    await api.events.update({ calendarId, eventId: remoteId, requestBody: on('2026-12-01', { summary: 'other' }) });
    await calendar.put(event, null);
    expect((await subject.shown()).map(({ uid, summary }) => [uid, summary])).to.deep.equal([[event.uid, event.summary]]);
  });

  it('a copy that the owner makes of a visit, with our properties, is his own, and keeps him busy', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    const { extendedProperties } = await get(remoteId);
    const copy = await insert(on('2026-12-01', { extendedProperties: extendedProperties! }));
    const { objects } = await calendar.changes(null, contractWindow);
    expect(objects.find((each) => each.remoteId === copy)).to.deep.include({
      uid: `${copy}@google.com`,
      mark: null,
      busy: [span('2026-12-01T09:00Z', '2026-12-01T10:00Z')],
    });
    expect(objects.find((each) => each.remoteId === remoteId)).to.include({ uid: event.uid });
  });

  const refusals: [status: number, reason: string, kind: string][] = [
    [403, 'rateLimitExceeded', 'transient'],
    [403, 'userRateLimitExceeded', 'transient'],
    [403, 'quotaExceeded', 'transient'],
    [403, 'accessNotConfigured', 'transient'],
    [429, 'rateLimitExceeded', 'transient'],
    [403, 'forbidden', 'permanent'],
    [403, 'insufficientPermissions', 'sign_in'],
    [401, 'authError', 'sign_in'],
    [410, 'deleted', 'transient'],
    [500, 'backendError', 'transient'],
  ];
  for (const [status, reason, kind] of refusals) {
    it(`a refusal, ${status} ${reason}, is ${kind}, and its message holds codes alone`, async () => {
      subject.line.script.push('pass', refusal(status, reason, { 'retry-after': '9' }));
      const { kind: found, retryAfterSeconds, message } = await failureOf(calendar.put(visit(), null));
      expect([found, retryAfterSeconds, message]).to.deep.equal([kind, 9, `Google failed: events.insert ${status} ${reason}`]);
    });
  }

  it('an access token, needed for each request, is asked for each time, and what goes wrong with it is told', async () => {
    let asked = 0;
    const counted = subject.openAs(calendarId, () => {
      asked += 1;
      return Promise.resolve(subject.account.accessToken);
    });
    await counted.put(visit(), null);
    expect(asked).to.equal(2);
    const own = new CalendarError('sign_in', 'invalid_grant');
    expect(await failureOf(subject.openAs(calendarId, () => Promise.reject(own)).verify())).to.equal(own);
    const { kind, message } = await failureOf(subject.openAs(calendarId, () => Promise.reject(new Error('Ana Conceição'))).verify());
    expect([kind, message]).to.deep.equal(['transient', 'Google failed: events.list Error']);
  });

  it('a calendar that is not there, asked, may come back', async () => {
    const lost = subject.openAs('nobody@example.com', () => Promise.resolve(subject.account.accessToken));
    for (const call of [() => lost.put(visit(), null), () => lost.changes(null, contractWindow), lost.verify])
      expect(await failureOf(call())).to.include({ kind: 'transient', status: 404 });
    await lost.remove({ uid: visit().uid, remoteId: null });
  });

  it("a page of somebody's on the way, met, is no empty calendar", async () => {
    subject.line.script.push({ status: 200, body: '<html>Sign in to this network</html>', headers: { 'content-type': 'text/html' } });
    expect((await failureOf(calendar.changes(null, contractWindow))).kind).to.equal('transient');
  });

  const kinds: [name: string, event: calendar_v3.Schema$Event, isBusy: boolean][] = [
    ['opaque', {}, true],
    ['transparent', { transparency: 'transparent' }, false],
    ['tentative', { status: 'tentative' }, true],
    [
      'accepted',
      {
        attendees: [
          { email: 'o@example.com', responseStatus: 'declined' },
          { email: 'me@example.com', self: true, responseStatus: 'accepted' },
        ],
      },
      true,
    ],
    ['declined', { attendees: [{ email: 'me@example.com', self: true, responseStatus: 'declined' }] }, false],
    ['a place of work', { eventType: 'workingLocation' }, false],
    ['an absence', { eventType: 'outOfOffice' }, true],
    ['focus time', { eventType: 'focusTime' }, true],
  ];
  for (const [name, event, isBusy] of kinds) {
    it(`an event, ${name}, read, keeps its owner ${isBusy ? 'busy' : 'free'}`, async () => {
      await insert(on('2026-12-01', event));
      const { objects } = await calendar.changes(null, contractWindow);
      expect(objects.map(({ busy }) => busy)).to.deep.equal([isBusy ? [span('2026-12-01T09:00Z', '2026-12-01T10:00Z')] : []]);
    });
  }

  it("whole days, read with another zone than the calendar's, are of the calendar's", async () => {
    await insert({ start: { date: '2026-12-24' }, end: { date: '2026-12-25' } });
    const elsewhere = subject.openAs(calendarId, () => Promise.resolve(subject.account.accessToken), 'Asia/Tokyo');
    expect((await elsewhere.changes(null, contractWindow)).objects.map(({ busy }) => busy)).to.deep.equal([
      [span('2026-12-24T00:00Z', '2026-12-25T00:00Z')],
    ]);
  });

  it('a calendar of several pages, read at once and by its changes, is told whole', async () => {
    const year = span('2026-11-01T00:00Z', '2027-11-01T00:00Z');
    const { token } = await calendar.changes(null, year);
    await insert({
      recurrence: ['RRULE:FREQ=DAILY;COUNT=300'],
      start: { dateTime: '2026-12-01T09:00:00', timeZone: 'UTC' },
      end: { dateTime: '2026-12-01T10:00:00', timeZone: 'UTC' },
    });
    for (const from of [null, token]) {
      const { objects, isWhole } = await calendar.changes(from, year);
      const days = objects.flatMap(({ busy }) => busy.map((each) => toUtc(each.from).slice(0, 10))).sort();
      expect([days.length, new Set(days).size, days[0], days.at(-1), isWhole]).to.deep.equal([
        300,
        300,
        '2026-12-01',
        addDays('2026-12-01', 299),
        from === null,
      ]);
    }
  });

  it('an object without times, met, is told as unreadable and hides no other', async () => {
    const items = [
      { id: 'odd', status: 'confirmed' },
      { id: 'plain', status: 'confirmed', ...on('2026-12-01') },
    ];
    subject.line.script.push({ status: 200, body: { timeZone: 'Europe/Lisbon', items, nextSyncToken: 'next' } });
    const { objects, token } = await calendar.changes(null, contractWindow);
    expect([objects.map(({ remoteId, isUnreadable }) => [remoteId, isUnreadable ?? false]), token]).to.deep.equal([
      [
        ['odd', true],
        ['plain', false],
      ],
      'sync:next',
    ]);
  });

  it('a visit, put over a busy race, is given up for now after three tries', async () => {
    const event = visit();
    await calendar.put(event, null);
    subject.line.script.push('pass', { status: 412 }, 'pass', { status: 412 }, 'pass', { status: 412 });
    expect((await failureOf(calendar.put(moved(event), null))).kind).to.equal('transient');
    expect(subject.line.script).to.deep.equal([]);
  });

  it('the calendars of an account, listed, are those to write into, its own first, whatever the number of pages', async () => {
    const token = () => Promise.resolve(subject.account.accessToken);
    expect(await listGoogleCalendars(token, `${subject.line.url}/`)).to.deep.equal([
      { id: calendarId, name: subject.account.email, timeZone: 'Europe/Lisbon', isPrimary: true, account: calendarId },
    ]);
    const listed = (id: string, accessRole: string, more = {}) => ({ id, summary: id, timeZone: 'Europe/Lisbon', accessRole, ...more });
    subject.line.script.push(
      {
        status: 200,
        body: {
          items: [listed('work', 'writer', { summaryOverride: 'Shop' }), listed('holidays', 'reader'), listed('busy', 'freeBusyReader')],
          nextPageToken: 'two',
        },
      },
      { status: 200, body: { items: [listed('me', 'owner', { primary: true }), listed('club', 'owner')] } },
    );
    expect((await listGoogleCalendars(token, subject.line.url)).map(({ id, name, isPrimary }) => [id, name, isPrimary])).to.deep.equal([
      ['me', 'me', true],
      ['club', 'club', false],
      ['work', 'Shop', false],
    ]);
    subject.line.script.push(refusal(401, 'authError'));
    expect((await failureOf(listGoogleCalendars(token, subject.line.url))).kind).to.equal('sign_in');
  });
});
