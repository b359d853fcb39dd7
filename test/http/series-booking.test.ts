/**
 * Goal: a series books what was accepted, hides no refusal, and obeys the rules of any booking. Method: real series over HTTP, with rivals
 * between.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book, customer } from '../support/booking.ts';
import { count } from '../support/claiming.ts';
import { eventually, startEngine, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { seriesCalls, statuses } from '../support/series.ts';

describe('a series of visits', () => {
  let engine: Engine;
  let network: TestNetwork;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => {
    network = await buildNetwork(engine.database.orm, wishes);
  };
  const { call, localStart, preview, weekly, seriesBody, commit, now, appointments } = seriesCalls(
    () => engine,
    () => network,
  );

  it("accepted, at other times than the rhythm's where that was taken, is booked visit by visit, each with its own mail", async () => {
    await build();
    await book(engine, network, { startsAt: network.at('10:00', 14) });
    const offered = (await preview()).body.visits;
    const visits = offered.map(({ slot, nearest }: { slot: object | null; nearest: object[] }) => ({
      startsAt: ((slot ?? nearest[0]) as { startsAt: string }).startsAt,
    }));

    const answer = await commit(seriesBody({ visits }));

    expect(answer.status, answer.text).to.equal(201);
    expect(answer.headers.get('location')).to.equal(`/v1/series/${answer.body.id}`);
    expect([answer.body.booked, ...statuses(answer)]).to.deep.equal([3, 'booked', 'booked', 'booked']);
    expect(
      answer.body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => ({ startsAt: appointment.startsAt })),
    ).to.deep.equal(visits);
    const listed = await call('GET', `/v1/appointments?seriesId=${answer.body.id}`);
    expect(listed.body.items.map(({ id }: { id: string }) => id)).to.deep.equal(answer.body.visits.map(({ id }: { id: string }) => id));
    for (const { id } of answer.body.visits)
      await eventually(
        () => mailsOf(id),
        (mails) => mails.length >= 2,
      );
    const read = await call('GET', `/v1/series/${answer.body.id}`);
    expect(read.body).to.deep.include({ everyWeeks: 1, shopId: network.shopId, cancelledFrom: null });
    expect(read.body.visits).to.deep.equal(answer.body.visits);
  });

  it("accepted by local times, is booked at those, in the shop's zone", async () => {
    await build({ timeZone: 'America/New_York' });
    const answer = await commit(seriesBody({ visits: [{ localStart: localStart('10:00', 7) }, { localStart: localStart('11:15', 14) }] }));
    expect(answer.body.visits.map(({ appointment }: { appointment: { startsAt: string } }) => appointment.startsAt)).to.deep.equal([
      network.at('10:00', 7),
      network.at('11:15', 14),
    ]);
  });

  it('of which somebody takes one time after the preview, shows that refusal with free times, and books the others', async () => {
    await build();
    expect((await preview()).body.free).to.equal(3);
    await book(engine, network, { startsAt: network.at('10:00', 14) });

    const answer = await commit(seriesBody());

    expect([answer.status, answer.body.booked, ...statuses(answer)]).to.deep.equal([201, 2, 'booked', 'refused', 'booked']);
    const [, refused] = answer.body.visits;
    expect(refused).to.deep.include({ code: 'slot_taken', startsAt: network.at('10:00', 14) });
    expect(refused.nearest[0]).to.deep.include({ startsAt: network.at('09:30', 14) });
    expect(await now(answer.body.id)).to.deep.equal(['confirmed', 'slot_taken', 'confirmed']);
    expectProblem(
      await call('GET', `/v1/appointments/${refused.id}`).then((found) =>
        found.status === 200 ? call('POST', `/v1/appointments/${refused.id}/cancel`) : found,
      ),
      'not_found',
    );
  });

  it('in rivalry for the same times, gives each time to one of two series', async () => {
    await build();
    const answers = await Promise.all([commit(seriesBody()), commit(seriesBody())]);
    for (const index of [0, 1, 2]) expect(answers.map((answer) => statuses(answer)[index]).toSorted()).to.deep.equal(['booked', 'refused']);
    expect(await appointments()).to.equal(3);
  });

  it("with a cap on the customer's visits to come, has its earlier visits counted in the later ones", async () => {
    await build({ settings: { maxUpcomingVisitsPerCustomer: 2 } });
    const answer = await commit(seriesBody());
    expect([...statuses(answer), answer.body.visits[2].code]).to.deep.equal(['booked', 'booked', 'refused', 'customer_limit']);
  });

  it('longer than the hourly limit, is let in as one, counts as many, and is turned away as a whole when the limit is met', async () => {
    await build({ settings: { maxHourlyBookingsPerContact: 2, maxHourlyBookingsPerAddress: 20 } });
    const who = customer();
    const first = await commit(seriesBody({ customer: who }));
    expect(statuses(first)).to.deep.equal(['booked', 'booked', 'booked']);

    expectProblem(await commit(seriesBody({ customer: who, visits: weekly(4) })), 'booking_limit');
    expectProblem(await book(engine, network, { customer: who, startsAt: network.at('12:00') }), 'booking_limit');
    expect(
      await count(engine.database.orm, 'booking_request', 'network_id = ? and address_hash is not null', [network.networkId]),
    ).to.equal(3);
    expect((await commit(seriesBody({ visits: weekly(4) }))).status, 'somebody else').to.equal(201);
  });

  it('booked by staff, sets rules aside with a reason; a key without "manage" may not', async () => {
    await build({ settings: { bookingHorizonDays: 5 } });
    expect(statuses(await commit(seriesBody()))).to.deep.equal(['refused', 'refused', 'refused']);
    const staff = { reason: 'customer_asked', waive: ['too_far_ahead'] };
    expect(statuses(await commit(seriesBody({ staff })))).to.deep.equal(['booked', 'booked', 'booked']);
    await build({ scopes: ['book'] });
    expectProblem(await commit(seriesBody({ staff })), 'forbidden');
  });

  it('faulty, is refused by the name of each field, and its key stays free', async () => {
    await build();
    const key = randomUUID();
    const at = network.at('10:00', 7);
    const faults: [wishes: Record<string, unknown>, paths: string[]][] = [
      [{ visits: [] }, ['/visits']],
      [{ visits: Array.from({ length: 27 }, () => ({ startsAt: at })) }, ['/visits']],
      [{ visits: [{}] }, ['/visits/0/startsAt']],
      [{ visits: [{ startsAt: at }, { startsAt: at, localStart: '2027-05-05T10:00' }] }, ['/visits/1/startsAt']],
      [{ visits: [{ startsAt: at }, { startsAt: at }] }, ['/visits/1/startsAt']],
      [{ visits: [{ startsAt: at }, { localStart: localStart('10:00', 7) }] }, ['/visits/1/localStart']],
      [{ everyWeeks: 0 }, ['/everyWeeks']],
      [{ everyWeeks: 1.5 }, ['/everyWeeks']],
      [{ everyWeeks: 27 }, ['/everyWeeks']],
      [{ customer: undefined }, ['/customer']],
      [{ times: 3 }, ['/times']],
      [{ serviceId: undefined }, ['/serviceId']],
      [{ startsAt: at }, ['/startsAt']],
      [
        {
          serviceId: undefined,
          barberId: undefined,
          services: [{ serviceId: network.serviceId }],
          visits: [{ startsAt: at, barberId: network.barberIds[0] }],
        },
        ['/visits/0/barberId'],
      ],
    ];
    for (const [wishes, paths] of faults) expectProblem(await commit(seriesBody(wishes), key), 'invalid_request', paths);
    expectProblem(await commit(seriesBody({ visits: [{ startsAt: at }, { localStart: '2027-03-28T01:30' }] }), key), 'skipped_local_time', [
      '/visits/1/localStart',
    ]);
    expectProblem(
      await commit(seriesBody({ visits: [{ startsAt: at }, { startsAt: network.at('10:00', 8), barberId: randomUUID() }] }), key),
      'not_found',
      ['/visits/1/barberId'],
    );
    expectProblem(await commit(seriesBody({ shopId: randomUUID() }), key), 'not_found', ['/shopId']);
    expectProblem(await commit(seriesBody({ serviceId: randomUUID() }), key), 'not_found', ['/serviceId']);
    expectProblem(await call('POST', '/v1/series', seriesBody()), 'idempotency_key_missing');
    expect([await appointments(), await count(engine.database.orm, 'series', 'network_id = ?', [network.networkId])]).to.deep.equal([0, 0]);
    expect((await commit(seriesBody(), key)).status).to.equal(201);

    for (const [wishes, paths] of [
      [{ times: 1 }, ['/times']],
      [{ times: 27 }, ['/times']],
      [{ localStart: '2027-02-30T10:00' }, ['/localStart']],
      [{ customer: customer() }, ['/customer']],
    ] as const) {
      expectProblem(await preview(wishes), 'invalid_request', [...paths]);
    }
    expectProblem(await preview({ barberId: randomUUID() }), 'not_found', ['/barberId']);
    expectProblem(await preview({ shopId: randomUUID() }), 'not_found', ['/shopId']);
    expectProblem(await call('POST', `/v1/series/${randomUUID()}/cancel`, { from: 'tomorrow' }), 'invalid_request', ['/from']);
  });

  it('of another network, is not there', async () => {
    await build();
    const {
      body: { id },
    } = await commit(seriesBody({ visits: weekly(1) }));
    const mine = network;
    await build();
    expectProblem(await call('GET', `/v1/series/${id}`), 'not_found');
    expectProblem(await call('POST', `/v1/series/${id}/cancel`), 'not_found');
    network = mine;
    expect(await now(id)).to.deep.equal(['confirmed']);
    expect((await call('GET', `/v1/series/${id}`)).body.cancelledFrom).to.equal(null);
  });
});
