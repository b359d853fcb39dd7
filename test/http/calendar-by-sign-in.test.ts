/**
 * Goal: a barber connects his calendar at Google or Microsoft by signing in there: visits land in it, what he enters keeps him busy, and
 * access that he takes back loses nothing. Method: the whole engine against the sandbox, whose pages are used as a browser does.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book } from '../support/booking.ts';
import { toWall } from '../../src/domain/time.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';
import { decideAs, linkIn, signInAs, visitsShown } from '../support/calendar-browser.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsOf, mailsTo } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { expectProblem } from '../support/problem.ts';

for (const [provider, name, host] of [
  ['google', 'Google', 'GOOGLE'],
  ['graph', 'Microsoft', 'MICROSOFT'],
] as const)
  describe(`a calendar at ${name}`, () => {
    let sandbox: TestSandbox;
    let engine: Engine;
    let network: TestNetwork;
    let email: string;
    let barberMail: string;

    before(async () => {
      sandbox = await startSandbox();
      engine = await startEngine({
        env: {
          [`${host}_CLIENT_ID`]: sandbox.clientId,
          [`${host}_CLIENT_SECRET`]: sandbox.clientSecret,
          [`${host}_PER_SECOND`]: '1000',
          [`${host}_EVERY_SECONDS`]: '1',
          CALENDAR_SANDBOX_URL: sandbox.url,
          // Behind a proxy that gives us a part of its address alone.
          PUBLIC_URL: 'http://127.0.0.1:3000/punctual',
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
      barberMail = `rui.${randomUUID().slice(0, 8)}@example.com`;
      await engine.database.orm.em
        .fork()
        .execute('update barber set email = ?, locale = ? where id = ?', [barberMail, 'en-GB', network.barberIds[0]]);
    });

    const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
      engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
    const local = (url: string) => url.replace(engine.deps.config.publicUrl, engine.url);
    const begin = async (wishes: Record<string, unknown> = {}): Promise<string> => {
      const { body, status, text } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars/sign-in`, { provider, ...wishes });
      expect(status, text).to.equal(200);
      return body.url as string;
    };
    /** What the barber's browser does: the provider's page, his decision, and back to ours. */
    const follow = async (url: string, decision: 'allow' | 'deny' = 'allow', as = email): Promise<Response> =>
      signInAs(sandbox, url, as, { decision, local });
    const connect = async () => {
      const page = await follow(await begin());
      expect([page.status, page.headers.get('referrer-policy')]).to.deep.equal([200, 'no-referrer']);
      return (await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items[0] as {
        id: string;
        state: string;
        account: string;
        provider: string;
      };
    };
    const shown = () => visitsShown(sandbox, email);
    const instant = (time: string) => new Date(network.at(time)).toISOString();

    it('connected by signing in, gets the visits, which move and vanish with the booking', async () => {
      const { body: early } = await book(engine, network, { startsAt: network.at('09:00') });
      const calendar = await connect();
      expect(calendar).to.include({ provider, state: 'connected', account: email });
      await eventually(shown, (found) => found.length === 1);
      const { body } = await book(engine, network);
      expect((await eventually(shown, (found) => found.length === 2)).map(({ start }) => start)).to.deep.equal([
        instant('09:00'),
        instant('10:00'),
      ]);
      await call('POST', `/v1/appointments/${body.id}/reschedule`, { startsAt: network.at('15:00') });
      await eventually(shown, (found) => found.some(({ start }) => start === instant('15:00')) && found.length === 2);
      for (const id of [early.id, body.id]) await call('POST', `/v1/appointments/${id}/cancel`, { reason: 'customer_asked' });
      await eventually(shown, (found) => found.length === 0);
    });

    it('connected, names to whoever allowed it for whom that is', async () => {
      await engine.database.orm.em.fork().execute('update barber set name = ? where id = ?', ['Rui <b>', network.barberIds[0]]);
      const page = await (await follow(await begin())).text();
      const [row] = await engine.database.orm.em
        .fork()
        .execute<{ name: string }[]>('select name from network where id = ?', [network.networkId]);
      for (const each of ['Rui &lt;b&gt;', row!.name, email, name]) expect(page).to.include(each);
    });

    it('ended when its sign-in had died, still shows the visits; connected again, it shows what it should, and nobody need look after the rest', async () => {
      const { id } = await connect();
      const { body } = await book(engine, network);
      await book(engine, network, { startsAt: network.at('15:00') });
      await eventually(shown, (found) => found.length === 2);
      sandbox.byHand.revoke(email);
      await call('DELETE', `/v1/calendars/${id}`);
      const parked = async () => (await call('GET', '/v1/dead-letters')).body.items as unknown[];
      await eventually(parked, (found) => found.length === 2);
      await call('POST', `/v1/appointments/${body.id}/cancel`, { reason: 'customer_asked' });
      expect(await shown()).to.have.length(2);
      // Also where nothing is to be read, so that nobody would notice what should not be there.
      await follow(await begin({ reads: false }));
      await eventually(shown, (found) => found.length === 1 && found[0]!.start === instant('15:00'));
      await eventually(parked, (found) => found.length === 0);
    });

    it('busy time that its owner enters there, blocks here, and frees when it is gone', async () => {
      const { id } = await connect();
      const wall = (time: string) => toWall(Date.parse(instant(time)), 'Europe/Lisbon').iso.slice(0, 16);
      const entry = sandbox.byHand.add(email, { title: 'Dentista', start: wall('10:00'), end: wall('11:00') });
      await eventually(
        () => engine.database.orm.em.fork().execute('select 1 from calendar_busy where connection_id = ?', [id]),
        (rows) => rows.length === 1,
      );
      expectProblem(await book(engine, network), 'time_off');
      sandbox.byHand.remove(email, entry);
      await eventually(
        () => engine.database.orm.em.fork().execute('select 1 from calendar_busy where connection_id = ?', [id]),
        (rows) => rows.length === 0,
      );
      expect((await book(engine, network)).status).to.equal(201);
    });

    it('that its owner takes access from, loses nothing: he is told, signs in again by the link, and all is made up for', async () => {
      const { id } = await connect();
      sandbox.byHand.revoke(email);
      const { body } = await book(engine, network);
      await eventually(
        () => mailsOf(body.id),
        (mails) => mails.length === 2,
      );
      await eventually(
        async () => (await call('GET', `/v1/calendars/${id}`)).body.state as string,
        (state) => state === 'signed_out',
      );
      const { deps } = engine;
      await deps.temporal.client.workflow.execute('handover', {
        workflowId: `handover-${randomUUID()}`,
        taskQueue: deps.config.temporal.taskQueue,
        args: [{ sweep: true, policy: deps.policy }],
      });
      const [mail] = (await mailsTo(barberMail)).filter(({ headers }) => headers['x-punctual-kind'] === 'sign_in_barber');
      const link = local(/https?:\S+\/calendars\/\S+/.exec(mail!.text)![0]);
      expect(await (await fetch(link)).text())
        .to.include(email)
        .and.not.include('type="password"');
      const press = async (): Promise<string> => (await fetch(link, { method: 'POST', redirect: 'manual' })).headers.get('location')!;
      const goOn = await press();
      expect(await (await fetch(local(goOn))).text()).to.include(`Go on to ${name}`);
      expect((await follow(goOn, 'allow', newEmail('stranger'))).status, 'another account').to.equal(409);
      expect((await follow(await press())).status).to.equal(200);
      expect((await call('GET', `/v1/calendars/${id}`)).body.state).to.equal('connected');
      await eventually(shown, (found) => found.length === 1);
    });

    it('whose token has run out, is renewed without anybody', async () => {
      const { id } = await connect();
      await engine.database.orm.em.fork().execute('select 1');
      sandbox.byHand.expireAccess(email);
      const before = await engine.database.orm.em
        .fork()
        .execute<{ secrets: string }[]>('select secrets from calendar_connection where id = ?', [id]);
      const opened = (await engine.deps.calendarAccounts.open(before[0]!.secrets, id)) as Record<string, unknown>;
      await engine.database.orm.em
        .fork()
        .execute('update calendar_connection set secrets = ? where id = ?', [
          await engine.deps.calendarAccounts.seal({ ...opened, expiresAt: Date.now() + 60_000 }, id),
          id,
        ]);
      const { body } = await book(engine, network);
      await eventually(shown, (found) => found.length === 1);
      expect(body.status).to.equal('confirmed');
      const [after] = await engine.database.orm.em
        .fork()
        .execute<{ secrets: string }[]>('select secrets from calendar_connection where id = ?', [id]);
      expect(((await engine.deps.calendarAccounts.open(after!.secrets, id)) as { expiresAt: number }).expiresAt).to.be.above(
        Date.now() + 5 * 60_000,
      );
    });

    it('whose token the provider has ended before its time, is renewed without anybody', async () => {
      const { id } = await connect();
      sandbox.byHand.expireAccess(email);
      await book(engine, network);
      await eventually(shown, (found) => found.length === 1);
      sandbox.byHand.expireAccess(email);
      const wall = (time: string) => toWall(Date.parse(instant(time)), 'Europe/Lisbon').iso.slice(0, 16);
      sandbox.byHand.add(email, { title: 'Dentista', start: wall('15:00'), end: wall('16:00') });
      await eventually(
        () => engine.database.orm.em.fork().execute('select 1 from calendar_busy where connection_id = ?', [id]),
        (rows) => rows.length === 1,
      );
      expect((await call('GET', `/v1/calendars/${id}`)).body.state).to.equal('connected');
    });

    it('refused, begun too long ago, used twice, or forged, connects nothing', async () => {
      const refused = await follow(await begin(), 'deny');
      expect(refused.status).to.equal(409);
      const url = await begin();
      await engine.database.orm.em.fork().execute(`update calendar_authorization set began_at = began_at - interval '1 hour'`);
      expect((await follow(url)).status).to.equal(410);
      expect((await fetch(`${engine.url}/calendars/callback?code=x&state=forged`)).status).to.equal(410);
      expect((await fetch(`${engine.url}/calendars/callback`)).status).to.equal(410);
      expect((await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items).to.deep.equal([]);
    });

    it('finished in another browser than it was begun in, connects nothing; there it still can be', async () => {
      const ours = await fetch(local(await begin()));
      expect(ours.headers.get('set-cookie')).to.match(/^punctual_sign_in=[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
      const page = await ours.text();
      // Who was sent the provider's address alone has no cookie, or that of a sign-in of his own.
      const back = local(await decideAs(sandbox, linkIn(page), email));
      const [own] = (await fetch(local(await begin()))).headers.get('set-cookie')!.split(';');
      for (const cookie of ['', own!, 'punctual_sign_in=x']) expect((await fetch(back, { headers: { cookie } })).status).to.equal(410);
      expect((await call('GET', `/v1/barbers/${network.barberIds[0]}/calendars`)).body.items).to.deep.equal([]);
      const [right] = ours.headers.get('set-cookie')!.split(';');
      expect((await fetch(back, { headers: { cookie: `theme=dark; ${right}` } })).status).to.equal(200);
    });

    it('about to be connected, says for whom before its owner goes to the provider', async () => {
      await engine.database.orm.em.fork().execute('update barber set name = ? where id = ?', ['Rui <b>', network.barberIds[0]]);
      const page = await (await fetch(local(await begin()))).text();
      expect(page).to.include('Rui &lt;b&gt;').and.include(name);
      expect((await fetch(`${engine.url}/calendars/begin/forged`)).status).to.equal(410);
    });

    it('where its provider is not set up, is not offered', async () => {
      const plain = await startEngine({ workers: false });
      try {
        const other = await buildNetwork(plain.database.orm);
        expectProblem(
          await plain.call(other.apiKey, 'POST', `/v1/barbers/${other.barberIds[0]}/calendars/sign-in`, { provider }),
          'calendars_off',
        );
      } finally {
        await plain.stop();
      }
    });
  });
