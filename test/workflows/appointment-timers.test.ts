/**
 * Goal: what nobody does in time is done by the timer, and only then. Method: the real workflow on the real server, with scripted
 * activities and short times.
 */
import { expect } from 'chai';
import { stateQuery } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import { answering, asking, booked, byTheCustomer, changed, openStage, planned, stand, type Stage } from '../support/scripted.ts';

describe('the appointment workflow', () => {
  let stage: Stage;
  const { handle, ask } = asking(() => stage);
  const sendMessage = async () => {};

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it("a hold that nobody confirms, expires by its timer, also when the database's clock is a little behind", async () => {
    const held = { status: 'held', wake: ['expire', 1] } as const;
    const script = {
      reserveSlot: async () => booked([], { ...held, wake: ['expire', 1] }),
      changeAppointment: answering({
        expire: [
          { ok: false, code: 'too_early', stand: stand([], { ...held, wake: ['expire', 1] }) },
          changed([], { status: 'expired', wake: null }),
        ],
      }),
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
      reserveSlot: async () => booked([], { status: 'held', wake: ['expire', 2] }),
      sendMessage,
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
        mark_no_show: [changed([], { status: 'no_show', wake: ['close', 600] })],
        check_in: [changed([], { status: 'checked_in', version: 3, wake: ['complete', 1] })],
        complete: [changed([], { status: 'completed', version: 4, wake: null })],
      }),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(
        () => handle(workflowId).query(stateQuery),
        ({ step }) => step === 'no_show',
      );
      await ask(workflowId, { action: 'check_in', ...byTheCustomer });

      expect(await handle(workflowId).result()).to.include({ step: 'completed', version: 4 });
      expect(calls).to.deep.equal([
        'reserveSlot',
        'changeAppointment mark_no_show',
        'changeAppointment check_in',
        'changeAppointment complete',
      ]);
    });
  });
});
