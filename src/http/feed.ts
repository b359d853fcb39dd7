/** Subscribed calendars over HTTP: make, list, revoke. What is behind their addresses: feed-file.ts. */
import { z } from 'zod';
import { requireBarber } from '../db/barber.ts';
import { createFeeds, listFeeds, revokeFeed } from '../db/feed.ts';
import { requireShop } from '../db/shop.ts';
import { calendarPrivacies } from '../domain/calendar-visit.ts';
import type { FeedOwner } from '../domain/feed.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { route, type Route } from './route.ts';
import { text, uuid } from './schemas.ts';

const params = z.strictObject({ id: uuid });
const privacy = z.enum(calendarPrivacies);
const wanted = z.strictObject({
  privacy: privacy.meta({
    description:
      'What its reader may know. busy: that the time is taken; service: also what for, where and by whom; ' +
      "full: also the customer's name and phone.",
  }),
  name: text(100).optional().meta({
    type: 'string',
    minLength: 1,
    maxLength: 100,
    description: 'Who reads it, say. For the list alone; its readers do not see it.',
  }),
});
const feed = {
  id: z.string(),
  privacy,
  name: z.string().nullable(),
  createdAt: z.string(),
  lastReadAt: z.string().nullable(),
  reads: z.int(),
};
const listed = z.object({ items: z.array(z.object(feed).meta({ id: 'Feed' })), nextCursor: z.null() });
const made = z.object({ ...feed, url: z.string() }).meta({ id: 'FeedWithAddress' });

type Kind = {
  kind: 'barber' | 'shop';
  require: typeof requireBarber | typeof requireShop;
  ownerOf: (id: string) => FeedOwner;
  shows: string;
};
const kinds: Kind[] = [
  {
    kind: 'barber',
    require: requireBarber,
    ownerOf: (barberId) => ({ barberId, shopId: null }),
    shows: "The barber's visits in all shops",
  },
  { kind: 'shop', require: requireShop, ownerOf: (shopId) => ({ barberId: null, shopId }), shows: 'The visits of all barbers in the shop' },
];

export function feedRoutes({ orm, config }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const feeds = createFeeds(config);
  const tag = 'Feeds';

  const routesOf = ({ kind, require, ownerOf, shows }: Kind): Route[] => {
    const path = `/v1/${kind}s/:id/feeds`;
    return [
      route({
        method: 'get',
        path,
        scope: 'manage',
        tag,
        summary: `List a ${kind}'s feeds`,
        description: 'Those that work, without their addresses, and whether anybody still reads them.',
        params,
        answers: { 200: { description: 'All of them, by age.', body: listed } },
        problems: ['not_found'],
        handle: async ({ caller: { networkId }, params: { id } }) => {
          await require(em(), networkId, id);
          return { status: 200, body: { items: await listFeeds(em(), { networkId, ...ownerOf(id) }), nextCursor: null } };
        },
      }),
      route({
        // The answer holds a secret, so it is made anew each time and kept nowhere.
        method: 'post',
        path,
        scope: 'manage',
        tag,
        params,
        body: wanted,
        repeatable: true,
        summary: `Make a feed of a ${kind}'s calendar`,
        description:
          `${shows}, 30 days back and 400 ahead, as an iCalendar file (RFC 5545) that calendar programs subscribe to by its address, ` +
          `without a key. The events have the UIDs of the mails' invitations. ` +
          'No other answer tells the address; repeating the request answers the same, with or without a key, until the feed is revoked.',
        answers: { 201: { description: 'Whoever has this address can read the calendar.', body: made } },
        problems: ['invalid_request', 'not_found', 'not_allowed'],
        handle: async ({ caller: { networkId }, params: { id }, body, newId }) => {
          await require(em(), networkId, id);
          return {
            status: 201,
            body: await feeds.issue(em(), { networkId, ...ownerOf(id) }, { id: newId(), privacy: body.privacy, name: body.name ?? null }),
          };
        },
      }),
    ];
  };

  return [
    ...kinds.flatMap(routesOf),
    route({
      method: 'delete',
      path: '/v1/feeds/:id',
      scope: 'manage',
      tag,
      summary: 'Revoke a feed',
      description: 'Its address is dead at once; the same wish makes another. Repeating changes nothing.',
      params,
      answers: { 204: { description: 'It is.' } },
      problems: ['not_found'],
      handle: async ({ caller: { networkId }, params: { id } }) => {
        if (!(await revokeFeed(em(), networkId, id))) throw new Problem('not_found');
        return { status: 204 };
      },
    }),
  ];
}
