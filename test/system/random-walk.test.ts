/**
 * Goal: whatever clients ask in whatever order, all that is stored about an appointment agrees in the end. Method: random walks over two
 * APIs and two workers, one of which is killed; then rows, events, workflows, claimed time and messages are compared. SEED repeats a walk's
 * choices.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { Network, Service } from '../../src/db/entities/network.ts';
import { seededRandom } from '../../src/dev/data/random.ts';
import { liveStatuses, transitions, type AppointmentStatus } from '../../src/domain/appointment.ts';
import { appointmentWorkflowId, stateQuery } from '../../workflows/messages.ts';
import { countOverlaps } from '../support/claiming.ts';
import { required } from '../support/database.ts';
import { eventually, type Answer } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { openSite, type Site } from '../support/programs.ts';
import { quietRuntime } from '../support/quiet.ts';
import { bundleOf } from '../support/scripted.ts';
import { walkOn, type Walk } from '../support/walk.ts';

type Row = {
  id: string;
  entry: string;
  status: AppointmentStatus;
  version: number;
  starts_at: string;
  ends_at: string;
  ended_at: string | null;
  events: { from: AppointmentStatus | null; to: AppointmentStatus; version: number; kind: string }[];
  claims: { barberId: string; from: string; to: string }[];
  parts: { barberId: string; from: string; to: string }[];
  deliveries: { kind: string; state: string; due: string }[];
};

describe('random walks', () => {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  let site: Site;
  let network: TestNetwork;
  let connection: Connection;

  before(async () => {
    quietRuntime();
    site = await openSite({ ANSWER_WITHIN_MS: '30000', RESERVE_WITHIN_SECONDS: '30' });
    network = await buildNetwork(site.database.orm, { barbers: 3, timeZone: 'UTC', hours: everyDay(0, 1440) });
    connection = await Connection.connect({ address: required('TEST_TEMPORAL_ADDRESS') });
  });
  after(async () => {
    await connection.close();
    await site.close();
  });

  const readAll = () =>
    site.database.orm.em.fork().execute<Row[]>(
      `select a.id, a.entry, a.status, a.version, a.starts_at, a.ends_at, a.ended_at,
         (select coalesce(json_agg(json_build_object(
              'from', e.from_status, 'to', e.to_status, 'version', e.version, 'kind', e.kind) order by e.version), '[]')
          from appointment_event e
          where e.appointment_id = a.id) as events,
         (select coalesce(json_agg(json_build_object(
              'barberId', o.barber_id, 'from', lower(o.during), 'to', upper(o.during)) order by lower(o.during)), '[]')
          from occupancy o
          where o.appointment_id = a.id) as claims,
         (select coalesce(json_agg(json_build_object(
              'barberId', p.barber_id, 'from', p.starts_at, 'to', p.ends_at) order by p.position), '[]')
          from appointment_part p
          where p.appointment_id = a.id) as parts,
         (select coalesce(json_agg(json_build_object('kind', d.kind, 'state', d.state, 'due', d.due_at)), '[]')
          from delivery d
          where d.appointment_id = a.id) as deliveries
       from appointment a
       where a.network_id = ?
       order by a.id`,
      [network.networkId],
    );

  it(`of eight clients over two APIs and two workers, one of which is killed, leave everything agreeing (SEED=${seed})`, async function () {
    // Where it waits, it waits for what it names; a busy machine is no failure.
    this.timeout(300_000);
    const approvedServiceId = randomUUID();
    const em = site.database.orm.em.fork();
    await em.nativeUpdate(
      Network,
      { id: network.networkId },
      { settings: { holdSeconds: 3, slotStepMinutes: 30, reminderLeadMinutes: [60], maxHourlyBookingsPerContact: null } },
    );
    await em.insert(Service, {
      id: approvedServiceId,
      networkId: network.networkId,
      name: 'Coloração',
      durationMinutes: 60,
      segments: [
        { kind: 'busy', minutes: 20 },
        { kind: 'free', minutes: 20 },
        { kind: 'busy', minutes: 20 },
      ],
      priceCents: 4000,
      currency: 'EUR',
      settings: { approvalRequired: true, bufferAfterMinutes: 5 },
      archivedAt: null,
      version: 1,
    });
    const [first, second, worker] = await Promise.all([site.startApi(), site.startApi(), site.startWorker(), site.startWorker()]);
    const shared = { urls: [first.url, second.url], network, approvedServiceId, appointments: [], holds: [] } satisfies Partial<Walk>;
    const clients = Array.from({ length: 8 }, (_, index) => {
      const random = seededRandom(seed + index);
      return { ...shared, random: () => random.next() };
    });

    const answers: Answer[] = (await Promise.all(clients.map((walk) => walkOn(walk, 20)))).flat();
    const killed = worker.end('SIGKILL').then(() => site.startWorker());
    answers.push(...(await Promise.all(clients.map((walk) => walkOn(walk, 20)))).flat());
    await killed;

    const surprising = answers.filter(({ status }) => ![200, 201, 202, 403, 404, 409, 412].includes(status));
    expect(surprising.map(({ status, text }) => `${status} ${text}`)).to.deep.equal([]);
    const done = answers.filter(({ status }) => status < 300).length;
    expect(done, 'of a walk in which nothing is allowed, nothing is learnt').to.be.above(60);

    // Holds run out, and what is due now is sent.
    const settled = await eventually(readAll, (rows) => rows.every(isSettled), 90_000);
    expect(settled).to.have.length.above(20);
    for (const row of settled) expectAgreement(row);
    await expectReplays(settled);
    await expectWorkflowsAgree(settled);
    expect(await countOverlaps(site.database.orm, network.networkId)).to.equal(0);
  });

  const isFinal = (status: AppointmentStatus): boolean => ['completed', 'cancelled', 'expired', 'refused'].includes(status);

  function isSettled({ status, deliveries }: Row): boolean {
    const isOpen = ({ state, due }: Row['deliveries'][number]) =>
      state === 'in_flight' || (state === 'due' && (isFinal(status) || Date.parse(due) < Date.now()));
    return status !== 'held' && !deliveries.some(isOpen);
  }

  function expectAgreement({ id, entry, status, version, events, claims, parts, deliveries, ended_at }: Row): void {
    const story = `${id}: ${events.map(({ kind, to }) => `${kind} → ${to}`).join(', ')}`;
    expect(
      events.map((event) => event.version),
      story,
    ).to.deep.equal(Array.from({ length: version }, (_, index) => index + 1));
    expect(events.at(-1)!.to, story).to.equal(status);
    for (const [index, event] of events.entries()) {
      if (index === 0) continue;
      expect(event.from, story).to.equal(events[index - 1]!.to);
      expect(Object.values(transitions[event.from!]), story).to.include(event.to);
    }
    const isLive = (liveStatuses as readonly string[]).includes(status);
    if (isLive)
      for (const part of parts)
        expect(
          claims.some((claim) => claim.barberId === part.barberId && Date.parse(claim.from) <= Date.parse(part.from)),
          story,
        ).to.equal(true);
    if (['cancelled', 'expired', 'refused'].includes(status)) expect(claims, story).to.deep.equal([]);
    if (['completed', 'no_show'].includes(status))
      for (const claim of claims) expect(Date.parse(claim.to), story).to.be.at.most(Date.parse(ended_at!));
    expect(ended_at !== null, story).to.equal(['completed', 'cancelled', 'no_show', 'expired', 'refused'].includes(status));

    const wasBooked = events.some(({ to, from }) => to === 'confirmed' || to === 'pending_approval' || from === 'pending_approval');
    // Who walked in has left no address: what would be told is skipped.
    const sent = (kind: string) =>
      deliveries.filter((each) => each.kind === kind && each.state === (entry === 'walk_in' ? 'skipped' : 'delivered')).length;
    if (status === 'cancelled')
      expect(sent('cancellation_customer'), story).to.equal(wasBooked || events.some(({ to }) => to === 'checked_in') ? 1 : 0);
    else expect(sent('cancellation_customer'), story).to.equal(0);
    if (status !== 'confirmed' && status !== 'no_show')
      expect(
        deliveries.filter((each) => each.kind === 'reminder_customer' && each.state === 'due'),
        story,
      ).to.deep.equal([]);
    expect(
      deliveries.filter(({ state }) => state === 'parked'),
      story,
    ).to.deep.equal([]);
  }

  async function expectWorkflowsAgree(rows: Row[]): Promise<void> {
    const client = new Client({ connection });
    for (const { id, status, version } of rows) {
      const handle = client.workflow.getHandle(appointmentWorkflowId(id));
      const state = await eventually(
        () => handle.query(stateQuery),
        ({ step }) => step === status,
        30_000,
      );
      expect(state.version, id).to.equal(version);
      if (isFinal(status))
        await eventually(
          () => handle.describe(),
          ({ status: { name } }) => name === 'COMPLETED',
          30_000,
        );
    }
  }

  /** A worker that never saw them takes the same steps: what one that is killed leaves behind, another can go on with. */
  async function expectReplays(rows: Row[]): Promise<void> {
    const client = new Client({ connection });
    const histories = await Promise.all(
      rows.map(async ({ id }) => ({ workflowId: id, history: await client.workflow.getHandle(appointmentWorkflowId(id)).fetchHistory() })),
    );
    const failures: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle: await bundleOf('../../workflows/index.ts') },
      histories,
    ))
      if (error) failures.push(`${workflowId}: ${error.message}`);
    expect(failures).to.deep.equal([]);
  }
});
