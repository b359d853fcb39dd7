/**
 * Graph's subscriptions to changes. Source: https://learn.microsoft.com/en-us/graph/api/resources/subscription,
 * …/change-notifications-lifecycle-events
 */
import { CalendarError, type Push } from './calendar.ts';
import type { GraphCall } from './graph-call.ts';
import { isRefused } from './graph-errors.ts';

/** Less than what a subscription to Outlook's events may last: 4,230 minutes where it was least, 10,080 by now. */
const lifeMs = 4200 * 60_000;

type Subscription = { id?: string; expirationDateTime?: string };

/** `resource` is the path of the events. */
export function createGraphPush({ send }: GraphCall, resource: string, now: () => Date): Push {
  const expirationDateTime = (): string => new Date(now().getTime() + lifeMs).toISOString();
  const pathOf = (id: string): string => `/subscriptions/${encodeURIComponent(id)}`;
  const endOf = ({ expirationDateTime: at }: Subscription): Date => {
    const end = new Date(at ?? '');
    if (Number.isNaN(end.getTime())) throw new CalendarError('transient', 'Graph failed: subscription, no end');
    return end;
  };
  return {
    open: async ({ address, secret }) => {
      const body = {
        changeType: 'created,updated,deleted',
        notificationUrl: address,
        lifecycleNotificationUrl: address,
        resource,
        expirationDateTime: expirationDateTime(),
        clientState: secret,
      };
      const made = await send<Subscription>('subscription.create', 'POST', '/subscriptions', { body });
      if (!made.id) throw new CalendarError('transient', 'Graph failed: subscription.create, no id');
      return { remoteId: made.id, expiresAt: endOf(made) };
    },
    // This signs it in again too, where Graph has asked for that.
    renew: async ({ remoteId }) => {
      try {
        return endOf(
          await send<Subscription>('subscription.update', 'PATCH', pathOf(remoteId), {
            body: { expirationDateTime: expirationDateTime() },
          }),
        );
      } catch (error) {
        if (isRefused(error, 404)) return null;
        throw error;
      }
    },
    close: async ({ remoteId }) => {
      try {
        await send('subscription.delete', 'DELETE', pathOf(remoteId));
      } catch (error) {
        if (!isRefused(error, 404)) throw error;
      }
    },
  };
}
