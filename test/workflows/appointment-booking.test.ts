/**
 * Goal: a booking answers what was decided, once, whatever fails on the way, and can be found. Method: the real workflow on the real
 * server, with scripted activities.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { bookUpdate, bookUpdateId } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import { asking, booked, cancelled, openStage, planned, refused, shortPolicy, type Stage } from '../support/scripted.ts';

describe('the appointment workflow', () => {
  let stage: Stage;
  const { handle, cancel } = asking(() => stage);
  const sendMessage = async () => {};

  before(async () => {
    stage = await openStage();
  });
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
    const script = {
      reserveSlot: async () => {
        throw new Error('database away');
      },
      refuseUndecided: async () => ({ ...refused(), outcome: { ok: false as const, code: 'undecided' as const, nearest: [] } }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { outcome } = start({ policy: shortPolicy({ reserveWithinSeconds: 1 }) });

      expect(await outcome).to.include({ code: 'undecided' });
      expect(calls.filter((call) => call === 'reserveSlot').length).to.be.greaterThan(1);
      expect(calls.at(-1)).to.equal('refuseUndecided');
    });
  });

  it('a reservation that got through although its try timed out, is confirmed', async () => {
    const decided = booked([], { wake: ['close', 2] });
    const script = {
      reserveSlot: async () => {
        throw new Error('lost answer');
      },
      refuseUndecided: async () => decided,
    };
    await stage.play(script, async ({ start }) => {
      expect(await start({ policy: shortPolicy({ reserveWithinSeconds: 1 }) }).outcome).to.deep.equal(decided.outcome);
    });
  });

  it('an appointment, in Temporal, can be found by network, shop, barber, status', async () => {
    const barberId = randomUUID();
    const decided = booked([], { barberId });
    await stage.play({ reserveSlot: async () => decided, sendMessage, changeAppointment: async () => cancelled([]) }, async ({ start }) => {
      const { workflowId, outcome } = start();
      await outcome;

      const found = await eventually(
        async () => {
          const ids: string[] = [];
          for await (const workflow of stage.client.workflow.list({
            query: `PunctualBarber = "${barberId}" and PunctualStatus = "confirmed"`,
          }))
            ids.push(workflow.workflowId);
          return ids;
        },
        (ids) => ids.length > 0,
      );
      expect(found).to.deep.equal([workflowId]);
      await cancel(workflowId);
    });
  });
});
