/** What can be booked: the same function that decides about a booking, over one read. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { factsState, readBookingFacts, readFactsState, type BookingFacts } from '../db/booking-facts.ts';
import { nextSlots, offeredSlots } from '../domain/availability.ts';
import { explain } from '../domain/explanation.ts';
import type { Interval, Slot, Visit } from '../domain/rules.ts';
import { addDays, endInstant, startInstant, toUtc, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { bodyTag, readTags, stateTag, writeTag } from './entity-tag.ts';
import { route, type Answer, type Route } from './route.ts';
import { instant, localDate, locale, timeZone, uuid } from './schemas.ts';
import { slotAnswer, slotViewer } from './slot-view.ts';
import { checkVisit, notThere, requireOneVisit, servicesText, toVisit, yesOrNo, type Wished } from './visit.ts';

const maxDays = 60;
const day = 86_400_000;
const wished = {
  shopId: uuid,
  serviceId: uuid.optional(),
  barberId: uuid.optional(),
  services: servicesText.optional(),
  sameBarber: yesOrNo.optional(),
};

const listQuery = z
  .strictObject({ ...wished, from: localDate, to: localDate.optional(), timeZone: timeZone.optional() })
  .superRefine(checkVisit)
  .refine(({ from, to }) => to === undefined || to >= from, { path: ['to'], message: 'must not be before "from"' })
  .refine(({ from, to }) => to === undefined || Date.parse(to) - Date.parse(from) < maxDays * day, {
    path: ['to'],
    message: `must be less than ${maxDays} days after "from"`,
  });
const limit = z
  .string()
  .refine((value) => /^([1-9]|[1-4]\d|50)$/.test(value), 'must be a whole number from 1 to 50')
  .transform(Number)
  .default(5)
  .meta({ type: 'integer', minimum: 1, maximum: 50, default: 5 });
const nextQuery = z.strictObject({ ...wished, after: instant.optional(), limit, timeZone: timeZone.optional() }).superRefine(checkVisit);
const explainQuery = z.strictObject({ ...wished, startsAt: instant, locale: locale.optional() }).superRefine(checkVisit);

const listAnswer = z.object({ timeZone: z.string(), shopTimeZone: z.string(), slots: z.array(slotAnswer) }).meta({ id: 'Availability' });
const explainAnswer = z
  .object({
    startsAt: z.string(),
    startsAtLocal: z.string(),
    free: z.boolean(),
    code: z.string().nullable(),
    sentence: z.string(),
  })
  .meta({ id: 'Explanation' });

/** A large question is answered a week at a time, so that it keeps nobody else waiting for long; and no answer is longer than this. */
const daysAtOnce = 7;
const mostSlots = 50_000;

export function availabilityRoutes({ orm, now }: HttpDeps): Route[] {
  async function readFacts(
    networkId: string,
    asked: Wished & { shopId: string },
    window: Interval,
  ): Promise<BookingFacts & { visit: Visit }> {
    const visit = toVisit(asked);
    const facts = await readBookingFacts(orm.em.fork(), { networkId, shopId: asked.shopId, visit, window });
    if ('missing' in facts) throw notThere(facts, visit, asked.services !== undefined, '');
    requireOneVisit(facts, visit, 'services');
    return { ...facts, visit };
  }

  /** The free times of a range of dates, with both halves of its entity tag. */
  async function list(networkId: string, query: z.output<typeof listQuery>, known: string | undefined): Promise<Answer> {
    const at = now().getTime();
    // Offers also change as time passes, but only from one minute to the next: all rules are in whole minutes.
    const stateOf = (state: string) => stateTag(`${Math.floor(at / 60_000)} ${networkId} ${JSON.stringify(query)} ${state}`);
    const seen = readTags(known);
    if (seen.length > 0) {
      const state = stateOf(await readFactsState(orm.em.fork(), { networkId, shopId: query.shopId, visit: toVisit(query) }));
      const same = seen.find((tag) => tag.state === state);
      if (same) return notModified(writeTag(same));
    }

    const { from, to = from } = query;
    // Whatever the zones, the dates lie within; the shop's own comes with the facts, in the same read.
    const facts = await readFacts(networkId, query, {
      from: Date.parse(`${from}T00:00Z`) - 2 * day,
      to: Date.parse(`${to}T00:00Z`) + 4 * day,
    });
    const shopTimeZone = facts.shop.timeZone;
    const zone = query.timeZone ?? shopTimeZone;
    const asked = { from: startInstant(from, 0, zone), to: endInstant(to, 1440, zone) };
    const dates = { from: toWall(asked.from, shopTimeZone).date, to: toWall(asked.to - 1, shopTimeZone).date };
    const slots: Slot[] = [];
    for (let first = dates.from; first <= dates.to; first = addDays(first, daysAtOnce)) {
      const last = addDays(first, daysAtOnce - 1);
      slots.push(
        ...offeredSlots({ ...facts, from: first, to: last < dates.to ? last : dates.to, now: at }).filter(
          ({ startsAt }) => startsAt >= asked.from && startsAt < asked.to,
        ),
      );
      if (slots.length > mostSlots)
        throw new Problem('invalid_request', {
          faults: [{ path: 'to', message: `asks for more than ${mostSlots} free times: ask for fewer days, or for one barber` }],
        });
      // Others are waiting, too.
      if (last < dates.to) await nextTurn();
    }
    const json = JSON.stringify({ timeZone: zone, shopTimeZone, slots: slots.map(slotViewer(zone)) });
    const tag = { state: stateOf(factsState(facts)), body: bodyTag(json) };
    if (seen.some((each) => each.body === tag.body)) return notModified(writeTag(tag));
    return { status: 200, json, headers: { ETag: writeTag(tag), ...revalidate } };
  }

  const tag = 'Availability';
  return [
    route({
      method: 'get',
      path: '/v1/availability',
      scope: 'book',
      tag,
      summary: 'List the times that can be booked',
      description:
        'Local dates in the zone asked for (else the shop\'s), both included, at most 60; without "to", one day. ' +
        'Without a barber, every barber of the shop. With If-None-Match, 304 while the answer is the same.',
      query: listQuery,
      headers: { 'If-None-Match': { required: false, description: 'The ETag of an answer to the same question.' } },
      answers: {
        200: { description: 'Free times by start.', body: listAnswer, headers: { ETag: 'Names this answer.' } },
        304: { description: 'The answer is the one that the caller has.', headers: { ETag: 'Names this answer.' } },
      },
      problems: ['invalid_request', 'not_found'],
      handle: ({ caller, query, header }) => list(caller.networkId, query, header('if-none-match')),
    }),
    route({
      method: 'get',
      path: '/v1/availability/nearest',
      scope: 'book',
      tag,
      summary: 'Find the next free times',
      description: 'From the instant "after" (else now) up to 60 days ahead.',
      query: nextQuery,
      answers: { 200: { description: 'Up to "limit" free times by start; fewer when there are no more.', body: listAnswer } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, query }) => {
        const at = now().getTime();
        const from = Math.max(query.after ?? at, at);
        const facts = await readFacts(caller.networkId, query, { from: from - 2 * day, to: from + (maxDays + 3) * day });
        const zone = query.timeZone ?? facts.shop.timeZone;
        const slots = nextSlots({ ...facts, from, now: at, limit: query.limit, days: maxDays });
        return { status: 200, body: { timeZone: zone, shopTimeZone: facts.shop.timeZone, slots: slots.map(slotViewer(zone)) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/availability/explain',
      scope: 'book',
      tag,
      summary: 'Explain why a time is free or not',
      description:
        'Asks the very function that decides about bookings, and names the rule in a sentence for the front desk, ' +
        "in the locale asked for (else the shop's).",
      query: explainQuery,
      answers: { 200: { description: 'The rule that refuses, or that the time is free.', body: explainAnswer } },
      problems: ['invalid_request', 'not_found'],
      handle: async ({ caller, query }) => {
        const { startsAt } = query;
        const facts = await readFacts(caller.networkId, query, { from: startsAt - 3 * day, to: startsAt + 4 * day });
        const found = explain({ ...facts, startsAt, now: now().getTime(), locale: query.locale ?? facts.locale });
        return { status: 200, body: { startsAt: toUtc(startsAt), startsAtLocal: toWall(startsAt, facts.shop.timeZone).iso, ...found } };
      },
    }),
  ];
}

const revalidate = { 'Cache-Control': 'private, no-cache' };
const notModified = (tag: string): Answer => ({ status: 304, headers: { ETag: tag, ...revalidate } });
