/** Each test builds its own network, so that tests do not see each other. */
import { randomUUID } from 'node:crypto';
import { createApiKey } from '../../src/db/api-key.ts';
import { Assignment, Barber } from '../../src/db/entities/barber.ts';
import { Network, Service, Shop } from '../../src/db/entities/network.ts';
import type { Orm } from '../../src/db/orm.ts';
import { lengthOf, type Segment, type Settings, type WeeklyStretch } from '../../src/domain/rules.ts';
import { addDays, startInstant, toUtc, toWall } from '../../src/domain/time.ts';

export const everyDay = (fromMinute: number, toMinute: number): WeeklyStretch[] =>
  [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, fromMinute, toMinute }));

export type TestNetwork = {
  networkId: string;
  shopId: string;
  serviceId: string;
  barberIds: string[];
  timeZone: string;
  apiKey: string;
  apiClientId: string;
  /** The instant (ISO, UTC) at which the shop's clock shows `time`, so many days from today. */
  at: (time: string, days?: number) => string;
};

export type NetworkWishes = {
  barbers?: number;
  timeZone?: string;
  hours?: WeeklyStretch[];
  durationMinutes?: number;
  segments?: Segment[];
  bufferBeforeMinutes?: number;
  bufferAfterMinutes?: number;
  settings?: Partial<Settings>;
  scopes?: ('book' | 'manage' | 'ops')[];
};

/** Tests name instants, and must end the same at any hour. */
const calm: Partial<Settings> = { reminderJitterSeconds: 0, quietHours: null };

/** One shop, open 08:00 to 20:00 every day, one 30-minute service, and a key with all scopes, unless told otherwise. */
export async function buildNetwork(orm: Orm, wishes: NetworkWishes = {}): Promise<TestNetwork> {
  const { barbers = 1, timeZone = 'Europe/Lisbon', hours = everyDay(480, 1200), settings = {} } = wishes;
  const [networkId, shopId, serviceId] = [randomUUID(), randomUUID(), randomUUID()];
  const barberIds = Array.from({ length: barbers }, () => randomUUID());
  const em = orm.em.fork();
  await em.insert(Network, { id: networkId, slug: networkId, name: 'Test network', settings: { ...calm, ...settings } });
  await em.insert(Shop, {
    id: shopId,
    networkId,
    slug: 'main',
    name: 'Barbearia Ação',
    address: 'Rua da Prata 1, Lisboa',
    phone: '+351500000001',
    email: 'shop@navalha.example',
    timeZone,
    locale: 'pt-PT',
    settings: {},
    openingHours: hours,
    archivedAt: null,
    version: 1,
  });
  const { bufferBeforeMinutes = 0, bufferAfterMinutes = 0, segments = [{ kind: 'busy', minutes: wishes.durationMinutes ?? 30 }] } = wishes;
  await em.insert(Service, {
    id: serviceId,
    networkId,
    name: 'Corte',
    durationMinutes: lengthOf(segments),
    segments,
    priceCents: 1500,
    currency: 'EUR',
    settings: { bufferBeforeMinutes, bufferAfterMinutes },
    archivedAt: null,
    version: 1,
  });
  await em.insertMany(
    Barber,
    barberIds.map((id, index) => ({
      id,
      networkId,
      name: `Barber ${index + 1}`,
      email: `${id}@barbers.example`,
      locale: 'pt-PT',
      settings: {},
      archivedAt: null,
      version: 1,
    })),
  );
  await em.insertMany(
    Assignment,
    barberIds.map((barberId) => ({
      id: randomUUID(),
      networkId,
      barberId,
      shopId,
      periods: [{ fromDate: null, toDate: null, hours, breaks: [] }],
      version: 1,
    })),
  );
  const { apiKey, apiClientId } = await createApiKey(em, {
    networkId,
    clientName: 'test',
    scopes: wishes.scopes ?? ['book', 'manage', 'ops'],
  });
  const at = (time: string, days = 1) => {
    const date = addDays(toWall(Date.now(), timeZone).date, days);
    return toUtc(startInstant(date, Number(time.slice(0, 2)) * 60 + Number(time.slice(3)), timeZone));
  };
  return { networkId, shopId, serviceId, barberIds, timeZone, apiKey, apiClientId, at };
}
