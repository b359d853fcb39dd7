/** Goal: a sweep is held up by no provider. Method: the real workflow on the real server, with scripted activities. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { defaultPolicy, type HandoverWorkflow } from '../../workflows/messages.ts';
import { eventually } from '../support/engine.ts';
import { openStage, type Stage } from '../support/scripted.ts';

describe('a sweep, while the mail server hangs', () => {
  let stage: Stage;

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('hands over what was lost all the same', async () => {
    const { promise: hangs, resolve: release } = Promise.withResolvers<void>();
    const script = {
      reclaimEffects: async () => ({ lost: 1, reopened: 0 }),
      handOver: async () => ({ handed: 1, more: false }),
      findSignedIn: async () => {
        await hangs;
        return [];
      },
      hearOfSms: async () => 0,
      tellShops: async () => {},
      tellOwners: async () => {},
    };
    await stage.play(script, async ({ calls, taskQueue }) => {
      const running = await stage.client.workflow.start<HandoverWorkflow>('handover', {
        workflowId: `handover-${randomUUID()}`,
        taskQueue,
        args: [{ sweep: true, policy: defaultPolicy }],
      });
      await eventually(
        async () => calls,
        (made) => made.includes('findSignedIn'),
      );
      const before = [...calls];
      release();
      expect(await running.result()).to.equal(1);
      expect(before).to.include('reclaimEffects').and.to.include('handOver');
    });
  });
});
