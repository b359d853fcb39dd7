/**
 * Goal: a calendar whose sign-in has died tells its owner and his shop, with a link by which he mends it himself; nothing is lost
 * meanwhile. Method: the whole engine, Radicale, the inbox; the page as a browser asks for it.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { book } from '../support/booking.ts';
import { eventually, startEngine, type Answer, type Engine } from '../support/engine.ts';
import { mailsTo } from '../support/inbox.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe('a calendar whose sign-in has died', () => {
  let radicale: TestRadicale;
  let engine: Engine;
  let network: TestNetwork;
  let calendarUrl: string;
  let connectionId: string;
  const barberMail = `rui.${randomUUID().slice(0, 8)}@example.com`;

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
    engine = await startEngine();
    network = await buildNetwork(engine.database.orm);
    const em = engine.database.orm.em.fork();
    await em.execute('update barber set email = ?, locale = ? where id = ?', [barberMail, 'en-GB', network.barberIds[0]]);
    calendarUrl = await radicale.newCalendar();
    const { body, text, status } = await call('POST', `/v1/barbers/${network.barberIds[0]}/calendars`, {
      provider: 'caldav',
      serverUrl: radicale.url,
      username: radicale.username,
      password: radicale.password,
      calendarId: calendarUrl,
    });
    expect(status, text).to.equal(201);
    connectionId = body.id;
  });
  after(async () => {
    await engine?.stop();
    await radicale?.stop();
  });

  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    engine.call(network.apiKey, method, path, body, { 'idempotency-key': randomUUID() });
  const stateOf = async (): Promise<string> => (await call('GET', `/v1/calendars/${connectionId}`)).body.state;
  const sweep = () => {
    const { deps } = engine;
    return deps.temporal.client.workflow.execute('handover', {
      workflowId: `handover-${randomUUID()}`,
      taskQueue: deps.config.temporal.taskQueue,
      args: [{ sweep: true, policy: deps.policy }],
    });
  };
  const notices = async () => (await mailsTo(barberMail)).filter(({ headers }) => headers['x-punctual-kind'] === 'sign_in_barber');
  const linkIn = (mail: { text: string }) =>
    /https?:\S+\/calendars\/\S+/.exec(mail.text)![0].replace(engine.deps.config.publicUrl, engine.url);
  const submit = (url: string, password: string) => fetch(url, { method: 'POST', body: new URLSearchParams({ password }) });

  it('tells its owner once a day, with a link; a wrong password changes nothing, the right one makes up for all of it, and the link is dead', async () => {
    radicale.setUsers({});
    const { body } = await book(engine, network);
    await eventually(stateOf, (state) => state === 'signed_out');
    await sweep();
    await sweep();
    const [mail, ...more] = await eventually(notices, (found) => found.length > 0);
    expect(more).to.deep.equal([]);
    expect(mail!.text).to.match(/One entry waits/);
    const link = linkIn(mail!);

    const page = await fetch(link);
    expect([page.status, page.headers.get('cache-control'), page.headers.get('referrer-policy')]).to.deep.equal([
      200,
      'no-store',
      'no-referrer',
    ]);
    expect(await page.text())
      .to.include(radicale.username)
      .and.not.include(radicale.password);
    radicale.setUsers({ [radicale.username]: radicale.password });
    expect((await submit(link, 'wrong')).status).to.equal(409);
    expect(await stateOf()).to.equal('signed_out');
    const done = await submit(link, radicale.password);
    expect([done.status, /signed in again/.test(await done.text())]).to.deep.equal([200, true]);
    expect(await stateOf()).to.equal('connected');
    await eventually(
      () => radicale.objects(calendarUrl),
      (objects) => Object.keys(objects).join() === `${body.id}.ics`,
    );

    expect((await fetch(link)).status).to.equal(410);
    expect((await submit(link, radicale.password)).status).to.equal(410);
  });

  it('whose owner signed in again while an entry was just being parked, gets it with the next sweep', async () => {
    radicale.setUsers({});
    const { body } = await book(engine, network, { startsAt: network.at('13:00') });
    await eventually(stateOf, (state) => state === 'signed_out');
    const parked = async () => (await call('GET', '/v1/dead-letters')).body.items as unknown[];
    await eventually(parked, (found) => found.length === 1);
    radicale.setUsers({ [radicale.username]: radicale.password });
    // Signed in again, but whoever did that has not seen the entry, or has not come so far.
    await engine.database.orm.em
      .fork()
      .execute(`update calendar_connection set state = 'connected', signed_out_at = null, version = version + 1 where id = ?`, [
        connectionId,
      ]);
    await sweep();
    await eventually(
      () => radicale.objects(calendarUrl),
      (objects) => Object.keys(objects).includes(`${body.id}.ics`),
    );
    expect(await parked()).to.deep.equal([]);
  });

  it('asked for under a link that is none, says nothing', async () => {
    for (const path of [`${connectionId}/${'x'.repeat(43)}`, `${randomUUID()}/${'x'.repeat(43)}`, 'x/y'])
      expect((await fetch(`${engine.url}/calendars/${path}`)).status, path).to.equal(410);
  });

  it('a barber whose calendar is written to, is told of a visit without a second invitation', async () => {
    const { body } = await book(engine, network, { startsAt: network.at('15:00') });
    const mine = await eventually(
      async () => (await mailsTo(barberMail)).filter(({ headers }) => headers['x-punctual-appointment'] === body.id),
      (found) => found.length === 1,
    );
    expect(mine[0]!.attachments ?? []).to.deep.equal([]);
  });
});
