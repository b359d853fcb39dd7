/**
 * Goal: channels are opened, renewed and closed as Google and Microsoft document it, and what goes wrong is told as of what kind it is.
 * Method: our clients against the sandbox, judged by the providers' own documents.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { AddedAccount } from '../../src/dev/calendar-sandbox/start.ts';
import type { Calendar, Push } from '../../src/integrations/calendar/calendar.ts';
import { createGoogleCalendar } from '../../src/integrations/calendar/google.ts';
import { createGraphCalendar } from '../../src/integrations/calendar/graph.ts';
import { failureOf } from '../support/calendar-subject.ts';
import { newEmail, startSandbox, type TestSandbox } from '../support/calendar-sandbox.ts';
import { eventually } from '../support/engine.ts';
import { startScripted } from '../support/faulty-http.ts';

const now = () => new Date('2026-11-22T10:00:00Z');
const day = 86_400_000;

for (const [provider, name, least, most] of [
  ['google', 'Google', 6, 7],
  ['graph', 'Microsoft', 2.5, 3],
] as const)
  describe(`${name}'s telling of changes`, () => {
    let sandbox: TestSandbox;
    let account: AddedAccount;
    let line: Awaited<ReturnType<typeof startScripted>>;
    let push: Push;
    let receiver: Server;
    let address: string;
    let told: { path: string; headers: Record<string, unknown>; body: string }[];

    before(async () => {
      sandbox = await startSandbox({ now: () => now().getTime() });
    });
    after(() => sandbox?.stop());
    beforeEach(async () => {
      account = sandbox.addAccount({ provider, email: newEmail() });
      line = await startScripted(sandbox.contract.url);
      const access = {
        calendarId: account.calendarId,
        timeZone: 'Europe/Lisbon',
        accessToken: () => Promise.resolve(account.accessToken),
        now,
        timeoutMs: 1500,
      };
      const calendar: Calendar =
        provider === 'google'
          ? createGoogleCalendar({ ...access, rootUrl: `${line.url}/` })
          : createGraphCalendar({ ...access, baseUrl: `${line.url}/v1.0` });
      push = calendar.push!;
      told = [];
      receiver = createServer((request, response) => {
        const { searchParams, pathname } = new URL(request.url!, 'http://localhost');
        let body = '';
        request
          .on('data', (chunk) => {
            body += String(chunk);
          })
          .on('end', () => {
            const token = searchParams.get('validationToken');
            if (token === null) told.push({ path: pathname, headers: request.headers, body });
            response.writeHead(200, { 'content-type': 'text/plain' }).end(token ?? '');
          });
      });
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    });
    afterEach(() => {
      line?.stop();
      receiver?.close();
      expect(sandbox.contract.violations.splice(0)).to.deep.equal([]);
    });

    const open = async () => {
      const id = randomUUID();
      return { id, ...(await push.open({ id, address: `${address}/${id}`, secret: 'a secret of the channel' })) };
    };
    const watches = () => sandbox.store.state.watches.filter(({ accountId }) => accountId === account.id);

    it('a channel, opened, lasts for days, and each call at its address carries its secret', async () => {
      const channel = await open();
      expect((channel.expiresAt.getTime() - now().getTime()) / day).to.be.within(least, most);
      sandbox.byHand.add(account.email, { title: 'x', start: '2026-11-27T10:00', end: '2026-11-27T11:00' });
      await eventually(
        () => Promise.resolve(told.length),
        (count) => count === (provider === 'google' ? 2 : 1),
      );
      for (const { path, headers, body } of told) {
        expect(path).to.equal(`/${channel.id}`);
        expect(
          provider === 'google'
            ? headers['x-goog-channel-token']
            : (JSON.parse(body) as { value: { clientState: string }[] }).value[0]!.clientState,
        ).to.equal('a secret of the channel');
      }
    });

    it('a channel, renewed, lasts as long again, or another must be opened', async () => {
      const channel = await open();
      const until = await push.renew(channel);
      expect(until?.toISOString() ?? null).to.equal(provider === 'google' ? null : channel.expiresAt.toISOString());
      await push.close(channel);
      expect(await push.renew(channel)).to.equal(null);
    });

    it('a channel, closed twice, is gone', async () => {
      const channel = await open();
      await push.close(channel);
      await push.close(channel);
      expect(watches()).to.deep.equal([]);
    });

    for (const [fault, kind] of [
      ['drop', 'transient'],
      ['pass, then drop', 'transient'],
      [{ status: 401 }, 'sign_in'],
      [{ status: 403 }, 'permanent'],
      [{ status: 429, headers: { 'retry-after': '7' } }, 'transient'],
      [{ status: 503 }, 'transient'],
      [{ status: 200, body: {} }, 'transient'],
    ] as const) {
      it(`an opening, answered by ${JSON.stringify(fault)}, is told as ${kind}`, async () => {
        line.script.push(fault);
        const { kind: found, retryAfterSeconds } = await failureOf(open());
        expect([found, retryAfterSeconds]).to.deep.equal([kind, typeof fault === 'object' && fault.status === 429 ? 7 : null]);
      });
    }

    it('an address that the provider does not take, is told as permanent', async () => {
      expect((await failureOf(push.open({ id: randomUUID(), address: 'https://punctual.example/hooks', secret: 'x' }))).kind).to.equal(
        'permanent',
      );
    });
  });
