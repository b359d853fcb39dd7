/** The rows of a replay file, and the requests that they become. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { addDays, MINUTE, toWall } from '../../domain/time.ts';

export const columns = [
  'key',
  'dayOffset',
  'localTime',
  'shopId',
  'serviceId',
  'barberId',
  'name',
  'email',
  'phone',
  'customerTimeZone',
  'locale',
  'action',
  'of',
] as const;

/** A `no_show` is booked first, as a visit of the last 24 hours that the desk writes down after the fact. */
export const actions = ['book', 'cancel', 'reschedule', 'no_show'] as const;
export type RowAction = (typeof actions)[number];

/** `of` is the key of the booking that is cancelled or moved; empty otherwise. */
export type Row = Record<Exclude<(typeof columns)[number], 'action'>, string> & { action: RowAction };

/** The body of `POST /v1/appointments`. */
export type BookingBody = {
  shopId: string;
  serviceId: string;
  barberId?: string;
  localStart?: string;
  startsAt?: string;
  customer: { name: string; email: string; phone: string; timeZone: string; locale: string };
  staff?: { reason: string; waive: string[] };
};

/** Reads and checks a file's text. Throws an Error that names the line at fault. */
export function parseRows(text: string): Row[] {
  const keys = new Set<string>();
  const records: Record<string, string>[] = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  return records.map((record, index) => {
    const fault = (what: string): Error => new Error(`Row ${index + 1} of the file is faulty: ${what}.`);
    const entries = columns.map((column) => {
      const value = record[column];
      if (value === undefined) throw fault(`the column ${column} is missing`);
      return [column, value] as const;
    });
    const row = Object.fromEntries(entries) as Row;
    if (!actions.includes(row.action)) throw fault(`action is none of ${actions.join(', ')}`);
    if (!(row.action === 'no_show' ? /^-1$/ : /^\d{1,3}$/).test(row.dayOffset))
      throw fault('dayOffset is not a whole number of days (or, of a no_show, -1)');
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(row.localTime)) throw fault('localTime is not HH:mm');
    if (row.key === '') throw fault('key is empty');
    const concerns = row.action === 'cancel' || row.action === 'reschedule';
    if (concerns !== keys.has(row.of)) throw fault(concerns ? 'of names no booking above it' : 'of is not empty');
    if (row.action === 'book') keys.add(row.key);
    return row;
  });
}

/** The bookings that are asked for, and what becomes of them after: of the first `limit` bookings, and of past visits as large a share. */
export function inPhases(rows: Row[], limit: number): { bookings: Row[]; after: Row[] } {
  const all = rows.filter(({ action }) => action === 'book');
  const bookings = all.slice(0, limit);
  const keys = new Set(bookings.map(({ key }) => key));
  const pastVisits = [...new Set(rows.flatMap(({ action, key }) => (action === 'no_show' ? [key] : [])))];
  const past = new Set(pastVisits.slice(0, Math.round((pastVisits.length * bookings.length) / Math.max(1, all.length))));
  const after = rows.filter(({ action, key, of }) => (action === 'no_show' ? past.has(key) : action !== 'book' && keys.has(of)));
  return { bookings, after };
}

export const readRows = (file: string): Row[] => parseRows(readFileSync(file, 'utf8'));

/** The wall-clock time that the row asks for, in the shop's zone. */
export const localStart = (row: Row, from: string): string => `${addDays(from, Number(row.dayOffset))}T${row.localTime}`;

/** The body of a booking. */
export function toBody(row: Row, from: string): BookingBody {
  return { ...wanted(row), localStart: localStart(row, from) };
}

const wanted = ({ shopId, serviceId, barberId, name, email, phone, customerTimeZone, locale }: Row) => ({
  shopId,
  serviceId,
  ...(barberId === '' ? {} : { barberId }),
  customer: { name, email, phone, timeZone: customerTimeZone, locale },
});

/** What is moved goes to another time; a barber who is not named is kept. */
export const toMove = (row: Row, from: string): { localStart: string; barberId?: string } => ({
  localStart: localStart(row, from),
  ...(row.barberId === '' ? {} : { barberId: row.barberId }),
});

/** The rules of the day that a past visit was on no longer matter; that the time was free still does. */
const noLongerMatters = ['too_soon', 'shop_closed', 'outside_working_hours', 'on_break', 'time_off'];
/** A time that just passed must not fall out of the last day while the file is sent. */
const marginMinutes = 30;

/**
 * The body of a past visit: when the shop's clock last showed the row's time before `now` (epoch milliseconds). The desk can write down
 * what was within a day; hence the start counts from the moment of the run and not from the Monday of the bookings.
 */
export function toPastBody(row: Row, timeZone: string, now: number): BookingBody {
  const [hour, minute] = row.localTime.split(':').map(Number) as [number, number];
  const ago = (toWall(now, timeZone).minute - hour * 60 - minute + 1440) % 1440;
  const minutes = ago > 1440 - marginMinutes ? ago - 60 : ago;
  const startsAt = new Date(Math.floor(now / MINUTE) * MINUTE - minutes * MINUTE).toISOString();
  return { ...wanted(row), startsAt, staff: { reason: 'other', waive: noLongerMatters } };
}
