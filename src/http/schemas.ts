/**
 * The pieces that requests and answers are made of. Input is strict: unknown fields, control characters and lone surrogates are refused.
 */
import { z } from 'zod';
import { isLocalDate, isLocalDateTime, isTimeZone, parseInstant } from '../domain/time.ts';

// Control, direction and zero-width characters: they forge mail headers and disguise text. The joiners stay: scripts and emoji need them.
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/u;

/** One line of human text, trimmed and in Unicode NFC. */
export const text = (max: number) =>
  z
    .string('must be a text')
    .refine((value) => value.isWellFormed(), 'has a lone surrogate')
    .refine((value) => !unprintable.test(value), 'has control or invisible characters')
    .transform((value) => value.normalize('NFC').trim())
    .pipe(z.string().min(1, 'must not be empty').max(max, `must have at most ${max} characters`))
    .meta({ type: 'string', minLength: 1, maxLength: max });

/** Of a customer: mails greet with it, so it must not be somebody's advertisement. */
export const personName = text(200)
  .refine((value) => !/:\/\/|\bwww\./i.test(value), 'must be a name, not an address of the web')
  .meta({ type: 'string', minLength: 1, maxLength: 200 });

export const uuid = z
  .uuid('must be a UUID')
  .transform((value) => value.toLowerCase())
  .meta({ type: 'string', format: 'uuid' });
/** Letters, digits and a few signs of ASCII by zod's own pattern, so no control character gets in. */
export const email = z.email('must be an e-mail address').max(254);
export const phone = z.string('must be a text').regex(/^\+[1-9]\d{6,14}$/, 'must be a phone number in E.164, such as +351912345678');
export const timeZone = z.string('must be a text').refine(isTimeZone, 'must be an IANA time zone, such as Europe/Lisbon');
export const locale = z
  .string('must be a text')
  .max(35, 'must have at most 35 characters')
  .refine((value) => {
    try {
      return Intl.getCanonicalLocales(value).length === 1;
    } catch {
      return false;
    }
  }, 'must be a BCP 47 language tag, such as pt-PT');
// Far years are typing errors, and at the edges of the calendar (PostgreSQL has no year 0) the days around a day do not exist.
const years = 'must lie in the years 2000 to 2199';
const isNear = (value: string): boolean => value >= '2000' && value < '2200';
export const localDate = z
  .string('must be a text')
  .refine(isLocalDate, { message: 'must be a real date, such as 2026-11-27', abort: true })
  .refine(isNear, years)
  .meta({ format: 'date' });
export const localDateTime = z
  .string('must be a text')
  .refine(isLocalDateTime, { message: 'must be a real local time, such as 2026-11-27T10:30', abort: true })
  .refine(isNear, years);
/** RFC 3339 with an offset; parses to epoch milliseconds. */
export const instant = z
  .string('must be a text')
  .refine((value) => parseInstant(value) !== null, {
    message: 'must be an instant with an offset, such as 2026-11-27T10:30:00+00:00',
    abort: true,
  })
  .refine(isNear, years)
  .transform((value) => parseInstant(value)!)
  .meta({ type: 'string', format: 'date-time' });

/** A cursor holds the last row's name: up to 200 characters, escaped as JSON, as UTF-8, in base64. */
export const page = {
  cursor: z.string().max(2000).optional(),
  limit: z
    .string()
    .refine((value) => /^([1-9]\d?|100)$/.test(value), 'must be a whole number from 1 to 100')
    .transform(Number)
    .default(50)
    .meta({ type: 'integer', minimum: 1, maximum: 100, default: 50 }),
};
export const pageOf = (item: z.ZodType) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
