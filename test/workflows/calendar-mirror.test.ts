/**
 * Goal: a calendar is read for as long as it should be, and no call to look is lost. Method: the real workflow on the real server, with a
 * scripted reading.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { calendarMirrorWorkflowId, defaultPolicy, lookSignal, type MirrorRead } from '../../workflows/messages.ts';
import { openStage, type Stage } from '../support/scripted.ts';

describe('the workflow that reads a calendar', () => {
  let stage: Stage;

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('called to look while it finds that there is nothing to read any more, looks again', async () => {
    const connectionId = randomUUID();
    const handle = stage.client.workflow.getHandle(calendarMirrorWorkflowId(connectionId));
    const answers: MirrorRead[] = [
      { isOver: true, againInSeconds: 0, repaired: 0 },
      { isOver: false, againInSeconds: 1, repaired: 0 },
    ];
    const readCalendar = async (): Promise<MirrorRead> => {
      if (answers.length === 2) await handle.signal(lookSignal);
      return answers.shift() ?? { isOver: true, againInSeconds: 0, repaired: 0 };
    };
    await stage.play({ readCalendar }, async ({ calls, taskQueue }) => {
      await stage.client.workflow.execute('calendarMirror', {
        workflowId: calendarMirrorWorkflowId(connectionId),
        taskQueue,
        args: [{ networkId: randomUUID(), connectionId, policy: defaultPolicy, provider: 'caldav' }],
      });
      expect(calls).to.deep.equal(['readCalendar', 'readCalendar', 'readCalendar']);
    });
  });

  it('whose worker gives no sign of life, is read by another well before its time is over', async () => {
    const connectionId = randomUUID();
    let readings = 0;
    const silence = Promise.withResolvers<void>();
    const readCalendar = async (): Promise<MirrorRead> => {
      readings += 1;
      // The first says nothing, like that of a worker that was killed.
      if (readings === 1) await silence.promise;
      return { isOver: true, againInSeconds: 0, repaired: 0 };
    };
    await stage.play({ readCalendar }, async ({ taskQueue }) => {
      await stage.client.workflow.execute('calendarMirror', {
        workflowId: calendarMirrorWorkflowId(connectionId),
        taskQueue,
        args: [{ networkId: randomUUID(), connectionId, policy: defaultPolicy, provider: 'caldav' }],
      });
      expect(readings).to.equal(2);
      silence.resolve();
    });
  }).timeout(90_000);
});
