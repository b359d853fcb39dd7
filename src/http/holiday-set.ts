/** Holiday sets over HTTP: the shipped ones to read, the network's own to keep. */
import { z } from 'zod';
import { listHolidaySets, putHolidaySet, readHolidaySet, removeHolidaySet, type HolidaySetView } from '../db/holiday-set.ts';
import { holidaysBetween } from '../domain/holidays.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { holidayRule, holidayRuleAnswer } from './holiday-rule.ts';
import { readIfMatch } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, putOf } from './rule-edit.ts';
import { slug } from './rule-schemas.ts';
import { text } from './schemas.ts';

const slugParams = z.strictObject({ slug: z.string() });
const yearQuery = z.strictObject({
  year: z
    .string()
    .refine((value) => /^2[01]\d\d$/.test(value), 'must be a year from 2000 to 2199')
    .transform(Number)
    .optional()
    .meta({ type: 'integer', minimum: 2000, maximum: 2199 }),
});
const fields = z.strictObject({ name: text(200), days: z.array(holidayRule).max(100, 'must have at most 100 days') });

const set = z.object({
  slug: z.string(),
  name: z.string(),
  shipped: z.boolean(),
  days: z.array(holidayRuleAnswer),
  version: z.int().nullable().meta({ description: 'Null of a shipped set, which cannot be changed.' }),
});
const dates = z.array(z.object({ date: z.string(), name: z.string() })).meta({ description: 'The days of the year that was asked for.' });
const listed = set.extend({ dates: dates.optional() }).meta({ id: 'ListedHolidaySet' });
const dated = set.extend({ dates }).meta({ id: 'HolidaySet' });
const kept = set.extend({ version: z.int() }).meta({ id: 'OwnHolidaySet' });

const withDates = (view: HolidaySetView, year: number) => ({
  ...view,
  dates: holidaysBetween(view.days, `${year}-01-01`, `${year}-12-31`),
});
const same = <T extends HolidaySetView>(view: T): T => view;

/** What cannot be a slug is a fault to name where a set is to be made of it; elsewhere it is an address under which nothing is. */
function readSlug(given: string, making = false): string {
  const parsed = slug.safeParse(given);
  if (parsed.success) return parsed.data;
  throw making
    ? new Problem('invalid_request', { faults: parsed.error.issues.map(({ message }) => ({ path: 'slug', message })) })
    : new Problem('not_found');
}

export function holidaySetRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const [tag, path] = ['Holiday sets', '/v1/holiday-sets'];
  return [
    route({
      method: 'get',
      path,
      scope: 'book',
      tag,
      summary: 'List holiday sets',
      query: yearQuery,
      description:
        "The network's own by slug, then the shipped ones. With a year, each comes with its dates. " +
        'Settings name sets by slug: "holidaySets": ["pt", "pt-lisboa"].',
      answers: { 200: { description: 'All of them.', body: z.object({ items: z.array(listed), nextCursor: z.null() }) } },
      problems: ['invalid_request'],
      handle: async ({ caller, query: { year } }) => {
        const found = await listHolidaySets(em(), caller.networkId);
        return { status: 200, body: { items: year === undefined ? found : found.map((each) => withDates(each, year)), nextCursor: null } };
      },
    }),
    route({
      method: 'get',
      path: `${path}/:slug`,
      scope: 'book',
      tag,
      summary: 'Read a holiday set',
      description: 'With its dates in the year, or in this one.',
      params: slugParams,
      query: yearQuery,
      answers: { 200: { description: 'The set.', body: dated, headers: { ETag: 'The version; a shipped set has none.' } } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params, query }) => {
        const found = await readHolidaySet(em(), caller.networkId, readSlug(params.slug));
        return {
          status: 200,
          body: withDates(found, query.year ?? now().getUTCFullYear()),
          headers: found.shipped ? {} : { ETag: `"${found.version}"` },
        };
      },
    }),
    route({
      method: 'put',
      path: `${path}/:slug`,
      scope: 'manage',
      tag,
      summary: "Set one of the network's own holiday sets",
      description: 'If-Match "0" makes it. A slug of a shipped set is refused.',
      params: slugParams,
      body: fields,
      ...putOf(kept),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await putHolidaySet(
            em(),
            caller.networkId,
            readSlug(params.slug, true),
            readIfMatch(header('if-match')),
            body,
            editOptions(now, query),
          ),
          same,
        ),
    }),
    route({
      method: 'delete',
      path: `${path}/:slug`,
      scope: 'manage',
      tag,
      summary: "Remove one of the network's own holiday sets",
      description: 'Refused while any settings name it.',
      params: slugParams,
      ...deleteOf,
      problems: [...deleteOf.problems, 'in_use'],
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await removeHolidaySet(em(), caller.networkId, readSlug(params.slug), readIfMatch(header('if-match')), editOptions(now, query)),
        ),
    }),
  ];
}
