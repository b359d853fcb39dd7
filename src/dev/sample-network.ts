/**
 * The sample network: 55 invented barbershops in Portugal, Madeira and the Azores, as plain data. Deterministic: the ids are UUIDv5 of a
 * readable key, so the replay file and a database loaded on another machine mean the same rows.
 */
import { v5 as uuidv5 } from 'uuid';
import type { Closure, Settings, WeeklyStretch } from '../domain/rules.ts';
import { openingHours, weekOf } from './data/hours.ts';
import { mailName, portugueseName } from './data/names.ts';
import { serviceSeeds } from './data/services.ts';
import { shopSeeds, type ShopSeed } from './data/shops.ts';

export type SampleShop = {
  id: string;
  slug: string;
  name: string;
  address: string;
  phone: string;
  email: string;
  timeZone: string;
  locale: string;
  settings: Partial<Settings>;
  openingHours: WeeklyStretch[];
  closures: (Closure & { reason: string })[];
};

export type SampleAssignment = { shopId: string; hours: WeeklyStretch[]; breaks: WeeklyStretch[] };

export type SampleBarber = {
  id: string;
  name: string;
  email: string;
  locale: string;
  settings: Partial<Settings>;
  /** The first shop is where the barber belongs; a second one is visited on other weekdays. */
  assignments: SampleAssignment[];
};

export type SampleService = {
  id: string;
  name: string;
  namePt: string;
  durationMinutes: number;
  bufferBeforeMinutes: number;
  bufferAfterMinutes: number;
  priceCents: number;
  currency: 'EUR';
  settings: Partial<Settings>;
};

export type SampleNetwork = {
  network: { id: string; slug: string; name: string; settings: Partial<Settings> };
  shops: SampleShop[];
  barbers: SampleBarber[];
  services: SampleService[];
};

const namespace = '5b0b6d1c-6a0e-4f0e-9a37-0c1d6e2f7a10';

/** The id of a row of the sample network, from a readable key such as `shop/faro`, `barber/faro/1` or `service/corte`. */
export const sampleId = (key: string): string => uuidv5(key, namespace);

const holidays = [2026, 2027, 2028].flatMap((year) => [
  { fromDate: `${year}-12-25`, toDate: `${year}-12-25`, reason: 'Natal' },
  { fromDate: `${year + 1}-01-01`, toDate: `${year + 1}-01-01`, reason: 'Ano Novo' },
]);

const extraClosures: Record<string, SampleShop['closures']> = {
  beja: [{ fromDate: '2027-02-01', toDate: '2027-02-06', reason: 'Obras' }],
  'porto-santo': [{ fromDate: '2027-01-04', toDate: '2027-01-16', reason: 'Férias' }],
};

/**
 * The first by name, whose free slot `npm start` prints: a newcomer's first booking brings an SMS too. One shop only, since a load test of
 * all would measure them.
 */
const firstByName = shopSeeds.toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];

/** The numbers are in +351 5…, which the national plan keeps for a later day: nobody can be called by mistake. */
function sampleShop(seed: ShopSeed, index: number): SampleShop {
  return {
    id: sampleId(`shop/${seed.slug}`),
    slug: seed.slug,
    name: seed.name,
    address: seed.address,
    phone: `+351500000${String(index + 1).padStart(3, '0')}`,
    email: `${seed.slug}@navalha.example`,
    timeZone: seed.zone,
    locale: seed.locale ?? 'pt-PT',
    settings: { ...(seed.pattern === 'mall' && { bookingHorizonDays: 60 }), ...(seed === firstByName && { alsoBySms: ['confirmation'] }) },
    openingHours: openingHours(seed.pattern),
    closures: [...holidays, ...(extraClosures[seed.slug] ?? [])],
  };
}

/** The barbers of one shop; the last one spends Thursday to Saturday elsewhere if another shop asked for that. */
function barbersOf(seed: ShopSeed, firstIndex: number): SampleBarber[] {
  const host = shopSeeds.find((other) => other.visitingFrom === seed.slug);
  return Array.from({ length: seed.barbers }, (_, chair) => {
    const name = portugueseName(firstIndex + chair);
    const travels = host !== undefined && chair === seed.barbers - 1;
    const assignments = [{ shopId: sampleId(`shop/${seed.slug}`), ...weekOf(seed.pattern, chair, travels ? [1, 2, 3] : undefined) }];
    if (travels) assignments.push({ shopId: sampleId(`shop/${host.slug}`), ...weekOf(host.pattern, host.barbers, [4, 5, 6]) });
    return {
      id: sampleId(`barber/${seed.slug}/${chair + 1}`),
      name,
      email: `${mailName(name)}@barbeiros.navalha.example`,
      locale: seed.locale ?? 'pt-PT',
      settings: {},
      assignments,
    };
  });
}

/** The whole network, the same on every call. */
export function sampleNetwork(): SampleNetwork {
  let seen = 0;
  const barbers = shopSeeds.flatMap((seed) => {
    const own = barbersOf(seed, seen);
    seen += own.length;
    return own;
  });
  return {
    network: {
      id: sampleId('network/navalha'),
      slug: 'navalha',
      name: 'Navalha',
      settings: { slotStepMinutes: 15, reminderChannels: ['sms', 'mail'] },
    },
    shops: shopSeeds.map(sampleShop),
    barbers,
    services: serviceSeeds.map(({ key, popularity: _, ...service }) => ({ id: sampleId(`service/${key}`), currency: 'EUR', ...service })),
  };
}
