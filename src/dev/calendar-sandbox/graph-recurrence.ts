/**
 * Graph's recurrence as a rule of RFC 5545. Source: https://learn.microsoft.com/en-us/graph/api/resources/recurrencepattern and
 * …/recurrencerange
 */
import { endInstant, isLocalDate } from '../../domain/time.ts';
import { isJson, text } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { zoneOf } from './graph-zone.ts';

const positions: Record<string, number> = { first: 1, second: 2, third: 3, fourth: 4, last: -1 };

/** The RRULE line, or 400 for a pattern or range that is not complete. */
export function ruleOf(recurrence: unknown, zone: string, allDay: boolean): string {
  const wrong = (what: string): never => refuse('ErrorPropertyValidationFailure', `The recurrence's ${what} is missing or not valid.`);
  const { pattern, range } = isJson(recurrence) ? recurrence : wrong('pattern');
  if (!isJson(pattern) || !isJson(range)) return wrong('pattern');
  const interval = Number(pattern.interval);
  if (!Number.isInteger(interval) || interval < 1) wrong('interval');
  const days = Array.isArray(pattern.daysOfWeek) ? pattern.daysOfWeek.map((day) => String(day).slice(0, 2).toUpperCase()) : [];
  const needDays = (): string => (days.length > 0 ? days.join(',') : wrong('daysOfWeek'));
  const position = (): number => positions[text(pattern.index) ?? 'first'] ?? wrong('index');
  const parts: Record<string, () => string> = {
    daily: () => 'FREQ=DAILY',
    weekly: () => `FREQ=WEEKLY;BYDAY=${needDays()};WKST=${(text(pattern.firstDayOfWeek) ?? 'sunday').slice(0, 2).toUpperCase()}`,
    absoluteMonthly: () => `FREQ=MONTHLY;BYMONTHDAY=${Number(pattern.dayOfMonth) || wrong('dayOfMonth')}`,
    relativeMonthly: () => `FREQ=MONTHLY;BYDAY=${needDays()};BYSETPOS=${position()}`,
    absoluteYearly: () =>
      `FREQ=YEARLY;BYMONTH=${Number(pattern.month) || wrong('month')};BYMONTHDAY=${Number(pattern.dayOfMonth) || wrong('dayOfMonth')}`,
    relativeYearly: () => `FREQ=YEARLY;BYMONTH=${Number(pattern.month) || wrong('month')};BYDAY=${needDays()};BYSETPOS=${position()}`,
  };
  const rule = (parts[String(pattern.type)] ?? (() => wrong('type')))();
  return `RRULE:${rule};INTERVAL=${interval}${endOf(range, zone, allDay, wrong)}`;
}

function endOf(range: Record<string, unknown>, zone: string, allDay: boolean, wrong: (what: string) => never): string {
  if (range.type === 'noEnd') return '';
  if (range.type === 'numbered') return `;COUNT=${Number(range.numberOfOccurrences) || wrong('numberOfOccurrences')}`;
  if (range.type !== 'endDate' || !isLocalDate(String(range.endDate))) return wrong('range');
  const date = String(range.endDate);
  if (allDay) return `;UNTIL=${date.replaceAll('-', '')}`;
  const last = endInstant(date, 1440, typeof range.recurrenceTimeZone === 'string' ? zoneOf(range.recurrenceTimeZone) : zone) - 1000;
  return `;UNTIL=${new Date(last).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
