/** Goal: a change of the workflow cannot break appointments that run. Method: replay every stored history; a broken workflow must fail. */
import { readdirSync, readFileSync } from 'node:fs';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { expect } from 'chai';
import { bundleOf } from '../support/scripted.ts';

const folder = new URL('../histories/', import.meta.url);
const stored = readdirSync(folder).filter((name) => name.endsWith('.json'));
const history = (name: string) => historyFromJSON(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));

describe('stored histories', () => {
  let bundle: WorkflowBundleWithSourceMap;

  before(async () => {
    bundle = await bundleOf('../../workflows/index.ts');
  });

  it("there is one of each path, as today's workflow takes it", () => {
    const paths = [
      'booked-and-completed',
      'lost-race',
      'cancelled-held',
      'cancelled-pending',
      'cancelled-confirmed',
      'cancelled-checked-in',
      'rescheduled-twice',
      'no-show',
      'no-show-then-came',
      'hold-expired',
      'hold-confirmed',
      'approved',
      'approval-expired',
      'waitlist-offer-expired',
      'time-offered',
      'retimed',
      'relocation',
    ];
    expect(stored).to.include.members(paths.map((path) => `v3-${path}.json`));
  });

  for (const name of stored) {
    it(`${name}, replayed against today's code, takes the same steps`, async () => {
      await Worker.runReplayHistory({ workflowBundle: bundle }, history(name));
    });
  }

  it('a workflow with its steps in another order, replayed, fails', async () => {
    const broken = await bundleOf('../histories/broken/other-order.ts');

    const error: unknown = await Worker.runReplayHistory({ workflowBundle: broken }, history('v1-booked-and-over.json')).catch(
      (caught: unknown) => caught,
    );

    expect((error as Error).name).to.equal('DeterminismViolationError');
  });
});
