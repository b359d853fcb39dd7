/**
 * Test help: every clock change of a set of zones, found by scanning Intl alone, so that it owes nothing to `time.ts`.
 * Offsets are milliseconds; `at` is the first instant with the new offset, epoch milliseconds.
 */
export type Transition = { zone: string; at: number; before: number; after: number };

export const zones = [
  'Europe/Lisbon',
  'Atlantic/Azores',
  'Atlantic/Madeira',
  'Europe/London',
  'America/New_York',
  'Australia/Sydney',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Asia/Tehran',
  'America/Havana',
  'UTC',
];

const formats = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of `zone` at `instant`, as if it were UTC (ms). */
export function intlWall(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  const [year, month, day, hour, minute, second] = format.format(instant).match(/\d+/g)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

export function transitionsOf(zone: string, from: number, to: number): Transition[] {
  const found: Transition[] = [];
  const offset = (at: number): number => intlWall(at, zone) - at;
  const step = 12 * 3_600_000;
  let before = offset(from);
  for (let at = from; at < to; at += step) {
    const after = offset(at + step);
    if (after === before) continue;
    let [low, high] = [at, at + step];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (offset(middle) === before) low = middle;
      else high = middle;
    }
    found.push({ zone, at: high, before, after });
    before = after;
  }
  return found;
}

/** Eighteen years: Apia's missing day in 2011, São Paulo's and Tehran's last changes, and changes still to come. */
export const allTransitions = (): Transition[] => zones.flatMap((zone) => transitionsOf(zone, Date.UTC(2010, 0), Date.UTC(2028, 0)));

/** A wall time in ms as `YYYY-MM-DDTHH:mm`. */
export const localText = (wall: number): string => new Date(wall).toISOString().slice(0, 16);
