/** Goal: no rule changes behind a booking's back. Method: read the facts, edit a rule, claim with the old facts: the version must refuse. */
import { OptimisticLockError } from '@mikro-orm/core';
import { expect } from 'chai';
import { addTimeOff, changeBarber, putAssignment, removeAssignment, removeTimeOff } from '../../src/db/barber.ts';
import type { EntityManager } from '../../src/db/orm.ts';
import { addClosure, changeShop, removeClosure } from '../../src/db/shop.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';

type Edit = (em: EntityManager, network: TestNetwork) => Promise<unknown>;

const tomorrow = (network: TestNetwork) => network.at('10:00').slice(0, 10);
const away = (network: TestNetwork) => ({ startsAt: new Date(network.at('09:00')), endsAt: new Date(network.at('12:00')), reason: '' });

const edits: Record<string, Edit> = {
  'opening hours are shortened': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { openingHours: everyDay(720, 900) }),
  'the shop moves to another zone': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { timeZone: 'Pacific/Auckland' }),
  'the shop is archived': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { archivedAt: new Date() }),
  'the shop is closed for the day': (em, n) => addClosure(em, n.networkId, n.shopId, { fromDate: tomorrow(n), toDate: tomorrow(n), reason: '' }),
  'the barber\'s hours are shortened': (em, n) => putAssignment(em, n.networkId, { barberId: n.barberIds[0]!, shopId: n.shopId }, 1, { hours: everyDay(720, 900), breaks: [] }),
  'the barber gets a break': (em, n) => putAssignment(em, n.networkId, { barberId: n.barberIds[0]!, shopId: n.shopId }, 1, { hours: everyDay(480, 1200), breaks: everyDay(600, 660) }),
  'the barber leaves the shop': (em, n) => removeAssignment(em, n.networkId, { barberId: n.barberIds[0]!, shopId: n.shopId }),
  'the barber is archived': (em, n) => changeBarber(em, n.networkId, n.barberIds[0]!, 1, { archivedAt: new Date() }),
  'the barber\'s settings change': (em, n) => changeBarber(em, n.networkId, n.barberIds[0]!, 1, { settings: { minimumNoticeMinutes: 10_000 } }),
  'the barber takes time off': (em, n) => addTimeOff(em, n.networkId, n.barberIds[0]!, away(n)),
};

describe('rule edits', () => {
  let database: TestDatabase;
  let network: TestNetwork;

  before(async () => { database = await createDatabase(); });
  after(() => database.drop());
  beforeEach(async () => { network = await buildNetwork(database.orm); });

  for (const [what, edit] of Object.entries(edits)) {
    it(`a booking that read the old rules, when ${what}, conflicts and finds the new ones`, async () => {
      const startsAt = network.at('10:00');
      const id = await request(database.orm, network, startsAt);
      const known = await facts(database.orm, network, startsAt);

      await edit(database.orm.em.fork(), network);
      const error: unknown = await claim(database.orm, id, known, startsAt).catch((caught: unknown) => caught);

      expect(error).to.be.instanceOf(OptimisticLockError);
      const second: unknown = await facts(database.orm, network, startsAt).then((fresh) => claim(database.orm, id, fresh, startsAt)).catch((caught: unknown) => caught);
      expect(second).to.be.instanceOf(Error);
      expect((second as Error).message).to.match(/^(refused: |missing )/);
    });
  }

  it('an edit and a booking at the same moment, whichever is first, never leave a booking that the edit did not see', async () => {
    for (let round = 0; round < 15; round += 1) {
      const own = await buildNetwork(database.orm);
      const startsAt = own.at('10:00');
      const id = await request(database.orm, own, startsAt);
      const known = await facts(database.orm, own, startsAt);

      let seen = -1;
      const [booked] = await Promise.allSettled([
        claim(database.orm, id, known, startsAt),
        addTimeOff(database.orm.em.fork(), own.networkId, own.barberIds[0]!, away(own)).then(async () => {
          const [row] = await database.orm.em.fork().execute<{ count: number }[]>('select count(*)::int as count from occupancy where network_id = ?', [own.networkId]);
          seen = row!.count;
        }),
      ]);

      expect(seen).to.equal(booked.status === 'fulfilled' ? 1 : 0);
    }
  });

  it('closures and time off, when taken back, bump the diary too', async () => {
    const em = database.orm.em.fork();
    const version = async () => (await em.execute<{ version: number }[]>('select version from diary where barber_id = ?', [network.barberIds[0]]))[0]!.version;
    const closure = await addClosure(em, network.networkId, network.shopId, { fromDate: tomorrow(network), toDate: tomorrow(network), reason: '' });
    const timeOff = await addTimeOff(em, network.networkId, network.barberIds[0]!, away(network));
    const before = await version();

    await removeClosure(em, network.networkId, network.shopId, closure.id);
    await removeTimeOff(em, network.networkId, network.barberIds[0]!, timeOff.id);

    expect(await version()).to.equal(before + 2);
  });
});
