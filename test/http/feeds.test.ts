/**
 * Goal: barbers and shops subscribe to their calendars by a secret address, until it is revoked; nobody else learns it, or anything by
 * guessing. Method: make, read and revoke feeds over HTTP; look at what is stored and logged.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createFeeds } from '../../src/db/feed.ts';
import { useFeeds, type Read } from '../support/feed-stage.ts';
import { expectProblem } from '../support/problem.ts';

describe('feeds', () => {
  const stage = useFeeds();
  const { open, call, sql, feedsOf, made, get, eventsOf, booked } = stage;

  it('a feed, made, answers its address once; the list tells who reads it and not where; no table has the token', async () => {
    const answer = await call('POST', feedsOf('shops'), { privacy: 'busy', name: 'Receção' });
    expect(answer.status, answer.text).to.equal(201);
    expect(answer.body).to.include({ privacy: 'busy', name: 'Receção', lastReadAt: null, reads: 0 });
    const { pathname } = new URL(answer.body.url);
    for (const method of ['GET', 'HEAD', 'GET']) expect((await get(pathname, {}, method)).status).to.equal(200);

    const list = await call('GET', feedsOf('shops'));
    const { url, ...rest } = answer.body;
    const { lastReadAt } = list.body.items[0];
    expect(list.body).to.deep.equal({ items: [{ ...rest, reads: 3, lastReadAt }], nextCursor: null });
    expect(Date.parse(lastReadAt)).to.be.within(Date.parse(rest.createdAt), Date.now());
    expect((await call('GET', feedsOf('barbers'))).body.items).to.deep.equal([]);
    const token = String(url).slice(-47, -4);
    const tables = await sql<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    for (const { name } of tables)
      expect(await sql(`select 1 from ${name} t where t::text like ?`, [`%${token}%`]), name).to.deep.equal([]);
    expect(stage.logged.some((line) => line.includes('/feeds/:token'))).to.equal(true);
    expect(stage.logged.join('\n') + (await get('/metrics')).text)
      .to.include('/feeds/:token')
      .and.not.include(token);
  });

  it('a feed, asked for again, with or without a key and by many at once, is the same one; of another name, level or owner, another; revoked, a new one', async () => {
    const post = async (body: object, kind: 'barbers' | 'shops' = 'shops', headers = {}) =>
      (await call('POST', feedsOf(kind), body, headers)).body as { id: string; url: string };
    const first = await post({ privacy: 'full' });
    const again = await Promise.all(
      [{}, {}, { 'idempotency-key': 'a' }, { 'idempotency-key': 'a' }].map((headers) => post({ privacy: 'full' }, 'shops', headers)),
    );
    expect(again.map(({ id, url }) => [id, url])).to.deep.equal(again.map(() => [first.id, first.url]));
    const others = [
      await post({ privacy: 'full', name: 'Ana' }),
      await post({ privacy: 'busy' }),
      await post({ privacy: 'full' }, 'barbers'),
    ];
    expect(new Set([first, ...others].map(({ url }) => url)).size).to.equal(4);

    for (const _ of [1, 2]) expect((await call('DELETE', `/v1/feeds/${first.id}`)).status).to.equal(204);
    const next = await post({ privacy: 'full' });
    expect([next.id === first.id, next.url === first.url]).to.deep.equal([false, false]);
    expect((await call('GET', feedsOf('shops'))).body.items.map(({ id }: { id: string }) => id)).to.have.members([
      next.id,
      others[0]!.id,
      others[1]!.id,
    ]);
  });

  it('a feed, asked for with faulty fields, is refused by their names', async () => {
    const bad: [object, string[]][] = [
      [{}, ['/privacy']],
      [{ privacy: 'all' }, ['/privacy']],
      [{ privacy: 'busy', name: '' }, ['/name']],
      [{ privacy: 'busy', name: 'a\nb' }, ['/name']],
      [{ privacy: 'busy', token: 'x' }, ['/token']],
    ];
    for (const [body, paths] of bad) expectProblem(await call('POST', feedsOf('barbers'), body), 'invalid_request', paths);
    expect((await call('GET', feedsOf('barbers'))).body.items).to.deep.equal([]);
  });

  it('a feed made under another LINK_SECRET, goes on working; its address cannot be told again until it is revoked', async () => {
    const before = createFeeds({ linkSecret: 'the secret that was used before', publicUrl: '' });
    const { id, url } = await before.issue(
      stage.engine.database.orm.em.fork(),
      { networkId: stage.network.networkId, barberId: null, shopId: stage.network.shopId },
      { id: randomUUID(), privacy: 'full', name: null },
    );
    expect((await get(url)).status).to.equal(200);
    expectProblem(await call('POST', feedsOf('shops'), { privacy: 'full' }), 'not_allowed');
    await call('DELETE', `/v1/feeds/${id}`);
    expect([(await get(url)).status, (await get((await made('shops')).path)).status]).to.deep.equal([404, 200]);
  });

  it('a feed that is revoked, whose token never was, or is none, answers the same, at once; likewise when barber or shop were archived', async () => {
    const [revoked, ofShop, ofBarber] = [await made('shops', 'busy'), await made('shops', 'full'), await made('barbers', 'full')];
    for (const { path } of [revoked, ofShop, ofBarber]) expect((await get(path)).status).to.equal(200);
    const shown = ({ status, text, headers: given }: Read) => [
      status,
      text.replace(/urn:uuid:[\w-]+/, ''),
      [...given].filter(([name]) => !['date', 'x-request-id', 'ratelimit', 'ratelimit-policy'].includes(name)),
    ];
    const { headers } = await get(revoked.path);
    expect((await call('DELETE', `/v1/feeds/${revoked.id}`)).status).to.equal(204);
    const dead = shown(await get(revoked.path, { 'if-none-match': headers.get('etag')! }));
    expect(dead[0]).to.equal(404);
    await sql('update shop set archived_at = now() where id = ?', [stage.network.shopId]);
    await sql('update barber set archived_at = now() where id = ?', [stage.network.barberIds[0]]);

    const others = [
      revoked.path,
      ofShop.path,
      ofBarber.path,
      `/feeds/${'x'.repeat(43)}.ics`,
      '/feeds/x.ics',
      `/feeds/${randomUUID()}.ics`,
      '/feeds/%00.ics',
      '/feeds/x',
      '/feeds/%E0%A4%A.ics',
    ];
    for (const path of others) expect(shown(await get(path)), path).to.deep.equal(dead);
    expect((await call('GET', feedsOf('shops'))).status).to.equal(404);
    expect((await call('DELETE', `/v1/feeds/${ofShop.id}`)).status, 'what cannot be listed can be revoked').to.equal(204);
  });

  it("another network's barber, shop or feed, is nowhere, and its feeds stay as they are", async () => {
    const { path, id } = await made('shops');
    const theirs = stage.network;
    await open();
    for (const method of ['GET', 'POST']) {
      expectProblem(await call(method, feedsOf('shops', theirs.shopId), method === 'POST' ? { privacy: 'busy' } : undefined), 'not_found');
      expectProblem(
        await call(method, feedsOf('barbers', theirs.barberIds[0]), method === 'POST' ? { privacy: 'busy' } : undefined),
        'not_found',
      );
    }
    expectProblem(await call('DELETE', `/v1/feeds/${id}`), 'not_found');
    await booked();
    expect(await eventsOf(path)).to.deep.equal([]);
  });

  it('a feed, as it is served, is a calendar for its reader alone, without a cookie; asked for by its ETag, comes again only when it has changed', async () => {
    const { path } = await made('barbers');
    const first = await get(path);
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('content-type')).to.equal('text/calendar; charset=utf-8');
    expect(first.headers.get('cache-control')).to.match(/\bprivate\b/);
    expect([first.headers.get('set-cookie'), first.headers.get('referrer-policy'), first.headers.get('x-robots-tag')]).to.deep.equal([
      null,
      'no-referrer',
      'noindex, nofollow',
    ]);
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.text, head.headers.get('etag'), head.headers.get('content-length')]).to.deep.equal([
      200,
      '',
      etag,
      String(Buffer.byteLength(first.text)),
    ]);
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const same = await get(path, { 'if-none-match': known });
      expect([same.status, same.text, same.headers.get('etag'), same.headers.get('cache-control')], known).to.deep.equal([
        304,
        '',
        etag,
        first.headers.get('cache-control'),
      ]);
    }
    stage.aheadMs = 5 * 60_000;
    expect((await get(path, { 'if-none-match': etag })).status, 'later').to.equal(304);
    stage.aheadMs = 0;
    await booked();
    const changed = await get(path, { 'if-none-match': etag });
    expect([changed.status, changed.headers.get('etag') === etag]).to.deep.equal([200, false]);
    expect((await get(path, {}, 'POST')).status).to.equal(404);
  });

  it('a flood of guesses from one address, is stopped', async () => {
    const answers = await Promise.all(
      Array.from({ length: 70 }, () => get(`/feeds/${'y'.repeat(43)}.ics`, { 'x-forwarded-for': '192.0.2.1' })),
    );
    expect(answers.filter(({ status }) => status === 429).length).to.equal(10);
  });

  it('the document of the API, has the routes of feeds, with what an address is', async () => {
    const { paths } = (await call('GET', '/openapi.json')).body;
    for (const kind of ['barbers', 'shops']) {
      expect(Object.keys(paths[`/v1/${kind}/{id}/feeds`])).to.have.members(['get', 'post']);
      expect(paths[`/v1/${kind}/{id}/feeds`].post.requestBody.content['application/json'].schema.properties.privacy.enum).to.deep.equal([
        'busy',
        'service',
        'full',
      ]);
    }
    expect(Object.keys(paths['/v1/feeds/{id}'])).to.deep.equal(['delete']);
  });
});
