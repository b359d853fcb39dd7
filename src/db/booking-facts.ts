/** The one read behind every offer and every decision: all that a booking in one shop depends on, in one statement and one snapshot. */
import type { Outcome } from '../domain/appointment.ts';
import type { EntityManager } from './orm.ts';
import {
  inheritSettings,
  type BarberRules,
  type Closure,
  type Interval,
  type ServiceRules,
  type Settings,
  type ShopRules,
  type WeeklyStretch,
} from '../domain/rules.ts';

/** A barber who could do the visit: the rules, and the diary's version that they were read under. */
export type Candidate = { barber: BarberRules; service: ServiceRules; settings: Settings; diaryVersion: number };

export type BookingFacts = {
  shop: ShopRules;
  /** The shop's language (BCP 47), for customers who name none. */
  locale: string;
  price: { cents: number; currency: string };
  candidates: Candidate[];
};

export type FactsQuery = {
  networkId: string;
  shopId: string;
  serviceId: string;
  /** One barber, or null for every barber of the shop. */
  barberId: string | null;
  /** Claimed time, time off and closures that touch this stretch are read. */
  window: Interval;
};

type Row = {
  shop: { timeZone: string; locale: string; openingHours: WeeklyStretch[]; settings: Partial<Settings> } | null;
  service: (ServiceRules & { priceCents: number; currency: string; settings: Partial<Settings> }) | null;
  network_settings: Partial<Settings>;
  closures: Closure[];
  barbers: { id: string; hours: WeeklyStretch[]; breaks: WeeklyStretch[]; settings: Partial<Settings>; version: number; timeOff: [number, number][]; claimed: [number, number][] }[];
};

const statement = (first = '') => `
with stretch as (select tstzrange(to_timestamp(?::float8 / 1000), to_timestamp(?::float8 / 1000)) as during)
select ${first}
  n.settings as network_settings,
  (select json_build_object('timeZone', s.time_zone, 'locale', s.locale, 'openingHours', s.opening_hours, 'settings', s.settings)
     from shop s where s.network_id = n.id and s.id = ? and s.archived_at is null) as shop,
  (select json_build_object('durationMinutes', v.duration_minutes, 'bufferBeforeMinutes', v.buffer_before_minutes,
       'bufferAfterMinutes', v.buffer_after_minutes, 'priceCents', v.price_cents, 'currency', v.currency, 'settings', v.settings)
     from service v where v.network_id = n.id and v.id = ? and v.archived_at is null) as service,
  (select coalesce(json_agg(json_build_object('fromDate', c.from_date, 'toDate', c.to_date)), '[]')
     from shop_closure c where c.network_id = n.id and c.shop_id = ?
       and c.to_date >= (lower(stretch.during) - interval '2 days')::date
       and c.from_date <= (upper(stretch.during) + interval '2 days')::date) as closures,
  (select coalesce(json_agg(json_build_object('id', b.id, 'hours', a.hours, 'breaks', a.breaks, 'settings', b.settings, 'version', d.version,
       'timeOff', (select coalesce(json_agg(json_build_array(extract(epoch from t.starts_at) * 1000, extract(epoch from t.ends_at) * 1000)), '[]')
          from time_off t where t.barber_id = b.id and tstzrange(t.starts_at, t.ends_at) && stretch.during),
       'claimed', (select coalesce(json_agg(json_build_array(extract(epoch from lower(o.during)) * 1000, extract(epoch from upper(o.during)) * 1000)), '[]')
          from occupancy o where o.barber_id = b.id and o.during && stretch.during)) order by b.id), '[]')
     from assignment a join barber b on b.id = a.barber_id join diary d on d.barber_id = b.id
     where a.network_id = n.id and a.shop_id = ? and b.archived_at is null and (?::uuid is null or b.id = ?::uuid)) as barbers
from network n, stretch where n.id = ?`;

const interval = ([from, to]: [number, number]): Interval => ({ from, to });

export type Missing = { missing: 'shopId' | 'serviceId' | 'barberId' };

const factsValues = ({ networkId, shopId, serviceId, barberId, window }: FactsQuery) =>
  [window.from, window.to, shopId, serviceId, shopId, shopId, barberId, barberId, networkId];

/** Reads the facts, or names what does not exist in the caller's network (archived counts as absent). */
export async function readBookingFacts(em: EntityManager, query: FactsQuery): Promise<BookingFacts | Missing> {
  const [row] = await em.execute<Row[]>(statement(), factsValues(query));
  return toFacts(row, query);
}

export type StoredRequest = { fingerprint: string; outcome: Outcome | null; expired: boolean };

export type Lookup = {
  /** What was asked under this id before, if anything. */
  request: StoredRequest | null;
  /** An appointment with this id exists although its request was purged long ago. */
  appointmentExists: boolean;
  facts: BookingFacts | Missing;
};

/** Whether this key was used, and the facts: two questions, one round trip and one snapshot, so that a twin decided in between cannot fool us. */
export async function lookUpBooking(em: EntityManager, id: string, query: FactsQuery): Promise<Lookup> {
  type Found = Row & { request: StoredRequest | null; appointment_exists: boolean };
  const [from, to, ...rest] = factsValues(query);
  const [row] = await em.execute<Found[]>(
    statement(`
  (select json_build_object('fingerprint', r.fingerprint, 'outcome', r.outcome, 'expired', r.created_at < now() - interval '7 days')
     from booking_request r where r.id = ?::uuid and r.network_id = n.id) as request,
  exists (select from appointment x where x.id = ?::uuid) as appointment_exists,`),
    [from, to, id, id, ...rest],
  );
  return { request: row?.request ?? null, appointmentExists: row?.appointment_exists ?? false, facts: toFacts(row, query) };
}

function toFacts(row: Row | undefined, { barberId }: FactsQuery): BookingFacts | Missing {
  if (!row?.shop) return { missing: 'shopId' };
  const { shop, service } = row;
  if (!service) return { missing: 'serviceId' };
  if (barberId !== null && row.barbers.length === 0) return { missing: 'barberId' };
  return {
    shop: { timeZone: shop.timeZone, openingHours: shop.openingHours, closures: row.closures },
    locale: shop.locale,
    price: { cents: service.priceCents, currency: service.currency },
    candidates: row.barbers.map((barber) => ({
      barber: { barberId: barber.id, hours: barber.hours, breaks: barber.breaks, timeOff: barber.timeOff.map(interval), claimed: barber.claimed.map(interval) },
      service: { durationMinutes: service.durationMinutes, bufferBeforeMinutes: service.bufferBeforeMinutes, bufferAfterMinutes: service.bufferAfterMinutes },
      settings: inheritSettings(row.network_settings, shop.settings, service.settings, barber.settings),
      diaryVersion: barber.version,
    })),
  };
}
