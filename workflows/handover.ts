/** Effects that no workflow has (opened again by a person, lost, parked by a sign-in that works again) are taken over by one. */
import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
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
  let handed = await handAll();
  if (sweep) {
    await effects.tellShops();
    await effects.tellOwners();
    if (patched('hear-of-sms') && (await hearOfSms()) > 0) handed += await handAll();
  }
  return handed;

  async function handAll(): Promise<number> {
    for (let all = 0; ;) {
      const done = await handOver({ policy });
      all += done.handed;
      if (!done.more) return all;
    }
  }
}

/** While Twilio is slow, this waits for a slot like any other SMS, but not for long: it must not hold up the next sweep. */
async function hearOfSms(): Promise<number> {
  const sms = proxyActivities<EffectActivities>({
    taskQueue: effectsQueue(workflowInfo().taskQueue, 'sms'),
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '2m',
    retry,
  });
  return sms.hearOfSms().catch(() => 0);
}
