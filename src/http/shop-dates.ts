/** A shop's dated rules over HTTP: closures, and hours on one date. */
import { z } from 'zod';
import {
  addClosure,
  changeClosure,
  listClosures,
  listShopExceptions,
  putShopException,
  readClosure,
  readShopException,
  removeClosure,
  removeShopException,
  type ClosureView,
  type ShopExceptionView,
} from '../db/shop-dates.ts';
import { requireShop } from '../db/shop.ts';
import { toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, postOf, putOf } from './rule-edit.ts';
import { dayHours, dayHoursAnswer, dayHoursView, reason } from './rule-schemas.ts';
import { localDate, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const closureParams = z.strictObject({ id: uuid, closureId: uuid });
const dateParams = z.strictObject({ id: uuid, date: z.string().meta({ format: 'date' }) });

const closure = z
  .strictObject({ fromDate: localDate, toDate: localDate, reason })
  .refine(({ fromDate, toDate }) => toDate >= fromDate, { path: ['toDate'], message: 'must not be before fromDate' });
const closureAnswer = z
  .object({ id: z.string(), fromDate: z.string(), toDate: z.string(), reason: z.string(), version: z.int() })
  .meta({ id: 'Closure' });
const same = (view: ClosureView) => view;

const exception = z.strictObject({ hours: dayHours, reason });
const exceptionAnswer = z
  .object({ shopId: z.string(), date: z.string(), hours: dayHoursAnswer, reason: z.string(), version: z.int() })
  .meta({ id: 'ShopException' });
const shown = (view: ShopExceptionView) => ({ ...view, hours: dayHoursView(view.hours) });
const span = z
  .strictObject({
    from: localDate.optional().meta({ description: 'The first date; today in the shop when it is left out.' }),
    to: localDate.optional().meta({ description: 'The last date.' }),
  })
  .refine(({ from, to }) => !from || !to || to >= from, { path: ['to'], message: 'must not be before from' });

const all = (item: z.ZodType) => ({
  200: { description: 'All of them, by date.', body: z.object({ items: z.array(item), nextCursor: z.null() }) },
});
const one = (item: z.ZodType) => ({ 200: { description: 'As it is.', body: item, headers: { ETag: 'The version.' } } });

const closureIds = ({ id, closureId }: z.output<typeof closureParams>) => ({ shopId: id, id: closureId });

/** A date that does not exist is a fault to name, while a malformed id is an address under which nothing is. */
function exceptionIds({ id, date }: z.output<typeof dateParams>) {
  const parsed = localDate.safeParse(date);
  if (!parsed.success)
    throw new Problem('invalid_request', { faults: parsed.error.issues.map(({ message }) => ({ path: 'date', message })) });
  return { shopId: id, date };
}

export function shopDateRoutes(deps: HttpDeps): Route[] {
  return [...closureRoutes(deps), ...exceptionRoutes(deps)];
}

function closureRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const [tag, path] = ['Shops', '/v1/shops/:id/closures'];
  return [
    route({
      method: 'get',
      path,
      scope: 'book',
      tag,
      summary: 'List closures',
      params: idParams,
      answers: all(closureAnswer),
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireShop(em(), caller.networkId, params.id);
        return { status: 200, body: { items: await listClosures(em(), caller.networkId, params.id), nextCursor: null } };
      },
    }),
    route({
      method: 'post',
      path,
      scope: 'manage',
      tag,
      summary: 'Close the shop for some days',
      params: idParams,
      body: closure,
      ...postOf(closureAnswer),
      description:
        'Both dates included; a shift past midnight belongs to the date that it begins on. ' +
        'A closure goes before any other hours of its dates.',
      handle: async ({ caller, params, query, body, newId }) => {
        const edited = await addClosure(em(), caller.networkId, params.id, body, editOptions(now, query), newId());
        const added = editedBody(edited, same, 201);
        return edited.dryRun
          ? added
          : { ...added, headers: { ...added.headers, Location: `/v1/shops/${params.id}/closures/${edited.record.id}` } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/:closureId`,
      scope: 'book',
      tag,
      summary: 'Read a closure',
      params: closureParams,
      answers: one(closureAnswer),
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireShop(em(), caller.networkId, params.id);
        return versioned(await readClosure(em(), caller.networkId, closureIds(params)));
      },
    }),
    route({
      method: 'put',
      path: `${path}/:closureId`,
      scope: 'manage',
      tag,
      summary: 'Change a closure',
      params: closureParams,
      body: closure,
      ...putOf(closureAnswer),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await changeClosure(em(), caller.networkId, closureIds(params), readIfMatch(header('if-match')), body, editOptions(now, query)),
          same,
        ),
    }),
    route({
      method: 'delete',
      path: `${path}/:closureId`,
      scope: 'manage',
      tag,
      summary: 'Remove a closure',
      params: closureParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(await removeClosure(em(), caller.networkId, closureIds(params), readIfMatch(header('if-match')), editOptions(now, query))),
    }),
  ];
}

function exceptionRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const [tag, path] = ['Shops', '/v1/shops/:id/exceptions'];
  return [
    route({
      method: 'get',
      path,
      scope: 'book',
      tag,
      summary: "List the dates on which a shop's hours differ",
      params: idParams,
      query: span,
      answers: all(exceptionAnswer),
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params, query }) => {
        const { timeZone } = await requireShop(em(), caller.networkId, params.id);
        const from = query.from ?? toWall(now().getTime(), timeZone).date;
        const found = await listShopExceptions(em(), caller.networkId, params.id, { from, to: query.to ?? null });
        return { status: 200, body: { items: found.map(shown), nextCursor: null } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/:date`,
      scope: 'book',
      tag,
      summary: "Read a shop's hours of one date",
      params: dateParams,
      answers: one(exceptionAnswer),
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params }) => {
        await requireShop(em(), caller.networkId, params.id);
        return versioned(shown(await readShopException(em(), caller.networkId, exceptionIds(params))));
      },
    }),
    route({
      method: 'put',
      path: `${path}/:date`,
      scope: 'manage',
      tag,
      summary: "Set a shop's hours of one date",
      params: dateParams,
      body: exception,
      ...putOf(exceptionAnswer),
      description:
        "In place of the week's, also on a holiday; no hours means shut. A barber with hours of his own keeps them. " +
        'If-Match "0" makes the exception.',
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await showCurrent(
            shown,
            putShopException(em(), caller.networkId, exceptionIds(params), readIfMatch(header('if-match')), body, editOptions(now, query)),
          ),
          shown,
        ),
    }),
    route({
      method: 'delete',
      path: `${path}/:date`,
      scope: 'manage',
      tag,
      summary: "Take a shop's hours of one date back",
      params: dateParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await showCurrent(
            shown,
            removeShopException(em(), caller.networkId, exceptionIds(params), readIfMatch(header('if-match')), editOptions(now, query)),
          ),
        ),
    }),
  ];
}
