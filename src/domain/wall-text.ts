/**
 * The one place where instants and amounts become text for people. Pure, and Intl alone: a 24-hour clock in every language, and
 * each time names its IANA zone and its offset from UTC, so that no reader must guess. Instants are epoch milliseconds or ISO 8601 in UTC;
 * locales are BCP 47 tags.
 */
type Instant = number | string;
type Wall = { date: string; time: string; offset: string };
type DateStyle = 'full' | 'long';

const plain = { calendar: 'gregory', numberingSystem: 'latn' } as const;

/** What a clock in the zone shows: the date in words, `10:30`, and `+01:00`. */
function wallAt(instant: Instant, timeZone: string, locale: string, dateStyle: DateStyle): Wall {
  const at = new Date(instant);
  const date = new Intl.DateTimeFormat(locale, { ...plain, timeZone, dateStyle }).format(at);
  // The clock is always made from the same locale's parts: pt-PT and en-US would each write it in their own way.
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...plain,
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.find((one) => one.type === type)?.value ?? '';
  return {
    date,
    time: `${part('hour')}:${part('minute')}`,
    offset: part('timeZoneName').replace('GMT', '').replace('\u2212', '-') || '+00:00',
  };
}

/** E.g. "Friday 27 November 2026, 10:30 (Europe/Lisbon, UTC+00:00)". */
export function wallText(instant: Instant, timeZone: string, locale: string): string {
  const { date, time, offset } = wallAt(instant, timeZone, locale, 'full');
  return `${date}, ${time} (${timeZone}, UTC${offset})`;
}

/**
 * A visit: "Friday 27 November 2026, 10:30–11:00 (Europe/Lisbon, UTC+00:00)". Where the clock changes in between, each time has its own
 * offset, since 00:45–01:15 would hide an hour.
 */
export function wallRangeText(from: Instant, to: Instant, timeZone: string, locale: string): string {
  const start = wallAt(from, timeZone, locale, 'full');
  const end = wallAt(to, timeZone, locale, 'full');
  if (start.offset === end.offset) return `${start.date}, ${start.time}–${end.time} (${timeZone}, UTC${start.offset})`;
  return `${start.date}, ${start.time} (UTC${start.offset}) – ${end.time} (UTC${end.offset}), ${timeZone}`;
}

/**
 * For subjects and SMS, where little room is: "27 November 2026, 10:30 (Europe/Lisbon)", or without its zone "27 November 2026, 10:30". A
 * time that the clock shows twice has its offset all the same, since the reader would come an hour early or late.
 */
export function shortWallText(instant: Instant, timeZone: string, locale: string, namesZone = true): string {
  const { date, time, offset } = wallAt(instant, timeZone, locale, 'long');
  // So many minutes a clock goes back: mostly an hour, half of one on Lord Howe, two at Troll.
  const isRepeated = [-120, -60, -30, 30, 60, 120].some((minutes) => {
    const other = wallAt(new Date(instant).getTime() + minutes * 60_000, timeZone, locale, 'long');
    return other.date === date && other.time === time;
  });
  const named = [...(namesZone ? [timeZone] : []), ...(isRepeated ? [`UTC${offset}`] : [])];
  return `${date}, ${time}${named.length > 0 ? ` (${named.join(', ')})` : ''}`;
}

/** Whether the clocks of two zones show different times, or days, at this instant. */
export function clocksDiffer(instant: Instant, one: string, other: string): boolean {
  const [a, b] = [one, other].map((zone) => wallAt(instant, zone, 'en', 'long'));
  return a?.date !== b?.date || a?.time !== b?.time;
}

/** E.g. "€15.00" or "15,00 €"; `cents` are hundredths of the ISO 4217 currency. */
export const priceText = (cents: number, currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency, numberingSystem: 'latn' }).format(cents / 100);
