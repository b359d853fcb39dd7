/**
 * Goal: tests can make go wrong what goes wrong, and see what came of it; people can see and do the same on a page; nothing is lost by a
 * restart.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePorts } from '../../src/dev/ports.ts';
import { startCalendarSandbox, type AddedAccount } from '../../src/dev/calendar-sandbox/start.ts';
import { newEmail, refusalOf, startSandbox, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';

const event = {
  start: { dateTime: '2026-11-27T10:30:00', timeZone: 'Europe/Lisbon' },
  end: { dateTime: '2026-11-27T11:00:00', timeZone: 'Europe/Lisbon' },
};

describe('calendar sandbox, faults and control', () => {
  let sandbox: TestSandbox;
  let google: AddedAccount;
  let graph: AddedAccount;
  let clock = Date.parse('2026-11-26T12:00:00Z');
  const control = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${sandbox.url}/sandbox${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const insert = () => sandbox.google(google).events.insert({ calendarId: 'primary', requestBody: event });
  const create = () => sandbox.graph(graph)('POST', '/me/events', event);
  const countOf = ({ email }: AddedAccount) =>
    sandbox.byHand.calendars(sandbox.byHand.account(email)).reduce((sum, { entries }) => sum + entries.length, 0);

  before(async () => {
    sandbox = await startSandbox({ now: () => clock, settings: { accessTokenSeconds: 86_400 } });
  });
  beforeEach(() => {
    google = sandbox.addAccount({ provider: 'google', email: newEmail('g') });
    graph = sandbox.addAccount({ provider: 'graph', email: newEmail('m') });
  });
  afterEach(() => {
    sandbox.faults.clear();
    sandbox.settings.requestsPerSecond = null;
    expect(sandbox.contract.violations).to.deep.equal([]);
  });
  after(() => sandbox?.stop());

  for (const reason of [
    'rateLimitExceeded',
    'userRateLimitExceeded',
    'quotaExceeded',
    'forbidden',
    'authError',
    'notFound',
    'backendError',
    'backendUnavailable',
  ] as const) {
    it(`a fault, ${reason} before the next request, meets it once and nothing is done`, async () => {
      sandbox.faults.add({ provider: 'google', account: google.email, operation: 'events.insert', when: 'before', failure: reason });
      expect(await refusalOf(insert())).to.match(new RegExp(`^[45]\\d\\d ${reason}$`));
      expect(countOf(google)).to.equal(0);
      expect(await refusalOf(insert())).to.equal('done');
    });
  }

  for (const code of [
    'ApplicationThrottled',
    'ErrorAccessDenied',
    'InvalidAuthenticationToken',
    'serviceNotAvailable',
    'ErrorInternalServerError',
  ] as const) {
    it(`a fault, ${code} after the next request, hides what was done`, async () => {
      sandbox.faults.add({ account: graph.id, operation: 'event.*', when: 'after', failure: code, retryAfterSeconds: 7 });
      const { body, headers, status } = await create();
      expect((body.error as Json).code).to.equal(code);
      expect(headers.get('Retry-After')).to.equal([429, 503].includes(status) ? '7' : null);
      expect(countOf(graph)).to.equal(1);
      expect((await create()).status).to.equal(201);
    });
  }

  for (const [when, left] of [
    ['before', 0],
    ['after', 1],
  ] as const) {
    for (const failure of ['cut', 'half', 'silence'] as const) {
      it(`a line, ${failure} ${when} acting, fails the client and leaves ${left} events`, async () => {
        sandbox.faults.add({ provider: 'google', operation: 'events.insert', when, failure });
        const asked = fetch(`${sandbox.url}/calendar/v3/calendars/primary/events`, {
          method: 'POST',
          headers: { authorization: `Bearer ${google.accessToken}`, 'content-type': 'application/json' },
          body: JSON.stringify(event),
          signal: AbortSignal.timeout(failure === 'silence' ? 200 : 10_000),
        }).then((answer) => answer.json());
        const outcome = await asked.then(
          () => 'answered',
          (error: Error) => error.name,
        );
        expect(outcome).to.equal(failure === 'silence' ? 'TimeoutError' : 'TypeError');
        expect(countOf(google)).to.equal(left);
      });
    }
  }

  it('a fault, for two requests of one account, leaves another alone, and can be taken back', async () => {
    const other = sandbox.addAccount({ provider: 'google', email: newEmail() });
    const fault = sandbox.faults.add({ account: google.email, when: 'before', failure: { status: 502, body: '<html>' }, times: 2 });
    expect((await sandbox.google(other).calendarList.list()).status).to.equal(200);
    const statusOf = async () =>
      (await fetch(`${sandbox.url}/calendar/v3/users/me/calendarList`, { headers: { authorization: `Bearer ${google.accessToken}` } }))
        .status;
    expect([await statusOf(), await statusOf(), await statusOf()]).to.deep.equal([502, 502, 200]);
    expect(fault.met).to.equal(2);
    const lasting = sandbox.faults.add({ when: 'before', failure: 'cut', times: null });
    expect(await refusalOf(insert())).to.match(/undefined/);
    sandbox.faults.clear(lasting.id);
    expect(await refusalOf(insert())).to.equal('done');
  });

  it('the token endpoint, told to fail, does; and a refused refresh token says so', async () => {
    sandbox.faults.add({ operation: 'oauth.token', when: 'before', failure: { status: 503, body: {} } });
    const refresh = () =>
      fetch(sandbox.tokenUrls.google, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: 'punctual',
          client_secret: 'sandbox',
          grant_type: 'refresh_token',
          refresh_token: google.refreshToken,
        }),
      });
    expect([(await refresh()).status, (await refresh()).status]).to.deep.equal([503, 200]);
  });

  it('requests, more in a second than are allowed, are answered with 429 and when to come back', async () => {
    Object.assign(sandbox.settings, { requestsPerSecond: 2, retryAfterSeconds: 3 });
    const statuses = [await create(), await create(), await create()];
    expect(statuses.map(({ status }) => status)).to.deep.equal([201, 201, 429]);
    expect(statuses[2]!.headers.get('Retry-After')).to.equal('3');
    expect(await refusalOf(insert())).to.equal('done');
    clock += 1000;
    expect((await create()).status).to.equal(201);
  });

  it('the control, asked by HTTP, does what its functions do', async () => {
    const made = await control('POST', '/accounts', { provider: 'google', email: newEmail(), timeZone: 'Atlantic/Azores' });
    const account = made.body as AddedAccount;
    expect(
      (await control('POST', '/faults', { account: account.email, operation: 'events.list', when: 'before', failure: 'quotaExceeded' }))
        .status,
    ).to.equal(200);
    expect(await refusalOf(sandbox.google(account).events.list({ calendarId: 'primary' }))).to.equal('403 quotaExceeded');
    const { body } = await control('POST', `/accounts/${account.email}/events`, {
      title: 'Dentist',
      start: '2026-11-27T09:00',
      end: '2026-11-27T10:00',
    });
    const { id } = body as { id: string };
    await control('PATCH', `/accounts/${account.email}/events/${id}`, { start: '2026-11-27T11:00', end: '2026-11-27T12:00' });
    await control('DELETE', `/accounts/${account.email}/events/${id}`);
    const [told] = (await control('GET', `/accounts/${account.email}/events`)).body as {
      title: string;
      deleted: boolean;
      history: Json[];
    }[];
    expect(told).to.deep.include({ title: 'Dentist', deleted: true });
    expect(told!.history.map(({ what, by, start }) => [what, by, start])).to.deep.equal([
      ['created', 'person', '2026-11-27T09:00:00-01:00'],
      ['changed', 'person', '2026-11-27T11:00:00-01:00'],
      ['deleted', 'person', '2026-11-27T11:00:00-01:00'],
    ]);
    expect((await control('GET', '/counts')).body)
      .to.have.property('google events.list')
      .that.is.greaterThan(0);
    expect((await control('PATCH', '/settings', { retryAfterSeconds: 5 })).body).to.include({ retryAfterSeconds: 5 });
    for (const [path, body, status] of [
      ['/faults', { when: 'sometimes' }, 400],
      ['/accounts/nobody/revoke', {}, 404],
      [`/accounts/${account.email}/events`, { start: '2026-11-27T09:00', end: '2026-11-27T08:00' }, 400],
    ] as const) {
      expect((await control('POST', path, body)).status, path).to.equal(status);
    }
    await control('POST', `/accounts/${account.email}/revoke`, {});
    expect(await refusalOf(sandbox.google(account).events.list({ calendarId: 'primary' }))).to.equal('401 authError');
  });

  it("what the owner does by hand, is seen by both providers' clients", async () => {
    for (const { email } of [google, graph]) {
      sandbox.byHand.add(email, { title: 'Holiday', start: '2026-12-24', end: '2026-12-27' });
      sandbox.byHand.add(email, {
        title: 'School run',
        start: '2026-12-01T08:00',
        end: '2026-12-01T08:30',
        busy: false,
        repeat: { every: 'week', count: 3 },
      });
    }
    const listed = (await sandbox.google(google).events.list({ calendarId: 'primary', singleEvents: true, orderBy: 'startTime' })).data
      .items!;
    expect(listed.map(({ summary, transparency, start }) => [summary, transparency, start?.date ?? start?.dateTime])).to.deep.equal([
      ...['01', '08', '15'].map((day) => ['School run', 'transparent', `2026-12-${day}T08:00:00Z`]),
      ['Holiday', undefined, '2026-12-24'],
    ]);
    const viewed = (
      await sandbox.graph(graph)('GET', '/me/calendarView?startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z')
    ).body.value as Json[];
    expect(viewed.map(({ subject, showAs, isAllDay }) => [subject, showAs, isAllDay])).to.deep.equal([
      ...[1, 2, 3].map(() => ['School run', 'free', false]),
      ['Holiday', 'busy', true],
    ]);
  });

  it("out of office, tentative and elsewhere, by hand, are each provider's own words, and only elsewhere leaves the time free", async () => {
    for (const { email } of [google, graph])
      for (const [day, kind] of [
        ['01', 'outOfOffice'],
        ['02', 'tentative'],
        ['03', 'elsewhere'],
      ] as const)
        sandbox.byHand.add(email, { kind, start: `2026-12-${day}T08:00`, end: `2026-12-${day}T09:00` });
    const listed = (await sandbox.google(google).events.list({ calendarId: 'primary' })).data.items!;
    expect(listed.map(({ eventType, status, transparency }) => [eventType, status, transparency])).to.deep.equal([
      ['outOfOffice', 'confirmed', undefined],
      ['default', 'tentative', undefined],
      ['workingLocation', 'confirmed', 'transparent'],
    ]);
    const { data } = await sandbox
      .google(google)
      .freebusy.query({ requestBody: { timeMin: '2026-12-01T00:00:00Z', timeMax: '2026-12-31T00:00:00Z', items: [{ id: 'primary' }] } });
    expect(data.calendars?.primary?.busy).to.have.length(2);
    expect(((await sandbox.graph(graph)('GET', '/me/events')).body.value as Json[]).map(({ showAs }) => showAs)).to.deep.equal([
      'oof',
      'tentative',
      'workingElsewhere',
    ]);
  });

  it('a second calendar, of an account, keeps its events apart', async () => {
    const made = await control('POST', `/accounts/${graph.email}/calendars`, { summary: 'Shop', timeZone: 'Europe/Lisbon' });
    const path = `/me/calendars/${encodeURIComponent((made.body as { id: string }).id)}`;
    const ask = sandbox.graph(graph);
    const { id } = (await ask('POST', `${path}/events`, event)).body;
    expect((await ask('GET', '/me/events')).body.value).to.deep.equal([]);
    expect(
      ((await ask('GET', `${path}/calendarView?startDateTime=2026-11-27&endDateTime=2026-11-28`)).body.value as Json[]).map(
        (one) => one.id,
      ),
    ).to.deep.equal([id]);
    expect((await ask('GET', `/me/events/${encodeURIComponent(String(id))}`)).status).to.equal(200);
    expect((await ask('GET', '/me/calendars')).body.value).to.have.length(2);
  });

  it('the page, of an account, shows what landed, changed and was deleted, and adds a busy time', async () => {
    const { data } = await sandbox
      .google(google)
      .events.insert({ calendarId: 'primary', requestBody: { ...event, summary: 'Cut <b>Ana</b>' } });
    await sandbox.google(google).events.delete({ calendarId: 'primary', eventId: data.id! });
    const page = () => fetch(`${sandbox.url}/?account=${google.id}`).then((answer) => answer.text());
    expect(await page())
      .to.match(/Friday,? 27 November 2026/)
      .and.to.contain('10:30–11:00')
      .and.to.contain('Cut &lt;b&gt;Ana&lt;/b&gt;')
      .and.to.match(/landed 2026-11-2.*<br>deleted/)
      .and.not.to.contain('<script');
    const add = (form: Record<string, string>, headers = {}) =>
      fetch(`${sandbox.url}/add`, {
        method: 'POST',
        redirect: 'manual',
        headers,
        body: new URLSearchParams({ account: google.id, ...form }),
      });
    expect((await add({ title: 'Dentist', start: '2026-11-28T09:00', end: '2026-11-28T10:00' })).status).to.equal(303);
    expect((await add({ day: '2026-11-29' })).status).to.equal(303);
    expect((await add({ start: '2026-11-28T09:00', end: '2026-11-28T08:00' })).status).to.equal(400);
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null', 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
    ])
      expect((await add({ day: '2026-11-30' }, headers)).status).to.equal(403);
    expect((await add({ day: '2026-11-29' }, { origin: 'null', 'sec-fetch-site': 'same-origin' })).status).to.equal(303);
    expect(await page())
      .to.contain('Dentist')
      .and.to.contain('all day')
      .and.to.contain('by hand')
      .and.not.to.contain('30 November');
  });

  it('the sandbox, as a program, says when it is ready and ends when it is told', async () => {
    const [port = 0] = await freePorts(1);
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/dev/calendar-sandbox/main.ts'), '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(line.toString()).to.equal(`Calendar sandbox ready on http://127.0.0.1:${port}\n`);
    expect((await fetch(`http://127.0.0.1:${port}/sandbox/accounts`)).status).to.equal(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });

  it('a sandbox, started again in its folder, knows accounts, events, tokens and sync tokens', async () => {
    const runDir = mkdtempSync(join(tmpdir(), 'calendar-sandbox-'));
    try {
      const first = await startCalendarSandbox({ port: 0, runDir });
      const account = first.addAccount({ provider: 'google', email: newEmail() });
      const ask = async (url: string, query = '') =>
        (await (
          await fetch(`${url}/calendar/v3/calendars/primary/events${query}`, {
            headers: { authorization: `Bearer ${account.accessToken}` },
          })
        ).json()) as { items: Json[]; nextSyncToken: string };
      const { nextSyncToken } = await ask(first.url);
      const id = first.byHand.add(account.email, { title: 'Dentist', start: '2026-11-27T09:00', end: '2026-11-27T10:00' });
      await first.stop();
      const second = await startCalendarSandbox({ port: 0, runDir });
      expect((await ask(second.url, `?syncToken=${nextSyncToken}`)).items.map((one) => one.id)).to.deep.equal([id]);
      await second.stop();
    } finally {
      rmSync(runDir, { recursive: true });
    }
  });
});
