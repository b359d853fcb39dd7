/** Shops, their opening hours and closures over HTTP. */
import { z } from 'zod';
import { addClosure, changeShop, createShop, findShop, listClosures, listShops, removeClosure, type ShopView } from '../db/shop.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { ifMatchHeader, readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { email, hoursAnswer, hoursView, locale, localDate, page, pageOf, phone, settings, text, timeZone, uuid, weeklyHours } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const fields = z.strictObject({
  slug: z.string('must be a text').regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by hyphens').max(80),
  name: text(200), address: text(300), phone: phone.nullable().default(null), email: email.nullable().default(null), timeZone, locale, settings: settings.default({}),
});
const hours = z.strictObject({ openingHours: weeklyHours });
const closure = z.strictObject({ fromDate: localDate, toDate: localDate, reason: text(200).or(z.literal('')).default('') })
  .refine(({ fromDate, toDate }) => toDate >= fromDate, { path: ['toDate'], message: 'must not be before fromDate' });

const answer = z.object({
  id: z.string(), slug: z.string(), name: z.string(), address: z.string(), phone: z.string().nullable(), email: z.string().nullable(),
  timeZone: z.string(), locale: z.string(), settings, openingHours: hoursAnswer, version: z.int(),
}).meta({ id: 'Shop' });
const closureAnswer = z.object({ id: z.string(), fromDate: z.string(), toDate: z.string(), reason: z.string() }).meta({ id: 'Closure' });
const shown = (shop: ShopView) => ({ ...shop, openingHours: hoursView(shop.openingHours) });

export function shopRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Shops';
  const one = { 200: { description: 'The shop.', body: answer, headers: { ETag: 'The version.' } } };

  async function requireShop(networkId: string, id: string): Promise<ShopView> {
    const shop = await findShop(em(), networkId, id);
    if (!shop) throw new Problem('not_found');
    return shop;
  }

  async function change(networkId: string, id: string, ifMatch: string | undefined, to: Parameters<typeof changeShop>[4]): Promise<ShopView> {
    return showCurrent(shown, changeShop(em(), networkId, id, readIfMatch(ifMatch), to));
  }

  return [
    route({
      method: 'get', path: '/v1/shops', scope: 'book', tag, summary: 'List shops by name', query: z.strictObject(page),
      answers: { 200: { description: 'A page of shops.', body: pageOf(answer) } }, problems: ['invalid_request'],
      handle: async ({ caller, query }) => {
        const found = await listShops(em(), caller.networkId, { limit: query.limit, cursor: query.cursor ?? null });
        return { status: 200, body: { ...found, items: found.items.map(shown) } };
      },
    }),
    route({
      method: 'post', path: '/v1/shops', scope: 'manage', tag, summary: 'Add a shop', body: fields,
      answers: { 201: { description: 'Added; it has no opening hours yet.', body: answer } }, problems: ['invalid_request'],
      handle: async ({ caller, body }) => {
        const shop = await createShop(em(), caller.networkId, body);
        return { ...versioned(shown(shop), 201), headers: { Location: `/v1/shops/${shop.id}`, ETag: `"${shop.version}"` } };
      },
    }),
    route({
      method: 'get', path: '/v1/shops/:id', scope: 'book', tag, summary: 'Read a shop', params: idParams, answers: one, problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(shown(await requireShop(caller.networkId, params.id))),
    }),
    route({
      method: 'put', path: '/v1/shops/:id', scope: 'manage', tag, summary: 'Change a shop', params: idParams, headers: ifMatchHeader, body: fields,
      answers: one, problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, body, header }) => versioned(shown(await change(caller.networkId, params.id, header('if-match'), body))),
    }),
    route({
      method: 'put', path: '/v1/shops/:id/hours', scope: 'manage', tag, summary: 'Set the opening hours', params: idParams, headers: ifMatchHeader, body: hours,
      answers: one, problems: ['invalid_request', 'not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, body, header }) => versioned(shown(await change(caller.networkId, params.id, header('if-match'), body))),
    }),
    route({
      method: 'delete', path: '/v1/shops/:id', scope: 'manage', tag, summary: 'Archive a shop', params: idParams, headers: ifMatchHeader,
      answers: { 204: { description: 'Archived: it takes no bookings; appointments stay as they are.' } }, problems: ['not_found', 'precondition_failed', 'precondition_required'],
      handle: async ({ caller, params, header }) => {
        await change(caller.networkId, params.id, header('if-match'), { archivedAt: now() });
        return { status: 204 };
      },
    }),
    route({
      method: 'get', path: '/v1/shops/:id/closures', scope: 'book', tag, summary: 'List closures', params: idParams,
      answers: { 200: { description: 'All closures by date.', body: z.object({ items: z.array(closureAnswer), nextCursor: z.null() }) } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireShop(caller.networkId, params.id);
        return { status: 200, body: { items: await listClosures(em(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
    route({
      method: 'post', path: '/v1/shops/:id/closures', scope: 'manage', tag, summary: 'Close the shop for some days', params: idParams, body: closure,
      answers: { 201: { description: 'Closed on these days.', body: closureAnswer } }, problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params, body }) => ({ status: 201, body: await addClosure(em(), caller.networkId, params.id, body) }),
    }),
    route({
      method: 'delete', path: '/v1/shops/:id/closures/:closureId', scope: 'manage', tag, summary: 'Remove a closure', params: z.strictObject({ id: uuid, closureId: uuid }),
      answers: { 204: { description: 'Removed.' } }, problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await removeClosure(em(), caller.networkId, params.id, params.closureId);
        return { status: 204 };
      },
    }),
  ];
}
