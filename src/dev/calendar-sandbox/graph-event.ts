/** Graph's event: what a client may write, and what is shown of it. Source: https://learn.microsoft.com/en-us/graph/api/resources/event */
import { startInstant, toWall } from '../../domain/time.ts';
import { isJson, text } from './answer.ts';
import { refuse } from './graph-errors.ts';
import { ruleOf } from './graph-recurrence.ts';
import { readTime, showTime, type Preferences } from './graph-zone.ts';
import { created, type Account, type Calendar, type Json, type Shape, type Version } from './state.ts';
import type { Instance } from './views.ts';

const writableFields = [
  'subject',
  'body',
  'start',
  'end',
  'location',
  'locations',
  'attendees',
  'showAs',
  'isAllDay',
  'importance',
  'sensitivity',
  'categories',
  'recurrence',
  'reminderMinutesBeforeStart',
  'isReminderOn',
  'responseRequested',
  'allowNewTimeProposals',
  'hideAttendees',
  'isOnlineMeeting',
  'onlineMeetingProvider',
  'singleValueExtendedProperties',
];
const showAsValues = ['unknown', 'free', 'tentative', 'busy', 'oof', 'workingElsewhere'];

/** What is kept of a request's body; a transactionId can be given at creation alone. Graph refuses what it does not know. */
export function writable(body: Json, creating: boolean): Json {
  const kept = Object.entries(body).filter(([name]) => writableFields.includes(name) || (creating && name === 'transactionId'));
  for (const name of Object.keys(body)) {
    if (!/^[a-z]+[A-Za-z]*$/.test(name) && !name.includes('@odata.'))
      refuse(
        'BadRequest',
        `The property '${name}' does not exist on type 'microsoft.graph.event'. ` +
          'Make sure to only use property names that are defined by the type.',
      );
  }
  const showAs = text(body.showAs) ?? '';
  if (body.showAs !== undefined && !showAsValues.includes(showAs)) refuse('BadRequest', `Requested value '${showAs}' was not found.`);
  return Object.fromEntries(kept);
}

/** PATCH: what is named is replaced; extended properties are replaced one by one, by their id. */
export function merge(before: Json, change: Json): Json {
  const old = propertiesOf(before);
  const given = propertiesOf(change);
  const properties = [...old.filter(({ id }) => !given.some((one) => one.id === id)), ...given];
  return { ...before, ...change, ...(properties.length > 0 && { singleValueExtendedProperties: properties }) };
}

export const propertiesOf = ({ singleValueExtendedProperties: all }: Json): { id: string; value: string }[] =>
  (Array.isArray(all) ? all.filter(isJson) : []).map(({ id, value }) => ({ id: String(id), value: String(value) }));

/** An all-day event is kept as dates of its calendar: it has no instant of its own. */
export function shapeOf(body: Json, calendar: Calendar): Shape {
  const [start, end] = [readTime(body.start, 'start'), readTime(body.end, 'end')];
  const allDay = body.isAllDay === true;
  if (allDay && !(start.midnight && end.midnight))
    refuse('ErrorPropertyValidationFailure', 'The Event.Start and Event.End properties of an all-day event need to be set to midnight.');
  const day = (time: { at: number; zone: string }) => startInstant(toWall(time.at, time.zone).date, 0, calendar.timeZone);
  const [from, to] = allDay ? [day(start), day(end)] : [start.at, end.at];
  if (to < from || (allDay && to === from)) refuse('ErrorCalendarEndDateIsEarlierThanStartDate');
  const label = text(body.showAs) ?? 'busy';
  const zone = allDay ? calendar.timeZone : start.zone;
  return {
    title: text(body.subject) ?? '',
    start: from,
    end: to,
    allDay,
    zone,
    busy: label !== 'free' && label !== 'workingElsewhere',
    label,
    rules: isJson(body.recurrence) ? [ruleOf(body.recurrence, zone, allDay)] : null,
  };
}

export const changeKeyOf = ({ revision, at }: Version): string => Buffer.from(`${at}.${revision}`).toString('base64');
export const etagOf = (version: Version): string => `W/"${changeKeyOf(version)}"`;

const iso = (instant: number): string => `${new Date(instant).toISOString().slice(0, 23)}0000Z`;
const zoneNameIn = (value: unknown): string => (isJson(value) ? text(value.timeZone) : undefined) ?? 'UTC';

/** A time of an event in the zone that was asked for; whole days are the same dates in every zone. */
function shown(instant: number, { allDay }: Shape, calendar: Calendar, { zone, zoneName }: Preferences) {
  return allDay
    ? { dateTime: `${toWall(instant, calendar.timeZone).date}T00:00:00.0000000`, timeZone: zoneName }
    : showTime(instant, zone, zoneName);
}

const typeOf = ({ master, entry, version }: Instance): string => {
  if (master !== null) return entry === master ? 'occurrence' : 'exception';
  return version.shape.rules === null ? 'singleInstance' : 'seriesMaster';
};

export type Shown = { account: Account; calendar: Calendar; preferences: Preferences };

/** The whole resource, without extended properties: these are shown when they are expanded. */
export function resourceOf(one: Instance, { account, calendar, preferences }: Shown): Json {
  const { entry, version, master } = one;
  const { singleValueExtendedProperties: _hidden, recurrence, body: given, ...body } = version.body;
  const content: Json = isJson(given) ? given : { contentType: 'html', content: '' };
  const organizer = { emailAddress: { name: account.name, address: account.email } };
  return {
    '@odata.etag': etagOf(version),
    id: one.id,
    createdDateTime: iso(created(entry).at),
    lastModifiedDateTime: iso(version.at),
    changeKey: changeKeyOf(version),
    categories: [],
    transactionId: null,
    originalStartTimeZone: zoneNameIn(body.start),
    originalEndTimeZone: zoneNameIn(body.end),
    iCalUId: (master ?? entry).uid,
    reminderMinutesBeforeStart: 15,
    isReminderOn: true,
    hasAttachments: false,
    subject: '',
    bodyPreview: (text(content.content) ?? '').replaceAll(/<[^>]*>/g, '').slice(0, 255),
    importance: 'normal',
    sensitivity: 'normal',
    isAllDay: false,
    isCancelled: false,
    isOrganizer: true,
    responseRequested: true,
    showAs: 'busy',
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(one.id)}&exvsurl=1&path=/calendar/item`,
    onlineMeetingUrl: null,
    isOnlineMeeting: false,
    onlineMeetingProvider: 'unknown',
    allowNewTimeProposals: true,
    isDraft: false,
    hideAttendees: false,
    onlineMeeting: null,
    responseStatus: { response: 'organizer', time: '0001-01-01T00:00:00Z' },
    location: { displayName: '' },
    locations: [],
    attendees: [],
    organizer,
    ...body,
    body: content,
    type: typeOf(one),
    seriesMasterId: master?.id ?? null,
    recurrence: master === null && isJson(recurrence) ? recurrence : null,
    start: shown(one.start, version.shape, calendar, preferences),
    end: shown(one.end, version.shape, calendar, preferences),
    ...(master && one.originalStart !== null && { originalStart: `${new Date(one.originalStart).toISOString().slice(0, 19)}Z` }),
  };
}
