/** Sending messages. The message is made at the moment of sending, from the database: nothing of it travels through Temporal. */
import { isAnothers, type DeliveryContext } from '../src/db/attempt.ts';
import { takeNextChannel } from '../src/db/delivery-end.ts';
import type { Channel } from '../src/domain/channel.ts';
import { messageKinds, type MessageKind } from '../src/domain/effects.ts';
import { linksOf } from '../src/domain/link.ts';
import { policyOf } from '../src/domain/policy.ts';
import { quietUntil } from '../src/domain/reminders.ts';
import { renderMessage } from '../src/domain/message.ts';
import type { SendResult } from '../workflows/messages.ts';
import { createAttempts, type SendInput } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { asFailure, type Failure } from './failure.ts';
import { addressee, toMail, toView, type Reader } from './message-parts.ts';

export function createMessageActivities(deps: Omit<ActivityDeps, 'calendars' | 'signInLinks'>) {
  const { orm, mailer, texter, marks, now } = deps;
  const attempts = createAttempts(deps);

  const isOn = (channel: Channel): boolean => channel === 'mail' || texter !== null;

  /** After the one that it goes now, the next way that can reach the reader. */
  const nextWay = (context: DeliveryContext): Channel | null =>
    context.channels
      .slice(context.channels.indexOf(context.channel) + 1)
      .find((channel) => isOn(channel) && addressee({ ...context, channel })) ?? null;

  /**
   * Not by this way: the next one's turn that can reach the reader, or the end. Nobody to write to is no one's fault; a bad address waits
   * for a person.
   */
  async function unreachable(
    context: DeliveryContext,
    why: 'no_address' | 'off' | 'bounced' | 'opted_out' | 'permanent' | 'transient' | 'sign_in',
    errorText: string,
  ): Promise<SendResult> {
    const next = nextWay(context);
    if (next) {
      await takeNextChannel(orm.em.fork(), context, next, why);
      return { state: 'unreachable' };
    }
    return attempts.end(context, { state: why === 'no_address' || why === 'off' ? 'skipped' : 'parked', errorClass: why, errorText });
  }

  /** Hands the message to its provider. @returns the provider's id. */
  async function hand(context: DeliveryContext, reader: Reader): Promise<{ providerId: string }> {
    const kind = messageKind(context);
    const links = await deps.links.issue(orm.em.fork(), context, linksOf[kind] ?? []);
    const message = renderMessage(kind, { ...toView(context), links }, reader.locale);
    await attempts.stillMine(context);
    if (context.channel === 'mail') return mailer.send(toMail(context, reader, message, deps.mailFrom, now()));
    // What was opened again is looked for, and a dead sign-in can have come over the doubt that an earlier try has left.
    const since = context.unclear || context.retries > 0 ? context.createdAt : null;
    const isInDoubt = context.unclear || (context.retries > 0 && context.errorClass === 'sign_in');
    return texter!.send({
      deliveryId: context.id,
      to: reader.address,
      text: message.sms,
      since,
      isInDoubt,
      isAnothers: (sid) => isAnothers(orm.em.fork(), context, sid),
    });
  }

  async function fail(context: DeliveryContext, reader: Reader, failure: Failure, input: SendInput): Promise<SendResult> {
    if (failure.mark) await marks.set(context.channel, reader.address, failure.mark);
    if (failure.kind === 'permanent') return unreachable(context, failure.mark ?? 'permanent', failure.message);
    const goesOn = nextWay(context) !== null && !failure.isUnclear;
    return attempts.retry(context, failure, input.policy, goesOn ? (why) => unreachable(context, why, failure.message) : null);
  }

  return {
    /**
     * Sends one message by one way. A delivery that has ended is not sent again, one attempt at a time is at it, and the Message-ID is the
     * delivery's: a second mail exists only where SMTP's answer was lost after the server had taken the first. Before an SMS is tried again
     * whose answer was lost, Twilio is asked whether it has it. Failures name their own next delay, or park the delivery.
     */
    sendMessage: (input: SendInput): Promise<SendResult> =>
      attempts.run(input, async (context) => {
        const quiet =
          context.kind === 'reminder_customer'
            ? quietUntil(
                context.appointmentId,
                context.shop.timeZone,
                policyOf(context.policy ?? {}),
                Date.parse(context.startsAt),
                now().getTime(),
              )
            : null;
        if (quiet !== null) return attempts.later(context, quiet);
        const reader = addressee(context);
        if (!reader) return unreachable(context, 'no_address', 'there is nobody to send this to');
        if (!isOn(context.channel)) return unreachable(context, 'off', 'no provider for SMS is set up');
        const mark = await marks.find(context.channel, reader.address);
        // A person who has it tried again means it; only a reader's own no stays a no.
        if (mark === 'opted_out' || (mark && !context.isInsistedOn)) return unreachable(context, mark, 'the address is marked');
        const handed = await hand(context, reader).catch(asFailure);
        if ('kind' in handed) return fail(context, reader, handed, input);
        const sent = await attempts.delivered(context, handed.providerId, nextWay(context));
        // A person was right: it is not dead any more. Should this come back too, it is marked anew.
        if (mark && sent.state === 'delivered') await marks.clear(context.channel, reader.address);
        return sent;
      }),
  };
}

function messageKind({ kind }: DeliveryContext): MessageKind {
  const found = messageKinds.find((each) => each === kind);
  if (!found) throw new Error(`${kind} is no message`);
  return found;
}
