/**
 * Goal: what our calendar code meets in tests is what Microsoft documents. The sandbox is asked by plain HTTP, and each answer is judged by
 * Microsoft's own OpenAPI document (Prism), with unknown fields forbidden.
 */
import { expect } from 'chai';
import { newEmail, startSandbox, type Graph, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';

const at = (time: string, timeZone = 'Europe/Lisbon', date = '2026-11-27') => ({ dateTime: `${date}T${time}:00`, timeZone });
const visit = (change: Json = {}): Json => ({ subject: 'Cut, Ana', start: at('10:30'), end: at('11:00'), ...change });
const codeOf = ({ status, body }: { status: number; body: Json }) => `${status} ${(body.error as Json | undefined)?.code as string}`;
const property = (value: string) => ({ id: 'String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Appointment', value });

describe('calendar sandbox, Graph, one event', () => {
  let sandbox: TestSandbox;
  let graph: Graph;
  let email: string;
  const create = async (change: Json = {}, headers = {}) => (await graph('POST', '/me/events', visit(change), headers)).body;
  const pathOf = (event: Json) => `/me/events/${encodeURIComponent(String(event.id))}`;
  const values = (body: Json) => body.value as Json[];

  before(async () => {
    sandbox = await startSandbox();
  });
  beforeEach(() => {
    email = newEmail();
    graph = sandbox.graph(sandbox.addAccount({ provider: 'graph', email, name: 'Rui', timeZone: 'Europe/Lisbon' }));
  });
  afterEach(() => expect(sandbox.contract.violations).to.deep.equal([]));
  after(() => sandbox?.stop());

  it('who signed in and their calendars, asked for, are told', async () => {
    expect((await graph('GET', '/me')).body).to.include({ mail: email, displayName: 'Rui' });
    const [own] = values((await graph('GET', '/me/calendars')).body);
    expect(own).to.deep.include({ isDefaultCalendar: true, canEdit: true, owner: { name: 'Rui', address: email } });
    expect((await graph('GET', '/me/calendar')).body.id).to.equal(own!.id);
    expect((await graph('GET', `/me/calendars/${encodeURIComponent(String(own!.id))}`)).body.id).to.equal(own!.id);
  });

  it('an event, created, is answered with 201 and read back the same, in UTC', async () => {
    const made = await graph(
      'POST',
      '/me/events',
      visit({
        start: at('10:30', 'Azores Standard Time'),
        end: at('11:00', 'Atlantic/Azores'),
        location: { displayName: 'Rua Augusta' },
        body: { contentType: 'text', content: 'Beard too' },
      }),
    );
    expect(made.status).to.equal(201);
    const { body } = await graph('GET', pathOf(made.body));
    expect(body).to.deep.equal(made.body);
    expect(body).to.deep.include({
      subject: 'Cut, Ana',
      start: { dateTime: '2026-11-27T11:30:00.0000000', timeZone: 'UTC' },
      end: { dateTime: '2026-11-27T12:00:00.0000000', timeZone: 'UTC' },
      originalStartTimeZone: 'Azores Standard Time',
      showAs: 'busy',
      type: 'singleInstance',
      isCancelled: false,
      bodyPreview: 'Beard too',
      location: { displayName: 'Rua Augusta' },
    });
  });

  for (const [zone, time] of [
    ['GMT Standard Time', '11:30'],
    ['Azores Standard Time', '10:30'],
    ['Atlantic/Azores', '10:30'],
    ['Nepal Standard Time', '17:15'],
    ['Europe/Kyiv', '13:30'],
  ]) {
    it(`an event, asked for in ${zone}, is shown there, and the preference is said to be applied`, async () => {
      const made = await create({ start: at('11:30'), end: at('12:00') });
      const { body, headers } = await graph('GET', pathOf(made), undefined, { Prefer: `outlook.timezone="${zone}"` });
      expect(body.start).to.deep.equal({ dateTime: `2026-11-27T${time}:00.0000000`, timeZone: zone });
      expect(headers.get('Preference-Applied')).to.equal(`outlook.timezone="${zone}"`);
    });
  }

  for (const [what, change, expected] of [
    ['of an unknown zone', { start: at('10:30', 'Lisbon Time') }, '400 TimeZoneNotSupportedException'],
    ['that ends before it starts', { end: at('10:00') }, '400 ErrorCalendarEndDateIsEarlierThanStartDate'],
    ['without a start', { start: null }, '400 ErrorPropertyValidationFailure'],
    ['of whole days that do not begin at midnight', { isAllDay: true }, '400 ErrorPropertyValidationFailure'],
    ['shown as something unknown', { showAs: 'away' }, '400 BadRequest'],
    ['with a field of no such name', { extended_properties: {} }, '400 BadRequest'],
  ] as const) {
    it(`an event, ${what}, is refused`, async () => expect(codeOf(await graph('POST', '/me/events', visit(change)))).to.equal(expected));
  }

  it("what is no JSON, sent as an event, is refused in Graph's shape", async () => {
    const answer = await fetch(`${sandbox.url}/v1.0/me/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(codeOf({ status: answer.status, body: (await answer.json()) as Json })).to.equal('400 BadRequest');
  });

  it('a creation, repeated with its transactionId, is answered with the event that there is', async () => {
    const [first, again] = [await create({ transactionId: 'a1-1' }), await create({ transactionId: 'a1-1' })];
    expect(again).to.deep.equal(first);
    expect(values((await graph('GET', '/me/events')).body)).to.have.length(1);
    expect(codeOf(await graph('POST', '/me/events', visit({ transactionId: 'a1-1', subject: 'Other' })))).to.equal(
      '409 ErrorDuplicateTransactionId',
    );
  });

  it('a creation, repeated where Graph has forgotten the transactionId, makes a second event', async () => {
    sandbox.settings.graphTransactionIds = 'unnoticed';
    try {
      await create({ transactionId: 'a1-1' });
      await create({ transactionId: 'a1-1' });
    } finally {
      sandbox.settings.graphTransactionIds = 'noticed';
    }
    expect(values((await graph('GET', '/me/events')).body)).to.have.length(2);
  });

  it('an extended property, asked for by a filter, finds its event, and shows when expanded', async () => {
    const made = await create({ singleValueExtendedProperties: [property('a1')] });
    await create({ singleValueExtendedProperties: [property('a2')] });
    expect(made).not.to.have.property('singleValueExtendedProperties');
    const { id } = property('');
    const query = new URLSearchParams({
      $filter: `singleValueExtendedProperties/any(ep: ep/id eq '${id}' and ep/value eq 'a1')`,
      $expand: `singleValueExtendedProperties($filter=id eq '${id}')`,
      $select: 'id,subject',
    });
    const found = values((await graph('GET', `/me/events?${query.toString()}`)).body);
    expect(found).to.deep.equal([
      { '@odata.etag': made['@odata.etag'], id: made.id, subject: 'Cut, Ana', singleValueExtendedProperties: [property('a1')] },
    ]);
  });

  it('a change, of some fields, leaves the others and gives a new changeKey', async () => {
    const made = await create({ transactionId: 'a1-1', singleValueExtendedProperties: [property('a1')] });
    const { status, body } = await graph('PATCH', pathOf(made), { start: at('12:00'), end: at('12:30'), showAs: 'free' });
    expect(status).to.equal(200);
    expect(body).to.deep.include({
      id: made.id,
      subject: 'Cut, Ana',
      showAs: 'free',
      transactionId: 'a1-1',
      start: { dateTime: '2026-11-27T12:00:00.0000000', timeZone: 'UTC' },
    });
    expect([body.changeKey, body['@odata.etag']]).not.to.have.any.members([made.changeKey, made['@odata.etag']]);
  });

  it('a change, with the etag of an older version, is refused', async () => {
    const made = await create();
    const etag = String(made['@odata.etag']);
    expect((await graph('PATCH', pathOf(made), { subject: 'Other' }, { 'If-Match': etag })).status).to.equal(200);
    expect(codeOf(await graph('PATCH', pathOf(made), { subject: 'Third' }, { 'If-Match': etag }))).to.equal(
      '412 ErrorIrresolvableConflict',
    );
    expect((await graph('DELETE', pathOf(made), undefined, { 'If-Match': etag })).status).to.equal(412);
  });

  it('an event, deleted, is not found again', async () => {
    const made = await create();
    expect((await graph('DELETE', pathOf(made))).status).to.equal(204);
    for (const method of ['DELETE', 'GET']) expect(codeOf(await graph(method, pathOf(made)))).to.equal('404 ErrorItemNotFound');
    expect(codeOf(await graph('PATCH', pathOf(made), { subject: 'x' }))).to.equal('404 ErrorItemNotFound');
  });

  it('an event, of whole days, is the same dates in every zone', async () => {
    const made = await create({
      isAllDay: true,
      start: at('00:00', 'Europe/Lisbon', '2026-12-24'),
      end: at('00:00', 'Europe/Lisbon', '2026-12-26'),
      showAs: 'oof',
    });
    const { body } = await graph('GET', pathOf(made), undefined, { Prefer: 'outlook.timezone="New Zealand Standard Time"' });
    expect(body).to.deep.include({
      isAllDay: true,
      showAs: 'oof',
      start: { dateTime: '2026-12-24T00:00:00.0000000', timeZone: 'New Zealand Standard Time' },
    });
  });

  it('a list, filtered, ordered and cut, leads on to what is left', async () => {
    for (const [subject, time] of [
      ['C', '10:00'],
      ['A', '08:00'],
      ['B', '09:00'],
    ])
      await create({ subject, start: at(time!), end: at('11:00') });
    const query = new URLSearchParams({
      $filter: "start/dateTime ge '2026-11-27T08:30'",
      $orderby: 'start/dateTime',
      $top: '1',
      $select: 'subject',
    });
    const first = (await graph('GET', `/me/events?${query.toString()}`)).body;
    const second = (await graph('GET', String(first['@odata.nextLink']))).body;
    expect([...values(first), ...values(second)].map(({ subject }) => subject)).to.deep.equal(['B', 'C']);
    expect(second).not.to.have.property('@odata.nextLink');
    expect(codeOf(await graph('GET', `/me/events?${new URLSearchParams({ $filter: "transactionId eq 'a1'" }).toString()}`))).to.equal(
      '400 ErrorInvalidUrlQueryFilter',
    );
  });

  it('a token, missing, wrong, expired or for less, is told apart', async () => {
    const account = sandbox.addAccount({ provider: 'graph', email: newEmail(), scope: 'Calendars.Read' });
    expect(codeOf(await sandbox.graph({ ...account, accessToken: 'x' })('GET', '/me'))).to.equal('401 InvalidAuthenticationToken');
    expect((await sandbox.graph(account)('GET', '/me/events')).status).to.equal(200);
    expect(codeOf(await sandbox.graph(account)('POST', '/me/events', visit()))).to.equal('403 ErrorAccessDenied');
    sandbox.byHand.expireAccess(account.email);
    expect(codeOf(await sandbox.graph(account)('GET', '/me/events'))).to.equal('401 InvalidAuthenticationToken');
  });
});
