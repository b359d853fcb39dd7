/**
 * Makes `data/day-3000.csv`: the booking requests that one busy day brings, for visits in the coming week, and what becomes of some of
 * them. Run it by hand, after a change of the sample network: `node src/dev/make-day.ts`. The seed is fixed, so the file is the same each
 * time; a test compares them.
 */
import { writeFileSync } from 'node:fs';
import type { RowAction } from '../cli/replay/rows.ts';
import { makeAftermath } from './data/aftermath.ts';
import { customerMaker, type SampleCustomer } from './data/customers.ts';
import { seededRandom, type Random } from './data/random.ts';
import { visitMaker, type VisitMaker, type WantedVisit } from './data/visits.ts';
import { sampleNetwork } from './sample-network.ts';

export const daySeed = 20_261_122;
export const dayFile = new URL('./data/day-3000.csv', import.meta.url);

const requests = 3000;
const repeatedSubmissions = 90;
const repeatedSequels = 13;
/** A repeat follows its first within so many rows. */
const repeatWithin = 40;
/** What kind of request a row is; the rest ask for an ordinary visit. */
const shares = { closed: 0.03, rival: 0.04, night: 0.02 };
const shareOfKnownCustomers = 0.2;

const header = 'key,dayOffset,localTime,shopId,serviceId,barberId,name,email,phone,customerTimeZone,locale,action,of';

type Request = { visit: WantedVisit; customer: SampleCustomer; isOrdinary: boolean };

function line(key: string, { visit, customer }: Omit<Request, 'isOrdinary'>, action: RowAction = 'book', of = ''): string {
  const dayOffset = visit.dayOffset + Math.floor(visit.minute / 1440);
  const [hour, minute] = [Math.floor((visit.minute % 1440) / 60), visit.minute % 60].map((part) => String(part).padStart(2, '0'));
  const { name, email, phone, timeZone, locale } = customer;
  return [
    key,
    dayOffset,
    `${hour}:${minute}`,
    visit.shop.id,
    visit.service.id,
    visit.barberId,
    name,
    email,
    phone,
    timeZone,
    locale,
    action,
    of,
  ].join(',');
}

const keyOf = (letter: string, index: number): string => `${letter}${String(index + 1).padStart(4, '0')}`;

/** The lines in the order of arrival, with so many of them once more, word for word. */
function withRepeats(random: Random, lines: string[], times: number): string[] {
  const arrivals = lines.map((text, at) => ({ at, text }));
  const repeats = Array.from({ length: times }, () => {
    const first = random.pick(arrivals);
    return { at: first.at + random.below(repeatWithin) + 0.5, text: first.text };
  });
  return [...arrivals, ...repeats].sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** Ordinary bookings whose named barber nobody asked for earlier at that time: most of them are won. */
function couldBeWon(made: Request[]): number[] {
  const wanted = new Set<string>();
  return made.flatMap(({ visit, isOrdinary }, index) => {
    const { barberId, dayOffset, minute, service } = visit;
    const quarters = Array.from(
      { length: Math.ceil((service.durationMinutes + service.bufferAfterMinutes) / 15) },
      (_, i) => `${barberId} ${dayOffset * 96 + minute / 15 + i}`,
    );
    const isFree = barberId === '' || !quarters.some((quarter) => wanted.has(quarter));
    for (const quarter of quarters) wanted.add(quarter);
    return isOrdinary && isFree ? [index] : [];
  });
}

/** The lines of what becomes of the bookings, and of past visits to which nobody came. */
function sequelLines(random: Random, visits: VisitMaker, made: Request[], newCustomer: (zone: string) => SampleCustomer): string[] {
  const sequels = makeAftermath(random, couldBeWon(made), { ...visits, of: (index) => made[index]!.visit });
  return sequels.map((sequel, index) => {
    const key = keyOf('s', index);
    if (sequel.action === 'no_show')
      return line(key, { visit: sequel.visit, customer: newCustomer(sequel.visit.shop.timeZone) }, 'no_show');
    const { visit, customer } = made[sequel.of]!;
    return line(key, { visit: sequel.action === 'reschedule' ? sequel.to : visit, customer }, sequel.action, keyOf('r', sequel.of));
  });
}

/**
 * The text of the file: bookings in the order of their arrival, then what becomes of them; a repeated submission follows its first soon.
 */
export function makeDay(seed: number): string {
  const random = seededRandom(seed);
  const visits = visitMaker(sampleNetwork(), random);
  const newCustomer = customerMaker(random);
  const made: Request[] = [];

  function nextVisit(): Pick<Request, 'visit' | 'isOrdinary'> {
    const roll = random.next();
    if (roll < shares.closed) return { visit: visits.closed(), isOrdinary: false };
    if (roll < shares.closed + shares.night) return { visit: visits.night(), isOrdinary: false };
    if (roll < shares.closed + shares.night + shares.rival && made.length > 0) return { visit: random.pick(made).visit, isOrdinary: false };
    return { visit: visits.ordinary(), isOrdinary: true };
  }

  while (made.length < requests - repeatedSubmissions) {
    const { visit, isOrdinary } = nextVisit();
    const known = random.next() < shareOfKnownCustomers && made.length > 0;
    made.push({ visit, isOrdinary, customer: known ? random.pick(made).customer : newCustomer(visit.shop.timeZone) });
  }

  const bookings = withRepeats(
    random,
    made.map((request, index) => line(keyOf('r', index), request)),
    repeatedSubmissions,
  );
  const sequels = withRepeats(random, sequelLines(random, visits, made, newCustomer), repeatedSequels);
  return [header, ...bookings, ...sequels, ''].join('\n');
}

if (import.meta.main) {
  writeFileSync(dayFile, makeDay(daySeed));
  console.log(`Wrote ${dayFile.pathname} from seed ${daySeed}.`);
}
