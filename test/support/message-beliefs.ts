/**
 * What somebody believes of a visit who has read all that was sent: by the invitations in a mailbox, taken in as calendar programs do, and
 * by the last SMS.
 */
import ICAL from 'ical.js';
import { attachedTo, source, type InboxMail } from './inbox.ts';

type Known = { sequence: number; method: string; when: string };

/** `from to` in ISO text, of an instant each. */
export const spanText = (from: Date | string, to: Date | string): string => `${new Date(from).toISOString()} ${new Date(to).toISOString()}`;

/**
 * The visits that a mailbox holds after its mails, as `spanText`, in order: of each UID the highest SEQUENCE counts, in whatever order the
 * mails came, and a cancellation takes it out (RFC 5546, 2.1.5).
 */
export async function believedBy(mails: InboxMail[]): Promise<string[]> {
  const known = new Map<string, Known>();
  for (const { id } of mails) {
    const raw = await source(id);
    if (!raw.includes('invite.ics')) continue;
    for (const [uid, told] of eventsOf(attachedTo(raw))) if ((known.get(uid)?.sequence ?? -1) <= told.sequence) known.set(uid, told);
  }
  return [...known.values()]
    .filter(({ method }) => method !== 'CANCEL')
    .map(({ when }) => when)
    .sort();
}

function eventsOf(invitation: string): [uid: string, Known][] {
  const calendar = new ICAL.Component(ICAL.parse(invitation));
  const method = String(calendar.getFirstPropertyValue('method'));
  const zones = new Map(
    calendar
      .getAllSubcomponents('vtimezone')
      .map((zone) => new ICAL.Timezone(zone))
      .map((zone) => [zone.tzid, zone]),
  );
  return calendar.getAllSubcomponents('vevent').map((event) => {
    const time = (name: string): Date => {
      const property = event.getFirstProperty(name)!;
      const value = property.getFirstValue() as ICAL.Time;
      const zone = zones.get(property.getFirstParameter('tzid') ?? '');
      if (zone) value.zone = zone;
      return value.toJSDate();
    };
    return [
      String(event.getFirstPropertyValue('uid')),
      { sequence: Number(event.getFirstPropertyValue('sequence')), method, when: spanText(time('dtstart'), time('dtend')) },
    ];
  });
}
