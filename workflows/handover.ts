/** Effects that no workflow has (opened again by a person, lost, parked by a sign-in that works again) are taken over by one. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { DecidingActivities, EffectActivities } from '../activities/index.ts';
import { effectsQueue, type HandoverInput } from './messages.ts';

const retry = { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '1m', maximumAttempts: 8 } as const;
const { handOver, reclaimEffects } = proxyActivities<DecidingActivities>({ startToCloseTimeout: '1m', retry });

/** Answers how many appointments' effects were handed over. */
export async function handover({ sweep, policy }: HandoverInput): Promise<number> {
  const effects = proxyActivities<EffectActivities>({
    taskQueue: effectsQueue(workflowInfo().taskQueue, 'mail'),
    startToCloseTimeout: '1m',
    retry,
  });
  if (sweep) await reclaimEffects({ signedIn: await effects.findSignedIn() });
  let handed = 0;
  for (let more = true; more;) {
    const done = await handOver({ policy });
    handed += done.handed;
    more = done.more;
  }
  if (sweep) {
    await effects.tellShops();
    await effects.tellOwners();
  }
  return handed;
}
