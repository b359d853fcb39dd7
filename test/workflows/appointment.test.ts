/** Goal: the order of an appointment's life, whatever fails. Method: the real workflow on the real server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { expect } from 'chai';
import { bookUpdate, bookUpdateId, cancelUpdate, retimeUpdate, stateQuery, type AppointmentWorkflow } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import { booked, cancelled, inSeconds, openStage, planned, refused, shortPolicy, type Stage } from '../support/scripted.ts';

describe('the appointment workflow', () => {
  let stage: Stage;
  const handle = (id: string) => stage.client.workflow.getHandle<AppointmentWorkflow>(id);
  const cancel = (id: string) => handle(id).executeUpdate(cancelUpdate, { args: [{ actor: 'test' }] });

  before(async () => { stage = await openStage(); });
  after(() => stage.close());

  it('a booking, won, answers at once and then sends what was planned', async () => {
    const decided = booked(3, [planned('c', 'confirmation_customer'), planned('b', 'confirmation_barber')]);
    await stage.play({ reserveSlot: async () => decided, sendMessage: async () => {} }, async ({ start, calls }) => {
      const { workflowId, outcome } = start();

      expect(await outcome).to.deep.equal(decided.outcome);
      expect(await handle(workflowId).result()).to.deep.equal({ step: 'over', outcome: decided.outcome });
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
    await stage.play({ reserveSlot: async () => decided, sendMessage: async () => {}, purgeContact: async () => {} }, async ({ start, calls }) => {
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
    const decided = booked(2, []);
    const script = { reserveSlot: async () => { throw new Error('lost answer'); }, refuseUndecided: async () => decided };
    await stage.play(script, async ({ start }) => {
      expect(await start({ policy: shortPolicy({ reserveWithinSeconds: 1 }) }).outcome).to.deep.equal(decided.outcome);
    });
  });

  it('a broken effect, retried, delays no other and no reminder', async () => {
    let tries = 0;
    const decided = booked(4, [planned('bad', 'confirmation_customer'), planned('good', 'confirmation_barber'), planned('later', 'reminder_customer', 1.5)]);
    const sendMessage = async ({ deliveryId }: { deliveryId: string }) => {
      if (deliveryId === 'bad' && (tries += 1) < 4) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 700 });
    };
    await stage.play({ reserveSlot: async () => decided, sendMessage }, async ({ start, calls }) => {
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
    const decided = booked(2, [planned('x', 'confirmation_customer')]);
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
    const decided = booked(600, [planned('c', 'confirmation_customer'), planned('r', 'reminder_customer', 300)]);
    const script = { reserveSlot: async () => decided, sendMessage: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;

      expect(await cancel(workflowId)).to.include({ ok: true, version: 2 });
      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls.filter((call) => call.startsWith('sendMessage'))).to.deep.equal(['sendMessage c', 'sendMessage k']);
    });
  });

  it('a cancellation, while a confirmation waits for its next try, stops it and settles it', async () => {
    const decided = booked(600, [planned('c', 'confirmation_customer')]);
    const script = {
      reserveSlot: async () => decided, settleDelivery: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => { if (deliveryId === 'c') throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 60_000 }); },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => calls, (made) => made.includes('sendMessage c'));
      await cancel(workflowId);
      await handle(workflowId).result();

      expect(calls.slice(-3)).to.deep.equal(['cancelAppointment', 'settleDelivery c', 'sendMessage k']);
    });
  });

  it('a cancellation, while a confirmation is in flight, waits for it before it tells of the end', async () => {
    const decided = booked(600, [planned('c', 'confirmation_customer')]);
    const order: string[] = [];
    const script = {
      reserveSlot: async () => decided, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
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
    const script = { reserveSlot: async () => booked(600, [planned('r', 'reminder_customer', 300)]), sendMessage: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await handle(workflowId).cancel();

      expect((await handle(workflowId).result()).step).to.equal('cancelled');
      expect(calls).to.deep.equal(['reserveSlot', 'cancelAppointment', 'sendMessage k']);
    });
  });

  it('two cancellations at once, both succeed and tell of it once', async () => {
    const script = { reserveSlot: async () => booked(600, []), sendMessage: async () => {}, cancelAppointment: async () => cancelled([planned('k', 'cancellation_customer')]) };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      const ends = await Promise.all([cancel(workflowId), cancel(workflowId)]);

      expect(ends.map(({ ok }) => ok)).to.deep.equal([true, true]);
      await handle(workflowId).result();
      expect(calls.filter((call) => call === 'sendMessage k')).to.have.length(1);
    });
  });

  it('a cancellation, sent while the slot is still being reserved, waits for the decision and then cancels', async () => {
    let decide = () => {};
    const decision = new Promise<void>((resolve) => { decide = resolve; });
    const script = {
      reserveSlot: async () => { await decision; return booked(600, []); }, sendMessage: async () => {}, cancelAppointment: async () => cancelled([]),
    };
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

  it('a cancellation that the rules refuse, leaves the appointment as it is', async () => {
    const script = { reserveSlot: async () => booked(3, []), cancelAppointment: async () => ({ ok: false as const, code: 'already_begun' as const }) };
    await stage.play(script, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;

      expect(await cancel(workflowId)).to.deep.equal({ ok: false, code: 'already_begun' });
      expect((await handle(workflowId).query(stateQuery)).step).to.equal('confirmed');
      expect((await handle(workflowId).result()).step).to.equal('over');
    });
  });

  it('an appointment that is moved back to its promised time, while a confirmation waits for its next try, goes on trying it, drops the old reminder and ends at the new end', async () => {
    let tries = 0;
    const decided = booked(600, [planned('c', 'confirmation_customer'), planned('old', 'reminder_customer', 300)]);
    const script = {
      reserveSlot: async () => decided,
      retimeAppointment: async () => ({ ok: true as const, endsAt: inSeconds(3), reminders: [planned('new', 'reminder_customer', 1.5)] }),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        if (deliveryId === 'c' && (tries += 1) === 1) throw ApplicationFailure.create({ message: 'again', nextRetryDelay: 1500 });
      },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(async () => calls, (made) => made.includes('sendMessage c'));

      expect(await handle(workflowId).executeUpdate(retimeUpdate, { args: [{ actor: 'test' }] })).to.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('over');
      expect(calls.toSorted()).to.deep.equal(['reserveSlot', 'retimeAppointment', 'sendMessage c', 'sendMessage c', 'sendMessage new']);
    });
  });

  it('an appointment that cannot be moved back, and one that is moved and then cancelled, end as the last word says', async () => {
    const decided = booked(600, [planned('r', 'reminder_customer', 300)]);
    const cancelAppointment = async () => cancelled([planned('k', 'cancellation_customer')]);
    for (const retimed of [{ ok: false as const, code: 'slot_taken' as const }, { ok: true as const, endsAt: inSeconds(600), reminders: [planned('s', 'reminder_customer', 300)] }]) {
      await stage.play({ reserveSlot: async () => decided, sendMessage: async () => {}, retimeAppointment: async () => retimed, cancelAppointment }, async ({ start, calls }) => {
        const { workflowId, outcome } = start();
        await outcome;

        expect(await handle(workflowId).executeUpdate(retimeUpdate, { args: [{ actor: 'test' }] })).to.deep.equal(retimed);
        await cancel(workflowId);
        expect((await handle(workflowId).result()).step).to.equal('cancelled');
        expect(calls).to.deep.equal(['reserveSlot', 'retimeAppointment', 'cancelAppointment', 'sendMessage k']);
      });
    }
  });

  it('an appointment, in Temporal, can be found by network, shop, barber, status', async () => {
    const decided = booked(600, []);
    await stage.play({ reserveSlot: async () => decided, sendMessage: async () => {}, cancelAppointment: async () => cancelled([]) }, async ({ start }) => {
      const barberId = decided.outcome.ok ? decided.outcome.barberId : randomUUID();
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
