/** The one read behind every offer and every decision: all that a visit in one shop depends on, in one statement and one snapshot. */
import type { CalendarProvider } from '../domain/channel.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { HolidayRule } from '../domain/holidays.ts';
import {
  inheritSettings,
  type BarberRules,
  type Candidate as DomainCandidate,
  type Closure,
  type DateHours,
  type DayStretch,
  type Interval,
  type Segment,
  type Settings,
  type ShopRules,
  type Visit,
  type WeeklyStretch,
  type WorkPeriod,
} from '../domain/rules.ts';
import type { EntityManager } from './orm.ts';
import { prepare } from './prepared.ts';

/** A barber who could take part: the rules, and the diary's version that they were read under. */
export type Candidate = DomainCandidate & {
  name: string;
  diaryVersion: number;
  /** That are to hold his visits. */
  calendars: { id: string; provider: CalendarProvider }[];
};

export type BookingFacts = {
  shop: ShopRules & { name: string; version: number };
  /** The shop's language (BCP 47), for customers who name none. */
  locale: string;
  /** Of each service that was asked for. */
  services: { id: string; name: string; currency: string }[];
  candidates: Candidate[];
};

/** Who gives a part that was decided from these facts; so he is among them. */
export const candidateOf = ({ candidates }: BookingFacts, barberId: string): Candidate =>
  candidates.find(({ barber }) => barber.barberId === barberId)!;

/** His terms for such a part. */
export const offerOf = (facts: BookingFacts, { barberId, serviceId }: { barberId: string; serviceId: string }) =>
  candidateOf(facts, barberId).offers.find((offer) => offer.serviceId === serviceId)!;

export type FactsQuery = {
  networkId: string;
  shopId: string;
  visit: Visit;
  /** Claimed time, time off and dated rules that touch this stretch are read. */
  window: Interval;
  /** Whose claims are not counted: an appointment that is about to move. */
  except?: string;
};

type ServiceFacts = { id: string; name: string; segments: Segment[]; priceCents: number; currency: string; settings: Partial<Settings> };

type Terms = { serviceId: string; offered: boolean; segments: Segment[] | null; priceCents: number | null; settings: Partial<Settings> };

type Row = {
  network_settings: Partial<Settings>;
  shop: {
    name: string;
    version: number;
    timeZone: string;
    locale: string;
    openingHours: WeeklyStretch[];
    settings: Partial<Settings>;
  } | null;
  closures: Closure[];
  shop_exceptions: DateHours[];
  holiday_sets: Record<string, HolidayRule[]>;
  services: ServiceFacts[];
  barbers: {
    id: string;
    name: string;
    periods: WorkPeriod[];
    settings: Partial<Settings>;
    version: number;
    terms: Terms[];
    exceptions: (DateHours & { breaks: DayStretch[] })[];
    timeOff: [number, number, string][];
    daysOff: Closure[];
    claimed: [number, number, number | null][];
    blindMinutes: number | null;
    calendars: { id: string; provider: CalendarProvider }[];
  }[];
};

const ms = (instant: string) => `extract(epoch from ${instant}) * 1000`;
const list = (what: string, from: string) => `(select coalesce(json_agg(${what}), '[]') from ${from})`;

const statement = (first = '') => `
with stretch as (
  select during,
    (lower(during) - interval '3 days')::date as first_date,
    (upper(during) + interval '3 days')::date as last_date
  from (select tstzrange(to_timestamp(?::float8 / 1000), to_timestamp(?::float8 / 1000)) as during) given)
select ${first}
  n.settings as network_settings,
  (select json_build_object(
     'name', s.name, 'version', s.version, 'timeZone', s.time_zone, 'locale', s.locale,
     'openingHours', s.opening_hours, 'settings', s.settings)
   from shop s
   where s.network_id = n.id and s.id = asked.shop_id and s.archived_at is null) as shop,
  ${list(
    `json_build_object('fromDate', c.from_date, 'toDate', c.to_date, 'reason', c.reason)`,
    `shop_closure c where c.network_id = n.id and c.shop_id = asked.shop_id and c.to_date >= first_date and c.from_date <= last_date`,
  )} as closures,
  ${list(
    `json_build_object('date', x.date, 'hours', x.hours, 'reason', x.reason)`,
    `shop_exception x where x.network_id = n.id and x.shop_id = asked.shop_id and x.date between first_date and last_date`,
  )} as shop_exceptions,
  (select coalesce(json_object_agg(h.slug, h.days), '{}') from holiday_set h where h.network_id = n.id) as holiday_sets,
  ${list(
    `json_build_object(
      'id', v.id, 'name', v.name, 'segments', v.segments,
      'priceCents', v.price_cents, 'currency', v.currency, 'settings', v.settings)`,
    `service v where v.network_id = n.id and v.id = any(asked.service_ids) and v.archived_at is null`,
  )} as services,
  (select coalesce(json_agg(json_build_object(
     'id', b.id, 'name', b.name, 'periods', a.periods, 'settings', b.settings, 'version', d.version,
     'terms', ${list(
       `json_build_object(
         'serviceId', m.service_id, 'offered', m.offered, 'segments', m.segments,
         'priceCents', m.price_cents, 'settings', m.settings)`,
       'barber_service m where m.barber_id = b.id and m.service_id = any(asked.service_ids)',
     )},
     'exceptions', ${list(
       `json_build_object('date', e.date, 'hours', e.hours, 'breaks', e.breaks, 'reason', e.reason)`,
       'assignment_exception e where e.barber_id = b.id and e.shop_id = asked.shop_id and e.date between first_date and last_date',
     )},
     'timeOff', ${list(
       `json_build_array(${ms('t.starts_at')}, ${ms('t.ends_at')}, t.reason)`,
       `(select starts_at, ends_at, reason
         from time_off
         where barber_id = b.id and starts_at is not null and tstzrange(starts_at, ends_at) && stretch.during
         union all
         select lower(r), upper(r), ''
         from calendar_busy k, unnest(k.during) r
         where k.barber_id = b.id and k.during && stretch.during and r && stretch.during) t`,
     )},
     'blindMinutes', (
       select extract(epoch from now() - min(coalesce(k.synced_at, k.created_at))) / 60
       from calendar_connection k
       where k.barber_id = b.id and k.reads and k.state <> 'ended'),
     'daysOff', ${list(
       `json_build_object('fromDate', t.from_date, 'toDate', t.to_date, 'reason', t.reason)`,
       'time_off t where t.barber_id = b.id and t.to_date >= first_date and t.from_date <= last_date',
     )},
     'calendars', ${list(
       `json_build_object('id', k.id, 'provider', k.provider)`,
       `calendar_connection k where k.network_id = n.id and k.barber_id = b.id and k.writes and k.state <> 'ended'`,
     )},
     'claimed', ${list(
       `json_build_array(${ms('lower(o.during)')}, ${ms('upper(o.during)')}, ${ms('o.visit_starts_at')})`,
       'occupancy o where o.barber_id = b.id and o.during && stretch.during and o.appointment_id is distinct from asked."except"',
     )}) order by b.id), '[]')
   from assignment a
   join barber b on b.id = a.barber_id
   join diary d on d.barber_id = b.id
   where a.network_id = n.id and a.shop_id = asked.shop_id and b.archived_at is null
     and (asked.barber_ids is null or b.id = any(asked.barber_ids))) as barbers
from network n, stretch,
  (select ?::uuid as shop_id, ?::uuid[] as service_ids, ?::uuid[] as barber_ids, ?::uuid as "except") asked
where n.id = ?`;

const readFacts = prepare('booking-facts', statement());
const readLookup = prepare(
  'booking-lookup',
  statement(`
  (select json_build_object('fingerprint', r.fingerprint, 'outcome', r.outcome, 'expired', r.created_at < now() - interval '7 days')
   from booking_request r
   where r.id = ?::uuid and r.network_id = n.id) as request,
  exists (select from appointment x where x.id = ?::uuid) as appointment_exists,`),
);

const uuids = (ids: string[]): string => `{${[...new Set(ids)].join(',')}}`;

/** Whose rules are needed: the barbers who are named, or null for every barber of the shop. */
const barbersOf = ({ wishes }: Visit): string | null =>
  wishes.every(({ barberId }) => barberId !== null) ? uuids(wishes.map(({ barberId }) => barberId!)) : null;

const factsValues = ({ networkId, shopId, visit, window, except }: FactsQuery) => [
  window.from,
  window.to,
  shopId,
  uuids(visit.wishes.map(({ serviceId }) => serviceId)),
  barbersOf(visit),
  except ?? null,
  networkId,
];

/** What was asked for and is not there; `id` names which service or barber. */
export type Missing = { missing: 'shopId' | 'serviceId' | 'barberId'; id: string };

/** Reads the facts, or names what does not exist in the caller's network (archived counts as absent, a barber of other shops too). */
export async function readBookingFacts(em: EntityManager, query: FactsQuery): Promise<BookingFacts | Missing> {
  const [row] = await readFacts<Row>(em, factsValues(query));
  return findMissing(row, query) ?? toFacts(row!);
}

/** The same for services and barbers of which some may be gone: null when the shop is. Appointments outlive what they were booked from. */
export async function readWhatIsLeft(em: EntityManager, query: FactsQuery): Promise<BookingFacts | null> {
  const [row] = await readFacts<Row>(em, factsValues(query));
  return row?.shop ? toFacts(row) : null;
}

export type StoredRequest = { fingerprint: string; outcome: Outcome | null; expired: boolean };

export type Lookup = {
  /** What was asked under this id before, if anything. */
  request: StoredRequest | null;
  /** An appointment with this id exists although its request was purged long ago. */
  appointmentExists: boolean;
  facts: BookingFacts | Missing;
};

/**
 * Whether this key was used, and the facts: two questions, one round trip and one snapshot, so that a twin decided in between cannot fool
 * us.
 */
export async function lookUpBooking(em: EntityManager, id: string, query: FactsQuery): Promise<Lookup> {
  type Found = Row & { request: StoredRequest | null; appointment_exists: boolean };
  const [from, to, ...rest] = factsValues(query);
  const [row] = await readLookup<Found>(em, [from, to, id, id, ...rest]);
  return {
    request: row?.request ?? null,
    appointmentExists: row?.appointment_exists ?? false,
    facts: findMissing(row, query) ?? toFacts(row!),
  };
}

function findMissing(row: Row | undefined, { shopId, visit }: FactsQuery): Missing | null {
  if (!row?.shop) return { missing: 'shopId', id: shopId };
  const absent = (ids: (string | null)[], found: { id: string }[]) =>
    ids.find((id) => id !== null && !found.some((each) => each.id === id));
  const serviceId = absent(
    visit.wishes.map((wish) => wish.serviceId),
    row.services,
  );
  if (serviceId) return { missing: 'serviceId', id: serviceId };
  const barberId = absent(
    visit.wishes.map((wish) => wish.barberId),
    row.barbers,
  );
  return barberId ? { missing: 'barberId', id: barberId } : null;
}

function toFacts(row: Row): BookingFacts {
  const { name, version, timeZone, openingHours, locale, settings } = row.shop!;
  return {
    shop: { name, version, timeZone, openingHours, closures: row.closures, exceptions: row.shop_exceptions, holidaySets: row.holiday_sets },
    locale,
    services: row.services.map((service) => ({ id: service.id, name: service.name, currency: service.currency })),
    candidates: row.barbers.map((barber) => ({
      barber: toBarber(barber, inheritSettings(row.network_settings, settings, barber.settings)),
      name: barber.name,
      diaryVersion: barber.version,
      calendars: barber.calendars,
      offers: row.services.flatMap((service) => {
        const terms = barber.terms.find(({ serviceId }) => serviceId === service.id);
        if (terms && !terms.offered) return [];
        return {
          serviceId: service.id,
          segments: terms?.segments ?? service.segments,
          priceCents: terms?.priceCents ?? service.priceCents,
          settings: inheritSettings(row.network_settings, settings, service.settings, barber.settings, terms?.settings),
        };
      }),
    })),
  };
}

/** Whoever's calendar has not been seen for too long is away, where the shop would rather lose a visit than book blindly. */
function toBarber(
  { id, periods, exceptions, timeOff, daysOff, claimed, blindMinutes }: Row['barbers'][number],
  { blindCalendar, blindCalendarMinutes }: Settings,
): BarberRules {
  const isBlind = blindMinutes !== null && blindMinutes > blindCalendarMinutes;
  return {
    barberId: id,
    periods,
    exceptions,
    daysOff,
    timeOff: isBlind && blindCalendar === 'block' ? [always] : timeOff.map(([from, to, reason]) => ({ from, to, reason })),
    claimed: claimed.map(([from, to]) => ({ from, to })),
    visits: claimed.flatMap(([, , startsAt]) => startsAt ?? []),
    ...(isBlind && blindCalendar === 'warn' && { isUnseen: true }),
  };
}

const always = { from: -8.64e15, to: 8.64e15, reason: '' };

/**
 * What changes whenever an answer about free times could: the version of the shop, and of the diary of each barber who is asked for, which
 * every booking and every rule edit bumps. Read alone, it costs a fraction of the facts.
 */
export async function readFactsState(em: EntityManager, { networkId, shopId, visit }: Omit<FactsQuery, 'window'>): Promise<string> {
  const barbers = barbersOf(visit);
  const [row] = await em.execute<{ version: number; diaries: [string, number][] }[]>(
    `select s.version, ${list(
      'json_build_array(b.id, d.version) order by b.id',
      `assignment a
       join barber b on b.id = a.barber_id
       join diary d on d.barber_id = b.id
       where a.shop_id = s.id and b.archived_at is null and (?::uuid[] is null or b.id = any(?::uuid[]))`,
    )} as diaries
     from shop s
     where s.id = ? and s.network_id = ? and s.archived_at is null`,
    [barbers, barbers, shopId, networkId],
  );
  return row ? stateText(row.version, row.diaries) : 'none';
}

/** The same of facts that were read. */
export const factsState = ({ shop, candidates }: BookingFacts): string =>
  stateText(
    shop.version,
    candidates.map(({ barber, diaryVersion }) => [barber.barberId, diaryVersion]),
  );

/** The state after a claim of these barbers' time, which bumps each one's diary once, and nothing else. */
export function afterClaim(state: string, barberIds: string[]): string {
  if (state === 'none') return state;
  const [shopVersion, ...diaries] = JSON.parse(state) as [number, ...[string, number][]];
  return stateText(
    shopVersion,
    diaries.map(([id, version]) => [id, barberIds.includes(id) ? version + 1 : version]),
  );
}

const stateText = (shopVersion: number, diaries: [string, number][]): string => JSON.stringify([shopVersion, ...diaries]);
