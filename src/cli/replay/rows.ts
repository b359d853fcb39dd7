/** The rows of a replay file, and the requests that they become. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { addDays } from '../../domain/time.ts';

export const columns = ['key', 'dayOffset', 'localTime', 'shopId', 'serviceId', 'barberId', 'name', 'email', 'phone', 'customerTimeZone', 'locale'] as const;

export type Row = Record<(typeof columns)[number], string>;

/** The body of `POST /v1/appointments`. */
export type BookingBody = {
  shopId: string;
  serviceId: string;
  barberId?: string;
  localStart: string;
  customer: { name: string; email: string; phone: string; timeZone: string; locale: string };
};

/** Reads and checks a file's text. Throws an Error that names the line at fault. */
export function parseRows(text: string): Row[] {
  const records: Record<string, string>[] = parse(text, { columns: true, bom: true, skip_empty_lines: true });
  return records.map((record, index) => {
    const fault = (what: string): Error => new Error(`Row ${index + 1} of the file is faulty: ${what}.`);
    const entries = columns.map((column) => {
      const value = record[column];
      if (value === undefined) throw fault(`the column ${column} is missing`);
      return [column, value] as const;
    });
    const row = Object.fromEntries(entries) as Row;
    if (!/^\d{1,3}$/.test(row.dayOffset)) throw fault('dayOffset is not a whole number of days');
    if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(row.localTime)) throw fault('localTime is not HH:mm');
    if (row.key === '') throw fault('key is empty');
    return row;
  });
}

export const readRows = (file: string): Row[] => parseRows(readFileSync(file, 'utf8'));

/** The wall-clock time that the row asks for, in the shop's zone. */
export const localStart = (row: Row, from: string): string => `${addDays(from, Number(row.dayOffset))}T${row.localTime}`;

export function toBody(row: Row, from: string): BookingBody {
  const { shopId, serviceId, barberId, name, email, phone, customerTimeZone, locale } = row;
  return {
    shopId,
    serviceId,
    ...(barberId === '' ? {} : { barberId }),
    localStart: localStart(row, from),
    customer: { name, email, phone, timeZone: customerTimeZone, locale },
  };
}
