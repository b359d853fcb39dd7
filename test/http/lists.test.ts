/** Goal: lists are complete, stable and cut at the right midnight. Method: page through them by ones and twos, also while rows come in. */
import { expect } from 'chai';
import { createBarber, putAssignment } from '../../src/db/barber.ts';
import { changeShop, createShop } from '../../src/db/shop.ts';
import { toWall } from '../../src/domain/time.ts';
import { change, claim, facts, request } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { always, real } from '../support/rules.ts';

type Item = { id: string; name: string; startsAt: string };

describe('lists', () => {
  let engine: Engine;
  let network: TestNetwork;

  // Without workers: appointments are made straight in the database.
  before(async () => {
    engine = await startEngine({ workers: false });
  });
  after(() => engine.stop());

  async function walk(path: string, limit: number, between: () => Promise<unknown> = async () => {}): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const address = `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${cursor}`}`;
      const { status, body, text } = await engine.call(network.apiKey, 'GET', address);
      expect(status, text).to.equal(200);
      expect(body.items.length).to.be.at.most(limit);
      items.push(...body.items);
      cursor = body.nextCursor;
      await between();
    }
    return items;
  }

  /** Names that are equal, that differ by case or accent, that need escaping, and that are as long as a name may be. */
  const names = [
    'Ana',
    'Ana',
    'Ana',
    'ana',
    'Ána',
    'Ana ',
    '"\'\\',
    '漢'.repeat(200),
    '"'.repeat(200),
    '😀'.repeat(100),
    'Zé',
    '100%',
    '_',
  ];
  const kinds: Record<string, (name: string, index: number) => unknown> = {
    shops: (name, index) => ({ slug: `s-${index}`, name, address: 'Rua 1', timeZone: 'Europe/Lisbon', locale: 'pt' }),
    barbers: (name) => ({ name, locale: 'pt' }),
    services: (name) => ({ name, durationMinutes: 30, priceCents: 100 }),
  };
  for (const [kind, body] of Object.entries(kinds)) {
    it(`all ${kind}, paged by any size, come once each and in one order, whatever their names, while others are added`, async () => {
      network = await buildNetwork(engine.database.orm);
      for (const [index, name] of names.entries())
        expect((await engine.call(network.apiKey, 'POST', `/v1/${kind}`, body(name, index))).status).to.equal(201);
      const whole = await walk(`/v1/${kind}`, 100);

      expect(whole).to.have.length(names.length + 1);
      expect(new Set(whole.map(({ id }) => id)).size).to.equal(whole.length);
      for (const limit of [1, 2, 5, whole.length]) expect(await walk(`/v1/${kind}`, limit)).to.deep.equal(whole);
      let added = names.length;
      const more = await walk(`/v1/${kind}`, 3, () => engine.call(network.apiKey, 'POST', `/v1/${kind}`, body('Ana', (added += 1))));
      expect(more.filter(({ id }) => whole.some((old) => old.id === id))).to.deep.equal(whole);
      expect(new Set(more.map(({ id }) => id)).size).to.equal(more.length);
    });
  }

  it('barbers, of one shop, are those who have hours there', async () => {
    network = await buildNetwork(engine.database.orm, { barbers: 3 });
    await engine.call(network.apiKey, 'POST', '/v1/barbers', { name: 'Elsewhere', locale: 'pt' });

    expect((await walk(`/v1/barbers?shopId=${network.shopId}`, 2)).map(({ id }) => id).sort()).to.deep.equal([...network.barberIds].sort());
  });

  describe('of appointments', () => {
    /** Ids by wall time in the Azores, whose midnight is not that of UTC, so many days ahead; the last two are in another shop. */
    const made: Record<string, string> = {};
    let other: TestNetwork;
    let days: string[];

    before(async () => {
      const em = engine.database.orm.em.fork();
      network = await buildNetwork(engine.database.orm, { timeZone: 'Atlantic/Azores', hours: everyDay(0, 1440), barbers: 2 });
      const { networkId } = network;
      const fields = {
        slug: 'b',
        name: 'B',
        address: 'Rua 2',
        phone: null,
        email: null,
        timeZone: 'Europe/Lisbon',
        locale: 'pt',
        settings: {},
      };
      const shop = await createShop(em, networkId, fields);
      await changeShop(em, networkId, shop.id, 1, { openingHours: everyDay(0, 1440) }, real());
      const barber = await createBarber(em, networkId, { name: 'B', email: null, locale: 'pt', settings: {} });
      await putAssignment(em, networkId, { barberId: barber.id, shopId: shop.id }, 0, always(everyDay(0, 1440)), real());
      other = { ...network, shopId: shop.id, barberIds: [barber.id] };
      days = [1, 2, 3].map((day) => toWall(Date.parse(network.at('12:00', day)), network.timeZone).date);

      const make = async (name: string, at: TestNetwork, startsAt: string, barberId = at.barberIds[0]!) => {
        const ids = await request(engine.database.orm, at, startsAt, barberId);
        await claim(engine.database.orm, ids, await facts(engine.database.orm, at, startsAt, barberId), startsAt);
        made[name] = ids.appointmentId;
      };
      await make('1 23:30', network, network.at('23:30', 1));
      await make('2 00:00', network, network.at('00:00', 2));
      await make('2 00:30', network, network.at('00:30', 2));
      await make('2 00:30 second', network, network.at('00:30', 2), network.barberIds[1]);
      await make('2 23:30', network, network.at('23:30', 2), network.barberIds[1]);
      await make('3 00:00', network, network.at('00:00', 3));
      await make('other 23:30', other, network.at('22:30', 1));
      await make('other 00:30', other, network.at('23:30', 1));
      await change(engine.database.orm, { networkId, appointmentId: made['2 00:30']! });
    });

    const expectFound = async (query: string, expected: string[]) => {
      for (const limit of [100, 1]) {
        const items = await walk(`/v1/appointments?${query}`, limit);
        expect(items.map(({ id }) => Object.keys(made).find((name) => made[name] === id)).sort(), query).to.deep.equal(
          [...expected].sort(),
        );
        expect(items.map(({ startsAt }) => startsAt)).to.deep.equal(items.map(({ startsAt }) => startsAt).sort());
      }
    };

    it("a local day, of a shop, reaches from midnight to midnight on that shop's clock", async () => {
      await expectFound(`shopId=${network.shopId}&date=${days[0]}`, ['1 23:30']);
      await expectFound(`shopId=${network.shopId}&date=${days[1]}`, ['2 00:00', '2 00:30', '2 00:30 second', '2 23:30']);
      await expectFound(`shopId=${network.shopId}&date=${days[2]}`, ['3 00:00']);
      // The same instants as 22:30 and 23:30 in the Azores are an hour later in Lisbon.
      await expectFound(`shopId=${other.shopId}&date=${days[0]}`, ['other 23:30']);
      await expectFound(`shopId=${other.shopId}&date=${days[1]}`, ['other 00:30']);
    });

    it('filters, alone and together, keep what they say', async () => {
      await expectFound('', Object.keys(made));
      await expectFound(`shopId=${other.shopId}`, ['other 23:30', 'other 00:30']);
      await expectFound(`barberId=${network.barberIds[1]}`, ['2 00:30 second', '2 23:30']);
      await expectFound('status=cancelled', ['2 00:30']);
      await expectFound(`shopId=${network.shopId}&status=confirmed&date=${days[1]}`, ['2 00:00', '2 00:30 second', '2 23:30']);
      await expectFound(`shopId=${network.shopId}&barberId=${network.barberIds[0]}&date=${days[1]}&status=confirmed`, ['2 00:00']);
      await expectFound(`shopId=${network.shopId}&barberId=${other.barberIds[0]}`, []);
    });

    it('a local day, of a shop that was archived since, can still be read', async () => {
      await changeShop(engine.database.orm.em.fork(), network.networkId, other.shopId, 2, { archivedAt: new Date() }, real());

      await expectFound(`shopId=${other.shopId}&date=${days[1]}`, ['other 00:30']);
    });
  });
});
