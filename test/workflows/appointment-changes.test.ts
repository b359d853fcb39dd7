/**
 * Goal: changes are made one after the other, each once, whoever asks and however early; time that comes free is offered.
 * Method: the real workflow on the real server, with scripted activities.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { expect } from 'chai';
import type { Change, ChangeResult } from '../../src/domain/change.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import {
  answering,
  asking,
  booked,
  byTheCustomer,
  cancelled,
  changed,
  openStage,
  planned,
  stand,
  type Stage,
} from '../support/scripted.ts';

describe('the appointment workflow', () => {
  let stage: Stage;
  const { handle, ask, cancel } = asking(() => stage);
  const sendMessage = async () => {};

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('an operator, who cancels the workflow in the Temporal UI, cancels the appointment', async () => {
    const asked: Change[] = [];
    const script = {
      reserveSlot: async () => booked([planned('r', 'reminder_customer', 300)]),
      sendMessage,
      changeAppointment: async ({ change }: { change: Change }) => {
        asked.push(change);
        return cancelled([planned('k', 'cancellation_customer')]);
      },
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
    const script = {
      reserveSlot: async () => booked([]),
      sendMessage,
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer')]),
    };
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
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let [running, most, version] = [0, 0, 1];
    const script = {
      reserveSlot: async () => {
        await gate;
        return booked([], { wake: ['close', 600] });
      },
      // The first is the slowest, so that at once they would end in another order than they began.
      changeAppointment: async () => {
        most = Math.max(most, (running += 1));
        await wait(version === 1 ? 300 : 10);
        running -= 1;
        version += 1;
        return changed([], { version, status: version > 3 ? 'cancelled' : 'confirmed', wake: version > 3 ? null : ['close', 600] });
      },
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await eventually(
        async () => calls,
        (made) => made.includes('reserveSlot'),
      );
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
    const decision = new Promise<void>((resolve) => {
      decide = resolve;
    });
    const script = {
      reserveSlot: async () => {
        await decision;
        return booked([]);
      },
      sendMessage,
      changeAppointment: async () => cancelled([]),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await eventually(
        async () => calls,
        (made) => made.length > 0,
      );
      const cancelling = eventually(
        () =>
          cancel(workflowId).catch((error: unknown) => {
            if (error instanceof WorkflowNotFoundError) return null;
            throw error;
          }),
        (end) => end !== null,
      );
      decide();

      expect(await outcome).to.include({ ok: true });
      expect(await cancelling).to.include({ ok: true });
      expect((await handle(workflowId).result()).step).to.equal('cancelled');
    });
  });

  it('a change that the rules refuse, leaves the appointment as it is', async () => {
    const refusal: ChangeResult = { ok: false, code: 'already_begun', stand: stand([], { wake: ['close', 2] }) };
    await stage.play(
      { reserveSlot: async () => booked([], { wake: ['close', 2] }), changeAppointment: async () => refusal },
      async ({ start }) => {
        const { workflowId, outcome } = start();
        await outcome;

        expect(await cancel(workflowId)).to.deep.equal(refusal);
        expect((await handle(workflowId).query(stateQuery)).step).to.equal('confirmed');
        expect((await handle(workflowId).result()).step).to.equal('confirmed');
      },
    );
  });

  it('time that comes free, is offered: the offer is a workflow of its own, made once, and outlives the one that gave the time back', async () => {
    const offerId = randomUUID();
    const place = {
      networkId: randomUUID(),
      shopId: randomUUID(),
      serviceId: randomUUID(),
      barberId: randomUUID(),
      startsAt: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const entry = { kind: 'offer', by: 'customer', holdSeconds: 60, waitlistEntryId: randomUUID() } as const;
    const script = {
      reserveSlot: async ({ appointmentId }: { appointmentId: string }) =>
        appointmentId === offerId ? booked([planned('o', 'offer_customer')], { status: 'held', wake: ['expire', 600] }) : booked([]),
      changeAppointment: answering({
        cancel: [changed([planned('k', 'cancellation_customer')], { status: 'cancelled', wake: null, freed: true }), cancelled([])],
      }),
      prepareOffers: async () => [{ appointmentId: offerId, ...place, entry }],
      sendMessage,
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await cancel(workflowId);
      await handle(workflowId).result();

      await eventually(
        async () => calls,
        (made) => made.includes('sendMessage o'),
      );
      expect((await handle(`appointment-${offerId}`).query(stateQuery)).step).to.equal('held');
      expect(calls.filter((call) => call === 'prepareOffers')).to.have.length(1);
      await cancel(`appointment-${offerId}`);
    });
  });
});
