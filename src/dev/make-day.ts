/**
 * Makes `data/day-3000.csv`: the booking requests that one busy day brings, for visits in the coming week. Run it by hand, after a change
 * of the sample network: `node src/dev/make-day.ts`. The seed is fixed, so the file is the same each time; a test compares them.
 */
import { writeFileSync } from 'node:fs';
import { customerMaker, type SampleCustomer } from './data/customers.ts';
import { seededRandom } from './data/random.ts';
import { visitMaker, type WantedVisit } from './data/visits.ts';
import { sampleNetwork } from './sample-network.ts';

export const daySeed = 20_261_122;
export const dayFile = new URL('./data/day-3000.csv', import.meta.url);

const requests = 3000;
const repeatedSubmissions = 90;
/** What kind of request a row is; the rest ask for an ordinary visit. */
const shares = { closed: 0.03, rival: 0.04, night: 0.02 };
const shareOfKnownCustomers = 0.2;

const header = 'key,dayOffset,localTime,shopId,serviceId,barberId,name,email,phone,customerTimeZone,locale';

type Request = { visit: WantedVisit; customer: SampleCustomer };

function line(key: string, { visit, customer }: Request): string {
  const dayOffset = visit.dayOffset + Math.floor(visit.minute / 1440);
  const [hour, minute] = [Math.floor((visit.minute % 1440) / 60), visit.minute % 60].map((part) => String(part).padStart(2, '0'));
  const { name, email, phone, timeZone, locale } = customer;
  return [key, dayOffset, `${hour}:${minute}`, visit.shop.id, visit.service.id, visit.barberId, name, email, phone, timeZone, locale].join(',');
}

/** The text of the file. Requests stand in the order of their arrival; a repeated submission follows its first within 40 rows. */
export function makeDay(seed: number): string {
  const random = seededRandom(seed);
  const visits = visitMaker(sampleNetwork(), random);
  const newCustomer = customerMaker(random);
  const made: Request[] = [];

  function nextVisit(): WantedVisit {
    const roll = random.next();
    if (roll < shares.closed) return visits.closed();
    if (roll < shares.closed + shares.night) return visits.night();
    if (roll < shares.closed + shares.night + shares.rival && made.length > 0) return random.pick(made).visit;
    return visits.ordinary();
  }

  while (made.length < requests - repeatedSubmissions) {
    const visit = nextVisit();
    const known = random.next() < shareOfKnownCustomers && made.length > 0;
    made.push({ visit, customer: known ? random.pick(made).customer : newCustomer(visit.shop.timeZone) });
  }

  const arrivals = made.map((request, index) => ({ at: index, text: line(`r${String(index + 1).padStart(4, '0')}`, request) }));
  const repeats = Array.from({ length: repeatedSubmissions }, () => {
    const first = random.pick(arrivals);
    return { at: first.at + random.below(40) + 0.5, text: first.text };
  });
  return [header, ...[...arrivals, ...repeats].sort((a, b) => a.at - b.at).map(({ text }) => text), ''].join('\n');
}

if (import.meta.main) {
  writeFileSync(dayFile, makeDay(daySeed));
  console.log(`Wrote ${dayFile.pathname} from seed ${daySeed}.`);
}
