/**
 * Goal: notifications come as Google and Microsoft document them, with the proofs of origin that we check; and they stay on this machine.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { newEmail, refusalOf, startSandbox, type Json, type TestSandbox } from '../support/calendar-sandbox.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const event = {
  start: { dateTime: '2026-11-27T10:30:00', timeZone: 'Europe/Lisbon' },
  end: { dateTime: '2026-11-27T11:00:00', timeZone: 'Europe/Lisbon' },
};
const minute = 60_000;

describe('calendar sandbox, notifications', () => {
  let sandbox: TestSandbox;
  let receiver: Receiver;
  let clock = Date.parse('2026-11-01T12:00:00Z');

  before(async () => {
    sandbox = await startSandbox({ now: () => clock, settings: { notificationRetryMs: 1, accessTokenSeconds: 90 * 86_400 } });
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await sandbox.notified();
    receiver.stop();
    expect(sandbox.contract.violations).to.deep.equal([]);
  });
  after(() => sandbox?.stop());

  describe('a Google channel', () => {
    const open = async (change: Json = {}) => {
      const email = newEmail();
      const api = sandbox.google(sandbox.addAccount({ provider: 'google', email }));
      const id = randomUUID();
      const watch = () =>
        api.events.watch({
          calendarId: 'primary',
          requestBody: { id, type: 'web_hook', address: receiver.url, token: 'secret', ...change },
        });
      return { api, email, id, watch };
    };

    it('opened, is told to its address at once, then each change, whoever made it', async () => {
      const { api, email, id, watch } = await open();
      const { data } = await watch();
      expect(data).to.include({ kind: 'api#channel', id, token: 'secret', expiration: String(clock + 7 * 1440 * minute) });
      await api.events.insert({ calendarId: 'primary', requestBody: event });
      sandbox.byHand.add(email, { title: 'Dentist', start: '2026-11-28T09:00', end: '2026-11-28T10:00' });
      const received = await receiver.wait(3);
      expect(received.map(({ headers }) => headers['x-goog-resource-state'])).to.deep.equal(['sync', 'exists', 'exists']);
      const numbers = received.map(({ headers }) => Number(headers['x-goog-message-number']));
      expect(numbers[0]).to.equal(1);
      expect(numbers).to.deep.equal([...new Set(numbers)].sort((a, b) => a - b));
      for (const { headers, text } of received) {
        expect(headers).to.include({
          'x-goog-channel-id': id,
          'x-goog-channel-token': 'secret',
          'x-goog-resource-id': data.resourceId,
          'x-goog-channel-expiration': new Date(clock + 7 * 1440 * minute).toUTCString(),
        });
        expect(text).to.equal('');
      }
    });

    it('stopped or expired, tells nothing more', async () => {
      const { api, id, watch } = await open({ params: { ttl: '60' } });
      const { data } = await watch();
      expect(data.expiration).to.equal(String(clock + minute));
      clock += 2 * minute;
      await api.events.insert({ calendarId: 'primary', requestBody: event });
      await watch();
      expect(await refusalOf(watch())).to.equal('400 channelIdNotUnique');
      expect((await api.channels.stop({ requestBody: { id, resourceId: data.resourceId! } })).status).to.equal(204);
      await api.events.insert({ calendarId: 'primary', requestBody: event });
      await sandbox.notified();
      expect(receiver.received.map(({ headers }) => headers['x-goog-resource-state'])).to.deep.equal(['sync', 'sync']);
    });

    it('to an address that is not of this machine, is refused', async () => {
      const { watch } = await open({ address: 'https://example.com/hook' });
      expect(await refusalOf(watch())).to.equal('401 webhookUrlUnauthorized');
    });

    it('whose receiver fails, is told again', async () => {
      let failures = 2;
      receiver.answer = () => (failures-- > 0 ? 503 : 200);
      await (await open()).watch();
      await sandbox.notified();
      expect(receiver.received).to.have.length(3);
    });
  });

  describe('a Graph subscription', () => {
    const open = () => {
      const email = newEmail();
      const graph = sandbox.graph(sandbox.addAccount({ provider: 'graph', email }));
      const subscribe = (change: Json = {}) =>
        graph('POST', '/subscriptions', {
          changeType: 'created,updated,deleted',
          notificationUrl: receiver.url,
          lifecycleNotificationUrl: receiver.url,
          resource: '/me/events',
          clientState: 'secret',
          expirationDateTime: new Date(clock + 4230 * minute).toISOString(),
          ...change,
        });
      return { email, graph, subscribe };
    };
    const notes = (text: string) => (JSON.parse(text) as { value: Json[] }).value;

    it('made, tells what was created, updated and deleted, with its client state', async () => {
      const { graph, subscribe } = open();
      const { status, body } = await subscribe();
      expect([status, body.clientState, body.resource]).to.deep.equal([201, 'secret', '/me/events']);
      const { id } = (await graph('POST', '/me/events', event)).body;
      const path = `/me/events/${encodeURIComponent(String(id))}`;
      await graph('PATCH', path, { subject: 'Other' });
      await graph('DELETE', path);
      const received = (await receiver.wait(3)).flatMap(({ text }) => notes(text));
      expect(received.map(({ changeType }) => changeType)).to.deep.equal(['created', 'updated', 'deleted']);
      for (const one of received) {
        expect(one).to.include({ subscriptionId: body.id, clientState: 'secret' });
        expect(one.resourceData).to.include({ id, '@odata.type': '#Microsoft.Graph.Event' });
      }
    });

    it('whose address does not repeat the token, is not made', async () => {
      const { graph, subscribe } = open();
      for (const said of ['wrong', 500] as const) {
        receiver.answer = () => said;
        const { status, body } = await subscribe();
        expect([status, (body.error as Json).code]).to.deep.equal([400, 'ValidationError']);
      }
      expect((await graph('GET', '/subscriptions')).body.value).to.deep.equal([]);
    });

    it('for longer than is allowed, of an unknown kind or elsewhere, is refused', async () => {
      const { subscribe } = open();
      for (const change of [
        { expirationDateTime: new Date(clock + 4231 * minute).toISOString() },
        { changeType: 'moved' },
        { resource: '/me/messages' },
        { notificationUrl: 'https://example.com/hook' },
        { clientState: 'x'.repeat(129) },
      ]) {
        expect((await subscribe(change)).status, JSON.stringify(change)).to.equal(400);
      }
    });

    it('renewed, lasts longer; expired or deleted, it is not found', async () => {
      const { graph, subscribe } = open();
      const path = `/subscriptions/${String((await subscribe()).body.id)}`;
      clock += 4000 * minute;
      const until = new Date(clock + 4230 * minute).toISOString();
      expect((await graph('PATCH', path, { expirationDateTime: until })).body.expirationDateTime).to.equal(until);
      expect((await graph('POST', `${path}/reauthorize`)).status).to.equal(204);
      clock += 4000 * minute;
      expect((await graph('GET', path)).status).to.equal(200);
      clock += 4000 * minute;
      expect((await graph('GET', path)).status).to.equal(404);
      const other = `/subscriptions/${String((await subscribe()).body.id)}`;
      expect((await graph('DELETE', other)).status).to.equal(204);
      expect((await graph('DELETE', other)).status).to.equal(404);
    });

    it('of an account that takes its access back, is removed and says so', async () => {
      const { email, subscribe } = open();
      await subscribe();
      sandbox.byHand.tell(email, 'missed');
      sandbox.byHand.revoke(email);
      const received = (await receiver.wait(2)).flatMap(({ text }) => notes(text));
      expect(received.map(({ lifecycleEvent, clientState }) => [lifecycleEvent, clientState])).to.deep.equal([
        ['missed', 'secret'],
        ['subscriptionRemoved', 'secret'],
      ]);
    });
  });
});
