/** `/sandbox/…`: what a test in another process asks of the sandbox. JSON in and out; in this process the same is there as functions. */
import { json, type Request, type Response } from 'express';
import { z } from 'zod';
import { Refusal } from './answer.ts';
import type { ByHand } from './by-hand.ts';
import { googleReasons } from './google-errors.ts';
import { graphCodes } from './graph-errors.ts';
import { tellEntry } from './hand-written.ts';
import type { GraphSubscriptions } from './graph-subscriptions.ts';
import type { FaultOrder } from './faults.ts';
import type { Server } from './serve.ts';
import type { Settings } from './settings.ts';
import { fullScope } from './tokens.ts';

const provider = z.enum(['google', 'graph']);
const account = z.strictObject({
  provider,
  email: z.email(),
  name: z.string().optional(),
  timeZone: z.string().default('Europe/Lisbon'),
  scope: z.string().optional(),
  clientId: z.string().optional(),
});
const fault = z.strictObject({
  provider: provider.optional(),
  account: z.string().optional(),
  operation: z.string().optional(),
  when: z.enum(['before', 'after']),
  times: z.int().positive().nullable().optional(),
  retryAfterSeconds: z.number().optional(),
  failure: z.union([
    z.enum(['cut', 'half', 'silence']),
    z.literal([...googleReasons, ...graphCodes]),
    z.strictObject({ status: z.int(), body: z.unknown(), headers: z.record(z.string(), z.string()).optional() }),
  ]),
});
const settings = z
  .strictObject({
    googleReusedIds: z.enum(['noticed', 'unnoticed']),
    graphTransactionIds: z.enum(['noticed', 'unnoticed']),
    graphRemovedOccurrences: z.enum(['told', 'untold']),
    microsoftUsedRefreshTokens: z.enum(['accepted', 'refused']),
    accessTokenSeconds: z.number(),
    requestsPerSecond: z.number().nullable(),
    retryAfterSeconds: z.number(),
    subscriptionMinutes: z.number(),
    notificationRetries: z.int(),
    notificationRetryMs: z.number(),
  })
  .partial();
const event = z.strictObject({
  title: z.string().optional(),
  start: z.string().optional(),
  end: z.string().optional(),
  busy: z.boolean().optional(),
  calendarId: z.string().optional(),
  kind: z.enum(['outOfOffice', 'tentative', 'elsewhere']).optional(),
  repeat: z.strictObject({ every: z.enum(['day', 'week']), count: z.int().positive() }).optional(),
});
const app = z.strictObject({ clientId: z.string(), clientSecret: z.string(), redirectUris: z.array(z.string()) });

/** A body that does not fit is answered with 400, an unknown account with 404, what the provider refuses with the provider's own answer. */
export function mountControl(
  { app: express, store, tokens, faults, counts, settings: current }: Server,
  byHand: ByHand,
  subscriptions: GraphSubscriptions,
): void {
  const on = (method: 'get' | 'post' | 'patch' | 'delete', path: string, act: (request: Request<Record<string, string>>) => unknown) =>
    express[method](`/sandbox${path}`, json(), (request: Request<Record<string, string>>, response: Response) => {
      try {
        response.json(act(request) ?? { done: true });
      } catch (error) {
        if (error instanceof Refusal) response.status(error.answer.status).json(error.answer.body);
        else
          response
            .status(error instanceof z.ZodError ? 400 : 404)
            .json({ error: error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message });
      }
    });

  on('get', '/accounts', () =>
    store.state.accounts.map((one) => ({
      ...one,
      calendars: byHand.calendars(one).map(({ id, summary, timeZone, primary }) => ({ id, summary, timeZone, primary })),
    })),
  );
  on('post', '/accounts', ({ body }) => {
    const { scope, clientId = store.state.apps[0]?.clientId ?? '', name, ...given } = account.parse(body);
    const made = store.addAccount({ ...given, ...(name !== undefined && { name }) });
    const grant = tokens.grant(made, clientId, scope ?? fullScope[made.provider], true);
    return {
      ...made,
      calendarId: store.calendar(made, null)!.id,
      accessToken: tokens.issue(grant).accessToken,
      refreshToken: grant.refreshTokens[0],
    };
  });
  on('post', '/accounts/:account/calendars', ({ params, body }) => {
    const { summary, timeZone } = z.strictObject({ summary: z.string(), timeZone: z.string() }).parse(body);
    return { id: store.addCalendar(byHand.account(params.account!), summary, timeZone).id };
  });
  on('post', '/accounts/:account/revoke', ({ params }) => byHand.revoke(params.account!));
  on('post', '/accounts/:account/expire-access', ({ params }) => byHand.expireAccess(params.account!));
  on('post', '/accounts/:account/expire-sync', ({ params, body }) =>
    byHand.expireSync(
      params.account!,
      z.object({ code: z.enum(['SyncStateNotFound', 'resyncRequired']).optional() }).parse(body ?? {}).code,
    ),
  );
  on('post', '/accounts/:account/lifecycle', ({ params, body }) =>
    subscriptions.tell(
      byHand.account(params.account!).id,
      z.object({ event: z.enum(['reauthorizationRequired', 'subscriptionRemoved', 'missed']) }).parse(body).event,
    ),
  );
  on('get', '/accounts/:account/events', ({ params }) =>
    byHand
      .calendars(byHand.account(params.account!))
      .flatMap((calendar) => calendar.entries.map((entry) => ({ calendarId: calendar.id, ...tellEntry(entry, calendar) }))),
  );
  on('post', '/accounts/:account/events', ({ params, body }) => ({
    id: byHand.add(params.account!, event.required({ start: true, end: true }).parse(body)),
  }));
  on('patch', '/accounts/:account/events/:event', ({ params, body }) => byHand.change(params.account!, params.event!, event.parse(body)));
  on('delete', '/accounts/:account/events/:event', ({ params }) => byHand.remove(params.account!, params.event!));
  on('get', '/faults', () => faults.list());
  on('post', '/faults', ({ body }) => faults.add(fault.parse(body) as FaultOrder));
  on('delete', '/faults', () => faults.clear());
  on('delete', '/faults/:fault', ({ params }) => faults.clear(params.fault));
  on('get', '/counts', () => Object.fromEntries(counts));
  on('get', '/settings', () => current);
  on('patch', '/settings', ({ body }) => Object.assign(current, settings.parse(body) as Partial<Settings>));
  on('post', '/apps', ({ body }) => void store.state.apps.push(app.parse(body)));
}
