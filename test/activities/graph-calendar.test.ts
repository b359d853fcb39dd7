/**
 * Goal: a calendar at Microsoft does what every calendar must (support/calendar-contract.ts), and what is Graph's own: ids, links, limits,
 * kinds of events. Method: the calendar sandbox, each of its answers judged by Graph's OpenAPI document, with a line before it that breaks
 * at every point; owners act on the other side of that line.
 */
import { expect } from 'chai';
import { addDays, toUtc } from '../../src/domain/time.ts';
import { CalendarError, type Calendar } from '../../src/integrations/calendar/calendar.ts';
import { listGraphCalendars } from '../../src/integrations/calendar/graph.ts';
import { describeCalendar } from '../support/calendar-contract.ts';
import { contractNow, contractWindow, failureOf, moved, span, visit } from '../support/calendar-subject.ts';
import { startSandbox, type Graph, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';
import type { Answer } from '../support/faulty-http.ts';
import { markProperty, openGraph, uidProperty, type GraphSubject } from '../support/graph-subject.ts';

let laterMs = 0;
const started = () => startSandbox({ now: () => Date.parse(contractNow) + laterMs });

describeCalendar('a Microsoft calendar', {
  hasSequence: false,
  start: async () => {
    const sandbox = await started();
    return { open: (timeZone) => openGraph(sandbox, timeZone), stop: () => sandbox.stop() };
  },
});

describe('a Microsoft calendar', () => {
  let sandbox: TestSandbox;
  let subject: GraphSubject;
  let calendar: Calendar;
  let graph: Graph;
  let calendarId: string;

  before(async () => {
    sandbox = await started();
  });
  after(() => sandbox?.stop());
  beforeEach(async () => {
    subject = await openGraph(sandbox, 'Europe/Lisbon');
    ({
      calendar,
      graph,
      account: { calendarId },
    } = subject);
  });
  afterEach(async () => {
    sandbox.settings.graphTransactionIds = 'noticed';
    await subject?.close();
  });

  const at = (time: string, date = '2026-12-01', timeZone = 'UTC') => ({ dateTime: `${date}T${time}:00`, timeZone });
  const on = (date: string, change: Json = {}): Json => ({
    subject: 'dentist',
    start: at('09:00', date),
    end: at('10:00', date),
    ...change,
  });
  const create = async (body: Json): Promise<string> =>
    String((await graph('POST', `/me/calendars/${encodeURIComponent(calendarId)}/events`, body)).body.id);
  const get = async (id: string): Promise<Json> => (await graph('GET', `/me/events/${encodeURIComponent(id)}`)).body;
  const refusal = (status: number, code: string, headers: Record<string, string> = {}): Answer => ({
    status,
    headers,
    body: { error: { code, message: 'Ana Conceição' } },
  });

  it('a visit, put where Graph forgets transactionIds, over a line that breaks at each request, is there once, also after its deletion', async () => {
    sandbox.settings.graphTransactionIds = 'unnoticed';
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

  it('a visit, put and moved while Graph acts and answers with errors, is there once', async () => {
    const event = visit();
    const { email } = subject.account;
    for (const operation of ['event.create', 'event.update', 'event.delete'])
      sandbox.faults.add({ account: email, operation, when: 'after', failure: 'serviceNotAvailable' });
    expect((await failureOf(calendar.put(event, null))).kind).to.equal('transient');
    const placed = await calendar.put(event, null);
    expect((await failureOf(calendar.put(moved(event), placed))).kind).to.equal('transient');
    await calendar.put(moved(event), placed);
    expect((await subject.shown()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
    expect((await failureOf(calendar.remove({ uid: event.uid, remoteId: null }))).kind).to.equal('transient');
    await calendar.remove({ uid: event.uid, remoteId: null });
    expect(await subject.shown()).to.deep.equal([]);
  });

  it('a visit that is there twice, put, is there once, and the oldest stays', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    laterMs += 1000;
    const twin = await create(on('2026-12-01', { singleValueExtendedProperties: [{ id: uidProperty, value: event.uid }] }));
    await calendar.put(moved(event), null);
    expect((await subject.shown()).map(({ uid, start }) => [uid, start])).to.deep.equal([[event.uid, '2026-11-28T16:00:00Z']]);
    laterMs = 0;
    expect([(await get(remoteId)).id, (await get(twin)).id]).to.deep.equal([remoteId, undefined]);
  });

  it('a mailbox that finds the filter for our own too complex, is asked by a plainer one', async () => {
    const event = visit();
    await calendar.put(event, null);
    subject.line.script.push('pass', refusal(400, 'ErrorInvalidRestriction'));
    expect((await calendar.changes(null, contractWindow)).objects.map(({ uid, mark }) => [uid, typeof mark])).to.deep.equal([
      [event.uid, 'string'],
    ]);
  });

  it('a visit, deleted and put again and again, comes back each time, whatever Graph remembers of the first', async () => {
    const event = visit();
    for (let times = 0; times < 7; times += 1) {
      const { remoteId } = await calendar.put(event, null);
      expect((await subject.shown()).map(({ uid }) => uid)).to.deep.equal([event.uid]);
      await subject.byHand.erase(remoteId);
    }
  });

  it('a visit, written, asks nobody, is in UTC, and keeps what its owner chose for himself', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    expect(await get(remoteId)).to.deep.include({
      start: { dateTime: '2026-11-27T11:30:00.0000000', timeZone: 'UTC' },
      attendees: [],
      showAs: 'busy',
      isAllDay: false,
    });
    await graph('PATCH', `/me/events/${encodeURIComponent(remoteId)}`, {
      categories: ['Red'],
      reminderMinutesBeforeStart: 5,
      recurrence: { pattern: { type: 'daily', interval: 1 }, range: { type: 'numbered', startDate: '2026-11-27', numberOfOccurrences: 3 } },
    });
    await calendar.put(event, null);
    expect(await get(remoteId)).to.deep.include({ categories: ['Red'], reminderMinutesBeforeStart: 5, type: 'singleInstance' });
  });

  it('a visit, made free, tentative or a whole day by its owner, is as we mean it after the next writing', async () => {
    const event = visit();
    const { remoteId } = await calendar.put(event, null);
    const changes: Json[] = [
      { showAs: 'free' },
      { showAs: 'tentative' },
      { isAllDay: true, start: at('00:00', '2026-11-27'), end: at('00:00', '2026-11-28') },
    ];
    for (const change of changes) {
      await graph('PATCH', `/me/events/${encodeURIComponent(remoteId)}`, change);
      await calendar.put(event, null);
      expect(await get(remoteId)).to.deep.include({
        showAs: 'busy',
        isAllDay: false,
        start: { dateTime: '2026-11-27T11:30:00.0000000', timeZone: 'UTC' },
      });
    }
  });

  it("an event that says what ours say but the UID, met, is its owner's, and keeps him busy", async () => {
    await calendar.put(visit(), null);
    const [shown] = await subject.shown();
    const other = await create(
      on('2026-12-01', { subject: shown!.summary, singleValueExtendedProperties: [{ id: markProperty, value: 'x' }] }),
    );
    const { objects } = await calendar.changes(null, contractWindow);
    expect(objects.find(({ remoteId }) => remoteId === other)).to.deep.include({
      mark: null,
      busy: [span('2026-12-01T09:00Z', '2026-12-01T10:00Z')],
    });
  });

  const refusals: [status: number, code: string, kind: string][] = [
    [429, 'TooManyRequests', 'transient'],
    [503, 'serviceNotAvailable', 'transient'],
    [504, 'UnknownError', 'transient'],
    [423, 'notAllowed', 'transient'],
    [403, 'ErrorAccessDenied', 'permanent'],
    [400, 'ErrorPropertyValidationFailure', 'permanent'],
    [401, 'InvalidAuthenticationToken', 'sign_in'],
    [302, 'moved', 'transient'],
  ];
  for (const [status, code, kind] of refusals) {
    it(`a refusal, ${status} ${code}, is ${kind}, and its message holds codes alone`, async () => {
      subject.line.script.push('pass', refusal(status, code, { 'retry-after': '9' }));
      const { kind: found, retryAfterSeconds, message } = await failureOf(calendar.put(visit(), null));
      expect([found, retryAfterSeconds, message]).to.deep.equal([kind, 9, `Graph failed: event.create ${status} ${code}`]);
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
    expect([kind, message]).to.deep.equal(['transient', 'Graph failed: calendar.get Error']);
  });

  it('a calendar that is not there, asked, may come back', async () => {
    const lost = subject.openAs('nowhere', () => Promise.resolve(subject.account.accessToken));
    for (const call of [() => lost.put(visit(), null), () => lost.changes(null, contractWindow), lost.verify])
      expect(await failureOf(call())).to.include({ kind: 'transient' });
    await lost.remove({ uid: visit().uid, remoteId: null });
  });

  it("a page of somebody's on the way, met, is no empty calendar", async () => {
    subject.line.script.push(
      { status: 200, body: '<html>Sign in to this network</html>', headers: { 'content-type': 'text/html' } },
      { status: 200, body: {} },
    );
    for (const read of [calendar.changes, calendar.changes])
      expect((await failureOf(read(null, contractWindow))).kind).to.equal('transient');
  });

  it('a link that leads elsewhere, given, is not followed, nor is one that leads to itself for ever', async () => {
    const page = (link: string): Answer => ({ status: 200, body: { value: [], '@odata.nextLink': link } });
    for (const link of ['https://attacker.example/else', 'not an address', 'http://127.0.0.1:1/steal']) {
      subject.line.script.push(page(link));
      expect((await failureOf(calendar.changes(null, contractWindow))).kind).to.equal('permanent');
    }
    expect(subject.line.seen).to.have.length(3);
    const itself = page(`${subject.line.url}/v1.0/me/calendars/x/calendarView/delta?$skiptoken=1`);
    subject.line.script.push(...Array.from({ length: 500 }, () => itself));
    expect((await failureOf(calendar.changes(null, contractWindow))).message).to.contain('too many pages');
    subject.line.script.length = 0;
  });

  const kinds: [name: string, event: Json, isBusy: boolean][] = [
    ['busy', { showAs: 'busy' }, true],
    ['free', { showAs: 'free' }, false],
    ['tentative', { showAs: 'tentative' }, true],
    ['an absence', { showAs: 'oof' }, true],
    ['elsewhere', { showAs: 'workingElsewhere' }, false],
  ];
  for (const [name, event, isBusy] of kinds) {
    it(`an event, ${name}, read, keeps its owner ${isBusy ? 'busy' : 'free'}`, async () => {
      await create(on('2026-12-01', event));
      const { objects } = await calendar.changes(null, contractWindow);
      expect(objects.map(({ busy }) => busy)).to.deep.equal([isBusy ? [span('2026-12-01T09:00Z', '2026-12-01T10:00Z')] : []]);
    });
  }

  it('a calendar of several pages, read at once and by its changes, is told whole', async () => {
    const year = span('2026-11-01T00:00Z', '2027-11-01T00:00Z');
    const { token } = await calendar.changes(null, year);
    await create(
      on('2026-12-01', {
        recurrence: {
          pattern: { type: 'daily', interval: 1 },
          range: { type: 'numbered', startDate: '2026-12-01', numberOfOccurrences: 300 },
        },
      }),
    );
    for (const from of [null, token]) {
      const { objects, isWhole } = await calendar.changes(from, year);
      const days = objects.flatMap(({ busy }) => busy.map((each) => toUtc(each.from).slice(0, 10))).sort();
      expect([objects.length, days.length, new Set(days).size, days[0], days.at(-1), isWhole]).to.deep.equal([
        1,
        300,
        300,
        '2026-12-01',
        addDays('2026-12-01', 299),
        from === null,
      ]);
    }
  });

  for (const told of ['told', 'untold'] as const) {
    it(`an occurrence of a series, deleted where Graph leaves that ${told}, and then the series, frees its time`, async () => {
      sandbox.settings.graphRemovedOccurrences = told;
      const id = await create(
        on('2026-12-01', {
          recurrence: {
            pattern: { type: 'daily', interval: 1 },
            range: { type: 'numbered', startDate: '2026-12-01', numberOfOccurrences: 3 },
          },
        }),
      );
      const first = await calendar.changes(null, contractWindow);
      const instances = (
        await graph(
          'GET',
          `/me/events/${encodeURIComponent(id)}/instances?startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-05T00:00:00Z`,
        )
      ).body.value as Json[];
      await graph('DELETE', `/me/events/${encodeURIComponent(String(instances[1]!.id))}`);
      const second = await calendar.changes(first.token, contractWindow);
      expect(second.objects.map(({ remoteId, busy }) => [remoteId, busy.length])).to.deep.equal([[id, 2]]);
      await graph('DELETE', `/me/events/${encodeURIComponent(id)}`);
      expect((await calendar.changes(second.token, contractWindow)).gone).to.include(id);
    });
  }

  it('an object without times, met, is told as unreadable and hides no other', async () => {
    const value = [
      { id: 'odd', type: 'singleInstance' },
      { id: 'plain', type: 'singleInstance', ...on('2026-12-01') },
    ];
    subject.line.script.push({
      status: 200,
      body: { value, '@odata.deltaLink': `${subject.line.url}/v1.0/me/calendars/x/calendarView/delta?$deltatoken=next` },
    });
    const { objects, token } = await calendar.changes(null, contractWindow);
    expect([objects.map(({ remoteId, isUnreadable }) => [remoteId, isUnreadable ?? false]), token]).to.deep.equal([
      [
        ['odd', true],
        ['plain', false],
      ],
      'delta:/me/calendars/x/calendarView/delta?$deltatoken=next',
    ]);
  });

  it('the calendars of an account, listed, are those to write into, its own first, whatever the number of pages', async () => {
    const token = () => Promise.resolve(subject.account.accessToken);
    const base = `${subject.line.url}/v1.0`;
    expect((await listGraphCalendars(token, base)).map(({ id, isPrimary }) => [id, isPrimary])).to.deep.equal([[calendarId, true]]);
    const listed = (id: string, canEdit: boolean, isDefaultCalendar = false) => ({ id, name: id, canEdit, isDefaultCalendar });
    subject.line.script.push(
      {
        status: 200,
        body: { value: [listed('work', true), listed('holidays', false)], '@odata.nextLink': `${base}/me/calendars?$skip=2` },
      },
      { status: 200, body: { value: [listed('me', true, true), listed('club', true)] } },
    );
    expect((await listGraphCalendars(token, base)).map(({ id }) => id)).to.deep.equal(['me', 'club', 'work']);
    subject.line.script.push(refusal(401, 'InvalidAuthenticationToken'));
    expect((await failureOf(listGraphCalendars(token, base))).kind).to.equal('sign_in');
  });
});
