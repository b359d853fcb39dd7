/** What a series of visits would meet: each visit free, or its conflict and the free times near it. Nothing is written. */
import { z } from 'zod';
import { readBookingFacts } from '../db/booking-facts.ts';
import { findShopZone } from '../db/shop.ts';
import { nearestSlots } from '../domain/availability.ts';
import { judgeVisit } from '../domain/choice.ts';
import { mostVisits, mostWeeks, searchDays, startsOfSeries } from '../domain/series.ts';
import { DAY, toUtc, toWall } from '../domain/time.ts';
import { Problem } from '../errors.ts';
import type { HttpDeps } from './deps.ts';
import { wantedFields } from './order.ts';
import { localDateTime, uuid } from './schemas.ts';
import { slotAnswer, slotViewer } from './slot-view.ts';
import { checkVisit, notThere, requireOneVisit, toVisit } from './visit.ts';

export const everyWeeks = z.int().min(1).max(mostWeeks).meta({ description: 'How many weeks from one visit to the next.' });
const { startsAt: _, localStart: __, ...rest } = wantedFields;
/** What each visit of a series is. */
export const seriesFields = { ...rest, shopId: uuid, everyWeeks };

export const seriesQuestion = z
  .strictObject({
    ...seriesFields,
    localStart: localDateTime.meta({
      description: "When the first visit begins, on the shop's wall clock; the others begin at the same wall time.",
    }),
    times: z.int().min(2).max(mostVisits),
  })
  .superRefine(checkVisit);

const previewed = z.object({
  localStart: z.string(),
  startsAt: z.string().nullable(),
  startsAtLocal: z.string().nullable().meta({ description: 'With offset. Null of a local time that the clocks skip.' }),
  repeated: z.boolean().meta({ description: 'Whether the clocks show this local time twice on that day; the first is meant.' }),
  slot: slotAnswer.nullable().meta({
    description:
      'If it is free: by whom, until when, for how much. The barber of the first free visit is kept for the others where that is possible.',
  }),
  code: z.string().nullable().meta({ description: 'Of a conflict: what is in the way.' }),
  nearest: z.array(slotAnswer).meta({
    description:
      'Of a conflict: up to three free times near it, nearer to this visit than to the next; ' +
      'of a chain of barbers, on its day and the days next to it.',
  }),
});
export const seriesPreview = z
  .object({ timeZone: z.string(), currency: z.string(), free: z.int(), visits: z.array(previewed) })
  .meta({ id: 'SeriesPreview' });

export function createPreview({ orm, now }: HttpDeps) {
  return async function preview(networkId: string, question: z.output<typeof seriesQuestion>) {
    const { shopId } = question;
    const visit = toVisit(question);
    const zone = await findShopZone(orm.em.fork(), networkId, shopId);
    if (!zone) throw notThere({ missing: 'shopId', id: shopId }, visit, false, '/');
    const at = now().getTime();
    const days = searchDays(question.everyWeeks, visit.wishes.length > 1 && !visit.sameBarber);
    const show = slotViewer(zone);
    const visits: z.output<typeof previewed>[] = [];
    let currency = '';
    let keptBarber: string | undefined;
    for (const { localStart, startsAt, repeated, around } of startsOfSeries(question.localStart, question, zone)) {
      // Near a time that has passed, only what is to come can be free.
      const middle = Math.max(around, at);
      const facts = await readBookingFacts(orm.em.fork(), {
        networkId,
        shopId,
        visit,
        window: { from: middle - (days + 2) * DAY, to: middle + (days + 3) * DAY },
      });
      if ('missing' in facts) throw notThere(facts, visit, question.services !== undefined, '/');
      requireOneVisit(facts, visit, '/services');
      currency ||= facts.services.find(({ id }) => id === visit.wishes[0]!.serviceId)!.currency;
      const judged = startsAt === null ? null : judgeVisit(facts, visit, startsAt, at);
      const slots = judged?.possible.map(({ decision }) => decision.slot) ?? [];
      const free = slots.find(({ barberId }) => barberId === keptBarber) ?? slots[0];
      keptBarber ??= free?.barberId;
      visits.push({
        localStart,
        startsAt: startsAt === null ? null : toUtc(startsAt),
        startsAtLocal: startsAt === null ? null : toWall(startsAt, zone).iso,
        repeated,
        slot: free ? show(free) : null,
        code: free ? null : (judged?.refusal.code ?? 'skipped_local_time'),
        nearest: free ? [] : nearestSlots({ ...facts, visit, around, now: at, days, limit: 3 }).map(show),
      });
    }
    return { timeZone: zone, currency, free: visits.filter(({ slot }) => slot).length, visits };
  };
}

/** The field at fault is that of one visit in the list. */
export const visitFault = (
  index: number,
  field: string,
  message: string,
  code: 'invalid_request' | 'not_found' | 'skipped_local_time' = 'invalid_request',
): Problem => new Problem(code, { faults: [{ path: `/visits/${index}/${field}`, message }] });
