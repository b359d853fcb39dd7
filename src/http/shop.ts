/** Shops and their opening hours over HTTP. */
import { z } from 'zod';
import { changeShop, createShop, listShops, requireShop, type ShopChange, type ShopView } from '../db/shop.ts';
import type { Caller } from './caller.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, putOf } from './rule-edit.ts';
import { hoursAnswer, hoursView, settings, slug, weeklyHours } from './rule-schemas.ts';
import { email, locale, page, pageOf, phone, text, timeZone, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const fields = z.strictObject({
  slug,
  name: text(200),
  address: text(300),
  phone: phone.nullable().default(null),
  email: email.nullable().default(null),
  timeZone,
  locale,
  settings: settings.default({}),
});
const answer = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    address: z.string(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    timeZone: z.string(),
    locale: z.string(),
    settings,
    openingHours: hoursAnswer,
    version: z.int(),
  })
  .meta({ id: 'Shop' });
const shown = (shop: ShopView) => ({ ...shop, openingHours: hoursView(shop.openingHours) });

type Asked = {
  caller: Caller;
  params: z.output<typeof idParams>;
  query: { dryRun: boolean };
  header: (name: string) => string | undefined;
};

export function shopRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Shops';
  const change = ({ caller, params, query, header }: Asked, to: ShopChange) =>
    showCurrent(shown, changeShop(em(), caller.networkId, params.id, readIfMatch(header('if-match')), to, editOptions(now, query)));

  return [
    route({
      method: 'get',
      path: '/v1/shops',
      scope: 'book',
      tag,
      summary: 'List shops by name',
      query: z.strictObject(page),
      answers: { 200: { description: 'A page of shops.', body: pageOf(answer) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query }) => {
        const found = await listShops(em(), caller.networkId, { limit: query.limit, cursor: query.cursor ?? null });
        return { status: 200, body: { ...found, items: found.items.map(shown) } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/shops',
      scope: 'manage',
      tag,
      summary: 'Add a shop',
      body: fields,
      answers: { 201: { description: 'Added; it has no opening hours yet.', body: answer } },
      problems: ['invalid_request'],
      handle: async ({ caller, body, newId }) => {
        const shop = await createShop(em(), caller.networkId, body, newId());
        return { ...versioned(shown(shop), 201), headers: { Location: `/v1/shops/${shop.id}`, ETag: `"${shop.version}"` } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/shops/:id',
      scope: 'book',
      tag,
      summary: 'Read a shop',
      params: idParams,
      answers: { 200: { description: 'The shop.', body: answer, headers: { ETag: 'The version.' } } },
      problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(shown(await requireShop(em(), caller.networkId, params.id))),
    }),
    route({
      method: 'put',
      path: '/v1/shops/:id',
      scope: 'manage',
      tag,
      summary: 'Change a shop',
      description: 'In another time zone the hours keep their wall-clock times, so booked visits may fall outside of them.',
      params: idParams,
      body: fields,
      ...putOf(answer),
      handle: async (asked) => editedBody(await change(asked, asked.body), shown),
    }),
    route({
      method: 'put',
      path: '/v1/shops/:id/hours',
      scope: 'manage',
      tag,
      summary: 'Set the opening hours',
      params: idParams,
      body: z.strictObject({ openingHours: weeklyHours }),
      ...putOf(answer),
      handle: async (asked) => editedBody(await change(asked, asked.body), shown),
    }),
    route({
      method: 'delete',
      path: '/v1/shops/:id',
      scope: 'manage',
      tag,
      summary: 'Archive a shop',
      description: 'No more bookings, and its slug is free; the appointments that are hit stay as they are.',
      params: idParams,
      ...deleteOf,
      handle: async (asked) => hitsBody(await change(asked, { archivedAt: now() })),
    }),
  ];
}
