/**
 * Goal: a visit in a feed is the event of the mails' invitation, of each barber and of the shop.
 * Method: book and move over HTTP; read the feeds as calendar programs do, by ical.js.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { BarberService } from '../../src/db/entities/barber.ts';
import { Service } from '../../src/db/entities/network.ts';
import { readCalendar, type SaidEvent } from '../support/calendar.ts';
import { eventually } from '../support/engine.ts';
import { uid, utc, useFeeds } from '../support/feed-stage.ts';
import { invitationOf, mailsOf } from '../support/inbox.ts';
import { needPython, readFeedsByPython } from '../support/python.ts';

describe('feeds and invitations', () => {
  const stage = useFeeds();
  const { open, call, made, get, eventsOf, booked } = stage;

  it("a visit, booked and moved, has the UID, SEQUENCE and times of its barber's invitations in the feeds of barber and shop", async () => {
    const { id } = await booked();
    const feeds = [await made('barbers'), await made('shops', 'busy')];
    const inMail = async (kind: string) => {
      const mails = await eventually(
        () => mailsOf(id),
        (found) => found.some(({ headers }) => headers['x-punctual-kind'] === kind),
      );
      return readCalendar(await invitationOf(mails.find(({ headers }) => headers['x-punctual-kind'] === kind)!)).events[0]!;
    };
    const told = ({ uid: one, sequence, start, end }: SaidEvent) => ({ uid: one, sequence, start, end });
    const first = told(await inMail('confirmation_barber'));
    expect(first).to.deep.equal({ uid: uid(id), sequence: 0, start: utc(stage.network.at('10:00')), end: utc(stage.network.at('10:30')) });
    for (const { path } of feeds) expect((await eventsOf(path)).map(told)).to.deep.equal([first]);

    expect((await call('POST', `/v1/appointments/${id}/reschedule`, { startsAt: stage.network.at('15:00') })).status).to.equal(200);
    const moved = told(await inMail('rescheduled_barber'));
    expect(moved).to.include({ uid: first.uid, start: utc(stage.network.at('15:00')) });
    expect(moved.sequence).to.be.above(first.sequence);
    for (const { path } of feeds) expect((await eventsOf(path)).map(told)).to.deep.equal([moved]);

    expect((await call('POST', `/v1/appointments/${id}/cancel`)).status).to.equal(200);
    for (const { path } of feeds) expect(await eventsOf(path)).to.deep.equal([]);
  });

  it("a visit of two barbers, booked and moved, is each one's own event, as in his mail; the shop's feed has both", async function () {
    await open({ barbers: 2 });
    const [one, two] = stage.network.barberIds as [string, string];
    const beard = randomUUID();
    const { networkId, serviceId } = stage.network;
    const em = stage.engine.database.orm.em.fork();
    await em.insert(Service, {
      id: beard,
      networkId,
      name: 'Barba',
      durationMinutes: 15,
      segments: [{ kind: 'busy', minutes: 15 }],
      priceCents: 1000,
      currency: 'EUR',
      settings: {},
      archivedAt: null,
      version: 1,
    });
    await em.insertMany(
      BarberService,
      [
        [one, beard],
        [two, serviceId],
      ].map(([barberId = '', refused = '']) => ({
        id: randomUUID(),
        networkId,
        barberId,
        serviceId: refused,
        offered: false,
        segments: null,
        priceCents: null,
        settings: {},
        version: 1,
      })),
    );
    const { id } = await booked({
      serviceId: undefined,
      barberId: undefined,
      services: [{ serviceId }, { serviceId: beard }],
      sameBarber: false,
    });
    const paths = [await made('barbers', 'full', one), await made('barbers', 'full', two), await made('shops')].map(({ path }) => path);

    const check = async (kind: string, sequence: number, time: string, until: string, end: string) => {
      const mails = await eventually(
        async () => (await mailsOf(id)).filter(({ headers }) => headers['x-punctual-kind'] === kind),
        (found) => found.length === 2,
      );
      const inMails = await Promise.all(mails.map(async (mail) => readCalendar(await invitationOf(mail)).events[0]!));
      const expected = [
        { uid: uid(id, one), sequence, start: utc(stage.network.at(time)), end: utc(stage.network.at(until)) },
        { uid: uid(id, two), sequence, start: utc(stage.network.at(until)), end: utc(stage.network.at(end)) },
      ];
      const told = (events: SaidEvent[]) =>
        events.map((each) => ({ uid: each.uid, sequence: each.sequence, start: each.start, end: each.end }));
      expect(told(inMails)).to.have.deep.members(expected);
      const [first, second, both] = await Promise.all(paths.map(eventsOf));
      expect([told(first!), told(second!), told(both!)]).to.deep.equal([expected.slice(0, 1), expected.slice(1), expected]);
      expect(both!.map(({ summary }) => summary)).to.deep.equal(['Barber 1: Corte, Ana Söderberg', 'Barber 2: Barba, Ana Söderberg']);
      return expected;
    };
    await check('confirmation_barber', 0, '10:00', '10:30', '10:45');
    expect((await call('POST', `/v1/appointments/${id}/reschedule`, { startsAt: stage.network.at('15:00') })).status).to.equal(200);
    const expected = await check('rescheduled_barber', 2, '15:00', '15:30', '15:45');

    const python = needPython(this);
    const [said] = await readFeedsByPython(python, [(await get(paths[2]!)).text]);
    expect(said!.events.map(({ uid: each, sequence, start, end }) => ({ uid: each, sequence, start, end }))).to.deep.equal(expected);
    expect(said!.events.every(({ start, startByFile }) => start === startByFile)).to.equal(true);
  });

  it('two services of one barber, are one event with both names', async () => {
    const {
      serviceId,
      barberIds: [barberId],
    } = stage.network;
    const { id, endsAt } = await booked({
      serviceId: undefined,
      barberId: undefined,
      services: [
        { serviceId, barberId },
        { serviceId, barberId },
      ],
    });
    const { path } = await made('barbers', 'service');
    expect((await eventsOf(path)).map((event) => [event.uid, event.summary, event.end])).to.deep.equal([
      [uid(id), 'Corte + Corte', utc(endsAt)],
    ]);
  });
});
