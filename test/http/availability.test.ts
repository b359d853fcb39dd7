/** Goal: free times are told for every question that may be asked, cheaply, and explained. Method: the API over real books. */
import { expect } from 'chai';
import { addDays, startInstant, toWall } from '../../src/domain/time.ts';
import { book } from '../support/booking.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { expectProblem, faultPaths } from '../support/problem.ts';

describe('availability', () => {
  let engine: Engine;
  let network: TestNetwork;
  before(async () => {
    engine = await startEngine();
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 2, hours: everyDay(540, 720) });
  });

  const ask = (path: string, query: Record<string, string>, headers = {}) =>
    engine.call(
      network.apiKey,
      'GET',
      `/v1/availability${path}?${new URLSearchParams({ shopId: network.shopId, serviceId: network.serviceId, ...query }).toString()}`,
      undefined,
      headers,
    );
  const date = (days: number) => addDays(toWall(Date.now(), 'Europe/Lisbon').date, days);
  type Slot = { startsAt: string; endsAt: string; date: string; startsAtLocal: string; barberId: string; priceCents: number };
  const slots = ({ body }: { body: { slots: Slot[] } }) => body.slots;

  it('one barber and one day, without "to", are that day\'s times alone, with local date, offset and price', async () => {
    const answer = await ask('', { barberId: network.barberIds[0]!, from: date(3) });

    expect(answer.status, answer.text).to.equal(200);
    expect(slots(answer).map(({ startsAtLocal }) => startsAtLocal.slice(11, 16))).to.deep.equal([
      '09:00',
      '09:15',
      '09:30',
      '09:45',
      '10:00',
      '10:15',
      '10:30',
      '10:45',
      '11:00',
      '11:15',
      '11:30',
    ]);
    expect(new Set(slots(answer).map((slot) => `${slot.date} ${slot.barberId} ${slot.priceCents}`))).to.deep.equal(
      new Set([`${date(3)} ${network.barberIds[0]} 1500`]),
    );
    expect(answer.body).to.include({ timeZone: 'Europe/Lisbon', shopTimeZone: 'Europe/Lisbon' });
  });

  it("any barber over several days, asked at once, has each barber's times by start", async () => {
    const answer = await ask('', { from: date(1), to: date(60) });

    expect(slots(answer)).to.have.length(2 * 11 * 60);
    const order = slots(answer).map(({ startsAt, barberId }) => `${startsAt} ${barberId}`);
    expect(order).to.deep.equal(order.toSorted());
  });

  it('another zone, asked for, cuts the days at its own midnight and tells its own dates and offsets', async () => {
    network = await buildNetwork(engine.database.orm, { hours: everyDay(0, 1440) });
    const zone = 'Pacific/Auckland';
    const answer = await ask('', { from: date(2), timeZone: zone });

    const instants = slots(answer).map(({ startsAt }) => Date.parse(startsAt));
    expect(new Set(slots(answer).map((slot) => slot.date))).to.deep.equal(new Set([date(2)]));
    expect(slots(answer)[0]!.startsAtLocal).to.match(new RegExp(`^${date(2)}T00:00:00\\+1[23]:00$`));
    expect(Math.min(...instants)).to.equal(startInstant(date(2), 0, zone));
    expect(Math.max(...instants)).to.equal(startInstant(date(3), 0, zone) - 15 * 60_000);
    expect(answer.body).to.include({ timeZone: zone, shopTimeZone: 'Europe/Lisbon' });
  });

  it('every offered time, booked, is accepted; and is then no longer offered', async () => {
    const [first] = slots(await ask('', { from: date(1) }));
    const booked = await book(engine, network, { startsAt: first!.startsAt, barberId: first!.barberId });

    expect(booked.status, booked.text).to.equal(201);
    expect(
      slots(await ask('', { from: date(1) })).some(
        ({ startsAt, barberId }) => startsAt === first!.startsAt && barberId === first!.barberId,
      ),
    ).to.equal(false);
  });

  it("a poll with the last answer's tag, is 304 until something changes, and 200 with a new tag then", async () => {
    const query = { from: date(1), to: date(7) };
    const first = await ask('', query);
    const tag = first.headers.get('etag')!;
    expect(tag).to.match(/^"[\w-]{22}\.[\w-]{22}"$/);
    const poll = (header: string) => ask('', query, { 'if-none-match': header });

    const again = await poll(tag);
    expect([again.status, again.text, again.headers.get('cache-control')]).to.deep.equal([304, '', 'private, no-cache']);
    expect((await poll(`"other", W/${tag}`)).status).to.equal(304);
    expect((await poll('"something-else"')).status).to.equal(200);
    expect((await ask('', { ...query, to: date(6) }, { 'if-none-match': tag })).status, 'another question').to.equal(200);

    await book(engine, network);
    const changed = await poll(tag);
    expect(changed.status).to.equal(200);
    expect(changed.headers.get('etag')).to.not.equal(tag);
    // A booking beyond the range changes the books, but not this answer.
    const settled = changed.headers.get('etag')!;
    await book(engine, network, { startsAt: network.at('10:00', 20) });
    expect((await poll(settled)).status).to.equal(304);
  });

  it('a poll after a cancellation, a move, a hold that is let go or an early end, is 200 with the times that came free', async () => {
    const query = { from: date(1), to: date(2) };
    const change = async (path: string, body?: unknown) =>
      expect((await engine.call(network.apiKey, 'POST', path, body)).status, path).to.equal(200);
    const {
      body: { id },
    } = await book(engine, network, { startsAt: network.at('09:00') });
    const hold = await engine.call(
      network.apiKey,
      'POST',
      '/v1/holds',
      { shopId: network.shopId, serviceId: network.serviceId, barberId: network.barberIds[0], startsAt: network.at('11:00') },
      { 'idempotency-key': 'hold' },
    );
    const changes: [path: string, body?: unknown][] = [
      [`/v1/appointments/${id}/reschedule`, { startsAt: network.at('10:15') }],
      [`/v1/holds/${hold.body.id}/release`, { token: hold.body.token }],
      [`/v1/appointments/${id}/cancel`],
    ];
    for (const [path, body] of changes) {
      const before = await ask('', query);
      await change(path, body);
      const after = await ask('', query, { 'if-none-match': before.headers.get('etag')! });
      expect([after.status, after.text === before.text], path).to.deep.equal([200, false]);
    }
  });

  it('a question with more answers than anybody reads, is refused with the field that asks for less', async () => {
    const many = await buildNetwork(engine.database.orm, { barbers: 12, hours: everyDay(0, 1440), settings: { slotStepMinutes: 5 } });
    const answer = await engine.call(
      many.apiKey,
      'GET',
      `/v1/availability?shopId=${many.shopId}&serviceId=${many.serviceId}&from=${date(1)}&to=${date(40)}`,
    );
    expectProblem(answer, 'invalid_request', ['to']);
  });

  it('the next free times, after an instant, are the first ones from there on', async () => {
    const [barberId] = network.barberIds;
    const after = network.at('11:20', 2);
    const answer = await ask('/nearest', { barberId: barberId!, after, limit: '3' });

    expect(answer.status, answer.text).to.equal(200);
    expect(slots(answer).map(({ startsAt }) => startsAt)).to.deep.equal([
      network.at('11:30', 2),
      network.at('09:00', 3),
      network.at('09:15', 3),
    ]);
    expect(slots(await ask('/nearest', { barberId: barberId! }))).to.have.length(5);
    expect(slots(await ask('/nearest', { after: network.at('09:00', 200) })), 'beyond the horizon').to.deep.equal([]);
  });

  it('a time, explained, is free or names the rule in a sentence', async () => {
    const [barberId] = network.barberIds;
    const explain = (startsAt: string, more = {}) => ask('/explain', { barberId: barberId!, startsAt, locale: 'en', ...more });
    const free = await explain(network.at('10:00'));
    expect(free.body, free.text).to.include({ free: true, code: null });
    expect(free.body.sentence).to.include('Barber 1');

    await book(engine, network);
    const taken = await explain(network.at('10:00'));
    expect(taken.body).to.include({
      free: false,
      code: 'slot_taken',
      startsAtLocal: toWall(Date.parse(network.at('10:00')), 'Europe/Lisbon').iso,
    });
    expect((await explain(network.at('07:00'))).body.code).to.equal('shop_closed');
    expect((await explain(network.at('10:00'), { locale: 'pt-PT' })).body.sentence).to.not.equal(taken.body.sentence);
    expect((await ask('/explain', { barberId: barberId!, startsAt: network.at('10:00') })).body.sentence, "the shop's language").to.match(
      /[çãéê]|ocupad/,
    );
  });

  const bad: [string, string, Record<string, string>, string[]][] = [
    ['a day that does not exist', '', { from: '2026-02-30' }, ['from']],
    ['a reversed range', '', { from: '2027-01-02', to: '2027-01-01' }, ['to']],
    ['61 days', '', { from: '2027-01-01', to: '2027-03-02' }, ['to']],
    ['an unknown zone', '', { from: '2027-01-01', timeZone: 'Europe/Lisboa' }, ['timeZone']],
    ['both forms of a visit', '', { from: '2027-01-01', services: '0b6e5d6e-2b63-4b7e-8f52-3d1f2f0f7d10' }, ['serviceId']],
    ['a limit of 51', '/nearest', { limit: '51' }, ['limit']],
    ['an instant without an offset', '/nearest', { after: '2027-01-01T10:00' }, ['after']],
    ['no instant', '/explain', {}, ['startsAt']],
  ];
  for (const [what, path, query, paths] of bad) {
    it(`${what}, asked for, is a fault of ${paths.join(' and ')}`, async () =>
      expectProblem(await ask(path, query), 'invalid_request', paths));
  }

  it('what is not there, asked for, is 404 with its field', async () => {
    const unknown = '0b6e5d6e-2b63-4b7e-8f52-3d1f2f0f7d10';
    for (const [field, query] of Object.entries({
      shopId: { shopId: unknown },
      serviceId: { serviceId: unknown },
      barberId: { barberId: unknown },
    })) {
      const answer = await ask('', { from: '2027-01-01', ...query });
      expectProblem(answer, 'not_found');
      expect(faultPaths(answer)).to.deep.equal([field]);
    }
  });
});
