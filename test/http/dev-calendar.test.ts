/**
 * Goal: a newcomer sees a visit land in a calendar, and what is entered there. Method: development's page on an app of the engine's deps,
 * and Radicale.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createApp } from '../../src/http/app.ts';
import { mountDevPages } from '../../src/dev/dev-pages.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { icsOf } from '../support/ics.ts';
import { buildNetwork } from '../support/network.ts';
import { needPython } from '../support/python.ts';
import { startTestRadicale, type TestRadicale } from '../support/radicale.ts';

describe("development's page of a calendar", () => {
  let radicale: TestRadicale;
  let engine: Engine;
  const servers: Server[] = [];

  before(async function () {
    radicale = await startTestRadicale(needPython(this));
    engine = await startEngine({ workers: false });
  });
  after(async () => {
    for (const server of servers) server.close();
    await engine?.stop();
    await radicale?.stop();
  });

  async function serve(calendarUrl: string | null): Promise<string> {
    const { networkId } = await buildNetwork(engine.database.orm);
    const calendar = calendarUrl === null ? null : { calendarUrl, username: radicale.username, password: radicale.password };
    const server = createApp(engine.deps, (app) =>
      mountDevPages(app, engine.deps, { networkId, mailUi: null, mailApi: null, smsUi: null, calendar }),
    ).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dev/calendar`;
  }
  const submit = (page: string, origin: string, form: Record<string, string>) =>
    fetch(page, { method: 'POST', redirect: 'manual', headers: { origin }, body: new URLSearchParams(form) });

  it('shows what is there and who has put it there, hostile names as text', async () => {
    const url = await radicale.newCalendar();
    await radicale.enter(
      url,
      'ours.ics',
      icsOf(['UID:1@punctual', 'DTSTART:20261127T103000Z', 'DTEND:20261127T110000Z', 'SUMMARY:Corte <script>', 'LOCATION:Loja']),
    );
    const html = await (await fetch(await serve(url))).text();
    expect(html)
      .to.include('Corte &lt;script&gt;')
      .and.include('2026-11-27 10:30')
      .and.include('<td>Punctual</td>')
      .and.not.include('<script>');
  });

  it('enters something for its owner, asked by its own form alone', async () => {
    const url = await radicale.newCalendar();
    const page = await serve(url);
    expect((await submit(page, 'http://elsewhere.example', { from: '2026-11-27T10:30', minutes: '60' })).status).to.equal(400);
    expect((await submit(page, new URL(page).origin, { from: 'soon', minutes: '60' })).status).to.equal(400);
    expect(await radicale.objects(url)).to.deep.equal({});
    expect((await submit(page, new URL(page).origin, { from: '2026-11-27T10:30', minutes: '60' })).status).to.equal(303);
    expect(Object.values(await radicale.objects(url)).join())
      .to.include('DTSTART:20261127T103000Z')
      .and.include('DTEND:20261127T113000Z');
    expect(await (await fetch(page)).text()).to.include('<td>its owner</td>');
  });

  it('without a CalDAV server, says why', async () => {
    expect(await (await fetch(await serve(null))).text()).to.include('Python');
  });
});
