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
import type { Calendar } from '../../src/integrations/calendar/calendar.ts';
import { startInstant, toUtc } from '../../src/domain/time.ts';
import { openOver } from '../support/caldav.ts';
import { describeCalendar } from '../support/calendar-contract.ts';
import { contractNow, contractWindow, failureOf, visit, type Entry } from '../support/calendar-subject.ts';
import type { Answer } from '../support/faulty-http.ts';
import { icsOf } from '../support/ics.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

const timeZone = 'Europe/Lisbon';

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
});
