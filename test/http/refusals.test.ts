/** Goal: a "no" is true, says why, offers what is really free, and stays "no" under its key. Method: one circumstance for each code. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { addTimeOff } from '../../src/db/barber-dates.ts';
import { putAssignment } from '../../src/db/barber.ts';
import { addClosure } from '../../src/db/shop-dates.ts';
import { changeService } from '../../src/db/service.ts';
import type { RefusalCode } from '../../src/domain/rules.ts';
import { toWall } from '../../src/domain/time.ts';
import { book, bookingBody } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { always, real } from '../support/rules.ts';

type Case = {
  code: RefusalCode;
  what: string;
  at: [time: string, days?: number];
  prepare?: (engine: Engine, network: TestNetwork) => Promise<unknown>;
};

const takeOff = (engine: Engine, { networkId, barberIds: [barberId] }: TestNetwork, from: string, to: string) =>
  addTimeOff(
    engine.database.orm.em.fork(),
    networkId,
    barberId!,
    { startsAt: new Date(from), endsAt: new Date(to), fromDate: null, toDate: null, reason: '' },
    real(),
  );
const week = (
  engine: Engine,
  { networkId, barberIds: [barberId], shopId }: TestNetwork,
  from: number,
  to: number,
  breaks = everyDay(720, 780),
) =>
  putAssignment(engine.database.orm.em.fork(), networkId, { barberId: barberId!, shopId }, 1, always(everyDay(from, to), breaks), real());

const cases: Case[] = [
  { code: 'too_soon', what: 'yesterday', at: ['10:00', -1] },
  { code: 'too_far_ahead', what: 'beyond the horizon', at: ['10:00', 120] },
  { code: 'off_step', what: 'between two steps', at: ['10:07'] },
  { code: 'shop_closed', what: 'at night', at: ['03:00'] },
  { code: 'shop_closed', what: 'so late that the visit would outlast the opening hours', at: ['19:45'] },
  {
    code: 'shop_closed',
    what: 'on a day of closure',
    at: ['10:00'],
    prepare: (engine, network) => {
      const { date } = toWall(Date.parse(network.at('10:00')), network.timeZone);
      return addClosure(
        engine.database.orm.em.fork(),
        network.networkId,
        network.shopId,
        { fromDate: date, toDate: date, reason: '' },
        real(),
      );
    },
  },
  {
    code: 'outside_working_hours',
    what: 'before the barber comes',
    at: ['10:00'],
    prepare: (engine, network) => week(engine, network, 660, 1140),
  },
  { code: 'on_break', what: "in the barber's break", at: ['12:30'], prepare: (engine, network) => week(engine, network, 480, 1200) },
  {
    code: 'time_off',
    what: 'while the barber is away',
    at: ['10:00'],
    prepare: (engine, network) => takeOff(engine, network, network.at('09:00'), network.at('12:00')),
  },
  {
    code: 'slot_taken',
    what: 'that another visit reaches into',
    at: ['10:00'],
    prepare: (engine, network) => book(engine, network, { startsAt: network.at('10:15') }),
  },
];

describe('refusals', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());
  beforeEach(async () => {
    network = await buildNetwork(engine.database.orm);
  });

  for (const { code, what, at, prepare } of cases) {
    it(`a time ${what}, when it is asked for, is refused as ${code} with times that can be had, and its key repeats that for ever`, async () => {
      await prepare?.(engine, network);
      const [key, body] = [randomUUID(), bookingBody(network, { startsAt: network.at(...at) })];
      const post = () => engine.call(network.apiKey, 'POST', '/v1/appointments', body, { 'idempotency-key': key });
      const first = await post();

      expectProblem(first, code);
      const { instance: _, ...answered } = first.body;
      // Nothing is free beyond the horizon, nor within a week of it as seen from far away.
      if (code !== 'too_far_ahead') expect(answered.nearest).to.have.length(3);
      for (const { barberId, startsAt } of answered.nearest.slice(-1))
        expect((await book(engine, network, { barberId, startsAt })).status).to.equal(201);

      const { instance: __, ...again } = (await post()).body;
      expect(again, 'the same key').to.deep.equal(answered);
      expectProblem(await book(engine, network, { startsAt: network.at('18:00') }, key), 'idempotency_key_reused');
      expect(
        await count(engine.database.orm, 'appointment', 'network_id = ? and starts_at = ?', [network.networkId, body.startsAt]),
      ).to.equal(0);
      expect(await count(engine.database.orm, 'contact', 'email = ?', [body.customer.email]), 'contacts of a refused booking').to.equal(0);
    });
  }

  it('a refused booking, read by its id, tells the code and the times offered', async () => {
    const [key, startsAt] = [randomUUID(), network.at('03:00')];
    const refused = await book(engine, network, { startsAt }, key);
    const [row] = await engine.database.orm.em
      .fork()
      .execute<{ id: string }[]>('select id from booking_request where network_id = ?', [network.networkId]);
    const read = await engine.call(network.apiKey, 'GET', `/v1/appointments/${row!.id}`);

    expect(read.status).to.equal(200);
    expect(read.body).to.deep.equal({
      id: row!.id,
      status: 'refused',
      shopId: network.shopId,
      serviceId: network.serviceId,
      startsAt,
      code: 'shop_closed',
      nearest: refused.body.nearest,
    });
  });

  it('a time long past, while the barber is away for days, is refused with times after those days', async () => {
    const back = network.at('12:00', 3);
    await takeOff(engine, network, network.at('00:00', -1), back);
    const answer = await book(engine, network, { startsAt: network.at('10:00', -30) });

    expectProblem(answer, 'too_soon');
    expect(answer.body.nearest[0].startsAt).to.equal(back);
  });

  it('a shop, service or barber, that this network does not have there, answers 404 by name and leaves the key free', async () => {
    const [other, key] = [await buildNetwork(engine.database.orm), randomUUID()];
    const archived = await buildNetwork(engine.database.orm);
    await changeService(engine.database.orm.em.fork(), archived.networkId, archived.serviceId, 1, { archivedAt: new Date() }, real());
    expectProblem(await book(engine, archived), 'not_found', ['/serviceId']);

    for (const strange of [randomUUID(), undefined]) {
      for (const [field, ids] of [
        ['shopId', other.shopId],
        ['serviceId', other.serviceId],
        ['barberId', other.barberIds[0]],
      ] as const) {
        expectProblem(await book(engine, network, { [field]: strange ?? ids }, key), 'not_found', [`/${field}`]);
      }
    }
    expect((await book(engine, network, {}, key)).status).to.equal(201);
  });
});
