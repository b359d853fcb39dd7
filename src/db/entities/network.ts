import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { Settings, WeeklyStretch } from '../../domain/rules.ts';

export const Network = defineEntity({
  name: 'Network',
  tableName: 'network',
  properties: {
    id: p.uuid().primary(),
    slug: p.string(),
    name: p.string(),
    settings: p.json<Partial<Settings>>(),
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
  },
});

export const Service = defineEntity({
  name: 'Service',
  tableName: 'service',
  properties: {
    id: p.uuid().primary(),
    networkId: p.uuid(),
    name: p.string(),
    durationMinutes: p.integer(),
    bufferBeforeMinutes: p.integer(),
    bufferAfterMinutes: p.integer(),
    priceCents: p.integer(),
    currency: p.string(),
    settings: p.json<Partial<Settings>>(),
    archivedAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});

export type ShopRow = InferEntity<typeof Shop>;
export type ServiceRow = InferEntity<typeof Service>;
