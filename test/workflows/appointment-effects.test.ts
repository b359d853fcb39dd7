/**
 * Goal: each message goes out once and in its order, whichever of them fails, and when the appointment is cancelled or moves meanwhile.
 * Method: the real workflow on the real server, with scripted activities.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { expect } from 'chai';
import { visitOf } from '../../src/domain/rules.ts';
import { eventually } from '../support/engine.ts';
import { redeliverUpdate } from '../../workflows/messages.ts';
import { answering, asking, booked, byTheCustomer, cancelled, changed, openStage, planned, type Stage } from '../support/scripted.ts';

describe('the appointment workflow', () => {
  let stage: Stage;
  const { handle, ask, cancel } = asking(() => stage);
  const sendMessage = async () => {};

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('a broken effect, retried, delays no other and no reminder', async () => {
    let tries = 0;
    const decided = booked(
      [planned('bad', 'confirmation_customer'), planned('good', 'confirmation_barber'), planned('later', 'reminder_customer', 1.5)],
      { wake: ['close', 4] },
    );
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
      reserveSlot: async () => decided,
      sendMessage: async () => {
        throw ApplicationFailure.nonRetryable('a bug');
      },
      settleDelivery: async (input: unknown) => {
        settled.push(input);
      },
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
    const script = {
      reserveSlot: async () => decided,
      sendMessage,
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(
        async () => calls,
        (made) => made.includes('sendMessage c'),
      );

      expect(await cancel(workflowId)).to.deep.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls.filter((call) => call.startsWith('sendMessage'))).to.deep.equal(['sendMessage c', 'sendMessage k']);
    });
  });

  it('a cancellation, whose messages are due ahead of the clock of a slow worker, still sends them before it ends', async () => {
    const script = {
      reserveSlot: async () => booked([]),
      sendMessage,
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer', 2)]),
    };
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
      reserveSlot: async () => decided,
      settleDelivery: async () => {},
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        if (deliveryId === 'c') throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 60_000 });
      },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(
        async () => calls,
        (made) => made.includes('sendMessage c'),
      );
      await cancel(workflowId);
      await handle(workflowId).result();

      expect(calls.slice(-3)).to.deep.equal(['changeAppointment cancel', 'settleDelivery c', 'sendMessage k']);
    });
  });

  it('a cancellation, while a confirmation is in flight, waits for it before it tells of the end', async () => {
    const decided = booked([planned('c', 'confirmation_customer')]);
    const order: string[] = [];
    const script = {
      reserveSlot: async () => decided,
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        order.push(`begin ${deliveryId}`);
        if (deliveryId === 'c') await wait(1000);
        order.push(`end ${deliveryId}`);
      },
    };
    await stage.play(script, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(
        async () => order,
        (seen) => seen.length > 0,
      );
      await cancel(workflowId);
      await handle(workflowId).result();

      expect(order).to.deep.equal(['begin c', 'end c', 'begin k', 'end k']);
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
      await eventually(
        async () => calls,
        (made) => made.includes('sendMessage c'),
      );

      expect(await ask(workflowId, { action: 'retime', ...byTheCustomer })).to.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('confirmed');
      expect(calls.toSorted()).to.deep.equal([
        'changeAppointment retime',
        'reserveSlot',
        'sendMessage c',
        'sendMessage c',
        'sendMessage new',
      ]);
    });
  });

  it('an appointment that is moved twice and then cancelled, has sent of each move once and ends cancelled', async () => {
    const moves = [
      changed([planned('m1', 'rescheduled_customer'), planned('r1', 'reminder_customer', 300)]),
      changed([planned('m2', 'rescheduled_customer'), planned('r2', 'reminder_customer', 300)], { version: 3 }),
    ];
    const script = {
      reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: answering({ reschedule: moves, cancel: [cancelled([planned('k', 'cancellation_customer')], 4)] }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      const to = { shopId: randomUUID(), visit: visitOf(randomUUID(), null), startsAt: new Date().toISOString() };
      for (const told of ['m1', 'm2']) {
        await ask(workflowId, { action: 'reschedule', to, ...byTheCustomer });
        await eventually(
          async () => calls,
          (made) => made.includes(`sendMessage ${told}`),
        );
      }
      await cancel(workflowId);

      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls.filter((call) => call.startsWith('sendMessage'))).to.deep.equal(['sendMessage m1', 'sendMessage m2', 'sendMessage k']);
    });
  });

  it('an effect, opened again before its workflow has heard that it was parked, is tried again', async () => {
    let tries = 0;
    let workflowId = '';
    const reopened = planned('c', 'confirmation_customer');
    const script = {
      reserveSlot: async () => booked([reopened]),
      // The row says `parked` here, and a person (or a report) is quicker than the answer to the workflow.
      sendMessage: async () => {
        if ((tries += 1) > 1) return { state: 'delivered' as const };
        await handle(workflowId).executeUpdate(redeliverUpdate, { args: [[reopened]] });
        return { state: 'parked' as const };
      },
    };
    await stage.play(script, async ({ start }) => {
      const started = start();
      workflowId = started.workflowId;
      await started.outcome;
      await eventually(
        async () => tries,
        (made) => made === 2,
      );
    });
  });
});
