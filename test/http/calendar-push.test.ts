/**
 * Goal: what changes at Google or Microsoft is known here because they say so, not because the clock does; and nobody else can say it.
 * Method: the whole engine against the sandbox, which calls it as the providers do, with a clock that asks once an hour.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { freePorts } from '../../src/dev/ports.ts';
import { toWall } from '../../src/domain/time.ts';
import { book } from '../support/booking.ts';
import { signInAs } from '../support/calendar-browser.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

for (const [provider, name, host] of [
  ['google', 'Google', 'GOOGLE'],
  ['graph', 'Microsoft', 'MICROSOFT'],
] as const)
  describe(`a calendar at ${name} that tells of its changes`, () => {
    let sandbox: TestSandbox;
    let engine: Engine;
    let network: TestNetwork;
    let email: string;

    before(async () => {
      const [port = 0] = await freePorts(1);
      sandbox = await startSandbox({ settings: { notificationRetryMs: 50 } });
      engine = await startEngine({
        env: {
          [`${host}_CLIENT_ID`]: sandbox.clientId,
          [`${host}_CLIENT_SECRET`]: sandbox.clientSecret,
          [`${host}_PER_SECOND`]: '1000',
          [`${host}_EVERY_SECONDS`]: '3600',
          CALENDAR_SANDBOX_URL: sandbox.url,
          PORT: String(port),
          PUBLIC_URL: `http://127.0.0.1:${port}`,
        },
      });
    });
    after(async () => {
      await engine?.stop();
      await sandbox?.stop();
    });
    beforeEach(async () => {
      network = await buildNetwork(engine.database.orm);
      email = newEmail();
      sandbox.addAccount({ provider, email });
    });

    const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
      engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
    const sql = <T>(text: string, given: unknown[]): Promise<T[]> => engine.database.orm.em.fork().execute<T[]>(text, given);
    const wall = (time: string) => toWall(Date.parse(network.at(time)), 'Europe/Lisbon').iso.slice(0, 16);
    const enter = (from: string, to: string): string => sandbox.byHand.add(email, { title: 'Dentista', start: wall(from), end: wall(to) });
    /** What the sandbox would call. */
    const watches = () => sandbox.store.state.watches.filter(({ accountId }) => accountId === sandbox.byHand.account(email).id);
    const channels = (id: string) =>
      sql<{ id: string; remote_id: string | null }>('select id, remote_id from calendar_channel where connection_id = ?', [id]);
    const busy = (id: string) => sql('select 1 from calendar_busy where connection_id = ?', [id]);

    async function signIn(): Promise<void> {
      const { body, status, text } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars/sign-in`, { provider });
      expect(status, text).to.equal(200);
      expect((await signInAs(sandbox, body.url as string, email)).status).to.equal(200);
    }
    /** Until it has been read once. */
    async function connect(): Promise<string> {
      await signIn();
      const [{ id }] = (await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items as [{ id: string }];
      await eventually(
        async () => (await call('GET', `/v1/calendars/${id}`)).body.syncedAt as string | null,
        (syncedAt) => syncedAt !== null,
      );
      return id;
    }
    async function expectFollowed(id: string): Promise<void> {
      const entry = enter('10:00', '11:00');
      await eventually(
        () => busy(id),
        (rows) => rows.length === 1,
      );
      expectProblem(await book(engine, network), 'time_off');
      sandbox.byHand.remove(email, entry);
      await eventually(
        () => busy(id),
        (rows) => rows.length === 0,
      );
    }

    it('what is entered there, blocks here, and frees when it is gone, without being asked for', async () => {
      const id = await connect();
      await expectFollowed(id);
      expect((await book(engine, network)).status).to.equal(201);
    });

    it('twenty entries at one stroke, are all known', async () => {
      const id = await connect();
      for (let minute = 0; minute < 20; minute += 1)
        enter(`13:${String(minute).padStart(2, '0')}`, `13:${String(minute + 1).padStart(2, '0')}`);
      await eventually(
        () => busy(id),
        (rows) => rows.length === 20,
      );
    });

    it('its channel, about to end, is renewed, and one is left', async () => {
      const id = await connect();
      const [first] = await channels(id);
      await sql(`update calendar_channel set renew_at = now() - interval '1 second' where connection_id = ?`, [id]);
      enter('10:00', '10:15');
      await eventually(
        () => sql<{ id: string }>('select id from calendar_channel where connection_id = ? and renew_at > now()', [id]),
        (rows) => rows.length === 1,
      );
      const left = await eventually(
        () => channels(id),
        (rows) => rows.length === 1,
      );
      expect(left[0]!.id === first!.id).to.equal(provider === 'graph');
      expect(watches().map((watch) => (provider === 'google' ? watch.id : watch.address.split('/').at(-1)))).to.deep.equal([left[0]!.id]);
      await eventually(
        () => busy(id),
        (rows) => rows.length === 1,
      );
    });

    it('ended, is told of no more', async () => {
      const id = await connect();
      expect(watches()).to.have.length(1);
      expect((await call('DELETE', `/v1/calendars/${id}`)).status).to.equal(200);
      await eventually(
        async () => [watches().length, (await channels(id)).length],
        (counts) => counts.every((count) => count === 0),
      );
    });

    it('whose access was taken back and given again, tells again', async () => {
      const id = await connect();
      sandbox.byHand.revoke(email);
      await engine.deps.temporal.client.workflow.getHandle(`calendar-${id}`).signal('look');
      await eventually(
        async () => (await call('GET', `/v1/calendars/${id}`)).body.state as string,
        (state) => state === 'signed_out',
      );
      await signIn();
      await eventually(
        async () => watches().length,
        (count) => count === 1,
      );
      await expectFollowed(id);
    });

    it('a call that nobody has sent who may, is refused and read by nobody', async () => {
      const id = await connect();
      const [channel] = await channels(id);
      const { syncedAt } = (await call('GET', `/v1/calendars/${id}`)).body as { syncedAt: string };
      const other = provider === 'google' ? 'graph' : 'google';
      const post = (path: string, headers: Record<string, string>, body = '{"value":[{"clientState":"guess"}]}') =>
        fetch(`${engine.url}/hooks/calendars/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body,
        });
      const token = { 'x-goog-channel-token': 'guess', 'x-goog-resource-state': 'exists' };
      for (const [path, status] of [
        [`${provider}/${channel!.id}`, 403],
        [`${other}/${channel!.id}`, 404],
        [`${provider}/${randomUUID()}`, 404],
        [`${provider}/no-uuid`, 404],
      ] as const)
        expect((await post(path, token)).status, path).to.equal(status);
      expect((await post(`${provider}/${channel!.id}`, {})).status, 'without a token').to.equal(403);
      expect((await call('GET', `/v1/calendars/${id}`)).body.syncedAt).to.equal(syncedAt);
    });

    it('whose provider opens no channel, is asked by the clock', async () => {
      sandbox.faults.add({
        account: email,
        operation: provider === 'google' ? 'events.watch' : 'subscription.create',
        when: 'before',
        failure: { status: 403, body: {} },
        times: 1,
      });
      const id = await connect();
      expect([await channels(id), watches()]).to.deep.equal([[], []]);
      enter('10:00', '11:00');
      await engine.deps.temporal.client.workflow.getHandle(`calendar-${id}`).signal('look');
      await eventually(
        () => busy(id),
        (rows) => rows.length === 1,
      );
    });

    it('whose calls have come through, is asked every four minutes; before that by the clock', async () => {
      const id = await connect();
      const handle = engine.deps.temporal.client.workflow.getHandle(`calendar-${id}`);
      const asksAgainIn = async () => {
        const events = (await handle.fetchHistory()).events ?? [];
        return Number(
          events.findLast(({ timerStartedEventAttributes: timer }) => Number(timer?.startToFireTimeout?.seconds ?? 0) > 1)
            ?.timerStartedEventAttributes?.startToFireTimeout?.seconds,
        );
      };
      await sql(`update calendar_channel set heard_at = null where connection_id = ?`, [id]);
      await handle.signal('look');
      await eventually(asksAgainIn, (seconds) => seconds === 3600);
      enter('10:00', '11:00');
      await eventually(
        () => busy(id),
        (rows) => rows.length === 1,
      );
      await eventually(asksAgainIn, (seconds) => seconds === 240);
    });

    if (provider === 'graph') {
      it('whose subscription Graph has removed, or wants signed in again, tells again', async () => {
        const id = await connect();
        const [first] = await channels(id);
        sandbox.byHand.tell(email, 'subscriptionRemoved');
        const [second] = await eventually(
          () => channels(id),
          (rows) => rows.length === 1 && rows[0]!.id !== first!.id && rows[0]!.remote_id !== null,
        );
        await sql(`update calendar_channel set expires_at = expires_at - interval '1 day' where id = ?`, [second!.id]);
        const endOf = async () =>
          (
            await sql<{ left: number }>(
              'select extract(epoch from expires_at - begun_at)::int as left from calendar_channel where id = ?',
              [second!.id],
            )
          )[0]!.left;
        const before = await endOf();
        sandbox.byHand.tell(email, 'reauthorizationRequired');
        await eventually(endOf, (left) => left > before);
        await expectFollowed(id);
      });

      it('an odd call, is refused as such', async () => {
        const id = await connect();
        const [channel] = await channels(id);
        const post = (body: string, type = 'application/json') =>
          fetch(`${engine.url}/hooks/calendars/graph/${channel!.id}`, { method: 'POST', headers: { 'content-type': type }, body });
        for (const body of ['{', '[]', '{}', '{"value":[]}', '{"value":[{}]}', '{"value":"x"}'])
          expect((await post(body)).status, body).to.equal(400);
        expect((await post('x', 'text/plain')).status).to.equal(400);
        expect((await post(JSON.stringify({ value: [{ clientState: 'x'.repeat(300_000) }] }))).status).to.equal(413);
        const echoed = await fetch(
          `${engine.url}/hooks/calendars/graph/${channel!.id}?validationToken=${encodeURIComponent('<b>hello</b>')}`,
          { method: 'POST' },
        );
        expect([await echoed.text(), echoed.headers.get('content-type'), echoed.headers.get('x-content-type-options')]).to.deep.equal([
          '<b>hello</b>',
          'text/plain; charset=utf-8',
          'nosniff',
        ]);
      });
    }
  });
