/**
 * Goal: a visit is moved once and its customer told once, whoever dies or comes at the same moment; one that waits for its customer's
 * choice ends well either way. Method: real days of one visit, with tries cut off, workers at once, ended workflows and the clock set; then
 * the rows and the inbox.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createRelocationActivities } from '../../activities/relocation.ts';
import { createSignInLinks } from '../../src/db/calendar-sign-in.ts';
import { changeAppointment } from '../../src/db/change.ts';
import { Service } from '../../src/db/entities/network.ts';
import { createLinks } from '../../src/db/self-service.ts';
import { count } from '../support/claiming.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import type { NetworkWishes, TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';
import { buildDay, relocationCalls, statesOf } from '../support/relocation.ts';

describe('a relocation', () => {
  let engine: Engine;
  let network: TestNetwork;
  let date: string;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' } });
  });
  after(() => engine.stop());

  const build = async (wishes: NetworkWishes = {}) => {
    ({ network, date } = await buildDay(engine, wishes));
  };
  const { call, booked, begin, finished, appointment, told, stopIdleWorkers } = relocationCalls(
    () => engine,
    () => network,
    () => date,
  );

  it('a relocation, whose first try was cut off after it had moved a visit, tells nobody twice', async () => {
    await build({ barbers: 2 });
    const a = await booked('10:00');
    await stopIdleWorkers([a]);
    const { id } = (await begin()).body;
    // What the try before did: the visit is moved in this relocation's name, and the worker died before it could say so.
    const result = await changeAppointment(
      engine.database.orm.em.fork(),
      { networkId: network.networkId, appointmentId: a },
      {
        action: 'reschedule',
        actor: `relocation:${id}`,
        by: 'staff',
        source: 'relocation',
        reason: 'illness',
        to: {
          shopId: network.shopId,
          visit: { wishes: [{ serviceId: network.serviceId, barberId: network.barberIds[1]! }], sameBarber: true },
          startsAt: network.at('10:00'),
        },
      },
      { now: () => new Date(), closeAfterSeconds: 86_400 },
    );
    expect(result.ok).to.equal(true);
    await engine.startWorkers();

    expect(statesOf(await finished(id))).to.deep.equal({ [a]: 'moved' });
    expect((await appointment(a)).version).to.equal(2);
    expect(
      await count(engine.database.orm, 'delivery', `appointment_id = ? and kind in ('rescheduled_customer', 'choose_customer')`, [a]),
    ).to.equal(1);
  });

  it('a visit, when four workers take it at the same moment, is moved once and told once', async () => {
    await build({ barbers: 4 });
    const a = await booked('10:00');
    await stopIdleWorkers([a]);
    const { id } = (await begin()).body;
    await engine.startWorkers();
    const { deps } = engine;
    const activities = createRelocationActivities({
      ...deps,
      links: createLinks(deps.config),
      signInLinks: createSignInLinks(deps.config),
      mailFrom: '',
      client: deps.temporal.client,
      taskQueue: deps.config.temporal.taskQueue,
    });
    const visit = { networkId: network.networkId, relocationId: id, appointmentId: a, policy: deps.policy };

    const states = await Promise.all(Array.from({ length: 4 }, () => activities.relocateVisit(visit)));

    expect([...states, statesOf(await finished(id))[a]]).to.deep.equal(Array(5).fill('moved'));
    expect((await appointment(a)).version).to.equal(2);
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
  });

  it('a visit of which nobody chooses another time, waits for its start, and is then cancelled without being held against the customer', async () => {
    await build();
    const a = await booked('10:00');
    await finished((await begin({ mode: 'offer' })).body.id);
    const ids = { networkId: network.networkId, appointmentId: a };
    const byTheClock = { action: 'cancel', actor: 'timer', by: 'timer', source: 'timer' } as const;
    const at = (ms: number) =>
      changeAppointment(engine.database.orm.em.fork(), ids, byTheClock, {
        now: () => new Date(Date.parse(network.at('10:00')) + ms),
        closeAfterSeconds: 86_400,
      });

    const early = await at(-1);
    expect(early).to.deep.include({ ok: false, code: 'too_early' });
    expect(Date.parse(early.stand!.wake!.at)).to.equal(Date.parse(network.at('10:00')));
    expect(early.stand!.wake!.action).to.equal('cancel');
    expect((await at(0)).ok).to.equal(true);
    expect((await appointment(a)).ended).to.deep.equal({ by: 'timer', reason: null, late: false });
  });

  it('a visit that can take place after all, is confirmed anew by the shop alone', async () => {
    await build();
    const a = await booked('10:00');
    await finished((await begin({ mode: 'offer' })).body.id);
    expect(await told(a)).to.deep.equal(['choose_customer']);
    expectProblem(await call('POST', `/v1/appointments/${a}/confirm-attendance`), 'not_allowed');

    const answer = await call('POST', `/v1/appointments/${a}/confirm-attendance`, { staff: { reason: 'mistake' } });

    expect([answer.status, answer.body.status, answer.body.decideBy], answer.text).to.deep.equal([200, 'confirmed', null]);
    await told(a);
    expect((await mailsOf(a)).filter(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')).to.have.length(2);
    expect(
      (await engine.deps.temporal.client.workflow.getHandle(`appointment-${a}`).query<{ version?: number }>('state')).version,
    ).to.equal(3);
  });

  it('a visit whose workflow was ended by a person, moves all the same, and its customer is told once', async () => {
    await build({ barbers: 2 });
    const a = await booked('10:00');
    expect(await told(a)).to.deep.equal([]);
    await engine.deps.temporal.client.workflow.getHandle(`appointment-${a}`).terminate('a test');

    expect(statesOf(await finished((await begin()).body.id))).to.deep.equal({ [a]: 'moved' });
    expect(await told(a)).to.deep.equal(['rescheduled_customer']);
  });

  it('a visit with several barbers, when one is sick, keeps the others', async () => {
    await build({ barbers: 3 });
    const second = randomUUID();
    await engine.database.orm.em.fork().insert(Service, {
      id: second,
      networkId: network.networkId,
      name: 'Barba',
      durationMinutes: 30,
      segments: [{ kind: 'busy', minutes: 30 }],
      priceCents: 900,
      currency: 'EUR',
      settings: {},
      archivedAt: null,
      version: 1,
    });
    const id = await booked('10:00', 0, {
      serviceId: undefined,
      barberId: undefined,
      sameBarber: false,
      services: [
        { serviceId: network.serviceId, barberId: network.barberIds[0] },
        { serviceId: second, barberId: network.barberIds[1] },
      ],
    });

    expect(statesOf(await finished((await begin()).body.id))).to.deep.equal({ [id]: 'moved' });
    const { parts, startsAt } = await appointment(id);
    expect(startsAt).to.equal(network.at('10:00'));
    expect(parts[1].barberId).to.equal(network.barberIds[1]);
    expect(parts[0].barberId).to.not.equal(network.barberIds[0]);
  });
});
