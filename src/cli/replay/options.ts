/** What the replay was asked to do: flags first, then the addresses that the running system left in `.punctual/dev.json`. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addDays, isLocalDate, toWall, weekdayOf } from '../../domain/time.ts';

export type Options = {
  file: string;
  /** The local date that day offset 0 means. */
  from: string;
  /** Goes before each row's key, so that the same file can be sent again as new requests. */
  run: string;
  /**
   * The moment from which past visits count back, in epoch milliseconds: where the salt is a time, that time, so that a repetition means
   * the same.
   */
  now: number;
  concurrency: number;
  limit: number;
  /** Requests begun in a second at most; null for as fast as the answers come. */
  rate: number | null;
  json: string | null;
  api: string;
  apiKey: string;
  databaseUrl: string;
  /** maildev's list of mails; null where mail goes elsewhere, then the delivery rows are believed. */
  mailApi: string | null;
};

type DevFile = Partial<Record<'api' | 'apiKey' | 'databaseUrl' | 'mailApi', string>>;

const devFile = fileURLToPath(new URL('../../../.punctual/dev.json', import.meta.url));
const mainlandZone = 'Europe/Lisbon';

export const usage = `npm run replay -- <file.csv> [options]        (a day of 3,000 requests: src/dev/data/day-3000.csv)
  --from YYYY-MM-DD    the date of day offset 0 (default: the next Monday)
  --run SALT           salts the idempotency keys (default: the time of the start); the same salt repeats the same requests and gets the same
                       answers, which are then held against a diary that has moved on
  --concurrency N      requests in flight (default: 8)
  --limit N            only the first N bookings, and what becomes of them
  --rate R             begin at most R requests a second
  --json FILE          write the report there as JSON, too
  --api URL --key KEY --database-url URL --mail-api URL    instead of what .punctual/dev.json says`;

/** The first Monday after today. */
export function nextMonday(now: number): string {
  const { date } = toWall(now, mainlandZone);
  return addDays(date, 8 - weekdayOf(date));
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0.`);
  return value;
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = positive(name, text, fallback);
  if (value !== Infinity && !Number.isInteger(value)) throw new Error(`--${name} must be a whole number.`);
  return value;
}

/** The time that a salt of ours is; null for another's. */
function runTime(run: string): number | null {
  const [, date, hour, minute, second] = /^(\d{8})T(\d\d)(\d\d)(\d\d)$/.exec(run) ?? [];
  const time = Date.parse(`${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : time;
}

const text = { type: 'string' } as const;
const flags = {
  from: text,
  run: text,
  concurrency: text,
  limit: text,
  rate: text,
  json: text,
  api: text,
  key: text,
  'database-url': text,
  'mail-api': text,
  help: { type: 'boolean' },
} as const;

/** Reads the command line; null asks for the usage. Throws an Error with one sentence that names what is missing or malformed. */
export function readOptions(args: string[], now: number): Options | null {
  const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true });
  if (values.help) return null;
  const [file, ...others] = positionals;
  // Nothing is sent by accident: the file must be named.
  if (file === undefined || others.length > 0) throw new Error(`Name one file of requests.\n${usage}`);
  const from = values.from ?? nextMonday(now);
  if (!isLocalDate(from)) throw new Error('--from must be a date such as 2026-11-23.');
  const run = values.run ?? new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '');
  if (!/^[\x21-\x7e]{1,200}$/.test(run)) throw new Error('--run must be 1 to 200 visible ASCII characters.');

  const dev: DevFile = existsSync(devFile) ? JSON.parse(readFileSync(devFile, 'utf8')) : {};
  const needed = (name: 'api' | 'apiKey' | 'databaseUrl', flag: keyof typeof flags): string => {
    const value = values[flag] ?? dev[name];
    if (typeof value !== 'string') throw new Error(`Nothing says where the system runs: start it with npm start, or give --${flag}.`);
    return value;
  };
  return {
    file,
    from,
    run,
    now: runTime(run) ?? now,
    concurrency: whole('concurrency', values.concurrency, 8),
    limit: whole('limit', values.limit, Infinity),
    rate: values.rate === undefined ? null : positive('rate', values.rate, 1),
    json: values.json ?? null,
    api: needed('api', 'api'),
    apiKey: needed('apiKey', 'key'),
    databaseUrl: needed('databaseUrl', 'database-url'),
    mailApi: values['mail-api'] ?? dev.mailApi ?? null,
  };
}
