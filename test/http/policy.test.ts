/**
 * Goal: what was agreed holds, for customers to the minute and for staff with a reason. Method: cut-offs, strikes and approval over HTTP,
 * the clock moved by hand.
 */
import { expect } from 'chai';
import { Network } from '../../src/db/entities/network.ts';
import type { Settings } from '../../src/domain/settings.ts';
import { createApiKey } from '../../src/db/api-key.ts';
import { book, customer } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

describe('policies', () => {
  let engine: Engine;
  let network: TestNetwork;
  let aheadMs = 0;

  before(async () => {
    engine = await startEngine({ env: { ANSWER_WITHIN_MS: '60000' }, deps: { now: () => new Date(Date.now() + aheadMs) } });
  });
  after(() => engine.stop());

  const open = async (settings: Partial<Settings>) => {
    aheadMs = 0;
    network = await buildNetwork(engine.database.orm, { settings });
  };
  const post = (path: string, body?: unknown): Promise<Answer> => engine.call(network.apiKey, 'POST', path, body);
  const at = (id: string, action: string, body?: unknown) => post(`/v1/appointments/${id}/${action}`, body);
  const read = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}`)).body;
  const lastEvent = async (id: string) => (await engine.call(network.apiKey, 'GET', `/v1/appointments/${id}/events`)).body.items.at(-1);
  const booked = async (wishes: object = {}) => {
    const answer = await book(engine, network, { ...wishes });
    expect(answer.status, answer.text).to.equal(201);
    return answer.body;
  };
  /** So many minutes before the visit. */
  const travel = (startsAt: string, minutesBefore: number) => {
    aheadMs = Date.parse(startsAt) - minutesBefore * 60_000 - Date.now();
  };

  it('a cancellation after the cut-off, where late ones count, is made and counts; one before does not', async () => {
    await open({ cancelCutoffMinutes: 120, lateCancel: 'count' });
    const [late, inTime] = [await booked(), await booked({ startsAt: network.at('12:00') })];
    travel(inTime.startsAt, 125);
    expect((await at(inTime.id, 'cancel', { reason: 'illness' })).body.ended).to.deep.equal({
      by: 'customer',
      reason: 'illness',
      late: false,
    });
    expect((await at(late.id, 'cancel')).body).to.deep.include({
      status: 'cancelled',
      ended: { by: 'customer', reason: null, late: true },
    });
    expect((await lastEvent(late.id)).details).to.deep.equal({ by: 'customer', late: true });
  });

  it('a cancellation after the cut-off, where late ones are refused, is refused with the policy; staff cancel all the same, and their reason is kept', async () => {
    await open({ cancelCutoffMinutes: 120, lateCancel: 'refuse' });
    const { id, startsAt } = await booked();
    travel(startsAt, 119);

    const refused = await at(id, 'cancel');
    expectProblem(refused, 'cancel_too_late');
    expect(refused.body.current.policy).to.include({
      lateCancel: 'refuse',
      cancelUntil: new Date(Date.parse(startsAt) - 7_200_000).toISOString().replace('.000', ''),
    });
    expect((await at(id, 'cancel', { staff: { reason: 'goodwill' } })).body.ended).to.deep.equal({
      by: 'staff',
      reason: 'goodwill',
      late: false,
    });
    expect((await lastEvent(id)).details).to.deep.include({ by: 'staff', reason: 'goodwill' });
  });

  it('a visit that the customer moves when it was too late to cancel, stays too late; one that staff move, does not', async () => {
    await open({ cancelCutoffMinutes: 1440, lateCancel: 'refuse', rescheduleCutoffMinutes: 0 });
    const [own, theirs] = [await booked(), await booked({ startsAt: network.at('12:00') })];
    travel(own.startsAt, 60);
    expectProblem(await at(own.id, 'cancel'), 'cancel_too_late');
    expect((await at(own.id, 'reschedule', { startsAt: network.at('10:00', 12) })).status).to.equal(200);
    expectProblem(await at(own.id, 'cancel'), 'cancel_too_late');
    expect((await at(theirs.id, 'reschedule', { startsAt: network.at('12:00', 12), staff: { reason: 'illness' } })).status).to.equal(200);
    expect((await at(theirs.id, 'cancel')).body.ended).to.deep.include({ late: false });
  });

  it('a move after its own cut-off, is refused to customers and not to staff', async () => {
    await open({ rescheduleCutoffMinutes: 60, cancelCutoffMinutes: 0 });
    const { id, startsAt } = await booked();
    travel(startsAt, 59);

    expectProblem(await at(id, 'reschedule', { startsAt: network.at('15:00') }), 'reschedule_too_late');
    expect((await at(id, 'reschedule', { startsAt: network.at('15:00'), staff: { reason: 'customer_asked' } })).body).to.include({
      version: 2,
      startsAt: network.at('15:00'),
    });
    expect((await lastEvent(id)).details).to.deep.include({ by: 'staff', reason: 'customer_asked' });
  });

  it('an appointment, when the shop changes its policy, keeps the one that it was booked under; the next has the new one', async () => {
    await open({ cancelCutoffMinutes: 60, lateCancel: 'refuse' });
    const before = await booked();
    await engine.database.orm.em
      .fork()
      .nativeUpdate(Network, { id: network.networkId }, { settings: { cancelCutoffMinutes: 2880, lateCancel: 'refuse' } });
    const next = await booked({ startsAt: network.at('12:00') });

    expect((await read(before.id)).policy).to.deep.equal(before.policy);
    expect(next.policy.text.en).to.include('until 2 days before the visit');
    expectProblem(await at(next.id, 'cancel'), 'cancel_too_late');
    expect((await at(before.id, 'cancel')).body.status).to.equal('cancelled');
  });

  it("a policy, told, is in the answer and in the customer's mail, in the customer's language", async () => {
    await open({ cancelCutoffMinutes: 1440, lateCancel: 'refuse', noShowGraceMinutes: 15 });
    const { id, policy } = await booked({ startsAt: network.at('10:00', 5) });
    const mails = await eventually(
      () => mailsOf(id),
      (found) => found.some(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer'),
    );

    expect(policy.text).to.deep.equal({
      en:
        'You can cancel until 1 day before the visit; after that, please call the shop. You can move the visit until it begins. ' +
        'We keep your chair for 15 minutes.',
      pt:
        'Pode cancelar até 1 dia antes da visita; depois disso, ligue por favor para a loja. ' +
        'Pode mudar a hora até ao início da visita. Guardamos a sua cadeira durante 15 minutos.',
    });
    expect(mails.find(({ headers }) => headers['x-punctual-kind'] === 'confirmation_customer')!.text).to.include(policy.text.pt);
  });

  it('a customer with strikes, must be approved, then is turned away, and is free again when staff forgive; staff book them in any case', async () => {
    await open({
      cancelCutoffMinutes: 10_000,
      lateCancel: 'count',
      strikesForApproval: 1,
      strikesForBlock: 2,
      maxHourlyBookingsPerContact: null,
    });
    const who = customer();
    const bookAt = (time: string, more = {}) => book(engine, network, { startsAt: network.at(time), customer: who, ...more });
    const first = (await bookAt('10:00')).body;
    expect(first.status).to.equal('confirmed');
    await at(first.id, 'cancel');
    const second = (await bookAt('11:00')).body;
    expect(second.status).to.equal('pending_approval');
    await at(second.id, 'approve');
    await at(second.id, 'cancel');

    expectProblem(await bookAt('12:00'), 'not_accepted');
    expect((await book(engine, network, { startsAt: network.at('12:00'), customer: customer() })).body.status).to.equal('confirmed');
    expect((await bookAt('13:00', { staff: { reason: 'goodwill' } })).body.status).to.equal('confirmed');
    for (const { id } of [first, second])
      expect((await at(id, 'forgive', { staff: { reason: 'goodwill' } })).body).to.deep.include({ id, status: 'cancelled' });
    expect(await lastEvent(second.id)).to.deep.include({ kind: 'forgiven', details: { by: 'staff', reason: 'goodwill' } });
    expect((await bookAt('14:00')).body.status).to.equal('confirmed');
  });

  it('staff, who set rules aside, must name why and hold the right; what they waived is recorded; time that is taken stays taken', async () => {
    await open({ minimumNoticeMinutes: 10_000 });
    const early = { startsAt: network.at('10:07') };
    const waived = { reason: 'emergency', waive: ['too_soon', 'off_step'] };

    expectProblem(await book(engine, network, early), 'too_soon');
    expectProblem(await book(engine, network, { ...early, staff: { reason: 'emergency', waive: ['too_soon'] } }), 'off_step');
    expectProblem(await book(engine, network, { ...early, staff: { waive: ['off_step'] } }), 'invalid_request', ['/staff/reason']);
    expectProblem(await book(engine, network, { ...early, staff: { ...waived, waive: ['slot_taken'] } }), 'invalid_request', [
      '/staff/waive/0',
    ]);
    const { apiKey } = await createApiKey(engine.database.orm.em.fork(), {
      networkId: network.networkId,
      clientName: 'website',
      scopes: ['book'],
    });
    expectProblem(await book(engine, { ...network, apiKey }, { ...early, staff: waived }), 'forbidden');
    const { id } = await booked({ ...early, staff: waived });
    expect((await lastEvent(id)).details).to.deep.include({ by: 'staff', waived: ['too_soon', 'off_step'], why: 'emergency' });
    expectProblem(await book(engine, network, { startsAt: network.at('10:15'), staff: waived }), 'slot_taken');
  });

  it('a booking that the shop must approve, approved, is confirmed and told; refused, or not answered in time, it is told so and its time is free', async () => {
    await open({ approvalRequired: true, approvalWithinMinutes: 600 });
    const told = (id: string, kind: string) =>
      eventually(
        () => mailsOf(id),
        (mails) => mails.some(({ headers }) => headers['x-punctual-kind'] === kind),
      );
    const [approved, refused] = [await booked(), await booked({ startsAt: network.at('11:00') })];
    for (const { id, status } of [approved, refused]) {
      expect(status).to.equal('pending_approval');
      await told(id, 'approval_customer');
      await told(id, 'approval_barber');
    }
    expectProblem(await book(engine, network), 'slot_taken');

    expect((await at(approved.id, 'approve')).body).to.include({ status: 'confirmed', decideBy: null });
    expect((await told(approved.id, 'confirmation_customer'))[0]!.attachments).to.deep.equal([]);
    expect((await at(refused.id, 'refuse')).body).to.deep.include({ status: 'refused', ended: { by: 'staff', reason: null, late: false } });
    const declined = (await told(refused.id, 'declined_customer')).find(
      ({ headers }) => headers['x-punctual-kind'] === 'declined_customer',
    )!;
    expect([declined.attachments.length, declined.text.includes('não foi aprovado')]).to.deep.equal([0, true]);
    expect((await book(engine, network, { startsAt: network.at('11:00') })).status).to.equal(201);

    await open({ approvalRequired: true, approvalWithinMinutes: 0 });
    const forgotten = await booked();
    await told(forgotten.id, 'declined_customer');
    expect(await read(forgotten.id)).to.deep.include({ status: 'expired', ended: { by: 'timer', reason: null, late: false } });
  });
});
