/** A barber's dated rules over HTTP: hours on one date in a shop, and time off. */
import { z } from 'zod';
import {
  addTimeOff,
  changeTimeOff,
  listExceptions,
  listTimeOff,
  putException,
  readException,
  readTimeOff,
  removeException,
  removeTimeOff,
  type ExceptionView,
  type TimeOffFields,
  type TimeOffView,
} from '../db/barber-dates.ts';
import { requireBarber } from '../db/barber.ts';
import { toUtc } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { readIfMatch, showCurrent, versioned } from './if-match.ts';
import { route, type Route } from './route.ts';
import { deleteOf, editedBody, editOptions, hitsBody, postOf, putOf } from './rule-edit.ts';
import { dayHours, dayHoursAnswer, dayHoursView, insideDay, reason } from './rule-schemas.ts';
import { instant, localDate, uuid } from './schemas.ts';

const idParams = z.strictObject({ id: uuid });
const shopParams = z.strictObject({ id: uuid, shopId: uuid });
const dateParams = z.strictObject({ id: uuid, shopId: uuid, date: z.string().meta({ format: 'date' }) });
const timeOffParams = z.strictObject({ id: uuid, timeOffId: uuid });

const exception = z.strictObject({ hours: dayHours, breaks: dayHours.default([]), reason }).superRefine(({ hours, breaks }, context) => {
  breaks.forEach((pause, index) => {
    if (!insideDay(pause, hours)) context.addIssue({ code: 'custom', path: ['breaks', index], message: 'lies outside the hours' });
  });
});

const away = z
  .strictObject({
    startsAt: instant.nullable().default(null),
    endsAt: instant.nullable().default(null),
    fromDate: localDate.nullable().default(null),
    toDate: localDate.nullable().default(null),
    reason,
  })
  .superRefine(({ startsAt, endsAt, fromDate, toDate }, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const [hours, days] = [startsAt !== null || endsAt !== null, fromDate !== null || toDate !== null];
    if (hours === days) return refuse(hours ? 'fromDate' : 'startsAt', 'give either startsAt and endsAt, or fromDate and toDate');
    for (const [path, value] of Object.entries(hours ? { startsAt, endsAt } : { fromDate, toDate })) {
      if (value === null) refuse(path, `is missing: give both ${hours ? 'startsAt and endsAt' : 'fromDate and toDate'}`);
    }
    if (startsAt !== null && endsAt !== null && endsAt <= startsAt) refuse('endsAt', 'must be after startsAt');
    if (fromDate !== null && toDate !== null && toDate < fromDate) refuse('toDate', 'must not be before fromDate');
  })
  .transform(({ startsAt, endsAt, fromDate, toDate, reason: why }): TimeOffFields =>
    startsAt !== null && endsAt !== null
      ? { startsAt: new Date(startsAt), endsAt: new Date(endsAt), fromDate: null, toDate: null, reason: why }
      : { startsAt: null, endsAt: null, fromDate: fromDate!, toDate: toDate!, reason: why },
  );

const exceptionAnswer = z
  .object({
    barberId: z.string(),
    shopId: z.string(),
    date: z.string(),
    hours: dayHoursAnswer,
    breaks: dayHoursAnswer,
    reason: z.string(),
    version: z.int(),
  })
  .meta({ id: 'BarberException' });
const timeOffAnswer = z
  .object({
    id: z.string(),
    startsAt: z.string().nullable(),
    endsAt: z.string().nullable(),
    fromDate: z.string().nullable(),
    toDate: z.string().nullable(),
    reason: z.string(),
    version: z.int(),
  })
  .meta({ id: 'TimeOff' });

const shownException = (view: ExceptionView) => ({ ...view, hours: dayHoursView(view.hours), breaks: dayHoursView(view.breaks) });
const shownTimeOff = (view: TimeOffView) => {
  const utc = (text: string | null) => text && toUtc(Date.parse(text));
  return { ...view, startsAt: utc(view.startsAt), endsAt: utc(view.endsAt) };
};
const all = (item: z.ZodType) => ({
  200: { description: 'All of them, by date.', body: z.object({ items: z.array(item), nextCursor: z.null() }) },
});
const one = (item: z.ZodType) => ({ 200: { description: 'As it is.', body: item, headers: { ETag: 'The version.' } } });

/** A date that does not exist is a fault to name, while a malformed id is an address under which nothing is. */
function readIds({ id, shopId, date }: z.output<typeof dateParams>) {
  const parsed = localDate.safeParse(date);
  if (!parsed.success)
    throw new Problem('invalid_request', { faults: parsed.error.issues.map(({ message }) => ({ path: 'date', message })) });
  return { barberId: id, shopId, date };
}

export function barberDateRoutes({ orm, now }: HttpDeps): Route[] {
  const em = () => orm.em.fork();
  const tag = 'Barbers';
  const exceptions = '/v1/barbers/:id/hours/:shopId/exceptions';
  const timeOff = '/v1/barbers/:id/time-off';
  return [
    route({
      method: 'get',
      path: exceptions,
      scope: 'book',
      tag,
      summary: "List the dates on which a barber's hours in a shop differ",
      params: shopParams,
      answers: all(exceptionAnswer),
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        const found = await listExceptions(em(), caller.networkId, { barberId: params.id, shopId: params.shopId });
        return { status: 200, body: { items: found.map(shownException), nextCursor: null } };
      },
    }),
    route({
      method: 'get',
      path: `${exceptions}/:date`,
      scope: 'book',
      tag,
      summary: 'Read the hours of one date',
      params: dateParams,
      answers: one(exceptionAnswer),
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, params }) => versioned(shownException(await readException(em(), caller.networkId, readIds(params)))),
    }),
    route({
      method: 'put',
      path: `${exceptions}/:date`,
      scope: 'manage',
      tag,
      summary: 'Set the hours of one date',
      description:
        'In place of the week\'s; no hours means that the barber does not work here on that date. If-Match "0" makes the exception.',
      params: dateParams,
      body: exception,
      ...putOf(exceptionAnswer),
      handle: async ({ caller, params, query, body, header }) =>
        editedBody(
          await showCurrent(
            shownException,
            putException(em(), caller.networkId, readIds(params), readIfMatch(header('if-match')), body, editOptions(now, query)),
          ),
          shownException,
        ),
    }),
    route({
      method: 'delete',
      path: `${exceptions}/:date`,
      scope: 'manage',
      tag,
      summary: 'Take the hours of one date back',
      params: dateParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) =>
        hitsBody(
          await showCurrent(
            shownException,
            removeException(em(), caller.networkId, readIds(params), readIfMatch(header('if-match')), editOptions(now, query)),
          ),
        ),
    }),
    route({
      method: 'get',
      path: timeOff,
      scope: 'book',
      tag,
      summary: 'List time off',
      params: idParams,
      answers: all(timeOffAnswer),
      problems: ['not_found'],
      handle: async ({ caller, params }) => {
        await requireBarber(em(), caller.networkId, params.id);
        return { status: 200, body: { items: (await listTimeOff(em(), caller.networkId, params.id)).map(shownTimeOff), nextCursor: null } };
      },
    }),
    route({
      method: 'post',
      path: timeOff,
      scope: 'manage',
      tag,
      summary: 'Give time off',
      description:
        'Either some hours (startsAt, endsAt) or whole days (fromDate, toDate, both included), ' +
        'which each shop reads in its own zone; a night shift belongs to the date that it begins on.',
      params: idParams,
      body: away,
      ...postOf(timeOffAnswer),
      handle: async ({ caller, params, query, body, newId }) => {
        const edited = await addTimeOff(em(), caller.networkId, params.id, body, editOptions(now, query), newId());
        const added = editedBody(edited, shownTimeOff, 201);
        return edited.dryRun
          ? added
          : { ...added, headers: { ...added.headers, Location: `/v1/barbers/${params.id}/time-off/${edited.record.id}` } };
      },
    }),
    route({
      method: 'get',
      path: `${timeOff}/:timeOffId`,
      scope: 'book',
      tag,
      summary: 'Read time off',
      params: timeOffParams,
      answers: one(timeOffAnswer),
      problems: ['not_found'],
      handle: async ({ caller, params }) => versioned(shownTimeOff(await readTimeOff(em(), caller.networkId, params.id, params.timeOffId))),
    }),
    route({
      method: 'put',
      path: `${timeOff}/:timeOffId`,
      scope: 'manage',
      tag,
      summary: 'Change time off',
      params: timeOffParams,
      body: away,
      ...putOf(timeOffAnswer),
      handle: async ({ caller, params, query, body, header }) => {
        const ids = { barberId: params.id, id: params.timeOffId };
        return editedBody(
          await showCurrent(
            shownTimeOff,
            changeTimeOff(em(), caller.networkId, ids, readIfMatch(header('if-match')), body, editOptions(now, query)),
          ),
          shownTimeOff,
        );
      },
    }),
    route({
      method: 'delete',
      path: `${timeOff}/:timeOffId`,
      scope: 'manage',
      tag,
      summary: 'Take time off back',
      params: timeOffParams,
      ...deleteOf,
      handle: async ({ caller, params, query, header }) => {
        const ids = { barberId: params.id, id: params.timeOffId };
        return hitsBody(
          await showCurrent(
            shownTimeOff,
            removeTimeOff(em(), caller.networkId, ids, readIfMatch(header('if-match')), editOptions(now, query)),
          ),
        );
      },
    }),
  ];
}
