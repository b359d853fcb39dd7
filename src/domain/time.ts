/**
 * Wall-clock time and instants: the only module that knows time zones, and the only one that imports luxon.
 * Instants are epoch milliseconds, UTC; local dates are `YYYY-MM-DD`; minutes count on the wall clock from 00:00.
 *
 * luxon 3.7.2 resolves a repeated local time according to today's date (moment/luxon#1665) and moves a skipped one silently while
 * calling it valid. So luxon answers one question here, a zone's offset at an instant, and the rest is integer arithmetic:
 * nothing depends on the process's own zone, nor on the clock. Source of the zone data: ICU, shipped with Node.
 */
import { IANAZone } from 'luxon';

export const MINUTE = 60_000;
export const DAY = 86_400_000;

/** What a wall-clock time means in a zone. `nextInstant` is the transition: the first instant whose wall time is after the gap. */
export type Resolution =
  | { kind: 'exact'; instant: number }
  | { kind: 'ambiguous'; instants: [earlier: number, later: number] }
  | { kind: 'skipped'; nextInstant: number };

/** An instant read off a wall clock. `minute` is of the day, `weekday` ISO (1 = Monday … 7 = Sunday), `iso` RFC 3339 with offset. */
export type Wall = { date: string; time: string; minute: number; weekday: number; offsetMinutes: number; iso: string };

const areas = /^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US|Canada|Brazil|Chile|Mexico)\//;

/**
 * Whether `name` is `UTC` or an IANA zone of the form `Area/Place`, old names such as `Asia/Calcutta` included. Refuses fixed
 * offsets (`+01:00`), abbreviations that mean several places (`CST`), and names in the wrong case.
 */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!areas.test(name) || !IANAZone.isValidZone(name)) return false;
  const known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  if (known.toLowerCase() === name.toLowerCase()) return known === name;
  // An alias resolves to another name, so its case can only be judged by its looks: GMT and its like stand in Etc alone.
  return (
    /^Etc\/(UTC|UCT|GMT([+-]?\d{1,2})?|Universal|Zulu|Greenwich)$/.test(name) ||
    (!name.startsWith('Etc/') &&
      name
        .split('/')
        .every(
          (part) =>
            /^[A-Z][\w+-]*[a-z]|^(US|ACT|LHI|NSW)$/.test(part) && part.split(/[_-]/).every((word) => /^([A-Z]|of$|es$|au$)/.test(word)),
        ))
  );
}

/** The instant at which a clock in UTC shows `text`, or NaN if it is no real date; V8 alone would turn 30 February into 2 March. */
function wallOf(text: string): number {
  const wall = Date.parse(`${text}Z`);
  return Number.isFinite(wall) && new Date(wall).toISOString().startsWith(text) ? wall : NaN;
}

export const isLocalDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(wallOf(`${text}T00:00`));

export const isLocalDateTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) && !Number.isNaN(wallOf(text));

function wallOfDate(date: string): number {
  const wall = date.length === 10 ? wallOf(`${date}T00:00`) : NaN;
  if (Number.isNaN(wall)) throw new RangeError(`not a local date: ${date}`);
  return wall;
}

type Segment = { from: number; offset: number };

/** Offsets are remembered in spans of about a year, so that asking costs an index and not a call of Intl. */
const SPAN = 366 * DAY;
const remembered = new Map<string, Map<number, Segment[]>>();

/** One span's stretches of constant offset (ms). A step of a day finds all: no zone changed its clock and back within one. */
function readSpan(zone: string, span: number): Segment[] {
  const source = IANAZone.create(zone);
  if (!source.isValid) throw new RangeError(`unknown time zone: ${zone}`);
  const offset = (instant: number): number => Math.round(source.offset(instant) * MINUTE);
  const start = span * SPAN;
  const segments = [{ from: start, offset: offset(start) }];
  for (let at = start; at < start + SPAN; at += DAY) {
    const [before, after] = [offset(at), offset(at + DAY)];
    if (before === after) continue;
    let [low, high] = [at, at + DAY];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    segments.push({ from: high, offset: after });
  }
  return segments;
}

/** What to add to an instant to read the zone's wall clock, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  const span = Math.floor(instant / SPAN);
  let segments = remembered.get(zone)?.get(span);
  if (!segments) {
    segments = readSpan(zone, span);
    const spans = remembered.get(zone) ?? new Map<number, Segment[]>();
    // Requests choose zone and year, so memory needs a limit; starting over is cheap.
    if (spans.size >= 100) spans.clear();
    remembered.set(zone, spans.set(span, segments));
  }
  let index = segments.length - 1;
  while (index > 0 && segments[index]!.from > instant) index--;
  return segments[index]!.offset;
}

/** Resolves a wall time (ms as if in UTC). Every offset lies within 16 h of UTC, so those on either side are all there can be. */
function resolve(wall: number, zone: string): Resolution {
  const before = offsetAt(wall - 16 * 60 * MINUTE, zone);
  const after = offsetAt(wall + 16 * 60 * MINUTE, zone);
  const [earlier, later] = [wall - Math.max(before, after), wall - Math.min(before, after)];
  const matches = (instant: number): boolean => instant + offsetAt(instant, zone) === wall;
  if (matches(earlier)) {
    return earlier !== later && matches(later) ? { kind: 'ambiguous', instants: [earlier, later] } : { kind: 'exact', instant: earlier };
  }
  if (matches(later)) return { kind: 'exact', instant: later };
  // The gap's transition lies in (earlier, later]: at it, the offset becomes the one that holds after.
  let [low, high] = [earlier, later];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return { kind: 'skipped', nextInstant: high };
}

/** What `local` (`YYYY-MM-DDTHH:mm`) means in `zone`; throws a RangeError unless `isLocalDateTime` and `isTimeZone` hold. */
export function resolveLocal(local: string, zone: string): Resolution {
  if (!isLocalDateTime(local)) throw new RangeError(`not a local time: ${local}`);
  return resolve(wallOf(local), zone);
}

/** The instants, none to two, at which the wall clock shows `minute` of `date`. */
export function instantsOf(date: string, minute: number, zone: string): number[] {
  const found = resolve(wallOfDate(date) + minute * MINUTE, zone);
  if (found.kind === 'ambiguous') return found.instants;
  return found.kind === 'exact' ? [found.instant] : [];
}

/**
 * Where a stretch from `minute` (0 … 2880) after 00:00 of `date` begins: of a repeated time the earlier, of a skipped one the transition.
 */
export function startInstant(date: string, minute: number, zone: string): number {
  const found = resolve(wallOfDate(date) + minute * MINUTE, zone);
  if (found.kind === 'ambiguous') return found.instants[0];
  return found.kind === 'exact' ? found.instant : found.nextInstant;
}

/**
 * Where a stretch up to `minute` (0 … 2880) after 00:00 of `date` ends: with the last occurrence of the minute before. So an end inside
 * a repeated hour is the later one, while a shop that closes exactly when that hour begins shuts at its first occurrence.
 */
export function endInstant(date: string, minute: number, zone: string): number {
  const last = resolve(wallOfDate(date) + (minute - 1) * MINUTE, zone);
  if (last.kind === 'skipped') return last.nextInstant;
  return (last.kind === 'ambiguous' ? last.instants[1] : last.instant) + MINUTE;
}

/** What the wall clock in `zone` shows at `instant`. Offsets are whole minutes in every zone since 1972. */
export function toWall(instant: number, zone: string): Wall {
  const offset = offsetAt(instant, zone);
  const text = new Date(instant + offset).toISOString();
  const [date, time] = [text.slice(0, 10), text.slice(11, 16)];
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    date,
    time,
    minute: minuteOfDay(instant, zone),
    weekday: weekdayOf(date),
    offsetMinutes: offset / MINUTE,
    iso: `${text.slice(0, 19)}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
  };
}

/** Whole minutes on the wall clock since its 00:00; the cheap part of `toWall`. */
export function minuteOfDay(instant: number, zone: string): number {
  const wall = instant + offsetAt(instant, zone);
  return Math.floor((wall - Math.floor(wall / DAY) * DAY) / MINUTE);
}

export const addDays = (date: string, days: number): string => new Date(wallOfDate(date) + days * DAY).toISOString().slice(0, 10);

/** All dates from `from` to `to`, both included; none if `to` is earlier. */
export function datesBetween(from: string, to: string): string[] {
  const count = (wallOfDate(to) - wallOfDate(from)) / DAY + 1;
  return Array.from({ length: Math.max(0, count) }, (_, day) => addDays(from, day));
}

/** ISO weekday, 1 = Monday … 7 = Sunday; 1 January 1970 was a Thursday. */
export const weekdayOf = (date: string): number => ((((wallOfDate(date) / DAY + 3) % 7) + 7) % 7) + 1;

/** Reads an RFC 3339 date-time with its mandatory offset or Z; null for anything else. Fractions below a millisecond are cut. */
export function parseInstant(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/.exec(text);
  if (!match) return null;
  const [, local = '', fraction = '', sign, hours = '0', minutes = '0'] = match;
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE * (sign === '-' ? -1 : 1);
  const instant = wallOf(local) + Number(fraction.slice(0, 3).padEnd(3, '0')) - offset;
  // NaN fails both comparisons; the years 0 to 9999 are all that the formats here can write.
  return instant >= -62_167_219_200_000 && instant < 253_402_300_800_000 ? instant : null;
}

/** `2026-10-25T00:30:00Z`: whole seconds, since no rule is finer than a minute. */
export const toUtc = (instant: number): string => `${new Date(instant).toISOString().slice(0, 19)}Z`;

/** The IANA release that Node's ICU carries, such as `2026c`; processes that share a database must agree on it. */
export const zoneDataVersion = (): string => process.versions.tz ?? 'unknown';
