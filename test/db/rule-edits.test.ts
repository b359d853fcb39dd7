/**
 * Goal: no rule changes behind a booking's back. Method: read the facts, edit a rule, claim with the old facts: the version must refuse.
 */
import { OptimisticLockError } from '@mikro-orm/core';
import { expect } from 'chai';
import { addTimeOff, changeTimeOff, putException, removeException, removeTimeOff, type TimeOffView } from '../../src/db/barber-dates.ts';
import { putTerms, removeTerms } from '../../src/db/barber-service.ts';
import { changeBarber, createBarber, putAssignment, removeAssignment } from '../../src/db/barber.ts';
import { putHolidaySet } from '../../src/db/holiday-set.ts';
import { changeNetwork } from '../../src/db/network.ts';
import type { EntityManager } from '../../src/db/orm.ts';
import { editRules, type Edited } from '../../src/db/rule-edit.ts';
import { changeService } from '../../src/db/service.ts';
import {
  addClosure,
  changeClosure,
  putShopException,
  removeClosure,
  removeShopException,
  type ClosureView,
} from '../../src/db/shop-dates.ts';
import { changeShop } from '../../src/db/shop.ts';
import type { Segment } from '../../src/domain/rules.ts';
import { toWall } from '../../src/domain/time.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { claim, facts, request } from '../support/claiming.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { always, real } from '../support/rules.ts';

type Edit = (em: EntityManager, network: TestNetwork) => Promise<unknown>;

const tomorrow = (network: TestNetwork) => network.at('10:00').slice(0, 10);
const away = (network: TestNetwork, days = 1) => ({
  startsAt: new Date(network.at('09:00', days)),
  endsAt: new Date(network.at('12:00', days)),
  fromDate: null,
  toDate: null,
  reason: '',
});
const dayOff = (network: TestNetwork) => ({
  startsAt: null,
  endsAt: null,
  fromDate: tomorrow(network),
  toDate: tomorrow(network),
  reason: '',
});
/** The first barber with the shop, with the date of the booking, and with the service. */
const place = (network: TestNetwork) => ({ barberId: network.barberIds[0]!, shopId: network.shopId });
const onDate = (network: TestNetwork) => ({ ...place(network), date: tomorrow(network) });
const inShop = (network: TestNetwork) => ({ shopId: network.shopId, date: tomorrow(network) });
const closed = (network: TestNetwork, days = 1) => ({
  fromDate: network.at('10:00', days).slice(0, 10),
  toDate: network.at('10:00', days).slice(0, 10),
  reason: '',
});
const giving = (network: TestNetwork) => ({ barberId: network.barberIds[0]!, serviceId: network.serviceId });
const busy = (minutes: number): Segment[] => [{ kind: 'busy', minutes }];
const plain = { offered: true, segments: null, priceCents: null, settings: {} };

const edits: Record<string, Edit> = {
  'opening hours are shortened': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { openingHours: everyDay(720, 900) }, real()),
  'the shop moves to another zone': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { timeZone: 'Pacific/Auckland' }, real()),
  "the shop's settings change": (em, n) => changeShop(em, n.networkId, n.shopId, 1, { settings: { minimumNoticeMinutes: 10_000 } }, real()),
  'the shop is archived': (em, n) => changeShop(em, n.networkId, n.shopId, 1, { archivedAt: new Date() }, real()),
  'the shop is closed for the day': (em, n) => addClosure(em, n.networkId, n.shopId, closed(n), real()),
  "the shop's hours differ on the day": (em, n) =>
    putShopException(em, n.networkId, inShop(n), 0, { hours: [{ fromMinute: 720, toMinute: 900 }], reason: '' }, real()),
  "the network's settings change": (em, n) =>
    changeNetwork(em, n.networkId, 1, { name: 'N', settings: { minimumNoticeMinutes: 10_000 } }, real()),
  "the barber's hours are shortened": (em, n) => putAssignment(em, n.networkId, place(n), 1, always(everyDay(720, 900)), real()),
  'the barber gets a break': (em, n) =>
    putAssignment(em, n.networkId, place(n), 1, always(everyDay(480, 1200), everyDay(600, 660)), real()),
  "the barber's period ends before": (em, n) =>
    putAssignment(
      em,
      n.networkId,
      place(n),
      1,
      [{ ...always(everyDay(480, 1200))[0]!, toDate: toWall(Date.now(), n.timeZone).date }],
      real(),
    ),
  'the barber leaves the shop': (em, n) => removeAssignment(em, n.networkId, place(n), 1, real()),
  'the barber is archived': (em, n) => changeBarber(em, n.networkId, n.barberIds[0]!, 1, { archivedAt: new Date() }, real()),
  "the barber's settings change": (em, n) =>
    changeBarber(em, n.networkId, n.barberIds[0]!, 1, { settings: { minimumNoticeMinutes: 10_000 } }, real()),
  'the barber takes some hours off': (em, n) => addTimeOff(em, n.networkId, n.barberIds[0]!, away(n), real()),
  'the barber takes the day off': (em, n) => addTimeOff(em, n.networkId, n.barberIds[0]!, dayOff(n), real()),
  "the barber's hours differ on the day": (em, n) =>
    putException(em, n.networkId, onDate(n), 0, { hours: [{ fromMinute: 720, toMinute: 900 }], breaks: [], reason: '' }, real()),
  'the barber no longer gives the service': (em, n) => putTerms(em, n.networkId, giving(n), 0, { ...plain, offered: false }, real()),
  'the service is archived': (em, n) => changeService(em, n.networkId, n.serviceId, 1, { archivedAt: new Date() }, real()),
};

/** Edits of something that is made before the booking reads. */
const laterEdits: Record<string, { given: Edit; edit: (em: EntityManager, network: TestNetwork, given: unknown) => Promise<unknown> }> = {
  'the one date on which the barber works is taken back': {
    given: async (em, n) => {
      await putAssignment(em, n.networkId, place(n), 1, always(everyDay(720, 900)), real());
      await putException(em, n.networkId, onDate(n), 0, { hours: [{ fromMinute: 480, toMinute: 1200 }], breaks: [], reason: '' }, real());
    },
    edit: (em, n) => removeException(em, n.networkId, onDate(n), 1, real()),
  },
  'the one date on which the shop is open is taken back': {
    given: async (em, n) => {
      await changeShop(em, n.networkId, n.shopId, 1, { openingHours: everyDay(720, 900) }, real());
      await putShopException(em, n.networkId, inShop(n), 0, { hours: [{ fromMinute: 480, toMinute: 1200 }], reason: '' }, real());
    },
    edit: (em, n) => removeShopException(em, n.networkId, inShop(n), 1, real()),
  },
  "the shop's closure is moved to that day": {
    given: (em, n) => addClosure(em, n.networkId, n.shopId, closed(n, 2), real()),
    edit: (em, n, given) =>
      changeClosure(em, n.networkId, { shopId: n.shopId, id: (given as Edited<ClosureView>).record.id }, 1, closed(n), real()),
  },
  'a holiday set that the network keeps gets the day': {
    given: async (em, n) => {
      await putHolidaySet(em, n.networkId, 'own', 0, { name: 'Own', days: [] }, real());
      await changeNetwork(em, n.networkId, 1, { name: 'N', settings: { holidaySets: ['own'] } }, real());
    },
    edit: (em, n) => putHolidaySet(em, n.networkId, 'own', 1, { name: 'Own', days: [{ name: 'Day', date: tomorrow(n) }] }, real()),
  },
  'the network takes a holiday set that has the day': {
    given: (em, n) => putHolidaySet(em, n.networkId, 'own', 0, { name: 'Own', days: [{ name: 'Day', date: tomorrow(n) }] }, real()),
    edit: (em, n) => changeNetwork(em, n.networkId, 1, { name: 'N', settings: { holidaySets: ['own'] } }, real()),
  },
  "the barber's hours off are moved to that day": {
    given: (em, n) => addTimeOff(em, n.networkId, n.barberIds[0]!, away(n, 2), real()),
    edit: (em, n, given) =>
      changeTimeOff(em, n.networkId, { barberId: n.barberIds[0]!, id: (given as Edited<TimeOffView>).record.id }, 1, away(n), real()),
  },
  "the barber's hours off become that whole day": {
    given: (em, n) => addTimeOff(em, n.networkId, n.barberIds[0]!, away(n, 2), real()),
    edit: (em, n, given) =>
      changeTimeOff(em, n.networkId, { barberId: n.barberIds[0]!, id: (given as Edited<TimeOffView>).record.id }, 1, dayOff(n), real()),
  },
};

type Terms = { minutes: number; priceCents: number; claims: [from: number, to: number][] };
const usual: Terms = { minutes: 30, priceCents: 1500, claims: [[0, 30]] };

/** Edits after which the same time is still free, on other terms: `claims` are minutes from the start. */
const newTerms: Record<string, { given?: Edit; edit: Edit; terms: Partial<Terms> }> = {
  'the service gets longer': {
    edit: (em, n) => changeService(em, n.networkId, n.serviceId, 1, { segments: busy(45) }, real()),
    terms: { minutes: 45, claims: [[0, 45]] },
  },
  'the service gets dearer': {
    edit: (em, n) => changeService(em, n.networkId, n.serviceId, 1, { priceCents: 1700 }, real()),
    terms: { priceCents: 1700 },
  },
  'the service gets buffers': {
    edit: (em, n) =>
      changeService(em, n.networkId, n.serviceId, 1, { settings: { bufferBeforeMinutes: 5, bufferAfterMinutes: 10 } }, real()),
    terms: { claims: [[-5, 40]] },
  },
  'the service gets a free stretch': {
    edit: (em, n) =>
      changeService(em, n.networkId, n.serviceId, 1, { segments: [...busy(10), { kind: 'free', minutes: 10 }, ...busy(10)] }, real()),
    terms: {
      claims: [
        [0, 10],
        [20, 30],
      ],
    },
  },
  'the barber gets a buffer': {
    edit: (em, n) => changeBarber(em, n.networkId, n.barberIds[0]!, 1, { settings: { bufferAfterMinutes: 15 } }, real()),
    terms: { claims: [[0, 45]] },
  },
  'the barber gets a length and a price of his own': {
    edit: (em, n) => putTerms(em, n.networkId, giving(n), 0, { ...plain, segments: busy(50), priceCents: 2000 }, real()),
    terms: { minutes: 50, priceCents: 2000, claims: [[0, 50]] },
  },
  'the barber gets a buffer of his own for the service': {
    edit: (em, n) => putTerms(em, n.networkId, giving(n), 0, { ...plain, settings: { bufferBeforeMinutes: 10 } }, real()),
    terms: { claims: [[-10, 30]] },
  },
  "the barber's own terms are taken back": {
    given: (em, n) => putTerms(em, n.networkId, giving(n), 0, { ...plain, segments: busy(15), priceCents: 900 }, real()),
    edit: (em, n) => removeTerms(em, n.networkId, giving(n), 1, real()),
    terms: {},
  },
};

describe('rule edits', () => {
  let database: TestDatabase;
  let network: TestNetwork;

  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    network = await buildNetwork(database.orm);
  });

  const diaryVersion = async () =>
    (
      await database.orm.em.fork().execute<{ version: number }[]>('select version from diary where barber_id = ?', [network.barberIds[0]])
    )[0]!.version;

  for (const [what, { given, edit }] of [
    ...Object.entries(edits).map(([name, only]) => [name, { given: undefined, edit: only }] as const),
    ...Object.entries(laterEdits),
  ]) {
    it(`a booking that read the old rules, when ${what}, conflicts and finds the new ones`, async () => {
      const startsAt = network.at('10:00');
      const before = await given?.(database.orm.em.fork(), network);
      const id = await request(database.orm, network, startsAt);
      const known = await facts(database.orm, network, startsAt);

      await edit(database.orm.em.fork(), network, before);
      const error: unknown = await claim(database.orm, id, known, startsAt).catch((caught: unknown) => caught);

      expect(error).to.be.instanceOf(OptimisticLockError);
      const second: unknown = await facts(database.orm, network, startsAt)
        .then((fresh) => claim(database.orm, id, fresh, startsAt))
        .catch((caught: unknown) => caught);
      expect(second).to.be.instanceOf(Error);
      expect((second as Error).message).to.match(/^(refused: |missing )/);
    });
  }

  for (const [what, { given, edit, terms }] of Object.entries(newTerms)) {
    it(`a booking that read the old rules, when ${what}, conflicts and is made on the new ones`, async () => {
      const startsAt = network.at('10:00');
      await given?.(database.orm.em.fork(), network);
      const id = await request(database.orm, network, startsAt);
      const known = await facts(database.orm, network, startsAt);

      await edit(database.orm.em.fork(), network);
      const error: unknown = await claim(database.orm, id, known, startsAt).catch((caught: unknown) => caught);

      expect(error).to.be.instanceOf(OptimisticLockError);
      await claim(database.orm, id, await facts(database.orm, network, startsAt), startsAt);
      const [made] = await database.orm.em.fork().execute<Terms[]>(
        `select extract(epoch from ends_at - starts_at)::int / 60 as minutes, price_cents as "priceCents",
           (select json_agg(
                json_build_array(
                  extract(epoch from lower(during) - starts_at)::int / 60,
                  extract(epoch from upper(during) - starts_at)::int / 60)
                order by during)
            from occupancy o
            where o.appointment_id = a.id) as claims
         from appointment a
         where id = ?`,
        [id.appointmentId],
      );
      expect(made).to.deep.equal({ ...usual, ...terms });
    });
  }

  it('a booking that read the rules, when an edit of them was only tried, is made', async () => {
    const startsAt = network.at('10:00');
    const id = await request(database.orm, network, startsAt);
    const known = await facts(database.orm, network, startsAt);
    const { dryRun } = await addTimeOff(database.orm.em.fork(), network.networkId, network.barberIds[0]!, away(network), {
      ...real(),
      dryRun: true,
    });

    expect(dryRun).to.equal(true);
    expect((await claim(database.orm, id, known, startsAt)).outcome.ok).to.equal(true);
  });

  it('time off and exceptions, when taken back, bump the diary too', async () => {
    const em = database.orm.em.fork();
    const [barberId] = network.barberIds;
    const { record } = await addTimeOff(em, network.networkId, barberId!, away(network), real());
    await putException(em, network.networkId, onDate(network), 0, { hours: [], breaks: [], reason: '' }, real());
    const before = await diaryVersion();

    await removeTimeOff(em, network.networkId, { barberId: barberId!, id: record.id }, 1, real());
    await removeException(em, network.networkId, onDate(network), 1, real());

    expect(await diaryVersion()).to.equal(before + 2);
  });

  it('an edit and a booking at the same moment, whichever is first, never leave a booking that the edit did not see', async () => {
    for (let round = 0; round < 15; round += 1) {
      const own = await buildNetwork(database.orm);
      const startsAt = own.at('10:00');
      const id = await request(database.orm, own, startsAt);
      const known = await facts(database.orm, own, startsAt);

      let seen = -1;
      const [booked] = await Promise.allSettled([
        claim(database.orm, id, known, startsAt),
        addTimeOff(database.orm.em.fork(), own.networkId, own.barberIds[0]!, away(own), real()).then(async () => {
          const [row] = await database.orm.em
            .fork()
            .execute<{ count: number }[]>('select count(*)::int as count from occupancy where network_id = ?', [own.networkId]);
          seen = row!.count;
        }),
      ]);

      expect(seen).to.equal(booked.status === 'fulfilled' ? 1 : 0);
    }
  });

  it("closures and a shop's exceptions, when taken back, bump the diary too", async () => {
    const em = database.orm.em.fork();
    const { networkId, shopId } = network;
    const {
      record: { id },
    } = await addClosure(em, networkId, shopId, closed(network), real());
    await putShopException(em, networkId, inShop(network), 0, { hours: [], reason: '' }, real());
    const before = await diaryVersion();

    await removeClosure(em, networkId, { shopId, id }, 1, real());
    expect(await diaryVersion()).to.equal(before + 1);
    await removeShopException(em, networkId, inShop(network), 1, real());
    expect(await diaryVersion()).to.equal(before + 2);
  });

  it('a barber who joins the shop, while an edit of it is under way, joins after it, so that no booking of him can rely on the old rules', async () => {
    const { networkId, shopId } = network;
    const { id } = await createBarber(database.orm.em.fork(), networkId, { name: 'New', email: null, locale: 'pt', settings: {} });
    const began = Promise.withResolvers<void>();
    const joined: string[] = [];
    const closing = editRules(database.orm.em.fork(), { networkId, shopId }, real(), async (tx) => {
      began.resolve();
      // Until the other waits for a lock, or is through.
      for (let waiting = 0; waiting === 0 && joined.length === 0;) {
        [{ waiting } = { waiting: 0 }] = await tx.execute<{ waiting: number }[]>(
          `select count(*)::int as waiting
           from pg_locks
           where not granted and database = (select oid from pg_database where datname = current_database())`,
        );
      }
      expect(joined).to.deep.equal([]);
      await tx.execute(`insert into shop_closure (id, network_id, shop_id, from_date, to_date) values (gen_random_uuid(), ?, ?, ?, ?)`, [
        networkId,
        shopId,
        tomorrow(network),
        tomorrow(network),
      ]);
    });
    await began.promise;
    const joining = putAssignment(database.orm.em.fork(), networkId, { barberId: id, shopId }, 0, always(null), real()).then(() =>
      joined.push(id),
    );
    await Promise.all([closing, joining]);

    const startsAt = network.at('10:00');
    const known = await facts(database.orm, network, startsAt, id);
    expect(await claim(database.orm, await request(database.orm, network, startsAt, id), known, startsAt).catch(String)).to.equal(
      'Error: refused: shop_closed',
    );
  });
});
