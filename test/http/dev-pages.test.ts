/**
 * Goal: a developer sees what was sent where, and what messages look like; production has no such pages. Method: the pages on an app of the
 * engine's deps, a real inbox and SMS sandbox.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { createApp } from '../../src/http/app.ts';
import { mountDevPages, type DevPlaces } from '../../src/dev/dev-pages.ts';
import { loadSample } from '../../src/dev/load-sample.ts';
import { findFreeSlot } from '../../src/dev/welcome.ts';
import { createApiKey } from '../../src/db/api-key.ts';
import { sampleKinds } from '../../src/dev/sample-message.ts';
import { book, customer } from '../support/booking.ts';
import { required } from '../support/database.ts';
import { eventually, send, startEngine, type Engine } from '../support/engine.ts';
import { buildNetwork, type TestNetwork } from '../support/network.ts';
import { startTwilio, type TestTwilio } from '../support/twilio.ts';

const hostile = '<script>alert("x")</script> & \'Ada\'';
const ui = 'http://temporal.example:8233';

describe('dev pages', () => {
  let engine: Engine;
  let twilio: TestTwilio;
  let network: TestNetwork;
  const servers: Server[] = [];

  before(async () => {
    twilio = await startTwilio();
    engine = await startEngine({
      env: {
        ANSWER_WITHIN_MS: '60000',
        TEMPORAL_UI_URL: ui,
        TWILIO_ACCOUNT_SID: twilio.accountSid,
        TWILIO_AUTH_TOKEN: twilio.authToken,
        TWILIO_FROM: twilio.from,
        TWILIO_API_URL: twilio.url,
      },
    });
  });
  after(async () => {
    for (const server of servers) server.close();
    await engine.stop();
    await twilio.stop();
  });

  /** The API of development, for one network. */
  async function serve(networkId: string, places: Partial<DevPlaces> = {}): Promise<string> {
    const app = createApp(engine.deps, (app) =>
      mountDevPages(app, engine.deps, {
        networkId,
        mailUi: 'http://mail.example',
        mailApi: required('TEST_MAIL_API'),
        smsUi: twilio.url,
        calendar: null,
        ...places,
      }),
    );
    const server = app.listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const read = async (url: string): Promise<{ status: number; text: string; headers: Headers }> => {
    const response = await fetch(url, { redirect: 'manual' });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const rowsOf = (text: string): string[] =>
    text
      .split('<tr>')
      .slice(1)
      .filter((row) => row.includes('<td'));
  const settled = (url: string, count: number) =>
    eventually(
      () => read(`${url}/dev/sent?state=delivered`),
      ({ text }) => rowsOf(text).length === count,
    );

  async function booked(name: string): Promise<{ url: string; id: string }> {
    network = await buildNetwork(engine.database.orm, { settings: { alsoBySms: ['confirmation'] } });
    const answer = await book(engine, network, { startsAt: network.at('10:00', 3), customer: customer({ name }) });
    expect(answer.status, answer.text).to.equal(201);
    const url = await serve(network.networkId);
    await settled(url, 3);
    return { url, id: answer.body.id };
  }

  it('after a booking, list every message with its way, its reader and its state, and lead to workflow, mail and SMS', async () => {
    const { url, id } = await booked('Ada Lovelace');
    const { text, headers } = await read(`${url}/dev/sent`);

    expect(headers.get('cache-control')).to.equal('no-store');
    expect(headers.get('content-security-policy')).to.include("default-src 'none'");
    expect(text).not.to.match(/<script/i);
    const rows = rowsOf(text);
    expect(rows, 'two confirmations by mail, one by SMS, two reminders').to.have.lengthOf(5);
    for (const row of rows) expect(row).to.include(`${ui}/namespaces/default/workflows/appointment-${id}`);
    const [sms] = rows.filter((row) => row.includes('<td>sms</td>') && row.includes('confirmation'));
    expect(sms)
      .to.include('Ada Lovelace')
      .and.to.include('class="state delivered"')
      .and.to.match(/:~:text=SM[0-9a-f]{32}/)
      .and.to.include(`href="${twilio.url}/`);
    const barber = rows.find((row) => row.includes('/dev/messages/confirmation_barber'))!;
    expect(barber).to.include('Barber 1').and.to.include('<td>barber<');
    expect(rows.filter((row) => row.includes('class="state due"') && row.includes('<small>due '))).to.have.lengthOf(2);

    const [, mail = ''] = /href="(\/dev\/sent\/[^"]+\/mail)"/.exec(barber)!;
    const moved = await read(`${url}${mail}`);
    expect(moved.status).to.equal(302);
    expect(moved.headers.get('location')).to.match(/^http:\/\/mail\.example\/#\/email\/[\w-]+$/);
    const away = await serve(network.networkId, { mailApi: 'http://127.0.0.1:1' });
    expect((await read(`${away}${mail}`)).headers.get('location'), 'an inbox that does not answer').to.equal('http://mail.example');
  });

  it('filtered by state and channel, show just those; an unknown filter shows all, and no other network is seen', async () => {
    const { url } = await booked('Ada Lovelace');
    const count = async (query: string) => rowsOf((await read(`${url}/dev/sent${query}`)).text).length;

    expect(await count('?state=due')).to.equal(2);
    expect(await count('?channel=sms')).to.equal(1);
    expect(await count('?channel=mail&state=delivered')).to.equal(2);
    expect(await count('?state=parked')).to.equal(0);
    expect(await count('?state=nonsense&channel[]=x')).to.equal(5);
    const stranger = await serve((await buildNetwork(engine.database.orm)).networkId);
    expect(rowsOf((await read(`${stranger}/dev/sent`)).text)).to.have.lengthOf(0);
    const [, mail = ''] = /href="(\/dev\/sent\/[^"]+\/mail)"/.exec((await read(`${url}/dev/sent`)).text)!;
    expect((await read(`${stranger}${mail}`)).status).to.equal(404);
    for (const path of ['/dev/sent/nonsense/mail', '/dev/messages/nonsense', '/dev/nonsense'])
      expect((await read(`${url}${path}`)).status, path).to.equal(404);
  });

  it('after news of a dead sign-in, show to which shop they went', async () => {
    const { url } = await booked('Ada Lovelace');
    expect((await read(`${url}/dev/sent`)).text).not.to.include('About sign-ins');
    await engine.database.orm.em
      .fork()
      .execute(`insert into shop_told (shop_id, network_id, channel) values (?, ?, 'sms')`, [network.shopId, network.networkId]);
    const { text } = await read(`${url}/dev/sent`);
    expect(text).to.include('About sign-ins').and.to.include('href="/dev/messages/sign_in_shop"').and.to.include('Barbearia');
  });

  it('with a hostile name, show it as text', async () => {
    const { url } = await booked(hostile);
    const { text } = await read(`${url}/dev/sent`);
    expect(text).not.to.match(/<script/i);
    expect(text).to.include('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;Ada&#39;');
  });

  it('preview each kind in both languages, as subject, mail, text and SMS with its segments', async () => {
    const url = await serve((await buildNetwork(engine.database.orm)).networkId);
    const list = (await read(`${url}/dev/messages`)).text;
    for (const kind of sampleKinds) {
      for (const locale of ['pt-PT', 'en-GB']) {
        expect(list).to.include(`href="/dev/messages/${kind}?locale=${locale}"`);
        const { status, text } = await read(`${url}/dev/messages/${kind}?locale=${locale}`);
        expect(status, kind).to.equal(200);
        expect(text).not.to.match(/<script/i);
        const [, mail = ''] = /<iframe sandbox title="The mail" srcdoc="([^"]*)">/.exec(text)!;
        expect(mail).to.not.include('<');
        if (!kind.startsWith('sign_in')) expect(mail).to.include(`&lt;html lang=&quot;${locale}&quot;&gt;`);
        if (kind.endsWith('_barber')) expect(text).to.include('by mail alone');
        else expect(text).to.match(/[1-3] segments?, \d+ characters/);
      }
    }
    expect((await read(`${url}/dev/messages/confirmation_customer`)).text, 'Portuguese unless told otherwise')
      .to.include('Marcação confirmada')
      .and.to.include('America/New_York')
      .and.to.include('Ver a marcação')
      .and.to.include('Barba e toalha quente');
    expect((await read(`${url}/dev/messages/choose_customer?locale=<b>`)).text).not.to.include('<b>');
  });

  it('in production, are not there, nor in development for who asks by another name', async () => {
    for (const path of ['/dev', '/dev/sent', '/dev/messages', '/dev/messages/confirmation_customer'])
      expect((await read(`${engine.url}${path}`)).status, path).to.equal(404);
    const url = await serve((await buildNetwork(engine.database.orm)).networkId);
    expect((await read(`${url}/dev`)).headers.get('location')).to.equal('/dev/sent');
    const response = await fetch(`${url}/dev/sent`, { headers: { 'x-forwarded-host': 'tunnel.example' } });
    expect(response.status).to.equal(404);
  });

  it('of the sample network, show that the first booking that a newcomer copies brings an SMS, and reminders by SMS', async () => {
    const { orm } = engine.deps;
    const { networkId } = await loadSample(orm);
    const slot = (await findFreeSlot(engine.deps, networkId))!;
    const { apiKey } = await createApiKey(orm.em.fork(), { networkId, clientName: 'demo', scopes: ['book'] });
    const reader = customer({ name: 'Ada Lovelace' });
    const { shopId, serviceId, barberId, startsAt } = slot;
    const answer = await send(
      engine.url,
      apiKey,
      'POST',
      '/v1/appointments',
      { shopId, serviceId, barberId, startsAt, customer: reader },
      { 'idempotency-key': 'my-first-booking' },
    );
    expect(answer.status, answer.text).to.equal(201);

    const [text] = await eventually(
      () => twilio.messages(reader.phone),
      (found) => found.length > 0,
    );
    expect(text!.body)
      .to.include(slot.shopName)
      .and.to.match(/\/visit\/[\w-]{43}$/);
    const url = await serve(networkId);
    const due = rowsOf((await read(`${url}/dev/sent?state=due&channel=sms`)).text);
    expect(due.filter((row) => row.includes('reminder'))).to.have.lengthOf.at.least(1);
  });
});
