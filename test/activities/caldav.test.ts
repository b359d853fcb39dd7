/**
 * Goal: a CalDAV calendar does what every calendar must (support/calendar-contract.ts), and what is CalDAV's own: discovery, UIDs, tokens
 * of several kinds. Method: Radicale, with a line before it that breaks at every point; what its owner does is done by plain HTTP.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import ICAL from 'ical.js';
import { createCaldavCalendar } from '../../src/integrations/calendar/caldav.ts';
import { findCaldavCalendars } from '../../src/integrations/calendar/caldav-discovery.ts';
import { CalendarError, type Calendar } from '../../src/integrations/calendar/calendar.ts';
import { startInstant, toUtc } from '../../src/domain/time.ts';
import { createGuardedFetch } from '../../src/integrations/guarded-fetch.ts';
import { describeCalendar } from '../support/calendar-contract.ts';
import { contractNow, contractWindow, failureOf, visit, type Entry } from '../support/calendar-subject.ts';
import { startScripted, type Answer } from '../support/faulty-http.ts';
import { icsOf } from '../support/ics.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

const timeZone = 'Europe/Lisbon';

/** A calendar of its own, as we use it over a line that can break. */
async function openOver(radicale: TestRadicale) {
  const line = await startScripted(radicale.url);
  const guard = createGuardedFetch({ allowLoopback: true, timeoutMs: 1500 });
  const url = await radicale.newCalendar();
  const openAs = (password: string, zone: string): Calendar =>
    createCaldavCalendar({
      calendarUrl: url.replace(radicale.url, line.url),
      username: radicale.username,
      password,
      timeZone: zone,
      fetch: guard.fetch,
      now: () => new Date(contractNow),
    });
  const close = async () => {
    line.stop();
    await guard.close();
  };
  return { line, guard, url, openAs, close };
}

const compact = (text: string): string => text.replaceAll(/[-:]/g, '');

/** As a person's program writes it. */
function objectOf({ start, end, timeZone: zone = timeZone, isFree, weekly }: Entry, uid: string): string {
  const at = (name: string, text: string) =>
    text.includes('T') ? `${name};TZID=${zone}:${compact(text)}00` : `${name};VALUE=DATE:${compact(text)}`;
  const time = start.slice(10);
  const master = [`UID:${uid}`, at('DTSTART', start), at('DTEND', end), 'SUMMARY:dentist', ...(isFree ? ['TRANSP:TRANSPARENT'] : [])];
  if (!weekly) return icsOf(master);
  return icsOf(
    [...master, `RRULE:FREQ=WEEKLY;COUNT=${weekly.count}`, at('EXDATE', `${weekly.without}${time}`)],
    [`UID:${uid}`, at('RECURRENCE-ID', `${weekly.moved.on}${time}`), at('DTSTART', weekly.moved.start), at('DTEND', weekly.moved.end)],
  );
}

function instantOf(event: ICAL.Component, name: string): string {
  const property = event.getFirstProperty(name)!;
  const [text, zone] = [String(property.getFirstValue()), property.getFirstParameter('tzid')];
  return toUtc(
    text.endsWith('Z') || zone === undefined
      ? Date.parse(text)
      : startInstant(text.slice(0, 10), Number(text.slice(11, 13)) * 60 + Number(text.slice(14, 16)), zone),
  );
}

describeCalendar('a CalDAV calendar', {
  hasSequence: true,
  start: async (context) => {
    const radicale = await startTestRadicale(needPython(context));
    return {
      stop: () => radicale.stop(),
      open: async (zone) => {
        const { line, url, openAs, close } = await openOver(radicale);
        const nameOf = (remoteId: string): string => remoteId.split('/').at(-1)!;
        return {
          line,
          close,
          calendar: openAs(radicale.password, zone),
          revoked: () => Promise.resolve(openAs('wrong', zone)),
          forget: () => Promise.resolve(['sync:http://radicale.org/ns/sync/forgotten', 'tag:"other"', '']),
          shown: async () =>
            Object.values(await radicale.objects(url)).map((text) => {
              const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')!;
              const textOf = (name: string): string => String(event.getFirstPropertyValue(name));
              return {
                uid: textOf('uid'),
                start: instantOf(event, 'dtstart'),
                end: instantOf(event, 'dtend'),
                sequence: Number(event.getFirstPropertyValue('sequence')),
                summary: textOf('summary'),
                description: textOf('description'),
                location: textOf('location'),
                isTentative: textOf('status') === 'TENTATIVE',
                invited: event.getAllProperties('attendee').length + event.getAllProperties('organizer').length,
              };
            }),
          byHand: {
            add: async (entry) => {
              const name = `${randomUUID()}.ics`;
              expect(await radicale.enter(url, name, objectOf(entry, name))).to.equal(201);
              return `${url.replace(radicale.url, line.url)}${name}`;
            },
            change: async (remoteId, entry) => {
              const uid = /^UID:(.+)$/m.exec((await radicale.objects(url))[nameOf(remoteId)]!)![1]!.trim();
              expect(await radicale.enter(url, nameOf(remoteId), objectOf(entry, uid))).to.be.oneOf([201, 204]);
            },
            erase: async (remoteId) => {
              expect(await radicale.erase(url, nameOf(remoteId))).to.equal(200);
            },
          },
        };
      },
    };
  },
});

describe('a CalDAV calendar', () => {
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

  it("is found from the server's address, a user and his password", async () => {
    const found = await findCaldavCalendars({
      serverUrl: line.url,
      username: radicale.username,
      password: radicale.password,
      fetch: guard.fetch,
      now: () => new Date(),
    });
    expect(found).to.deep.include({ url: url.replace(radicale.url, line.url), name: 'Work' });
    const refused = await failureOf(
      findCaldavCalendars({
        serverUrl: line.url,
        username: radicale.username,
        password: 'wrong',
        fetch: guard.fetch,
        now: () => new Date(),
      }),
    );
    expect(refused.kind).to.equal('sign_in');
  });

  it('a visit, written, invites nobody, and reads as it was meant', async () => {
    await calendar.put(visit(), null);
    const [text = ''] = Object.values(await radicale.objects(url));
    const event = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent('vevent')!;
    expect(text).to.not.match(/^(ATTENDEE|ORGANIZER|METHOD)/im);
    expect([String(event.getFirstPropertyValue('dtstart')), event.getFirstProperty('dtstart')!.getFirstParameter('tzid')]).to.deep.equal([
      '2026-11-27T10:30:00',
      'Atlantic/Azores',
    ]);
    expect(['summary', 'description', 'location', 'status'].map((name) => event.getFirstPropertyValue(name))).to.deep.equal([
      'Corte, Ana Conceição',
      'Olá;\nbom dia',
      'Barbearia do Chiado, Rua Garrett 12',
      'CONFIRMED',
    ]);
  });

  it("a visit whose UID its owner's program has put down already, from our mail, becomes that object", async () => {
    const event = visit();
    await radicale.enter(
      url,
      'from-the-mail.ics',
      icsOf([`UID:${event.uid}`, 'DTSTART:20261127T103000Z', 'DTEND:20261127T111500Z', 'SUMMARY:from the mail']),
    );
    const placed = await calendar.put(event, null);
    expect(placed.remoteId).to.match(/from-the-mail\.ics$/);
    expect(await calendar.put(event, placed)).to.deep.equal(placed);
    expect(Object.keys(await radicale.objects(url))).to.have.length(1);
    await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    expect(await radicale.objects(url)).to.deep.equal({});
  });

  it('a visit, moved, made to repeat or called free by a program that keeps what it does not know, is as we mean it after the next writing', async () => {
    const event = visit();
    const placed = await calendar.put(event, null);
    const [[name, text] = ['', '']] = Object.entries(await radicale.objects(url));
    const timesOf = (object: string): string[] =>
      object.match(/^(DTSTART|DTEND);TZID.+|^RRULE.+WEEKLY.*|^TRANSP.+/gm)!.map((line) => line.trim());
    for (const changed of [
      text.replace('T103000', 'T093000'),
      text.replace('DTSTAMP', 'RRULE:FREQ=WEEKLY;COUNT=3\r\nDTSTAMP'),
      text.replace('OPAQUE', 'TRANSPARENT'),
    ]) {
      expect(timesOf(changed)).to.not.deep.equal(timesOf(text));
      expect(await radicale.enter(url, name, changed)).to.be.oneOf([201, 204]);
      await calendar.put(event, placed);
      expect(timesOf((await radicale.objects(url))[name]!)).to.deep.equal(timesOf(text));
    }
  });

  it('a visit that lies under another address than we know, taken away, is gone', async () => {
    const event = visit();
    // The answer that named the address was lost.
    await radicale.enter(
      url,
      'from-the-mail.ics',
      icsOf([`UID:${event.uid}`, 'DTSTART:20261127T103000Z', 'DTEND:20261127T111500Z', 'SUMMARY:from the mail']),
    );
    await calendar.put(event, null);
    await calendar.remove({ uid: event.uid, remoteId: null });
    expect(await radicale.objects(url)).to.deep.equal({});
    // Its owner's program has put it elsewhere.
    const placed = await calendar.put(event, null);
    const [[name, text] = ['', '']] = Object.entries(await radicale.objects(url));
    await radicale.erase(url, name);
    await radicale.enter(url, 'elsewhere.ics', text);
    await calendar.remove({ uid: event.uid, remoteId: placed.remoteId });
    expect(await radicale.objects(url)).to.deep.equal({});
  });

  for (const [name, changed] of [
    ['weak', (etag: string) => `W/${etag}`],
    ['longer', (etag: string) => etag.replace(/"$/, '-gzip"')],
  ] as const)
    it(`a server behind one that compresses, and makes the ETag ${name}, is written to`, async () => {
      const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = request.headers;
        const passed = await fetch(`${radicale.url}${request.url}`, {
          method: request.method ?? 'GET',
          headers: headers as Record<string, string>,
          ...(chunks.length > 0 && { body: new Uint8Array(Buffer.concat(chunks)) }),
        });
        const body = Buffer.from(await passed.arrayBuffer());
        const etag = passed.headers.get('etag');
        const isCompressed = request.method === 'GET' && passed.ok && /gzip/.test(request.headers['accept-encoding'] ?? '');
        response
          .writeHead(passed.status, {
            'content-type': passed.headers.get('content-type') ?? '',
            ...(etag && { etag: isCompressed ? changed(etag) : etag }),
            ...(isCompressed && { 'content-encoding': 'gzip' }),
          })
          .end(isCompressed ? gzipSync(body) : body);
      };
      const proxy = createServer((request, response) => void answer(request, response));
      await new Promise<void>((resolve) => {
        proxy.listen(0, '127.0.0.1', resolve);
      });
      const behind = createCaldavCalendar({
        calendarUrl: url.replace(radicale.url, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`),
        username: radicale.username,
        password: radicale.password,
        timeZone,
        fetch: guard.fetch,
        now: () => new Date(contractNow),
      });
      const event = visit();
      const placed = await behind.put(event, null);
      await behind.put({ ...event, summary: 'Barba', sequence: 2 }, placed);
      expect(Object.values(await radicale.objects(url)).join('')).to.include('SUMMARY:Barba');
      proxy.close();
      proxy.closeAllConnections();
    });

  for (const status of [400, 403, 409]) {
    it(`a server that answers ${status} where a UID has another address, met, is written to there`, async () => {
      const event = visit();
      await radicale.enter(
        url,
        'from-the-mail.ics',
        icsOf([`UID:${event.uid}`, 'DTSTART:20261127T103000Z', 'DTEND:20261127T111500Z', 'SUMMARY:from the mail']),
      );
      line.script.push('pass', { status });
      expect((await calendar.put(event, null)).remoteId).to.match(/from-the-mail\.ics$/);
    });
  }

  it('a visit whose calendar is gone, taken away, is gone', async () => {
    const { remoteId } = await calendar.put(visit(), null);
    await fetch(url, { method: 'DELETE', headers: { authorization: `Basic ${btoa(`${radicale.username}:${radicale.password}`)}` } });
    await calendar.remove({ uid: visit().uid, remoteId });
  });

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

  it('a calendar that its owner has deleted, written to, is told as one that may come back', async () => {
    expect(await radicale.erase(url, '')).to.equal(200);
    const failure = await failureOf(calendar.put(visit(), null));
    expect([failure.kind, /^CalDAV failed: \w+ \d{3}$/.test(failure.message)]).to.deep.equal(['transient', true]);
    await calendar.remove({ uid: visit().uid, remoteId: null });
  });

  it('a token that the server has forgotten, used, brings all there is', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    for (const token of ['sync:http://radicale.org/ns/sync/forgotten', 'tag:"other"', '']) {
      const { isWhole, objects, token: next } = await calendar.changes(token, contractWindow);
      expect([isWhole, objects.length]).to.deep.equal([true, 1]);
      expect((await calendar.changes(next, contractWindow)).objects).to.deep.equal([]);
    }
  });

  it('a server without sync-collection, asked again, is read by its tag', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    const tagged = (tag: string): Answer => ({
      status: 207,
      headers: { 'content-type': 'text/xml' },
      body:
        `<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="http://calendarserver.org/ns/">` +
        `<response><href>${new URL(url).pathname}</href>` +
        `<propstat><prop><C:getctag>${tag}</C:getctag></prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
    });
    for (const [one, two] of [
      ['one', 'two'],
      ['41', '42'],
      ['1764000000123', '1764000000124'],
    ] as const) {
      line.script.push(tagged(one));
      const whole = await calendar.changes(null, contractWindow);
      expect([whole.token, whole.isWhole, whole.objects.length]).to.deep.equal([`tag:${one}`, true, 1]);
      line.script.push(tagged(one));
      expect(await calendar.changes(whole.token, contractWindow)).to.deep.equal({
        objects: [],
        gone: [],
        token: `tag:${one}`,
        isWhole: false,
      });
      line.script.push(tagged(two));
      expect((await calendar.changes(whole.token, contractWindow)).isWhole).to.equal(true);
    }
    // Of what tsdav has made a number of, the text is lost: then all is read each time.
    line.script.push(tagged('1.10'));
    expect((await calendar.changes(null, contractWindow)).token).to.equal('');
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

  it('an invitation that its owner has declined, under whatever address the server knows him by, keeps him free', async () => {
    const invited = (name: string, ...more: string[]) => [
      `UID:${name}`,
      'DTSTART:20261130T090000Z',
      'DTEND:20261130T100000Z',
      'ORGANIZER:mailto:boss@example.org',
      ...more,
    ];
    const told = (href: string, property: string): Answer => ({
      status: 207,
      headers: { 'content-type': 'text/xml' },
      body: `<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><response><href>${href}</href><propstat><prop>${property}</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`,
    });
    const busy = async (): Promise<string[]> =>
      (await calendar.changes(null, contractWindow)).objects
        .flatMap(({ uid, busy: [first] }) => (first && uid !== null ? [uid] : []))
        .sort();
    // Long lines are folded, wherever that is.
    await radicale.enter(url, 'a.ics', icsOf(invited('a', 'ATTENDEE;PARTSTAT=DECL\r\n INED;CN=Rui:MAILTO:Rui.Costa@example.org')));
    await radicale.enter(
      url,
      'b.ics',
      icsOf(invited('b', 'ATTENDEE;PARTSTAT=DECLINED:mailto:ana@example.org', 'ATTENDEE;PARTSTAT=ACCEPTED:mailto:rui.costa@example.org')),
    );
    await radicale.enter(url, 'c.ics', icsOf(invited('c', `ATTENDEE;PARTSTAT=DECLINED:mailto:${radicale.username}`)));
    expect(await busy()).to.deep.equal(['a', 'b']);
    line.script.push(
      'pass',
      'pass',
      'pass',
      told(new URL(url).pathname, '<current-user-principal><href>/rui/</href></current-user-principal>'),
      told(
        '/rui/',
        '<C:calendar-user-address-set><href>/rui/</href><href preferred="1">mailto:rui.costa@example.org</href></C:calendar-user-address-set>',
      ),
    );
    calendar = own.openAs(radicale.password, timeZone);
    expect(await busy()).to.deep.equal(['b']);
  });

  it('an object that nobody can read, met, hides no other', async () => {
    await radicale.enter(url, 'dentist.ics', icsOf(['DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z']));
    await radicale.enter(url, 'odd.ics', icsOf(['DTSTART:20261015T000000Z', 'DTEND:20261015T000030Z', 'RRULE:FREQ=MINUTELY']));
    const { objects } = await calendar.changes(null, contractWindow);
    expect(objects.map(({ isUnreadable }) => isUnreadable ?? false).sort()).to.deep.equal([false, true]);
  });
});
