/** A free time as callers see it: instants in UTC, and the local date and offset in the zone that was asked for. */
import { z } from 'zod';
import type { Slot } from '../domain/rules.ts';
import { toUtc, toWall } from '../domain/time.ts';

const part = z.object({ serviceId: z.string(), barberId: z.string(), startsAt: z.string(), endsAt: z.string(), priceCents: z.int() });

export const slotAnswer = z
  .object({
    startsAt: z.string(),
    endsAt: z.string(),
    date: z.string(),
    startsAtLocal: z.string(),
    barberId: z.string(),
    priceCents: z.int(),
    parts: z.array(part).optional().meta({ description: 'Of a visit of several services: who gives which, when.' }),
  })
  .meta({ id: 'Slot' });

/** Answers how to show slots in a zone. Barbers share their starts, so each instant is put into words once. */
export function slotViewer(zone: string): (slot: Slot) => z.output<typeof slotAnswer> {
  const utc = remember(toUtc);
  const walls = remember((instant) => toWall(instant, zone));
  return ({ startsAt, endsAt, barberId, parts }) => {
    const { date, iso } = walls(startsAt);
    return {
      startsAt: utc(startsAt),
      endsAt: utc(endsAt),
      date,
      startsAtLocal: iso,
      barberId,
      priceCents: parts.reduce((sum, { priceCents }) => sum + priceCents, 0),
      ...(parts.length > 1 && { parts: parts.map((one) => ({ ...one, startsAt: utc(one.startsAt), endsAt: utc(one.endsAt) })) }),
    };
  };
}

function remember<T>(make: (instant: number) => T): (instant: number) => T {
  const known = new Map<number, T>();
  return (instant) => {
    const found = known.get(instant) ?? make(instant);
    known.set(instant, found);
    return found;
  };
}
