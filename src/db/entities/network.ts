import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { HolidayRule } from '../../domain/holidays.ts';
import type { DayStretch, Segment, Settings, WeeklyStretch } from '../../domain/rules.ts';

export const Network = defineEntity({
  name: 'Network',
  tableName: 'network',
  properties: {
    id: p.uuid().primary(),
    slug: p.string(),
    name: p.string(),
    settings: p.json<Partial<Settings>>(),
    version: p.integer().version(),
  },
});

/** A network's own named holidays, beside those that are shipped. */
export const HolidaySetEntity = defineEntity({
  name: 'HolidaySet',
  tableName: 'holiday_set',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    slug: p.string(),
    name: p.string(),
    days: p.json<HolidayRule[]>(),
    version: p.integer().version(),
  },
});

export const Shop = defineEntity({
  name: 'Shop',
  tableName: 'shop',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    slug: p.string(),
    name: p.string(),
    address: p.string(),
    phone: p.string().nullable(),
    email: p.string().nullable(),
    timeZone: p.string(),
    locale: p.string(),
    settings: p.json<Partial<Settings>>(),
    openingHours: p.json<WeeklyStretch[]>(),
    archivedAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});

/** Whole local days on which a shop is shut, both ends included; dates stay `YYYY-MM-DD` strings. */
export const ShopClosure = defineEntity({
  name: 'ShopClosure',
  tableName: 'shop_closure',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    shopId: p.uuid(),
    fromDate: p.string().columnType('date'),
    toDate: p.string().columnType('date'),
    reason: p.string(),
    version: p.integer().version(),
  },
});

/** A shop's hours on one date, in place of the week's; none means shut. */
export const ShopException = defineEntity({
  name: 'ShopException',
  tableName: 'shop_exception',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    shopId: p.uuid(),
    date: p.string().columnType('date'),
    hours: p.json<DayStretch[]>(),
    reason: p.string(),
    version: p.integer().version(),
  },
});

export const Service = defineEntity({
  name: 'Service',
  tableName: 'service',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    name: p.string(),
    /** The sum of the segments, which a constraint holds. */
    durationMinutes: p.integer(),
    segments: p.json<Segment[]>(),
    priceCents: p.integer(),
    currency: p.string(),
    settings: p.json<Partial<Settings>>(),
    archivedAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});

export type NetworkRow = InferEntity<typeof Network>;
export type HolidaySetRow = InferEntity<typeof HolidaySetEntity>;
export type ShopRow = InferEntity<typeof Shop>;
export type ShopClosureRow = InferEntity<typeof ShopClosure>;
export type ShopExceptionRow = InferEntity<typeof ShopException>;
export type ServiceRow = InferEntity<typeof Service>;
