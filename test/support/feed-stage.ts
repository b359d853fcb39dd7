/** What the tests of feeds have in common: an engine whose clock can be turned, a network for each test, and those who read. */
import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import type { CalendarPrivacy } from '../../src/domain/calendar-visit.ts';
import { book } from './booking.ts';
import { lineFaults, readCalendar, type SaidEvent } from './calendar.ts';
import { claim, facts, request } from './claiming.ts';
import { startEngine, type Answer, type Engine } from './engine.ts';
import { buildNetwork, type NetworkWishes, type TestNetwork } from './network.ts';

export type Read = { status: number; text: string; headers: Headers };

export const uid = (...ids: string[]): string => `${ids.join('.')}@punctual`;
export const utc = (at: string): string => new Date(at).toISOString();

/** Called where tests are described: starts before them, and ends after them. `aheadMs` turns the clock of the API until the next test. */
export function useFeeds() {
  const stage = {
    engine: undefined as unknown as Engine,
    network: undefined as unknown as TestNetwork,
    aheadMs: 0,
    logged: [] as string[],
  };

  before(async () => {
    const log = pino({ level: 'debug' }, { write: (line: string) => void stage.logged.push(line) });
    stage.engine = await startEngine({
      env: { ANSWER_WITHIN_MS: '60000', PUBLIC_URL: 'https://bookings.example/', TRUST_PROXY: '1' },
      deps: { now: () => new Date(Date.now() + stage.aheadMs), log },
    });
  });
  after(() => stage.engine?.stop());
  beforeEach(() => open());

  const open = async (wishes: NetworkWishes = {}) => {
    stage.aheadMs = 0;
    stage.network = await buildNetwork(stage.engine.database.orm, wishes);
  };
  const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> =>
    stage.engine.call(stage.network.apiKey, method, path, body, headers);
  const sql = <Row extends object>(statement: string, values: unknown[] = []) =>
    stage.engine.database.orm.em.fork().execute<Row[]>(statement, values);
  const feedsOf = (kind: 'barbers' | 'shops', id?: string) =>
    `/v1/${kind}/${id ?? (kind === 'shops' ? stage.network.shopId : stage.network.barberIds[0])}/feeds`;
  /** A new feed: its id and the path of its address. */
  async function made(kind: 'barbers' | 'shops', privacy: CalendarPrivacy = 'full', id?: string): Promise<{ id: string; path: string }> {
    const { status, body, text } = await call('POST', feedsOf(kind, id), { privacy });
    expect(status, text).to.equal(201);
    expect(body.url).to.match(/^https:\/\/bookings\.example\/feeds\/[\w-]{43}\.ics$/);
    return { id: body.id, path: new URL(body.url).pathname };
  }
  /** Each time from another address, so that only one test meets the limit. */
  async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Read> {
    const response = await fetch(`${stage.engine.url}${path}`, {
      method,
      headers: { 'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`, ...headers },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }
  async function eventsOf(path: string): Promise<SaidEvent[]> {
    const { status, text } = await get(path);
    expect(status, text).to.equal(200);
    expect(lineFaults(text)).to.deep.equal([]);
    return readCalendar(text).events;
  }
  const booked = async (wishes: Record<string, unknown> = {}): Promise<{ id: string; startsAt: string; endsAt: string }> => {
    const answer = await book(stage.engine, stage.network, wishes);
    expect(answer.status, answer.text).to.equal(201);
    return answer.body;
  };
  /** Claimed straight on the database; tells nobody. */
  async function claimed(startsAt: string): Promise<string> {
    const { orm } = stage.engine.database;
    const ids = await request(orm, stage.network, startsAt);
    await claim(orm, ids, await facts(orm, stage.network, startsAt), startsAt);
    return ids.appointmentId;
  }
  return Object.assign(stage, { open, call, sql, feedsOf, made, get, eventsOf, booked, claimed });
}
