/**
 * Test help: the naive answer. One flag per real minute and rule, each minute's wall time from Intl, every line-up of barbers tried, every
 * minute of a visit looked at. Shares no code with `src/domain` but its types.
 */
import type { Candidate, DayStretch, Offer, WeeklyStretch } from '../../src/domain/rules.ts';
import type { World } from './random-shops.ts';
import { intlWall } from './transitions.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What is left out when a line-up is judged: nothing, claimed time, or claimed time and caps. */
export type Without = 'nothing' | 'claims' | 'claims and caps';

export type Verdict = { code: string; parts: string[]; taken: Map<string, Set<number>> };

/** From the most fundamental to the least. */
const order = [
  'too_soon',
  'too_far_ahead',
  'off_step',
  'shop_closed',
  'outside_working_hours',
  'on_break',
  'time_off',
  'barber_day_full',
  'slot_taken',
];

/** Wall times for each zone and date, since asking Intl is slow. */
const wallsOf = new Map<string, number[]>();

/** Asks Intl for every hour, and for each minute of an hour in which the clock was changed. */
function readWalls(zone: string, first: number, hours: number): number[] {
  return Array.from({ length: hours }, (_, hour) => first + hour * 60 * MINUTE).flatMap((at) => {
    const [begin, end] = [intlWall(at, zone), intlWall(at + 60 * MINUTE, zone)];
    return Array.from({ length: 60 }, (_, minute) =>
      end - begin === 60 * MINUTE ? begin + minute * MINUTE : intlWall(at + minute * MINUTE, zone),
    );
  });
}

const dateOf = (wall: number): string => new Date(wall).toISOString().slice(0, 10);

export class MinuteOracle {
  private readonly world: World;
  private readonly first: number;
  private readonly walls: number[];
  private readonly painted = new Map<string, boolean[]>();

  constructor(world: World) {
    this.world = world;
    this.first = Date.parse(`${world.from}T00:00Z`) - 4 * DAY;
    const key = `${world.shop.timeZone} ${world.from}`;
    this.walls = wallsOf.get(key) ?? readWalls(world.shop.timeZone, this.first, 10 * 24);
    wallsOf.set(key, this.walls);
  }

  /** Every fifth minute whose local date lies in the range that was asked for. */
  starts(): number[] {
    const [begin, end] = [Date.parse(`${this.world.from}T00:00Z`), Date.parse(`${this.world.to}T00:00Z`) + DAY];
    return this.walls.flatMap((wall, index) => (index % 5 === 0 && wall >= begin && wall < end ? [this.first + index * MINUTE] : []));
  }

  /** Every way to hand the services to barbers who give them, wishes and `sameBarber` respected. */
  lineups(): Candidate[][] {
    const { candidates, visit } = this.world;
    let all: Candidate[][] = [[]];
    for (const { serviceId, barberId } of visit.wishes) {
      const able = candidates.filter(
        ({ barber, offers }) =>
          offers.some((offer) => offer.serviceId === serviceId) && (barberId === null || barber.barberId === barberId),
      );
      all = all.flatMap((lineup) => able.map((each) => [...lineup, each]));
    }
    return visit.sameBarber ? all.filter((lineup) => lineup.every((each) => each === lineup[0])) : all;
  }

  /**
   * What the rules say about one line-up at one start: the most fundamental refusal, and each part's own; `taken` are minutes by barber.
   */
  judge(lineup: Candidate[], startsAt: number, without: Without = 'nothing'): Verdict {
    const { visit, now } = this.world;
    const offers = lineup.map(({ offers: own }, index) => own.find(({ serviceId }) => serviceId === visit.wishes[index]!.serviceId)!);
    const { minimumNoticeMinutes, bookingHorizonDays, slotStepMinutes } = offers[0]!.settings;
    const start = (startsAt - this.first) / MINUTE;
    const verdict = (code: string, parts: string[] = [], taken = new Map<string, Set<number>>()): Verdict => ({ code, parts, taken });
    if (startsAt - now < minimumNoticeMinutes * MINUTE) return verdict('too_soon');
    if (startsAt - now > bookingHorizonDays * DAY) return verdict('too_far_ahead');
    if (((this.walls[start]! % DAY) / MINUTE) % slotStepMinutes !== 0) return verdict('off_step');

    const parts: string[] = [];
    const busy: number[][] = [];
    const begins: number[] = [];
    let at = start;
    lineup.forEach((candidate, index) => {
      begins.push(at);
      busy.push([]);
      for (const { kind, minutes } of offers[index]!.segments) {
        for (let left = minutes; left > 0; left--, at++) if (kind === 'busy') busy[index]!.push(at);
      }
      const capAt = without === 'claims and caps' ? null : begins[lineup.indexOf(candidate)]!;
      parts.push(this.judgePart(candidate, offers[index]!, begins[index]!, at, busy[index]!, capAt));
    });
    begins.push(at);
    const code = order.find((each) => parts.includes(each));
    if (code) return verdict(code, parts);

    const taken = new Map<string, Set<number>>();
    let collides = false;
    lineup.forEach((candidate, index) => {
      const { barberId, claimed } = candidate.barber;
      const { bufferBeforeMinutes, bufferAfterMinutes } = offers[index]!.settings;
      const minutes = [...busy[index]!];
      if (lineup[index - 1] !== candidate) for (let left = bufferBeforeMinutes; left > 0; left--) minutes.push(begins[index]! - left);
      if (lineup[index + 1] !== candidate) for (let more = 0; more < bufferAfterMinutes; more++) minutes.push(begins[index + 1]! + more);
      const mine = taken.get(barberId) ?? new Set<number>();
      for (const minute of minutes) {
        const instant = this.first + minute * MINUTE;
        collides ||= mine.has(instant) || (without === 'nothing' && claimed.some(({ from, to }) => from <= instant && instant < to));
        mine.add(instant);
      }
      taken.set(barberId, mine);
    });
    return verdict(collides ? 'slot_taken' : 'ok', parts, taken);
  }

  private judgePart({ barber }: Candidate, offer: Offer, from: number, to: number, busy: number[], capAt: number | null): string {
    const sets = offer.settings.holidaySets;
    const all = (flags: boolean[]): boolean => busy.every((minute) => flags[minute]);
    const open = this.paint(`open ${sets.join()}`, (date) => (this.isClosed(date, sets) ? [] : this.shopHours(date)));
    for (let minute = from; minute < to; minute++) if (!open[minute]) return 'shop_closed';
    const key = `${barber.barberId} ${sets.join()}`;
    const away = (date: string): boolean => barber.daysOff.some(({ fromDate, toDate }) => fromDate <= date && date <= toDate);
    const hours = (date: string): DayStretch[] => this.barberDay(barber, date).hours;
    if (!all(this.paint(`agreed ${key}`, hours))) return 'outside_working_hours';
    if (!all(this.paint(`unclosed ${key}`, (date) => (this.isClosed(date, sets) ? [] : hours(date))))) return 'shop_closed';
    if (!all(this.paint(`working ${key}`, (date) => (this.isClosed(date, sets) || away(date) ? [] : hours(date))))) return 'time_off';
    const breaks = this.paint(`breaks ${key}`, (date) => this.barberDay(barber, date).breaks);
    if (busy.some((minute) => breaks[minute])) return 'on_break';
    if (
      busy.some((minute) => barber.timeOff.some((off) => off.from <= this.first + minute * MINUTE && this.first + minute * MINUTE < off.to))
    )
      return 'time_off';
    const cap = offer.settings.maxVisitsPerBarberDay;
    if (cap === null || capAt === null) return 'ok';
    const sameDay = barber.visits.filter((visit) => dateOf(this.walls[(visit - this.first) / MINUTE] ?? 0) === dateOf(this.walls[capAt]!));
    return sameDay.length >= cap ? 'barber_day_full' : 'ok';
  }

  private shopHours(date: string): DayStretch[] {
    const { exceptions, openingHours } = this.world.shop;
    return exceptions.find((each) => each.date === date)?.hours ?? onWeekday(openingHours, date);
  }

  private isClosed(date: string, sets: string[]): boolean {
    const { closures, exceptions, holidaySets } = this.world.shop;
    if (closures.some(({ fromDate, toDate }) => fromDate <= date && date <= toDate)) return true;
    if (exceptions.some((each) => each.date === date)) return false;
    return sets
      .flatMap((slug) => holidaySets[slug]!)
      .some((rule) => ('date' in rule ? rule.date === date : 'monthDay' in rule && date.endsWith(rule.monthDay)));
  }

  private barberDay({ exceptions, periods }: Candidate['barber'], date: string): { hours: DayStretch[]; breaks: DayStretch[] } {
    const own = exceptions.find((each) => each.date === date);
    if (own) return own;
    const period = periods.find(({ fromDate, toDate }) => !(fromDate && date < fromDate) && !(toDate && date > toDate));
    if (!period) return { hours: [], breaks: [] };
    return { hours: period.hours ? onWeekday(period.hours, date) : this.shopHours(date), breaks: onWeekday(period.breaks, date) };
  }

  /** A stretch runs from the first minute that shows its start or later up to and with the last one that shows less than its end. */
  private paint(key: string, hoursOn: (date: string) => DayStretch[]): boolean[] {
    const known = this.painted.get(key);
    if (known) return known;
    const on = this.walls.map(() => false);
    for (let day = 1; day < 9; day++) {
      const midnight = this.first + day * DAY;
      for (const { fromMinute, toMinute } of hoursOn(dateOf(midnight))) {
        const begin = this.walls.findIndex((wall) => wall >= midnight + fromMinute * MINUTE);
        const end = this.walls.findLastIndex((wall) => wall < midnight + toMinute * MINUTE) + 1;
        if (begin >= 0) on.fill(true, begin, Math.max(begin, end));
      }
    }
    this.painted.set(key, on);
    return on;
  }
}

const onWeekday = (weekly: WeeklyStretch[], date: string): WeeklyStretch[] =>
  weekly.filter(({ weekday }) => weekday === (new Date(`${date}T00:00Z`).getUTCDay() || 7));
