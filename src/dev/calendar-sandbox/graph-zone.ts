/**
 * Graph's times: a wall time and the name of a zone, Windows' or IANA's. Source:
 * https://learn.microsoft.com/en-us/graph/api/resources/datetimetimezone
 */
import { findIana } from 'windows-iana';
import { isTimeZone, parseInstant, resolveLocal, toWall } from '../../domain/time.ts';
import { isJson, text, type Call } from './answer.ts';
import { refuse } from './graph-errors.ts';

export type DateTimeTimeZone = { dateTime: string; timeZone: string };

/** The IANA zone that a name means, or 400. Windows' names mean the zone that CLDR gives for no particular country. */
export function zoneOf(name: string): string {
  if (/^(utc|etc\/gmt|coordinated universal time)$/i.test(name)) return 'UTC';
  const found = findIana(name)[0] ?? name;
  return isTimeZone(found)
    ? found
    : refuse(
        'TimeZoneNotSupportedException',
        `A valid TimeZone value must be specified. The following TimeZone value is not supported: '${name}'.`,
      );
}

/** The instant, and the zone as it was named. A time with an offset of its own is that instant, whatever zone is named. */
export function readTime(value: unknown, name: string): { at: number; zone: string; zoneName: string; midnight: boolean } {
  if (!isJson(value) || typeof value.dateTime !== 'string')
    return refuse('ErrorPropertyValidationFailure', `The property '${name}' is required.`);
  const zoneName = text(value.timeZone) ?? 'UTC';
  const zone = zoneOf(zoneName);
  const instant = parseInstant(value.dateTime.replace(/(\.\d{1,9})\d*/, '$1'));
  if (instant !== null) return { at: instant, zone, zoneName, midnight: toWall(instant, zone).minute === 0 };
  const match =
    /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.\d+)?)?)?$/.exec(value.dateTime) ??
    refuse('ErrorPropertyValidationFailure', `The value of '${name}' is not a date and time.`);
  const found = resolveLocal(`${match[1]}T${match[2] ?? '00:00'}`, zone);
  const at = found.kind === 'exact' ? found.instant : found.kind === 'ambiguous' ? found.instants[0] : found.nextInstant;
  return { at: at + Number(match[3] ?? 0) * 1000, zone, zoneName, midnight: (match[2] ?? '00:00') === '00:00' };
}

export const showTime = (instant: number, zone: string, zoneName: string): DateTimeTimeZone => ({
  dateTime: `${toWall(instant, zone).iso.slice(0, 19)}.0000000`,
  timeZone: zoneName,
});

export type Preferences = { zone: string; zoneName: string; pageSize: number | null; applied: string[] };

/**
 * What `Prefer` asks for; "if not specified, those time values are returned in UTC"
 * (https://learn.microsoft.com/en-us/graph/api/user-list-events).
 */
export function preferencesOf(call: Call): Preferences {
  const given = call.header('Prefer') ?? '';
  const zoneName = /outlook\.timezone\s*=\s*"?([^",;]+)"?/i.exec(given)?.[1]?.trim();
  const size = /odata\.maxpagesize\s*=\s*(\d+)/i.exec(given)?.[1];
  const applied = [...(zoneName ? [`outlook.timezone="${zoneName}"`] : []), ...(size ? [`odata.maxpagesize=${size}`] : [])];
  return { zone: zoneOf(zoneName ?? 'UTC'), zoneName: zoneName ?? 'UTC', pageSize: size ? Math.max(1, Number(size)) : null, applied };
}

export const appliedHeader = ({ applied }: Preferences): Record<string, string> =>
  applied.length > 0 ? { 'Preference-Applied': applied.join(', ') } : {};
