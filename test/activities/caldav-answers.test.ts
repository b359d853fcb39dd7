/**
 * Goal: what a CalDAV server answers, or whoever stands between, does no harm: no page passes for an empty calendar, no text holds the
 * worker, no word of the server's travels on. Method: Radicale behind a line that answers in its place, and servers that are made for it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createCaldavCalendar } from '../../src/integrations/calendar/caldav.ts';
import { findCaldavCalendars } from '../../src/integrations/calendar/caldav-discovery.ts';
import { CalendarError, type Calendar } from '../../src/integrations/calendar/calendar.ts';
import { createGuardedFetch } from '../../src/integrations/guarded-fetch.ts';
import { openOver } from '../support/caldav.ts';
import { contractNow, contractWindow, failureOf, visit } from '../support/calendar-subject.ts';
import type { Answer } from '../support/faulty-http.ts';
import { icsOf } from '../support/ics.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

const timeZone = 'Europe/Lisbon';

describe('a CalDAV server', () => {
  let radicale: TestRadicale;
  let own: Awaited<ReturnType<typeof openOver>>;
  let line: (typeof own)['line'];
  let guard: (typeof own)['guard'];
  let url: string;
  let calendar: Calendar;

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
  });
  after(() => radicale?.stop());
  beforeEach(async () => {
    own = await openOver(radicale);
    ({ line, guard, url } = own);
    calendar = own.openAs(radicale.password, timeZone);
  });
  afterEach(() => own?.close());

  it('a server that is locked or full, met, is asked again later', async () => {
    for (const status of [507, 423]) {
      line.script.push('pass', { status });
      expect((await failureOf(calendar.put(visit(), null))).kind, `${status}`).to.equal('transient');
    }
  });

  it('a page of somebody else, nothing, or half an answer, in place of each answer in turn, is no empty calendar', async () => {
    const xml = { 'content-type': 'text/xml' };
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const { token } = await calendar.changes(null, contractWindow);
    await radicale.enter(url, 'doctor.ics', icsOf(['DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z']));
    for (const odd of [
      { status: 200, body: '<html>We are back soon</html>', headers: { 'content-type': 'text/html' } },
      { status: 200, body: '', headers: xml },
      { status: 207, body: '<?xml version="1.0"?><multistatus xmlns="DAV:"><response><href>/a', headers: xml },
    ])
      for (const from of [null, token])
        for (let before = 0; ; before += 1) {
          line.script.push(...Array.from({ length: before }, (): Answer => 'pass'), odd);
          const told = await calendar.changes(from, contractWindow).catch((error: unknown) => error);
          if (line.script.splice(0).length > 0) break;
          expect(told, `${before} ${JSON.stringify(odd)}`).to.include({ name: 'CalendarError', kind: 'transient' });
        }
    line.script.push({ status: 200, body: '<html>', headers: { 'content-type': 'text/html' } });
    expect((await failureOf(calendar.verify())).kind).to.equal('transient');
  });

  it('a page of somebody else, or a way to one, in place of the answer to a writing, has written nothing and taken nothing away', async () => {
    const page: Answer = { status: 200, body: '<html>We are back soon</html>', headers: { 'content-type': 'text/html; charset=utf-8' } };
    const away: Answer = { status: 302, headers: { location: '/login' } };
    const [event, other] = [visit(), visit()];
    await calendar.put(other, null);
    for (const script of [[page], ['pass', page], ['pass', away]] as Answer[][]) {
      line.script.push(...script);
      expect((await failureOf(calendar.put(event, null))).kind, JSON.stringify(script)).to.equal('transient');
    }
    for (const odd of [page, away]) {
      line.script.push(odd);
      expect((await failureOf(calendar.remove({ uid: other.uid, remoteId: null }))).kind, JSON.stringify(odd)).to.equal('transient');
    }
    expect(Object.keys(await radicale.objects(url))).to.have.length(1);
  });

  it('a query that is refused, is told by its status, without a word of the server', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const refused: Answer = { status: 403, body: 'Ana Conceição', headers: { 'content-type': 'text/plain' } };
    for (const before of [1, 2]) {
      line.script.push(...Array.from({ length: before }, (): Answer => 'pass'), refused);
      const failure = await failureOf(calendar.changes(null, contractWindow));
      expect([failure.kind, failure.message]).to.deep.equal(['permanent', 'CalDAV failed: REPORT 403']);
    }
    // Where the UID is looked for.
    line.script.push('pass', { status: 409 }, refused);
    expect((await failureOf(calendar.put(visit(), null))).message).to.equal('CalDAV failed: REPORT 403');
  });

  it('a calendar whose texts are larger than an answer may be, is read in parts', async () => {
    const text = icsOf([
      'DTSTART:20261130T090000Z',
      'DTEND:20261130T100000Z',
      ...Array.from({ length: 100 }, () => `X-INVITATION:${'x'.repeat(50)}`),
    ]);
    const answerOf = (href: string, withText: boolean): string =>
      `<response><href>${href}</href><propstat><prop><getetag>"1"</getetag>` +
      `${withText ? `<C:calendar-data>${text}</C:calendar-data>` : ''}</prop><status>HTTP/1.1 200 OK</status></propstat></response>`;
    const all = Array.from({ length: 200 }, (_, index) => `/full/${index}.ics`);
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      let asked = '';
      for await (const chunk of request) asked += String(chunk);
      const isNamed = asked.includes('calendar-multiget');
      const found =
        request.method === 'PROPFIND'
          ? [answerOf('/full/', false)]
          : all.filter((href) => !isNamed || asked.includes(`${href}<`)).map((href) => answerOf(href, asked.includes('calendar-data')));
      response
        .writeHead(207, { 'content-type': 'text/xml' })
        .end(`<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">${found.join('')}</multistatus>`);
    };
    const full = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => {
      full.listen(0, '127.0.0.1', resolve);
    });
    const small = createGuardedFetch({ allowLoopback: true, timeoutMs: 5000, mostBytes: 600_000 });
    expect(all.length * text.length).to.be.above(1_200_000);
    const calendarUrl = `http://127.0.0.1:${(full.address() as AddressInfo).port}/full/`;
    const { objects } = await createCaldavCalendar({
      calendarUrl,
      username: 'rui',
      password: 'x',
      timeZone,
      fetch: small.fetch,
      now: () => new Date(contractNow),
    }).changes(null, contractWindow);
    expect(objects.filter(({ busy }) => busy.length === 1)).to.have.length(200);
    await small.close();
    full.close();
  });

  it('an answer that is too large, or breaks in its middle, is told as a failure of the calendar', async () => {
    const tiny = createGuardedFetch({ allowLoopback: true, timeoutMs: 1500, mostBytes: 100 });
    const openWith = (calendarUrl: string, fetch: typeof globalThis.fetch): Calendar =>
      createCaldavCalendar({
        calendarUrl,
        username: radicale.username,
        password: radicale.password,
        timeZone,
        fetch,
        now: () => new Date(contractNow),
      });
    expect(await failureOf(openWith(url, tiny.fetch).changes(null, contractWindow))).to.include({
      kind: 'permanent',
      message: 'CalDAV failed: the answer is too large',
    });
    await tiny.close();
    const half = createServer(
      (_request, response) => void response.writeHead(207, { 'content-length': '1000' }).write('<multistatus', () => response.destroy()),
    );
    await new Promise<void>((resolve) => {
      half.listen(0, '127.0.0.1', resolve);
    });
    expect(
      (await failureOf(openWith(`http://127.0.0.1:${(half.address() as AddressInfo).port}/`, guard.fetch).changes(null, contractWindow)))
        .kind,
    ).to.equal('transient');
    half.close();
  });

  it('a page of somebody else, a text that breaks off, or a refusal in place of an answer, is no empty calendar', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const { token } = await calendar.changes(null, contractWindow);
    await radicale.enter(url, 'school.ics', icsOf(['DTSTART:20261201T090000Z', 'DTEND:20261201T100000Z']));
    const odd: [Answer, string][] = [
      [{ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Rui, we are back soon</html>' }, 'transient'],
      [{ status: 207, headers: { 'content-type': 'text/xml' }, body: '<?xml version="1.0"?><multistatus xmlns="DAV:"><resp' }, 'transient'],
      [{ status: 207, headers: { 'content-type': 'text/xml' }, body: '' }, 'transient'],
      [{ status: 403, headers: { 'content-type': 'text/plain' }, body: 'Rui may not' }, 'permanent'],
    ];
    for (const [answer, kind] of odd) {
      // All of it is read by three requests, what is new by two; a refused token is none that is known.
      for (const [since, before] of [
        [null, 0],
        [null, 1],
        [null, 2],
        [token, 0],
        [token, 1],
      ] as const) {
        if (since !== null && before === 0 && kind === 'permanent') continue;
        line.script.push(...Array.from({ length: before }, (): Answer => 'pass'), answer);
        const error = await failureOf(calendar.changes(since, contractWindow));
        expect([error.kind, error.message.includes('Rui')], `${since} ${before} ${JSON.stringify(answer)}`).to.deep.equal([kind, false]);
      }
    }
    expect((await calendar.changes(token, contractWindow)).objects).to.have.length(1);
  });

  it('an object that the server lists and does not show, is not taken for gone', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const shown = (status: string): Answer => ({
      status: 207,
      headers: { 'content-type': 'text/xml' },
      body: `<?xml version="1.0"?><multistatus xmlns="DAV:"><response><href>${new URL(url).pathname}dentist.ics</href><status>HTTP/1.1 ${status}</status></response></multistatus>`,
    });
    line.script.push('pass', 'pass', shown('503 Service Unavailable'));
    expect((await failureOf(calendar.changes(null, contractWindow))).kind).to.equal('transient');
    line.script.push('pass', 'pass', shown('403 Forbidden'));
    expect((await calendar.changes(null, contractWindow)).objects.map(({ isUnreadable }) => isUnreadable)).to.deep.equal([true]);
    line.script.push('pass', 'pass', shown('404 Not Found'));
    expect((await calendar.changes(null, contractWindow)).objects).to.deep.equal([]);
  });

  /** A server that says the same to everything. */
  async function serve(answer: (request: IncomingMessage) => string): Promise<{ url: string; asked: () => number; stop: () => void }> {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      request.resume();
      response
        .writeHead(207, { 'content-type': 'application/xml' })
        .end(`<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">${answer(request)}</multistatus>`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked: () => asked, stop: () => server.close() };
  }
  const found = (serverUrl: string) =>
    findCaldavCalendars({ serverUrl, username: 'rui', password: 'x', fetch: guard.fetch, now: () => new Date() });

  for (const [name, xml] of [
    ['different names', Array.from({ length: 20_000 }, (_, index) => `<a${index}>x</a${index}>`).join('')],
    ['text in pieces', `<a>${'x<!-- -->'.repeat(200_000)}</a>`],
    ['sections without an end', `${'<a/>x'.repeat(2000)}${'<![CDATA['.repeat(300_000)}`],
  ] as const)
    it(`an answer of countless ${name}, made to be read for ever, keeps nobody`, async () => {
      const server = await serve(() => xml);
      const began = Date.now();
      expect((await failureOf(found(server.url))).kind).to.equal('permanent');
      expect(Date.now() - began).to.be.below(5000);
      server.stop();
    });

  it('an answer of countless ends, made to be looked through for ever, keeps nobody', async () => {
    const server = await serve(() => `<response x="${':multistatus '.repeat(250_000)}`);
    const odd = createCaldavCalendar({
      calendarUrl: server.url,
      username: 'rui',
      password: 'x',
      timeZone,
      fetch: guard.fetch,
      now: () => new Date(contractNow),
    });
    const began = Date.now();
    await odd.verify().catch((error: unknown) => expect(error).to.be.instanceOf(CalendarError));
    expect(Date.now() - began).to.be.below(5000);
    server.stop();
  });

  it('a server that names calendars without end, is not asked for each', async () => {
    const calendars = Array.from(
      { length: 2000 },
      (_, index) =>
        `<response><href>/${index}/</href><propstat><prop><resourcetype><collection/><C:calendar/></resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>`,
    ).join('');
    const home = `<response><href>/</href><propstat><prop><current-user-principal><href>/</href></current-user-principal><C:calendar-home-set><href>/home/</href></C:calendar-home-set></prop><status>HTTP/1.1 200 OK</status></propstat></response>`;
    const server = await serve(({ url: path }) => (path === '/home/' ? calendars : home));
    expect((await failureOf(found(server.url))).message).to.equal('CalDAV failed: too many calendars');
    expect(server.asked()).to.be.below(200);
    server.stop();
  });

  it('an address that is none, named by a server, is passed over', async () => {
    const server = await serve(
      ({ url: path, method }) =>
        `<response><href>${method === 'PROPFIND' ? path : 'https://[::'}</href><propstat><prop><getetag>"1"</getetag></prop><status>HTTP/1.1 200 OK</status></propstat></response>`,
    );
    const odd = createCaldavCalendar({
      calendarUrl: server.url,
      username: 'rui',
      password: 'x',
      timeZone,
      fetch: guard.fetch,
      now: () => new Date(),
    });
    for (const token of [null, 'sync:one']) expect((await odd.changes(token, contractWindow)).objects).to.deep.equal([]);
    server.stop();
  });

  it('an object that nobody can read, met, hides no other', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    await radicale.enter(url, 'odd.ics', icsOf(['DTSTART:20261015T000000Z', 'DTEND:20261015T000030Z', 'RRULE:FREQ=MINUTELY']));
    const { objects } = await calendar.changes(null, contractWindow);
    expect(objects.map(({ isUnreadable }) => isUnreadable ?? false).sort()).to.deep.equal([false, true]);
  });
});
