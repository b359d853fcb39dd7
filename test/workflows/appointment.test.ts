/** Goal: the order of an appointment's life, whatever fails. Method: the real workflow on the real server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { expect } from 'chai';
import type { Change, ChangeResult } from '../../src/domain/change.ts';
import { visitOf } from '../../src/domain/rules.ts';
import { bookUpdate, bookUpdateId, changeUpdate, stateQuery, type AppointmentWorkflow } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import { booked, cancelled, changed, openStage, planned, refused, shortPolicy, stand, type Stage } from '../support/scripted.ts';

const byTheCustomer = { actor: 'test', by: 'customer', source: 'api' } as const;
/** Answers each action with what comes next in its list; the last one stays. */
const answering = (script: Partial<Record<Change['action'], ChangeResult[]>>) => async ({ change }: { change: Change }): Promise<ChangeResult> => {
  const answers = script[change.action]!;
  return answers.length > 1 ? answers.shift()! : answers[0]!;
};

describe('the appointment workflow', () => {
  let stage: Stage;
  const handle = (id: string) => stage.client.workflow.getHandle<AppointmentWorkflow>(id);
  const ask = (id: string, change: Change) => handle(id).executeUpdate(changeUpdate, { args: [change] });
  const cancel = (id: string) => ask(id, { action: 'cancel', ...byTheCustomer });
  const sendMessage = async () => {};

  before(async () => { stage = await openStage(); });
  after(() => stage.close());

  it('a booking, won, answers at once, sends what was planned and ends when it closes', async () => {
    const decided = booked([planned('c', 'confirmation_customer'), planned('b', 'confirmation_barber')], { wake: ['close', 2] });
    await stage.play({ reserveSlot: async () => decided, sendMessage }, async ({ start, calls }) => {
      const { workflowId, outcome } = start();

      expect(await outcome).to.deep.equal(decided.outcome);
      expect(await handle(workflowId).result()).to.deep.equal({ step: 'confirmed', outcome: decided.outcome, version: 1 });
      expect(calls).to.have.members(['reserveSlot', 'sendMessage c', 'sendMessage b']);
    });
  });

  it('a booking, refused, answers the refusal and ends', async () => {
    await stage.play({ reserveSlot: async () => refused() }, async ({ start, calls }) => {
      const { workflowId, outcome } = start();

      expect(await outcome).to.include({ ok: false, code: 'slot_taken' });
      expect((await handle(workflowId).result()).step).to.equal('refused');
      expect(calls).to.deep.equal(['reserveSlot']);
    });
  });

  it('the same update, repeated after the end, answers the same and runs nothing', async () => {
    await stage.play({ reserveSlot: async () => refused() }, async ({ start, calls }) => {
      const first = start();
      await first.outcome;
      await handle(first.workflowId).result();

      const again = await handle(first.workflowId).executeUpdate(bookUpdate, { updateId: bookUpdateId, args: [] });

      expect(again).to.deep.equal(await first.outcome);
      expect(calls).to.deep.equal(['reserveSlot']);
    });
  });

  it('a customer who was told "pending" and is refused, is mailed before the contact is forgotten', async () => {
    const decided = refused(true, [planned('r', 'refusal_customer')]);
    await stage.play({ reserveSlot: async () => decided, sendMessage, purgeContact: async () => {} }, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await handle(workflowId).result();

      expect(calls).to.deep.equal(['reserveSlot', 'sendMessage r', 'purgeContact']);
    });
  });

  it('a reservation that fails until its limit, ends refused by what the database then says', async () => {
    const script = { reserveSlot: async () => { throw new Error('database away'); }, refuseUndecided: async () => ({ ...refused(), outcome: { ok: false as const, code: 'undecided' as const, nearest: [] } }) };
    await stage.play(script, async ({ start, calls }) => {
      const { outcome } = start({ policy: shortPolicy({ reserveWithinSeconds: 1 }) });

      expect(await outcome).to.include({ code: 'undecided' });
      expect(calls.filter((call) => call === 'reserveSlot').length).to.be.greaterThan(1);
      expect(calls.at(-1)).to.equal('refuseUndecided');
    });
  });

  it('a reservation that got through although its try timed out, is confirmed', async () => {
    const decided = booked([], { wake: ['close', 2] });
    const script = { reserveSlot: async () => { throw new Error('lost answer'); }, refuseUndecided: async () => decided };
    await stage.play(script, async ({ start }) => {
      expect(await start({ policy: shortPolicy({ reserveWithinSeconds: 1 }) }).outcome).to.deep.equal(decided.outcome);
    });
  });

  it('a broken effect, retried, delays no other and no reminder', async () => {
    let tries = 0;
    const decided = booked([planned('bad', 'confirmation_customer'), planned('good', 'confirmation_barber'), planned('later', 'reminder_customer', 1.5)], { wake: ['close', 4] });
    const sendBadly = async ({ deliveryId }: { deliveryId: string }) => {
      if (deliveryId === 'bad' && (tries += 1) < 4) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 700 });
    };
    await stage.play({ reserveSlot: async () => decided, sendMessage: sendBadly }, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await handle(workflowId).result();

      expect(calls.indexOf('sendMessage good')).to.be.lessThan(calls.lastIndexOf('sendMessage bad'));
      expect(calls.indexOf('sendMessage later')).to.be.greaterThan(0).and.lessThan(calls.lastIndexOf('sendMessage bad'));
      expect(tries).to.equal(4);
    });
  });

  it('an effect that fails for good without saying so, is settled as lost', async () => {
    const settled: unknown[] = [];
    const decided = booked([planned('x', 'confirmation_customer')], { wake: ['close', 2] });
    const script = {
      reserveSlot: async () => decided, sendMessage: async () => { throw ApplicationFailure.nonRetryable('a bug'); },
      settleDelivery: async (input: unknown) => { settled.push(input); },
    };
    await stage.play(script, async ({ start }) => {
      const { workflowId, input, outcome } = start();
      await outcome;
      await handle(workflowId).result();

      expect(settled).to.deep.equal([{ networkId: input.networkId, deliveryId: 'x', why: 'lost' }]);
    });
  });

  it('a cancellation, while a reminder waits, drops it and sends what the cancellation planned', async () => {
    const decided = booked([planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]);
    const script = { reserveSlot: async () => decided, sendMessage, changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => calls, (made) => made.includes('sendMessage c'));

      expect(await cancel(workflowId)).to.deep.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls.filter((call) => call.startsWith('sendMessage'))).to.deep.equal(['sendMessage c', 'sendMessage k']);
    });
  });

  it('a cancellation, whose messages are due ahead of the clock of a slow worker, still sends them before it ends', async () => {
    const script = { reserveSlot: async () => booked([]), sendMessage, changeAppointment: async () => cancelled([planned('k', 'cancellation_customer', 2)]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await cancel(workflowId);

      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls).to.include('sendMessage k');
    });
  });

  it('a cancellation, while a confirmation waits for its next try, stops it and settles it', async () => {
    const decided = booked([planned('c', 'confirmation_customer')]);
    const script = {
      reserveSlot: async () => decided, settleDelivery: async () => {}, changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => { if (deliveryId === 'c') throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 60_000 }); },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => calls, (made) => made.includes('sendMessage c'));
      await cancel(workflowId);
      await handle(workflowId).result();

      expect(calls.slice(-3)).to.deep.equal(['changeAppointment cancel', 'settleDelivery c', 'sendMessage k']);
    });
  });

  it('a cancellation, while a confirmation is in flight, waits for it before it tells of the end', async () => {
    const decided = booked([planned('c', 'confirmation_customer')]);
    const order: string[] = [];
    const script = {
      reserveSlot: async () => decided, changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        order.push(`begin ${deliveryId}`);
        if (deliveryId === 'c') await wait(1000);
        order.push(`end ${deliveryId}`);
      },
    };
    await stage.play(script, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => order, (seen) => seen.length > 0);
      await cancel(workflowId);
      await handle(workflowId).result();

      expect(order).to.deep.equal(['begin c', 'end c', 'begin k', 'end k']);
    });
  });

  it('an operator, who cancels the workflow in the Temporal UI, cancels the appointment', async () => {
    const asked: Change[] = [];
    const script = {
      reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]), sendMessage,
      changeAppointment: async ({ change }: { change: Change }) => { asked.push(change); return cancelled([planned('k', 'cancellation_customer')]); },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await handle(workflowId).cancel();

      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls).to.deep.equal(['reserveSlot', 'changeAppointment cancel', 'sendMessage k']);
      expect(asked).to.deep.equal([{ action: 'cancel', actor: 'operator', by: 'operator', source: 'temporal' }]);
    });
  });

  it('two cancellations at once, both succeed and tell of it once', async () => {
    const script = { reserveSlot: async () => booked([]), sendMessage, changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      const ends = await Promise.all([cancel(workflowId), cancel(workflowId)]);

      expect(ends.map(({ ok }) => ok)).to.deep.equal([true, true]);
      await handle(workflowId).result();
      expect(calls.filter((call) => call === 'sendMessage k')).to.have.length(1);
    });
  });

  it('changes that come at once, are made one after the other, and another worker can go on from there', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => { open = resolve; });
    let [running, most, version] = [0, 0, 1];
    const script = {
      reserveSlot: async () => { await gate; return booked([], { wake: ['close', 600] }); },
      // The first is the slowest, so that at once they would end in another order than they began.
      changeAppointment: async () => {
        most = Math.max(most, running += 1);
        await wait(version === 1 ? 300 : 10);
        running -= 1;
        version += 1;
        return changed([], { version, status: version > 3 ? 'cancelled' : 'confirmed', wake: version > 3 ? null : ['close', 600] });
      },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await eventually(async () => calls, (made) => made.includes('reserveSlot'));
      const asked = (['check_in', 'start', 'confirm_attendance'] as const).map((action) => ask(workflowId, { action, ...byTheCustomer }));
      open();
      await outcome;
      await Promise.all(asked);
      await handle(workflowId).result();

      expect([calls.filter((call) => call.startsWith('changeAppointment')).length, most]).to.deep.equal([3, 1]);
      await Worker.runReplayHistory({ workflowBundle: stage.bundle }, await handle(workflowId).fetchHistory());
    });
  });

  it('a cancellation, sent while the slot is still being reserved, waits for the decision and then cancels', async () => {
    let decide = () => {};
    const decision = new Promise<void>((resolve) => { decide = resolve; });
    const script = { reserveSlot: async () => { await decision; return booked([]); }, sendMessage, changeAppointment: async () => cancelled([]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await eventually(async () => calls, (made) => made.length > 0);
      const cancelling = eventually(() => cancel(workflowId).catch((error: unknown) => { if (error instanceof WorkflowNotFoundError) return null; throw error; }), (end) => end !== null);
      decide();

      expect(await outcome).to.include({ ok: true });
      expect(await cancelling).to.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('cancelled');
    });
  });

  it('a change that the rules refuse, leaves the appointment as it is', async () => {
    const refusal: ChangeResult = { ok: false, code: 'already_begun', stand: stand([], { wake: ['close', 2] }) };
    await stage.play({ reserveSlot: async () => booked([], { wake: ['close', 2] }), changeAppointment: async () => refusal }, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;

      expect(await cancel(workflowId)).to.deep.equal(refusal);
      expect((await handle(workflowId).query(stateQuery)).step).to.equal('confirmed');
      expect((await handle(workflowId).result()).step).to.equal('confirmed');
    });
  });

  it('an appointment that moves, while a confirmation waits for its next try, goes on trying it, drops the old reminder and closes by the new end', async () => {
    let tries = 0;
    const confirmation = planned('c', 'confirmation_customer');
    const script = {
      reserveSlot: async () => booked([confirmation, planned('old', 'reminder_customer', 300)]),
      changeAppointment: async () => changed([confirmation, planned('new', 'reminder_customer', 1.5)], { wake: ['close', 4] }),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        if (deliveryId === 'c' && (tries += 1) === 1) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 1500 });
      },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => calls, (made) => made.includes('sendMessage c'));

      expect(await ask(workflowId, { action: 'retime', ...byTheCustomer })).to.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('confirmed');
      expect(calls.toSorted()).to.deep.equal(['changeAppointment retime', 'reserveSlot', 'sendMessage c', 'sendMessage c', 'sendMessage new']);
    });
  });

  it('an appointment that is moved twice and then cancelled, has sent of each move once and ends cancelled', async () => {
    const moves = [changed([planned('m1', 'rescheduled_customer'), planned('r1', 'reminder_customer', 300)]), changed([planned('m2', 'rescheduled_customer'), planned('r2', 'reminder_customer', 300)], { version: 3 })];
    const script = { reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]), sendMessage, changeAppointment: answering({ reschedule: moves, cancel: [cancelled([planned('k', 'cancellation_customer')], 4)] }) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      const to = { shopId: randomUUID(), visit: visitOf(randomUUID(), null), startsAt: new Date().toISOString() };
      for (const told of ['m1', 'm2']) {
        await ask(workflowId, { action: 'reschedule', to, ...byTheCustomer });
        await eventually(async () => calls, (made) => made.includes(`sendMessage ${told}`));
      }
      await cancel(workflowId);

      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls.filter((call) => call.startsWith('sendMessage'))).to.deep.equal(['sendMessage m1', 'sendMessage m2', 'sendMessage k']);
    });
  });

  it('a hold that nobody confirms, expires by its timer, also when the database\'s clock is a little behind', async () => {
    const held = { status: 'held', wake: ['expire', 1] } as const;
    const script = {
      reserveSlot: async () => booked([], { ...held, wake: ['expire', 1] }),
      changeAppointment: answering({ expire: [{ ok: false, code: 'too_early', stand: stand([], { ...held, wake: ['expire', 1] }) }, changed([], { status: 'expired', wake: null })] }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start({ entry: { kind: 'hold', by: 'customer' } });

      expect(await outcome).to.include({ ok: true, status: 'held' });
      expect((await handle(workflowId).result()).step).to.equal('expired');
      expect(calls).to.deep.equal(['reserveSlot', 'changeAppointment expire', 'changeAppointment expire']);
    });
  });

  it('a hold that is confirmed, sends the confirmation and no longer expires', async () => {
    const script = {
      reserveSlot: async () => booked([], { status: 'held', wake: ['expire', 2] }), sendMessage,
      changeAppointment: answering({ confirm: [changed([planned('c', 'confirmation_customer')], { wake: ['close', 4] })] }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start({ entry: { kind: 'hold', by: 'customer' } });
      await outcome;
      await ask(workflowId, { action: 'confirm', ...byTheCustomer });

      expect((await handle(workflowId).result()).step).to.equal('confirmed');
      expect(calls).to.deep.equal(['reserveSlot', 'changeAppointment confirm', 'sendMessage c']);
    });
  });

  it('a guest who does not come is marked by the timer, and one who comes after all goes on to the end', async () => {
    const script = {
      reserveSlot: async () => booked([], { wake: ['mark_no_show', 1] }),
      changeAppointment: answering({
        mark_no_show: [changed([], { status: 'no_show', wake: ['close', 600] })], check_in: [changed([], { status: 'checked_in', version: 3, wake: ['complete', 1] })],
        complete: [changed([], { status: 'completed', version: 4, wake: null })],
      }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(() => handle(workflowId).query(stateQuery), ({ step }) => step === 'no_show');
      await ask(workflowId, { action: 'check_in', ...byTheCustomer });

      expect((await handle(workflowId).result())).to.include({ step: 'completed', version: 4 });
      expect(calls).to.deep.equal(['reserveSlot', 'changeAppointment mark_no_show', 'changeAppointment check_in', 'changeAppointment complete']);
    });
  });

  it('time that comes free, is offered: the offer is a workflow of its own, made once, and outlives the one that gave the time back', async () => {
    const offerId = randomUUID();
    const place = { networkId: randomUUID(), shopId: randomUUID(), serviceId: randomUUID(), barberId: randomUUID(), startsAt: new Date(Date.now() + 3_600_000).toISOString() };
    const entry = { kind: 'offer', by: 'customer', holdSeconds: 60, waitlistEntryId: randomUUID() } as const;
    const script = {
      reserveSlot: async ({ appointmentId }: { appointmentId: string }) => (appointmentId === offerId ? booked([planned('o', 'offer_customer')], { status: 'held', wake: ['expire', 600] }) : booked([])),
      changeAppointment: answering({ cancel: [changed([planned('k', 'cancellation_customer')], { status: 'cancelled', wake: null, freed: true }), cancelled([])] }),
      prepareOffers: async () => [{ appointmentId: offerId, ...place, entry }], sendMessage,
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await cancel(workflowId);
      await handle(workflowId).result();

      await eventually(async () => calls, (made) => made.includes('sendMessage o'));
      expect((await handle(`appointment-${offerId}`).query(stateQuery)).step).to.equal('held');
      expect(calls.filter((call) => call === 'prepareOffers')).to.have.length(1);
      await cancel(`appointment-${offerId}`);
    });
  });

  it('an appointment, in Temporal, can be found by network, shop, barber, status', async () => {
    const barberId = randomUUID();
    const decided = booked([], { barberId });
    await stage.play({ reserveSlot: async () => decided, sendMessage, changeAppointment: async () => cancelled([]) }, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;

      const found = await eventually(async () => {
        const ids: string[] = [];
        for await (const workflow of stage.client.workflow.list({ query: `PunctualBarber = "${barberId}" and PunctualStatus = "confirmed"` })) ids.push(workflow.workflowId);
        return ids;
      }, (ids) => ids.length > 0);
      expect(found).to.deep.equal([workflowId]);
      await cancel(workflowId);
    });
  });
});
