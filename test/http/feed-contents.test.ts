/**
 * Goal: a feed shows the visits that it should, when they are, and of people what its level allows.
 * Method: book, hold and change; read the feeds by ical.js and by Python; look for planted names.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Assignment } from '../../src/db/entities/barber.ts';
import { Shop } from '../../src/db/entities/network.ts';
import type { CalendarPrivacy } from '../../src/domain/calendar-visit.ts';
import { DAY, resolveLocal } from '../../src/domain/time.ts';
import { customer } from '../support/booking.ts';
import { readCalendar } from '../support/calendar.ts';
import { clockChanges } from '../support/clock-changes.ts';
import { uid, useFeeds } from '../support/feed-stage.ts';
import { everyDay } from '../support/network.ts';
import { needPython, readFeedsByPython } from '../support/python.ts';

describe('what feeds show', () => {
  const stage = useFeeds();
  const { open, call, sql, made, get, eventsOf, booked, claimed } = stage;

  const planted = {
    customer: 'Quillname',
    mail: 'quillmail',
    phone: '935550199',
    barber: 'Barber 1',
    shop: 'Barbearia Ação',
    address: 'Rua da Prata',
    service: 'Corte',
  };
  const levels: [kind: 'barbers' | 'shops', privacy: CalendarPrivacy, told: (keyof typeof planted)[]][] = [
    ['barbers', 'busy', []],
    ['shops', 'busy', []],
    ['barbers', 'service', ['service', 'shop', 'address', 'barber']],
    ['shops', 'service', ['service', 'shop', 'address', 'barber']],
    ['barbers', 'full', ['service', 'shop', 'address', 'barber', 'customer', 'phone']],
    ['shops', 'full', ['service', 'shop', 'address', 'barber', 'customer', 'phone']],
  ];
  for (const [kind, privacy, told] of levels) {
    it(`the feed "${privacy}" of ${kind}, searched for all that was planted, tells ${told.join(', ') || 'nothing'}`, async () => {
      await booked({ customer: customer({ name: 'Zoé Quillname', email: 'quillmail@example.com', phone: '+351935550199' }) });
      const { text } = await get((await made(kind, privacy)).path);
      const unfolded = text.replaceAll('\r\n ', '').toLowerCase();
      expect(
        Object.entries(planted)
          .filter(([, value]) => unfolded.includes(value.toLowerCase()))
          .map(([name]) => name),
      ).to.have.members(told);
      const {
        events: [event],
        value,
      } = readCalendar(text);
      if (privacy !== 'busy') return void expect(value('x-wr-calname')).to.equal(kind === 'shops' ? planted.shop : planted.barber);
      expect([value('x-wr-calname'), event!.summary]).to.deep.equal(['Ocupado', 'Ocupado']);
      expect(event!.properties).to.deep.equal(['uid', 'sequence', 'dtstamp', 'dtstart', 'dtend', 'summary', 'status']);
    });
  }

  it('a customer who was erased, leaves the service, and so does one who never gave a name', async () => {
    await open({ timeZone: 'UTC', hours: everyDay(0, 1440) });
    const { id } = await booked({ customer: customer({ name: 'Zoé Quillname' }) });
    const { body: walkIn } = await call(
      'POST',
      '/v1/walk-ins',
      { shopId: stage.network.shopId, serviceId: stage.network.serviceId },
      { 'idempotency-key': randomUUID() },
    );
    const { path } = await made('barbers');
    expect((await eventsOf(path)).map((event) => [event.uid, event.summary])).to.deep.equal([
      [uid(walkIn.id), 'Corte'],
      [uid(id), 'Corte, Zoé Quillname'],
    ]);
    await sql('delete from contact where id = ?', [id]);
    expect((await eventsOf(path)).map(({ summary, description }) => [summary, description])).to.deep.equal([
      ['Corte', ''],
      ['Corte', ''],
    ]);
  });

  it('visits of each state, are shown while they take time, tentative while they wait for approval', async () => {
    const states = [
      'confirmed',
      'pending_approval',
      'checked_in',
      'started',
      'completed',
      'cancelled',
      'no_show',
      'expired',
      'refused',
      'held',
    ];
    const ids = new Map<string, string>();
    for (const [index, state] of states.entries()) {
      const id = await claimed(stage.network.at(`${index + 9}:00`.padStart(5, '0'), 2));
      await sql(`update appointment set status = ?, decide_by = now() + interval '1 day' where id = ?`, [state, id]);
      ids.set(id, state);
    }
    for (const kind of ['barbers', 'shops'] as const) {
      const events = await eventsOf((await made(kind, 'busy')).path);
      expect(events.map((event) => [ids.get(event.uid.replace('@punctual', '')), event.status])).to.deep.equal([
        ['confirmed', 'CONFIRMED'],
        ['pending_approval', 'TENTATIVE'],
        ['checked_in', 'CONFIRMED'],
        ['started', 'CONFIRMED'],
        ['completed', 'CONFIRMED'],
      ]);
    }
  });

  it("a hold, until somebody confirms it, is nobody's visit", async () => {
    const { path } = await made('barbers');
    const held = await call(
      'POST',
      '/v1/holds',
      {
        shopId: stage.network.shopId,
        serviceId: stage.network.serviceId,
        barberId: stage.network.barberIds[0],
        startsAt: stage.network.at('10:00'),
      },
      { 'idempotency-key': randomUUID() },
    );
    expect(await eventsOf(path)).to.deep.equal([]);
    expect(
      (
        await call(
          'POST',
          `/v1/holds/${held.body.id}/confirm`,
          { token: held.body.token, customer: customer({ name: 'Rui' }) },
          { 'idempotency-key': randomUUID() },
        )
      ).status,
    ).to.equal(200);
    expect((await eventsOf(path)).map(({ summary }) => summary)).to.deep.equal(['Corte, Rui']);
  });

  it('a visit, from 400 days before its start to 30 days after it, is shown; earlier and later it is not', async () => {
    const { startsAt } = await booked();
    for (const kind of ['barbers', 'shops'] as const) {
      const { path } = await made(kind, 'busy');
      for (const [days, shown] of [
        [-400.01, 0],
        [-399.99, 1],
        [0, 1],
        [29.99, 1],
        [30.01, 0],
      ] as const) {
        stage.aheadMs = Date.parse(startsAt) + days * DAY - Date.now();
        expect(await eventsOf(path), `${kind} ${days}`).to.have.length(shown);
      }
    }
  });

  it('visits in the weeks of both clock changes, the repeated hour included, are at their instants, by ical.js and by Python', async function () {
    await open({ timeZone: 'Europe/Lisbon', hours: everyDay(0, 1440), settings: { bookingHorizonDays: 400 } });
    const { skipped, repeated } = clockChanges(stage.network.timeZone);
    const twice = resolveLocal(repeated, stage.network.timeZone);
    if (twice.kind !== 'ambiguous') throw new Error('that hour is not repeated');
    const gap = resolveLocal(skipped, stage.network.timeZone);
    if (gap.kind !== 'skipped') throw new Error('that hour is not skipped');
    const starts = [
      ...twice.instants.flatMap((at) => [at - DAY, at, at + DAY]),
      ...[-DAY, -1_800_000, 0, DAY].map((more) => gap.nextInstant + more),
    ]
      .sort((a, b) => a - b)
      .map((at) => new Date(at).toISOString());
    for (const startsAt of starts) await claimed(startsAt);
    const { path } = await made('barbers', 'busy');

    expect((await eventsOf(path)).map(({ start }) => start)).to.deep.equal(starts);
    expect((await eventsOf(path)).map(({ end }) => end)).to.deep.equal(
      starts.map((start) => new Date(Date.parse(start) + 1_800_000).toISOString()),
    );
    const [said] = await readFeedsByPython(needPython(this), [(await get(path)).text]);
    expect(said!.events.map(({ start, startByFile }) => [start, startByFile])).to.deep.equal(starts.map((start) => [start, start]));
  });

  it("a barber's feed, has his visits of all shops; a shop's, those of all its barbers, and no others", async () => {
    await open({ barbers: 2 });
    const [one, two] = stage.network.barberIds as [string, string];
    const { networkId, serviceId } = stage.network;
    const other = randomUUID();
    const em = stage.engine.database.orm.em.fork();
    await em.insert(Shop, {
      id: other,
      networkId,
      slug: 'ponta',
      name: 'Ponta Delgada',
      address: 'Rua 1',
      phone: null,
      email: null,
      timeZone: 'Atlantic/Azores',
      locale: 'en-GB',
      settings: {},
      openingHours: everyDay(0, 1440),
      archivedAt: null,
      version: 1,
    });
    await em.insert(Assignment, {
      id: randomUUID(),
      networkId,
      barberId: one,
      shopId: other,
      periods: [{ fromDate: null, toDate: null, hours: everyDay(1200, 1440), breaks: [] }],
      version: 1,
    });
    const [here, there, his] = [
      await booked(),
      await booked({ shopId: other, serviceId, startsAt: stage.network.at('22:00') }),
      await booked({ barberId: two, startsAt: stage.network.at('11:00') }),
    ];
    const uids = async (kind: 'barbers' | 'shops', id: string) =>
      (await eventsOf((await made(kind, 'full', id)).path)).map((event) => event.uid);

    expect(await uids('barbers', one)).to.deep.equal([uid(here.id), uid(there.id)]);
    expect(await uids('barbers', two)).to.deep.equal([uid(his.id)]);
    expect(await uids('shops', stage.network.shopId)).to.deep.equal([uid(here.id), uid(his.id)]);
    const { text } = await get((await made('shops', 'busy', other)).path);
    expect(text).to.include('SUMMARY:Busy\r\n').and.include('\r\nTZID:Atlantic/Azores\r\n').and.not.include('Europe/Lisbon');
    const { text: both } = await get((await made('barbers', 'full', one)).path);
    expect(readCalendar(both).zones).to.deep.equal(['Europe/Lisbon', 'Atlantic/Azores']);
  });
});
