/** iCalendar texts as ical.js reads them, a parser that shares no code with the writer. */
import ICAL from 'ical.js';

export type SaidEvent = {
  uid: string;
  sequence: number;
  status: string;
  summary: string;
  location: string;
  description: string;
  start: string;
  end: string;
  stampedAt: string;
  properties: string[];
};

/** What a text says. Zones are known from its own VTIMEZONE alone, instants are ISO text in UTC, what is missing is empty. */
export function readCalendar(text: string): { value: (name: string) => string; zones: string[]; events: SaidEvent[] } {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zones = new Map(
    calendar.getAllSubcomponents('vtimezone').map((zone) => [String(zone.getFirstPropertyValue('tzid')), new ICAL.Timezone(zone)]),
  );
  const valueOf = (component: ICAL.Component, name: string): string => String(component.getFirstPropertyValue(name) ?? '');
  const instant = (event: ICAL.Component, name: string): string => {
    const property = event.getFirstProperty(name);
    const time = property?.getFirstValue() as ICAL.Time;
    const tzid = property?.getFirstParameter('tzid');
    if (tzid !== undefined) {
      const zone = zones.get(tzid);
      if (!zone) throw new Error(`no VTIMEZONE for ${tzid}`);
      time.zone = zone;
    }
    return time.toJSDate().toISOString();
  };
  return {
    value: (name) => valueOf(calendar, name),
    zones: [...zones.keys()],
    events: calendar.getAllSubcomponents('vevent').map((event) => ({
      uid: valueOf(event, 'uid'),
      sequence: Number(valueOf(event, 'sequence')),
      status: valueOf(event, 'status'),
      summary: valueOf(event, 'summary'),
      location: valueOf(event, 'location'),
      description: valueOf(event, 'description'),
      start: instant(event, 'dtstart'),
      end: instant(event, 'dtend'),
      stampedAt: instant(event, 'dtstamp'),
      properties: event.getAllProperties().map(({ name }) => name),
    })),
  };
}

/** Breaches of RFC 5545, 3.1 that parsers forgive. */
export function lineFaults(text: string): string[] {
  const lines = text.split('\r\n');
  return [
    ...(lines.pop() === '' ? [] : ['the last line is open']),
    ...lines.flatMap((line) => [
      ...(Buffer.byteLength(line) > 75 ? [`${Buffer.byteLength(line)} octets: ${line}`] : []),
      ...(/[\p{Cc}\p{Cs}]/u.test(line) ? [`control character: ${line}`] : []),
      ...(line === '' || !/^( |[A-Z-]+[:;])/.test(line) ? [`no property: ${line}`] : []),
    ]),
  ];
}
