/**
 * Goal: an address that a tenant gives leads to no private network, by no trick. Method: tables of addresses; names whose answers change
 * between the check and the call; real servers that redirect, are slow, or never end.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { expect } from 'chai';
import { createGuardedFetch, ForbiddenAddress, TooLarge, type GuardOptions } from '../../src/integrations/guarded-fetch.ts';

describe('guarded fetch', () => {
  const open: (() => void)[] = [];
  afterEach(() => open.splice(0).forEach((close) => close()));

  function guard(options: Partial<GuardOptions> = {}): typeof fetch {
    const { fetch: guarded, close } = createGuardedFetch({ allowLoopback: false, timeoutMs: 500, ...options });
    open.push(() => void close());
    return guarded;
  }
  async function serve(answer: RequestListener): Promise<string> {
    const server: Server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  /** A resolver that gives these answers, one after the other. */
  const naming = (...answers: string[][]) =>
    ((_host: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) => {
      done(
        null,
        (answers.shift() ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as unknown as GuardOptions['resolve'] & object;
  const errorOf = (call: Promise<unknown>): Promise<Error> =>
    call.then(
      () => new Error('it was answered'),
      (error: Error) => error,
    );

  const inside = [
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fc00::1]',
    '[ff02::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[2002:a00:1::]',
    '[2001:db8::1]',
    '[2001::1]',
    '[::7f00:1]',
    '[::a9fe:a9fe]',
    '[::5efe:a00:1]',
    '[64:ff9b:1::a00:1]',
    '[::ffff:0:a00:1]',
    '[fec0::1]',
    '[4000::1]',
    '2130706433',
    '0x7f.1',
    '017700000001',
  ];
  it('to an address inside, however it is written, is refused', async () => {
    for (const host of inside) expect(await errorOf(guard()(`https://${host}/`)), host).to.be.instanceOf(ForbiddenAddress);
  });

  it('to a name that stands for an address inside, alone or beside a good one, is refused', async () => {
    for (const host of inside.filter((each) => (/^[\d.]+$|^\[/.test(each) && each.includes('.')) || each.includes(':'))) {
      const address = host.replace(/^\[|\]$/g, '');
      expect(await errorOf(guard({ resolve: naming([address]) })('https://calendar.example/')), host).to.be.instanceOf(ForbiddenAddress);
      expect(await errorOf(guard({ resolve: naming(['93.184.215.14', address]) })('https://calendar.example/')), host).to.be.instanceOf(
        ForbiddenAddress,
      );
    }
  });

  it('by anything but https, to an odd port, or with a password in the address, is refused', async () => {
    for (const url of [
      'http://calendar.example/',
      'ftp://calendar.example/',
      'file:///etc/passwd',
      'https://calendar.example:22/',
      'https://calendar.example:6379/',
      'https://user:word@calendar.example/',
    ]) {
      expect(await errorOf(guard({ resolve: naming(['93.184.215.14']) })(url)), url).to.be.instanceOf(ForbiddenAddress);
    }
  });

  it('to a name that changes after the check, goes to the checked address', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.end('inside');
    });
    const { port } = new URL(url);
    // What is looked up for the connection is what is checked: the second answer is never asked for.
    const answers = [['127.0.0.1'], ['127.0.0.1']];
    expect(await errorOf(guard({ resolve: naming(...answers) })(`https://calendar.example:8443/`))).to.be.instanceOf(ForbiddenAddress);
    expect(
      await (await guard({ allowLoopback: true, resolve: naming(['127.0.0.1'], ['10.0.0.1']) })(`http://localhost:${port}/`)).text(),
    ).to.equal('inside');
    expect(asked).to.equal(1);
  });

  it('to loopback, where development allows it, is answered; to other places inside it is not', async () => {
    const url = await serve((request, response) => response.end(request.method));
    expect(await (await guard({ allowLoopback: true })(url, { method: 'PROPFIND' })).text()).to.equal('PROPFIND');
    for (const host of ['10.0.0.1', '169.254.169.254'])
      expect(await errorOf(guard({ allowLoopback: true })(`http://${host}/`)), host).to.be.instanceOf(ForbiddenAddress);
  });

  it('redirected, is checked anew, follows three times, and does not write elsewhere', async () => {
    const places: Record<string, string> = {
      '/in': 'http://10.0.0.1/',
      '/meta': 'http://169.254.169.254/latest',
      '/loop': '/loop',
      '/one': '/two',
      '/two': '/there',
    };
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const location = places[request.url ?? ''];
      response.writeHead(location ? 302 : 200, location ? { location } : {}).end('there');
    });
    const local = guard({ allowLoopback: true });
    for (const path of ['/in', '/meta', '/loop']) expect(await errorOf(local(`${url}${path}`)), path).to.be.instanceOf(ForbiddenAddress);
    expect(await (await local(`${url}/one`)).text()).to.equal('there');
    seen.length = 0;
    expect((await local(`${url}/one`, { method: 'PUT', body: 'x' })).status).to.equal(302);
    expect(seen).to.deep.equal(['PUT /one']);
  });

  it('redirected to another server, does not tell it the password; an answer that is no redirect is not followed', async () => {
    const told: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      told.push(request.headers.authorization);
      response.end('other');
    });
    const url = await serve((request, response) => {
      told.push(request.headers.authorization);
      const to: Record<string, [number, string]> = { '/away': [302, other], '/same': [302, '/there'], '/unchanged': [304, other] };
      const [status, location] = to[request.url ?? ''] ?? [200, ''];
      response.writeHead(status, location ? { location } : {}).end();
    });
    const local = guard({ allowLoopback: true });
    const headers = { authorization: 'Basic secret' };
    await local(`${url}/away`, { headers });
    await local(`${url}/same`, { headers });
    expect((await local(`${url}/unchanged`, { headers })).status).to.equal(304);
    expect(told).to.deep.equal(['Basic secret', undefined, 'Basic secret', 'Basic secret', 'Basic secret']);
  });

  it('that answers too much, ends; that answers nothing or never stops, ends too', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200);
      const more = (): void => {
        if (!response.destroyed)
          response.write('x'.repeat(request.url === '/flood' ? 65_536 : 1), () => setTimeout(more, request.url === '/flood' ? 0 : 50));
      };
      more();
    });
    const local = guard({ allowLoopback: true, mostBytes: 100_000 });
    expect(await errorOf(local(`${url}/flood`).then((response) => response.text()))).to.be.instanceOf(TooLarge);
    expect((await errorOf(local(`${url}/silent`))).name).to.match(/Timeout/i);
    expect((await errorOf(local(`${url}/drip`).then((response) => response.text()))).name).to.match(/Timeout/i);
  });
});
