/** Sending messages. The message is made at the moment of sending, from the database: nothing of it travels through Temporal. */
import { setTimeout as wait } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { linksOf } from '../src/domain/link.ts';
import { renderMessage } from '../src/domain/message.ts';
import { beginAttempt, endDelivery, noteFailure, type DeliveryContext } from '../src/db/delivery.ts';
import { MailError } from '../src/integrations/mail.ts';
import type { ActivityDeps } from './deps.ts';
import { addressee, toMail, toView } from './message-parts.ts';

/** The waits between tries; see `Policy` in workflows/messages.ts, which is the workflow's input. */
export type RetryPolicy = { retryAfterSeconds: number[]; retryEverySeconds: number; giveUpAfterSeconds: number };

export function createMessageActivities(deps: ActivityDeps) {
  const { orm, mailer, metrics, now } = deps;

  async function end(context: DeliveryContext, state: 'delivered' | 'parked' | 'skipped', more: { providerId?: string; errorClass?: string; errorText?: string } = {}) {
    await endDelivery(orm.em.fork(), context.networkId, context.id, { state, ...more });
    metrics.deliveries.inc({ kind: context.kind, state });
  }

  return {
    /**
     * Sends one message. A delivery that has ended is not sent again, and the Message-ID is the delivery's, so a second copy exists only where
     * SMTP's answer was lost after the server had taken the mail. Failures name their own next delay, or park the delivery.
     */
    async sendMessage(input: { networkId: string; deliveryId: string; policy: RetryPolicy }): Promise<void> {
      const context = await beginAttempt(orm.em.fork(), input.networkId, input.deliveryId);
      if (!context || !['due', 'in_flight'].includes(context.state)) return;
      const reader = addressee(context);
      if (context.withdrawn) return end(context, 'skipped', { errorClass: 'unwanted', errorText: 'the appointment has changed' });
      if (!reader) return end(context, 'skipped', { errorClass: 'no_address', errorText: 'there is nobody to send this to' });
      if (now().getTime() >= Date.parse(context.usefulUntil)) return end(context, 'skipped', { errorClass: 'too_late', errorText: 'its use is past' });

      try {
        const links = await deps.links.issue(orm.em.fork(), context, linksOf[context.kind] ?? []);
        const message = renderMessage(context.kind, { ...toView(context), links }, reader.locale);
        const { providerId } = await mailer.send(toMail(context, reader, message, deps.mailFrom, now()));
        return await patiently(() => end(context, 'delivered', { providerId }));
      } catch (error) {
        if (!(error instanceof MailError)) throw error;
        const waitSeconds = nextWait(context, input.policy, now().getTime());
        if (error.kind === 'permanent' || waitSeconds === null) return end(context, 'parked', { errorClass: error.kind, errorText: error.message });
        await noteFailure(orm.em.fork(), context.networkId, context.id, error.kind, error.message);
        throw ApplicationFailure.create({ message: error.message, type: 'MailError', nextRetryDelay: waitSeconds * 1000 });
      }
    },
  };
}

/** The mail has gone: if the database blinks now, writing that again is cheaper than a second copy. Up to 18 s, well within the activity's limit. */
async function patiently(write: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (tries > 8) throw error;
      await wait(500 * tries);
    }
  }
}

/** Seconds until the next try, or null when it would begin later than the policy or the effect's use allows. */
export function nextWait(context: Pick<DeliveryContext, 'attempts' | 'firstTriedAt' | 'usefulUntil'>, policy: RetryPolicy, now: number): number | null {
  const seconds = policy.retryAfterSeconds[context.attempts - 1] ?? policy.retryEverySeconds;
  const startsAt = now + seconds * 1000;
  const firstTriedAt = context.firstTriedAt ? Date.parse(context.firstTriedAt) : now;
  const last = Math.min(firstTriedAt + policy.giveUpAfterSeconds * 1000, Date.parse(context.usefulUntil));
  return startsAt <= last ? seconds : null;
}
