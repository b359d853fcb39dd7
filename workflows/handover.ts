/** Effects that no workflow has (opened again by a person, lost, parked by a sign-in that works again) are taken over by one. */
import { patched, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { DecidingActivities, EffectActivities } from '../activities/index.ts';
import type { MessageChannel } from '../src/domain/channel.ts';
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
  if (!sweep) return handAll();
  if (patched('lost-first')) return sweepAll();
  await reclaimEffects({ signedIn: await effects.findSignedIn() });
  let handed = await handAll();
  await effects.tellShops();
  await effects.tellOwners();
  if (patched('hear-of-sms') && (await hearOfSms()) > 0) handed += await handAll();
  return handed;

  /** What was lost comes before everything that a provider is asked: one that hangs must not hold up the others' effects. */
  async function sweepAll(): Promise<number> {
    await reclaimEffects({ signedIn: [] });
    let all = await handAll();
    if ((await hearOfSms()) > 0) all += await handAll();
    const { findSignedIn, tellShops, tellOwners } = asking('mail');
    const signedIn = await findSignedIn().catch(() => []);
    if (signedIn.length > 0) {
      await reclaimEffects({ signedIn });
      all += await handAll();
    }
    // Whoever could not be told is told by the next sweep.
    await tellShops().catch(() => {});
    await tellOwners().catch(() => {});
    return all;
  }

  async function handAll(): Promise<number> {
    for (let all = 0; ;) {
      const done = await handOver({ policy });
      all += done.handed;
      if (!done.more) return all;
    }
  }
}

/** While a provider is slow, this waits for a slot like any message, but not for long: it must not hold up the next sweep. */
const asking = (channel: MessageChannel) =>
  proxyActivities<EffectActivities>({
    taskQueue: effectsQueue(workflowInfo().taskQueue, channel),
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '2m',
    retry,
  });

const hearOfSms = (): Promise<number> =>
  asking('sms')
    .hearOfSms()
    .catch(() => 0);
