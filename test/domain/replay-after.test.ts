/**
 * What the replay makes of the answers to cancels, moves and no-shows: their order, what could not be asked, and where all stands at the
 * end.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assert } from 'chai';
import { createAfter, lastAnswers } from '../../src/cli/replay/after.ts';
import { tallyAfter } from '../../src/cli/replay/report.ts';
import type { Row } from '../../src/cli/replay/rows.ts';
import type { Answer, Sent } from '../../src/cli/replay/send.ts';

const plain: Row = {
  key: 's1',
  dayOffset: '0',
  localTime: '10:00',
  shopId: 'shop',
  serviceId: 'service',
  barberId: '',
  name: 'Ada',
  email: 'ada@mail.example',
  phone: '+351510000001',
  customerTimeZone: 'Europe/Lisbon',
  locale: 'pt-PT',
  action: 'cancel',
  of: 'r1',
};
const rowOf = (change: Partial<Row>): Row => ({ ...plain, ...change });
const sent = (row: Row, answer: Answer): Sent => ({
  row,
  answer,
  firstTryMs: 1,
  retries: 0,
  serverErrors: 0,
  wasPending: false,
  answeredAt: 0,
});
const done = (version: number, status = 'confirmed'): Answer => ({
  kind: 'done',
  appointmentId: 'a1',
  status,
  startsAt: '2026-11-30T10:00:00Z',
  version,
});

type Asked = { path: string; key: string; body: Record<string, unknown> };
type Reply = { status: number; body: object; headers?: Record<string, string> } | 'hang up';

async function read(request: IncomingMessage): Promise<Asked> {
  const text = (await request.toArray()).join('');
  return { path: request.url!, key: String(request.headers['idempotency-key']), body: JSON.parse(text) as Asked['body'] };
}

describe('what becomes of the bookings in a replay', () => {
  let server: Server;
  let asked: Asked[];
  let reply: (request: Asked) => Reply | Promise<Reply>;
  let send: (row: Row) => Promise<Sent>;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      void read(request).then(async (each) => {
        asked.push(each);
        const answer = await reply(each);
        if (answer === 'hang up') return request.socket.destroy();
        return response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    const target = { api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'key', run: 'run', from: '2026-11-30' };
    send = createAfter({ target, booked: new Map([['r1', 'a1']]), zoneOf: () => 'Europe/Lisbon', now: Date.parse('2026-11-23T12:00:00Z') });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const appointment = (version: number, status = 'confirmed') => ({
    status: 200,
    body: { id: 'a1', status, startsAt: '2026-11-30T10:00:00Z', version },
  });

  it('asks one thing of a booking after the other, in the order of the rows', async () => {
    let running = 0;
    reply = async ({ path }) => {
      assert.strictEqual((running += 1), 1);
      await new Promise((soon) => {
        setImmediate(soon);
      });
      running -= 1;
      return path.endsWith('cancel') ? appointment(3, 'cancelled') : appointment(2);
    };
    const answers = await Promise.all([send(rowOf({ action: 'reschedule' })), send(rowOf({ key: 's2' })), send(rowOf({ key: 's2' }))]);
    assert.deepEqual(
      asked.map(({ path, key }) => `${path} ${key}`),
      ['/v1/appointments/a1/reschedule run-s1', '/v1/appointments/a1/cancel run-s2', '/v1/appointments/a1/cancel run-s2'],
    );
    assert.deepEqual(
      answers.map(({ answer }) => answer.kind),
      ['done', 'done', 'done'],
    );
  });

  it('sends nothing about a booking that was refused', async () => {
    const { answer } = await send(rowOf({ of: 'r2' }));
    assert.deepEqual(answer, { kind: 'impossible' });
    assert.isEmpty(asked);
  });

  it('repeats with the same key when the connection is lost, and waits while the first try still runs', async () => {
    const replies: Reply[] = [
      'hang up',
      { status: 409, body: { code: 'request_running' }, headers: { 'retry-after': '0' } },
      appointment(2, 'cancelled'),
    ];
    reply = () => replies.shift()!;
    const { answer, retries } = await send(plain);
    assert.deepEqual(answer, done(2, 'cancelled'));
    assert.strictEqual(retries, 2);
    assert.deepEqual([...new Set(asked.map(({ key }) => key))], ['run-s1']);
  });

  it('writes a past visit down before it is marked, and marks none that was refused', async () => {
    reply = ({ path }) => (path.endsWith('/no-show') ? appointment(2, 'no_show') : { ...appointment(1), status: 201 });
    const row = rowOf({ action: 'no_show', of: '', dayOffset: '-1' });
    assert.deepEqual((await send(row)).answer, done(2, 'no_show'));
    assert.deepEqual(
      asked.map(({ path }) => path),
      ['/v1/appointments', '/v1/appointments/a1/no-show'],
    );
    assert.deepInclude(asked[0]!.body, { startsAt: '2026-11-23T10:00:00.000Z' });
    reply = () => ({ status: 409, body: { code: 'slot_taken' } });
    assert.deepEqual((await send(rowOf({ ...row, key: 's3' }))).answer, { kind: 'refused', code: 'slot_taken' });
    assert.lengthOf(asked, 3);
  });

  it('ends with the answer of the highest version, since a repeat gets an old one again', () => {
    const answers = [done(1), done(2), done(3, 'cancelled'), done(2), { kind: 'refused', code: 'not_allowed' } as const].map((answer) =>
      sent(plain, answer),
    );
    assert.deepEqual(lastAnswers(answers), [{ appointmentId: 'a1', status: 'cancelled', startsAt: '2026-11-30T10:00:00Z', version: 3 }]);
  });

  it('is counted by first submissions, and a repeat that is answered differently is an error', () => {
    const move = rowOf({ key: 's2', action: 'reschedule' });
    const counts = tallyAfter(
      [
        sent(plain, done(2, 'cancelled')),
        sent(plain, done(2, 'cancelled')),
        sent(move, { kind: 'refused', code: 'not_allowed' }),
        sent(move, done(3)),
        sent(rowOf({ key: 's3' }), { kind: 'impossible' }),
      ],
      1,
    );
    assert.deepInclude(counts, {
      requests: 5,
      cancelled: 1,
      moved: 0,
      movesRefused: { not_allowed: 1 },
      noShows: 0,
      notPossible: 1,
      repeats: { sent: 2, sameAnswer: 1 },
    });
    assert.deepEqual(counts.errors, [{ key: 's2', text: 'the same key was answered differently' }]);
  });
});
