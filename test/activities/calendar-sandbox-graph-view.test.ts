/** Goal: calendar views, series and delta rounds behave as Microsoft documents; each answer is judged by Microsoft's OpenAPI document. */
import { expect } from 'chai';
import { newEmail, startSandbox, type Graph, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';

const at = (date: string, time: string, timeZone = 'Europe/Lisbon') => ({ dateTime: `${date}T${time}:00`, timeZone });
const weekly = {
  pattern: { type: 'weekly', interval: 1, daysOfWeek: ['tuesday'], firstDayOfWeek: 'monday' },
  range: { type: 'numbered', startDate: '2026-10-20', numberOfOccurrences: 3 },
};
const timeOf = (event: Json) => (event.start as { dateTime: string }).dateTime.slice(0, 16);
const window = 'startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z';

describe('calendar sandbox, Graph, views', () => {
  let sandbox: TestSandbox;
  let graph: Graph;
  let email: string;
  const create = async (date: string, change: Json = {}) =>
    (await graph('POST', '/me/events', { subject: 'Cut', start: at(date, '09:00'), end: at(date, '10:00'), ...change })).body;
  const pathOf = ({ id }: Json) => `/me/events/${encodeURIComponent(String(id))}`;
  const view = async () => (await graph('GET', `/me/calendarView?${window}`)).body.value as Json[];
  /** A whole round: all pages, and the link for the next. */
  const round = async (
    link = `/me/calendarView/delta?${window}`,
    headers = {},
  ): Promise<{ items: Json[]; pages: number; deltaLink: string }> => {
    const items: Json[] = [];
    for (let pages = 1, next = link; ; pages++) {
      const { body } = await graph('GET', next, undefined, headers);
      items.push(...(body.value as Json[]));
      const { '@odata.deltaLink': deltaLink, '@odata.nextLink': nextLink } = body as Record<string, string>;
      if (deltaLink !== undefined) return { items, pages, deltaLink };
      next = nextLink!;
    }
  };

  before(async () => {
    sandbox = await startSandbox();
  });
  beforeEach(() => {
    email = newEmail();
    graph = sandbox.graph(sandbox.addAccount({ provider: 'graph', email, timeZone: 'Europe/Lisbon' }));
  });
  afterEach(() => expect(sandbox.contract.violations).to.deep.equal([]));
  after(() => sandbox?.stop());

  it('a view, of a window, has what overlaps it, and without a window it is refused', async () => {
    await create('2026-09-30');
    const { id } = await create('2026-10-01');
    await create('2026-12-01');
    expect((await view()).map((one) => one.id)).to.deep.equal([id]);
    expect((await graph('GET', '/me/calendarView')).status).to.equal(400);
  });

  it('a series, seen in a view, is its occurrences, at their time of day across the end of summer time', async () => {
    const master = await create('2026-10-20', { recurrence: weekly });
    expect(master.type).to.equal('seriesMaster');
    expect((await view()).map((one) => [one.type, one.seriesMasterId, timeOf(one)])).to.deep.equal(
      ['2026-10-20T08:00', '2026-10-27T09:00', '2026-11-03T09:00'].map((time) => ['occurrence', master.id, time]),
    );
    expect(((await graph('GET', '/me/events')).body.value as Json[]).map(({ type }) => type)).to.deep.equal(['seriesMaster']);
    expect((await graph('GET', `${pathOf(master)}/instances?${window}`)).body.value).to.have.length(3);
  });

  for (const [what, pattern, times] of [
    [
      'every other day until a date',
      { pattern: { type: 'daily', interval: 2 }, range: { type: 'endDate', startDate: '2026-10-20', endDate: '2026-10-24' } },
      ['20', '22', '24'],
    ],
    [
      'on the last Tuesday of each month',
      {
        pattern: { type: 'relativeMonthly', interval: 1, daysOfWeek: ['tuesday'], index: 'last' },
        range: { type: 'endDate', startDate: '2026-10-20', endDate: '2026-10-31' },
      },
      ['20', '27'],
    ],
    [
      'on the 20th of each month',
      {
        pattern: { type: 'absoluteMonthly', interval: 1, dayOfMonth: 20 },
        range: { type: 'numbered', startDate: '2026-10-20', numberOfOccurrences: 2 },
      },
      ['20', '20'],
    ],
    ['every day without an end', { pattern: { type: 'daily', interval: 1 }, range: { type: 'noEnd', startDate: '2026-10-20' } }, null],
  ] as const) {
    it(`a series, ${what}, falls on those days`, async () => {
      await create('2026-10-20', { recurrence: pattern });
      const found = (await graph('GET', `/me/calendarView?${window}&$top=100`)).body.value as Json[];
      if (times === null) expect(found).to.have.length(42);
      else expect(found.map((one) => timeOf(one).slice(8, 10))).to.deep.equal(times);
    });
  }

  it('an occurrence, moved or deleted, leaves the others', async () => {
    await create('2026-10-20', { recurrence: weekly });
    const [first, second] = await view();
    const { body } = await graph('PATCH', pathOf(first!), { start: at('2026-10-21', '15:00'), end: at('2026-10-21', '16:00') });
    expect(body).to.deep.include({ type: 'exception', originalStart: '2026-10-20T08:00:00Z' });
    expect((await graph('DELETE', pathOf(second!))).status).to.equal(204);
    expect((await view()).map((one) => [one.type, timeOf(one)])).to.deep.equal([
      ['exception', '2026-10-21T14:00'],
      ['occurrence', '2026-11-03T09:00'],
    ]);
  });

  it('a first round, in pages, has all of the window and ends with a delta link', async () => {
    const made = [await create('2026-10-01'), await create('2026-10-02'), await create('2026-10-03')];
    const { items, pages } = await round(undefined, { Prefer: 'odata.maxpagesize=2' });
    expect(items.map(({ id }) => id)).to.have.members(made.map(({ id }) => id));
    expect(pages).to.equal(2);
  });

  it('a next round, after changes, tells what was added, changed and removed, and once', async () => {
    const [changed, removed, moved] = [await create('2026-10-01'), await create('2026-10-02'), await create('2026-10-03')];
    const { deltaLink } = await round();
    const added = await create('2026-10-04');
    await graph('PATCH', pathOf(changed), { subject: 'Later' });
    await graph('DELETE', pathOf(removed));
    await graph('PATCH', pathOf(moved), { start: at('2027-01-01', '09:00'), end: at('2027-01-01', '10:00') });
    const { items, deltaLink: next } = await round(deltaLink);
    expect(items.map((one) => [one.id, one.subject ?? one['@removed']])).to.have.deep.members([
      [added.id, 'Cut'],
      [changed.id, 'Later'],
      [removed.id, { reason: 'deleted' }],
      [moved.id, { reason: 'deleted' }],
    ]);
    expect((await round(next)).items).to.deep.equal([]);
  });

  it('a series, in a round, is its master in full and its occurrences in brief', async () => {
    const master = await create('2026-10-20', { recurrence: weekly });
    const { items } = await round();
    expect(items.map(({ type }) => type)).to.deep.equal(['seriesMaster', 'occurrence', 'occurrence', 'occurrence']);
    expect(Object.keys(items[1]!)).to.have.members(['@odata.type', '@odata.etag', 'id', 'type', 'seriesMasterId', 'start', 'end']);
    expect(items[1]!.seriesMasterId).to.equal(master.id);
  });

  it('an occurrence, deleted, shows in a round as the rest of its series; where it is told, by its id too', async () => {
    const master = await create('2026-10-20', { recurrence: weekly });
    const { deltaLink } = await round();
    const [first] = await view();
    await graph('DELETE', pathOf(first!));
    expect((await round(deltaLink)).items.map((one) => [one.type, one['@removed']])).to.deep.equal([
      ['seriesMaster', undefined],
      ['occurrence', undefined],
      ['occurrence', undefined],
    ]);
    sandbox.settings.graphRemovedOccurrences = 'told';
    try {
      expect((await round(deltaLink)).items.filter((one) => one['@removed']).map(({ id }) => id)).to.deep.equal([first!.id]);
    } finally {
      sandbox.settings.graphRemovedOccurrences = 'untold';
    }
    const { deltaLink: next } = await round(deltaLink);
    await graph('DELETE', pathOf(master));
    expect((await round(next)).items).to.deep.equal([
      { '@odata.type': '#microsoft.graph.event', id: master.id, '@removed': { reason: 'deleted' } },
    ]);
  });

  for (const code of ['SyncStateNotFound', 'resyncRequired'] as const) {
    it(`a delta link, expired with ${code}, is gone, and the way to begin anew is said`, async () => {
      const { deltaLink } = await round();
      sandbox.byHand.expireSync(email, code);
      const answer = await graph('GET', deltaLink);
      expect([answer.status, (answer.body.error as Json).code]).to.deep.equal([410, code]);
      expect(answer.headers.get('Location')).to.match(/\/me\/calendarView\/delta\?\$deltatoken=$/);
      expect((await round()).items).to.deep.equal([]);
    });
  }

  it('a round, with options that it does not support, is refused', async () => {
    for (const option of ['$select=subject', '$top=5', '$filter=isAllDay eq true'])
      expect((await graph('GET', `/me/calendarView/delta?${window}&${option}`)).status, option).to.equal(400);
  });
});
