/**
 * Goal: barbers and shops subscribe to their calendars by a secret address, which tells what it may, under the mails' UIDs, until it is revoked.
 * Method: book, move and change over HTTP; read the feeds as calendar programs do, by ical.js and by Python; look for planted names.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { Assignment, BarberService } from '../../src/db/entities/barber.ts';
import { Service, Shop } from '../../src/db/entities/network.ts';
import { createFeeds } from '../../src/db/feed.ts';
import type { CalendarPrivacy } from '../../src/domain/calendar-visit.ts';
import { DAY, resolveLocal } from '../../src/domain/time.ts';
import { book, customer } from '../support/booking.ts';
import { lineFaults, readCalendar, type SaidEvent } from '../support/calendar.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { clockChanges } from '../support/clock-changes.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { invitationOf, mailsOf } from '../support/inbox.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { needPython, readFeedsByPython } from '../support/python.ts';

type Read = { status: number; text: string; headers: Headers };

describe('feeds', () => {
  let engine: Engine;
  let network: TestNetwork;
  let aheadMs = 0;
  const logged: string[] = [];

  before(async () => {
    const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000', PUBLIC_URL: 'https://bookings.example/', TRUST_PROXY: '1' }, deps: { now: () => new Date(Date.now() + aheadMs), log } });
  });
  after(() => engine.stop());
  beforeEach(() => open());

  const open = async (wishes: NetworkWishes = {}) => {
    aheadMs = 0;
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> => engine.call(network.apiKey, method, path, body, headers);
  const sql = <Row extends object>(statement: string, values: unknown[] = []) => engine.database.orm.em.fork().execute<Row[]>(statement, values);
  const feedsOf = (kind: 'barbers' | 'shops', id?: string) => `/v1/${kind}/${id ?? (kind === 'shops' ? network.shopId : network.barberIds[0])}/feeds`;
  /** A new feed: its id and the path of its address. */
  async function made(kind: 'barbers' | 'shops', privacy: CalendarPrivacy = 'full', id?: string): Promise<{ id: string; path: string }> {
    const { status, body, text } = await call('POST', feedsOf(kind, id), { privacy });
    expect(status, text).to.equal(201);
    expect(body.url).to.match(/^https:\/\/bookings\.example\/feeds\/[\w-]{43}\.ics$/);
    return { id: body.id, path: new URL(body.url).pathname };
  }
  /** Each time from another address, so that only one test meets the limit. */
  async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Read> {
    const response = await fetch(`${engine.url}${path}`, { method, headers: { 'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`, ...headers } });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }
  async function eventsOf(path: string): Promise<SaidEvent[]> {
    const { status, text } = await get(path);
    expect(status, text).to.equal(200);
    expect(lineFaults(text)).to.deep.equal([]);
    return readCalendar(text).events;
  }
  const booked = async (wishes: Record<string, unknown> = {}): Promise<{ id: string; startsAt: string; endsAt: string }> => {
    const answer = await book(engine, network, wishes);
    expect(answer.status, answer.text).to.equal(201);
    return answer.body;
  };
  /** Claimed straight on the database; tells nobody. */
  async function claimed(startsAt: string): Promise<string> {
    const { orm } = engine.database;
    const ids = await request(orm, network, startsAt);
    await claim(orm, ids, await facts(orm, network, startsAt), startsAt);
    return ids.appointmentId;
  }
  const uid = (...ids: string[]) => `${ids.join('.')}@punctual`;
  const utc = (at: string) => new Date(at).toISOString();

  it('a feed, made, answers its address once; the list tells who reads it and not where; no table has the token', async () => {
    const answer = await call('POST', feedsOf('shops'), { privacy: 'busy', name: 'Receção' });
    expect(answer.status, answer.text).to.equal(201);
    expect(answer.body).to.include({ privacy: 'busy', name: 'Receção', lastReadAt: null, reads: 0 });
    const { pathname } = new URL(answer.body.url);
    for (const method of ['GET', 'HEAD', 'GET']) expect((await get(pathname, {}, method)).status).to.equal(200);

    const list = await call('GET', feedsOf('shops'));
    const { url, ...rest } = answer.body;
    const { lastReadAt } = list.body.items[0];
    expect(list.body).to.deep.equal({ items: [{ ...rest, reads: 3, lastReadAt }], nextCursor: null });
    expect(Date.parse(lastReadAt)).to.be.within(Date.parse(rest.createdAt), Date.now());
    expect((await call('GET', feedsOf('barbers'))).body.items).to.deep.equal([]);
    const token = String(url).slice(-47, -4);
    const tables = await sql<{ name: string }>(`select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`);
    for (const { name } of tables) expect(await sql(`select 1 from ${name} t where t::text like ?`, [`%${token}%`]), name).to.deep.equal([]);
    expect(logged.some((line) => line.includes('/feeds/:token'))).to.equal(true);
    expect(logged.join('\n') + (await get('/metrics')).text).to.include('/feeds/:token').and.not.include(token);
  });

  it('a feed, asked for again, with or without a key and by many at once, is the same one; of another name, level or owner, another; revoked, a new one', async () => {
    const post = async (body: object, kind: 'barbers' | 'shops' = 'shops', headers = {}) => (await call('POST', feedsOf(kind), body, headers)).body as { id: string; url: string };
    const first = await post({ privacy: 'full' });
    const again = await Promise.all([{}, {}, { 'idempotency-key': 'a' }, { 'idempotency-key': 'a' }].map((headers) => post({ privacy: 'full' }, 'shops', headers)));
    expect(again.map(({ id, url }) => [id, url])).to.deep.equal(again.map(() => [first.id, first.url]));
    const others = [await post({ privacy: 'full', name: 'Ana' }), await post({ privacy: 'busy' }), await post({ privacy: 'full' }, 'barbers')];
    expect(new Set([first, ...others].map(({ url }) => url)).size).to.equal(4);

    for (const _ of [1, 2]) expect((await call('DELETE', `/v1/feeds/${first.id}`)).status).to.equal(204);
    const next = await post({ privacy: 'full' });
    expect([next.id === first.id, next.url === first.url]).to.deep.equal([false, false]);
    expect((await call('GET', feedsOf('shops'))).body.items.map(({ id }: { id: string }) => id)).to.have.members([next.id, others[0]!.id, others[1]!.id]);
  });

  it('a feed, asked for with faulty fields, is refused by their names', async () => {
    const bad: [object, string[]][] = [[{}, ['/privacy']], [{ privacy: 'all' }, ['/privacy']], [{ privacy: 'busy', name: '' }, ['/name']], [{ privacy: 'busy', name: 'a\nb' }, ['/name']], [{ privacy: 'busy', token: 'x' }, ['/token']]];
    for (const [body, paths] of bad) expectProblem(await call('POST', feedsOf('barbers'), body), 'invalid_request', paths);
    expect((await call('GET', feedsOf('barbers'))).body.items).to.deep.equal([]);
  });

  it('a feed made under another LINK_SECRET, goes on working; its address cannot be told again until it is revoked', async () => {
    const before = createFeeds({ linkSecret: 'the secret that was used before', publicUrl: '' });
    const { id, url } = await before.issue(engine.database.orm.em.fork(), { networkId: network.networkId, barberId: null, shopId: network.shopId }, { id: randomUUID(), privacy: 'full', name: null });
    expect((await get(url)).status).to.equal(200);
    expectProblem(await call('POST', feedsOf('shops'), { privacy: 'full' }), 'not_allowed');
    await call('DELETE', `/v1/feeds/${id}`);
    expect([(await get(url)).status, (await get((await made('shops')).path)).status]).to.deep.equal([404, 200]);
  });

  it('a visit, booked and moved, has the UID, SEQUENCE and times of its barber\'s invitations in the feeds of barber and shop', async () => {
    const { id } = await booked();
    const feeds = [await made('barbers'), await made('shops', 'busy')];
    const inMail = async (kind: string) => {
      const mails = await eventually(() => mailsOf(id), (found) => found.some(({ headers }) => headers['x-punctual-kind'] === kind));
      return readCalendar(await invitationOf(mails.find(({ headers }) => headers['x-punctual-kind'] === kind)!)).events[0]!;
    };
    const told = ({ uid: one, sequence, start, end }: SaidEvent) => ({ uid: one, sequence, start, end });
    const first = told(await inMail('confirmation_barber'));
    expect(first).to.deep.equal({ uid: uid(id), sequence: 0, start: utc(network.at('10:00')), end: utc(network.at('10:30')) });
    for (const { path } of feeds) expect((await eventsOf(path)).map(told)).to.deep.equal([first]);

    expect((await call('POST', `/v1/appointments/${id}/reschedule`, { startsAt: network.at('15:00') })).status).to.equal(200);
    const moved = told(await inMail('rescheduled_barber'));
    expect(moved).to.include({ uid: first.uid, start: utc(network.at('15:00')) });
    expect(moved.sequence).to.be.above(first.sequence);
    for (const { path } of feeds) expect((await eventsOf(path)).map(told)).to.deep.equal([moved]);

    expect((await call('POST', `/v1/appointments/${id}/cancel`)).status).to.equal(200);
    for (const { path } of feeds) expect(await eventsOf(path)).to.deep.equal([]);
  });

  it('a visit of two barbers, booked and moved, is each one\'s own event, as in his mail; the shop\'s feed has both', async function () {
    await open({ barbers: 2 });
    const [one, two] = network.barberIds as [string, string];
    const beard = randomUUID();
    const { networkId, serviceId } = network;
    const em = engine.database.orm.em.fork();
    await em.insert(Service, { id: beard, networkId, name: 'Barba', durationMinutes: 15, segments: [{ kind: 'busy', minutes: 15 }], priceCents: 1000, currency: 'EUR', settings: {}, archivedAt: null, version: 1 });
    await em.insertMany(BarberService, [[one, beard], [two, serviceId]].map(([barberId = '', refused = '']) =>
      ({ id: randomUUID(), networkId, barberId, serviceId: refused, offered: false, segments: null, priceCents: null, settings: {}, version: 1 })));
    const { id } = await booked({ serviceId: undefined, barberId: undefined, services: [{ serviceId }, { serviceId: beard }], sameBarber: false });
    const paths = [await made('barbers', 'full', one), await made('barbers', 'full', two), await made('shops')].map(({ path }) => path);

    const check = async (kind: string, sequence: number, time: string, until: string, end: string) => {
      const mails = await eventually(async () => (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === kind), (found) => found.length === 2);
      const inMails = await Promise.all(mails.map(async (mail) => readCalendar(await invitationOf(mail)).events[0]!));
      const expected = [{ uid: uid(id, one), sequence, start: utc(network.at(time)), end: utc(network.at(until)) }, { uid: uid(id, two), sequence, start: utc(network.at(until)), end: utc(network.at(end)) }];
      const told = (events: SaidEvent[]) => events.map((each) => ({ uid: each.uid, sequence: each.sequence, start: each.start, end: each.end }));
      expect(told(inMails)).to.have.deep.members(expected);
      const [first, second, both] = await Promise.all(paths.map(eventsOf));
      expect([told(first!), told(second!), told(both!)]).to.deep.equal([expected.slice(0, 1), expected.slice(1), expected]);
      expect(both!.map(({ summary }) => summary)).to.deep.equal(['Barber 1: Corte, Ana Söderberg', 'Barber 2: Barba, Ana Söderberg']);
      return expected;
    };
    await check('confirmation_barber', 0, '10:00', '10:30', '10:45');
    expect((await call('POST', `/v1/appointments/${id}/reschedule`, { startsAt: network.at('15:00') })).status).to.equal(200);
    const expected = await check('rescheduled_barber', 2, '15:00', '15:30', '15:45');

    const python = needPython(this);
    const [said] = await readFeedsByPython(python, [(await get(paths[2]!)).text]);
    expect(said!.events.map(({ uid: each, sequence, start, end }) => ({ uid: each, sequence, start, end }))).to.deep.equal(expected);
    expect(said!.events.every(({ start, startByFile }) => start === startByFile)).to.equal(true);
  });

  it('two services of one barber, are one event with both names', async () => {
    const { serviceId, barberIds: [barberId] } = network;
    const { id, endsAt } = await booked({ serviceId: undefined, barberId: undefined, services: [{ serviceId, barberId }, { serviceId, barberId }] });
    const { path } = await made('barbers', 'service');
    expect((await eventsOf(path)).map((event) => [event.uid, event.summary, event.end])).to.deep.equal([[uid(id), 'Corte + Corte', utc(endsAt)]]);
  });

  const planted = { customer: 'Quillname', mail: 'quillmail', phone: '935550199', barber: 'Barber 1', shop: 'Barbearia Ação', address: 'Rua da Prata', service: 'Corte' };
  const levels: [kind: 'barbers' | 'shops', privacy: CalendarPrivacy, told: (keyof typeof planted)[]][] = [
    ['barbers', 'busy', []], ['shops', 'busy', []],
    ['barbers', 'service', ['service', 'shop', 'address', 'barber']], ['shops', 'service', ['service', 'shop', 'address', 'barber']],
    ['barbers', 'full', ['service', 'shop', 'address', 'barber', 'customer', 'phone']], ['shops', 'full', ['service', 'shop', 'address', 'barber', 'customer', 'phone']],
  ];
  for (const [kind, privacy, told] of levels) {
    it(`the feed "${privacy}" of ${kind}, searched for all that was planted, tells ${told.join(', ') || 'nothing'}`, async () => {
      await booked({ customer: customer({ name: 'Zoé Quillname', email: 'quillmail@example.com', phone: '+351935550199' }) });
      const { text } = await get((await made(kind, privacy)).path);
      const unfolded = text.replaceAll('\r\n ', '').toLowerCase();
      expect(Object.entries(planted).filter(([, value]) => unfolded.includes(value.toLowerCase())).map(([name]) => name)).to.have.members(told);
      const { events: [event], value } = readCalendar(text);
      if (privacy !== 'busy') return void expect(value('x-wr-calname')).to.equal(kind === 'shops' ? planted.shop : planted.barber);
      expect([value('x-wr-calname'), event!.summary]).to.deep.equal(['Ocupado', 'Ocupado']);
      expect(event!.properties).to.deep.equal(['uid', 'sequence', 'dtstamp', 'dtstart', 'dtend', 'summary', 'status']);
    });
  }

  it('a customer who was erased, leaves the service, and so does one who never gave a name', async () => {
    await open({ timeZone: 'UTC', hours: everyDay(0, 1440) });
    const { id } = await booked({ customer: customer({ name: 'Zoé Quillname' }) });
    const { body: walkIn } = await call('POST', '/v1/walk-ins', { shopId: network.shopId, serviceId: network.serviceId }, { 'idempotency-key': randomUUID() });
    const { path } = await made('barbers');
    expect((await eventsOf(path)).map((event) => [event.uid, event.summary])).to.deep.equal([[uid(walkIn.id), 'Corte'], [uid(id), 'Corte, Zoé Quillname']]);
    await sql('delete from contact where id = ?', [id]);
    expect((await eventsOf(path)).map(({ summary, description }) => [summary, description])).to.deep.equal([['Corte', ''], ['Corte', '']]);
  });

  it('visits of each state, are shown while they take time, tentative while they wait for approval', async () => {
    const states = ['confirmed', 'pending_approval', 'checked_in', 'started', 'completed', 'cancelled', 'no_show', 'expired', 'refused', 'held'];
    const ids = new Map<string, string>();
    for (const [index, state] of states.entries()) {
      const id = await claimed(network.at(`${index + 9}:00`.padStart(5, '0'), 2));
      await sql(`update appointment set status = ?, decide_by = now() + interval '1 day' where id = ?`, [state, id]);
      ids.set(id, state);
    }
    for (const kind of ['barbers', 'shops'] as const) {
      const events = await eventsOf((await made(kind, 'busy')).path);
      expect(events.map((event) => [ids.get(event.uid.replace('@punctual', '')), event.status])).to.deep.equal([
        ['confirmed', 'CONFIRMED'], ['pending_approval', 'TENTATIVE'], ['checked_in', 'CONFIRMED'], ['started', 'CONFIRMED'], ['completed', 'CONFIRMED'],
      ]);
    }
  });

  it('a hold, until somebody confirms it, is nobody\'s visit', async () => {
    const { path } = await made('barbers');
    const held = await call('POST', '/v1/holds', { shopId: network.shopId, serviceId: network.serviceId, barberId: network.barberIds[0], startsAt: network.at('10:00') }, { 'idempotency-key': randomUUID() });
    expect(await eventsOf(path)).to.deep.equal([]);
    expect((await call('POST', `/v1/holds/${held.body.id}/confirm`, { token: held.body.token, customer: customer({ name: 'Rui' }) }, { 'idempotency-key': randomUUID() })).status).to.equal(200);
    expect((await eventsOf(path)).map(({ summary }) => summary)).to.deep.equal(['Corte, Rui']);
  });

  it('a visit, from 400 days before its start to 30 days after it, is shown; earlier and later it is not', async () => {
    const { startsAt } = await booked();
    for (const kind of ['barbers', 'shops'] as const) {
      const { path } = await made(kind, 'busy');
      for (const [days, shown] of [[-400.01, 0], [-399.99, 1], [0, 1], [29.99, 1], [30.01, 0]] as const) {
        aheadMs = Date.parse(startsAt) + days * DAY - Date.now();
        expect(await eventsOf(path), `${kind} ${days}`).to.have.length(shown);
      }
    }
  });

  it('visits in the weeks of both clock changes, the repeated hour included, are at their instants, by ical.js and by Python', async function () {
    await open({ timeZone: 'Europe/Lisbon', hours: everyDay(0, 1440), settings: { bookingHorizonDays: 400 } });
    const { skipped, repeated } = clockChanges(network.timeZone);
    const twice = resolveLocal(repeated, network.timeZone);
    if (twice.kind !== 'ambiguous') throw new Error('that hour is not repeated');
    const gap = resolveLocal(skipped, network.timeZone);
    if (gap.kind !== 'skipped') throw new Error('that hour is not skipped');
    const starts = [...twice.instants.flatMap((at) => [at - DAY, at, at + DAY]), ...[-DAY, -1_800_000, 0, DAY].map((more) => gap.nextInstant + more)].sort((a, b) => a - b).map((at) => new Date(at).toISOString());
    for (const startsAt of starts) await claimed(startsAt);
    const { path } = await made('barbers', 'busy');

    expect((await eventsOf(path)).map(({ start }) => start)).to.deep.equal(starts);
    expect((await eventsOf(path)).map(({ end }) => end)).to.deep.equal(starts.map((start) => new Date(Date.parse(start) + 1_800_000).toISOString()));
    const [said] = await readFeedsByPython(needPython(this), [(await get(path)).text]);
    expect(said!.events.map(({ start, startByFile }) => [start, startByFile])).to.deep.equal(starts.map((start) => [start, start]));
  });

  it('a barber\'s feed, has his visits of all shops; a shop\'s, those of all its barbers, and no others', async () => {
    await open({ barbers: 2 });
    const [one, two] = network.barberIds as [string, string];
    const { networkId, serviceId } = network;
    const other = randomUUID();
    const em = engine.database.orm.em.fork();
    await em.insert(Shop, { id: other, networkId, slug: 'ponta', name: 'Ponta Delgada', address: 'Rua 1', phone: null, email: null, timeZone: 'Atlantic/Azores', locale: 'en-GB', settings: {}, openingHours: everyDay(0, 1440), archivedAt: null, version: 1 });
    await em.insert(Assignment, { id: randomUUID(), networkId, barberId: one, shopId: other, periods: [{ fromDate: null, toDate: null, hours: everyDay(1200, 1440), breaks: [] }], version: 1 });
    const [here, there, his] = [await booked(), await booked({ shopId: other, serviceId, startsAt: network.at('22:00') }), await booked({ barberId: two, startsAt: network.at('11:00') })];
    const uids = async (kind: 'barbers' | 'shops', id: string) => (await eventsOf((await made(kind, 'full', id)).path)).map((event) => event.uid);

    expect(await uids('barbers', one)).to.deep.equal([uid(here.id), uid(there.id)]);
    expect(await uids('barbers', two)).to.deep.equal([uid(his.id)]);
    expect(await uids('shops', network.shopId)).to.deep.equal([uid(here.id), uid(his.id)]);
    const { text } = await get((await made('shops', 'busy', other)).path);
    expect(text).to.include('SUMMARY:Busy\r\n').and.include('\r\nTZID:Atlantic/Azores\r\n').and.not.include('Europe/Lisbon');
    const { text: both } = await get((await made('barbers', 'full', one)).path);
    expect(readCalendar(both).zones).to.deep.equal(['Europe/Lisbon', 'Atlantic/Azores']);
  });

  it('a feed that is revoked, whose token never was, or is none, answers the same, at once; likewise when barber or shop were archived', async () => {
    const [revoked, ofShop, ofBarber] = [await made('shops', 'busy'), await made('shops', 'full'), await made('barbers', 'full')];
    for (const { path } of [revoked, ofShop, ofBarber]) expect((await get(path)).status).to.equal(200);
    const shown = ({ status, text, headers: given }: Read) => [status, text.replace(/urn:uuid:[\w-]+/, ''), [...given].filter(([name]) => !['date', 'x-request-id', 'ratelimit', 'ratelimit-policy'].includes(name))];
    const { headers } = await get(revoked.path);
    expect((await call('DELETE', `/v1/feeds/${revoked.id}`)).status).to.equal(204);
    const dead = shown(await get(revoked.path, { 'if-none-match': headers.get('etag')! }));
    expect(dead[0]).to.equal(404);
    await sql('update shop set archived_at = now() where id = ?', [network.shopId]);
    await sql('update barber set archived_at = now() where id = ?', [network.barberIds[0]]);

    const others = [revoked.path, ofShop.path, ofBarber.path, `/feeds/${'x'.repeat(43)}.ics`, '/feeds/x.ics', `/feeds/${randomUUID()}.ics`, '/feeds/%00.ics', '/feeds/x', '/feeds/%E0%A4%A.ics'];
    for (const path of others) expect(shown(await get(path)), path).to.deep.equal(dead);
    expect((await call('GET', feedsOf('shops'))).status).to.equal(404);
    expect((await call('DELETE', `/v1/feeds/${ofShop.id}`)).status, 'what cannot be listed can be revoked').to.equal(204);
  });

  it('another network\'s barber, shop or feed, is nowhere, and its feeds stay as they are', async () => {
    const { path, id } = await made('shops');
    const theirs = network;
    await open();
    for (const method of ['GET', 'POST']) {
      expectProblem(await call(method, feedsOf('shops', theirs.shopId), method === 'POST' ? { privacy: 'busy' } : undefined), 'not_found');
      expectProblem(await call(method, feedsOf('barbers', theirs.barberIds[0]), method === 'POST' ? { privacy: 'busy' } : undefined), 'not_found');
    }
    expectProblem(await call('DELETE', `/v1/feeds/${id}`), 'not_found');
    await booked();
    expect(await eventsOf(path)).to.deep.equal([]);
  });

  it('a feed, as it is served, is a calendar for its reader alone, without a cookie; asked for by its ETag, comes again only when it has changed', async () => {
    const { path } = await made('barbers');
    const first = await get(path);
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('content-type')).to.equal('text/calendar; charset=utf-8');
    expect(first.headers.get('cache-control')).to.match(/\bprivate\b/);
    expect([first.headers.get('set-cookie'), first.headers.get('referrer-policy'), first.headers.get('x-robots-tag')]).to.deep.equal([null, 'no-referrer', 'noindex, nofollow']);
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.text, head.headers.get('etag'), head.headers.get('content-length')]).to.deep.equal([200, '', etag, String(Buffer.byteLength(first.text))]);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await get(path, { 'if-none-match': known });
      expect([same.status, same.text, same.headers.get('etag'), same.headers.get('cache-control')], known).to.deep.equal([304, '', etag, first.headers.get('cache-control')]);
    }
    aheadMs = 5 * 60_000;
    expect((await get(path, { 'if-none-match': etag })).status, 'later').to.equal(304);
    aheadMs = 0;
    await booked();
    const changed = await get(path, { 'if-none-match': etag });
    expect([changed.status, changed.headers.get('etag') === etag]).to.deep.equal([200, false]);
    expect((await get(path, {}, 'POST')).status).to.equal(404);
  });

  it('a flood of guesses from one address, is stopped', async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => get(`/feeds/${'y'.repeat(43)}.ics`, { 'x-forwarded-for': '192.0.2.1' })));
    expect(answers.filter(({ status }) => status === 429).length).to.equal(10);
  });

  it('the document of the API, has the routes of feeds, with what an address is', async () => {
    const { paths } = (await call('GET', '/openapi.json')).body;
    for (const kind of ['barbers', 'shops']) {
      expect(Object.keys(paths[`/v1/${kind}/{id}/feeds`])).to.have.members(['get', 'post']);
      expect(paths[`/v1/${kind}/{id}/feeds`].post.requestBody.content['application/json'].schema.properties.privacy.enum).to.deep.equal(['busy', 'service', 'full']);
    }
    expect(Object.keys(paths['/v1/feeds/{id}'])).to.deep.equal(['delete']);
  });
});
