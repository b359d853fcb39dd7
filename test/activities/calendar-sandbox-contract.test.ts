/**
 * Goal: our reading of the documents is not only ours. Prism, which judges every answer in the sandbox's tests, is shown to notice broken
 * ones; and emulate's Google, made by others, is asked the same: where the two differ, it is written down who is right by Google's
 * reference.
 */
import { createHash, randomBytes } from 'node:crypto';
import { auth, calendar, type calendar_v3 } from '@googleapis/calendar';
import { expect } from 'chai';
import { startEmulatedGoogle } from '../support/emulate-google.ts';
import { newEmail, startSandbox, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';

const event = {
  start: { dateTime: '2026-11-27T10:30:00', timeZone: 'Europe/Lisbon' },
  end: { dateTime: '2026-11-27T11:00:00', timeZone: 'Europe/Lisbon' },
};

describe('calendar sandbox, judged by the official documents', () => {
  let sandbox: TestSandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => {
    sandbox.contract.violations.splice(0);
    sandbox.contract.spoil = null;
  });
  after(() => sandbox?.stop());

  for (const [what, spoil, expected] of [
    ['a field of another type', (body: Json) => ({ ...body, sequence: 'one' }), /sequence must be integer/],
    ['a field that no document knows', (body: Json) => ({ ...body, startsAt: 'now' }), /additional properties; found 'startsAt'/],
    ['a time that is none, inside', (body: Json) => ({ ...body, start: { dateTime: 'tomorrow' } }), /start\.dateTime must match format/],
  ] as const) {
    it(`an answer of Google's, with ${what}, is noticed`, async () => {
      const account = sandbox.addAccount({ provider: 'google', email: newEmail() });
      sandbox.contract.spoil = spoil;
      await sandbox.google(account).events.insert({ calendarId: 'primary', requestBody: event });
      expect(sandbox.contract.violations.join('\n')).to.match(expected);
    });
  }

  for (const [what, spoil, expected] of [
    ['an unknown showAs', (body: Json) => ({ ...body, showAs: 'away' }), /showAs must be equal to one of the allowed values/],
    [
      'a field that no document knows',
      (body: Json) => ({ ...body, start: { dateTime: '2026-11-27T10:30:00', zone: 'UTC' } }),
      /additional properties; found 'zone'/,
    ],
    ['a text that is a number', (body: Json) => ({ ...body, subject: 7 }), /subject must be string,null/],
  ] as const) {
    it(`an answer of Graph's, with ${what}, is noticed`, async () => {
      const account = sandbox.addAccount({ provider: 'graph', email: newEmail() });
      sandbox.contract.spoil = spoil;
      await sandbox.graph(account)('POST', '/me/events', event);
      expect(sandbox.contract.violations.join('\n')).to.match(expected);
    });
  }

  it('an error, in another shape, and a path that no document knows, are noticed', async () => {
    const account = sandbox.addAccount({ provider: 'graph', email: newEmail() });
    sandbox.contract.spoil = ({ error }) => ({ error: { message: (error as Json).message } });
    await sandbox.graph(account)('GET', '/me/events/unknown');
    await sandbox.graph(account)('GET', '/me/inbox');
    expect(sandbox.contract.violations.join('\n'))
      .to.match(/error must have required property 'code'/)
      .and.to.match(/GET \/me\/inbox: 404: Route not resolved/);
  });
});

/** Every difference to emulate 0.12.2 (ours | theirs) in what both say, and who is right by Google's pages. */
const known = [
  {
    difference: /\.(start|end)\.dateTime: "([-\dT:]+)Z" \| "\2"$/,
    right: 'ours',
    why: 'Events, start.dateTime: "formatted according to RFC3339", which has an offset; theirs repeats what was sent',
  },
  {
    difference: /^insert with the same id\.status: 409 \| 200$/,
    right: 'ours',
    why: 'Handle API errors, 409: "The requested identifier already exists"; theirs answers with the other event as if it were made',
  },
  {
    difference: /^insert without an end\.body\.error\.errors\[0\]\.reason: "required" \| "invalidArgument"$/,
    right: 'open',
    why: "no page of the Calendar API has either; `required` is a reason of Google's global domain, as old as this shape of errors",
  },
  { difference: /^insert without an end\.body\.error\.(errors\[0\]\.)?message: /, right: 'open', why: 'messages are for people' },
  { difference: /^free and busy\.body\.time(Min|Max): "([-\dT:]+)\.000Z" \| "\2Z"$/, right: 'both', why: 'Freebusy: both are RFC 3339' },
  {
    difference: /^free and busy\.body\.calendars\.\S+\.busy: 1 \| 4$/,
    right: 'ours',
    why:
      'Events, transparency: a transparent event "does not block time"; theirs forgets it. ' +
      'Freebusy: "time ranges during which this calendar should be regarded as busy": one, however many events',
  },
  { difference: /^delete again\.(status|body\.error\.code): 410 \| 404$/, right: 'ours', why: 'Handle API errors, 410: `deleted`' },
  {
    difference: /^delete again\.body\.error\.(errors\[0\]\.)?(reason|message): "(deleted|Resource has been deleted)" \| /,
    right: 'ours',
    why: 'the same',
  },
  {
    difference: /^delete of what never was\.body\.error\.(errors\[0\]\.)?message: "Not Found" \| /,
    right: 'ours',
    why: 'Handle API errors, 404: "Not Found"',
  },
];

describe("calendar sandbox, beside emulate's Google", () => {
  const redirectUri = 'http://127.0.0.1:3000/callback';
  const email = newEmail('second-opinion');
  let sandbox: TestSandbox;
  let emulated: Awaited<ReturnType<typeof startEmulatedGoogle>>;

  before(async () => {
    sandbox = await startSandbox();
    sandbox.addAccount({ provider: 'google', email, timeZone: 'Europe/Lisbon' });
    emulated = await startEmulatedGoogle({ email, timeZone: 'Europe/Lisbon', redirectUri });
  });
  after(async () => {
    await emulated?.stop();
    await sandbox?.stop();
  });

  /** What a browser does when the person allows it, and what the program does next. */
  const signIn = async (kind: 'ours' | 'theirs'): Promise<{ page: number; state: string | null; tokens: Json }> => {
    const verifier = randomBytes(32).toString('base64url');
    const query = {
      client_id: 'punctual',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'https://www.googleapis.com/auth/calendar',
      state: 'st',
      access_type: 'offline',
      prompt: 'consent',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    const [authorize, decide, token] =
      kind === 'ours'
        ? [sandbox.authorizeUrls.google, `${sandbox.url}/sandbox/decide`, sandbox.tokenUrls.google]
        : [`${emulated.url}/o/oauth2/v2/auth`, `${emulated.url}/o/oauth2/v2/auth/callback`, `${emulated.url}/oauth2/token`];
    const page = await fetch(`${authorize}?${new URLSearchParams(query).toString()}`);
    const html = await page.text();
    const form =
      kind === 'ours'
        ? {
            request: /name="request" value="([^"]+)"/.exec(html)![1]!,
            account: sandbox.store.account('google', email)!.id,
            decision: 'allow',
          }
        : { ...query, email };
    const to = URL.parse(
      (await fetch(decide, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form as Record<string, string>) })).headers.get(
        'location',
      )!,
    )!;
    const redeemed = await fetch(token, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: 'punctual',
        client_secret: 'sandbox',
        grant_type: 'authorization_code',
        code: to.searchParams.get('code')!,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
    });
    return { page: page.status, state: to.searchParams.get('state'), tokens: (await redeemed.json()) as Json };
  };

  /** The same calls; each answer's status and body. */
  const talk = async (url: string, accessToken: string): Promise<Record<string, unknown>> => {
    const client = new auth.OAuth2();
    client.setCredentials({ access_token: accessToken });
    const api = calendar({ version: 'v3', auth: client, rootUrl: `${url}/`, retry: false });
    const said: Record<string, unknown> = {};
    const ask = async <T>(name: string, doing: Promise<{ status: number; data: T }>): Promise<T | undefined> => {
      const answer = await doing.catch((error: { status: number; response: { data: T } }) => ({
        status: error.status,
        data: error.response.data,
      }));
      said[name] = { status: answer.status, body: answer.data };
      return answer.data;
    };
    const calendarId = 'primary';
    const insert = (requestBody: calendar_v3.Schema$Event) => api.events.insert({ calendarId, requestBody });
    await ask('calendars', api.calendarList.list());
    const made = await ask(
      'insert',
      insert({ ...event, summary: 'Cut', description: 'Beard too', extendedProperties: { private: { a: '1' } } }),
    );
    await ask('insert with an id', insert({ ...event, id: 'abcde12345', summary: 'Cut' }));
    await ask('insert with the same id', insert({ ...event, id: 'abcde12345', summary: 'Other' }));
    await ask('insert without a title', insert(event));
    await ask(
      'insert of whole days',
      insert({ summary: 'Holiday', start: { date: '2026-12-24' }, end: { date: '2026-12-27' }, transparency: 'transparent' }),
    );
    await ask('insert without an end', insert({ start: event.start }));
    await ask(
      'list',
      api.events.list({
        calendarId,
        timeMin: '2026-11-27T00:00:00Z',
        timeMax: '2026-11-28T00:00:00Z',
        singleEvents: true,
        orderBy: 'startTime',
        maxResults: 2,
      }),
    );
    await ask(
      'free and busy',
      api.freebusy.query({ requestBody: { timeMin: '2026-11-27T00:00:00Z', timeMax: '2026-12-31T00:00:00Z', items: [{ id: email }] } }),
    );
    await ask('delete', api.events.delete({ calendarId, eventId: made?.id ?? '' }));
    await ask('delete again', api.events.delete({ calendarId, eventId: made?.id ?? '' }));
    await ask('delete of what never was', api.events.delete({ calendarId, eventId: 'neverwas' }));
    return said;
  };

  /** Where both say something and not the same; what differs from call to call by its nature is compared by its kind. */
  const differences = (ours: unknown, theirs: unknown, path = ''): string[] => {
    if (Array.isArray(ours) && Array.isArray(theirs))
      return ours.length === theirs.length
        ? ours.flatMap((one, at) => differences(one, theirs[at], `${path}[${at}]`))
        : [`${path}: ${ours.length} | ${theirs.length}`];
    if (typeof ours === 'object' && typeof theirs === 'object' && ours && theirs)
      return Object.keys(ours)
        .filter((name) => name in theirs)
        .flatMap((name) => differences((ours as Json)[name], (theirs as Json)[name], path ? `${path}.${name}` : name));
    const [a, b] = /\.(id|etag|created|updated|htmlLink|nextPageToken|access_token|refresh_token)$/.test(path)
      ? [typeof ours, typeof theirs]
      : [ours, theirs];
    return a === b ? [] : [`${path}: ${JSON.stringify(a)} | ${JSON.stringify(b)}`];
  };

  it('signing in, at both, ends the same', async () => {
    const [ours, theirs] = [await signIn('ours'), await signIn('theirs')];
    expect(differences(ours, theirs)).to.deep.equal([]);
  });

  it('the same calls, at both, differ only where it is known who is right', async () => {
    const [ours, theirs] = [
      await talk(sandbox.url, String((await signIn('ours')).tokens.access_token)),
      await talk(emulated.url, String((await signIn('theirs')).tokens.access_token)),
    ];
    const found = differences(ours, theirs);
    const unexplained = found.filter((one) => !known.some(({ difference }) => difference.test(one)));
    const gone = known.filter(({ difference }) => !found.some((one) => difference.test(one)));
    expect({ unexplained, gone: gone.map(({ difference }) => difference.source) }).to.deep.equal({ unexplained: [], gone: [] });
  });
});
