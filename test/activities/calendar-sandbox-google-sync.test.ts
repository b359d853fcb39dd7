/**
 * Goal: lists, incremental synchronization and series behave as Google documents; the sandbox is driven by Google's own client, and each
 * answer judged by Google's OpenAPI document.
 */
import { expect } from 'chai';
import type { calendar_v3 } from '@googleapis/calendar';
import { newEmail, refusalOf, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';

const on = (date: string, time: string) => ({ dateTime: `${date}T${time}:00`, timeZone: 'Europe/Lisbon' });
const startOf = ({ start }: calendar_v3.Schema$Event) => start?.dateTime ?? start?.date;

describe('calendar sandbox, Google, lists', () => {
  let sandbox: TestSandbox;
  let api: calendar_v3.Calendar;
  let email: string;
  const calendarId = 'primary';
  const insert = async (date: string, change: calendar_v3.Schema$Event = {}) =>
    (await api.events.insert({ calendarId, requestBody: { summary: 'Cut', start: on(date, '09:00'), end: on(date, '10:00'), ...change } }))
      .data.id!;
  const list = async (query: calendar_v3.Params$Resource$Events$List = {}) => (await api.events.list({ calendarId, ...query })).data;
  const tokenOf = async (query: calendar_v3.Params$Resource$Events$List = {}) => (await list(query)).nextSyncToken!;

  before(async () => {
    sandbox = await startSandbox({ now: () => Date.parse('2026-10-01T12:00:00Z') });
  });
  beforeEach(() => {
    email = newEmail();
    api = sandbox.google(sandbox.addAccount({ provider: 'google', email, timeZone: 'Europe/Lisbon' }));
  });
  afterEach(() => expect(sandbox.contract.violations).to.deep.equal([]));
  after(() => sandbox?.stop());

  it('a list, of a window, has what overlaps it and not what only touches it', async () => {
    await insert('2026-11-25');
    const inside = await insert('2026-11-26');
    await insert('2026-11-27');
    const { items } = await list({
      timeMin: '2026-11-25T10:00:00Z',
      timeMax: '2026-11-27T09:00:00Z',
      singleEvents: true,
      orderBy: 'startTime',
    });
    expect(items?.map(({ id }) => id)).to.deep.equal([inside]);
    expect(await refusalOf(list({ timeMin: '2026-11-25' }))).to.equal('400 badRequest');
    expect(await refusalOf(list({ timeMin: '2026-11-26T00:00:00Z', timeMax: '2026-11-25T00:00:00Z' }))).to.equal('400 timeRangeEmpty');
    expect(await refusalOf(list({ orderBy: 'startTime' }))).to.equal('400 badRequest');
  });

  it('a list, in pages, has each event once and the sync token on its last page alone', async () => {
    const made = [await insert('2026-11-25'), await insert('2026-11-26'), await insert('2026-11-27')];
    const first = await list({ maxResults: 2 });
    const second = await list({ maxResults: 2, pageToken: first.nextPageToken! });
    expect([...first.items!, ...second.items!].map(({ id }) => id)).to.deep.equal(made);
    expect([first.nextSyncToken, second.nextPageToken]).to.deep.equal([undefined, undefined]);
    expect(second.nextSyncToken).to.be.a('string');
    expect(await refusalOf(list({ pageToken: 'unknown' }))).to.equal('400 invalid');
  });

  it('a list, between whose pages an event was changed, tells it with the token of its last page', async () => {
    const changed = await insert('2026-11-25');
    await insert('2026-11-26');
    const first = await list({ maxResults: 1 });
    await api.events.patch({ calendarId, eventId: changed, requestBody: { summary: 'Later' } });
    const second = await list({ maxResults: 1, pageToken: first.nextPageToken! });
    const { items } = await list({ syncToken: second.nextSyncToken! });
    expect(items?.map(({ id, summary }) => [id, summary])).to.deep.equal([[changed, 'Later']]);
  });

  it('a private property, asked for, finds its event alone, and gives no sync token', async () => {
    const mine = await insert('2026-11-25', { extendedProperties: { private: { appointment: 'a1', network: 'n1' } } });
    await insert('2026-11-25', { extendedProperties: { private: { appointment: 'a2', network: 'n1' } } });
    const found = await list({ privateExtendedProperty: ['appointment=a1', 'network=n1'] });
    expect(found.items?.map(({ id }) => id)).to.deep.equal([mine]);
    expect(found).not.to.have.property('nextSyncToken');
    expect((await list({ iCalUID: `${mine}@google.com` })).items).to.have.length(1);
  });

  it('a sync token, used, brings what was added, changed and deleted since, and once', async () => {
    const [changed, deleted] = [await insert('2026-11-25'), await insert('2026-11-26')];
    const syncToken = await tokenOf();
    const added = await insert('2026-11-27');
    await api.events.patch({ calendarId, eventId: changed, requestBody: { summary: 'Later' } });
    await api.events.delete({ calendarId, eventId: deleted });
    const { items, nextSyncToken } = await list({ syncToken });
    expect(items?.map(({ id, status, summary }) => ({ id, status, summary }))).to.have.deep.members([
      { id: changed, status: 'confirmed', summary: 'Later' },
      { id: deleted, status: 'cancelled', summary: undefined },
      { id: added, status: 'confirmed', summary: 'Cut' },
    ]);
    expect((await list({ syncToken: nextSyncToken! })).items).to.deep.equal([]);
    expect((await list({ syncToken, showDeleted: true })).items?.find(({ id }) => id === deleted)?.summary).to.equal('Cut');
  });

  it('an event, moved out of the window of a synchronization, is told where it is now, not as deleted', async () => {
    const window = { singleEvents: true, timeMin: '2026-11-01T00:00:00Z', timeMax: '2026-12-01T00:00:00Z' };
    const moved = await insert('2026-11-25');
    const syncToken = await tokenOf(window);
    await api.events.patch({
      calendarId,
      eventId: moved,
      requestBody: { start: on('2027-01-05', '09:00'), end: on('2027-01-05', '10:00') },
    });
    expect((await list({ syncToken, singleEvents: true })).items?.map((one) => [one.id, one.status, startOf(one)])).to.deep.equal([
      [moved, 'confirmed', '2027-01-05T09:00:00Z'],
    ]);
  });

  it('a sync token, together with a filter, is refused', async () => {
    const syncToken = await tokenOf();
    for (const query of [
      { timeMin: '2026-11-25T00:00:00Z' },
      { timeMax: '2026-11-25T00:00:00Z' },
      { orderBy: 'updated' },
      { q: 'x' },
      { iCalUID: 'x' },
      { updatedMin: '2026-11-25T00:00:00Z' },
      { privateExtendedProperty: ['a=b'] },
      { showDeleted: false },
    ]) {
      expect(await refusalOf(list({ syncToken, ...query })), JSON.stringify(query)).to.match(/^400 /);
    }
  });

  it('a sync token, expired, asks for a full synchronization', async () => {
    const syncToken = await tokenOf();
    sandbox.byHand.expireSync(email);
    expect(await refusalOf(list({ syncToken }))).to.equal('410 fullSyncRequired');
    expect(await refusalOf(list({ syncToken: await tokenOf() }))).to.equal('done');
    expect(await refusalOf(list({ syncToken: 'rubbish' }))).to.equal('400 invalid');
  });

  it('deleted events, of a list without a token, are there when asked for', async () => {
    const deleted = await insert('2026-11-25');
    await api.events.delete({ calendarId, eventId: deleted });
    expect((await list()).items).to.deep.equal([]);
    expect((await list({ showDeleted: true })).items?.map(({ id, status }) => [id, status])).to.deep.equal([[deleted, 'cancelled']]);
    expect((await list({ updatedMin: '2026-09-01T00:00:00Z' })).items).to.have.length(1);
  });

  describe('series', () => {
    let series: string;
    const window = { singleEvents: true, timeMin: '2026-10-01T00:00:00Z', timeMax: '2026-12-01T00:00:00Z' };
    const starts = async (query = {}) => (await list({ ...window, orderBy: 'startTime', ...query })).items?.map(startOf);

    beforeEach(async () => {
      series = await insert('2026-10-20', { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] });
    });

    it('its instances, across the end of summer time, stay at their time of day', async () => {
      expect(await starts()).to.deep.equal(['2026-10-20T09:00:00+01:00', '2026-10-27T09:00:00Z', '2026-11-03T09:00:00Z']);
      const { items } = (await api.events.instances({ calendarId, eventId: series })).data;
      expect(items?.map(({ id, recurringEventId, recurrence }) => ({ id, recurringEventId, recurrence }))).to.deep.equal(
        ['20261020T080000Z', '20261027T090000Z', '20261103T090000Z'].map((stamp) => ({
          id: `${series}_${stamp}`,
          recurringEventId: series,
          recurrence: undefined,
        })),
      );
    });

    it('without expansion it is one event with its rule', async () => {
      expect((await list()).items?.map(({ id, recurrence }) => ({ id, recurrence }))).to.deep.equal([
        { id: series, recurrence: ['RRULE:FREQ=WEEKLY;COUNT=3'] },
      ]);
    });

    it('UNTIL, EXDATE and a list of whole days are kept to', async () => {
      await api.events.delete({ calendarId, eventId: series });
      await insert('2026-10-20', { recurrence: ['RRULE:FREQ=DAILY;UNTIL=20261023T080000Z', 'EXDATE;TZID=Europe/Lisbon:20261021T090000'] });
      await insert('2026-10-20', { start: { date: '2026-10-24' }, end: { date: '2026-10-25' }, recurrence: ['RRULE:FREQ=DAILY;COUNT=2'] });
      expect(await starts()).to.deep.equal([
        '2026-10-20T09:00:00+01:00',
        '2026-10-22T09:00:00+01:00',
        '2026-10-23T09:00:00+01:00',
        '2026-10-24',
        '2026-10-25',
      ]);
    });

    it('an instance, moved, is an exception that knows where it was', async () => {
      const id = `${series}_20261027T090000Z`;
      const syncToken = await tokenOf(window);
      await api.events.patch({
        calendarId,
        eventId: id,
        requestBody: { start: on('2026-10-28', '15:00'), end: on('2026-10-28', '16:00') },
      });
      expect(await starts()).to.deep.equal(['2026-10-20T09:00:00+01:00', '2026-10-28T15:00:00Z', '2026-11-03T09:00:00Z']);
      const { items } = await list({ syncToken, singleEvents: true });
      expect(
        items?.map((one) => ({
          id: one.id,
          start: startOf(one),
          was: one.originalStartTime?.dateTime,
          recurringEventId: one.recurringEventId,
        })),
      ).to.deep.equal([{ id, start: '2026-10-28T15:00:00Z', was: '2026-10-27T09:00:00Z', recurringEventId: series }]);
    });

    it('an instance, deleted, is told as cancelled, with and without expansion', async () => {
      const id = `${series}_20261027T090000Z`;
      const [expanded, whole] = [await tokenOf(window), await tokenOf()];
      await api.events.delete({ calendarId, eventId: id });
      expect(await starts()).to.deep.equal(['2026-10-20T09:00:00+01:00', '2026-11-03T09:00:00Z']);
      for (const found of [(await list({ syncToken: expanded, singleEvents: true })).items, (await list({ syncToken: whole })).items]) {
        expect(
          found?.map((one) => ({ id: one.id, status: one.status, series: one.recurringEventId, was: one.originalStartTime?.dateTime })),
        ).to.deep.equal([{ id, status: 'cancelled', series, was: '2026-10-27T09:00:00Z' }]);
      }
      expect((await list()).items?.map(({ status }) => status)).to.deep.equal(['confirmed', 'cancelled']);
      expect(await refusalOf(api.events.delete({ calendarId, eventId: id }))).to.equal('410 deleted');
    });

    it('the series, deleted, is told as the end of each instance', async () => {
      const syncToken = await tokenOf(window);
      await api.events.delete({ calendarId, eventId: series });
      const { items } = await list({ syncToken, singleEvents: true });
      expect(items?.map(({ status }) => status)).to.deep.equal(['cancelled', 'cancelled', 'cancelled']);
      expect(await starts()).to.deep.equal([]);
    });

    it('the series, moved, is told as new instances and the end of the old', async () => {
      const syncToken = await tokenOf(window);
      await api.events.patch({
        calendarId,
        eventId: series,
        requestBody: { start: on('2026-10-20', '15:00'), end: on('2026-10-20', '16:00') },
      });
      const { items } = await list({ syncToken, singleEvents: true });
      expect(items?.filter(({ status }) => status === 'cancelled')).to.have.length(3);
      expect(items?.filter(({ status }) => status === 'confirmed').map(startOf)).to.deep.equal([
        '2026-10-20T15:00:00+01:00',
        '2026-10-27T15:00:00Z',
        '2026-11-03T15:00:00Z',
      ]);
    });
  });

  it('free and busy, asked for, merges what takes time and leaves out what does not', async () => {
    await insert('2026-11-25');
    await insert('2026-11-25', { start: on('2026-11-25', '09:30'), end: on('2026-11-25', '11:00') });
    await insert('2026-11-25', { start: on('2026-11-25', '12:00'), end: on('2026-11-25', '13:00'), transparency: 'transparent' });
    await insert('2026-11-26', { start: { date: '2026-11-26' }, end: { date: '2026-11-27' } });
    const { data } = await api.freebusy.query({
      requestBody: {
        timeMin: '2026-11-25T00:00:00Z',
        timeMax: '2026-11-26T12:00:00Z',
        items: [{ id: email }, { id: 'nobody@example.com' }],
      },
    });
    expect(data.calendars?.[email]?.busy).to.deep.equal([
      { start: '2026-11-25T09:00:00Z', end: '2026-11-25T11:00:00Z' },
      { start: '2026-11-26T00:00:00Z', end: '2026-11-26T12:00:00Z' },
    ]);
    expect(data.calendars?.['nobody@example.com']?.errors).to.deep.equal([{ domain: 'global', reason: 'notFound' }]);
  });
});
