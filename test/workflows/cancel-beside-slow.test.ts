/** Goal: a provider that hangs delays nobody else's cancellation. Method: the real workflow on the real server, with scripted activities. */
import { expect } from 'chai';
import { eventually } from '../support/engine.ts';
import { asking, booked, cancelled, openStage, planned, type Stage } from '../support/scripted.ts';

describe('a cancellation, while an effect hangs', () => {
  let stage: Stage;
  const { cancel } = asking(() => stage);

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it("of the customer's, reaches the barber at once", async () => {
    const { promise: hangs, resolve: release } = Promise.withResolvers<void>();
    const script = {
      reserveSlot: async () => booked([planned('slow', 'confirmation_customer'), planned('quick', 'confirmation_barber')]),
      sendMessage: async ({ deliveryId }: { deliveryId: string }) => {
        if (deliveryId === 'slow') await hangs;
      },
      changeAppointment: async () => cancelled([planned('k', 'cancellation_customer'), planned('b', 'cancellation_barber')]),
    };
    await stage.play(script, async ({ start, calls }) => {
      const { workflowId, outcome } = start();
      await outcome;
      await eventually(
        async () => calls,
        (made) => made.includes('sendMessage slow') && made.includes('sendMessage quick'),
      );
      await cancel(workflowId);
      const isCalled = (name: string) =>
        eventually(
          async () => calls,
          (made) => made.includes(name),
        );
      await isCalled('sendMessage b');
      expect(calls, 'the customer not before the try that runs has ended').to.not.include('sendMessage k');
      release();
      await isCalled('sendMessage k');
    });
  });
});
