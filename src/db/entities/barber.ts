import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { DayStretch, Segment, Settings, WorkPeriod } from '../../domain/rules.ts';

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

/** One barber's weekly hours and breaks in one shop, by dated periods; edited as a whole, so they are one value and not a table of rows. */
export const Assignment = defineEntity({
  name: 'Assignment',
  tableName: 'assignment',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    shopId: p.uuid(),
    periods: p.json<WorkPeriod[]>(),
    version: p.integer().version(),
  },
});

/** A barber's hours in a shop on one date, in place of the week's. */
export const AssignmentException = defineEntity({
  name: 'AssignmentException',
  tableName: 'assignment_exception',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    shopId: p.uuid(),
    date: p.string().columnType('date'),
    hours: p.json<DayStretch[]>(),
    breaks: p.json<DayStretch[]>(),
    reason: p.string(),
    version: p.integer().version(),
  },
});

/** A barber's own terms for a service: whether he offers it, and what differs from the catalogue (null: nothing). */
export const BarberService = defineEntity({
  name: 'BarberService',
  tableName: 'barber_service',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    serviceId: p.uuid(),
    offered: p.boolean(),
    segments: p.json<Segment[]>().nullable(),
    priceCents: p.integer().nullable(),
    settings: p.json<Partial<Settings>>(),
    version: p.integer().version(),
  },
});

/** Away for some hours (instants), or for whole local days, both ends included. */
export const TimeOff = defineEntity({
  name: 'TimeOff',
  tableName: 'time_off',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    barberId: p.uuid(),
    startsAt: p.datetime().nullable(),
    endsAt: p.datetime().nullable(),
    fromDate: p.string().columnType('date').nullable(),
    toDate: p.string().columnType('date').nullable(),
    reason: p.string(),
    version: p.integer().version(),
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
export type AssignmentExceptionRow = InferEntity<typeof AssignmentException>;
export type BarberServiceRow = InferEntity<typeof BarberService>;
export type TimeOffRow = InferEntity<typeof TimeOff>;
