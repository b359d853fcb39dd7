/**
 * Goal: a CalDAV calendar holds each visit exactly once, whatever happened to earlier calls, and tells when its owner is busy. Method: Radicale, with a line before
 * it that breaks at every point; what its owner does is done by plain HTTP.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import ICAL from 'ical.js';
import { createCaldavCalendar } from '../../src/integrations/calendar/caldav.ts';
import { findCaldavCalendars } from '../../src/integrations/calendar/caldav-discovery.ts';
import { CalendarError, type Calendar, type CalendarEvent } from '../../src/integrations/calendar/calendar.ts';
import { createGuardedFetch } from '../../src/integrations/guarded-fetch.ts';
import { startScripted, type Answer } from '../support/faulty-http.ts';
import { icsOf } from '../support/ics.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

const window = { from: Date.parse('2026-11-01T00:00:00Z'), to: Date.parse('2027-02-01T00:00:00Z') };
const span = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });

describe('a CalDAV calendar', () => {
  let radicale: TestRadicale;
  let line: Awaited<ReturnType<typeof startScripted>>;
  let guard: ReturnType<typeof createGuardedFetch>;
  let url: string;
  let calendar: Calendar;

  before(async function () { radicale = await startTestRadicale(needPython(this)); });
  after(() => radicale?.stop());
  beforeEach(async () => {
    line = await startScripted(radicale.url);
    guard = createGuardedFetch({ allowLoopback: true, timeoutMs: 700 });
    url = await radicale.newCalendar();
    calendar = openAs(radicale.password);
  });
  afterEach(async () => {
    line.stop();
    await guard.close();
  });

  const openAs = (password: string): Calendar => createCaldavCalendar({
    calendarUrl: url.replace(radicale.url, line.url), username: radicale.username, password, timeZone: 'Europe/Lisbon', fetch: guard.fetch, now: () => new Date('2026-11-22T10:00:00Z'),
  });
  const visit = (change: Partial<CalendarEvent> = {}): CalendarEvent => ({
    uid: `${randomUUID()}@punctual`, sequence: 0, times: { timeZone: 'Europe/Lisbon', start: '2026-11-27T10:30:00', end: '2026-11-27T11:15:00' },
    summary: 'Corte, Ana Conceição', description: 'Olá;\nbom dia', location: 'Barbearia do Chiado, Rua Garrett 12', isTentative: false, ...change,
  });
  const moved = (event: CalendarEvent): CalendarEvent => ({ ...event, sequence: 2, times: { timeZone: 'Europe/Lisbon', start: '2026-11-28T15:00:00', end: '2026-11-28T15:45:00' } });
  const failureOf = (call: Promise<unknown>): Promise<CalendarError> => call.then(() => { throw new Error('it went'); }, (error: unknown) => {
    if (error instanceof CalendarError) return error;
    throw error;
  });
  const shown = async () => Object.values(await radicale.objects(url)).map((text) => {
    const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')!;
    return { uid: event.getFirstPropertyValue('uid'), start: String(event.getFirstPropertyValue('dtstart')), sequence: event.getFirstPropertyValue('sequence') };
  });

  it('is found from the server\'s address, a user and his password', async () => {
    const found = await findCaldavCalendars({ serverUrl: line.url, username: radicale.username, password: radicale.password, fetch: guard.fetch, now: () => new Date() });
    expect(found).to.deep.include({ url: url.replace(radicale.url, line.url), name: 'Work' });
    const refused = await failureOf(findCaldavCalendars({ serverUrl: line.url, username: radicale.username, password: 'wrong', fetch: guard.fetch, now: () => new Date() }));
    expect(refused.kind).to.equal('sign_in');
  });

  it('a visit, put, moved and taken away, each twice, is there once, at its time, and then not', async () => {
    const event = visit();
    const placed = await calendar.put(event, null);
    expect(await calendar.put(event, null)).to.deep.equal(placed);
    expect(await calendar.put(event, placed)).to.deep.equal(placed);
    expect(await shown()).to.deep.equal([{ uid: event.uid, start: '2026-11-27T10:30:00', sequence: 0 }]);
    const elsewhere = await calendar.put(moved(event), placed);
    expect(elsewhere.remoteId).to.equal(placed.remoteId);
    expect(await calendar.put(moved(event), placed)).to.deep.equal(elsewhere);
    expect(await shown()).to.deep.equal([{ uid: event.uid, start: '2026-11-28T15:00:00', sequence: 2 }]);
    await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    await calendar.remove({ uid: event.uid, remoteId: null });
    expect(await shown()).to.deep.equal([]);
  });

  it('a visit, written, invites nobody, and reads as it was meant', async () => {
    await calendar.put(visit(), null);
    const [text = ''] = Object.values(await radicale.objects(url));
    const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')!;
    expect(text).to.not.match(/^(ATTENDEE|ORGANIZER|METHOD)/im);
    expect(['summary', 'description', 'location', 'status'].map((name) => event.getFirstPropertyValue(name))).to.deep.equal(['Corte, Ana Conceição', 'Olá;\nbom dia', 'Barbearia do Chiado, Rua Garrett 12', 'CONFIRMED']);
  });

  // Each step reads, then writes: the line breaks at the first or the second request, before or after the server has acted.
  const breaks: [name: string, script: Answer[]][] = [
    ['cut before the look', ['drop']], ['cut before the write', ['pass', 'drop']], ['cut after the write', ['pass', 'pass, then drop']],
    ['silent before the write', ['pass', 'silent']], ['silent after the write', ['pass', 'pass, then silent']],
    ['busy', [{ status: 429, headers: { 'retry-after': '7' } }]], ['busy at the write', ['pass', { status: 503 }]], ['faulty after', ['pass', { status: 500 }]],
  ];
  for (const [name, script] of breaks) {
    it(`a visit, put and moved over a line that is ${name}, is there once after the next try`, async () => {
      const event = visit();
      line.script.push(...script);
      const first = await failureOf(calendar.put(event, null));
      expect([first.kind, first.retryAfterSeconds]).to.deep.equal(['transient', name === 'busy' ? 7 : null]);
      const placed = await calendar.put(event, null);
      line.script.push(...script);
      expect((await failureOf(calendar.put(moved(event), placed))).kind).to.equal('transient');
      await calendar.put(moved(event), placed);
      expect(await shown()).to.deep.equal([{ uid: event.uid, start: '2026-11-28T15:00:00', sequence: 2 }]);
    });
  }

  it('a visit, taken away over a line that breaks before and after, is gone after the next try', async () => {
    for (const fault of ['drop', 'pass, then drop', 'pass, then silent', { status: 503 }] satisfies Answer[]) {
      const event = visit();
      const { remoteId } = await calendar.put(event, null);
      line.script.push(fault);
      expect((await failureOf(calendar.remove({ uid: event.uid, remoteId }))).kind).to.equal('transient');
      await calendar.remove({ uid: event.uid, remoteId });
      expect(await shown()).to.deep.equal([]);
    }
  });

  it('a visit, changed or deleted by its owner, is as we mean it after the next writing', async () => {
    const event = visit();
    const placed = await calendar.put(event, null);
    const [name = ''] = Object.keys(await radicale.objects(url));
    expect(await radicale.enter(url, name, icsOf([`UID:${event.uid}`, 'DTSTART:20261127T200000Z', 'DTEND:20261127T210000Z', 'SUMMARY:later']))).to.equal(204);
    await calendar.put(event, placed);
    expect((await shown()).map(({ start }) => start)).to.deep.equal(['2026-11-27T10:30:00']);
    expect(await radicale.erase(url, name)).to.equal(200);
    await calendar.put(moved(event), placed);
    expect((await shown()).map(({ start }) => start)).to.deep.equal(['2026-11-28T15:00:00']);
  });

  it('a visit whose UID its owner\'s program has put down already, from our mail, becomes that object', async () => {
    const event = visit();
    await radicale.enter(url, 'from-the-mail.ics', icsOf([`UID:${event.uid}`, 'DTSTART:20261127T103000Z', 'DTEND:20261127T111500Z', 'SUMMARY:from the mail']));
    const placed = await calendar.put(event, null);
    expect(placed.remoteId).to.match(/from-the-mail\.ics$/);
    expect(await calendar.put(event, placed)).to.deep.equal(placed);
    expect(await shown()).to.have.length(1);
    await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    expect(await shown()).to.deep.equal([]);
  });

  it('refusals, met, are told apart', async () => {
    const event = visit();
    expect((await failureOf(openAs('wrong').put(event, null))).kind).to.equal('sign_in');
    expect((await failureOf(openAs('wrong').verify())).kind).to.equal('sign_in');
    expect((await failureOf(openAs('wrong').changes(null, window))).kind).to.equal('sign_in');
    await calendar.verify();
    for (const [status, kind] of [[403, 'permanent'], [400, 'permanent'], [507, 'transient'], [423, 'transient']] as const) {
      line.script.push('pass', { status });
      expect((await failureOf(calendar.put(event, null))).kind, `${status}`).to.equal(kind);
    }
  });

  it('busy time, entered, changed and deleted, is told as it changes; our own visits are known as ours', async () => {
    const whole = await calendar.changes(null, window);
    expect([whole.objects, whole.isWhole]).to.deep.equal([[], true]);
    expect((await calendar.changes(whole.token, window)).objects).to.deep.equal([]);

    const event = visit();
    await calendar.put(event, null);
    await radicale.enter(url, 'dentist.ics', icsOf(['UID:dentist', 'DTSTART;TZID=Europe/Lisbon:20261130T090000', 'DTEND;TZID=Europe/Lisbon:20261130T100000', 'SUMMARY:dentist']));
    const grown = await calendar.changes(whole.token, window);
    expect(grown.isWhole).to.equal(false);
    expect(grown.objects.find(({ remoteId }) => remoteId.endsWith('dentist.ics'))).to.deep.include({ busy: [span('2026-11-30T09:00Z', '2026-11-30T10:00Z')], mark: null });
    expect(grown.objects.find(({ uid }) => uid === event.uid)!.mark).to.be.a('string');

    await radicale.enter(url, 'dentist.ics', icsOf(['UID:dentist', 'DTSTART;TZID=Europe/Lisbon:20261201T090000', 'DTEND;TZID=Europe/Lisbon:20261201T100000', 'SUMMARY:dentist']));
    const changed = await calendar.changes(grown.token, window);
    expect(changed.objects.map(({ busy }) => busy)).to.deep.equal([[span('2026-12-01T09:00Z', '2026-12-01T10:00Z')]]);
    await radicale.erase(url, 'dentist.ics');
    const shrunk = await calendar.changes(changed.token, window);
    expect([shrunk.objects.length, shrunk.gone.map((id) => id.split('/').at(-1))]).to.deep.equal([0, ['dentist.ics']]);
  });

  it('a token that the server has forgotten, used, brings all there is', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    for (const token of ['sync:http://radicale.org/ns/sync/forgotten', 'tag:"other"', '']) {
      const { isWhole, objects, token: next } = await calendar.changes(token, window);
      expect([isWhole, objects.length]).to.deep.equal([true, 1]);
      expect((await calendar.changes(next, window)).objects).to.deep.equal([]);
    }
  });

  it('a server without sync-collection, asked again, is read by its tag', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const tagged = (tag: string): Answer => ({
      status: 207, headers: { 'content-type': 'text/xml' },
      body: `<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="http://calendarserver.org/ns/"><response><href>${new URL(url).pathname}</href><propstat><prop><C:getctag>${tag}</C:getctag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
    });
    line.script.push(tagged('one'));
    const whole = await calendar.changes(null, window);
    expect([whole.token, whole.isWhole, whole.objects.length]).to.deep.equal(['tag:one', true, 1]);
    line.script.push(tagged('one'));
    expect(await calendar.changes(whole.token, window)).to.deep.equal({ objects: [], gone: [], token: 'tag:one', isWhole: false });
    line.script.push(tagged('two'));
    expect((await calendar.changes(whole.token, window)).isWhole).to.equal(true);
  });

  it('an object that nobody can read, met, hides no other', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    await radicale.enter(url, 'odd.ics', icsOf(['DTSTART:20261015T000000Z', 'DTEND:20261015T000030Z', 'RRULE:FREQ=MINUTELY']));
    const { objects } = await calendar.changes(null, window);
    expect(objects.map(({ isUnreadable }) => isUnreadable ?? false).sort()).to.deep.equal([false, true]);
  });
});
