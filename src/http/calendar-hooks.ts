/**
 * What Google and Microsoft call when a calendar has changed. A call says nothing but that: what has changed is read from the provider
 * itself. Nothing in it is believed before it has shown the secret of its channel. Without Temporal the answer is 503, and the provider
 * calls again.
 */
import express, { type Express, type Request } from 'express';
import { validate as isUuid } from 'uuid';
import { z } from 'zod';
import { dropChannel, findChannel, hastenChannel, noteHeard, type Told } from '../db/calendar-channel.ts';
import type { CalendarProvider } from '../domain/channel.ts';
import { Problem } from '../errors.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import type { HttpDeps } from './deps.ts';

const [googleRoute, graphRoute] = ['/hooks/calendars/google/:id', '/hooks/calendars/graph/:id'] as const;

/** https://learn.microsoft.com/en-us/graph/api/resources/changenotification; what else is in it is not needed. */
const notifications = z.object({
  value: z
    .array(z.object({ clientState: z.string().max(255), lifecycleEvent: z.string().max(100).nullish() }))
    .min(1)
    .max(1000),
});

export function mountCalendarHooks(app: Express, deps: HttpDeps): void {
  const { orm } = deps;
  const workflow = createAppointmentCalls(deps);

  async function find({ params: { id } }: Request, provider: CalendarProvider): Promise<Told & { channelId: string }> {
    const told = typeof id === 'string' && isUuid(id) ? await findChannel(orm.em.fork(), id) : null;
    if (told?.provider !== provider) throw new Problem('not_found');
    return { ...told, channelId: String(id) };
  }

  async function look({ networkId, connectionId, provider, isRead }: Told): Promise<void> {
    if (isRead && !(await workflow.readCalendar({ networkId, connectionId, provider })))
      throw new Problem('temporal_unavailable', { retryAfterSeconds: 5 });
  }

  // https://developers.google.com/workspace/calendar/api/guides/push#understanding-the-notification-message-format
  app.post(googleRoute, async (request, response) => {
    response.locals.route = googleRoute;
    const told = await find(request, 'google');
    if (!told.isKnownBy(request.get('x-goog-channel-token') ?? '')) throw new Problem('wrong_signature');
    await noteHeard(orm.em.fork(), told.channelId);
    // `sync` says that the channel stands; whoever opened it reads anyway.
    if (request.get('x-goog-resource-state') !== 'sync') await look(told);
    response.status(204).end();
  });

  // https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks, …/change-notifications-lifecycle-events
  app.post(graphRoute, express.json({ limit: '256kb', type: 'application/json' }), async (request, response) => {
    response.locals.route = graphRoute;
    const told = await find(request, 'graph');
    const { validationToken } = request.query;
    if (typeof validationToken === 'string') {
      await noteHeard(orm.em.fork(), told.channelId);
      // Plain text, which no browser takes for anything else (nosniff is set for all answers).
      return void response.status(200).type('text/plain').send(validationToken.slice(0, 1000));
    }
    const given = notifications.safeParse(request.body);
    if (!given.success)
      throw new Problem('invalid_request', {
        faults: given.error.issues.slice(0, 5).map(({ path, message }) => ({ path: `/${path.join('/')}`, message })),
      });
    const { value } = given.data;
    if (!value.every(({ clientState }) => told.isKnownBy(clientState))) throw new Problem('wrong_signature');
    await noteHeard(orm.em.fork(), told.channelId);
    const events = new Set(value.map(({ lifecycleEvent }) => lifecycleEvent));
    if (events.has('subscriptionRemoved')) await dropChannel(orm.em.fork(), told.channelId);
    else if (events.has('reauthorizationRequired')) await hastenChannel(orm.em.fork(), told.channelId);
    await look(told);
    response.status(202).end();
  });
}
