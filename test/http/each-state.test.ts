/**
 * Goal: in each state, each action does what the grid says, and a refusal changes nothing. Method: bring real appointments into each state
 * over HTTP, ask for each action at a time when only the state could forbid it, then read row, events and time.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Service } from '../../src/db/entities/network.ts';
import { liveStatuses, type AppointmentStatus } from '../../src/domain/appointment.ts';
import { bookingBody, customer } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, everyDay, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

const grid = `
                  confirm    release    approve    refuse   reschedule        confirm-attendance  cancel     staff-cancel  check-in    start    complete   no-show  forgive
held              confirmed  cancelled  -          -        -                 -                   cancelled  cancelled     -           -        -          -        -
pending_approval  other      -          confirmed  refused  pending_approval  -                   cancelled  cancelled     -           -        -          -        -
confirmed         other      -          =          -        confirmed         confirmed           cancelled  cancelled     checked_in  started  completed  no_show  -
checked_in        -          -          -          -        -                 -                   begun      cancelled     =           started  completed  -        -
started           -          -          -          -        -                 -                   -          -             -           =        completed  -        -
completed         -          -          -          -        -                 -                   -          -             -           -        =          -        -
cancelled         -          =          -          -        -                 -                   =          =             -           -        -          -        cancelled
no_show           -          -          -          -        -                 -                   -          -             checked_in  -        -          =        no_show
expired           gone       -          -          -        -                 -                   -          -             -           -        -          -        -
refused           -          -          -          =        -                 -                   -          -             -           -        -          -        -`;
const [header, ...rows] = grid
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));
const actions = header!;

/** What a refusal names as possible instead. */
const allowed = (cells: string[]): string[] =>
  actions.filter(
    (action, index) =>
      action !== 'release' &&
      action !== 'staff-cancel' &&
      (/^[a-z_]{6,}$/.test(cells[index]!) || (action === 'cancel' && cells[index] === 'begun')),
  );

describe('each state and each action', () => {
  let engine: Engine;
  let network: TestNetwork;
  let approvedServiceId: string;
  let brieflyHeldServiceId: string;
  let aheadMs = 0;
  let slots: { barberId: string; startsAt: string }[];

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' }, deps: { now: () => new Date(Date.now() + aheadMs) } });
    network = await buildNetwork(engine.database.orm, {
      barbers: 6,
      hours: everyDay(0, 1440),
      timeZone: 'UTC',
      settings: { maxHourlyBookingsPerContact: null, maxHourlyBookingsPerAddress: null, maxHourlyBookingsPerKey: null },
    });
    [approvedServiceId, brieflyHeldServiceId] = [randomUUID(), randomUUID()];
    const service = {
      networkId: network.networkId,
      durationMinutes: 30,
      segments: [{ kind: 'busy' as const, minutes: 30 }],
      priceCents: 1500,
      currency: 'EUR',
      archivedAt: null,
      version: 1,
    };
    await engine.database.orm.em.fork().insertMany(Service, [
      { ...service, id: approvedServiceId, name: 'Coloração', settings: { approvalRequired: true, approvalWithinMinutes: 10_000 } },
      { ...service, id: brieflyHeldServiceId, name: 'Barba', settings: { holdSeconds: 1 } },
    ]);
    // Pairs of hours, so that each visit can move half an hour later.
    slots = Array.from({ length: 24 }, (_, hour) =>
      network.barberIds.map((barberId) => ({ barberId, startsAt: network.at(`${String(hour).padStart(2, '0')}:00`) })),
    ).flat();
  });
  after(() => engine.stop());
  beforeEach(() => {
    aheadMs = 0;
  });

  const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    engine.call(network.apiKey, 'POST', path, body, headers);
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const keyed = () => ({ 'idempotency-key': randomUUID() });
  const tokenOf = (id: string) => createHmac('sha256', engine.deps.config.linkSecret).update(`hold ${id}`).digest('base64url');
  const at = (id: string, action: string, body?: unknown) => post(`/v1/appointments/${id}/${action}`, body);
  /** The clock that API and worker read; Temporal's timers keep to the real one. */
  const travelTo = (instant: string, minutes: number) => {
    aheadMs = Date.parse(instant) + minutes * 60_000 - Date.now();
  };

  async function begin(path: string, serviceId: string): Promise<string> {
    const body = bookingBody(network, { serviceId, ...slots.pop() });
    const answer = await post(path, path === '/v1/holds' ? { ...body, customer: undefined } : body, keyed());
    expect(answer.status, answer.text).to.equal(201);
    return answer.body.id;
  }
  const book = () => begin('/v1/appointments', network.serviceId);

  async function bring(status: AppointmentStatus): Promise<string> {
    switch (status) {
      case 'held':
        return begin('/v1/holds', network.serviceId);
      case 'expired': {
        const id = await begin('/v1/holds', brieflyHeldServiceId);
        await eventually(
          () => read(id),
          (appointment) => appointment.status === 'expired',
        );
        return id;
      }
      case 'pending_approval':
        return begin('/v1/appointments', approvedServiceId);
      case 'confirmed':
        return book();
      case 'refused':
        return having(await bring('pending_approval'), 'refuse');
      case 'cancelled':
        return having(await book(), 'cancel');
      case 'checked_in':
        return having(await book(), 'check-in', 0);
      case 'started':
        return having(await book(), 'start', 0);
      case 'completed':
        return having(await book(), 'complete', 30);
      case 'no_show':
        return having(await book(), 'no-show', 1);
    }
  }
  async function having(id: string, action: string, minutes?: number): Promise<string> {
    if (minutes !== undefined) travelTo((await read(id)).startsAt, minutes);
    const answer = await at(id, action);
    expect(answer.status, answer.text).to.equal(200);
    return id;
  }

  /** Asks at a time when the clock forbids it in no state. */
  async function ask(action: string, id: string): Promise<Answer> {
    const { startsAt } = await read(id);
    if (['check-in', 'start', 'no-show'].includes(action)) travelTo(startsAt, 1);
    else if (action === 'complete') travelTo(startsAt, 30);
    else aheadMs = 0;
    switch (action) {
      case 'confirm':
        return post(`/v1/holds/${id}/confirm`, { token: tokenOf(id), customer: customer() });
      case 'release':
        return post(`/v1/holds/${id}/release`, { token: tokenOf(id) });
      case 'reschedule':
        return at(id, action, { startsAt: new Date(Date.parse(startsAt) + 30 * 60_000).toISOString() });
      case 'forgive':
        return at(id, action, { staff: { reason: 'goodwill' } });
      case 'staff-cancel':
        return at(id, 'cancel', { staff: { reason: 'goodwill' } });
      default:
        return at(id, action);
    }
  }

  const trace = (id: string) =>
    engine.database.orm.em
      .fork()
      .execute<{ status: AppointmentStatus; version: number; events: number; claims: number; told: number }[]>(
        `select status, version,
           (select count(*)::int from appointment_event e where e.appointment_id = a.id) as events,
           (select count(*)::int from occupancy o where o.appointment_id = a.id) as claims,
           (select count(*)::int from delivery d where d.appointment_id = a.id) as told
         from appointment a
         where id = ?`,
        [id],
      )
      .then(([row]) => row!);

  for (const [status, ...cells] of rows as [AppointmentStatus, ...string[]][]) {
    for (const [index, action] of actions.entries()) {
      const cell = cells[index]!;
      const becomes = ['-', '=', 'begun', 'gone', 'other'].includes(cell) ? null : cell;
      it(`${status}, asked to ${action}, ${becomes ? `becomes ${becomes}` : cell === '=' ? 'answers what is so already' : 'is refused and stays as it was'}`, async () => {
        const id = await bring(status);
        const before = await trace(id);

        const answer = await ask(action, id);

        const now = await trace(id);
        if (becomes) {
          expect([answer.status, answer.body.status], answer.text).to.deep.equal([200, becomes]);
          expect(now).to.include({ status: becomes, version: before.version + 1, events: before.events + 1 });
          expect(answer.headers.get('etag')).to.equal(`"${now.version}"`);
          if ((liveStatuses as readonly string[]).includes(becomes)) expect(now.claims).to.be.above(0);
          if (['cancelled', 'refused', 'expired'].includes(becomes)) expect(now.claims).to.equal(0);
        } else {
          if (cell === '=') expect([answer.status, answer.body.status], answer.text).to.deep.equal([200, status]);
          else expectProblem(answer, cell === 'begun' ? 'already_begun' : cell === 'gone' ? 'hold_expired' : 'not_allowed');
          if (cell === '-' && action !== 'release')
            expect([answer.body.current.status, answer.body.allowed.toSorted()]).to.deep.equal([status, allowed(cells).toSorted()]);
          expect(now).to.deep.equal(before);
        }
      });
    }
  }
});
