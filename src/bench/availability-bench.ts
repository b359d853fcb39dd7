/**
 * `npm run bench -- availability`: how long free times take over HTTP, with 1,000, 100,000 and 1,000,000 appointments in the books. Each
 * size has a database and an API process of its own; they are asked in turn, so that a noisy neighbour hits all alike.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createApiKey } from '../db/api-key.ts';
import { migrate, openOrm } from '../db/orm.ts';
import { freePorts } from '../dev/ports.ts';
import { startPostgres } from '../dev/postgres.ts';
import { addDays, toWall } from '../domain/time.ts';
import { loadAppointments, loadShops, type Loaded } from './availability-load.ts';
import { begin, endChildren } from './children.ts';
import { percentile } from './load.ts';

const sizes = (process.env.BENCH_APPOINTMENTS ?? '1000,100000,1000000').split(',').map(Number);
const requests = Number(process.env.BENCH_REQUESTS || 300);

type Site = { size: number; url: string; apiKey: string; loaded: Loaded };

async function openSite(serverUrl: string, size: number): Promise<Site> {
  const url = new URL(serverUrl);
  const admin = await openOrm({ databaseUrl: url.href, poolSize: 2 });
  await admin.em.fork().execute(`create database bench_${size}`);
  await admin.close();
  url.pathname = `/bench_${size}`;
  const orm = await openOrm({ databaseUrl: url.href, poolSize: 2 });
  await migrate(orm);
  const loaded = await loadShops(orm);
  await loadAppointments(url.href, loaded, size);
  const { apiKey } = await createApiKey(orm.em.fork(), { networkId: loaded.networkId, clientName: 'bench', scopes: ['book'] });
  await orm.close();
  // Free times ask nothing of Temporal, so there need be none.
  const env = {
    ...process.env,
    DATABASE_URL: url.href,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    SMTP_URL: 'smtp://127.0.0.1:1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    LINK_SECRET: randomBytes(32).toString('hex'),
    RATE_LIMIT_PER_MINUTE: '1000000',
  };
  const { said } = await begin('programs.ts', ['api'], env);
  return { size, url: String(said), apiKey, loaded };
}

async function ask(
  { url, apiKey }: Site,
  query: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<{ ms: number; bytes: number; tag: string }> {
  const began = performance.now();
  const response = await fetch(`${url}/v1/availability?${new URLSearchParams(query).toString()}`, {
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
  });
  const text = await response.text();
  const ms = performance.now() - began;
  if (response.status !== 200 && response.status !== 304) throw new Error(`${response.status}: ${text}`);
  return { ms, bytes: text.length, tag: response.headers.get('etag') ?? '' };
}

const today = toWall(Date.now(), 'Europe/Lisbon').date;

/** What is asked, by number, so that each size is asked the same. */
const questions: Record<string, (site: Site, index: number) => Record<string, string>> = {
  'one barber, one day': ({ loaded }, index) => {
    const { shopId, barberId } = loaded.shops[(index * 37) % loaded.shops.length]!;
    return { shopId, barberId, serviceId: loaded.serviceId, from: addDays(today, 1 + (index % 12)) };
  },
  'one shop, one day': ({ loaded }, index) => ({
    shopId: loaded.shops[(index * 37) % loaded.shops.length]!.shopId,
    serviceId: loaded.serviceId,
    from: addDays(today, 1 + (index % 12)),
  }),
  'any of 20 barbers, 14 days': ({ loaded }, index) => ({
    shopId: loaded.bigShopId,
    serviceId: loaded.serviceId,
    from: addDays(today, index % 7),
    to: addDays(today, 13 + (index % 7)),
  }),
};

const fixed = (value: number, digits = 1) => value.toFixed(digits).padStart(8);

/** Measures in `folder`, which must be empty and the caller's to remove. */
export async function benchAvailability(folder: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), port, throwaway: true, log: (line) => console.log(line) });
  try {
    const sites: Site[] = [];
    for (const size of sizes) {
      console.log(`Loading ${size.toLocaleString('en')} appointments into 56 shops …`);
      sites.push(await openSite(server.url, size));
    }
    console.log('\nFree times over HTTP, one request at a time, ms                 p50       p95       p99        KB');
    const worst: Record<string, number[]> = {};
    for (const [name, question] of Object.entries({
      ...questions,
      'the same, polled with its ETag': questions['any of 20 barbers, 14 days']!,
    })) {
      const polled = name.includes('ETag');
      for (const site of sites) for (let index = 0; index < 40; index += 1) await ask(site, question(site, index));
      const times = sites.map((): { ms: number; bytes: number }[] => []);
      // Short answers come often enough for a p99 that means something.
      const count = name.includes('one day') ? 4 * requests : requests;
      for (let index = 0; index < count; index += 1) {
        for (const [at, site] of sites.entries()) {
          const query = question(site, index);
          const headers = polled ? { 'if-none-match': (await ask(site, query)).tag } : {};
          times[at]!.push(await ask(site, query, headers));
        }
      }
      for (const [at, site] of sites.entries()) {
        const sorted = times[at]!.map(({ ms }) => ms).sort((a, b) => a - b);
        const bytes = times[at]!.reduce((sum, each) => sum + each.bytes, 0) / count;
        (worst[name] ??= []).push(percentile(sorted, 0.99));
        console.log(
          `  ${name.padEnd(32)} ${site.size.toLocaleString('en').padStart(10)}   ` +
            `${fixed(percentile(sorted, 0.5))}  ${fixed(percentile(sorted, 0.95))}  ${fixed(percentile(sorted, 0.99))}  ` +
            fixed(bytes / 1024),
        );
      }
    }
    console.log(
      `\np99 with ${sizes.at(-1)!.toLocaleString('en')} appointments against ${sizes[0]!.toLocaleString('en')} (goal: at most 1.5)`,
    );
    for (const [name, p99] of Object.entries(worst)) console.log(`  ${name.padEnd(32)} ${fixed(p99.at(-1)! / p99[0]!, 2)}`);
  } finally {
    await endChildren();
    await server.stop();
  }
}
