/** Barbers' own calendars over HTTP: connect one, see how it is, end it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { requireBarber } from '../db/barber.ts';
import { changeWishes, endConnection, listConnections, readConnection } from '../db/calendar-connection.ts';
import { calendarPrivacies } from '../domain/calendar-visit.ts';
import { calendarProviders } from '../domain/channel.ts';
import { Problem } from '../errors.ts';
import { createAppointmentCalls } from './appointment-workflow.ts';
import { createConnecting } from './calendar-connecting.ts';
import type { HttpDeps } from './deps.ts';
import { beginSignIn } from './calendar-callback.ts';
import { ifMatchHeader, readIfMatch, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { text, uuid } from './schemas.ts';

const account = {
  serverUrl: z.url({ protocol: /^https?$/, error: 'must be the address of a CalDAV server' }).max(500),
  username: text(200),
  password: z
    .string('must be a text')
    .min(1, 'must not be empty')
    .max(200)
    .meta({ description: 'An app password, made for Punctual alone, where the provider offers that.' }),
};
const wishes = z.strictObject({
  privacy: z.enum(calendarPrivacies).meta({ description: 'What entries tell: that there is something, what, or also for whom.' }),
  writes: z.boolean('must be true or false').meta({ description: 'Whether visits are written into it.' }),
  reads: z.boolean('must be true or false').meta({ description: 'Whether what is entered there keeps the barber busy here.' }),
});
/** Left out, they stay as they were; at first, entries tell all, and it is written and read. */
const maybe = wishes.partial().shape;
const answer = z
  .object({
    id: z.string(),
    barberId: z.string(),
    provider: z.enum(calendarProviders),
    account: z.string(),
    calendarId: z.string(),
    calendarName: z.string(),
    privacy: z.enum(calendarPrivacies),
    writes: z.boolean(),
    reads: z.boolean(),
    state: z.enum(['connected', 'signed_out', 'ended']),
    syncedAt: z.string().nullable(),
    errorClass: z.string().nullable(),
    errorText: z.string().nullable(),
    signedOutAt: z.string().nullable(),
    createdAt: z.string(),
    version: z.int(),
  })
  .meta({
    id: 'Calendar',
    description:
      '`signed_out`: its provider wants a new sign-in; connect it again, and what waits goes there by itself. ' +
      '`syncedAt`: when all that we know of it was last true. ' +
      '`errorClass` `unreadable`: something was entered there that cannot be read; as far as it was known before, it keeps its owner busy.',
  });
const found = z.object({ calendarId: z.string(), name: z.string() });

export function calendarRoutes(deps: HttpDeps): Route[] {
  const { orm, calendarAccounts, now } = deps;
  const workflow = createAppointmentCalls(deps);
  const connecting = createConnecting(deps);
  const tag = 'Calendars';
  const params = z.strictObject({ id: uuid });

  return [
    route({
      method: 'get',
      path: '/v1/barbers/:id/calendars',
      scope: 'manage',
      tag,
      summary: "List a barber's connected calendars",
      params,
      answers: {
        200: { description: 'Those that have not been ended.', body: z.object({ items: z.array(answer), nextCursor: z.null() }) },
      },
      problems: ['not_found'],
      handle: async ({ caller, params: { id } }) => {
        await requireBarber(orm.em.fork(), caller.networkId, id);
        return { status: 200, body: { items: await listConnections(orm.em.fork(), caller.networkId, id), nextCursor: null } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/barbers/:id/calendars/find',
      scope: 'manage',
      tag,
      summary: 'Find the calendars of a CalDAV account',
      params,
      body: z.strictObject(account),
      repeatable: true,
      description: 'Nothing of it is kept. iCloud, Nextcloud, Fastmail, Radicale and any other server that speaks CalDAV.',
      answers: { 200: { description: 'Those that hold events.', body: z.object({ items: z.array(found) }) } },
      problems: ['invalid_request', 'not_found', 'calendars_off', 'calendar_not_found', 'calendar_sign_in', 'calendar_unavailable'],
      handle: async ({ caller, params: { id }, body }) => {
        await requireBarber(orm.em.fork(), caller.networkId, id);
        return {
          status: 200,
          body: { items: (await calendarAccounts.findCaldav(body)).map(({ url, name }) => ({ calendarId: url, name })) },
        };
      },
    }),
    route({
      // The request holds a password, so nothing of it is kept under a key; connecting twice is connecting once.
      method: 'post',
      path: '/v1/barbers/:id/calendars',
      scope: 'manage',
      tag,
      summary: 'Connect a calendar, or connect it again',
      params,
      repeatable: true,
      body: z.strictObject({
        provider: z.literal('caldav'),
        ...account,
        calendarId: z.string().max(1000).optional().meta({ description: 'One that was found; may be left out where there is only one.' }),
        ...maybe,
      }),
      description:
        "The barber's visits to come are written into it within seconds. " +
        'The same calendar again is the same connection, with the new sign-in: what waited for that goes there by itself. ' +
        '`privacy`, `writes` and `reads`, left out, stay as they were; at first they are `full`, true and true.',
      answers: { 201: { description: 'Connected.', body: answer } },
      problems: ['invalid_request', 'not_found', 'calendars_off', 'calendar_not_found', 'calendar_sign_in', 'calendar_unavailable'],
      handle: async ({
        caller: { networkId, apiClientId },
        params: { id: barberId },
        body: { serverUrl, username, password, calendarId, provider, ...wanted },
      }) => {
        await requireBarber(orm.em.fork(), networkId, barberId);
        const calendars = await calendarAccounts.findCaldav({ serverUrl, username, password });
        const chosen = calendarId === undefined && calendars.length === 1 ? calendars[0] : calendars.find(({ url }) => url === calendarId);
        if (!chosen)
          throw new Problem('calendar_not_found', {
            detail: calendarId === undefined ? 'There are several: name one.' : 'That one is not among them.',
            members: { calendars: calendars.map(({ url, name }) => ({ calendarId: url, name })) },
          });
        const given = { barberId, provider, account: username, calendarId: chosen.url, calendarName: chosen.name, ...wanted };
        const id = await connecting.connect(networkId, given, { username, password }, `client:${apiClientId}`);
        return { status: 201, body: { ...(await readConnection(orm.em.fork(), networkId, id)) } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/barbers/:id/calendars/sign-in',
      scope: 'manage',
      tag,
      summary: 'Begin to connect a calendar at Google or Microsoft',
      params,
      repeatable: true,
      body: z.strictObject({
        provider: z.enum(['google', 'graph']).meta({ description: '`graph` is Microsoft 365 and Outlook.' }),
        calendarId: z.string().min(1).max(500).optional().meta({ description: "Without it, the account's own." }),
        ...maybe,
      }),
      description:
        'Send the barber to the address, a page that says whose calendar is to be connected: from there he goes to the provider, signs in, ' +
        'allows it, and comes back in the same browser to a page that says so. It serves once, for a quarter of an hour.',
      answers: { 200: { description: 'Where the barber is to go.', body: z.object({ url: z.string() }) } },
      problems: ['invalid_request', 'not_found', 'calendars_off'],
      handle: async ({ caller: { networkId }, params: { id: barberId }, body: { provider, calendarId = null, ...wanted } }) => {
        await requireBarber(orm.em.fork(), networkId, barberId);
        return { status: 200, body: { url: await beginSignIn(deps, { networkId, barberId, provider, calendarId, wishes: wanted }) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/calendars/:id',
      scope: 'manage',
      tag,
      summary: 'Read a connected calendar',
      params,
      answers: { 200: { description: 'How it stands.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params: { id } }) => versioned(await readConnection(orm.em.fork(), caller.networkId, id)),
    }),
    route({
      method: 'put',
      path: '/v1/calendars/:id',
      scope: 'manage',
      tag,
      summary: 'Change what a connected calendar is for',
      params,
      body: wishes,
      headers: ifMatchHeader,
      description:
        'Visits to come that are there are written anew with what they are to tell now, ' +
        'or taken away where none is to be written any more; what is not read any more keeps nobody busy.',
      answers: { 200: { description: 'As it is now.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller: { networkId }, params: { id }, body, header }) => {
        const read = () => readConnection(orm.em.fork(), networkId, id);
        await changeWishes(orm.em.fork(), networkId, id, readIfMatch(header('if-match')), body, now());
        await workflow.handOver(randomUUID());
        await workflow.readCalendar({ networkId, connectionId: id, provider: (await read()).provider });
        return versioned(await read());
      },
    }),
    route({
      method: 'delete',
      path: '/v1/calendars/:id',
      scope: 'manage',
      tag,
      summary: 'End a connection',
      params,
      query: z.strictObject({
        events: z
          .enum(['remove', 'keep'])
          .default('remove')
          .meta({ description: 'What becomes of visits to come that were written there.' }),
      }),
      description: 'What is entered there no longer keeps the barber busy here. The sign-in is forgotten once the entries are gone.',
      answers: { 200: { description: 'It has ended.', body: answer } },
      problems: ['not_found'],
      handle: async ({ caller: { networkId }, params: { id }, query: { events } }) => {
        const { provider } = await readConnection(orm.em.fork(), networkId, id);
        if (await endConnection(orm.em.fork(), networkId, id, now(), events === 'remove')) {
          await workflow.handOver(randomUUID());
          // Whoever reads it finds that there is nothing to read any more, and the provider stops calling.
          await workflow.readCalendar({ networkId, connectionId: id, provider });
        }
        return { status: 200, body: { ...(await readConnection(orm.em.fork(), networkId, id)) } };
      },
    }),
  ];
}
