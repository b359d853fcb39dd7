/** Sending messages. The message is made at the moment of sending, from the database: nothing of it travels through Temporal. */
import { setTimeout as wait } from 'node:timers/promises';
import { activityInfo, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Channel } from '../src/domain/channel.ts';
import { linksOf } from '../src/domain/link.ts';
import { renderMessage } from '../src/domain/message.ts';
import { beginAttempt, type DeliveryContext } from '../src/db/attempt.ts';
import { endDelivery, noteFailure, takeNextChannel, type DeliveryEnd } from '../src/db/delivery-end.ts';
import type { SendResult } from '../workflows/messages.ts';
import { asFailure, type Failure } from './failure.ts';
import type { ActivityDeps } from './deps.ts';
import { addressee, toMail, toView, type Reader } from './message-parts.ts';
import { toResult } from './send-result.ts';
import { nextWait, type RetryPolicy } from './retry.ts';

/** Well within `heartbeatSeconds` of workflows/effects.ts. */
const heartbeatMs = 3000;
const busyAgainSeconds = 20;

export type SendInput = { networkId: string; deliveryId: string; policy: RetryPolicy; /** By mail, where it is missing. */ channel?: Channel };

export function createMessageActivities(deps: ActivityDeps) {
  const { orm, mailer, texter, marks, metrics, now } = deps;

  async function end(context: DeliveryContext, how: DeliveryEnd): Promise<SendResult> {
    const state = await endDelivery(orm.em.fork(), context.networkId, context.id, how);
    metrics.deliveries.inc({ kind: context.kind, state });
    return toResult(state);
  }

  const isOn = (channel: Channel): boolean => channel === 'mail' || texter !== null;

  /** Not by this way: the next one's turn that can reach the reader, or the end. Nobody to write to is no one's fault; a bad address waits for a person. */
  async function unreachable(context: DeliveryContext, why: 'no_address' | 'off' | 'bounced' | 'opted_out' | 'permanent' | 'transient', errorText: string): Promise<SendResult> {
    const next = context.channels.slice(context.channels.indexOf(context.channel) + 1).find((channel) => isOn(channel) && addressee({ ...context, channel }));
    if (next) {
      await takeNextChannel(orm.em.fork(), context.networkId, context.id, next, why);
      return { state: 'unreachable' };
    }
    return end(context, { state: why === 'no_address' || why === 'off' ? 'skipped' : 'parked', errorClass: why, errorText });
  }

  /** Hands the message to its provider. @returns the provider's id. */
  async function hand(context: DeliveryContext, reader: Reader): Promise<{ providerId: string }> {
    const links = await deps.links.issue(orm.em.fork(), context, linksOf[context.kind] ?? []);
    const message = renderMessage(context.kind, { ...toView(context), links }, reader.locale);
    if (context.channel === 'mail') return mailer.send(toMail(context, reader, message, deps.mailFrom, now()));
    return texter!.send({ deliveryId: context.id, to: reader.address, text: message.sms, since: context.unclear ? context.createdAt : null });
  }

  async function fail(context: DeliveryContext, reader: Reader, failure: Failure, policy: RetryPolicy): Promise<SendResult> {
    if (failure.mark) await marks.set(context.channel, reader.address, failure.mark);
    if (failure.kind === 'permanent') return unreachable(context, failure.mark ?? 'permanent', failure.message);
    const waitSeconds = failure.kind === 'sign_in' ? null : nextWait(context, policy, now().getTime(), failure.retryAfterSeconds);
    // Doubt is kept, also for whoever has it tried again.
    const errorClass = failure.isUnclear && failure.kind === 'transient' ? 'unclear' : failure.kind;
    // Given up here, it may still go by the next way; but not where this one may have reached the reader.
    if (waitSeconds === null && errorClass === 'transient') return unreachable(context, errorClass, failure.message);
    if (waitSeconds === null) return end(context, { state: 'parked', errorClass, errorText: failure.message });
    await noteFailure(orm.em.fork(), context.networkId, context.id, { errorClass, errorText: failure.message, waitSeconds });
    throw ApplicationFailure.create({ message: failure.message, type: 'SendError', nextRetryDelay: waitSeconds * 1000 });
  }

  return {
    /**
     * Sends one message by one way. A delivery that has ended is not sent again, one attempt at a time is at it, and the Message-ID is the
     * delivery's: a second mail exists only where SMTP's answer was lost after the server had taken the first. Before an SMS is tried again
     * whose answer was lost, Twilio is asked whether it has it. Failures name their own next delay, or park the delivery.
     */
    async sendMessage(input: SendInput): Promise<SendResult> {
      const { workflowExecution, activityId } = activityInfo();
      const context = await beginAttempt(orm.em.fork(), input.networkId, input.deliveryId, `${workflowExecution?.workflowId} ${activityId}`);
      if (!context) return { state: 'skipped' };
      // Its worker died, or a person had it tried again while it runs: the lease ends by itself.
      if (context.busy) throw ApplicationFailure.create({ message: 'another attempt is at it', type: 'Busy', nextRetryDelay: busyAgainSeconds * 1000 });
      if (context.state !== 'in_flight') return toResult(context.state);
      // An earlier run has passed it on to another way.
      if (context.channel !== (input.channel ?? 'mail')) return { state: 'unreachable' };
      const beat = setInterval(heartbeat, heartbeatMs);
      try {
        if (context.withdrawn) return await end(context, { state: 'skipped', errorClass: 'unwanted', errorText: 'the appointment has changed' });
        if (now().getTime() >= Date.parse(context.usefulUntil)) return await end(context, { state: 'skipped', errorClass: 'too_late', errorText: 'its use is past' });
        const reader = addressee(context);
        if (!reader) return await unreachable(context, 'no_address', 'there is nobody to send this to');
        if (!isOn(context.channel)) return await unreachable(context, 'off', 'no provider for SMS is set up');
        const mark = await marks.find(context.channel, reader.address);
        // Who has it tried again means it; only a reader's own no stays a no.
        if (mark === 'opted_out' || (mark && context.retries === 0)) return await unreachable(context, mark, 'the address is marked');
        const handed = await hand(context, reader).catch(asFailure);
        if ('kind' in handed) return await fail(context, reader, handed, input.policy);
        return await patiently(() => end(context, { state: 'delivered', providerId: handed.providerId }));
      } finally {
        clearInterval(beat);
      }
    },
  };
}

/** It has gone: if the database blinks now, writing that again is cheaper than a second copy. Up to 18 s, well within the activity's limit. */
async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries > 8) throw error;
      await wait(500 * tries);
    }
  }
}
