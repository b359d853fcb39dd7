/** The one place where instants become text for people. Pure: Intl only, 24-hour clock, and the zone always named. */
import { toWall } from './time.ts';

/** "+01:00" of an instant in a zone. */
function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
}

/** E.g. "Friday, 27 November 2026, 10:30 (Europe/Lisbon, UTC+00:00)". `instant` is epoch milliseconds, `locale` a BCP 47 tag. */
export function wallText(instant: number, timeZone: string, locale: string): string {
  const wall = toWall(instant, timeZone);
  // The wall's date is formatted as if it were UTC, so that the zone data of Intl and of toWall cannot disagree.
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC', calendar: 'gregory', numberingSystem: 'latn' }).format(Date.parse(`${wall.date}T00:00:00Z`));
  return `${date}, ${wall.time} (${timeZone}, UTC${offsetText(wall.offsetMinutes)})`;
}

/** "10:30" of an instant in a zone. */
export const clockText = (instant: number, timeZone: string): string => toWall(instant, timeZone).time;

/** Whether two zones' clocks show different times at this instant. */
export const clocksDiffer = (instant: number, one: string, other: string): boolean => toWall(instant, one).iso.slice(0, 16) !== toWall(instant, other).iso.slice(0, 16);

/** E.g. "€15.00" or "15,00 €". */
export const priceText = (cents: number, currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency, numberingSystem: 'latn' }).format(cents / 100);
