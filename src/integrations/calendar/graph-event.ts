/**
 * A visit as Microsoft Graph's event, and what an event of Graph's means to us. Pure. Source:
 * https://learn.microsoft.com/en-us/graph/api/resources/event
 */
import { v5 as uuidv5 } from 'uuid';
import type { Interval } from '../../domain/rules.ts';
import { DAY, isTimeZone, minuteOfDay, parseInstant, startInstant, toWall } from '../../domain/time.ts';
import { lines, oneLine } from '../invitation.ts';
import type { CalendarEvent, RemoteObject } from './calendar.ts';
import { markOf, spanOf } from './write-object.ts';

type GraphTime = { dateTime?: string; timeZone?: string } | null;
/** As far as we read it. In a round of changes a plain occurrence has its times and its series alone. */
export type GraphEvent = {
  id: string;
  '@odata.etag'?: string;
  '@removed'?: unknown;
  type?: string;
  seriesMasterId?: string | null;
  iCalUId?: string | null;
  transactionId?: string | null;
  createdDateTime?: string;
  start?: GraphTime;
  end?: GraphTime;
  originalStartTimeZone?: string | null;
  originalEndTimeZone?: string | null;
  isAllDay?: boolean;
  isCancelled?: boolean;
  showAs?: string;
  responseStatus?: { response?: string } | null;
  singleValueExtendedProperties?: { id: string; value: string }[];
};

/** Ours in every mailbox, for ever: what was written with another is not found again. */
const namespace = '6f0c1a5e-8a0b-4c55-9d0e-5b8f3f1f7c21';
/** https://learn.microsoft.com/en-us/graph/api/resources/extended-properties-overview */
const property = (name: string): string => `String {${namespace}} Name ${name}`;
const [kindProperty, uidProperty, markProperty] = ['PunctualKind', 'PunctualUid', 'PunctualMark'].map(property) as [string, string, string];

const carries = (id: string, value: string): string =>
  `singleValueExtendedProperties/Any(ep: ep/id eq '${id}' and ep/value eq '${value.replaceAll("'", "''")}')`;
export const carriesUid = (uid: string): string => carries(uidProperty, uid);
export const isVisit = carries(kindProperty, 'visit');
/** What we must know of an event to write it. */
export const lookedAt = {
  $select: 'id,type,start,end,isAllDay,isCancelled,showAs,createdDateTime',
  $expand: `singleValueExtendedProperties($filter=id eq '${uidProperty}' or id eq '${markProperty}')`,
};

/** Graph gives ids of properties back in another case than they were written in. */
const kept = (event: GraphEvent, id: string): string | null =>
  event.singleValueExtendedProperties?.find((each) => each.id.toLowerCase() === id.toLowerCase())?.value ?? null;
export const uidOf = (event: GraphEvent): string | null => kept(event, uidProperty);
export const marksOf = (event: GraphEvent): { uid: string | null; mark: string | null } => ({
  uid: uidOf(event),
  mark: kept(event, markProperty),
});

/**
 * Graph answers a repeated creation by the event of the first ("to avoid redundant POST operations in case of client retries"), for as long
 * as it remembers. Known before the first call, so that no answer can be lost with it. One that was used, by an event that is gone, stays
 * used: then comes the next generation.
 */
export const transactionIdOf = (uid: string, generation: number): string => uuidv5(`${uid} ${generation}`, namespace);
/** Whether an event may be ours: UUIDs of version 5 are not what Outlook gives its own. */
export const mayBeOurs = ({ transactionId }: GraphEvent): boolean => /^[\da-f]{8}-[\da-f]{4}-5/i.test(transactionId ?? '');

/**
 * Times go in UTC: of the IANA zones Graph documents a few dozen, Europe/Lisbon not among them, and an owner sees his own zone in any case
 * (https://learn.microsoft.com/en-us/graph/api/resources/datetimetimezone). Guests are left alone: naming them would write to them.
 */
export function writeEvent(event: CalendarEvent, there: GraphEvent | null): object {
  const { from, to } = spanOf(event);
  const time = (instant: number) => ({ dateTime: new Date(instant).toISOString().slice(0, 19), timeZone: 'UTC' });
  return {
    subject: oneLine(event.summary),
    body: { contentType: 'text', content: lines(event.description) },
    location: { displayName: oneLine(event.location) },
    start: time(from),
    end: time(to),
    isAllDay: false,
    showAs: showAsOf(event),
    ...(there?.type === 'seriesMaster' && { recurrence: null }),
    singleValueExtendedProperties: [
      { id: kindProperty, value: 'visit' },
      { id: uidProperty, value: event.uid },
      { id: markProperty, value: markOf(event) },
    ],
  };
}

/** Whether nothing has to be written. The mark stays when the owner changes the event: so what decides about time is looked at itself. */
export function isWritten(event: CalendarEvent, there: GraphEvent): boolean {
  const { from, to } = spanOf(event);
  return (
    marksOf(there).mark === markOf(event) &&
    there.showAs === showAsOf(event) &&
    there.isAllDay !== true &&
    there.isCancelled !== true &&
    there.type !== 'seriesMaster' &&
    instantOf(there.start) === from &&
    instantOf(there.end) === to
  );
}

const showAsOf = ({ isTentative }: CalendarEvent): string => (isTentative ? 'tentative' : 'busy');

/** We ask for UTC; a time in another zone is one that we cannot read. */
const instantOf = (time: GraphTime | undefined): number | null =>
  time?.dateTime && time.timeZone?.toUpperCase() === 'UTC' ? parseInstant(`${time.dateTime.replace(/Z$/, '')}Z`) : null;

/**
 * A whole day is the same date in every zone. Graph may tell its midnight in UTC or as the instant of midnight in the zone that it was
 * entered in.
 */
function dayOf(time: GraphTime | undefined, enteredIn: string | null | undefined, timeZone: string): number | null {
  const instant = instantOf(time);
  if (instant === null) return null;
  const zone = ['UTC', enteredIn, timeZone].find((each) => each && isTimeZone(each) && minuteOfDay(instant, each) === 0);
  // Windows' name of a zone: from midnight in nearly any, half a day later is the same date in UTC.
  const date = zone ? toWall(instant, zone).date : new Date(instant + DAY / 2).toISOString().slice(0, 10);
  return startInstant(date, 0, timeZone);
}

/**
 * A single event, or one occurrence of a series with what its master says. Whole days are of `timeZone`. Whose it is, is told by others.
 */
export function readEvent(event: GraphEvent, window: Interval, timeZone: string): RemoteObject {
  const object = { remoteId: event.id, etag: event['@odata.etag'] ?? '', uid: event.iCalUId ?? null, mark: null };
  const [from, to] =
    event.isAllDay === true
      ? [dayOf(event.start, event.originalStartTimeZone, timeZone), dayOf(event.end, event.originalEndTimeZone, timeZone)]
      : [instantOf(event.start), instantOf(event.end)];
  if (from === null || to === null) return { ...object, busy: [], isUnreadable: true };
  const cut = { from: Math.max(from, window.from), to: Math.min(to, window.to) };
  return { ...object, busy: isBusy(event) && cut.from < cut.to ? [cut] : [] };
}

/** Being elsewhere keeps nobody busy; absence does, and what may come to be. */
const isBusy = ({ showAs, isCancelled, responseStatus }: GraphEvent): boolean =>
  showAs !== 'free' && showAs !== 'workingElsewhere' && isCancelled !== true && responseStatus?.response !== 'declined';
/** When it is, as far as one can tell, in UTC: for looking it up. */
export const whenIs = (event: GraphEvent): Interval | null => {
  const [from, to] = [instantOf(event.start), instantOf(event.end)];
  return from === null || to === null ? null : { from, to };
};
