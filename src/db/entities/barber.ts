import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { Settings, WeeklyStretch } from '../../domain/rules.ts';

export const Barber = defineEntity({
  name: 'Barber',
  tableName: 'barber',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    name: p.string(),
    email: p.string().nullable(),
    locale: p.string(),
    settings: p.json<Partial<Settings>>(),
    archivedAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});

/** One barber's weekly hours and breaks in one shop; edited as a whole, so they are one value and not a table of rows. */
export const Assignment = defineEntity({
  name: 'Assignment',
  tableName: 'assignment',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    shopId: p.uuid(),
    hours: p.json<WeeklyStretch[]>(),
    breaks: p.json<WeeklyStretch[]>(),
    version: p.integer().version(),
  },
});

export const TimeOff = defineEntity({
  name: 'TimeOff',
  tableName: 'time_off',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    reason: p.string(),
  },
});

/**
 * The versioned row on which every booking of a barber turns: a booking bumps it, and so does every edit that a booking could have
 * relied on (hours, breaks, closures, time off, archiving). One row for a barber rather than one a day: an edit of weekly hours touches
 * days that have no row yet, and a visit across midnight would need two.
 */
export const Diary = defineEntity({
  name: 'Diary',
  tableName: 'diary',
  properties: {
    barberId: p.uuid().primary(),
    networkId: p.uuid(),
    bumpedAt: p.datetime(),
    version: p.integer().version(),
  },
});

export type BarberRow = InferEntity<typeof Barber>;
export type AssignmentRow = InferEntity<typeof Assignment>;
export type TimeOffRow = InferEntity<typeof TimeOff>;
