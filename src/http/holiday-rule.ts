/** One day of a holiday set as it comes over HTTP: exactly one of four forms. */
import { z } from 'zod';
import type { HolidayRule } from '../domain/holidays.ts';
import { isLocalDate } from '../domain/time.ts';
import { localDate, text } from './schemas.ts';

const name = text(200);
const shift = z.int().min(-180, 'must be at least -180').max(180, 'must be at most 180');
/** 29 February counts in leap years only. */
const monthDay = z
  .string('must be a text')
  .refine((value) => isLocalDate(`2000-${value}`), 'must be a real month and day, such as 12-25')
  .meta({ pattern: '^\\d\\d-\\d\\d$' });

/** By the field that only this form has. */
const forms = {
  monthDay: z.strictObject({ name, monthDay }),
  easterOffset: z.strictObject({ name, easterOffset: shift.meta({ description: 'Days after Easter Sunday.' }) }),
  month: z.strictObject({
    name,
    month: z.literal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'must be 1 to 12'),
    weekday: z.literal([1, 2, 3, 4, 5, 6, 7], 'must be 1 (Monday) to 7 (Sunday)'),
    nth: z.literal([1, 2, 3, 4, 5, -1], 'must be 1 to 5, or -1 for the last'),
    plusDays: shift.exactOptional().meta({ description: 'So many days after the weekday that was found.' }),
  }),
  date: z.strictObject({ name, date: localDate }),
};

export const holidayRuleAnswer = z.union([forms.monthDay, forms.easterOffset, forms.month, forms.date]);

const { $schema: _, ...described } = z.toJSONSchema(holidayRuleAnswer, { io: 'input', unrepresentable: 'any' });

/** A union would only say that no form fits; the form that was meant names the faulty field. */
export const holidayRule = z
  .unknown()
  .transform((given, context): HolidayRule => {
    const meant = given !== null && typeof given === 'object' ? Object.entries(forms).find(([field]) => field in given) : undefined;
    const parsed = meant?.[1].safeParse(given);
    if (parsed?.success) return parsed.data;
    if (parsed) for (const issue of parsed.error.issues) context.addIssue({ ...issue, input: undefined } as never);
    else
      context.addIssue({
        code: 'custom',
        message: 'must have a name and one of monthDay, easterOffset, month with weekday and nth, or date',
      });
    return z.NEVER;
  })
  .meta(described);
