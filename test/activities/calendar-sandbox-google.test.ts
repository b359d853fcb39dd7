/**
 * Goal: what our calendar code meets in tests is what Google documents. The sandbox is driven by Google's own client, and each answer is
 * judged by Google's OpenAPI document (Prism), with unknown fields forbidden.
 */
import { expect } from 'chai';
import type { calendar_v3 } from '@googleapis/calendar';
import { newEmail, refusalOf, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';

const at = (time: string, timeZone = 'Europe/Lisbon') => ({ dateTime: `2026-11-27T${time}:00`, timeZone });
const visit = (change: calendar_v3.Schema$Event = {}): calendar_v3.Schema$Event => ({
  summary: 'Cut, Ana',
  start: at('10:30'),
  end: at('11:00'),
  ...change,
});
let serial = 0;
const newId = () => `0000${(++serial).toString(32)}`.replaceAll(/[w-z]/g, 'a');

describe('calendar sandbox, Google, one event', () => {
  let sandbox: TestSandbox;
  let api: calendar_v3.Calendar;
  let email: string;
  const calendarId = 'primary';
  const insert = async (change: calendar_v3.Schema$Event = {}) =>
    (await api.events.insert({ calendarId, requestBody: visit(change) })).data;
  const get = async (eventId: string) => (await api.events.get({ calendarId, eventId })).data;

  before(async () => {
    sandbox = await startSandbox();
  });
  beforeEach(() => {
    email = newEmail();
    api = sandbox.google(sandbox.addAccount({ provider: 'google', email, timeZone: 'Europe/Lisbon' }));
  });
  afterEach(() => expect(sandbox.contract.violations).to.deep.equal([]));
  after(() => sandbox?.stop());

  it("an event, inserted with an id, is read back as it was written, in the calendar's zone", async () => {
    const id = newId();
    const extendedProperties = { private: { appointment: 'a1' } };
    const made = await insert({ id, description: 'Beard too', location: 'Rua Augusta', extendedProperties });
    expect(await get(id)).to.deep.equal(made);
    expect(made).to.deep.include({
      id,
      summary: 'Cut, Ana',
      description: 'Beard too',
      location: 'Rua Augusta',
      extendedProperties,
      status: 'confirmed',
      iCalUID: `${id}@google.com`,
      sequence: 0,
      eventType: 'default',
    });
    expect(made.start).to.deep.equal({ dateTime: '2026-11-27T10:30:00Z', timeZone: 'Europe/Lisbon' });
    expect(made.organizer).to.deep.equal({ email, self: true });
  });

  it('an event, written for another zone, is shown at the same instant, in the zone that a request asks for', async () => {
    const { id } = await insert({ start: at('10:30', 'Atlantic/Azores'), end: at('11:00', 'Atlantic/Azores') });
    expect((await get(id!)).start).to.deep.equal({ dateTime: '2026-11-27T11:30:00Z', timeZone: 'Atlantic/Azores' });
    const { data } = await api.events.get({ calendarId, eventId: id!, timeZone: 'Asia/Kathmandu' });
    expect(data.start?.dateTime).to.equal('2026-11-27T17:15:00+05:45');
  });

  for (const [what, id, expected] of [
    ['of 4 characters', 'abcd', '400 invalid'],
    ['with a letter beyond v', 'abcdez', '400 invalid'],
    ['in capitals', 'ABCDE', '400 invalid'],
    ['with a hyphen', 'abc-de', '400 invalid'],
    ['of 1025 characters', 'a'.repeat(1025), '400 invalid'],
    ['of 5 characters', 'abc0v', 'done'],
    ['of 1024 characters', 'v'.repeat(1024), 'done'],
  ] as const) {
    it(`an id, ${what}, is answered with ${expected}`, async () => expect(await refusalOf(insert({ id }))).to.equal(expected));
  }

  it('an id, used before, is refused as a duplicate, also after its event was deleted', async () => {
    const id = newId();
    await insert({ id });
    expect(await refusalOf(insert({ id }))).to.equal('409 duplicate');
    await api.events.delete({ calendarId, eventId: id });
    expect(await refusalOf(insert({ id }))).to.equal('409 duplicate');
  });

  it('an id, used before where Google does not notice, makes a second event', async () => {
    const id = newId();
    await insert({ id });
    sandbox.settings.googleReusedIds = 'unnoticed';
    try {
      await insert({ id });
    } finally {
      sandbox.settings.googleReusedIds = 'noticed';
    }
    expect((await api.events.list({ calendarId })).data.items?.map((one) => one.id)).to.deep.equal([id, id]);
  });

  for (const [what, change, expected] of [
    ['without an end', { end: null }, '400 required'],
    ['that ends before it starts', { end: at('10:00') }, '400 timeRangeEmpty'],
    ['with a date and a time', { start: { date: '2026-11-27' } }, '400 invalid'],
    ['without a zone or offset', { start: { dateTime: '2026-11-27T10:30:00' } }, '400 required'],
    ['of an unknown zone', { start: at('10:30', 'Europe/Lisboa') }, '400 invalid'],
    [
      'that repeats without a zone',
      { recurrence: ['RRULE:FREQ=DAILY'], start: { dateTime: '2026-11-27T10:30:00Z' }, end: { dateTime: '2026-11-27T11:00:00Z' } },
      '400 required',
    ],
    ['with a rule that cannot be read', { recurrence: ['RRULE:FREQ=SOMETIMES'] }, '400 invalid'],
  ] as const) {
    it(`an event, ${what}, is refused`, async () => expect(await refusalOf(insert(change as calendar_v3.Schema$Event))).to.equal(expected));
  }

  it('a patch, of some fields, leaves the others, merges properties and takes away what is null', async () => {
    const { id } = await insert({
      description: 'Beard too',
      location: 'Rua Augusta',
      extendedProperties: { private: { appointment: 'a1', generation: '1' } },
    });
    const { data } = await api.events.patch({
      calendarId,
      eventId: id!,
      requestBody: { location: null, extendedProperties: { private: { generation: '2' } } },
    });
    expect(data).to.deep.include({
      description: 'Beard too',
      extendedProperties: { private: { appointment: 'a1', generation: '2' } },
      sequence: 0,
    });
    expect(data).not.to.have.property('location');
  });

  it('an event, moved, keeps its id and UID and grows its sequence', async () => {
    const made = await insert();
    const { data } = await api.events.patch({
      calendarId,
      eventId: made.id!,
      sendUpdates: 'none',
      requestBody: { start: at('12:00'), end: at('12:30') },
    });
    expect(data).to.deep.include({
      id: made.id,
      iCalUID: made.iCalUID,
      sequence: 1,
      start: { dateTime: '2026-11-27T12:00:00Z', timeZone: 'Europe/Lisbon' },
    });
    expect(data.etag).not.to.equal(made.etag);
    expect(await refusalOf(api.events.patch({ calendarId, eventId: made.id!, requestBody: { sequence: 0 } }))).to.equal('400 invalid');
  });

  it('an update, without a field, drops it', async () => {
    const { id } = await insert({ description: 'Beard too' });
    const { data } = await api.events.update({ calendarId, eventId: id!, requestBody: visit({ summary: 'Other' }) });
    expect(data.summary).to.equal('Other');
    expect(data).not.to.have.property('description');
  });

  it('a change, with the etag of an older version, is refused, and with the current one done', async () => {
    const { id, etag } = await insert();
    const change = (headers: Record<string, string>) =>
      api.events.patch({ calendarId, eventId: id!, requestBody: { summary: 'Other' } }, { headers });
    const { data } = await change({ 'If-Match': etag! });
    expect(await refusalOf(change({ 'If-Match': etag! }))).to.equal('412 conditionNotMet');
    expect(await refusalOf(api.events.delete({ calendarId, eventId: id! }, { headers: { 'If-Match': etag! } }))).to.equal(
      '412 conditionNotMet',
    );
    expect((await get(id!)).etag).to.equal(data.etag);
    expect(await refusalOf(change({ 'If-Match': '*' }))).to.equal('done');
  });

  it('an event, asked for with the etag that is known, is answered with 304', async () => {
    const { id, etag } = await insert();
    expect((await api.events.get({ calendarId, eventId: id! }, { headers: { 'If-None-Match': etag! } })).status).to.equal(304);
  });

  it('an event, deleted, is gone for a second deletion, can be read as cancelled, and restored', async () => {
    const { id } = await insert();
    expect((await api.events.delete({ calendarId, eventId: id! })).status).to.equal(204);
    expect(await refusalOf(api.events.delete({ calendarId, eventId: id! }))).to.equal('410 deleted');
    expect(await get(id!)).to.deep.include({ id, status: 'cancelled', summary: 'Cut, Ana' });
    const { data } = await api.events.update({ calendarId, eventId: id!, requestBody: visit() });
    expect(data).to.include({ id, status: 'confirmed' });
    expect((await api.events.list({ calendarId })).data.items).to.have.length(1);
  });

  it('an event, of whole days, keeps its dates in every zone', async () => {
    const { id } = await insert({ start: { date: '2026-12-24' }, end: { date: '2026-12-27' }, transparency: 'transparent' });
    const { data } = await api.events.get({ calendarId, eventId: id!, timeZone: 'Pacific/Auckland' });
    expect(data).to.deep.include({ start: { date: '2026-12-24' }, end: { date: '2026-12-27' }, transparency: 'transparent' });
  });

  it('an event or calendar, unknown, is not found; a strange sendUpdates is refused', async () => {
    expect(await refusalOf(get('nothere'))).to.equal('404 notFound');
    expect(await refusalOf(api.events.insert({ calendarId: 'nobody@example.com', requestBody: visit() }))).to.equal('404 notFound');
    expect(await refusalOf(api.events.insert({ calendarId, sendUpdates: 'some', requestBody: visit() }))).to.equal('400 invalid');
  });

  it('the calendar list and the calendar, asked for, name the address as the primary calendar', async () => {
    const { data } = await api.calendarList.list();
    expect(data.items?.map(({ id, primary, accessRole, timeZone }) => ({ id, primary, accessRole, timeZone }))).to.deep.equal([
      { id: email, primary: true, accessRole: 'owner', timeZone: 'Europe/Lisbon' },
    ]);
    expect((await api.calendarList.get({ calendarId })).data.id).to.equal(email);
    expect((await api.calendars.get({ calendarId: email })).data).to.include({ id: email, timeZone: 'Europe/Lisbon' });
  });

  it('another account, by its own token, does not see the calendar', async () => {
    const other = sandbox.google(sandbox.addAccount({ provider: 'google', email: newEmail() }));
    expect(await refusalOf(other.events.list({ calendarId: email }))).to.equal('404 notFound');
  });
});
