/**
 * Goal: free time goes to those who wait in their order, each time to one, however often a run is repeated. Method: entries and runs
 * straight on the database, without Temporal, over days that are full but for the times that a test frees.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { prepareOffers, type PreparedOffer } from '../../src/db/offering.ts';
import { addEntry, findEntry, type EntryFields, type EntryView } from '../../src/db/waitlist.ts';
import { addDays, toWall } from '../../src/domain/time.ts';
import { cancellation, change, claim, count, countOverlaps, facts, request } from '../support/claiming.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { buildNetwork, everyDay, type NetworkWishes, type TestNetwork } from '../support/network.ts';

describe('offers to who waits', () => {
  let database: TestDatabase;
  let network: TestNetwork;

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());

  /** Two visits of half an hour a day, unless told otherwise. */
  const open = async (wishes: NetworkWishes = {}): Promise<void> => {
    network = await buildNetwork(database.orm, { hours: everyDay(600, 660), ...wishes });
  };
  beforeEach(() => open());

  const date = (days: number) => addDays(toWall(Date.now(), network.timeZone).date, days);
  const person = () => ({ name: 'Ana', email: `${randomUUID()}@example.com`, phone: null, timeZone: 'Europe/Lisbon', locale: 'pt-PT' });
  async function wait(wishes: Partial<EntryFields> = {}, contact = person()): Promise<string> {
    const [id, { networkId, apiClientId, shopId, serviceId }] = [randomUUID(), network];
    const fields = { shopId, serviceId, barberId: null, fromDate: date(1), toDate: date(1), fromMinute: 0, toMinute: 1440, ...wishes };
    expect(await addEntry(database.orm.em.fork(), { id, networkId, apiClientId }, fields, contact, randomUUID(), 5)).to.equal(true);
    return id;
  }
  const run = (cause: string = randomUUID(), now = new Date()): Promise<PreparedOffer[]> =>
    prepareOffers(database.orm.em.fork(), { networkId: network.networkId, shopId: network.shopId, cause }, now);
  const entryOf = async (id: string): Promise<EntryView> => (await findEntry(database.orm.em.fork(), network.networkId, id))!;
  const who = (offers: PreparedOffer[]) => offers.map(({ entry, startsAt }) => [entry.waitlistEntryId, startsAt]);
  const at = (time: string, days = 1) => new Date(network.at(time, days)).toISOString();
  const answer = ({ appointmentId, networkId }: PreparedOffer, action: 'cancel' | 'confirm') =>
    change(database.orm, { networkId, appointmentId }, { ...cancellation, action });
  const taken = async (startsAt: string): Promise<void> => {
    await claim(database.orm, await request(database.orm, network, startsAt), await facts(database.orm, network, startsAt), startsAt);
  };
  const expire = async ({ appointmentId, networkId }: PreparedOffer): Promise<void> => {
    await database.orm.em.fork().execute('update appointment set decide_by = now() where id = ?', [appointmentId]);
    await change(database.orm, { networkId, appointmentId }, { action: 'expire', actor: 'timer', by: 'timer', source: 'timer' });
  };

  it('two free times and three who wait, are offered in the order in which they came, the earlier time to the earlier', async () => {
    const [first, second, third] = [await wait(), await wait(), await wait()];
    expect(who(await run())).to.deep.equal([
      [first, at('10:00')],
      [second, at('10:30')],
    ]);
    expect(await entryOf(third)).to.include({ status: 'waiting', appointmentId: null });
    const offered = await entryOf(first);
    expect(await count(database.orm, 'occupancy', 'appointment_id = ?', [offered.appointmentId])).to.equal(1);
    expect(await count(database.orm, 'delivery', `appointment_id = ? and kind = 'offer_customer'`, [offered.appointmentId])).to.equal(1);
  });

  it('a run, repeated for the same cause, one after another and at once, answers the offers of the first and makes none twice', async () => {
    for (let index = 0; index < 3; index += 1) await wait();
    const cause = randomUUID();
    const first = await run(cause);
    expect(await run(cause)).to.deep.equal(first);
    expect(await Promise.all([run(cause), run(cause)])).to.deep.equal([first, first]);
    expect(await count(database.orm, 'waitlist_offer', 'network_id = ?', [network.networkId])).to.equal(2);
  });

  it('runs for several causes at the same moment, give each time to one and each entry one offer', async () => {
    await open({ hours: everyDay(600, 720), barbers: 2 });
    for (let index = 0; index < 12; index += 1) await wait();
    const offers = (await Promise.all(Array.from({ length: 4 }, () => run()))).flat();
    expect(new Set(offers.map(({ entry }) => entry.waitlistEntryId)).size).to.equal(offers.length);
    expect(new Set(offers.map(({ barberId, startsAt }) => `${barberId} ${startsAt}`)).size).to.equal(offers.length);
    expect(await countOverlaps(database.orm, network.networkId)).to.equal(0);
  });

  it('who declines a time, is not offered it again, nor one that lies over it, before the next in line', async () => {
    await open({ hours: everyDay(600, 645), settings: { slotStepMinutes: 5 } });
    const [first, second] = [await wait(), await wait()];
    const [offer] = await run();
    await answer(offer!, 'cancel');
    expect(who(await run())).to.deep.equal([[second, at('10:00')]]);
    expect((await entryOf(first)).offers.map((each) => each.answer)).to.deep.equal(['declined']);
  });

  it('who declines a time, is offered another that is free beside it', async () => {
    const id = await wait();
    const [offer] = await run();
    await answer(offer!, 'cancel');
    expect(who(await run())).to.deep.equal([[id, at('10:30')]]);
  });

  it('who let three offers expire, is asked no more and forgotten', async () => {
    const id = await wait({ toDate: date(5) });
    for (let round = 0; round < 3; round += 1) {
      const [offer] = await run();
      await expire(offer!);
    }
    expect(await entryOf(id)).to.include({ status: 'expired', appointmentId: null });
    expect((await entryOf(id)).offers.map((each) => each.answer)).to.deep.equal(['expired', 'expired', 'expired']);
    expect(await count(database.orm, 'contact', 'id = ?', [id])).to.equal(0);
    expect(await run()).to.deep.equal([]);
  });

  it('who may have one visit a day, and has it, is offered the next day that is free', async () => {
    await open({ settings: { maxVisitsPerCustomerDay: 1 } });
    const ana = person();
    await wait({ toDate: date(1) }, ana);
    const [visit] = await run();
    expect((await answer(visit!, 'confirm')).ok).to.equal(true);
    const again = await wait({ toDate: date(3) }, ana);
    expect(who(await run())).to.deep.equal([[again, at('10:00', 2)]]);
  });

  it('who may have no more visits at all, is offered nothing and keeps nobody waiting', async () => {
    await open({ settings: { maxUpcomingVisitsPerCustomer: 1 } });
    const ana = person();
    await wait({}, ana);
    await answer((await run())[0]!, 'confirm');
    await wait({ toDate: date(30) }, ana);
    const other = await wait({ toDate: date(30) });
    expect(who(await run())).to.deep.equal([[other, at('10:30')]]);
  });

  it('wishes of days, hours and barber, each apart, are kept to', async () => {
    await open({ hours: everyDay(600, 780), barbers: 2 });
    const [, second] = network.barberIds;
    const late = await wait({ fromMinute: 705, toMinute: 760 });
    const theirs = await wait({ barberId: second!, fromDate: date(2), toDate: date(4) });
    const offers = await run();
    expect(who(offers)).to.deep.equal([
      [late, at('11:45')],
      [theirs, at('10:00', 2)],
    ]);
    expect(offers[1]!.barberId).to.equal(second);
  });

  it('more who wait than one run offers to, are offered to by the next', async () => {
    await open({ hours: everyDay(480, 1200), barbers: 3 });
    const ids: string[] = [];
    for (let index = 0; index < 55; index += 1) ids.push(await wait());
    const [first, second] = [await run(), await run()];
    expect([...first, ...second].map(({ entry }) => entry.waitlistEntryId)).to.deep.equal(ids);
    expect([first.length, second.length]).to.deep.equal([50, 5]);
  });

  it('many who wait in vain ahead of one for whom there is time, do not keep it from them', async () => {
    await taken(network.at('10:00'));
    await taken(network.at('10:30'));
    for (let index = 0; index < 310; index += 1) await wait();
    const last = await wait({ fromDate: date(2), toDate: date(2) });
    expect(who(await run())).to.deep.equal([[last, at('10:00', 2)]]);
  });

  it('an offer shortly before its time, is kept for at most half of what is left, and later for nobody', async () => {
    const id = await wait();
    const start = Date.parse(network.at('10:00'));
    const minutesBefore = (minutes: number) => new Date(start - minutes * 60_000);
    const [offer] = await run(undefined, minutesBefore(20));
    expect(who([offer!])).to.deep.equal([[id, at('10:00')]]);
    const [row] = await database.orm.em
      .fork()
      .execute<{ decide_by: string }[]>('select decide_by from appointment where id = ?', [offer!.appointmentId]);
    expect(Date.parse(row!.decide_by)).to.equal(start - 10 * 60_000);
    const late = await wait({ toMinute: 615 });
    await answer(offer!, 'cancel');
    expect(who(await run(undefined, minutesBefore(6)))).to.deep.equal([[id, at('10:30')]]);
    expect((await entryOf(late)).status).to.equal('waiting');
  });
});
